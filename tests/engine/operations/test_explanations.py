"""Each operation explains any cell of its result, and knows which cells an input goes into."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flux_studio.engine import operations as ops
from flux_studio.engine.operations import OPERATIONS, UPDATE_OPERATIONS, Operation
from flux_studio.engine.operations.activations import ActivationOperation, Slope
from flux_studio.engine.workings import Line, Sum
from tests.engine.operations.test_arithmetic import draw
from tests.engine.single import Array, input_shapes

RECORDED = [operation for operation in OPERATIONS if operation not in UPDATE_OPERATIONS]
NAMES = [operation.name for operation in RECORDED]


def inputs(
    operation: Operation, rows: int, n_inputs: int, n_outputs: int, seed: int, size: float
) -> list[Array]:
    return draw(operation, input_shapes(operation, n_inputs, n_outputs), rows, seed, size, np.float64)


@pytest.mark.parametrize("operation", RECORDED, ids=NAMES)
@settings(max_examples=15, deadline=None, derandomize=True)
@given(
    rows=st.integers(1, 9),
    n_inputs=st.integers(1, 7),
    n_outputs=st.integers(1, 7),
    seed=st.integers(0, 2**32),
    size=st.sampled_from([1e-3, 1.0, 30.0]),
)
def test_the_explained_cell_is_the_computed_one(
    operation: Operation, rows: int, n_inputs: int, n_outputs: int, seed: int, size: float
) -> None:
    values = inputs(operation, rows, n_inputs, n_outputs, seed, size)
    with np.errstate(all="ignore"):
        result = operation.value(*values)
    for cell in np.ndindex(result.shape):
        working = operation.working(cell, tuple(values))
        allowed = 1e-15 * (1e-280 + working.error)
        assert working.value == pytest.approx(result[cell], rel=1e-15, abs=allowed, nan_ok=True)
        for line in working.lines:
            if isinstance(line, Sum):
                assert line.value == pytest.approx(line.terms.sum(), rel=1e-12, nan_ok=True)
                for factor in line.factors:
                    for term in range(len(line.terms)):
                        source = factor.source(term)
                        assert values[source.input][source.cell] == source.value
            else:
                assert all(values[each.input][each.cell] == each.value for each in line.sources)


@pytest.mark.parametrize("operation", RECORDED, ids=NAMES)
def test_a_cell_goes_where_the_operation_says(operation: Operation) -> None:
    """Other numbers in one cell of an input change the result there and nowhere else."""
    values = inputs(operation, 4, 3, 5, 1, 1.0)
    result = operation.value(*values)
    generator = np.random.default_rng(2)
    for index, value in enumerate(values):
        lent = operation is ops.SUM_OF_PRODUCTS and index == 3
        if lent or operation is ops.DROPOUT_MASK:
            continue  # a number of steps and a key are no numbers to be moved a little
        for cell in np.ndindex(value.shape):
            before, changed = value[cell], np.zeros(result.shape, bool)
            for _ in range(6):
                value[cell] = abs(before) + abs(generator.normal()) * 3 * generator.choice([0.01, 1])
                if operation is not ops.POWER and (operation.name != "log_softmax" or index == 0):
                    value[cell] *= generator.choice([-1, 1])
                with np.errstate(all="ignore"):
                    found = operation.value(*values)
                changed |= ~((found == result) | (np.isnan(found) & np.isnan(result)))
            value[cell] = before
            rows, columns = operation.reach(index, cell, result.shape, *(each.shape for each in values))
            reached = np.zeros(result.shape, bool)
            reached[rows.start : rows.stop, columns.start : columns.stop] = True
            assert not (changed & ~reached).any(), f"input {index}: {cell} went beyond {rows}, {columns}"
            if operation.name not in (
                "sign",
                "identity_slope",
                "relu_slope",
                "leaky_relu_slope",
                "log_softmax",
            ):
                unread = isinstance(operation, Slope | ActivationOperation) and not changed.any()
                assert unread or not reached.any() or changed[reached].any()


def test_the_way_that_was_taken_is_told() -> None:
    a = np.array([[2.0, -3.0]])
    up, down = (ops.ACTIVATIONS["leaky_relu"].working((0, j), (a, np.array([[0.01]]))) for j in (0, 1))
    (line,) = down.lines
    assert isinstance(line, Line)
    assert [piece if isinstance(piece, str) else piece.letter for piece in line.pieces] == ["leak", "·", "a"]
    assert [piece if isinstance(piece, str) else piece.letter for piece in line.tests[0]] == ["a", " ≤ ", "0"]
    assert (up.value, down.value) == (2.0, -0.03)


def test_a_softmax_shows_its_powers_and_their_total() -> None:
    a = np.array([[1.0, 2.0, 0.5]])
    working = ops.SOFTMAX.working((0, 0), (a,))
    largest, total, result = working.lines
    assert isinstance(largest, Line)
    assert isinstance(total, Sum)
    assert largest.value == 2.0
    np.testing.assert_allclose(total.terms, np.exp(a[0] - 2.0))
    assert total.value == total.terms.sum()
    assert result.value == pytest.approx(np.exp(1.0) / np.exp(a).sum())


def test_brackets_stand_where_they_must() -> None:
    x, y, s = np.array([[2.0]]), np.array([[3.0]]), np.array([[0.5]])
    (line,) = ops.SCALED_DIFFERENCE.working((0, 0), (x, y, s)).lines
    assert isinstance(line, Line)
    assert "".join(piece if isinstance(piece, str) else piece.letter for piece in line.pieces) == "s·(x − y)"


def test_the_largest_terms_and_what_is_left() -> None:
    x, w = np.arange(1.0, 101.0)[None, :], np.ones((100, 1))
    x[0, 3] = -500.0
    (total,) = ops.MULTIPLY.working((0, 0), (x, w)).lines
    assert isinstance(total, Sum)
    shown = total.largest(3)
    assert shown.tolist() == [3, 98, 99]
    count, rest = total.left(shown)
    assert count == 97
    assert rest + total.terms[shown].sum() == pytest.approx(total.value)
    assert total.largest(1_000).tolist() == list(range(100))
