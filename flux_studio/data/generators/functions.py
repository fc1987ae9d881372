"""Numbers that follow from numbers, and series."""

from __future__ import annotations

import numpy as np
from numpy.polynomial import chebyshev

from flux_studio.data.cells import Floats
from flux_studio.data.generators.kinds import Settings, Values

_EULER = 0.1
_DISCARDED = 5_000
"""Steps until what a series began with is forgotten."""


def plane(settings: Settings, generator: np.random.Generator) -> dict[str, Values]:
    """y = x1 + x2 over the square [-1, 1]²."""
    x1, x2 = generator.uniform(-1, 1, (2, int(settings["rows"])))
    return {"x1": x1, "x2": x2, "y": _noisy(x1 + x2, settings, generator)}


def sine(settings: Settings, generator: np.random.Generator) -> dict[str, Values]:
    """y = sin(2π·waves·x / 2) over x from -1 to 1: so many waves fit in."""
    x = generator.uniform(-1, 1, int(settings["rows"]))
    return {"x": x, "y": _noisy(np.sin(np.pi * settings["waves"] * x), settings, generator)}


def polynomial(settings: Settings, generator: np.random.Generator) -> dict[str, Values]:
    """y = T(x), Chebyshev's polynomial of that degree, over x from -1 to 1: it swings between -1 and 1."""
    x = generator.uniform(-1, 1, int(settings["rows"]))
    one = np.eye(int(settings["degree"]) + 1)[-1]
    return {"x": x, "y": _noisy(chebyshev.chebval(x, one), settings, generator)}


def mackey_glass(settings: Settings, generator: np.random.Generator) -> dict[str, Values]:
    """dx/dt = 0.2·x(t - τ) / (1 + x(t - τ)¹⁰) - 0.1·x(t), in Euler steps of 0.1, a row every ``step`` units of time.

    It begins with a drawn number from 0.8 to 1.4 at all times up to 0; the first 500 units of time are thrown away.
    M. C. Mackey and L. Glass (1977), Oscillation and chaos in physiological control systems. Science 197, 287-289.
    """
    lag, every = round(settings["delay"] / _EULER), round(settings["step"] / _EULER)
    steps = _DISCARDED + every * (int(settings["rows"]) - 1)
    values = [float(generator.uniform(0.8, 1.4))] * (lag + 1)
    for _ in range(steps):
        past = values[-lag - 1]
        values.append(values[-1] + _EULER * (0.2 * past / (1 + past**10) - 0.1 * values[-1]))
    rows = np.array(values[lag + _DISCARDED :: every])
    return {"x": _noisy(rows, settings, generator)}


def adding(settings: Settings, generator: np.random.Generator) -> dict[str, Values]:
    """Steps of a number from 0 to 1 and a mark; two steps, one in each half, are marked, and y is their sum.

    S. Hochreiter and J. Schmidhuber (1997), Long short-term memory. Neural Computation 9, 1735-1780.
    """
    rows, steps = int(settings["rows"]), int(settings["steps"])
    values = generator.uniform(0, 1, (rows, steps))
    marks = np.zeros((rows, steps), dtype=np.intp)
    half = steps // 2
    marks[np.arange(rows), generator.integers(half, size=rows)] = 1
    marks[np.arange(rows), generator.integers(half, steps, size=rows)] = 1
    made: dict[str, Values] = {}
    for step in range(steps):
        made[f"x{step + 1}"], made[f"mark{step + 1}"] = values[:, step], marks[:, step]
    return {**made, "y": _noisy((values * marks).sum(axis=1), settings, generator)}


def echo(settings: Settings, generator: np.random.Generator) -> dict[str, Values]:
    """A series of drawn bits x, and y, what x was ``delay`` rows before; ``noise`` is added to x."""
    rows, delay = int(settings["rows"]), int(settings["delay"])
    bits = generator.integers(2, size=rows + delay)
    return {"x": _noisy(bits[delay:].astype(np.float64), settings, generator), "y": bits[:rows]}


def _noisy(values: Floats, settings: Settings, generator: np.random.Generator) -> Floats:
    return values + generator.normal(0.0, settings["noise"], values.shape)
