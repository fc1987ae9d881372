"""What a generator is: how it is called and set, what it makes, and what suits that."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from flux_studio.data.cells import Floats
from flux_studio.data.columns import Column
from flux_studio.data.table import Table
from flux_studio.data.windows import EACH_ROW, Windowing
from flux_studio.errors import DataError

Settings = Mapping[str, float]
Values = NDArray[np.float64] | NDArray[np.intp]


@dataclass(frozen=True)
class Setting:
    """One number that a generator can be told, with its range."""

    name: str
    title: str
    default: float
    minimum: float
    maximum: float
    whole: bool = False
    meaning: str = ""

    def refusal(self, value: float) -> str:
        """Why ``value`` cannot stand here, as one line; empty when it can."""
        if self.minimum <= value <= self.maximum and not (self.whole and value != int(value)):
            return ""
        number = "a whole number" if self.whole else "a number"
        return f"{self.name} must be {number} from {self.range}, not {value:g}"

    @property
    def range(self) -> str:
        """``0 to 2``."""
        form = ",.0f" if self.whole else ",g"
        return f"{self.minimum:{form}} to {self.maximum:{form}}"

    def text(self, value: float) -> str:
        """The value as it is written."""
        return str(int(value)) if self.whole else f"{value:g}"


ROWS = Setting("rows", "Rows", 500, 10, 100_000, whole=True, meaning="how many rows to make")
NOISE = Setting("noise", "Noise", 0.1, 0, 2, meaning="standard deviation of what is added to every number")
BALANCE = Setting(
    "balance", "Balance", 1, 0.02, 1, meaning="rows of each class for one row of the class before it"
)
SEED = Setting("seed", "Seed", 0, 0, 2**31 - 1, whole=True, meaning="the same seed makes the same numbers")


@dataclass(frozen=True)
class GeneratorKind:
    """A row of the catalogue."""

    name: str
    title: str
    summary: str
    """One sentence: what the rows are."""
    settings: tuple[Setting, ...]
    make: Callable[[Settings, np.random.Generator], dict[str, Values]]
    """The columns by name, the target last; whole numbers are written as such, others to six digits."""
    target: Callable[[str], Column]
    """What its last column is for."""
    hidden: Callable[[Settings], str]
    """The hidden layers that suit it, as a network is written in a line."""
    windowing: Callable[[Settings], Windowing] = field(default=lambda settings: EACH_ROW)

    def complete(self, settings: Settings) -> dict[str, float]:
        """The settings with defaults for what is left out; :class:`DataError` for one that cannot be."""
        known = {each.name: each for each in self.settings}
        for name, value in settings.items():
            if name not in known:
                raise DataError(f"{self.name} has no setting {name!r}; it has {', '.join(known)}")
            if sentence := known[name].refusal(value):
                raise DataError(f"{self.name}: {sentence}")
        return {each.name: settings.get(each.name, each.default) for each in self.settings}

    def written(self, settings: Settings) -> str:
        """In a line, ``moons:rows=500:noise=0.1:balance=1:seed=0``; it is the source of the table, too."""
        complete = self.complete(settings)
        return ":".join((self.name, *(f"{s.name}={s.text(complete[s.name])}" for s in self.settings)))

    def table(self, settings: Settings) -> Table:
        """The rows; the same settings make the same ones."""
        complete = self.complete(settings)
        made = self.make(complete, np.random.default_rng(int(complete["seed"])))
        columns = tuple(tuple(map(_text, values.tolist())) for values in made.values())
        return Table(self.written(settings), tuple(made), columns, tuple(range(2, len(columns[0]) + 2)))

    def columns(self, table: Table) -> tuple[Column, ...]:
        """What the columns of such a table are for; all inputs but bits are scaled."""
        bits = {name for name in table.names if set(table.column(name)) <= {"0", "1"}}
        inputs = [Column(name, scaling="none" if name in bits else "standard") for name in table.names[:-1]]
        return (*inputs, self.target(table.names[-1]))


def yes_no(name: str) -> Column:
    """A target of zeros and ones."""
    return Column(name, "target", "yes_no", "none")


def classes(name: str) -> Column:
    """A target of several classes."""
    return Column(name, "target", "category", "none")


def number(name: str) -> Column:
    """A target that is a number."""
    return Column(name, "target", "number", "standard")


def series(name: str) -> Column:
    """A series that is predicted from its own past."""
    return Column(name, "both", "number", "standard")


def sizes(rows: int, groups: int, balance: float) -> list[int]:
    """How many rows each class has, when each has ``balance`` rows for one of the class before; at least one."""
    shares = balance ** np.arange(groups)
    ends = np.rint(np.cumsum(shares) / shares.sum() * rows).astype(int)
    counts = np.maximum(1, np.diff(ends, prepend=0))
    counts[0] += rows - counts.sum()
    return [int(count) for count in counts]


def shuffled(
    groups: Sequence[Floats], generator: np.random.Generator, names: Sequence[str] = ("x1", "x2")
) -> dict[str, Values]:
    """Points of each class, N×F each, in a drawn order, with the class behind them."""
    points = np.concatenate(list(groups))
    labels = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    order = generator.permutation(len(points))
    return {**dict(zip(names, points[order].T, strict=True)), "class": labels[order]}


def _text(value: float | int) -> str:
    return str(value) if isinstance(value, int) else f"{value:.6g}"
