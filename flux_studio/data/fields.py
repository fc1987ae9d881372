"""The inputs as a person gives them: a field a column, in the column's own units, to and from a network's numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flux_studio.data.cells import Floats
from flux_studio.data.dataset import Dataset
from flux_studio.data.encoders import Encoder, NumberEncoder

Value = float | str


@dataclass(frozen=True)
class InputField:
    """One column of the table, or of one step of a window, and its place among the I inputs."""

    name: str
    """``colour``, or in a window ``colour (t−1)``."""
    start: int
    encoder: Encoder

    @property
    def place(self) -> slice:
        """Which of the I inputs are its own."""
        return slice(self.start, self.start + len(self.encoder.names))

    @property
    def choices(self) -> tuple[str, ...]:
        """The words that can stand in it; none for a number."""
        return self.encoder.classes

    @property
    def varies(self) -> bool:
        """Whether it is a single number, which can be an axis."""
        return len(self.encoder.names) == 1

    def value(self, row: Floats) -> Value:
        """What a row of I inputs says in this field."""
        return self.encoder.decode(row[None, self.place])[0]

    def put(self, row: Floats, value: Value) -> None:
        """Write a value, one of :attr:`choices` or a number in its own units, into a row of I inputs."""
        if isinstance(self.encoder, NumberEncoder):
            row[self.place] = (float(value) - self.encoder.offset) / self.encoder.scale
        elif self.varies:
            row[self.place] = float(value == self.choices[1])
        else:
            row[self.place] = [float(value == each) for each in self.choices]

    def units(self, encoded: Floats) -> Floats:
        """Encoded numbers in the column's own units; a yes/no stays between 0 and 1."""
        if isinstance(self.encoder, NumberEncoder):
            return encoded * self.encoder.scale + self.encoder.offset
        return encoded


def input_fields(dataset: Dataset) -> tuple[InputField, ...]:
    """All fields, in the order of the I inputs."""
    encoders, window = dataset.preprocessor.input_encoders, dataset.windowing.window
    names = dataset.windowing.input_names(tuple(encoder.column for encoder in encoders))
    found, start = [], 0
    for name, encoder in zip(names, encoders * window, strict=True):
        found.append(InputField(name, start, encoder))
        start += len(encoder.names)
    return tuple(found)


def usual_row(dataset: Dataset) -> Floats:
    """I inputs: the mean of each number over the training rows, and the commonest value of every other field."""
    row = dataset.training_inputs.mean(axis=0)
    for field in input_fields(dataset):
        if field.choices:
            own = row[field.place]
            row[field.place] = own >= 0.5 if field.varies else np.arange(len(own)) == own.argmax()
    return np.asarray(row, np.float64)
