"""Both executors carry out every operation alike, write nothing else, and let NaN and infinity pass."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flux_studio.engine import operations as ops
from flux_studio.engine.compiled import CompiledExecutor
from flux_studio.engine.executors import ReferenceExecutor
from flux_studio.engine.operations import BATCH, OPERATIONS, UPDATE_OPERATIONS, Operation
from flux_studio.engine.operations.base import Elementwise
from tests.engine.single import SINGLE, Array, Machine, Shape, constants, input_shapes, magnitude, suited

RECORDED = [operation for operation in OPERATIONS if operation not in UPDATE_OPERATIONS]
"""The operations that tensors record; those of the update phase are tested in test_updating."""

DTYPES = (np.float32, np.float64)
NAMES = [operation.name for operation in RECORDED]
ELEMENTWISE = [operation for operation in RECORDED if isinstance(operation, Elementwise)]
AWKWARD = (np.nan, np.inf, 0.0, -1e30, 7.0)
SPECIAL = (np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 1e-30, -1e-30, 20.0, -20.0, 800.0, -800.0)


def draw(
    operation: Operation, shapes: tuple[Shape, ...], rows: int, seed: int, size: float, dtype: type
) -> list[Array]:
    """Values for the inputs; constants as an activation has them, exponents that are in use."""
    generator = np.random.default_rng(seed)
    fixed = constants(operation)
    values = []
    for index, shape in enumerate(shapes):
        drawn = size * generator.normal(size=(rows if shape[0] == BATCH else shape[0], shape[1]))
        if shape == SINGLE and fixed is not None:
            drawn = np.full(SINGLE, fixed[index - len(shapes)])
        if operation is ops.POWER:
            drawn = np.full(SINGLE, generator.choice([2, 3, 0.5, -1, 1, 0])) if index else np.abs(drawn)
        values.append(suited(operation, index, drawn, shapes[0][1]).astype(dtype))
    return values


def agree(operation: Operation, values: list[Array], found: Array, wanted: Array) -> None:
    scale = magnitude(operation, values)
    terms = max(max(value.shape) for value in values)
    limits = np.finfo(found.dtype)
    allowed = float(limits.eps) * (8 + terms) * scale + float(limits.tiny)
    with np.errstate(invalid="ignore"):
        off = np.abs(found.astype(np.float64) - wanted.astype(np.float64)) - allowed
    same = (found == wanted) | (np.isnan(found) & np.isnan(wanted)) | (off <= 0)
    assert same.all(), f"{operation.name}: {found[~same]} is not {wanted[~same]}"


def test_every_operation_has_a_code_of_its_own() -> None:
    names = [operation.name for operation in OPERATIONS]
    assert len(set(names)) == len(names)
    assert [ops.OPERATION_CODES[name] for name in names] == list(range(len(names)))


@pytest.mark.parametrize("operation", RECORDED, ids=NAMES)
@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    rows=st.integers(1, 40),
    n_inputs=st.integers(1, 20),
    n_outputs=st.integers(1, 20),
    seed=st.integers(0, 2**32),
    size=st.sampled_from([1e-3, 1.0, 30.0]),
    awkward=st.sampled_from(AWKWARD),
    dtype=st.sampled_from(DTYPES),
)
def test_executors_agree(
    operation: Operation,
    rows: int,
    n_inputs: int,
    n_outputs: int,
    seed: int,
    size: float,
    awkward: float,
    dtype: type,
) -> None:
    shapes = input_shapes(operation, n_inputs, n_outputs)
    values = draw(operation, shapes, rows, seed, size, dtype)
    machine = Machine(operation, shapes, values, awkward)
    found, wanted = machine.run(CompiledExecutor), machine.run(ReferenceExecutor)
    assert found.dtype == dtype
    assert found.shape == wanted.shape
    agree(operation, values, found, wanted)


@pytest.mark.parametrize("operation", RECORDED, ids=NAMES)
def test_eager_arithmetic_is_that_of_the_reference_executor(operation: Operation) -> None:
    shapes = input_shapes(operation, 3, 5)
    values = draw(operation, shapes, 7, 1, 1.0, np.float64)
    eager = operation.value(*values)
    assert eager.shape == tuple(7 if size == BATCH else size for size in operation.shape(*shapes))
    agree(operation, values, eager, Machine(operation, shapes, values).run(ReferenceExecutor))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("operation", ELEMENTWISE, ids=[operation.name for operation in ELEMENTWISE])
def test_special_values_pass_alike(operation: Elementwise, dtype: type) -> None:
    shapes = input_shapes(operation, 1, len(SPECIAL))
    rows = len(SPECIAL)
    values = draw(operation, shapes, rows, 0, 1.0, dtype)
    first, second = np.meshgrid(np.array(SPECIAL, dtype), np.array(SPECIAL, dtype))
    values[0] = first
    if operation.matrices == 2 and operation.name != "gradient_descent":
        values[1] = second
    if operation.name.endswith("_slope"):
        # The slope's second input is h(a): only such pairs occur.
        activation = ops.ACTIVATION_OPERATIONS[operation.name.removesuffix("_slope")]
        with np.errstate(all="ignore"):
            values[1] = activation.value(first, *values[2:])
    machine = Machine(operation, shapes, values)
    agree(operation, values, machine.run(CompiledExecutor), machine.run(ReferenceExecutor))


@pytest.mark.parametrize("executor", [CompiledExecutor, ReferenceExecutor])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "operation",
    [
        *(each for each in ELEMENTWISE if each is not ops.POWER and not each.name.endswith("_slope")),
        ops.MULTIPLY,
        ops.MULTIPLY_TRANSPOSED,
        ops.TRANSPOSE_MULTIPLY,
        ops.TRANSPOSE,
        ops.ADD_ROW,
        ops.BROADCAST,
        ops.SUM_COLUMNS,
        ops.SUM_ALL,
        ops.MEAN_SQUARE,
        ops.SOFTMAX,
        ops.SOFTMAX_GRADIENT,
        ops.ROW_SUM,
        ops.SUBTRACT_COLUMN,
        ops.ROW_MEAN_SQUARE,
        ops.MULTIPLY_COLUMN,
        ops.MULTIPLY_ROW,
        ops.COLUMN_PRODUCTS,
        ops.NORMALISE,
        ops.VARIANCE_GRADIENT,
    ],
    ids=lambda operation: operation.name,
)
def test_nan_stays_nan(
    operation: Operation, dtype: type, executor: type[CompiledExecutor] | type[ReferenceExecutor]
) -> None:
    shapes = input_shapes(operation, 4, 3)
    values = draw(operation, shapes, 6, 0, 1.0, dtype)
    values[0][0, 1] = np.nan
    result = Machine(operation, shapes, values, awkward=0.0).run(executor)
    expected = {
        "multiply": (0, slice(None)),
        "multiply_transposed": (0, slice(None)),
        "transpose_multiply": (1, slice(None)),
        "transpose": (1, 0),
        "broadcast": (slice(None), 1),
        "sum_columns": (0, 1),
        "sum_all": (0, 0),
        "mean_square": (0, 0),
        "softmax": (0, slice(None)),
        "softmax_gradient": (0, slice(None)),
        "row_sum": (0, 0),
        "row_mean_square": (0, 0),
        "variance_gradient": (0, 0),
    }.get(operation.name, (0, 1))
    mask = np.zeros(result.shape, bool)
    mask[expected] = True
    np.testing.assert_array_equal(np.isnan(result), mask)


@pytest.mark.parametrize("executor", [CompiledExecutor, ReferenceExecutor])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("name", "at_minus_infinity", "at_infinity"),
    [
        ("identity", -np.inf, np.inf),
        ("relu", 0.0, np.inf),
        ("leaky_relu", -np.inf, np.inf),
        ("elu", -1.0, np.inf),
        ("sigmoid", 0.0, 1.0),
        ("tanh", -1.0, 1.0),
    ],
)
def test_activations_at_infinity(
    name: str,
    at_minus_infinity: float,
    at_infinity: float,
    dtype: type,
    executor: type[CompiledExecutor] | type[ReferenceExecutor],
) -> None:
    operation = ops.ACTIVATION_OPERATIONS[name]
    shapes = input_shapes(operation, 1, 2)
    values = draw(operation, shapes, 1, 0, 1.0, dtype)
    values[0] = np.array([[-np.inf, np.inf]], dtype)
    result = Machine(operation, shapes, values).run(executor)
    np.testing.assert_array_equal(result, np.array([[at_minus_infinity, at_infinity]], dtype))


WIDE_AND_NARROW = [
    (1, 1, 1),
    (16, 15, 40),
    (16, 40, 15),
    (16, 16, 16),
    (17, 16, 16),
    (300, 16, 17),
    (300, 15, 17),
    (5, 64, 33),
    (2, 128, 128),
    (128, 1, 128),
    (33, 7, 65),
    (15, 30, 47),
    (37, 19, 21),
    (1100, 9, 40),
    (48, 31, 9),
    (16, 3, 13),
    (23, 13, 3),
    (40, 1, 1),
    (70, 301, 451),
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("operation", ops.PRODUCTS, ids=lambda operation: operation.name)
@pytest.mark.parametrize(("rows", "n_inputs", "n_outputs"), WIDE_AND_NARROW)
def test_products_of_loops_and_of_tiles(
    operation: ops.Product, rows: int, n_inputs: int, n_outputs: int, dtype: type
) -> None:
    shapes = input_shapes(operation, n_inputs, n_outputs)
    values = draw(operation, shapes, rows, 5, 1.0, dtype)
    machine = Machine(operation, shapes, values)
    agree(operation, values, machine.run(CompiledExecutor), machine.run(ReferenceExecutor))
    tiled = int(machine.program.table[0, 0]) >= len(OPERATIONS)
    if operation is ops.TRANSPOSE_MULTIPLY:
        assert tiled == (rows >= 16)
    elif operation is ops.SUM_OF_PRODUCTS:
        assert tiled == (n_outputs > 8 and rows * n_inputs * n_outputs >= 4096)
    else:
        assert tiled == (rows >= 16 and n_inputs * n_outputs > 16)


@pytest.mark.parametrize("operation", ops.PRODUCTS, ids=lambda operation: operation.name)
def test_nan_passes_through_tiles(operation: ops.Product) -> None:
    shapes = input_shapes(operation, 32, 32)
    values = draw(operation, shapes, 32, 0, 1.0, np.float32)
    values[0][3, 4] = np.nan
    values[1][...] = 0
    result = Machine(operation, shapes, values).run(CompiledExecutor)
    assert np.isnan(result).sum() == 32
