"""How one column becomes numbers for a network and how a network's numbers become its values again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
import numpy as np
from numpy.typing import NDArray

from flux_studio.data.cells import Floats, Rows, is_missing, numbers, places, present_rows
from flux_studio.data.dates import DateOrder, DatePart
from flux_studio.data.derived import FUNCTIONS
from flux_studio.data.split import others
from flux_studio.data.table import Table, listed, quoted
from flux_studio.data.times import PART_NAMES, days_of, part_numbers
from flux_studio.errors import DataError

Scale = Annotated[float, msgspec.Meta(gt=0)]
Categories = Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]


class _Encoder(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind"):
    """What all encoders have: the name of their column, or what they are called where they read several."""

    column: str

    @property
    def names(self) -> tuple[str, ...]:
        """What the encoded numbers are called."""
        return (self.column,)

    @property
    def title(self) -> str:
        """What a person calls its value."""
        return self.column

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes it tells apart: none."""
        return ()

    @property
    def needs(self) -> tuple[str, ...]:
        """The columns of the table that must have a value: those for which nothing stands."""
        return () if getattr(self, "fill", None) is not None else (self.column,)

    def lacking(self, table: Table) -> Rows:
        """The rows that it cannot encode, because a value is missing; ascending."""
        marks = np.zeros(table.rows, dtype=np.bool_)
        for name in self.needs:
            marks[others(table.rows, present_rows(table, name))] = True
        return np.flatnonzero(marks)


class NumberEncoder(_Encoder, frozen=True, tag="number"):
    """A number x goes in as (x - offset) / scale."""

    offset: float
    scale: Scale
    fill: float | None = None
    """In the column's own units, for a missing value."""

    def encode(self, table: Table, rows: Rows) -> Floats:
        """The cells of those rows, rows×1; :class:`DataError` names the first that cannot be encoded."""
        values = _filled(table, self.column, rows, self.fill)
        with np.errstate(over="ignore"):
            encoded = (values - self.offset) / self.scale
        if (bad := np.flatnonzero(~np.isfinite(encoded))).size:
            row = int(rows[bad[0]])
            cell = quoted(table.column(self.column)[row])
            raise DataError(f"{table.where(row, self.column)}: {cell} is too large to be scaled; correct it")
        return encoded[:, None]

    def put(self, value: float | str) -> list[float]:
        """A single value, encoded."""
        return [(float(value) - self.offset) / self.scale]

    def decode(self, outputs: Floats) -> list[float]:
        """Encoded numbers, N×1, in the column's own units."""
        decoded: list[float] = (outputs[:, 0] * self.scale + self.offset).tolist()
        return decoded

    def shares(self, outputs: Floats) -> Floats:
        """Nothing, N×0: a number has no classes."""
        return outputs[:, :0]


class CategoryEncoder(_Encoder, frozen=True, tag="category"):
    """A word goes in as a one among zeros, at the place of its category."""

    categories: Categories
    fill: str | None = None
    """The category that stands for a missing value."""

    @property
    def names(self) -> tuple[str, ...]:
        """What the encoded numbers are called, such as ``species=setosa``."""
        return tuple(f"{self.column}={category}" for category in self.categories)

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes it tells apart."""
        return self.categories

    def encode(self, table: Table, rows: Rows) -> Floats:
        """The cells of those rows, rows×categories; :class:`DataError` names the first unknown category."""
        places = _places(table, self.column, rows, self.categories, self.fill)
        encoded = np.zeros((len(rows), len(self.categories)))
        encoded[np.arange(len(rows)), places] = 1.0
        return encoded

    def put(self, value: float | str) -> list[float]:
        """A single value, encoded."""
        return [float(value == category) for category in self.categories]

    def decode(self, outputs: Floats) -> list[str]:
        """The category with the largest output in each row; of equal ones the first."""
        return [self.categories[place] for place in outputs.argmax(axis=1)]

    def shares(self, outputs: Floats) -> Floats:
        """The outputs as they are, N×categories; those of sigmoids need not add to 1."""
        return outputs


class OrdinalEncoder(_Encoder, frozen=True, tag="ordinal"):
    """A word goes in as its place p in an order, from 0: (p - offset) / scale."""

    categories: Categories
    """From the lowest to the highest."""
    offset: float
    scale: Scale
    fill: str | None = None

    @property
    def classes(self) -> tuple[str, ...]:
        """The words, in their order."""
        return self.categories

    def encode(self, table: Table, rows: Rows) -> Floats:
        """The cells of those rows, rows×1; :class:`DataError` names the first unknown word."""
        places = _places(table, self.column, rows, self.categories, self.fill).astype(np.float64)
        return ((places - self.offset) / self.scale)[:, None]

    def put(self, value: float | str) -> list[float]:
        """A single value, encoded."""
        return [(self.categories.index(str(value)) - self.offset) / self.scale]

    def decode(self, outputs: Floats) -> list[str]:
        """The word whose place is nearest."""
        places = np.rint(outputs[:, 0] * self.scale + self.offset)
        return [self.categories[int(place)] for place in places.clip(0, len(self.categories) - 1)]

    def shares(self, outputs: Floats) -> Floats:
        """Ones for the words that are decoded, N×categories."""
        return np.array([[float(word == each) for each in self.categories] for word in self.decode(outputs)])


class YesNoEncoder(_Encoder, frozen=True, tag="yes_no"):
    """One of two values goes in as 0 for ``no`` and 1 for ``yes``."""

    no: str
    yes: str
    fill: str | None = None

    @property
    def classes(self) -> tuple[str, ...]:
        """The two values, no first."""
        return self.no, self.yes

    def encode(self, table: Table, rows: Rows) -> Floats:
        """The cells of those rows, rows×1; :class:`DataError` names the first unknown value."""
        return _places(table, self.column, rows, self.classes, self.fill).astype(np.float64)[:, None]

    def put(self, value: float | str) -> list[float]:
        """A single value, encoded."""
        return [float(value == self.yes)]

    def decode(self, outputs: Floats) -> list[str]:
        """``yes`` where the output is 0.5 or more."""
        return [self.yes if yes else self.no for yes in outputs[:, 0] >= 0.5]

    def shares(self, outputs: Floats) -> Floats:
        """p(no) = 1 - output and p(yes) = output, N×2."""
        return np.hstack([1.0 - outputs, outputs])


class IndicatorEncoder(_Encoder, frozen=True, tag="missing"):
    """1 where the column has no value, else 0."""

    @property
    def names(self) -> tuple[str, ...]:
        """What the encoded number is called."""
        return (self.title,)

    @property
    def title(self) -> str:
        """What a person calls its value."""
        return f"{self.column} missing"

    @property
    def classes(self) -> tuple[str, ...]:
        """The two answers."""
        return "no", "yes"

    @property
    def needs(self) -> tuple[str, ...]:
        """Nothing: it has an answer for every cell."""
        return ()

    def encode(self, table: Table, rows: Rows) -> Floats:
        """rows×1."""
        encoded = np.ones((table.rows, 1))
        encoded[present_rows(table, self.column)] = 0.0
        return encoded[rows]

    def put(self, value: float | str) -> list[float]:
        """A single value, encoded."""
        return [float(value == "yes")]

    def decode(self, outputs: Floats) -> list[str]:
        """``yes`` where the number is 0.5 or more."""
        return ["yes" if yes else "no" for yes in outputs[:, 0] >= 0.5]

    def shares(self, outputs: Floats) -> Floats:
        """p(no) and p(yes), N×2."""
        return np.hstack([1.0 - outputs, outputs])


class DateEncoder(_Encoder, frozen=True, tag="date"):
    """A date goes in as a few numbers f, each as (f - offset) / scale."""

    order: DateOrder
    parts: Annotated[tuple[DatePart, ...], msgspec.Meta(min_length=1)]
    offsets: tuple[float, ...]
    scales: tuple[Scale, ...]
    """One for each of :attr:`names`; sines and cosines are left as they are."""
    fill: float | None = None
    """Days since 1970-01-01, for a missing date."""

    @property
    def names(self) -> tuple[str, ...]:
        """What the encoded numbers are called: ``sold month (sin)``."""
        return tuple(f"{self.column} {name}" for part in self.parts for name in PART_NAMES[part])

    def encode(self, table: Table, rows: Rows) -> Floats:
        """The cells of those rows, rows×names; :class:`DataError` names the first that is no date."""
        days = days_of(table, self.column, self.order)[rows]
        found = part_numbers(_without_gaps(days, table, self.column, rows, self.fill), self.parts)
        return np.asarray((found - np.array(self.offsets)) / np.array(self.scales))

    def as_numbers(self) -> tuple[NumberEncoder, ...]:
        """Its numbers, each by itself: a sine alone does not tell the date."""
        return tuple(map(NumberEncoder, self.names, self.offsets, self.scales))


class DerivedEncoder(_Encoder, frozen=True, tag="derived"):
    """A function f of numbers of the same row goes in as (f - offset) / scale."""

    function: str
    """One of :data:`flux_studio.data.derived.FUNCTIONS`."""
    columns: tuple[str, ...]
    offset: float
    scale: Scale
    fill: tuple[float | None, ...]
    """What stands for a missing value, for each of the columns."""

    @property
    def needs(self) -> tuple[str, ...]:
        """Those of its columns for which nothing stands."""
        return tuple(name for name, fill in zip(self.columns, self.fill, strict=True) if fill is None)

    def encode(self, table: Table, rows: Rows) -> Floats:
        """The cells of those rows, rows×1; :class:`DataError` names the first that cannot be encoded."""
        values = [
            _filled(table, name, rows, fill) for name, fill in zip(self.columns, self.fill, strict=True)
        ]
        encoded = self.of(values)
        if (bad := np.flatnonzero(~np.isfinite(encoded))).size:
            where = table.where(int(rows[bad[0]]))
            raise DataError(f"{where}: {self.column} is too large; correct the row, or leave that input out")
        return encoded[:, None]

    def of(self, values: Sequence[Floats]) -> Floats:
        """Encoded, from the numbers of its columns in their own units."""
        with np.errstate(over="ignore", invalid="ignore"):
            return (FUNCTIONS[self.function].compute(*values) - self.offset) / self.scale


Encoder = (
    NumberEncoder
    | CategoryEncoder
    | OrdinalEncoder
    | YesNoEncoder
    | IndicatorEncoder
    | DateEncoder
    | DerivedEncoder
)
ValueEncoder = NumberEncoder | CategoryEncoder | OrdinalEncoder | YesNoEncoder | IndicatorEncoder
"""Those whose numbers can be read back as one value."""
TargetEncoder = NumberEncoder | CategoryEncoder | YesNoEncoder


def _filled(table: Table, name: str, rows: Rows, fill: float | None) -> Floats:
    return _without_gaps(numbers(table, name)[rows], table, name, rows, fill)


def _without_gaps(values: Floats, table: Table, name: str, rows: Rows, fill: float | None) -> Floats:
    if (missing := np.flatnonzero(np.isnan(values))).size:
        if fill is None:
            raise _no_value(table, name, int(rows[missing[0]]))
        values[missing] = fill
    return values


def _places(
    table: Table, name: str, rows: Rows, known: tuple[str, ...], fill: str | None = None
) -> NDArray[np.intp]:
    found = places(table, name, known)[rows]
    for index in np.flatnonzero(found < 0).tolist():
        row = int(rows[index])
        cell = table.column(name)[row]
        if not is_missing(cell):
            raise DataError(
                f"{table.where(row, name)}: the network does not know {quoted(cell)}, "
                f"only {listed(known)}; correct the cell or leave out the row"
            )
        if fill is None:
            raise _no_value(table, name, row)
        found[index] = known.index(fill)
    return found


def _no_value(table: Table, name: str, row: int) -> DataError:
    return DataError(f"{table.where(row, name)}: the cell has no value; fill it in or leave out the row")
