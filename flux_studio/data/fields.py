"""The inputs as a person gives them: a field a column, in the column's own units, to and from a network's numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flux_studio.data.cells import Floats
from flux_studio.data.dataset import Dataset
from flux_studio.data.encoders import DateEncoder, DerivedEncoder, NumberEncoder, ValueEncoder

Value = float | str


@dataclass(frozen=True)
class InputField:
    """One column of the table, or of one step of a window, and its place among the I inputs."""

    name: str
    """``colour``, or in a window ``colour (t−1)``."""
    start: int
    encoder: ValueEncoder

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
        """Whether it is a single number, which can be an axis; words in an order are none."""
        return len(self.encoder.names) == 1 and len(self.choices) <= 2

    def value(self, row: Floats) -> Value:
        """What a row of I inputs says in this field."""
        return self.encoder.decode(row[None, self.place])[0]

    def put(self, row: Floats, value: Value) -> None:
        """Write a value, one of :attr:`choices` or a number in its own units, into a row of I inputs."""
        row[self.place] = self.encoder.put(value)

    def units(self, encoded: Floats) -> Floats:
        """Encoded numbers in the column's own units; a yes/no stays between 0 and 1."""
        if isinstance(self.encoder, NumberEncoder):
            return encoded * self.encoder.scale + self.encoder.offset
        return encoded


def input_fields(dataset: Dataset) -> tuple[InputField, ...]:
    """All fields, in the order of the I inputs.

    A date has a field for each of its numbers. Derived inputs have none: they follow from others, see
    :meth:`flux_studio.data.preprocessing.Preprocessor.complete`.
    """
    plain: list[tuple[int, ValueEncoder]] = []
    width = 0
    for encoder in dataset.preprocessor.input_encoders:
        if isinstance(encoder, DateEncoder):
            plain += [(width + place, each) for place, each in enumerate(encoder.as_numbers())]
        elif not isinstance(encoder, DerivedEncoder):
            plain.append((width, encoder))
        width += len(encoder.names)
    names = dataset.windowing.input_names(tuple(encoder.title for _, encoder in plain))
    places = [
        (step * width + start, each) for step in range(dataset.windowing.window) for start, each in plain
    ]
    return tuple(InputField(name, start, each) for name, (start, each) in zip(names, places, strict=True))


def usual_row(dataset: Dataset) -> Floats:
    """I inputs: the mean of each number over the training rows, and the commonest value of every other field."""
    row = dataset.input_range[1].copy()
    for field in input_fields(dataset):
        if field.choices:
            field.put(row, field.value(row))
    return np.asarray(dataset.preprocessor.complete(row[None])[0])
