"""The training bar: it shows a state, asks for what is pressed, and keeps still while numbers run."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QCursor
from PySide6.QtWidgets import QApplication, QPushButton, QSlider, QStackedWidget, QWidget
from pytestqt.qtbot import QtBot

from flux_studio.gui.panels.training_bar import TrainingBar, TrainingView
from flux_studio.gui.widgets.number_edit import NumberEdit
from flux_studio.gui.widgets.pace_slider import PaceSlider
from flux_studio.gui.widgets.read_out import ReadOut
from flux_studio.gui.widgets.short_message import ShortMessage
from tests.gui.shown import child, settle, shown, themed

READY = TrainingView(learning_rate=0.6, pace=50.0, rows="all 16 rows")
RUNNING = replace(READY, running=True, iteration=1840, loss=0.000557, speed=1.62e6)
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def bar(qtbot: QtBot) -> TrainingBar:
    themed()
    panel = shown(qtbot, TrainingBar(), 1280, 60)
    panel.set_state(READY)
    settle()
    return panel


def button(bar: TrainingBar, name: str) -> QPushButton:
    return child(bar, QPushButton, f"action.train.{name}")


def read_out(bar: TrainingBar, name: str) -> ReadOut:
    return child(bar, ReadOut, f"training.{name}")


def test_the_numbers_are_shown(bar: TrainingBar) -> None:
    bar.set_state(replace(RUNNING, loss_title="BCE"))
    texts = {name: read_out(bar, name).text for name in ("iteration", "loss", "speed", "rows")}
    assert texts == {"iteration": "1,840", "loss": "0.000557", "speed": "1.62 M it/s", "rows": "all 16 rows"}
    assert read_out(bar, "loss").caption == "BCE"
    assert child(bar, NumberEdit, "training.rate").text() == "0.6"
    assert bar.findChild(PaceSlider).pace == 50.0


def test_train_asks_to_train_and_pause_to_pause(qtbot: QtBot, bar: TrainingBar) -> None:
    asked: list[str] = []
    bar.train_requested.connect(lambda: asked.append("train"))
    bar.pause_requested.connect(lambda: asked.append("pause"))
    train = button(bar, "start")
    assert train.text() == "Train"
    qtbot.mouseClick(train, LEFT)
    bar.set_state(RUNNING)
    assert train.text() == "Pause"
    assert train.accessibleName() == "Pause"
    qtbot.mouseClick(train, LEFT)
    assert asked == ["train", "pause"]


def test_the_button_asks_by_what_is_shown_not_by_what_was_asked(qtbot: QtBot, bar: TrainingBar) -> None:
    with qtbot.waitSignals([bar.train_requested, bar.train_requested]):
        qtbot.mouseClick(button(bar, "start"), LEFT)
        qtbot.mouseClick(button(bar, "start"), LEFT)


def test_nothing_moves_while_training(bar: TrainingBar) -> None:
    widgets = [one for one in bar.findChildren(QWidget) if one.isVisible()]
    places = [one.geometry() for one in widgets]
    states = [
        RUNNING,
        replace(RUNNING, iteration=88_888_888, loss=5.57e-7, speed=999_999.0),
        replace(RUNNING, iteration=0, loss=None, speed=None, pace=None, learning_rate=1.234e-5),
        READY,
    ]
    for state in states:
        bar.set_state(state)
        settle()
        assert [one.geometry() for one in widgets] == places


def test_step_and_start_over_ask(qtbot: QtBot, bar: TrainingBar) -> None:
    with qtbot.waitSignal(bar.step_requested):
        qtbot.mouseClick(button(bar, "step"), LEFT)
    for name, new in (("same", False), ("new", True)):
        with qtbot.waitSignal(bar.start_over_requested) as asked:
            child(bar, QAction, f"action.train.start_over.{name}").trigger()
        assert asked.args == [new]


def test_step_rests_while_training(bar: TrainingBar) -> None:
    bar.set_state(RUNNING)
    assert not button(bar, "step").isEnabled()
    assert button(bar, "start_over").isEnabled()


def test_what_keeps_from_training_is_said_in_words(bar: TrainingBar) -> None:
    reason = "Dense 3 makes 8 numbers, the targets need 1: change its units"
    bar.set_state(replace(READY, can_train=False, reason=reason))
    message = child(bar, ShortMessage, "training.message")
    assert message.isVisible()
    assert message.text == reason
    assert not button(bar, "start").isEnabled()
    assert not button(bar, "step").isEnabled()
    assert button(bar, "start").toolTip() == reason
    bar.set_state(READY)
    assert not message.isVisible()
    assert button(bar, "start").isEnabled()
    assert reason not in button(bar, "start").toolTip()


def test_a_running_training_can_be_paused_whatever_else(bar: TrainingBar) -> None:
    bar.set_state(replace(RUNNING, can_train=False, reason="the last layer does not fit"))
    assert button(bar, "start").isEnabled()
    assert read_out(bar, "iteration").isVisible()


def test_waiting_is_said_and_train_waits(bar: TrainingBar) -> None:
    bar.set_state(replace(READY, busy="compiling…"))
    assert child(bar, ShortMessage, "training.message").text == "compiling…"
    assert bar.findChild(QStackedWidget).currentIndex() == 1
    assert not button(bar, "start").isEnabled()


def test_pace_and_rate_ask(qtbot: QtBot, bar: TrainingBar) -> None:
    slider = child(bar, QSlider, "training.pace")
    slider.setFocus()
    with qtbot.waitSignal(bar.pace_changed) as asked:
        qtbot.keyClick(slider, Qt.Key.Key_Right)
    assert asked.args == [100.0]
    with qtbot.waitSignal(bar.pace_changed) as asked:
        qtbot.keyClick(slider, Qt.Key.Key_End)
    assert asked.args == [None]
    rate = child(bar, NumberEdit, "training.rate")
    rate.setFocus()
    rate.selectAll()
    qtbot.keyClicks(rate, "1e-3")
    with qtbot.waitSignal(bar.learning_rate_changed) as asked:
        qtbot.keyClick(rate, Qt.Key.Key_Return)
    assert asked.args == [1e-3]


def test_a_wrong_rate_is_refused_in_words(qtbot: QtBot, bar: TrainingBar) -> None:
    rate = child(bar, NumberEdit, "training.rate")
    rate.setFocus()
    rate.selectAll()
    qtbot.keyClicks(rate, "-3")
    with qtbot.waitSignal(bar.refused) as told, qtbot.assertNotEmitted(bar.learning_rate_changed):
        qtbot.keyClick(rate, Qt.Key.Key_Return)
    assert told.args == ["the learning rate must lie between 1e-8 and 10000, not -3"]


@pytest.mark.parametrize("pressed", ["start", "step"])
def test_no_training_while_a_refused_rate_stands_there(qtbot: QtBot, bar: TrainingBar, pressed: str) -> None:
    rate = child(bar, NumberEdit, "training.rate")
    rate.setFocus()
    rate.selectAll()
    qtbot.keyClicks(rate, "1e6")
    told: list[str] = []
    bar.refused.connect(told.append)
    with (
        qtbot.assertNotEmitted(bar.train_requested),
        qtbot.assertNotEmitted(bar.step_requested),
        qtbot.assertNotEmitted(bar.learning_rate_changed),
    ):
        qtbot.mouseClick(button(bar, pressed), LEFT)
        bar.set_state(replace(READY, iteration=1))
    assert told[-1] == "the learning rate must lie between 1e-8 and 10000, not 1e6"
    assert (rate.text(), rate.property("error"), rate.hasFocus()) == ("1e6", "true", True)
    qtbot.keyClick(rate, Qt.Key.Key_Escape)
    assert (told[-1], rate.text()) == ("", "0.6")
    with qtbot.waitSignals([bar.train_requested, bar.step_requested]):
        bar.toggle()
        bar.step()


def test_a_running_training_rests_whatever_stands_in_the_field(qtbot: QtBot, bar: TrainingBar) -> None:
    bar.set_state(RUNNING)
    rate = child(bar, NumberEdit, "training.rate")
    rate.setFocus()
    rate.selectAll()
    qtbot.keyClicks(rate, "-")
    with qtbot.waitSignal(bar.pause_requested):
        qtbot.mouseClick(button(bar, "start"), LEFT)


def test_what_is_typed_is_taken_before_training_starts(qtbot: QtBot, bar: TrainingBar) -> None:
    rate = child(bar, NumberEdit, "training.rate")
    rate.setFocus()
    rate.selectAll()
    qtbot.keyClicks(rate, "0.02")
    with qtbot.waitSignals([bar.learning_rate_changed, bar.train_requested], order="strict"):
        bar.toggle()


def test_a_frame_while_typing_leaves_what_is_typed(qtbot: QtBot, bar: TrainingBar) -> None:
    bar.set_state(RUNNING)
    rate = child(bar, NumberEdit, "training.rate")
    rate.setFocus()
    rate.selectAll()
    qtbot.keyClicks(rate, "0.04")
    bar.set_state(replace(RUNNING, iteration=1900))
    assert rate.text() == "0.04"
    assert read_out(bar, "iteration").text == "1,900"


@pytest.mark.parametrize(
    "view", [READY, RUNNING, replace(RUNNING, optimizer="RMSProp", rows="all 60,000 rows")]
)
def test_it_fits_into_1280_pixels(bar: TrainingBar, view: TrainingView) -> None:
    bar.set_state(view)
    settle()
    assert bar.minimumSizeHint().width() <= 1260
    visible = [one for one in bar.findChildren(QWidget) if one.isVisible() and one.parent() is bar]
    assert max(one.geometry().right() for one in visible) < 1260
    for one in bar.findChildren(QPushButton):
        assert one.width() >= one.sizeHint().width()


def test_a_long_rate_is_seen_whole(bar: TrainingBar) -> None:
    rate = child(bar, NumberEdit, "training.rate")
    bar.set_state(replace(READY, learning_rate=1.234e-5))
    text = rate.lineEdit()
    assert text.isVisible()
    assert text.width() >= text.fontMetrics().horizontalAdvance("1.234e-5") + 4


@pytest.mark.parametrize("name", ["start", "start_over"])
def test_the_keyboard_stays_on_a_button_that_is_waited_for(bar: TrainingBar, name: str) -> None:
    pressed = button(bar, name)
    pressed.setFocus()
    bar.set_state(replace(READY, busy="making the engine ready…"))
    assert QApplication.focusWidget() is not child(bar, QSlider, "training.pace")
    bar.set_state(READY)
    assert pressed.hasFocus()


def test_the_keyboard_is_not_taken_from_where_a_person_put_it(bar: TrainingBar) -> None:
    button(bar, "start_over").setFocus()
    bar.set_state(replace(READY, busy="making the engine ready…"))
    child(bar, QSlider, "training.pace").setFocus()
    bar.set_state(READY)
    assert child(bar, QSlider, "training.pace").hasFocus()


def test_start_over_is_not_hovered_when_its_menu_has_closed(qtbot: QtBot, bar: TrainingBar) -> None:
    over = button(bar, "start_over")
    menu = over.menu()
    menu.popup(over.mapToGlobal(QPoint(0, over.height())))
    over.setAttribute(Qt.WidgetAttribute.WA_UnderMouse)
    QCursor.setPos(over.mapToGlobal(QPoint(10, over.height() + 30)))
    menu.close()
    assert not over.underMouse()


def test_every_control_is_named_and_explained(bar: TrainingBar) -> None:
    names = [
        "action.train.start",
        "action.train.step",
        "action.train.unit",
        "action.train.start_over",
        "training.pace",
        "training.rate",
    ]
    for name in names:
        control = child(bar, QWidget, name)
        assert control.accessibleName()
        assert control.toolTip()


def test_tab_goes_from_left_to_right(qtbot: QtBot, bar: TrainingBar) -> None:
    button(bar, "start").setFocus()
    visited = []
    for _ in range(6):
        visited.append(bar.focusWidget().objectName())
        qtbot.keyClick(bar.focusWidget(), Qt.Key.Key_Tab)
    assert visited == [
        "action.train.start",
        "action.train.step",
        "action.train.unit",
        "action.train.start_over",
        "training.pace",
        "training.rate",
    ]
