"""From table to matrices and back: fitted on the training rows, it travels with the trained network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from flux_studio.data.cells import Floats, Rows
from flux_studio.data.columns import Column, Derived
from flux_studio.data.dates import written
from flux_studio.data.encoders import (
    CategoryEncoder,
    DateEncoder,
    DerivedEncoder,
    Encoder,
    IndicatorEncoder,
    NumberEncoder,
    OrdinalEncoder,
    TargetEncoder,
    ValueEncoder,
    YesNoEncoder,
)
from flux_studio.data.fitting import fit_derived, fit_encoder, fit_target
from flux_studio.data.table import Table, quoted
from flux_studio.data.windows import EACH_ROW, Windowing
from flux_studio.errors import DataError, ShapeError

Task = Literal["classes", "yes_no", "numbers"]


@dataclass(frozen=True)
class Predictions:
    """What a network says, for people: a row of values for each row that went in."""

    header: tuple[str, ...]
    rows: list[tuple[str | float, ...]]


class Preprocessor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Encoders for the inputs and the targets. N samples become N×I inputs and N×O targets.

    The inputs are the columns in their order, each with its indicator behind it if it has one, then the derived ones.
    """

    input_encoders: tuple[Encoder, ...]
    target_encoders: tuple[TargetEncoder, ...]
    windowing: Windowing = EACH_ROW
    """With a window of T rows, the F input columns of its rows stand side by side, oldest first: I = T·F."""

    @classmethod
    def fit(
        cls,
        table: Table,
        columns: Sequence[Column],
        training_rows: Sequence[int] | Rows,
        windowing: Windowing = EACH_ROW,
        derived: Sequence[Derived] = (),
    ) -> Preprocessor:
        """Encoders for the input and target columns, and for what is derived from inputs.

        Scales and what stands for missing values come from the training rows only: those of the windows that end in
        ``training_rows``, and of their targets. A column that is both is scaled once, so that a prediction can be
        read as an input.
        """
        last = np.asarray(training_rows, dtype=np.intp)
        rows = np.union1d(windowing.places(last), last + windowing.ahead)
        targets = {column.name: fit_target(table, column, rows) for column in columns if column.is_target}
        inputs: list[Encoder] = []
        plain: list[ValueEncoder | DateEncoder] = []
        for column in columns:
            if column.is_input:
                plain.append(targets[column.name] if column.is_target else fit_encoder(table, column, rows))
                inputs.append(plain[-1])
                if column.indicator and not column.drops:
                    inputs.append(IndicatorEncoder(column.name))
        inputs += [fit_derived(table, each, plain, rows) for each in derived]
        return cls(tuple(inputs), tuple(targets.values()), windowing)

    @property
    def input_names(self) -> tuple[str, ...]:
        """What each of the I inputs is called: a column's name, or ``colour=red`` for a category.

        In windows the step is told, too: ``x (t−1)``.
        """
        return self.windowing.input_names(_names(self.input_encoders))

    @property
    def target_names(self) -> tuple[str, ...]:
        """What each of the O targets is called."""
        return self.windowing.target_names(_names(self.target_encoders))

    @property
    def task(self) -> Task:
        """``classes`` or ``yes_no`` for a single target of that kind, else ``numbers``."""
        if len(self.target_encoders) != 1 or isinstance(self.target_encoders[0], NumberEncoder):
            return "numbers"
        return "yes_no" if isinstance(self.target_encoders[0], YesNoEncoder) else "classes"

    def stand_ins(self) -> Iterator[tuple[str, str]]:
        """What stands for a missing value of each input that has something, in words."""
        for encoder in self.input_encoders:
            if isinstance(encoder, DateEncoder) and encoder.fill is not None:
                yield encoder.column, written(encoder.fill)
            elif isinstance(encoder, NumberEncoder) and encoder.fill is not None:
                yield encoder.column, f"{encoder.fill:g}"
            elif isinstance(encoder, CategoryEncoder | OrdinalEncoder | YesNoEncoder) and encoder.fill:
                yield encoder.column, encoder.fill

    def predictable(self, table: Table) -> Rows:
        """The rows of a table that something can be predicted at, ascending.

        Of a series these are the last rows of all windows that lack no value; :class:`DataError` when the table is
        too short for a single one. Where each row stands by itself these are all rows: one that lacks a value is
        told of when it is encoded.
        """
        if not self.windowing.is_series:
            return np.arange(table.rows)
        self.windowing.check_rows(table, ahead=0)
        gaps = np.zeros(table.rows, dtype=np.bool_)
        for encoder in self.input_encoders:
            gaps[encoder.lacking(table)] = True
        ending = np.flatnonzero(~self.windowing.holding(gaps))
        return ending[ending >= self.windowing.window - 1]

    def inputs(self, table: Table, rows: Rows | None = None) -> Floats:
        """The samples that end in those rows (all that can, if none are named) as N×I float64.

        Columns are found by name; others may stand beside them. :class:`DataError` names a column that is
        missing, and the line and column of a cell that has no value, is no number or is an unknown category.
        """
        rows = self.predictable(table) if rows is None else rows
        if self.windowing.window == 1:
            return _encode(self.input_encoders, table, rows)
        used, places = np.unique(self.windowing.places(rows), return_inverse=True)
        values = _encode(self.input_encoders, table, used)
        return self.windowing.side_by_side(values, places.reshape(len(rows), self.windowing.window))

    def targets(self, table: Table, rows: Rows | None = None) -> Floats:
        """The targets of the samples that end in those rows as N×O float64; errors as for :meth:`inputs`."""
        if rows is None:
            rows = np.arange(self.windowing.window - 1, table.rows - self.windowing.ahead)
        return _encode(self.target_encoders, table, rows + self.windowing.ahead)

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

    def complete(self, inputs: Floats) -> Floats:
        """N×I inputs in which the derived ones are computed from the others of the same step, in place.

        For rows that are made, not read: where an input is changed, what is derived from it must follow.
        """
        widths = [len(encoder.names) for encoder in self.input_encoders]
        starts = dict(zip(self.input_encoders, np.cumsum([0, *widths]).tolist(), strict=False))
        plain = {each.column: each for each in self.input_encoders if isinstance(each, NumberEncoder)}
        for step in range(self.windowing.window):
            first = step * sum(widths)
            for encoder in self.input_encoders:
                if isinstance(encoder, DerivedEncoder):
                    bases = [plain[name] for name in encoder.columns]
                    values = [inputs[:, first + starts[base]] * base.scale + base.offset for base in bases]
                    inputs[:, first + starts[encoder]] = encoder.of(values)
        return inputs

    def target_places(self) -> list[tuple[TargetEncoder, slice]]:
        """Which columns of the outputs belong to each target."""
        ends = np.cumsum([len(encoder.names) for encoder in self.target_encoders]).tolist()
        return [
            (encoder, slice(end - len(encoder.names), end))
            for encoder, end in zip(self.target_encoders, ends, strict=True)
        ]

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

    def _split(self, outputs: NDArray[Any]) -> list[tuple[TargetEncoder, Floats]]:
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
        return [(encoder, values[:, place]) for encoder, place in self.target_places()]


def _names(encoders: Sequence[Encoder]) -> tuple[str, ...]:
    return tuple(name for encoder in encoders for name in encoder.names)


def _encode(encoders: Sequence[Encoder], table: Table, rows: Rows) -> Floats:
    parts = [encoder.encode(table, rows) for encoder in encoders]
    return np.ascontiguousarray(np.hstack([np.zeros((len(rows), 0)), *parts]))


def _shape(array: NDArray[Any]) -> str:
    return "×".join(map(str, array.shape))
