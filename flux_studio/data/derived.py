"""Inputs that are computed from columns of numbers: squares, products, waves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from flux_studio.data.cells import Floats
from flux_studio.data.columns import Column, Derived
from flux_studio.data.table import quoted
from flux_studio.errors import DataError


@dataclass(frozen=True)
class Function:
    """One way to compute an input from others."""

    name: str
    title: str
    written: str
    """With a pair of braces for each column it takes."""
    compute: Callable[..., Floats]

    @property
    def takes(self) -> int:
        """How many columns."""
        return self.written.count("{}")


FUNCTIONS = {
    each.name: each
    for each in (
        Function("square", "Square", "{}²", np.square),
        Function("product", "Product", "{}·{}", np.multiply),
        Function("sine", "Sine", "sin {}", np.sin),
        Function("cosine", "Cosine", "cos {}", np.cos),
    )
}
"""What there is; sine and cosine take the column's own numbers for radians."""


def name_of(derived: Derived) -> str:
    """What it is called: ``x1²``, ``sin x1``."""
    return FUNCTIONS[derived.function].written.format(*derived.columns)


def check_all_derived(derived: Sequence[Derived], columns: Sequence[Column]) -> None:
    """Raise :class:`DataError` unless each can be computed from the inputs that are numbers, and stands there once."""
    numbers = tuple(column.name for column in columns if column.is_input and column.kind == "number")
    for place, each in enumerate(derived):
        _check(each, numbers)
        if name_of(each) in map(name_of, derived[:place]):
            raise DataError(f"{name_of(each)} is derived twice; take one away")


def _check(derived: Derived, numbers: tuple[str, ...]) -> None:
    """Raise :class:`DataError` unless it can be computed from those columns of numbers."""
    function = FUNCTIONS.get(derived.function)
    if function is None:
        raise DataError(
            f"there is no derived input {quoted(derived.function)}; choose one of {', '.join(FUNCTIONS)}"
        )
    if len(derived.columns) != function.takes:
        columns = "1 column" if function.takes == 1 else f"{function.takes} columns"
        raise DataError(f"a {derived.function} takes {columns}, not {len(derived.columns)}")
    for name in derived.columns:
        if name not in numbers:
            known = f"choose one of {', '.join(numbers)}" if numbers else "no input is a number"
            raise DataError(
                f"a {derived.function} of {quoted(name)} needs an input that is a number; {known}"
            )


def usual_derived(names: tuple[str, ...]) -> tuple[Derived, ...]:
    """Squares, products of two and sines of the named columns, as a playground for small problems has them."""
    pairs = [(one, other) for place, one in enumerate(names) for other in names[place + 1 :]]
    return (
        *(Derived("square", (name,)) for name in names),
        *(Derived("product", pair) for pair in pairs),
        *(Derived("sine", (name,)) for name in names),
    )
