"""From table to matrices and back: fitted on the training rows, it travels with the trained network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from flux_studio.data.columns import Column
from flux_studio.data.encoders import Encoder, Floats, NumberEncoder, Rows, YesNoEncoder, fit_encoder
from flux_studio.data.table import Table, quoted
from flux_studio.errors import DataError, ShapeError

Task = Literal["classes", "yes_no", "numbers"]


@dataclass(frozen=True)
class Predictions:
    """What a network says, for people: a row of values for each row that went in."""

    header: tuple[str, ...]
    rows: list[tuple[str | float, ...]]


class Preprocessor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An encoder for each input and target column. N rows become N×I inputs and N×O targets."""

    input_encoders: tuple[Encoder, ...]
    target_encoders: tuple[Encoder, ...]

    @classmethod
    def fit(
        cls, table: Table, columns: Sequence[Column], training_rows: Sequence[int] | Rows
    ) -> Preprocessor:
        """Encoders for the input and target columns. Scaling looks at the training rows only."""
        rows = np.asarray(training_rows, dtype=np.intp)
        fitted = {
            role: tuple(fit_encoder(table, column, rows) for column in columns if column.role == role)
            for role in ("input", "target")
        }
        return cls(fitted["input"], fitted["target"])

    @property
    def input_names(self) -> tuple[str, ...]:
        """What each of the I inputs is called: a column's name, or ``colour=red`` for a category."""
        return tuple(name for encoder in self.input_encoders for name in encoder.names)

    @property
    def target_names(self) -> tuple[str, ...]:
        """What each of the O targets is called."""
        return tuple(name for encoder in self.target_encoders for name in encoder.names)

    @property
    def task(self) -> Task:
        """``classes`` or ``yes_no`` for a single target of that kind, else ``numbers``."""
        if len(self.target_encoders) != 1 or isinstance(self.target_encoders[0], NumberEncoder):
            return "numbers"
        return "yes_no" if isinstance(self.target_encoders[0], YesNoEncoder) else "classes"

    def inputs(self, table: Table, rows: Rows | None = None) -> Floats:
        """Those rows (all of them, if none are named) as N×I float64.

        Columns are found by name; others may stand beside them. :class:`DataError` names a column that is
        missing, and the line and column of a cell that has no value, is no number or is an unknown category.
        """
        return _encode(self.input_encoders, table, rows)

    def targets(self, table: Table, rows: Rows | None = None) -> Floats:
        """Those rows' targets as N×O float64; errors as for :meth:`inputs`."""
        return _encode(self.target_encoders, table, rows)

    def decode(self, outputs: NDArray[Any]) -> Predictions:
        """A network's N×O outputs as values in original units, class names, and a share for each class.

        With one target the columns are ``prediction`` and ``p(CLASS)`` for each class; with several,
        ``prediction(NAME)`` for each, then ``p(NAME=CLASS)``. The shares of a category are the network's
        outputs as they are: three sigmoids are three separate answers and need not add to 1. For yes/no,
        p(yes) is the output and p(no) what it leaves of 1. Outputs that are not finite are a
        :class:`DataError`.
        """
        parts = self._split(outputs)
        several = len(parts) > 1
        header: list[str] = []
        answers: list[Sequence[str | float]] = []
        for encoder, part in parts:
            header.append(f"prediction({encoder.column})" if several else "prediction")
            answers.append(encoder.decode(part))
        for encoder, part in parts:
            header += [f"p({encoder.column}={name})" if several else f"p({name})" for name in encoder.classes]
            answers += encoder.shares(part).T.tolist()
        return Predictions(tuple(header), list(zip(*answers, strict=True)))

    def right(self, outputs: NDArray[Any], targets: NDArray[Any]) -> NDArray[np.bool_] | None:
        """Which of the N answers are right (largest output, side of 0.5); None for numbers."""
        if self.task == "numbers":
            return None
        if outputs.shape != targets.shape:
            raise ShapeError(
                f"outputs are {_shape(outputs)} and targets {_shape(targets)}; they must be alike"
            )
        if self.task == "classes":
            return np.asarray(outputs.argmax(axis=1) == targets.argmax(axis=1))
        return np.asarray((outputs[:, 0] >= 0.5) == (targets[:, 0] >= 0.5))

    def _split(self, outputs: NDArray[Any]) -> list[tuple[Encoder, Floats]]:
        """The columns of the outputs that belong to each target."""
        width = len(self.target_names)
        if outputs.ndim != 2 or outputs.shape[1] != width:
            raise ShapeError(f"the network's outputs are {_shape(outputs)}, but its targets need N×{width}")
        values = np.asarray(outputs, dtype=np.float64)
        if (bad := np.argwhere(~np.isfinite(values))).size:
            name = self.target_names[bad[0, 1]]
            raise DataError(
                f"the network's output for row {bad[0, 0] + 1}, {quoted(name)}, is not finite; "
                "train it again with a smaller learning rate"
            )
        ends = np.cumsum([len(encoder.names) for encoder in self.target_encoders])
        parts = np.split(values, ends[:-1], axis=1)
        return list(zip(self.target_encoders, parts, strict=True))


def _encode(encoders: tuple[Encoder, ...], table: Table, rows: Rows | None) -> Floats:
    rows = np.arange(table.rows) if rows is None else rows
    parts = [encoder.encode(table, rows) for encoder in encoders]
    return np.ascontiguousarray(np.hstack([np.zeros((len(rows), 0)), *parts]))


def _shape(array: NDArray[Any]) -> str:
    return "×".join(map(str, array.shape))
