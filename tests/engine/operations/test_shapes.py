"""Operations refuse matrices that do not fit, and name both shapes."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flux_studio.engine import Tensor
from flux_studio.engine import operations as ops
from flux_studio.engine.operations import BATCH, OPERATIONS, UPDATE_OPERATIONS, Operation, shape_text
from flux_studio.errors import ShapeError
from tests.engine.single import input_shapes

RECORDED = [operation for operation in OPERATIONS if operation not in UPDATE_OPERATIONS]
"""The operations that tensors record; those of the update phase are tested in test_updating."""

Shape = tuple[int, int]

MISFITS: list[tuple[Operation, Shape, Shape]] = [
    (ops.ADD, (2, 3), (3, 2)),
    (ops.SUBTRACT, (2, 3), (2, 4)),
    (ops.HADAMARD, (5, 1), (1, 5)),
    (ops.ACTIVATION_OPERATIONS["tanh"].slope, (2, 3), (3, 2)),
    (ops.SCALED_DIFFERENCE, (2, 3), (3, 3)),
    (ops.SOFTMAX_GRADIENT, (2, 3), (2, 4)),
    (ops.SUBTRACT_COLUMN, (2, 3), (2, 2)),
    (ops.MULTIPLY_ROW, (2, 3), (1, 2)),
    (ops.COLUMN_PRODUCTS, (2, 3), (3, 3)),
    (ops.SPREAD, (3, 1), (2, 3)),
    (ops.ROW_SUM, (2, 3), (2, 1)),
    (ops.NORMALISE, (2, 3), (1, 3)),
    (ops.DROPOUT_MASK, (2, 3), (2, 1)),
    (ops.LOG_SOFTMAX, (2, 3), (3, 3)),
    (ops.LOG_LIKELIHOOD, (2, 3), (2, 2)),
    (ops.LOG_LOSS, (2, 3), (2, 4)),
    (ops.SCALE, (2, 3), (2, 1)),
    (ops.POWER, (2, 3), (1, 3)),
    (ops.MULTIPLY, (2, 3), (4, 5)),
    (ops.MULTIPLY_TRANSPOSED, (2, 3), (3, 4)),
    (ops.TRANSPOSE_MULTIPLY, (2, 3), (3, 3)),
    (ops.ADD_ROW, (2, 3), (1, 4)),
    (ops.ADD_ROW, (2, 3), (2, 3)),
    (ops.BROADCAST, (1, 4), (2, 3)),
]


@pytest.mark.parametrize(("operation", "first", "second"), MISFITS, ids=str)
def test_misfits_are_refused_in_one_line_with_both_shapes(
    operation: Operation, first: Shape, second: Shape
) -> None:
    with pytest.raises(ShapeError) as caught:
        operation.shape(first, second)
    message = str(caught.value)
    assert operation.name in message
    assert shape_text(first) in message
    assert shape_text(second) in message
    assert "\n" not in message


@pytest.mark.parametrize(("operation", "first", "second"), MISFITS, ids=str)
def test_tensors_refuse_them_too(operation: Operation, first: Shape, second: Shape) -> None:
    with pytest.raises(ShapeError):
        Tensor(np.ones(first)).apply(operation, Tensor(np.ones(second)))


@pytest.mark.parametrize("operation", [ops.MEAN_SQUARE, ops.BROADCAST_ALL], ids=lambda each: each.name)
def test_a_number_must_be_a_single_one(operation: Operation) -> None:
    shapes = ((2, 3), (2, 2)) if operation is ops.MEAN_SQUARE else ((2, 2), (2, 3))
    with pytest.raises(ShapeError, match=re.escape("(1×1), not 2×2")):
        operation.shape(*shapes)


def test_an_update_needs_a_gradient_for_every_parameter() -> None:
    with pytest.raises(ShapeError, match="gradient_descent: 1×5 and 1×6"):
        ops.GRADIENT_DESCENT.shape((1, 5), (1, 6), (1, 1))


def test_the_open_number_of_rows_is_written_n() -> None:
    with pytest.raises(ShapeError, match="N×3 · 4×2"):
        ops.MULTIPLY.shape((BATCH, 3), (4, 2))


@pytest.mark.parametrize("operation", RECORDED, ids=lambda operation: operation.name)
@settings(max_examples=10, deadline=None, derandomize=True)
@given(rows=st.integers(1, 9), n_inputs=st.integers(1, 9), n_outputs=st.integers(1, 9))
def test_the_shape_rule_tells_the_shape_of_the_value(
    operation: Operation, rows: int, n_inputs: int, n_outputs: int
) -> None:
    shapes = [
        (rows if shape[0] == BATCH else shape[0], shape[1])
        for shape in input_shapes(operation, n_inputs, n_outputs)
    ]
    value = operation.value(*(np.ones(shape) for shape in shapes))
    assert value.shape == operation.shape(*shapes)
