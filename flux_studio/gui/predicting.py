"""From a data set and a network's answers to what the predictions panel draws and says: plain functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from flux_studio.data.dataset import Dataset
from flux_studio.data.encoders import NumberEncoder, TargetEncoder
from flux_studio.data.fields import InputField, input_fields, usual_row
from flux_studio.gui.presenting import SampleNames
from flux_studio.gui.theme import colour
from flux_studio.gui.widgets.class_colours import class_colour
from flux_studio.gui.widgets.levels import step_above
from flux_studio.gui.widgets.line_plot import Line
from flux_studio.gui.widgets.plot_frame import PlotAxis
from flux_studio.gui.widgets.surface_view import Meaning, Points
from flux_studio.project.catalogue import arriving, outputs, titles
from flux_studio.project.project import Project
from flux_studio.training.metrics import classes_of
from flux_studio.training.predictions import RowPredictions, Surface, spans

_AIR = 0.08
_MOST_POINTS = 20_000
"""More would cover each other, and take seconds to draw."""
_STEPS = 100
_COMPARED_ROWS = 2_000


@dataclass(frozen=True, eq=False)
class Target:
    """One column that is predicted, and which of the O outputs say so."""

    name: str
    encoder: TargetEncoder
    place: slice

    @property
    def classes(self) -> tuple[str, ...]:
        """What it tells apart; none for a number."""
        return self.encoder.classes

    @property
    def is_single(self) -> bool:
        """Whether one output says it: a number, or a yes/no."""
        return len(self.encoder.names) == 1

    def units(self, encoded: np.ndarray) -> np.ndarray:
        """Single outputs in the column's own units; a yes/no stays between 0 and 1."""
        if isinstance(self.encoder, NumberEncoder):
            return encoded * self.encoder.scale + self.encoder.offset
        return encoded


@dataclass(frozen=True, eq=False)
class PredictionsView:
    """What the panel must know of a project."""

    dataset: Dataset
    fields: tuple[InputField, ...]
    targets: tuple[Target, ...]
    usual: np.ndarray
    """Mean of the numbers, commonest of the others: I inputs."""
    names: Callable[[np.ndarray], tuple[str, ...]]
    layers: Mapping[str, str]
    """Titles of the layers whose neurons have pictures, by identity."""
    counts: Mapping[str, int]

    @property
    def varying(self) -> tuple[InputField, ...]:
        """The inputs that can be axes."""
        return tuple(field for field in self.fields if field.varies)

    def field_at(self, start: int) -> InputField:
        """The field that begins at one of the I inputs."""
        return next(field for field in self.fields if field.start == start)


def predictions_view(project: Project) -> PredictionsView:
    """Of a project that can be trained."""
    data, specification = project.dataset(), project.specification
    named = titles(specification)
    passing = arriving(specification, data.inputs.shape[1])
    layers = [layer for _, layer in specification.everywhere()]
    return PredictionsView(
        dataset=data,
        fields=input_fields(data),
        targets=tuple(
            Target(encoder.column, encoder, place) for encoder, place in data.preprocessor.target_places()
        ),
        usual=usual_row(data),
        names=SampleNames(data).of,
        layers={layer.identity: named[layer.identity] for layer in layers},
        counts={layer.identity: outputs(layer, passing[layer.identity]).columns for layer in layers},
    )


def first_axes(view: PredictionsView) -> tuple[InputField, ...]:
    """The two inputs to look over first, or the only one: those that the targets follow most.

    They are compared by their largest correlation with an output. Of a window the last steps say most.
    """
    varying = view.varying
    if view.dataset.windowing.window > 1:
        return varying[:-3:-1]
    data = view.dataset
    rows = data.training[:: max(1, len(data.training) // _COMPARED_ROWS)]
    inputs = _standard(data.inputs[np.ix_(rows, [field.start for field in varying])])
    told = np.abs(inputs.T @ _standard(data.targets[rows])).max(axis=1) / len(rows)
    # Rounded, so that inputs that say the same stay in the table's order.
    best = np.argsort(-told.round(3), kind="stable")[:2]
    return tuple(varying[place] for place in sorted(best))


def _standard(columns: np.ndarray) -> np.ndarray:
    """Each column with mean 0 and standard deviation 1; one that does not vary is 0."""
    apart = columns - columns.mean(axis=0)
    deviation = apart.std(axis=0)
    return apart / np.where(deviation > 0, deviation, 1.0)


def step(view: PredictionsView, field: InputField) -> float:
    """How far a key goes in a field: a round part of what the training rows span."""
    low, high = field.units(np.array(spans(view.dataset, field.start)))
    return step_above(abs(float(high - low)) / _STEPS or 1.0)


def axis(view: PredictionsView, column: int) -> PlotAxis:
    """The axis of one of the I inputs, in its column's own units."""
    field = view.field_at(column)
    low, high = (float(each) for each in field.units(np.array(spans(view.dataset, column))))
    return PlotAxis(field.name, low, high, (field.choices[0], field.choices[1]) if field.choices else None)


def meaning(view: PredictionsView, target: Target) -> Meaning:
    """How predictions of a target become colours."""
    if not target.is_single:
        return Meaning(target.name, target.classes)
    if target.classes:
        return Meaning(target.name, words=(target.classes[0], target.classes[1]))
    values = target.units(view.dataset.training_targets[:, target.place])
    low, high = float(values.min()), float(values.max())
    return Meaning(target.name, low=low, high=high if high > low else low + 1.0)


def points(view: PredictionsView, target: Target, across: int, up: int) -> Points:
    """The rows to train and to validate, where they lie over two inputs; of very many, evenly chosen ones."""
    data = view.dataset
    step = -(-(len(data.validation) + len(data.training)) // _MOST_POINTS)
    validation, training = data.validation[::step], data.training[::step]
    rows = np.concatenate([validation, training])
    held = np.arange(len(rows)) < len(validation)
    x, y = (view.field_at(each).units(data.inputs[rows, each]) for each in (across, up))
    return Points(x, y, truth(view, target, rows), rows, held)


def truth(view: PredictionsView, target: Target, rows: np.ndarray) -> np.ndarray:
    """What the table says of rows: a class's place, a number in its own units, or 0 and 1."""
    own = view.dataset.targets[rows, target.place]
    return target.units(own[:, 0]) if target.is_single else classes_of(own).astype(np.float64)


def surface_values(target: Target, surface: Surface) -> np.ndarray:
    """What the surface of a target shows: U×A numbers, or U×A×K shares."""
    own = surface.outputs[:, :, target.place]
    return target.units(own[:, :, 0]) if target.is_single else own


def curve(
    view: PredictionsView, target: Target, surface: Surface, column: int
) -> tuple[PlotAxis, PlotAxis, tuple[Line, ...]]:
    """What is predicted over one input, with the rows around it: both axes and the lines."""
    data, field = view.dataset, view.field_at(column)
    x = field.units(surface.across)
    own = surface.outputs[0, :, target.place]
    fitted: list[Line]
    dots = []
    if target.is_single:
        fitted = [Line(f"predicted {target.name}", colour("accent"), x, target.units(own[:, 0]))]
    else:
        fitted = [Line(name, class_colour(k), x, own[:, k]) for k, name in enumerate(target.classes)]
    for rows, word, tint in (
        (data.training, "training rows", "positive"),
        (data.validation, "validation rows", "curve_validation"),
    ):
        if len(rows):
            known = truth(view, target, rows) if target.is_single else np.ones(len(rows))
            dots.append(Line(word, colour(tint), field.units(data.inputs[rows, column]), known, dots=True))
    if not target.is_single:
        # A row stands at 1 of its own class's line.
        every = truth(view, target, data.training)
        where = field.units(data.inputs[data.training, column])
        dots = [
            Line("", class_colour(k), where[every == k], np.ones(int((every == k).sum())), dots=True)
            for k in range(len(target.classes))
        ]
    low, high = _range([line.up for line in (*fitted, *dots)])
    return axis(view, column), PlotAxis(target.name, low, high), (*dots, *fitted)


def series(
    view: PredictionsView, target: Target, found: RowPredictions
) -> tuple[PlotAxis, PlotAxis, tuple[Line, ...], tuple[tuple[float, float, str], ...]]:
    """Target and prediction over the rows of the table: axes, lines, and where rows are held out."""
    data = view.dataset
    ahead = data.windowing.ahead
    numbers = (data.table_rows[found.rows] + ahead + 1).astype(np.float64)
    own = found.outputs[:, target.place]
    true = truth(view, target, found.rows)
    said = target.units(own[:, 0]) if target.is_single else classes_of(own).astype(np.float64)
    shades = []
    for part, word in ((1, "validation"), (2, "test")):
        if (mine := numbers[found.parts == part]).size:
            shades.append((float(mine.min()), float(mine.max()), word))
    # Rows that lack something, and windows across two parts, are gaps.
    lines = (
        Line(f"{target.name} in the table", colour("positive"), *_with_gaps(numbers, true), width=3.5),
        Line("predicted", colour("accent"), *_with_gaps(numbers, said), width=1.4),
    )
    low, high = _range([true, said])
    across = PlotAxis("row", float(numbers.min(initial=1)), float(numbers.max(initial=1)))
    return across, PlotAxis(target.name, low, high), lines, tuple(shades)


def answer(target: Target, outputs: np.ndarray) -> tuple[str, str, tuple[tuple[str, float], ...]]:
    """What is said to a row of one's own: a title, the answer, and each class with its output."""
    own = np.asarray(outputs[None, target.place], np.float64)
    title = f"predicted {target.name}"
    if not target.classes:
        return title, number(float(target.units(own)[0, 0])), ()
    shares = target.encoder.shares(own)[0]
    return (
        title,
        str(target.encoder.decode(own)[0]),
        tuple(zip(target.classes, map(float, shares), strict=True)),
    )


def true_word(view: PredictionsView, target: Target, row: int) -> str:
    """What the table says of a row."""
    return _word(target, view.dataset.targets[row, target.place], share=False)


def predicted_word(target: Target, outputs: np.ndarray) -> str:
    """What the network says of a row, with its output where it names a class."""
    return _word(target, outputs[target.place], share=True)


def taken(target: Target, outputs: np.ndarray) -> np.ndarray:
    """Which class each of N×O outputs names."""
    return classes_of(outputs[:, target.place])


def number(value: float) -> str:
    """A number in five digits."""
    return f"{value:.5g}".replace("-", "−") if np.isfinite(value) else "NaN" if np.isnan(value) else "∞"


def _word(target: Target, outputs: np.ndarray, share: bool) -> str:
    if not target.classes:
        return number(float(target.units(outputs)[0]))
    best = int(classes_of(outputs[None])[0])
    value = float(target.encoder.shares(np.asarray(outputs[None], np.float64))[0, best])
    return f"{target.classes[best]}  {value:.3f}" if share else target.classes[best]


def _range(arrays: list[np.ndarray]) -> tuple[float, float]:
    finite = np.concatenate([np.ravel(each)[np.isfinite(np.ravel(each))] for each in arrays])
    if not finite.size:
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    air = _AIR * (high - low) or 0.5
    return low - air, high + air


def _with_gaps(numbers: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    breaks = np.flatnonzero(np.diff(numbers) > 1) + 1
    return np.insert(numbers, breaks, numbers[breaks - 1] + 0.5), np.insert(
        values.astype(np.float64), breaks, np.nan
    )
