"""What the values of a column are like: how many, how far, how often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flux_studio.data.cells import Floats, is_missing, numbers
from flux_studio.data.columns import Column
from flux_studio.data.table import Table
from flux_studio.data.times import days_of, order_of
from flux_studio.errors import DataError

BARS = 24
"""Of a histogram, at most."""
_MOST_COMMON = 12


@dataclass(frozen=True)
class NumberFacts:
    """Of a column's numbers, or of dates as days since 1970-01-01; missing ones left out."""

    smallest: float
    largest: float
    mean: float
    median: float
    deviation: float
    """Standard deviation: the root of the mean squared distance from the mean."""
    quartiles: tuple[float, float]
    edges: tuple[float, ...]
    """Of the histogram's bars, one more than there are."""
    counts: tuple[int, ...]


@dataclass(frozen=True)
class ColumnFacts:
    """What the panel and ``info`` tell of a column."""

    name: str
    rows: int
    missing: int
    different: int
    """How many values differ, missing ones left out."""
    common: tuple[tuple[str, int], ...]
    """The most common values and how often they occur, the commonest first; of equal ones the first in the table."""
    numbers: NumberFacts | None
    """None for words, and where a cell is not what its column says."""

    @property
    def present(self) -> int:
        """How many rows have a value."""
        return self.rows - self.missing

    @property
    def balance(self) -> float:
        """How often the commonest value occurs, as a share of all that are there."""
        return self.common[0][1] / self.present if self.common else 0.0


def column_facts(table: Table, column: Column) -> ColumnFacts:
    """The facts of one column, read as its kind says."""
    values = values_of(table, column)
    if values is None:
        counts = Counter(table.column(column.name))
        missing = sum(counts.pop(word) for word in list(counts) if is_missing(word))
        common = tuple(counts.most_common(_MOST_COMMON))
        return ColumnFacts(column.name, table.rows, missing, len(counts), common, None)
    present = values[~np.isnan(values)]
    missing = table.rows - len(present)
    if not len(present):
        return ColumnFacts(column.name, table.rows, missing, 0, (), None)
    found, where, times = np.unique(present, return_index=True, return_counts=True)
    order = np.lexsort((where, -times))[:_MOST_COMMON]
    cells = table.column(column.name)
    rows = np.flatnonzero(~np.isnan(values))
    common = tuple((cells[rows[where[place]]], int(times[place])) for place in order.tolist())
    return ColumnFacts(column.name, table.rows, missing, len(found), common, _number_facts(present))


def all_facts(table: Table, columns: Sequence[Column]) -> tuple[ColumnFacts, ...]:
    """The facts of all columns that the table has."""
    return tuple(column_facts(table, column) for column in columns if column.name in table.names)


def values_of(table: Table, column: Column) -> Floats | None:
    """A column of numbers or dates as numbers, NaN where one is missing; None for words and what cannot be read."""
    try:
        if column.kind == "number":
            return numbers(table, column.name)
        if column.kind == "date":
            order = column.date_order or order_of(table, column.name).order
            return days_of(table, column.name, order)
    except DataError:
        pass  # the columns' own check tells what is wrong with it; as words it can be looked at all the same
    return None


@np.errstate(over="ignore", invalid="ignore")
def _number_facts(values: Floats) -> NumberFacts:
    low, median, high = np.quantile(values, (0.25, 0.5, 0.75)).tolist()
    smallest, largest = float(values.min()), float(values.max())
    mean, deviation = float(values.mean()), float(values.std())
    if largest - smallest == np.inf or smallest == largest:
        edges, counts = (smallest, largest), (len(values),)
    else:
        bars = _bars(values, smallest, largest)
        made, borders = np.histogram(values, bars, (smallest, largest))
        edges, counts = tuple(borders.tolist()), tuple(made.tolist())
    return NumberFacts(smallest, largest, mean, median, deviation, (low, high), edges, counts)


def _bars(values: Floats, smallest: float, largest: float) -> int:
    """Few whole numbers have a bar each; else as many as a screen shows well, fewer for few values."""
    span = largest - smallest
    if span < BARS and np.all(values == np.floor(values)):
        return int(span) + 1
    return int(min(BARS, max(4, 2 * round(len(values) ** (1 / 3)))))
