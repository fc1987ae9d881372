"""Every derivative rule agrees with finite differences: eager, and recorded in both executors."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from flux_studio.engine import MSELoss, Network, Tensor
from flux_studio.engine import operations as ops
from flux_studio.engine.executors import ExecutorName
from flux_studio.engine.layers import Layer, Learned
from flux_studio.engine.operations import BATCH, OPERATIONS, UPDATE_OPERATIONS, Operation
from flux_studio.errors import ShapeError
from tests.engine.differences import Array, assert_close, numeric_gradient
from tests.engine.single import SINGLE, constants, input_shapes, suited

RECORDED = [operation for operation in OPERATIONS if operation not in UPDATE_OPERATIONS]
"""The operations that tensors record; those of the update phase are tested in test_updating."""

NO_RULE = {
    "sign",
    "softmax_gradient",
    "log_softmax",
    "log_likelihood",
    "multiply_column",
    "column_products",
    "variance_gradient",
    "dropout_mask",
    "sum_of_products",
    "sum_of_columns",
    *(f"{name}_slope" for name in ops.ACTIVATION_OPERATIONS),
}
WITH_RULE = [each for each in RECORDED if each.name not in NO_RULE and each is not ops.LOG_LOSS]
"""The log loss has a derivative only together with the operations it goes past: tests/engine/test_losses.py."""

WITHOUT_RULE = [operation for operation in RECORDED if operation.name in NO_RULE]
INPUTS_WITH_RULE = {
    **{operation.name: (0,) for operation in RECORDED},
    **dict.fromkeys(("add", "subtract", "hadamard", "scale", "scaled_difference", "multiply"), (0, 1)),
    **dict.fromkeys(("multiply_transposed", "transpose_multiply", "add_row"), (0, 1)),
    **dict.fromkeys(("subtract_column", "multiply_row", "normalise"), (0, 1)),
}
ROWS, N_INPUTS, N_OUTPUTS = 5, 3, 4


def values_for(operation: Operation) -> list[Array]:
    """Inputs away from kinks: no cell lies within a stencil of zero."""
    generator = np.random.default_rng(len(operation.name))
    fixed = constants(operation)
    shapes = input_shapes(operation, N_INPUTS, N_OUTPUTS)
    values = []
    for index, shape in enumerate(shapes):
        rows = ROWS if shape[0] == BATCH else shape[0]
        value = generator.uniform(0.1, 2, (rows, shape[1])) * generator.choice([-1, 1], (rows, shape[1]))
        if shape == SINGLE and fixed is not None:
            value = np.full(SINGLE, fixed[index - len(shapes)])
        if operation is ops.POWER:
            value = np.full(SINGLE, 2.5) if index else np.abs(value)
        if operation is ops.MEAN_SQUARE and index:
            value = np.full(SINGLE, 1 / ROWS)
        values.append(suited(operation, index, value, N_OUTPUTS))
    return values


@pytest.mark.parametrize("operation", WITH_RULE, ids=lambda operation: operation.name)
def test_eager_gradients(operation: Operation) -> None:
    values = values_for(operation)
    tensors = [
        Tensor(value.copy(), autograd=index in INPUTS_WITH_RULE[operation.name])
        for index, value in enumerate(values)
    ]
    result = tensors[0].apply(operation, *tensors[1:])
    weights = np.random.default_rng(9).normal(size=result.shape)
    (result * Tensor(weights)).sum_all().backward()

    def function() -> float:
        return float((operation.value(*values) * weights).sum())

    for index in INPUTS_WITH_RULE[operation.name]:
        gradient = tensors[index].grad
        assert gradient is not None
        assert_close(gradient.data, numeric_gradient(function, values[index]), f"{operation.name} {index}")


@pytest.mark.parametrize("operation", WITH_RULE, ids=lambda operation: operation.name)
def test_a_tensor_used_twice_collects_both_gradients(operation: Operation) -> None:
    values = values_for(operation)
    others = [Tensor(value) for value in values[1:]]
    x, y = Tensor(values[0], autograd=True), Tensor(values[0], autograd=True)
    (x.apply(operation, *others) + x.apply(operation, *others)).sum_all().backward()
    y.apply(operation, *others).sum_all().backward()
    assert x.grad is not None
    assert y.grad is not None
    np.testing.assert_array_equal(x.grad.data, 2 * y.grad.data)


class _Learns(Layer):
    """Hands its input on, and owns what :class:`_Probe` makes its operands of."""

    def __init__(self, tensors: list[Tensor]) -> None:
        self.tensors = tensors

    def forward(self, x: Any) -> Any:
        return x

    def learned(self) -> tuple[Learned, ...]:
        return tuple(
            Learned(tensor, f"weights_{index}", f"dC_dw_{index}") for index, tensor in enumerate(self.tensors)
        )


class _Probe(MSELoss):
    """The mean square of one operation, whose operands are parameters or products of the rows with one."""

    def __init__(self, operation: Operation) -> None:
        self.operation = operation
        self.tensors: list[Tensor] = []
        self.operands: list[Callable[[Any], Any]] = []
        generator = np.random.default_rng(3)
        fixed = constants(operation)
        shapes = input_shapes(operation, N_INPUTS, N_OUTPUTS)
        for index, shape in enumerate(shapes):
            if index in INPUTS_WITH_RULE[operation.name]:
                is_batch = shape[0] == BATCH
                size = (N_OUTPUTS, shape[1]) if is_batch else shape
                signs = 1 if operation in (ops.POWER, ops.NORMALISE) else generator.choice([-1, 1], size)
                tensor = Tensor(signs * generator.uniform(0.3, 1.5, size), autograd=True)
                self.tensors.append(tensor)
                self.operands.append(partial(_product if is_batch else _parameter, tensor))
            elif shape != SINGLE:
                self.operands.append(lambda rows: rows)
            elif operation is ops.MEAN_SQUARE:
                self.operands.append(partial(_number, over_rows=1.0))
            elif operation is ops.ROW_MEAN_SQUARE:
                self.operands.append(partial(_number, fixed=1 / N_OUTPUTS))
            else:
                self.operands.append(partial(_number, fixed=fixed[index - len(shapes)] if fixed else 2.5))

    def forward(self, prediction: Any, target: Any) -> Any:
        made = [operand(prediction) for operand in self.operands]
        return made[0].apply(self.operation, *made[1:]).mean_square()


def _product(tensor: Tensor, rows: Any) -> Any:
    return rows.mm(tensor)


def _parameter(tensor: Tensor, rows: Any) -> Any:
    return rows.recording.lift(tensor)


def _number(rows: Any, **value: float) -> Any:
    return rows.constant(str(value), **value)


@pytest.mark.parametrize("executor", ["compiled", "reference"])
@pytest.mark.parametrize("operation", WITH_RULE, ids=lambda operation: operation.name)
def test_recorded_gradients(operation: Operation, executor: ExecutorName) -> None:
    probe = _Probe(operation)
    rows = np.random.default_rng(4).uniform(0.2, 1.0, (ROWS, N_OUTPUTS))
    layers = [("layer", _Learns(probe.tensors))]
    network = Network(layers, probe, rows, rows, dtype=np.float64, executor=executor)
    network.rest()
    first, last = network.program.span("forward", "loss")

    def function() -> float:
        network.executor.run(network.program, first, last)
        return network.loss

    assert len(network.layout.gradients) == len(INPUTS_WITH_RULE[operation.name])
    for key, slot in network.layout.gradients.items():
        gradient = slot.view(network.arena).copy()
        assert_close(gradient, numeric_gradient(function, network.parameter(key)), f"{operation.name} {key}")


@pytest.mark.parametrize("operation", WITHOUT_RULE, ids=lambda operation: operation.name)
def test_operations_without_a_derivative_say_so(operation: Operation) -> None:
    tensors = [Tensor(value, autograd=index == 0) for index, value in enumerate(values_for(operation))]
    with pytest.raises(ShapeError, match=f"{operation.name} has no derivative"):
        tensors[0].apply(operation, *tensors[1:]).sum_all().backward()


@pytest.mark.parametrize(
    ("operation", "index", "reason"),
    [
        (ops.POWER, 1, "exponent"),
        (ops.BROADCAST, 1, "only lends its shape"),
        (ops.BROADCAST_ALL, 1, "only lends its shape"),
        (ops.SCALED_DIFFERENCE, 2, "its number"),
        (ops.LOG_LOSS, 3, "not to the targets"),
        (ops.ROW_SUM, 1, "input 2 has no derivative"),
        (ops.NORMALISE, 2, "input 3 has no derivative"),
        (ops.MEAN_SQUARE, 1, "1/N, has no derivative"),
        (ops.ACTIVATION_OPERATIONS["leaky_relu"], 1, "constants"),
    ],
    ids=lambda value: str(value),
)
def test_inputs_without_a_derivative_are_refused(operation: Operation, index: int, reason: str) -> None:
    tensors = [Tensor(value, autograd=place == index) for place, value in enumerate(values_for(operation))]
    with pytest.raises(ShapeError, match=reason):
        tensors[0].apply(operation, *tensors[1:]).sum_all().backward()


def test_slopes_at_kinks_are_those_of_the_lower_side() -> None:
    zero = np.zeros((1, 1))
    for name, slope in (("relu", 0.0), ("leaky_relu", 0.01), ("elu", 1.0)):
        x = Tensor(zero, autograd=True)
        x.activate(name).backward()
        assert x.grad is not None
        assert x.grad.data[0, 0] == slope
    x = Tensor(zero, autograd=True)
    x.absolute().backward()
    assert x.grad is not None
    assert x.grad.data[0, 0] == 0


def test_the_gradient_of_the_mean_square_is_divided_by_the_rows_once() -> None:
    errors = Tensor([[1.0, -2.0], [3.0, 0.5], [0.25, 4.0], [-1.0, 0.0]], autograd=True)
    loss = errors.mean_square()
    loss.backward()
    assert loss.data[0, 0] == (1 + 4 + 9 + 0.25 + 0.0625 + 16 + 1) / 4
    assert errors.grad is not None
    np.testing.assert_array_equal(errors.grad.data, 2 * errors.data / 4)


def test_the_library_loss_is_the_mean_square_of_the_error() -> None:
    prediction, target = Tensor([[0.5], [2.0]], autograd=True), Tensor([[1.0], [4.0]])
    loss = MSELoss().forward(prediction, target)
    loss.backward()
    assert loss.data[0, 0] == (0.25 + 4) / 2
    assert prediction.grad is not None
    np.testing.assert_array_equal(prediction.grad.data, [[-0.5], [-2.0]])
