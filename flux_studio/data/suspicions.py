"""What in a table may mislead a network or its judge: named, with what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from flux_studio.data.cells import Floats, different, places
from flux_studio.data.columns import Column
from flux_studio.data.dataset import Dataset
from flux_studio.data.facts import ColumnFacts, values_of
from flux_studio.data.table import Table, listed, quoted
from flux_studio.data.times import order_of
from flux_studio.errors import DataError

Kind = Literal[
    "constant",
    "identity",
    "answer",
    "mostly_missing",
    "few_values",
    "outliers",
    "imbalance",
    "same_rows",
    "dates",
]

_FEW = 8
_ROWS_A_VALUE = 20
_FAR = 20.0
"""So many times the distance of the quartiles away from the median."""
_RARE = 0.1
_SAME = 1 - 1e-9


@dataclass(frozen=True)
class Suspicion:
    """One thing to look at."""

    kind: Kind
    columns: tuple[str, ...]
    what: str
    """What was seen, as a sentence without its full stop."""
    advice: str
    """What to do, likewise."""
    remedy: tuple[Column, ...] = ()
    """The columns as they would be then, all of them together, where a click can do it."""


def suspicions(
    table: Table, columns: Sequence[Column], facts: Sequence[ColumnFacts], dataset: Dataset | None = None
) -> tuple[Suspicion, ...]:
    """All that is suspicious in the columns that are used, the worst first.

    ``facts`` are those of the columns; with a ``dataset`` its parts are compared.
    """
    known = {each.name: each for each in facts}
    used = [
        (column, known[column.name]) for column in columns if column.role != "ignore" and column.name in known
    ]
    inputs = [(column, own) for column, own in used if column.is_input and not column.is_target]
    useless = {column.name for column, own in inputs if own.different < 2 or _counts(table, column, own)}
    telling = [(column, own) for column, own in inputs if column.name not in useless]
    return (
        *(_answers(table, used, telling) if dataset is None or not dataset.windowing.ahead else ()),
        *_constants(used),
        *_identities(
            [(column, own) for column, own in inputs if column.name in useless and own.different > 1]
        ),
        *(() if dataset is None else _same_rows(dataset)),
        *_imbalance(used),
        *_mostly_missing(telling),
        *_outliers(telling),
        *_few_values(telling, used),
        *_dates(table, telling),
    )


_Used = Sequence[tuple[Column, ColumnFacts]]


def _answers(table: Table, used: _Used, inputs: _Used) -> Iterator[Suspicion]:
    """Inputs that are the target in other words: a copy, another scale, other names for its classes."""
    for target, own in used:
        if not target.is_target:
            continue
        numeric = own.numbers is not None
        answers = values_of(table, target) if numeric else None
        codes = None
        for column, its in inputs:
            if answers is not None and its.numbers is not None:
                values = values_of(table, column)
                if values is None or not _follows(values, answers):
                    continue
            elif 1 < its.different == own.different <= own.present / 2:
                codes = _codes(table, target.name) if codes is None else codes
                if not _renames(_codes(table, column.name), codes):
                    continue
            else:
                continue
            yield Suspicion(
                "answer",
                (column.name,),
                f"{quoted(column.name)} is {quoted(target.name)} in other words, so the network would read the answer",
                "ignore it, unless it will be known where something is to be predicted",
                (_ignored(column),),
            )


def _constants(used: _Used) -> Iterator[Suspicion]:
    found = [column for column, own in used if own.different < 2 < own.rows]
    if inputs := [column for column in found if not column.is_target]:
        names = tuple(column.name for column in inputs)
        has = "has the same value" if len(names) == 1 else "have the same value each"
        yield Suspicion(
            "constant",
            names,
            f"{listed(map(quoted, names))} {has} in all rows",
            "ignore: nothing can be learnt from it",
            tuple(map(_ignored, inputs)),
        )
    for column in found:
        if column.is_target:
            what = f"{quoted(column.name)}, to be predicted, has the same value in all rows"
            yield Suspicion("constant", (column.name,), what, "choose another target, or add other rows")


def _identities(found: _Used) -> Iterator[Suspicion]:
    for column, _ in found:
        yield Suspicion(
            "identity",
            (column.name,),
            f"{quoted(column.name)} is another one in every row: a name or a number of rows",
            "ignore it: a network would learn the rows by heart",
            (_ignored(column),),
        )


def _counts(table: Table, column: Column, own: ColumnFacts) -> bool:
    """Whether a column names the rows: words that all differ, or whole numbers that go up by one."""
    if own.different < own.present or own.present < 10:
        return False
    if column.kind == "category":
        return True
    values = values_of(table, column) if column.kind == "number" else None
    return values is not None and bool(np.all(np.diff(values) == 1)) and float(values[0]) in (0.0, 1.0)


def _same_rows(dataset: Dataset) -> Iterator[Suspicion]:
    """Rows that judge and have the very inputs of a row that is trained on."""
    if dataset.windowing.is_series:
        return
    known = set(_keys(dataset.training_inputs))
    for part, rows in (("validation", dataset.validation_inputs), ("test", dataset.test_inputs)):
        same = sum(key in known for key in _keys(rows))
        if same:
            rows_have = (
                f"1 of {len(rows):,} {part} rows has"
                if same == 1
                else f"{same:,} of {len(rows):,} {part} rows have"
            )
            yield Suspicion(
                "same_rows",
                (),
                f"{rows_have} the same inputs as a row that is trained on",
                "take duplicated rows out of the table, or mind that the scores are better than they should be",
            )


def _imbalance(used: _Used) -> Iterator[Suspicion]:
    for column, own in used:
        if not column.is_target or column.kind == "number" or own.different < 2:
            continue
        # Where there are more classes than are kept, the last of these is not the rarest, but rare enough to tell.
        (most, often), (least, seldom) = own.common[0], own.common[-1]
        if seldom < _RARE * often:
            yield Suspicion(
                "imbalance",
                (column.name,),
                f"{quoted(column.name)} is {quoted(most)} in {often:,} rows and {quoted(least)} in {seldom:,}",
                f"go by balanced accuracy and F1: always answering {quoted(most)} is right in {own.balance:.0%}",
            )


def _mostly_missing(inputs: _Used) -> Iterator[Suspicion]:
    for column, own in inputs:
        if own.missing > own.rows / 2:
            yield Suspicion(
                "mostly_missing",
                (column.name,),
                f"{quoted(column.name)} has no value in {own.missing:,} of {own.rows:,} rows",
                "ignore it, or let the network read that it is missing",
                (_ignored(column),),
            )


def _outliers(inputs: _Used) -> Iterator[Suspicion]:
    for column, own in inputs:
        of = own.numbers
        if of is None or column.kind != "number" or column.scaling in ("robust", "none"):
            continue
        low, high = of.quartiles
        far = max(of.largest - of.median, of.median - of.smallest)
        if high > low and far > _FAR * (high - low):
            extreme = of.largest if of.largest - of.median == far else of.smallest
            yield Suspicion(
                "outliers",
                (column.name,),
                f"{quoted(column.name)} reaches {extreme:g}, while half of its values lie from {low:g} to {high:g}",
                "correct what is wrong, or scale it by its quartiles (robust)",
                (msgspec.structs.replace(column, scaling="robust"),),
            )


def _few_values(inputs: _Used, used: _Used) -> Iterator[Suspicion]:
    found = [column for column, own in inputs if _is_few(column, own)]
    if found:
        names = tuple(column.name for column in found)
        yield Suspicion(
            "few_values",
            names,
            f"{listed(map(quoted, names))}: only a few whole numbers, which may be names of kinds rather than amounts",
            "make them categories, if twice the number is not twice as much",
            tuple(msgspec.structs.replace(column, kind="category") for column in found),
        )
    for column, own in used:
        if column.role == "target" and _is_few(column, own):
            yield Suspicion(
                "few_values",
                (column.name,),
                f"{quoted(column.name)}, to be predicted, has {own.different} different whole numbers",
                "make it a category, if they are classes",
                (msgspec.structs.replace(column, kind="category", scaling="none"),),
            )


def _is_few(column: Column, own: ColumnFacts) -> bool:
    of = own.numbers
    if column.kind != "number" or of is None or not 2 < own.different <= _FEW:
        return False
    whole = all(float(value).is_integer() for value, _ in own.common)
    return whole and own.present >= _ROWS_A_VALUE * own.different


def _dates(table: Table, inputs: _Used) -> Iterator[Suspicion]:
    for column, _ in inputs:
        if column.kind != "date" or column.date_order:
            continue
        try:
            doubt = order_of(table, column.name).doubt
        except DataError:
            continue
        if doubt:
            yield Suspicion(
                "dates",
                (column.name,),
                f"{quoted(column.name)}: {quoted(doubt)} may begin with the day or the month, and no other date tells",
                "it is read as day, month, year; say so where the month comes first",
                (msgspec.structs.replace(column, date_order="month_first"),),
            )


def _ignored(column: Column) -> Column:
    return msgspec.structs.replace(column, role="ignore")


@np.errstate(over="ignore", invalid="ignore")
def _follows(values: Floats, answers: Floats) -> bool:
    """Whether one is the other on another scale."""
    both = ~(np.isnan(values) | np.isnan(answers))
    if both.sum() < 3:
        return False
    x, y = values[both] - values[both].mean(), answers[both] - answers[both].mean()
    size = np.sqrt((x @ x) * (y @ y))
    return bool(0 < size < np.inf and abs(x @ y) >= _SAME * size)


def _codes(table: Table, name: str) -> NDArray[np.intp]:
    """The place of each value among the column's own, 0 where one is missing."""
    return places(table, name, different(table, name)) + 1


def _renames(one: NDArray[np.intp], other: NDArray[np.intp]) -> bool:
    pairs = np.unique(one * (int(other.max()) + 1) + other)
    return len(pairs) == len(np.unique(one)) == len(np.unique(other))


def _keys(rows: Floats) -> list[bytes]:
    width = rows.dtype.itemsize * rows.shape[1]
    whole = np.ascontiguousarray(rows + 0.0).tobytes()  # + 0.0: minus zero is zero
    return [whole[start : start + width] for start in range(0, len(whole), width)] if width else []
