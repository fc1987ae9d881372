"""How one column becomes numbers for a network and how a network's numbers become its values again."""

from __future__ import annotations

from typing import Annotated

import msgspec
import numpy as np
from numpy.typing import NDArray

from flux_studio.data.cells import Floats, Rows, different, in_order, is_missing, numbers
from flux_studio.data.columns import Column, Scaling, check_values
from flux_studio.data.table import Table, listed, quoted
from flux_studio.errors import DataError

_NO_AND_YES = (
    ("0", "1"),
    ("no", "yes"),
    ("n", "y"),
    ("false", "true"),
    ("off", "on"),
    ("-", "+"),
)
_NO_BY_MEANING = frozenset({"-", "nein", "inactive", "wrong"})  # their opposites come first in the alphabet


class _Encoder(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind"):
    """What all encoders have: the name of their column."""

    column: str


class NumberEncoder(_Encoder, frozen=True, tag="number"):
    """A number x goes in as (x - offset) / scale."""

    offset: float
    scale: Annotated[float, msgspec.Meta(gt=0)]

    @property
    def names(self) -> tuple[str, ...]:
        """What the encoded numbers are called."""
        return (self.column,)

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes it tells apart: none."""
        return ()

    def encode(self, table: Table, rows: Rows) -> Floats:
        """The cells of those rows, rows×1; :class:`DataError` names the first that cannot be encoded."""
        values = numbers(table, self.column)[rows]
        if (missing := np.flatnonzero(np.isnan(values))).size:
            raise _no_value(table, self.column, int(rows[missing[0]]))
        with np.errstate(over="ignore"):
            encoded = (values - self.offset) / self.scale
        if (bad := np.flatnonzero(~np.isfinite(encoded))).size:
            row = int(rows[bad[0]])
            cell = quoted(table.column(self.column)[row])
            raise DataError(f"{table.where(row, self.column)}: {cell} is too large to be scaled; correct it")
        return encoded[:, None]

    def decode(self, outputs: Floats) -> list[float]:
        """Encoded numbers, N×1, in the column's own units."""
        decoded: list[float] = (outputs[:, 0] * self.scale + self.offset).tolist()
        return decoded

    def shares(self, outputs: Floats) -> Floats:
        """Nothing, N×0: a number has no classes."""
        return outputs[:, :0]


class CategoryEncoder(_Encoder, frozen=True, tag="category"):
    """A word goes in as a one among zeros, at the place of its category."""

    categories: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]

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
        places = _places(table, self.column, rows, self.categories)
        encoded = np.zeros((len(rows), len(self.categories)))
        encoded[np.arange(len(rows)), places] = 1.0
        return encoded

    def decode(self, outputs: Floats) -> list[str]:
        """The category with the largest output in each row; of equal ones the first."""
        return [self.categories[place] for place in outputs.argmax(axis=1)]

    def shares(self, outputs: Floats) -> Floats:
        """The outputs as they are, N×categories; those of sigmoids need not add to 1."""
        return outputs


class YesNoEncoder(_Encoder, frozen=True, tag="yes_no"):
    """One of two values goes in as 0 for ``no`` and 1 for ``yes``."""

    no: str
    yes: str

    @property
    def names(self) -> tuple[str, ...]:
        """What the encoded numbers are called."""
        return (self.column,)

    @property
    def classes(self) -> tuple[str, ...]:
        """The two values, no first."""
        return self.no, self.yes

    def encode(self, table: Table, rows: Rows) -> Floats:
        """The cells of those rows, rows×1; :class:`DataError` names the first unknown value."""
        return _places(table, self.column, rows, self.classes).astype(np.float64)[:, None]

    def decode(self, outputs: Floats) -> list[str]:
        """``yes`` where the output is 0.5 or more."""
        return [self.yes if yes else self.no for yes in outputs[:, 0] >= 0.5]

    def shares(self, outputs: Floats) -> Floats:
        """p(no) = 1 - output and p(yes) = output, N×2."""
        return np.hstack([1.0 - outputs, outputs])


Encoder = NumberEncoder | CategoryEncoder | YesNoEncoder


def fit_encoder(table: Table, column: Column, training_rows: Rows) -> Encoder:
    """The encoder for a column. Numbers are scaled by what the training rows say.

    The categories are those of all rows: a category that occurs in validation rows only has its place, though
    training never sees it. Nothing else about those rows is used.
    """
    if column.kind != "number":
        check_values(column, table)
    if column.kind == "category":
        return CategoryEncoder(column.name, in_order(_known(table, column.name)))
    if column.kind == "yes_no":
        return YesNoEncoder(column.name, *_no_then_yes(_known(table, column.name)))
    where = f"{table.source}, column {quoted(column.name)}"
    values = numbers(table, column.name)[training_rows]
    values = values[~np.isnan(values)]
    if not values.size:
        raise DataError(f"{where}: no training row has a value; ignore this column")
    offset, scale = _offset_and_scale(values, column.scaling)
    if not np.isfinite([offset, scale]).all():
        raise DataError(
            f"{where}: its numbers are too far apart to be scaled; correct them, or scale with none"
        )
    return NumberEncoder(column.name, offset, scale)


def _offset_and_scale(values: Floats, scaling: Scaling) -> tuple[float, float]:
    if scaling == "none":
        return 0.0, 1.0
    lowest, highest = values.min(), values.max()
    if lowest == highest:
        return float(lowest), 1.0
    with np.errstate(over="ignore", invalid="ignore"):
        if scaling == "min_max":
            return float(lowest), float(highest - lowest)
        apart = values - values.mean()
        # Squares of the largest distances could overflow, those of the smallest vanish.
        largest = np.abs(apart).max()
        return float(values.mean()), float(largest * np.sqrt(np.mean((apart / largest) ** 2)))


def _known(table: Table, name: str) -> tuple[str, ...]:
    values = different(table, name)
    if not values:
        raise DataError(f"{table.source}, column {quoted(name)}: no row has a value; ignore this column")
    return values


def _no_then_yes(values: tuple[str, ...]) -> tuple[str, str]:
    if len(values) == 1:
        only = values[0]
        for no, yes in _NO_AND_YES:
            if only.casefold() == no:
                return only, _in_the_case_of(only, yes)
            if only.casefold() == yes:
                return _in_the_case_of(only, no), only
        return f"not {only}", only
    no, yes = in_order(values)
    return (yes, no) if yes.casefold() in _NO_BY_MEANING else (no, yes)


def _in_the_case_of(example: str, word: str) -> str:
    if example.isupper():
        return word.upper()
    return word.capitalize() if example[:1].isupper() else word


def _places(table: Table, name: str, rows: Rows, known: tuple[str, ...]) -> NDArray[np.intp]:
    places = {value: place for place, value in enumerate(known)}
    cells = table.column(name)
    found = np.array([places.get(cells[row], -1) for row in rows.tolist()], dtype=np.intp)
    if (unknown := np.flatnonzero(found < 0)).size:
        row = int(rows[unknown[0]])
        if is_missing(cells[row]):
            raise _no_value(table, name, row)
        raise DataError(
            f"{table.where(row, name)}: the network does not know {quoted(cells[row])}, "
            f"only {listed(known)}; correct the cell or leave out the row"
        )
    return found


def _no_value(table: Table, name: str, row: int) -> DataError:
    return DataError(f"{table.where(row, name)}: the cell has no value; fill it in or leave out the row")
