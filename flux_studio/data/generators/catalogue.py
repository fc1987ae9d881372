"""All generators. A new one is a function and a row here; the window, ``new --generate`` and its help then know it."""

from __future__ import annotations

from dataclasses import replace

from flux_studio.data.generators import functions, points
from flux_studio.data.generators.kinds import (
    BALANCE,
    NOISE,
    ROWS,
    SEED,
    GeneratorKind,
    Setting,
    classes,
    number,
    series,
    yes_no,
)
from flux_studio.data.windows import Windowing

_NUMBERS = (ROWS, NOISE, SEED)


def _noise(default: float, maximum: float = 2.0) -> Setting:
    return replace(NOISE, default=default, maximum=maximum)


GENERATORS = {
    kind.name: kind
    for kind in (
        GeneratorKind(
            "xor",
            "XOR",
            "Points of a square: the class tells whether the signs of their two numbers differ.",
            (ROWS, _noise(0.05), BALANCE, SEED),
            points.xor,
            yes_no,
            lambda settings: "8:tanh",
        ),
        GeneratorKind(
            "parity",
            "Parity",
            "Bits: whether an odd number of them is 1, which changes with every single bit.",
            (
                Setting("bits", "Bits", 4, 2, 12, whole=True, meaning="how many bits a row has"),
                replace(ROWS, default=0, minimum=0, meaning="rows to draw; 0 is each possible row once"),
                replace(
                    NOISE, default=0, maximum=1, meaning="share of the answers that are drawn, not right"
                ),
                SEED,
            ),
            points.parity,
            yes_no,
            lambda settings: f"{4 * int(settings['bits'])}:tanh",
        ),
        GeneratorKind(
            "circles",
            "Circles",
            "One circle inside another.",
            (
                ROWS,
                _noise(0.1),
                Setting("radius", "Radius", 0.5, 0.05, 0.95, meaning="of the inner one"),
                BALANCE,
                SEED,
            ),
            points.circles,
            yes_no,
            lambda settings: "8:tanh",
        ),
        GeneratorKind(
            "moons",
            "Moons",
            "Two half circles that reach into each other.",
            (ROWS, _noise(0.1), BALANCE, SEED),
            points.moons,
            yes_no,
            lambda settings: "8:tanh",
        ),
        GeneratorKind(
            "gaussians",
            "Gaussians",
            "Clouds around points of a circle, a class each.",
            (
                ROWS,
                _noise(0.3),
                Setting("groups", "Groups", 3, 2, 10, whole=True, meaning="how many classes"),
                BALANCE,
                SEED,
            ),
            points.gaussians,
            classes,
            lambda settings: "8:tanh",
        ),
        GeneratorKind(
            "spirals",
            "Two spirals",
            "Two arms that wind around each other.",
            (
                ROWS,
                _noise(0.01),
                Setting("turns", "Turns", 1.5, 0.25, 4, meaning="how often an arm winds"),
                BALANCE,
                SEED,
            ),
            points.spirals,
            yes_no,
            lambda settings: "32:tanh,32:tanh",
        ),
        GeneratorKind(
            "checkerboard",
            "Checkerboard",
            "Fields of a board: black or white.",
            (
                replace(ROWS, default=1_000),
                _noise(0.0),
                Setting("squares", "Squares", 4, 2, 8, whole=True, meaning="fields along each side"),
                BALANCE,
                SEED,
            ),
            points.checkerboard,
            yes_no,
            lambda settings: "32:tanh,32:tanh",
        ),
        GeneratorKind(
            "plane",
            "Plane",
            "The sum of two numbers: what a single layer can learn.",
            _NUMBERS,
            functions.plane,
            number,
            lambda settings: "4:tanh",
        ),
        GeneratorKind(
            "sine",
            "Sine",
            "A wave over one number.",
            (
                replace(ROWS, default=200),
                NOISE,
                Setting("waves", "Waves", 2, 0.25, 8, meaning="how many fit in"),
                SEED,
            ),
            functions.sine,
            number,
            lambda settings: "16:tanh,16:tanh",
        ),
        GeneratorKind(
            "polynomial",
            "Noisy polynomial",
            "A curve that swings as often as its degree says, with noise to be seen through.",
            (
                replace(ROWS, default=200),
                _noise(0.2),
                Setting("degree", "Degree", 3, 1, 12, whole=True, meaning="of Chebyshev's polynomial"),
                SEED,
            ),
            functions.polynomial,
            number,
            lambda settings: "16:tanh",
        ),
        GeneratorKind(
            "mackey_glass",
            "Mackey–Glass series",
            "A series that never repeats: what comes next follows from the past, but not from the present alone.",
            (
                replace(ROWS, maximum=20_000),
                _noise(0.0),
                Setting("delay", "Delay", 17, 2, 100, meaning="τ of the equation, in units of time"),
                Setting("step", "Step", 3, 0.1, 10, meaning="units of time from row to row"),
                SEED,
            ),
            functions.mackey_glass,
            series,
            lambda settings: "lstm:16",
            lambda settings: Windowing(8, 1),
        ),
        GeneratorKind(
            "adding",
            "Adding problem",
            "Steps of a number and a mark: the sum of the two marked numbers, wherever they stood.",
            (
                replace(ROWS, default=1_000, maximum=20_000),
                _noise(0.0),
                Setting("steps", "Steps", 10, 2, 50, whole=True, meaning="how many a row has"),
                SEED,
            ),
            functions.adding,
            number,
            lambda settings: f"lstm:8:steps={int(settings['steps'])}",
        ),
        GeneratorKind(
            "echo",
            "Echo",
            "Drawn bits: what the bit was some rows before, which must be remembered.",
            (
                ROWS,
                _noise(0.0),
                Setting("delay", "Delay", 3, 1, 50, whole=True, meaning="how many rows before"),
                SEED,
            ),
            functions.echo,
            yes_no,
            lambda settings: "rnn:16",
            lambda settings: Windowing(int(settings["delay"]) + 2),
        ),
    )
}
