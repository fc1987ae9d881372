"""The numbers a network is trained, validated and tested on, and which rows of the table they came from."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from flux_studio.data.cells import Floats, Rows, different, places, present_rows
from flux_studio.data.columns import Column, Derived, check_columns
from flux_studio.data.derived import check_all_derived
from flux_studio.data.preprocessing import Preprocessor
from flux_studio.data.split import Shares, drawn, last_in_time, others
from flux_studio.data.table import Table, listed, quoted
from flux_studio.data.windows import EACH_ROW, Windowing
from flux_studio.errors import DataError

_BLOCK = 1 << 15


@dataclass(frozen=True)
class DroppedRow:
    """A row of the table (from 0) that is not used, and why, in one line for people."""

    row: int
    reason: str


@dataclass(frozen=True, eq=False)
class Dataset:
    """N samples as numbers, split in three. No array can be written to.

    A sample is a row of the table, or a window of rows; samples of windows that lie across the border of two parts
    belong to none.
    """

    inputs: Floats
    """N×I."""
    targets: Floats
    """N×O."""
    training: Rows
    """Rows of ``inputs`` and ``targets`` to train on, ascending."""
    validation: Rows
    """Rows to validate on, ascending; there may be none."""
    test: Rows
    """Rows that nothing is learnt or chosen by, ascending; there may be none."""
    table_rows: Rows
    """Which row of the table each of the N rows was; of a window, the last."""
    preprocessor: Preprocessor
    dropped: tuple[DroppedRow, ...]
    fingerprint: str
    """SHA-256, in hexadecimal, of the numbers and of the split."""

    @property
    def windowing(self) -> Windowing:
        """How the table's rows make samples."""
        return self.preprocessor.windowing

    @property
    def across(self) -> int:
        """How many windows belong to no part, because they reach from one into the next."""
        return len(self.inputs) - len(self.training) - len(self.validation) - len(self.test)

    @cached_property
    def input_range(self) -> tuple[Floats, Floats, Floats]:
        """The least, the mean and the greatest of each of the I inputs in the training rows; found once."""
        low, high = np.full((2, self.inputs.shape[1]), np.nan)
        total = np.zeros(self.inputs.shape[1])
        for start in range(0, len(self.training), _BLOCK):
            block = self.inputs[self.training[start : start + _BLOCK]]
            low, high = np.fmin(low, block.min(axis=0)), np.fmax(high, block.max(axis=0))
            total += block.sum(axis=0)
        return low, total / len(self.training), high

    @cached_property
    def is_of_bits(self) -> bool:
        """Whether all inputs in the training rows are 0 or 1; found once."""
        low, _, high = self.input_range
        if not (np.isin(low, (0.0, 1.0)).all() and np.isin(high, (0.0, 1.0)).all()):
            return False
        return all(
            bool(np.isin(self.inputs[self.training[start : start + _BLOCK]], (0.0, 1.0)).all())
            for start in range(0, len(self.training), _BLOCK)
        )

    @property
    def training_inputs(self) -> Floats:
        """The inputs to train on."""
        return _take(self.inputs, self.training)

    @property
    def training_targets(self) -> Floats:
        """The targets to train on."""
        return _take(self.targets, self.training)

    @property
    def validation_inputs(self) -> Floats:
        """The inputs to validate on; 0×I when there are none."""
        return _take(self.inputs, self.validation)

    @property
    def validation_targets(self) -> Floats:
        """The targets to validate on; 0×O when there are none."""
        return _take(self.targets, self.validation)

    @property
    def test_inputs(self) -> Floats:
        """The inputs to test with; 0×I when there are none."""
        return _take(self.inputs, self.test)

    @property
    def test_targets(self) -> Floats:
        """The targets to test with; 0×O when there are none."""
        return _take(self.targets, self.test)


def prepare(
    table: Table,
    columns: Sequence[Column],
    validation_fraction: float,
    generator: np.random.Generator,
    preprocessor: Preprocessor | None = None,
    *,
    test_fraction: float = 0.0,
    windowing: Windowing = EACH_ROW,
    derived: Sequence[Derived] = (),
) -> Dataset:
    """The data set of a table, split by ``generator``. A given ``preprocessor`` is not fitted anew.

    Samples that lack a target are dropped, and so are those that lack an input for which nothing stands. With a
    single class or yes/no target each class gives its share to validation and test, but never its last row; windows
    of time-ordered rows are split by time instead, see :func:`flux_studio.data.split.last_in_time`. The fractions
    are in [0, 1) and add to less than 1; with both 0 all samples are trained on and nothing is asked of
    ``generator``. ``derived`` are further inputs. :class:`DataError` for columns and windows that cannot be used and
    when no sample is left.
    """
    shares = Shares(validation_fraction, test_fraction)
    shares.check()
    windowing.check()
    check_columns(columns, table, windowing)
    check_all_derived(derived, columns)
    used = [column for column in columns if column.role != "ignore"]
    table_rows, dropped = _complete_samples(table, used, windowing)
    if windowing.is_series:
        windowing.check_size(len(table_rows), len(derived) + sum(column.is_input for column in used))
        split = last_in_time(table_rows, windowing, shares)
    else:
        groups = _classes(table, table_rows, [column for column in used if column.is_target])
        split = drawn(groups, len(table_rows), shares, generator)
    if not len(split.training):
        raise DataError(
            f"{table.source}: no window is left to train on beside those kept to validate and to test; "
            "shorten the window, keep fewer rows away, or give a longer table"
        )
    if preprocessor is None:
        preprocessor = Preprocessor.fit(table, used, table_rows[split.training], windowing, derived)
    inputs, targets = preprocessor.inputs(table, table_rows), preprocessor.targets(table, table_rows)
    digest = hashlib.sha256()
    for array in (inputs, targets, split.training, split.validation, split.test):
        array.flags.writeable = False
        digest.update(f"{array.shape}".encode())
        # Part by part: a copy of all of it would keep other threads waiting.
        for start in range(0, len(array), _BLOCK):
            digest.update(
                np.ascontiguousarray(array[start : start + _BLOCK], dtype=array.dtype.newbyteorder("<")).data
            )
    table_rows.flags.writeable = False
    return Dataset(
        inputs,
        targets,
        split.training,
        split.validation,
        split.test,
        table_rows,
        preprocessor,
        dropped,
        digest.hexdigest(),
    )


def _complete_samples(
    table: Table, used: Sequence[Column], windowing: Windowing
) -> tuple[Rows, tuple[DroppedRow, ...]]:
    """The last rows of all windows that lack no value, and the rows that lack one."""
    lacking_inputs = _lacking(table, [column.name for column in used if column.is_input and column.drops])
    lacking_targets = _lacking(table, [column.name for column in used if column.is_target])
    windowing.check_rows(table, windowing.ahead)
    last = np.arange(windowing.window - 1, table.rows - windowing.ahead)
    gaps = np.zeros(table.rows, dtype=np.bool_)
    gaps[list(lacking_inputs)] = True
    broken = windowing.holding(gaps)[last]
    gaps[:] = False
    gaps[list(lacking_targets)] = True
    broken |= gaps[last + windowing.ahead]
    names = {
        row: list(dict.fromkeys([*lacking_inputs.get(row, ()), *lacking_targets.get(row, ())]))
        for row in sorted({*lacking_inputs, *lacking_targets})
    }
    if broken.all():
        raise DataError(_nothing_left(table, used, names, windowing))
    return last[~broken], tuple(
        DroppedRow(row, f"{table.where(row)}: no value in {listed(map(quoted, lacking))}{use}")
        for row, lacking in names.items()
        for use in [_no_use(row in lacking_inputs) if windowing.is_series else ""]
    )


def _no_use(as_input: bool) -> str:
    return ", so no window holds this row" if as_input else ", so no window has its target here"


def _lacking(table: Table, names: list[str]) -> dict[int, list[str]]:
    """For each row that lacks a value in some of those columns, which."""
    lacking: dict[int, list[str]] = defaultdict(list)
    for name in names:
        for row in others(table.rows, present_rows(table, name)).tolist():
            lacking[row].append(name)
    return lacking


def _nothing_left(
    table: Table, used: Sequence[Column], lacking: dict[int, list[str]], windowing: Windowing
) -> str:
    names = [column.name for column in used]
    counts = {name: sum(name in gaps for gaps in lacking.values()) for name in names}
    worst = max(names, key=lambda name: counts[name])
    sample = f"window of {windowing.window:,} rows" if windowing.window > 1 else "row"
    shorter = ", or shorten the window" if windowing.window > 1 else ""
    return (
        f"{table.source}: no {sample} has a value in every used column; column {quoted(worst)} lacks "
        f"{counts[worst]} of {table.rows}: fill it in or ignore it{shorter}"
    )


def _classes(table: Table, table_rows: Rows, targets: list[Column]) -> list[Rows]:
    """The data set's rows, grouped by the class of a single class or yes/no target, else together."""
    if len(targets) != 1 or targets[0].kind == "number":
        return [np.arange(len(table_rows))]
    name = targets[0].name
    classes = places(table, name, different(table, name))[table_rows]
    # In the order in which they appear, for that is the order in which the split draws.
    found, first = np.unique(classes, return_index=True)
    return [np.flatnonzero(classes == found[place]) for place in np.argsort(first)]


def _take(array: Floats, rows: Rows) -> Floats:
    if len(rows) == len(array):
        return array  # all rows, in order
    taken = array[rows]
    taken.flags.writeable = False
    return taken
