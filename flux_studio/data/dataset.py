"""The numbers a network is trained and validated on, and which rows of the table they came from."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flux_studio.data.cells import present_rows
from flux_studio.data.columns import Column, check_columns
from flux_studio.data.encoders import Floats, Rows
from flux_studio.data.preprocessing import Preprocessor
from flux_studio.data.table import Table, listed, quoted
from flux_studio.errors import DataError


@dataclass(frozen=True)
class DroppedRow:
    """A row of the table (from 0) that is not used, and why, in one line for people."""

    row: int
    reason: str


@dataclass(frozen=True, eq=False)
class Dataset:
    """N rows as numbers, split in two. No array can be written to."""

    inputs: Floats
    """N×I."""
    targets: Floats
    """N×O."""
    training: Rows
    """Rows of ``inputs`` and ``targets`` to train on, ascending."""
    validation: Rows
    """Rows to validate on, ascending; there may be none."""
    table_rows: Rows
    """Which row of the table each of the N rows was."""
    preprocessor: Preprocessor
    dropped: tuple[DroppedRow, ...]
    fingerprint: str
    """SHA-256, in hexadecimal, of the numbers and of the split."""

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


def prepare(
    table: Table,
    columns: Sequence[Column],
    validation_fraction: float,
    generator: np.random.Generator,
    preprocessor: Preprocessor | None = None,
) -> Dataset:
    """The data set of a table, split by ``generator``. A given ``preprocessor`` is not fitted anew.

    Rows without a value in a used column are dropped. With a single class or yes/no target each class gives
    its share to validation, but never its last row. ``validation_fraction`` is in [0, 1); 0 keeps all rows
    for training and asks nothing of ``generator``. :class:`DataError` for columns that cannot be used and
    when no row is left.
    """
    if not 0 <= validation_fraction < 1:
        raise DataError(
            f"the share of validation rows must be at least 0 and below 1, not {validation_fraction!r}"
        )
    check_columns(columns, table)
    used = [column for column in columns if column.role != "ignore"]
    table_rows, dropped = _complete_rows(table, [column.name for column in used])
    groups = _classes(table, table_rows, [column for column in used if column.role == "target"])
    training, validation = _split(groups, len(table_rows), validation_fraction, generator)
    if preprocessor is None:
        preprocessor = Preprocessor.fit(table, used, table_rows[training])
    inputs, targets = preprocessor.inputs(table, table_rows), preprocessor.targets(table, table_rows)
    digest = hashlib.sha256()
    for array in (inputs, targets, training, validation):
        array.flags.writeable = False
        digest.update(f"{array.shape}".encode())
        digest.update(np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).tobytes())
    table_rows.flags.writeable = False
    return Dataset(
        inputs, targets, training, validation, table_rows, preprocessor, dropped, digest.hexdigest()
    )


def _complete_rows(table: Table, names: list[str]) -> tuple[Rows, tuple[DroppedRow, ...]]:
    """The rows that have a value in each of those columns, and the others."""
    lacking: dict[int, list[str]] = defaultdict(list)
    for name in names:
        for row in _others(table.rows, present_rows(table, name)).tolist():
            lacking[row].append(name)
    if len(lacking) == table.rows:
        counts = {name: sum(name in gaps for gaps in lacking.values()) for name in names}
        worst = max(names, key=lambda name: counts[name])
        raise DataError(
            f"{table.source}: no row has a value in every used column; column {quoted(worst)} lacks "
            f"{counts[worst]} of {table.rows}: fill it in or ignore it"
        )
    return _others(table.rows, np.array(list(lacking), dtype=np.intp)), tuple(
        DroppedRow(row, f"{table.where(row)}: no value in {listed(map(quoted, lacking[row]))}")
        for row in sorted(lacking)
    )


def _classes(table: Table, table_rows: Rows, targets: list[Column]) -> list[Rows]:
    """The data set's rows, grouped by the class of a single class or yes/no target, else together."""
    if len(targets) != 1 or targets[0].kind == "number":
        return [np.arange(len(table_rows))]
    cells = table.column(targets[0].name)
    groups: dict[str, list[int]] = defaultdict(list)
    for index, row in enumerate(table_rows.tolist()):
        groups[cells[row]].append(index)
    return [np.array(group, dtype=np.intp) for group in groups.values()]


def _split(
    groups: list[Rows], rows: int, fraction: float, generator: np.random.Generator
) -> tuple[Rows, Rows]:
    """Training and validation rows, ascending; each group gives its share, the largest remainders first."""
    wanted = max(1, round(fraction * rows)) if fraction > 0 else 0
    sizes = np.array([len(group) for group in groups])
    quotas = wanted * sizes / rows
    shares = np.minimum(np.floor(quotas).astype(np.intp), sizes - 1)
    for place in np.argsort(np.floor(quotas) - quotas, kind="stable"):
        if shares.sum() < wanted and shares[place] < sizes[place] - 1:
            shares[place] += 1
    drawn = [
        generator.permutation(group)[:share] for group, share in zip(groups, shares, strict=True) if wanted
    ]
    validation = np.sort(np.concatenate([np.zeros(0, dtype=np.intp), *drawn]))
    return _others(rows, validation), validation


def _others(rows: int, some: Rows) -> Rows:
    """The rows, of ``rows`` in all, that are not among ``some``; ascending."""
    left = np.ones(rows, dtype=np.bool_)
    left[some] = False
    return np.flatnonzero(left)


def _take(array: Floats, rows: Rows) -> Floats:
    if len(rows) == len(array):
        return array  # all rows, in order
    taken = array[rows]
    taken.flags.writeable = False
    return taken
