"""The instruction set: every matrix operation, each with its shape rule, arithmetic, derivative and formula."""

from flux_studio.engine.operations.activations import ACTIVATION_OPERATIONS, ActivationOperation
from flux_studio.engine.operations.base import BATCH, Operand, Operation, Shape, shape_text
from flux_studio.engine.operations.columns import BESIDE, Columns, Zeros
from flux_studio.engine.operations.dropout import DROPOUT_MASK
from flux_studio.engine.operations.elementwise import (
    ABSOLUTE,
    ADD,
    COPY,
    HADAMARD,
    NEGATE,
    POWER,
    SCALE,
    SCALED_DIFFERENCE,
    SIGN,
    SUBTRACT,
)
from flux_studio.engine.operations.limits import LIMITS
from flux_studio.engine.operations.losses import LOG_LIKELIHOOD, LOG_LOSS, LOG_SOFTMAX, MEAN_SQUARE
from flux_studio.engine.operations.products import (
    MULTIPLY,
    MULTIPLY_TRANSPOSED,
    TRANSPOSE,
    TRANSPOSE_MULTIPLY,
    Product,
)
from flux_studio.engine.operations.rows import (
    COLUMN_PRODUCTS,
    MULTIPLY_COLUMN,
    MULTIPLY_ROW,
    NORMALISE,
    ROW_MEAN_SQUARE,
    ROW_SUM,
    SPREAD,
    SUBTRACT_COLUMN,
    VARIANCE_GRADIENT,
)
from flux_studio.engine.operations.schedules import SCHEDULES
from flux_studio.engine.operations.softmax import SOFTMAX, SOFTMAX_GRADIENT, Softmax
from flux_studio.engine.operations.steps import (
    SHARED_BY_STEPS,
    SUM_OF_COLUMNS,
    SUM_OF_PRODUCTS,
    shared_gradient,
)
from flux_studio.engine.operations.sums import ADD_ROW, BROADCAST, BROADCAST_ALL, SUM_ALL, SUM_COLUMNS
from flux_studio.engine.operations.updates import GRADIENT_DESCENT, UPDATES

UPDATE_OPERATIONS: tuple[Operation, ...] = (*UPDATES, *SCHEDULES, *LIMITS)
"""What only the update phase uses; the rest can be recorded by tensors."""

OPERATIONS: tuple[Operation, ...] = (
    COPY,
    ADD,
    SUBTRACT,
    HADAMARD,
    NEGATE,
    SCALE,
    POWER,
    SCALED_DIFFERENCE,
    ABSOLUTE,
    SIGN,
    MULTIPLY,
    MULTIPLY_TRANSPOSED,
    TRANSPOSE_MULTIPLY,
    TRANSPOSE,
    ADD_ROW,
    BROADCAST,
    BROADCAST_ALL,
    SUM_COLUMNS,
    SUM_ALL,
    SUM_OF_PRODUCTS,
    SUM_OF_COLUMNS,
    MEAN_SQUARE,
    LOG_SOFTMAX,
    LOG_LIKELIHOOD,
    LOG_LOSS,
    SOFTMAX,
    SOFTMAX_GRADIENT,
    ROW_SUM,
    SPREAD,
    SUBTRACT_COLUMN,
    ROW_MEAN_SQUARE,
    MULTIPLY_COLUMN,
    MULTIPLY_ROW,
    COLUMN_PRODUCTS,
    NORMALISE,
    VARIANCE_GRADIENT,
    DROPOUT_MASK,
    *UPDATE_OPERATIONS,
    *ACTIVATION_OPERATIONS.values(),
    *(activation.slope for activation in ACTIVATION_OPERATIONS.values()),
)
"""Every operation; the place in this table is the operation's code in a program."""

ACTIVATIONS: dict[str, ActivationOperation | Softmax] = {**ACTIVATION_OPERATIONS, SOFTMAX.name: SOFTMAX}
"""Every activation by name: those that work cell by cell, and softmax, which works row by row."""

OPERATION_CODES: dict[str, int] = {operation.name: code for code, operation in enumerate(OPERATIONS)}

PRODUCTS: tuple[Product, ...] = (MULTIPLY, MULTIPLY_TRANSPOSED, TRANSPOSE_MULTIPLY, SUM_OF_PRODUCTS)
"""The operations with a second kernel; its code is the place here, behind all of :data:`OPERATIONS`."""


def kernel_code(operation: Operation, sizes: tuple[int, int, int]) -> int:
    """Which kernel the compiled executor runs for an operation of these sizes."""
    if isinstance(operation, Product) and operation.is_tiled(*sizes):
        return len(OPERATIONS) + PRODUCTS.index(operation)
    return OPERATION_CODES[operation.name]


__all__ = [
    "ABSOLUTE",
    "ACTIVATIONS",
    "ACTIVATION_OPERATIONS",
    "ADD",
    "ADD_ROW",
    "BATCH",
    "BESIDE",
    "BROADCAST",
    "BROADCAST_ALL",
    "COLUMN_PRODUCTS",
    "COPY",
    "DROPOUT_MASK",
    "GRADIENT_DESCENT",
    "HADAMARD",
    "LOG_LIKELIHOOD",
    "LOG_LOSS",
    "LOG_SOFTMAX",
    "MEAN_SQUARE",
    "MULTIPLY",
    "MULTIPLY_COLUMN",
    "MULTIPLY_ROW",
    "MULTIPLY_TRANSPOSED",
    "NEGATE",
    "NORMALISE",
    "OPERATIONS",
    "OPERATION_CODES",
    "POWER",
    "PRODUCTS",
    "ROW_MEAN_SQUARE",
    "ROW_SUM",
    "SCALE",
    "SCALED_DIFFERENCE",
    "SHARED_BY_STEPS",
    "SIGN",
    "SOFTMAX",
    "SOFTMAX_GRADIENT",
    "SPREAD",
    "SUBTRACT",
    "SUBTRACT_COLUMN",
    "SUM_ALL",
    "SUM_COLUMNS",
    "SUM_OF_COLUMNS",
    "SUM_OF_PRODUCTS",
    "TRANSPOSE",
    "TRANSPOSE_MULTIPLY",
    "UPDATE_OPERATIONS",
    "VARIANCE_GRADIENT",
    "ActivationOperation",
    "Columns",
    "Operand",
    "Operation",
    "Product",
    "Shape",
    "Softmax",
    "Zeros",
    "kernel_code",
    "shape_text",
    "shared_gradient",
]
