"""Samples of time-ordered rows: windows of successive rows, with the target in the last one or some rows ahead."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from flux_studio.data.cells import Floats, Rows
from flux_studio.data.table import Table
from flux_studio.errors import DataError

LARGEST_INPUTS = 2**30
"""Bytes: a table of ordinary size and a window of ordinary length can ask for more than there is memory."""


class Windowing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How rows make samples. A sample is known by the last row of its window; at first each row is one by itself."""

    window: int = 1
    """T, the number of successive rows in a sample, in the order of the table."""
    ahead: int = 0
    """How many rows after the window's last row the target stands; 0 is in that row."""

    @property
    def is_series(self) -> bool:
        """Whether the order of the rows means anything."""
        return self.window > 1 or self.ahead > 0

    @property
    def text(self) -> str:
        """In words: ``each row by itself``, ``windows of 10 rows, target 1 row ahead``."""
        if not self.is_series:
            return "each row by itself"
        windows = "each row by itself" if self.window == 1 else f"windows of {_rows(self.window)}"
        return f"{windows}, target {_rows(self.ahead)} ahead" if self.ahead else windows

    def check(self) -> None:
        """Raise :class:`DataError` for a window or a distance that no table could have."""
        if self.window < 1:
            raise DataError(f"a window must hold at least 1 row, not {self.window}")
        if self.ahead < 0:
            raise DataError(
                f"the target cannot stand {_rows(-self.ahead)} before the end of the window: "
                "give 0 for the window's last row, or how many rows ahead"
            )

    def check_rows(self, table: Table, ahead: int) -> None:
        """Raise :class:`DataError` when the table is too short for one window and a target ``ahead`` of it."""
        needed = self.window + ahead
        if table.rows < needed:
            target = f" with its target {_rows(ahead)} ahead" if ahead else ""
            raise DataError(
                f"{table.source}: {_rows(table.rows)} are too few for a window of {_rows(self.window)}{target}, "
                f"which takes {needed:,}: shorten the window, or give a longer table"
            )

    def places(self, last: Rows) -> Rows:
        """The rows of each window, N×T, oldest first."""
        return last[:, None] + np.arange(1 - self.window, 1)

    def holding(self, marks: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """For each row, whether the window that ends there holds a marked row, as far as it lies in the table."""
        counts = np.concatenate([np.zeros(1, dtype=np.intp), np.cumsum(marks)])
        ends = np.arange(1, len(counts))
        return np.asarray(counts[ends] > counts[np.maximum(0, ends - self.window)])

    def check_size(self, samples: int, columns: int) -> None:
        """Raise :class:`DataError` when so many samples of so many columns a row would take too much memory."""
        size = 8 * samples * self.window * columns
        if size > LARGEST_INPUTS:
            raise DataError(
                f"{self.text} make {size / 2**30:,.1f} GB of inputs, more than the "
                f"{LARGEST_INPUTS // 2**30} GB allowed: shorten the window, or use fewer columns or rows"
            )

    def side_by_side(self, values: Floats, places: Rows) -> Floats:
        """Windows N×(T·F) of rows of ``values``, M×F: all columns of the oldest step, then of the next."""
        columns = values.shape[1]
        self.check_size(len(places), columns)
        return np.ascontiguousarray(values[places].reshape(len(places), self.window * columns))

    def input_names(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """What the T·F inputs are called: ``x (t−2)``, ``x (t−1)``, ``x (t)``."""
        if not self.is_series:
            return names
        return tuple(f"{name} ({_step(step)})" for step in range(1 - self.window, 1) for name in names)

    def target_names(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """What the targets are called: ``x (t+1)`` where they stand ahead."""
        return tuple(f"{name} ({_step(self.ahead)})" for name in names) if self.ahead else names


EACH_ROW = Windowing()


def _step(step: int) -> str:
    return "t" if step == 0 else f"t{'−' if step < 0 else '+'}{abs(step)}"


def _rows(count: int) -> str:
    return f"{count:,} {'row' if count == 1 else 'rows'}"
