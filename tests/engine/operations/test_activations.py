"""Activations and their slopes are what their formulas say, worked out by Python's own arithmetic."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from flux_studio.engine.compiled import CompiledExecutor
from flux_studio.engine.executors import ReferenceExecutor
from flux_studio.engine.operations import ACTIVATION_OPERATIONS, BATCH
from flux_studio.engine.operations.base import Operation
from tests.engine.single import SINGLE, Array, Machine

POINTS = (-30.0, -5.0, -2.0, -1.0, -0.3, -1e-3, 1e-3, 0.3, 1.0, 2.0, 5.0, 30.0)


def sigma(a: float) -> float:
    return 1 / (1 + math.exp(-a))


def normal(a: float) -> float:
    return math.erfc(-a / math.sqrt(2)) / 2


FORMULAS: dict[str, tuple[Callable[[float], float], Callable[[float], float]]] = {
    "identity": (lambda a: a, lambda a: 1.0),
    "relu": (lambda a: max(0.0, a), lambda a: float(a > 0)),
    "leaky_relu": (lambda a: a if a > 0 else 0.01 * a, lambda a: 1.0 if a > 0 else 0.01),
    "elu": (lambda a: a if a > 0 else math.expm1(a), lambda a: 1.0 if a > 0 else math.exp(a)),
    "sigmoid": (sigma, lambda a: sigma(a) * sigma(-a)),
    "tanh": (math.tanh, lambda a: 1 / math.cosh(a) ** 2),
    "swish": (lambda a: a * sigma(a), lambda a: sigma(a) + a * sigma(a) * sigma(-a)),
    "gelu": (
        lambda a: a * normal(a),
        lambda a: normal(a) + a * math.exp(-a * a / 2) / math.sqrt(2 * math.pi),
    ),
}


def evaluate(operation: Operation, executor: type, *batches: Array, constants: list[float]) -> Array:
    values = [*batches, *(np.full(SINGLE, constant, batches[0].dtype) for constant in constants)]
    shapes = [*[(BATCH, batches[0].shape[1])] * len(batches), *[SINGLE] * len(constants)]
    return Machine(operation, shapes, values).run(executor)


def test_every_activation_is_looked_at() -> None:
    assert set(FORMULAS) == set(ACTIVATION_OPERATIONS)


@pytest.mark.parametrize("executor", [CompiledExecutor, ReferenceExecutor])
@pytest.mark.parametrize(("dtype", "allowed"), [(np.float32, 1e-6), (np.float64, 1e-14)])
@pytest.mark.parametrize("name", FORMULAS)
def test_values_and_slopes(name: str, dtype: type, allowed: float, executor: type) -> None:
    operation = ACTIVATION_OPERATIONS[name]
    constants = [value for _, value in operation.constants]
    a = np.array([POINTS], dtype)
    h = evaluate(operation, executor, a, constants=constants)
    slope = evaluate(operation.slope, executor, a, h, constants=constants)
    function, derivative = FORMULAS[name]
    wanted = [[function(float(point)) for point in a[0]]]
    # GELU's left tail is a difference of nearly equal numbers; everything else is right to its last digits.
    np.testing.assert_allclose(h, wanted, rtol=allowed, atol=30 * allowed if name == "gelu" else 0)
    np.testing.assert_allclose(
        slope, [[derivative(float(point)) for point in a[0]]], rtol=0, atol=5 * allowed
    )


def test_the_slope_of_swish_is_taken_at_a() -> None:
    swish = ACTIVATION_OPERATIONS["swish"]
    a = np.array([[1.5]])
    h = evaluate(swish, ReferenceExecutor, a, constants=[])
    slope = evaluate(swish.slope, ReferenceExecutor, a, h, constants=[])[0, 0]
    s = 1 / (1 + math.exp(-1.5))
    assert slope == pytest.approx(s + 1.5 * s * (1 - s), rel=1e-15)
    at_h = 1 / (1 + math.exp(-h[0, 0]))
    assert abs(slope - (at_h + h[0, 0] * at_h * (1 - at_h))) > 0.01


@pytest.mark.parametrize("name", FORMULAS)
def test_what_people_read(name: str) -> None:
    operation = ACTIVATION_OPERATIONS[name]
    assert operation.name == name
    assert operation.title
    assert operation.formula.startswith("h = ")
    assert operation.slope.formula.startswith("∂h/∂a = ")
