"""The focus view: numbers, labels and facts of one matrix agree with the matrix."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from flux_studio.engine.matrices import MATRIX_KINDS
from flux_studio.gui.panels.focus import MatrixFocus
from flux_studio.gui.widgets.formula_view import FormulaView
from tests.gui.shown import child, settle, shown, themed

ROWS = [f"{row:04b}" for row in range(16)]
COLUMNS = [f"n{column}" for column in range(8)]
MATRIX = np.random.default_rng(1).normal(size=(16, 8)).astype(np.float32)


@pytest.fixture
def focus(qtbot: QtBot) -> MatrixFocus:
    themed()
    widget = shown(qtbot, MatrixFocus(), 1000, 260)
    widget.set_matrix(MATRIX_KINDS["weight_input_bias_matrix"], "Dense 1", MATRIX, ROWS, COLUMNS, (16, 8))
    settle()
    return widget


def fact(focus: MatrixFocus, name: str) -> str:
    kind = FormulaView if name == "formula" else QLabel
    return child(focus, kind, f"matrices.facts.{name}").text()


def test_it_says_what_the_matrix_is(focus: MatrixFocus) -> None:
    assert fact(focus, "formula") == "a = x·w + b"
    assert fact(focus, "name") == "Dense 1 · weight_input_bias_matrix"
    assert fact(focus, "shape") == "16 rows (samples) × 8 columns (neurons)"


@pytest.mark.parametrize(
    ("name", "full_shape", "formula", "shape"),
    [
        ("input_matrix", (10_000, 4), "x – input", "first 16 of 10,000 rows (samples) × 4 columns (inputs)"),
        ("bias_matrix", (16, 1), "b – bias", "16 rows × 1 column (neuron)"),
        ("weights_matrix", (16, 8), "w – weights", "16 rows (inputs) × 8 columns (neurons)"),
    ],
)
def test_shapes_in_words(
    focus: MatrixFocus, name: str, full_shape: tuple[int, int], formula: str, shape: str
) -> None:
    focus.set_matrix(MATRIX_KINDS[name], "Dense 1", MATRIX, ROWS, COLUMNS, full_shape)
    assert (fact(focus, "formula"), fact(focus, "shape")) == (formula, shape)


def test_the_spread_is_that_of_the_matrix(focus: MatrixFocus) -> None:
    assert fact(focus, "min") == f"{MATRIX.min():+.4f}"
    assert fact(focus, "max") == f"{MATRIX.max():+.4f}"
    assert fact(focus, "mean") == f"{MATRIX.astype(np.float64).mean():+.4f}"
    assert fact(focus, "below_zero") == f"{round(100 * (MATRIX < 0).mean())} %"


def test_a_cell_is_told_and_shown_exactly(qtbot: QtBot, focus: MatrixFocus) -> None:
    with qtbot.waitSignal(focus.cell_selected) as selected:
        place = focus.grid.cell_rect((5, 2)).center()
        qtbot.mouseClick(focus.grid.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert selected.args == [5, 2]
    assert fact(focus, "cell") == "a at row 0101, column n2"
    assert np.float32(fact(focus, "cell_value")) == MATRIX[5, 2]


def test_new_values_reach_facts_and_cell(qtbot: QtBot, focus: MatrixFocus) -> None:
    focus.set_selected_cell(5, 2)
    with qtbot.assertNotEmitted(focus.cell_selected):
        focus.update_values(MATRIX * 2)
    assert np.float32(fact(focus, "cell_value")) == MATRIX[5, 2] * 2
    assert fact(focus, "max") == f"{2 * MATRIX.max():+.4f}"
    assert focus.selected_cell() == (5, 2)


def test_what_is_not_finite_is_counted_and_left_out(focus: MatrixFocus) -> None:
    broken = MATRIX.copy()
    broken[0, 0], broken[1, 1] = np.nan, np.inf
    focus.update_values(broken)
    assert fact(focus, "not_finite") == "2 of 128 numbers are not finite"
    finite = broken[np.isfinite(broken)].astype(np.float64)
    assert fact(focus, "mean") == f"{finite.mean():+.4f}"
    focus.update_values(MATRIX)
    assert child(focus, QLabel, "matrices.facts.not_finite").isHidden()


def test_many_large_float32_numbers_do_not_overflow_the_mean(focus: MatrixFocus) -> None:
    focus.update_values(np.full((16, 8), 3e38, dtype=np.float32))
    assert fact(focus, "mean") == fact(focus, "max") == "+3.00e+38"
    assert child(focus, QLabel, "matrices.facts.not_finite").isHidden()


def test_another_matrix_forgets_the_cell(focus: MatrixFocus) -> None:
    focus.set_selected_cell(5, 2)
    focus.set_matrix(MATRIX_KINDS["bias_matrix"], "Dense 1", np.zeros((1, 8)), ["b"], COLUMNS, (1, 8))
    assert focus.selected_cell() is None
    assert fact(focus, "cell") == "Click a cell for its exact value."
    assert fact(focus, "shape") == "1 row × 8 columns (neurons)"


def test_the_cell_is_kept_when_the_same_matrix_comes_anew(focus: MatrixFocus) -> None:
    focus.set_selected_cell(5, 2)
    focus.set_matrix(MATRIX_KINDS["weight_input_bias_matrix"], "Dense 1", MATRIX + 1, ROWS, COLUMNS, (16, 8))
    assert focus.selected_cell() == (5, 2)
    assert np.float32(fact(focus, "cell_value")) == MATRIX[5, 2] + np.float32(1)


@pytest.mark.parametrize(
    ("name", "title", "matrix"),
    [
        ("weight_input_bias_matrix", "Dense 1", MATRIX[:5]),
        ("weight_input_bias_matrix", "Dense 2", MATRIX),
        ("activated_output_matrix", "Dense 1", MATRIX),
    ],
    ids=["fewer rows", "another layer", "another matrix"],
)
def test_the_cell_is_forgotten_otherwise(
    focus: MatrixFocus, name: str, title: str, matrix: np.ndarray
) -> None:
    focus.set_selected_cell(5, 2)
    focus.set_matrix(MATRIX_KINDS[name], title, matrix, ROWS, COLUMNS, matrix.shape)
    assert focus.selected_cell() is None


def test_a_settled_level_is_taken_over(focus: MatrixFocus) -> None:
    focus.set_matrix(
        MATRIX_KINDS["bias_matrix"], "Dense 1", np.full((1, 8), 0.3), ["b"], COLUMNS, (1, 8), level=20.0
    )
    assert focus.grid.level() == 20.0
    focus.update_values(np.full((1, 8), 0.4), 5.0)
    assert focus.grid.level() == 5.0


def test_it_says_how_to_zoom_and_copy(focus: MatrixFocus) -> None:
    assert fact(focus, "keys") == "Ctrl+C copies cells, Ctrl+wheel zooms"


def test_nothing_chosen_shows_no_facts(focus: MatrixFocus) -> None:
    focus.clear()
    settle()
    assert focus.facts.isHidden()
    assert not focus.grab().isNull()


@pytest.mark.parametrize(
    "matrix", [np.empty((0, 8)), np.full((2, 2), np.nan), np.array([[7]])], ids=["empty", "nan", "one"]
)
def test_odd_matrices(focus: MatrixFocus, matrix: np.ndarray) -> None:
    focus.set_matrix(MATRIX_KINDS["weights_matrix"], "Dense 1", matrix, [], [], matrix.shape)
    settle()
    assert fact(focus, "max") == ("+7.0000" if matrix.size == 1 else "–")


def test_a_very_large_matrix_is_shown_and_read(focus: MatrixFocus) -> None:
    large = np.zeros((4096, 4096), dtype=np.float32)
    large[4095, 4095] = 0.25
    focus.set_matrix(MATRIX_KINDS["weights_matrix"], "Dense 1", large, [], [], large.shape)
    focus.set_selected_cell(4095, 4095)
    settle()
    assert fact(focus, "cell_value") == "+0.250000000"
    assert fact(focus, "shape") == "4,096 rows (inputs) × 4,096 columns (neurons)"
