"""One operation as a program of a single instruction, so that both executors can be asked for the same thing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flux_studio.engine import operations as ops
from flux_studio.engine.compiled import CompiledExecutor
from flux_studio.engine.executors import ReferenceExecutor
from flux_studio.engine.operations import BATCH, Operation
from flux_studio.engine.operations.activations import ActivationOperation, Slope
from flux_studio.engine.operations.base import Elementwise
from flux_studio.engine.operations.rows import RowOperation
from flux_studio.engine.program import Instruction, Program, Slot

Array = NDArray[Any]
Shape = tuple[int, int]
SINGLE = (1, 1)

_OTHERS: dict[str, tuple[tuple[str, str], ...]] = {
    "multiply": (("N", "I"), ("I", "O")),
    "multiply_transposed": (("N", "O"), ("I", "O")),
    "transpose_multiply": (("N", "I"), ("N", "O")),
    "sum_of_products": (("N", "2I"), ("N", "2O"), ("I", "O"), ("1", "1")),
    "sum_of_columns": (("N", "2O"), ("1", "O")),
    "transpose": (("I", "O"),),
    "add_row": (("N", "O"), ("1", "O")),
    "broadcast": (("1", "O"), ("N", "O")),
    "broadcast_all": (("1", "1"), ("N", "O")),
    "sum_columns": (("N", "O"),),
    "sum_all": (("N", "O"),),
    "mean_square": (("N", "O"), ("1", "1")),
    "softmax": (("N", "O"),),
    "softmax_gradient": (("N", "O"), ("N", "O")),
    "log_softmax": (("N", "O"), ("N", "O")),
    "log_loss": (("N", "O"), ("N", "O"), ("N", "O"), ("N", "O")),
}
"""Shapes of the inputs of every operation that is not cell by cell; N is a batch."""

_WITH_NUMBER = (ops.SCALE, ops.POWER, ops.SCALED_DIFFERENCE, ops.GRADIENT_DESCENT)


def input_shapes(operation: Operation, n_inputs: int, n_outputs: int) -> tuple[Shape, ...]:
    """Shapes that the operation takes, with :data:`BATCH` for the number of rows."""
    if isinstance(operation, Elementwise):
        return (BATCH, n_outputs), *[(BATCH, n_outputs)] * (operation.matrices - 1), *numbers(operation)
    sizes = {"N": BATCH, "I": n_inputs, "O": n_outputs, "F": n_outputs, "1": 1}
    sizes |= {"2I": 2 * n_inputs, "2O": 2 * n_outputs}
    if isinstance(operation, RowOperation):
        pairs = [text.split("×") for text in operation.pattern[:-1]]
        return tuple((sizes[rows], sizes[columns]) for rows, columns in pairs)
    return tuple((sizes[rows], sizes[columns]) for rows, columns in _OTHERS[operation.name])


def numbers(operation: Operation) -> list[Shape]:
    """A 1×1 shape for each constant that an elementwise operation takes."""
    if isinstance(operation, ActivationOperation):
        return [SINGLE] * len(operation.constants)
    if isinstance(operation, Slope):
        return [SINGLE] * len(operation.activation.constants)
    return [SINGLE] if operation in _WITH_NUMBER else []


def constants(operation: Operation) -> list[float] | None:
    """The values that an activation's constants always have; ``None`` where they are free."""
    if isinstance(operation, Slope):
        operation = operation.activation
    return [value for _, value in operation.constants] if isinstance(operation, ActivationOperation) else None


def suited(operation: Operation, index: int, drawn: Array, columns: int) -> Array:
    """A drawn input, changed where an operation does not take any number: probabilities, variances, a share, a key."""
    if (operation, index) in ((ops.LOG_SOFTMAX, 1), (ops.NORMALISE, 1), (ops.VARIANCE_GRADIENT, 2)):
        return np.abs(drawn)
    if (operation, index) in ((ops.NORMALISE, 2), (ops.VARIANCE_GRADIENT, 3)):
        return np.full_like(drawn, 1e-3)
    if (operation, index) == (ops.ROW_MEAN_SQUARE, 1):
        return np.full_like(drawn, 1 / columns)
    if (operation, index) == (ops.SUM_OF_PRODUCTS, 3):
        return np.full_like(drawn, 2)
    if operation is ops.DROPOUT_MASK and index:
        return np.full_like(drawn, 0.3) if index == 1 else np.floor(1e3 * np.abs(drawn))
    return drawn


class Machine:
    """An arena with the inputs of one instruction strewn over it, and ``awkward`` in every other cell."""

    def __init__(
        self, operation: Operation, shapes: Sequence[Shape], values: Sequence[Array], awkward: float = np.nan
    ) -> None:
        self.dtype = values[0].dtype
        result = operation.shape(*shapes)
        place = 3  # the learning rate stands at 0 in a real arena
        slots = []
        for shape, value in zip(shapes, values, strict=True):
            slots.append(Slot(place, *value.shape, by_feature=shape[0] == BATCH))
            place += value.size + 3
        rows = next((len(value) for shape, value in zip(shapes, values, strict=True) if shape[0] == BATCH), 1)
        self.output = Slot(place, rows if result[0] == BATCH else result[0], result[1], result[0] == BATCH)
        self.start = np.full(place + self.output.size + 3, awkward, self.dtype)
        for slot, value in zip(slots, values, strict=True):
            slot.view(self.start)[...] = value
        instruction = Instruction(operation, self.output, tuple(slots), "forward", "")
        self.program = _program(instruction)

    def run(self, executor: type[CompiledExecutor] | type[ReferenceExecutor]) -> Array:
        """The result by that executor; nothing but the result may have changed."""
        arena = self.start.copy()
        executor(arena).run(self.program, 0, 1)
        touched = arena.copy()
        self.output.view(touched)[...] = self.output.view(self.start)
        np.testing.assert_array_equal(touched, self.start)
        return self.output.view(arena).copy()


def _program(instruction: Instruction) -> Program:
    return Program(
        rows=1,
        instructions=(instruction,),
        table=np.array([instruction.row()], np.uint64),
        phases={"forward": (0, 1)},
        matrices={},
        constants=(),
        inputs=instruction.inputs[0],
        targets=None,
        outputs=instruction.output,
        loss=None,
    )


def magnitude(operation: Operation, values: Sequence[Array]) -> Array:
    """How large the numbers are that were summed up to each cell: rounding is measured by it."""
    in_double = [np.abs(np.asarray(value, np.float64)) for value in values]
    match operation.name:
        case "subtract" | "add":
            return in_double[0] + in_double[1]
        case "gradient_descent":
            return np.asarray(in_double[0] + in_double[2] * in_double[1])
        case "scaled_difference":
            return (in_double[0] + in_double[1]) * in_double[2]
        case "subtract_column":
            return in_double[0] + in_double[1]
        case "softmax" | "dropout_mask":
            return operation.value(*(np.asarray(value, np.float64) for value in values))
        case "softmax_gradient":
            return in_double[0] * (in_double[1] + (in_double[0] * in_double[1]).sum(axis=1, keepdims=True))
        case "log_softmax":
            return in_double[0] + in_double[0].max() + 1 + np.abs(operation.value(*values))
        case "log_likelihood":
            with np.errstate(invalid="ignore"):
                return in_double[0] * (1 + in_double[1]) + 1
        case "log_loss":
            return in_double[1].sum(keepdims=True)
        case "gelu":
            return 1 + in_double[0]
        case "gelu_slope" | "tanh_slope" | "swish_slope" | "elu_slope" | "sigmoid_slope":
            return np.asarray((1 + in_double[0] + in_double[1]) ** 2)
    if isinstance(operation, Elementwise):
        with np.errstate(all="ignore"):
            return np.abs(operation.value(*(np.asarray(value, np.float64) for value in values)))
    return np.abs(operation.value(*in_double))
