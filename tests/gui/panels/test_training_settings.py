"""The panel of training settings: it shows what applies, asks for every change, and refuses clearly."""

from dataclasses import replace

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from flux_studio.engine.losses import LOSSES
from flux_studio.engine.updating import OPTIMIZERS, SCHEDULES
from flux_studio.gui.panels.training_settings import TrainingSettings, TrainingSettingsView
from flux_studio.gui.widgets.formula_view import FormulaView
from flux_studio.gui.widgets.number_edit import NumberEdit
from flux_studio.gui.widgets.segmented import SegmentedControl
from flux_studio.project.specification import (
    OptimizerSpecification,
    ScheduleSpecification,
    StopSpecification,
)
from tests.gui.shown import child, settle, shown, themed

Key = Qt.Key
DIGITS = TrainingSettingsView(rows=1437, validation_rows=360, iterations=1000)
SGD = OptimizerSpecification()


@pytest.fixture
def panel(qtbot: QtBot) -> TrainingSettings:
    themed()
    settings = shown(qtbot, TrainingSettings(), 300, 900)
    settings.set_view(DIGITS)
    settle()
    return settings


def number(panel: TrainingSettings, name: str) -> NumberEdit:
    return child(panel, NumberEdit, f"train.{name}")


def write(qtbot: QtBot, edit: NumberEdit, text: str) -> None:
    edit.setFocus()
    edit.selectAll()
    qtbot.keyClick(edit, Key.Key_Delete)
    qtbot.keyClicks(edit, text)
    qtbot.keyClick(edit, Key.Key_Return)


def pick(qtbot: QtBot, panel: TrainingSettings, name: str, value: str) -> None:
    """Choose in a list by keyboard, as a person does."""
    combo = child(panel, QComboBox, f"train.{name}")
    combo.setFocus()
    steps = combo.findData(value) - combo.currentIndex()
    with qtbot.waitSignal(combo.activated):
        combo.setCurrentIndex(combo.currentIndex() + steps - (1 if steps > 0 else -1))
        qtbot.keyClick(combo, Key.Key_Down if steps > 0 else Key.Key_Up)


def visible(panel: TrainingSettings) -> set[str]:
    return {
        edit.objectName().removeprefix("train.")
        for edit in panel.findChildren(NumberEdit)
        if edit.isVisibleTo(panel)
    }


# Showing


def test_all_that_the_engine_has_can_be_chosen(panel: TrainingSettings) -> None:
    for name, table in (("optimizer", OPTIMIZERS), ("schedule", SCHEDULES), ("loss", LOSSES)):
        combo = child(panel, QComboBox, f"train.{name}")
        assert [combo.itemData(place) for place in range(combo.count())] == list(table)
        assert [combo.itemText(place) for place in range(combo.count())] == [
            row.title for row in table.values()
        ]


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_an_optimizer_shows_its_formula_and_only_its_own_settings(panel: TrainingSettings, kind: str) -> None:
    panel.set_view(replace(DIGITS, optimizer=OptimizerSpecification(kind)))
    settings = OPTIMIZERS[kind].settings
    every = {name for optimizer in OPTIMIZERS.values() for name in optimizer.settings}
    assert visible(panel) & every == set(settings)
    for name, usual in settings.items():
        assert number(panel, name).value == usual
        assert OPTIMIZERS[kind].symbol(name) in number(panel, name).accessibleName()
    formula = child(panel, FormulaView, "train.optimizer.formula").text()
    assert formula.replace("\n", ";  ") == OPTIMIZERS[kind].formula


@pytest.mark.parametrize("kind", SCHEDULES)
def test_a_schedule_shows_only_what_it_reads(panel: TrainingSettings, kind: str) -> None:
    panel.set_view(replace(DIGITS, optimizer=OptimizerSpecification(schedule=ScheduleSpecification(kind))))
    fields = {"factor", "period", "floor"}
    assert visible(panel) & fields == set(SCHEDULES[kind].fields)
    assert "warm_up" in visible(panel)
    assert child(panel, FormulaView, "train.schedule.formula").text() == SCHEDULES[kind].formula


def test_showing_asks_nothing(qtbot: QtBot, panel: TrainingSettings) -> None:
    signals = (
        panel.optimizer_changed,
        panel.batch_changed,
        panel.loss_changed,
        panel.seed_changed,
        panel.iterations_changed,
        panel.stop_changed,
    )
    told: list[object] = []
    for signal in signals:
        signal.connect(told.append)
    optimizer = OptimizerSpecification(
        "adamw", 0.02, {"beta_1": 0.8}, ScheduleSpecification("step"), 0.1, 0.2, 1, 2
    )
    panel.set_view(replace(DIGITS, optimizer=optimizer, batch=100, seed=4, stop=StopSpecification(0.1, 3, 9)))
    assert told == []
    for name, value in {
        "rate": 0.02,
        "beta_1": 0.8,
        "beta_2": 0.999,
        "weight_decay": 0.01,
        "l1": 0.1,
        "l2": 0.2,
        "clip_value": 1,
        "clip_norm": 2,
        "batch": 100,
        "seed": 4,
        "iterations": 1000,
        "stop_loss": 0.1,
        "patience": 3,
        "seconds": 9,
    }.items():
        assert number(panel, name).value == value, name


# Asking


def test_another_optimizer_comes_with_its_usual_rate(qtbot: QtBot, panel: TrainingSettings) -> None:
    panel.set_view(replace(DIGITS, optimizer=OptimizerSpecification("sgd", 3.0, l2=0.5)))
    with qtbot.waitSignal(panel.optimizer_changed) as asked:
        pick(qtbot, panel, "optimizer", "adam")
    assert asked.args == [OptimizerSpecification("adam", 0.01, l2=0.5)]
    # Nobody took it, so it does not stay on screen.
    assert child(panel, QComboBox, "train.optimizer").currentData() == "sgd"


def test_another_schedule_suits_the_run(qtbot: QtBot, panel: TrainingSettings) -> None:
    with qtbot.waitSignal(panel.optimizer_changed) as asked:
        pick(qtbot, panel, "schedule", "cosine")
    assert asked.args == [OptimizerSpecification(schedule=ScheduleSpecification("cosine", period=1000.0))]


@pytest.mark.parametrize(
    ("kind", "name", "text", "changes"),
    [
        ("sgd", "rate", "0.25", {"learning_rate": 0.25}),
        ("adam", "beta_1", "0.95", {"settings": {"beta_1": 0.95}}),
        ("adamw", "weight_decay", "0", {"settings": {"weight_decay": 0.0}}),
        ("sgd", "warm_up", "50", {"schedule": ScheduleSpecification(warm_up=50)}),
        ("sgd", "l1", "1e-4", {"l1": 1e-4}),
        ("sgd", "l2", "0,01", {"l2": 0.01}),
        ("sgd", "clip_value", "0.5", {"clip_value": 0.5}),
        ("sgd", "clip_norm", "1", {"clip_norm": 1.0}),
    ],
)
def test_every_number_is_asked_for(
    qtbot: QtBot, panel: TrainingSettings, kind: str, name: str, text: str, changes: dict[str, object]
) -> None:
    optimizer = OptimizerSpecification(kind)
    panel.set_view(replace(DIGITS, optimizer=optimizer))
    with qtbot.waitSignal(panel.optimizer_changed) as asked:
        write(qtbot, number(panel, name), text)
    assert asked.args == [msgspec.structs.replace(optimizer, **changes)]


def test_leaving_a_field_asks_as_well(qtbot: QtBot, panel: TrainingSettings) -> None:
    edit = number(panel, "l2")
    edit.setFocus()
    qtbot.keyClicks(edit, "0.1")
    with qtbot.waitSignal(panel.optimizer_changed) as asked:
        number(panel, "l1").setFocus()
    assert asked.args[0].l2 == 0.1


@pytest.mark.parametrize(
    ("name", "off"), [("l1", 0.0), ("l2", 0.0), ("clip_value", None), ("clip_norm", None)]
)
def test_emptied_is_off(qtbot: QtBot, panel: TrainingSettings, name: str, off: float | None) -> None:
    optimizer = OptimizerSpecification(l1=0.1, l2=0.1, clip_value=1.0, clip_norm=1.0)
    panel.set_view(replace(DIGITS, optimizer=optimizer))
    with qtbot.waitSignal(panel.optimizer_changed) as asked:
        write(qtbot, number(panel, name), "")
    assert asked.args == [msgspec.structs.replace(optimizer, **{name: off})]
    panel.set_view(replace(DIGITS, optimizer=asked.args[0]))
    assert (number(panel, name).text(), number(panel, name).lineEdit().placeholderText()) == ("", "off")


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("rate", "-1", "the learning rate must lie between 1e-8 and 10000, not -1"),
        ("rate", "fast", "the learning rate 'fast' is not a number"),
        ("l2", "-0.1", "or be empty for off, not -0.1"),
        ("batch", "1438", "the batch must lie between 1 and 1,437, or be empty for all, not 1438"),
        ("batch", "1.5", "the batch must be a whole number"),
        ("iterations", "0", "the number of iterations must lie between 1 and 1,000,000,000, not 0"),
        ("seed", "-3", "the seed must lie between 0 and"),
        ("warm_up", "soon", "the warm-up must be a whole number"),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    qtbot: QtBot, panel: TrainingSettings, name: str, text: str, words: str
) -> None:
    edit = number(panel, name)
    before = edit.value
    with qtbot.waitSignal(panel.refused) as refused:
        write(qtbot, edit, text)
    assert words in refused.args[0]
    assert edit.property("error") == "true"
    qtbot.keyClick(edit, Key.Key_Escape)
    assert edit.value == before
    assert not edit.property("error")


def test_a_beta_of_one_is_refused(qtbot: QtBot, panel: TrainingSettings) -> None:
    panel.set_view(replace(DIGITS, optimizer=OptimizerSpecification("adam")))
    with qtbot.waitSignal(panel.refused) as refused:
        write(qtbot, number(panel, "beta_1"), "1")
    assert refused.args[0] == "the momentum β₁ must lie between 0 and 0.999999, not 1"


def test_another_loss(qtbot: QtBot, panel: TrainingSettings) -> None:
    panel.set_view(replace(DIGITS, losses=(("mse", "mean squared error"), ("other", "another"))))
    with qtbot.waitSignal(panel.loss_changed) as asked:
        pick(qtbot, panel, "loss", "other")
    assert asked.args == ["other"]
    assert child(panel, QComboBox, "train.loss").currentData() == "mse"


def test_when_to_stop_and_the_seed(qtbot: QtBot, panel: TrainingSettings) -> None:
    with qtbot.waitSignal(panel.iterations_changed) as asked:
        write(qtbot, number(panel, "iterations"), "3,000,000")
    assert asked.args == [3_000_000]
    with qtbot.waitSignal(panel.stop_changed) as asked:
        write(qtbot, number(panel, "patience"), "12")
    assert asked.args == [StopSpecification(patience=12)]
    with qtbot.waitSignal(panel.stop_changed) as asked:
        write(qtbot, number(panel, "stop_loss"), "0.05")
    assert asked.args == [StopSpecification(loss=0.05)]
    with qtbot.waitSignal(panel.seed_changed) as asked:
        write(qtbot, number(panel, "seed"), "12345678901")
    assert asked.args == [12_345_678_901]


def test_early_stopping_needs_validation_rows(panel: TrainingSettings) -> None:
    assert number(panel, "patience").isEnabled()
    panel.set_view(replace(DIGITS, validation_rows=0))
    assert not number(panel, "patience").isEnabled()
    assert child(panel, QLabel, "train.validation").text() == "no rows are kept for validation"


# The batch


def test_a_usual_batch_is_a_click_away(qtbot: QtBot, panel: TrainingSettings) -> None:
    with qtbot.waitSignal(panel.batch_changed) as asked:
        qtbot.mouseClick(child(panel, QPushButton, "train.batch.32"), Qt.MouseButton.LeftButton)
    assert asked.args == [32]
    assert child(panel, SegmentedControl, "train.batch.usual").value == "all"
    panel.set_view(replace(DIGITS, batch=32))
    assert child(panel, SegmentedControl, "train.batch.usual").value == "32"
    assert number(panel, "batch").text() == "32"
    assert child(panel, QLabel, "train.batch.epoch").text() == "45 batches an epoch, the last of 29 rows"
    with qtbot.waitSignal(panel.batch_changed) as asked:
        qtbot.mouseClick(child(panel, QPushButton, "train.batch.all"), Qt.MouseButton.LeftButton)
    assert asked.args == [None]


def test_any_other_batch_can_be_written(qtbot: QtBot, panel: TrainingSettings) -> None:
    with qtbot.waitSignal(panel.batch_changed) as asked:
        write(qtbot, number(panel, "batch"), "100")
    assert asked.args == [100]
    panel.set_view(replace(DIGITS, batch=100))
    assert child(panel, SegmentedControl, "train.batch.usual").value is None
    with qtbot.waitSignal(panel.batch_changed) as asked:
        write(qtbot, number(panel, "batch"), "all")
    assert asked.args == [None]


def test_as_many_rows_as_there_are_is_all_of_them(qtbot: QtBot, panel: TrainingSettings) -> None:
    with qtbot.assertNotEmitted(panel.batch_changed):
        write(qtbot, number(panel, "batch"), "1437")
    assert number(panel, "batch").text() == ""
    panel.set_view(replace(DIGITS, rows=16, batch=32))
    assert child(panel, SegmentedControl, "train.batch.usual").value == "all"
    assert child(panel, QLabel, "train.batch.epoch").text() == "each iteration is an epoch"


def test_no_more_rows_than_there_are_can_be_chosen(panel: TrainingSettings) -> None:
    panel.set_view(replace(DIGITS, rows=64))
    able = {n: child(panel, QPushButton, f"train.batch.{n}").isEnabled() for n in ("all", 16, 32, 64, 128)}
    assert able == {"all": True, 16: True, 32: True, 64: False, 128: False}


# The whole


def test_what_is_being_typed_stays(qtbot: QtBot, panel: TrainingSettings) -> None:
    edit = number(panel, "l2")
    edit.setFocus()
    qtbot.keyClicks(edit, "0.")
    panel.set_view(replace(DIGITS, batch=32))
    assert edit.text() == "0."


def test_everything_is_named_explained_and_within_300_pixels(panel: TrainingSettings) -> None:
    panel.set_view(replace(DIGITS, optimizer=OptimizerSpecification("adamw")))
    settle()
    area = panel.findChild(QScrollArea)
    assert area is not None
    assert area.widget().width() <= area.viewport().width()
    for kind in (NumberEdit, QComboBox, QPushButton):
        for control in panel.findChildren(kind):
            assert control.objectName().startswith("train.")
            assert control.accessibleName()
            if control.isVisibleTo(panel):
                assert control.toolTip(), control.objectName()
                assert control.mapTo(panel, control.rect().topRight()).x() <= 300 - 12


def test_tab_goes_from_top_to_bottom(qtbot: QtBot, panel: TrainingSettings) -> None:
    panel.set_view(replace(DIGITS, optimizer=OptimizerSpecification("adamw")))
    first = child(panel, QComboBox, "train.optimizer")
    first.setFocus()
    seen = []
    for _ in range(40):
        widget: QWidget = panel.focusWidget()
        if widget.objectName() in seen:
            break
        seen.append(widget.objectName())
        qtbot.keyClick(widget, Key.Key_Tab)
    order = (
        "optimizer rate beta_1 beta_2 epsilon weight_decay batch schedule warm_up loss l1 l2 "
        "clip_value clip_norm iterations stop_loss patience seconds seed"
    )
    names = [name.removeprefix("train.") for name in seen if not name.startswith("train.batch.")]
    assert names == order.split()
