"""The scores panel: a table of the parts side by side, a confusion matrix, and test rows that wait to be asked."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from flux_studio.gui.panels.scores import ScoresPanel
from flux_studio.gui.theme import DARK, LIGHT, look
from flux_studio.gui.widgets.confusion_matrix import ConfusionMatrix
from flux_studio.gui.widgets.segmented import SegmentedControl
from flux_studio.training.metrics import ClassMetrics, NumberMetrics
from flux_studio.training.report import Report, TargetReport
from tests.gui.shown import child, settle, shown, themed

LEFT = Qt.MouseButton.LeftButton
SPECIES = ("setosa", "versicolor", "virginica")
COUNTS = np.array([[10, 0, 0], [0, 8, 2], [0, 1, 9]])


def classes(accuracy: float, counts: np.ndarray = COUNTS) -> ClassMetrics:
    return ClassMetrics(accuracy, accuracy - 0.01, accuracy - 0.02, counts)


def iris(*, tested: bool = False, iteration: int = 300) -> Report:
    metrics = {"training": classes(0.989, 3 * COUNTS), "validation": classes(0.9)}
    if tested:
        metrics["test"] = classes(0.967, COUNTS[::-1].copy())
    rows = {"training": 90, "validation": 30, "test": 30}
    return Report(iteration, rows, (TargetReport("species", SPECIES, metrics),))  # type: ignore[arg-type]


def numbers(*names: str) -> Report:
    targets = tuple(
        TargetReport(name, (), {"training": NumberMetrics(place + 0.5, 2.0, -0.25)})
        for place, name in enumerate(names)
    )
    return Report(7, {"training": 1234}, targets)


@pytest.fixture
def panel(qtbot: QtBot) -> ScoresPanel:
    themed()
    return shown(qtbot, ScoresPanel(), 302, 700)


def visible(panel: ScoresPanel) -> list[str]:
    labels = [label for label in panel.findChildren(QLabel) if label.isVisible() and label.text()]
    return [label.text() for label in labels]


def test_without_a_report_it_says_when_there_will_be_one(panel: ScoresPanel) -> None:
    assert visible(panel) == ["Scores", "The scores appear here as soon as the network can be trained."]
    panel.set_report(iris())
    panel.set_report(None)
    assert len(visible(panel)) == 2
    assert not panel.confusion.isVisible()


def test_parts_stand_side_by_side(panel: ScoresPanel) -> None:
    panel.set_report(iris())
    table = panel.table
    assert [table.text(0, part) for part in ("training", "validation", "test")] == ["90", "30", "30"]
    assert [table.text(line, "training") for line in (1, 2, 3)] == ["98.9 %", "97.9 %", "96.9 %"]
    assert [table.text(line, "validation") for line in (1, 2, 3)] == ["90.0 %", "89.0 %", "88.0 %"]
    assert [table.text(line, "test") for line in (1, 2, 3)] == ["–"] * 3
    assert "At iteration 300" in visible(panel)
    for title in ("accuracy", "balanced accuracy", "F1, mean"):
        assert title in visible(panel)


def test_nothing_moves_sideways_when_the_test_rows_are_scored(panel: ScoresPanel) -> None:
    def places() -> list[int]:
        return [
            child(panel, QLabel, f"scores.head.{part}").x() for part in ("training", "validation", "test")
        ]

    panel.set_report(iris())
    settle()
    before, height = places(), panel.confusion.y()
    panel.set_report(iris(tested=True))
    settle()
    assert places() == before
    assert panel.confusion.y() == height


def test_no_title_is_cut_at_the_width_of_its_dock(panel: ScoresPanel) -> None:
    panel.set_report(iris(tested=True))
    settle()
    for line in range(4):
        title = child(panel, QLabel, f"scores.title.{line}")
        assert title.width() >= title.fontMetrics().horizontalAdvance(title.text())


def test_parts_without_rows_have_no_column(panel: ScoresPanel) -> None:
    panel.set_report(numbers("y"))
    settle()
    words = visible(panel)
    assert [word for word in words if word in ("training", "validation", "test")] == ["training"]
    assert [panel.table.text(line, "training") for line in range(4)] == [
        "1,234",
        "0.5000",
        "2.000",
        "−0.2500",
    ]
    assert not panel.confusion.isVisible()
    assert not child(panel, SegmentedControl, "scores.of").isVisible()
    assert not child(panel, QPushButton, "scores.test").isVisible()


def test_several_targets_are_shown_one_at_a_time(qtbot: QtBot, panel: ScoresPanel) -> None:
    panel.set_report(numbers("width", "height"))
    chosen = child(panel, QComboBox, "scores.target")
    assert chosen.isVisible()
    assert panel.table.text(1, "training") == "0.5000"
    chosen.setFocus()
    qtbot.keyClick(chosen, Qt.Key.Key_Down)
    assert panel.table.text(1, "training") == "1.500"
    panel.set_report(numbers("width", "height"))
    assert panel.table.text(1, "training") == "1.500"
    panel.set_report(numbers("depth"))
    assert not chosen.isVisible()
    assert panel.table.text(1, "training") == "0.5000"


def test_test_rows_are_scored_when_a_person_asks(qtbot: QtBot, panel: ScoresPanel) -> None:
    panel.set_report(iris())
    button = child(panel, QPushButton, "scores.test")
    with qtbot.waitSignal(panel.test_requested):
        qtbot.mouseClick(button, LEFT)
    panel.set_running(True)
    assert not button.isEnabled()
    panel.set_running(False)
    panel.set_report(iris(tested=True))
    assert not button.isVisible()
    assert panel.table.text(1, "test") == "96.7 %"


def test_the_confusion_matrix_is_of_validation_rows_until_others_are_chosen(
    qtbot: QtBot, panel: ScoresPanel
) -> None:
    panel.set_report(iris())
    of = child(panel, SegmentedControl, "scores.of")
    assert of.value == "validation"
    assert panel.confusion.counts.tolist() == COUNTS.tolist()
    assert not child(panel, QPushButton, "scores.of.test").isEnabled()
    qtbot.mouseClick(child(panel, QPushButton, "scores.of.training"), LEFT)
    assert panel.confusion.counts.tolist() == (3 * COUNTS).tolist()
    panel.set_report(iris(tested=True))
    qtbot.mouseClick(child(panel, QPushButton, "scores.of.test"), LEFT)
    assert panel.confusion.counts.tolist() == COUNTS[::-1].tolist()
    # While training goes on again the test rows are not scored, and nothing old is shown as theirs.
    panel.set_report(iris(iteration=310))
    assert (of.value, panel.confusion.counts.tolist()) == ("validation", COUNTS.tolist())


def test_every_control_is_named_and_explained(panel: ScoresPanel) -> None:
    for name in ("target", "test", "of.training", "of.validation", "of.test"):
        control = child(panel, QWidget, f"scores.{name}")
        assert control.accessibleName()
        assert control.toolTip()
    panel.set_report(iris())
    assert "mean over classes" in child(panel, QLabel, "scores.title.2").toolTip()


# The confusion matrix


@pytest.fixture
def matrix(qtbot: QtBot) -> ConfusionMatrix:
    themed()
    found = shown(qtbot, ConfusionMatrix(), 270, 40)
    found.set_counts(SPECIES, COUNTS)
    settle()
    return found


def ground(matrix: ConfusionMatrix, true: int, taken: int) -> float:
    """How dark a cell is, away from its count and its lines."""
    cell = matrix.cell(true, taken)
    return matrix.grab().toImage().pixelColor(cell.topLeft() + QPoint(4, 4)).lightnessF()


def test_cells_are_shaded_by_the_shares_of_their_row(matrix: ConfusionMatrix) -> None:
    assert ground(matrix, 0, 0) < ground(matrix, 2, 2) < ground(matrix, 1, 1)
    assert ground(matrix, 1, 1) < ground(matrix, 1, 2) < ground(matrix, 2, 1) < ground(matrix, 0, 1)


def test_it_fits_its_width_and_all_names_have_room(matrix: ConfusionMatrix) -> None:
    assert matrix.cell(2, 2).right() == matrix.width() - 1
    assert matrix.cell(2, 2).bottom() == matrix.height() - 1
    assert matrix.cell(0, 0).left() >= matrix.fontMetrics().horizontalAdvance("versicolor") * 0.88


@pytest.mark.parametrize("count", [2, 10, 12, 60, 1_000])
@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_any_number_of_classes_can_be_drawn(
    qtbot: QtBot, matrix: ConfusionMatrix, count: int, theme: object
) -> None:
    names = tuple(f"a class {place}" for place in range(count))
    try:
        look.apply(theme)  # type: ignore[arg-type]
        matrix.set_counts(names, np.diag(np.arange(1, count + 1)))
        settle()
        assert matrix.width() == 270
        assert matrix.height() < 400
        picture = matrix.grab().toImage()
        middle = matrix.cell(count // 2, count // 2).center()
        assert picture.pixelColor(middle) != picture.pixelColor(matrix.cell(0, count - 1).center())
    finally:
        look.apply(LIGHT)


def test_words_of_a_cell(matrix: ConfusionMatrix) -> None:
    assert matrix.words(1, 2) == "versicolor taken for virginica: 2 of 10"
    assert matrix.words(2, 2) == "virginica right: 9 of 10"
    assert "setosa right: 10 of 10" in matrix.accessibleDescription()
