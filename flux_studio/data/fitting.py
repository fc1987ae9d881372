"""What a column's encoder must know is found here: in the training rows, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
import numpy as np

from flux_studio.data.cells import Floats, Rows, different, in_order, numbers, parse_number, places
from flux_studio.data.columns import Column, Derived, Scaling, check_values
from flux_studio.data.dates import parse_days
from flux_studio.data.derived import FUNCTIONS, name_of
from flux_studio.data.encoders import (
    CategoryEncoder,
    DateEncoder,
    DerivedEncoder,
    NumberEncoder,
    OrdinalEncoder,
    TargetEncoder,
    ValueEncoder,
    YesNoEncoder,
)
from flux_studio.data.table import Table, quoted
from flux_studio.data.times import PART_NAMES, days_of, order_of, part_numbers, usual_parts
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


def fit_encoder(table: Table, column: Column, training_rows: Rows) -> ValueEncoder | DateEncoder:
    """The encoder for a column. Scales and what stands for missing values are what the training rows say.

    The categories are those of all rows: a category that occurs in validation rows only has its place, though
    training never sees it. So is the order in which dates are written. Nothing else about those rows is used.
    """
    if column.kind == "number":
        return _fit_number(table, column, training_rows)
    if column.kind == "date":
        return _fit_date(table, column, training_rows)
    check_values(column, table)
    fill = _usual_word(table, column, training_rows)
    known = _known(table, column.name)
    if column.kind == "yes_no":
        return YesNoEncoder(column.name, *_no_then_yes(known), fill)
    if fill is not None and fill not in known:
        known = (*known, fill)
    if column.encoding == "one_hot":
        return CategoryEncoder(column.name, in_order(known), fill)
    ordered = column.order or in_order(known)
    if fill is not None and fill not in ordered:
        ordered = (*ordered, fill)
    found = places(table, column.name, ordered)[training_rows]
    if fill is not None:
        found[found < 0] = ordered.index(fill)
    values = found[found >= 0].astype(np.float64)
    return OrdinalEncoder(column.name, ordered, *offset_and_scale(values, column.scaling), fill)


def fit_target(table: Table, column: Column, training_rows: Rows) -> TargetEncoder:
    """The encoder for a column that is predicted; :class:`DataError` for a kind that cannot be."""
    if not column.is_input:
        column = msgspec.structs.replace(column, missing="drop")
    encoder = fit_encoder(table, column, training_rows)
    if not isinstance(encoder, TargetEncoder):
        raise DataError(
            f"{table.source}, column {quoted(column.name)}: {_kind_words(column)} cannot be a target; "
            "make it a category, a number, or an input"
        )
    return encoder


def fit_derived(
    table: Table, derived: Derived, inputs: Sequence[ValueEncoder | DateEncoder], training_rows: Rows
) -> DerivedEncoder:
    """The encoder for a derived input; what stands for missing values is what its columns have."""
    fills = {encoder.column: encoder.fill for encoder in inputs if isinstance(encoder, NumberEncoder)}
    fill = tuple(fills[name] for name in derived.columns)
    raw = DerivedEncoder(name_of(derived), derived.function, derived.columns, 0.0, 1.0, fill)
    values = [numbers(table, name)[training_rows] for name in derived.columns]
    for value, own in zip(values, fill, strict=True):
        if own is not None:
            value[np.isnan(value)] = own
    with np.errstate(over="ignore", invalid="ignore"):
        found = FUNCTIONS[derived.function].compute(*values)
    found = found[np.isfinite(found)]
    if not found.size:
        raise DataError(
            f"{table.source}: {raw.column} has no value in any training row; leave that input out"
        )
    offset, scale = _checked(table, raw.column, found, derived.scaling)
    return DerivedEncoder(raw.column, derived.function, derived.columns, offset, scale, fill)


@np.errstate(over="ignore", invalid="ignore")
def offset_and_scale(values: Floats, scaling: Scaling) -> tuple[float, float]:
    """What is taken off and what divides: mean and deviation, smallest and span, or median and quartiles' distance."""
    if scaling == "none":
        return 0.0, 1.0
    lowest, highest = values.min(), values.max()
    if lowest == highest:
        return float(lowest), 1.0
    if scaling == "min_max":
        return float(lowest), float(highest - lowest)
    if scaling == "robust":
        low, median, high = np.quantile(values, (0.25, 0.5, 0.75))
        # Where half of all values are the same, the quartiles say nothing of how far the rest lies apart.
        return float(median), float(high - low) if high > low else float(highest - lowest)
    apart = values - values.mean()
    # Squares of the largest distances could overflow, those of the smallest vanish.
    largest = np.abs(apart).max()
    return float(values.mean()), float(largest * np.sqrt(np.mean((apart / largest) ** 2)))


def _fit_number(table: Table, column: Column, training_rows: Rows) -> NumberEncoder:
    values = numbers(table, column.name)[training_rows]
    values = values[~np.isnan(values)]
    if not values.size:
        where = f"{table.source}, column {quoted(column.name)}"
        raise DataError(f"{where}: no training row has a value; ignore this column")
    fill = _usual_number(values, column, parse_number)
    if fill is not None and len(values) < len(training_rows):
        # The scale is that of what the network reads.
        values = np.concatenate([values, np.full(len(training_rows) - len(values), fill)])
    return NumberEncoder(column.name, *_checked(table, column.name, values, column.scaling), fill)


def _fit_date(table: Table, column: Column, training_rows: Rows) -> DateEncoder:
    order = column.date_order or order_of(table, column.name).order
    days = days_of(table, column.name, order)[training_rows]
    present = days[~np.isnan(days)]
    if not present.size:
        where = f"{table.source}, column {quoted(column.name)}"
        raise DataError(f"{where}: no training row has a value; ignore this column")
    parts = column.parts or usual_parts(present)
    fill = _usual_number(present, column, lambda cell: parse_days(cell, order))
    found = part_numbers(present, parts)
    offsets, scales = [], []
    for name, values in zip((n for part in parts for n in PART_NAMES[part]), found.T, strict=True):
        turning = name.endswith(")")
        offset, scale = (0.0, 1.0) if turning else offset_and_scale(values, column.scaling)
        offsets.append(offset)
        scales.append(scale)
    return DateEncoder(column.name, order, parts, tuple(offsets), tuple(scales), fill)


def _checked(table: Table, name: str, values: Floats, scaling: Scaling) -> tuple[float, float]:
    offset, scale = offset_and_scale(values, scaling)
    if not np.isfinite([offset, scale]).all():
        raise DataError(
            f"{table.source}, column {quoted(name)}: its numbers are too far apart to be scaled; correct them, "
            "or scale with none"
        )
    return offset, scale


@np.errstate(over="ignore", invalid="ignore")
def _usual_number(values: Floats, column: Column, parse: Callable[[str], float]) -> float | None:
    """What stands for a missing number."""
    if column.missing == "drop":
        return None
    if column.missing == "constant":
        return parse(column.fill)
    if column.missing == "mean":
        return float(values.mean())
    if column.missing == "median":
        return float(np.median(values))
    different, counts = np.unique(values, return_counts=True)
    return float(different[counts.argmax()])


def _usual_word(table: Table, column: Column, training_rows: Rows) -> str | None:
    """What stands for a missing word; of equally common ones the first in order."""
    if column.missing == "drop":
        return None
    if column.missing == "constant":
        return column.fill
    known = in_order(different(table, column.name))
    counts = np.bincount(places(table, column.name, known)[training_rows] + 1, minlength=len(known) + 1)[1:]
    if not counts.any():
        where = f"{table.source}, column {quoted(column.name)}"
        raise DataError(f"{where}: no training row has a value; ignore this column")
    return known[int(counts.argmax())]


def _kind_words(column: Column) -> str:
    return "a date" if column.kind == "date" else "a category that is encoded by its place in an order"


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
