"""Points in a plane that belong to classes, and bits."""

from __future__ import annotations

import numpy as np

from flux_studio.data.cells import Floats
from flux_studio.data.generators.kinds import Settings, Values, shuffled, sizes


def xor(settings: Settings, generator: np.random.Generator) -> dict[str, Values]:
    """Points of the square [-1, 1]²; class 1 where the signs of x1 and x2 differ."""
    groups = []
    for label, count in enumerate(_two(settings)):
        points = generator.uniform(0.0, 1.0, (count, 2)) * generator.choice([-1.0, 1.0], (count, 1))
        groups.append(points * ([1.0, 1.0] if label == 0 else [1.0, -1.0]))
    return _noisy(groups, settings, generator)


def circles(settings: Settings, generator: np.random.Generator) -> dict[str, Values]:
    """A circle of radius 1, and class 1 on one of radius ``radius`` inside it."""
    radii = (1.0, settings["radius"])
    groups = [
        radius * _turned(generator.uniform(0, 2 * np.pi, count))
        for radius, count in zip(radii, _two(settings), strict=True)
    ]
    return _noisy(groups, settings, generator)


def moons(settings: Settings, generator: np.random.Generator) -> dict[str, Values]:
    """The upper half of a circle, and class 1 on the lower half of one that is moved by (1, 0.5)."""
    first, second = _two(settings)
    upper = _turned(generator.uniform(0, np.pi, first))
    lower = np.array([1.0, 0.5]) - _turned(generator.uniform(0, np.pi, second))
    return _noisy([upper, lower], settings, generator)


def gaussians(settings: Settings, generator: np.random.Generator) -> dict[str, Values]:
    """Clouds around the corners of a regular polygon of radius 1; class 0 is on the right, the next a turn further."""
    groups = int(settings["groups"])
    counts = sizes(int(settings["rows"]), groups, settings["balance"])
    centres = _turned(np.arange(groups) * 2 * np.pi / groups)
    made = [np.repeat(centre[None], count, axis=0) for centre, count in zip(centres, counts, strict=True)]
    return _noisy(made, settings, generator)


def spirals(settings: Settings, generator: np.random.Generator) -> dict[str, Values]:
    """Two arms: at radius r, from 0 to 1, at the angle 2π·turns·r; class 1 is opposite."""
    groups = []
    for label, count in enumerate(_two(settings)):
        # The root spreads the points evenly over the area, not over the radius.
        radius = np.sqrt(generator.uniform(0.01, 1.0, count))
        angle = 2 * np.pi * settings["turns"] * radius + np.pi * label
        groups.append(radius[:, None] * _turned(angle))
    return _noisy(groups, settings, generator)


def checkerboard(settings: Settings, generator: np.random.Generator) -> dict[str, Values]:
    """The square [-1, 1]² cut into fields; class 1 where the numbers of row and column add to an odd one."""
    side = int(settings["squares"])
    fields = [(a, b) for a in range(side) for b in range(side)]
    groups = []
    for label, count in enumerate(_two(settings)):
        own = np.array([field for field in fields if sum(field) % 2 == label])
        chosen = own[generator.integers(len(own), size=count)]
        groups.append((chosen + generator.uniform(0.0, 1.0, (count, 2))) * (2 / side) - 1)
    return _noisy(groups, settings, generator)


def parity(settings: Settings, generator: np.random.Generator) -> dict[str, Values]:
    """Bits, the highest first, and whether an odd number of them is 1; with 0 rows the whole table in order.

    ``noise`` is the share of answers that are drawn anew.
    """
    bits, rows = int(settings["bits"]), int(settings["rows"])
    numbers = np.arange(2**bits) if rows == 0 else generator.integers(2**bits, size=rows)
    table = (numbers[:, None] >> np.arange(bits)[::-1]) & 1
    answers = table.sum(axis=1) % 2
    drawn = generator.uniform(size=len(answers)) < settings["noise"]
    answers = np.where(drawn, generator.integers(2, size=len(answers)), answers)
    names = [f"b{place}" for place in reversed(range(bits))]
    return {**dict(zip(names, table.T, strict=True)), "parity": answers}


def _two(settings: Settings) -> list[int]:
    return sizes(int(settings["rows"]), 2, settings["balance"])


def _turned(angle: Floats) -> Floats:
    """Points on the unit circle, N×2."""
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _noisy(groups: list[Floats], settings: Settings, generator: np.random.Generator) -> dict[str, Values]:
    noise = settings["noise"]
    return shuffled([group + generator.normal(0.0, noise, group.shape) for group in groups], generator)
