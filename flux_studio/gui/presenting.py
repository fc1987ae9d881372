"""From a project to what the panels show: plain functions that make the views' records."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from flux_studio.data.dataset import Dataset
from flux_studio.engine.losses import LOSSES, make_loss
from flux_studio.errors import FluxError, SpecificationError
from flux_studio.gui.panels.data import DataView
from flux_studio.gui.panels.training_settings import TrainingSettingsView
from flux_studio.gui.widgets.curve_points import Mark
from flux_studio.gui.widgets.network_view import (
    BlockView,
    DropVerdict,
    InputView,
    LayerView,
    LossView,
    NetworkView,
)
from flux_studio.project import descriptions
from flux_studio.project.catalogue import (
    LAYER_KINDS,
    Passing,
    arriving,
    layer_kind,
    outputs,
    reads,
    titles,
    widths,
)
from flux_studio.project.defaults import output_activation
from flux_studio.project.descriptions import batch_text, counted, is_whole, sample_noun
from flux_studio.project.project import LearningRateChange, Project, WeightSet
from flux_studio.project.specification import LayerSpecification, Place, Setting, Specification
from flux_studio.project.stack import check_depth

_NOTED_ROWS = 3
_MOST_BITS = 8


def problem(project: Project) -> str:
    """Why this project cannot be trained, as one line; empty when it can."""
    if sentence := _missing_role(project.specification):
        return sentence
    try:
        project.check()
    except FluxError as error:
        return str(error)
    return ""


def dataset(project: Project) -> Dataset | None:
    """The data set, or ``None`` while table and columns do not fit."""
    try:
        return project.dataset()
    except FluxError:
        return None


def network_view(project: Project, parameters: int) -> NetworkView:
    """The stack's cards. A layer that cannot be built says why on its card."""
    specification, data = project.specification, dataset(project)
    rows = batch_rows(project, data)
    inputs = data.preprocessor.input_names if data else ()
    targets = data.targets.shape[1] if data else 0
    passing = widths(specification, len(inputs)) if data else ()
    fits = not passing or passing[-1] == targets
    start = arriving(specification, len(inputs))[""] if data else None
    return NetworkView(
        input=InputView(specification.data.source, inputs, f"{rows:,}×{len(inputs):,}" if data else ""),
        layers=_cards(specification, specification.layers, start, rows),
        loss=LossView(
            title=make_loss(specification.loss).title,
            targets=_targets(specification, data),
            shape=f"{rows:,}×{targets:,}" if data else "",
            error="" if fits else problem(project),
        ),
        parameters=parameters,
    )


def _cards(
    specification: Specification, layers: tuple[LayerSpecification, ...], passing: Passing | None, rows: int
) -> tuple[LayerView, ...]:
    """The cards of layers that stand one behind the other; without data no shapes are known."""
    named, cards = titles(specification), []
    for layer in layers:
        kind, title = layer_kind(layer.kind), named[layer.identity]
        handed_on = None if passing is None else outputs(layer, passing)
        cards.append(
            LayerView(
                identity=layer.identity,
                title=title.rpartition(" · ")[2],
                kind=layer.kind,
                fields=kind.fields,
                values=kind.complete(layer.settings),
                shape="" if handed_on is None else f"{rows:,}×{handed_on.columns:,}",
                reads="" if passing is None else reads(layer, passing),
                error=_layer_error(layer, title, passing),
                path=title,
                inside=None if kind.inside is None else _inside(specification, layer, passing, rows),
            )
        )
        passing = handed_on
    return tuple(cards)


def _inside(
    specification: Specification, layer: LayerSpecification, passing: Passing | None, rows: int
) -> BlockView:
    """What a block holds."""
    projected = passing is not None and outputs(layer, passing).columns != passing.columns
    return BlockView(
        layers=_cards(specification, layer.layers, passing, rows),
        shape="" if passing is None else f"{rows:,}×{passing.columns:,}",
        joined="F(x) + x·w" if projected else "F(x) + x",
    )


def data_view(project: Project, refused: str = "") -> DataView:
    """What the data panel shows; ``refused`` is why the last change was not taken."""
    trouble, data = refused, None
    try:
        data = project.dataset()
    except FluxError as error:
        trouble = trouble or _missing_role(project.specification) or str(error)
    return DataView(
        table=project.table,
        format=project.specification.data.format,
        columns=project.specification.data.columns,
        validation_fraction=project.specification.data.validation_fraction,
        training_rows=len(data.training) if data else 0,
        validation_rows=len(data.validation) if data else 0,
        test_fraction=project.specification.data.test_fraction,
        test_rows=len(data.test) if data else 0,
        windowing=project.specification.data.windowing,
        problem=trouble,
        notes=_notes(data) if data else (),
    )


class SampleNames:
    """What rows of the data set are called: their bits where all inputs are 0 or 1, else their places in the table."""

    def __init__(self, data: Dataset) -> None:
        self._data = data
        # Decided once for all rows: names must not change their kind from batch to batch.
        few = data.inputs.shape[1] <= _MOST_BITS and not data.windowing.is_series
        self._bits = few and data.is_of_bits

    def of(self, rows: np.ndarray) -> tuple[str, ...]:
        """The names of some rows of the data set."""
        if self._bits:
            return tuple("".join(str(int(bit)) for bit in row) for row in self._data.inputs[rows])
        before = self._data.windowing.window - 1
        return tuple(
            f"rows {row + 1 - before}–{row + 1}" if before else f"row {row + 1}"
            for row in self._data.table_rows[rows].tolist()
        )


def batch_rows(project: Project, data: Dataset | None) -> int:
    """How many rows each iteration looks at; 0 while that is not known."""
    rows, batch = len(data.training) if data else 0, project.specification.batch
    return rows if is_whole(batch, rows) or batch is None else batch


def is_batched(project: Project) -> bool:
    """Whether an iteration looks at some of the rows only."""
    data = dataset(project)
    return data is not None and not is_whole(project.specification.batch, len(data.training))


def rows_note(project: Project, limit: int) -> str:
    """Which rows the wall shows, when not all; empty when it shows all."""
    data = project.dataset()
    rows, batch = len(data.training), batch_rows(project, data)
    if batch <= limit:
        return ""
    among = "" if batch == rows else " of the present batch"
    return f"the first {limit:,} of {batch:,} {sample_noun(project.specification)}s{among}"


def batch_note(project: Project) -> str:
    """What the matrices are of, where that changes from iteration to iteration; else empty."""
    if not is_batched(project):
        return ""
    rows = len(project.dataset().training)
    return f"{batch_text(project.specification, rows)}, others at each iteration"


def training_settings_view(project: Project) -> TrainingSettingsView:
    """What the panel of training settings shows."""
    specification, data = project.specification, dataset(project)
    return TrainingSettingsView(
        optimizer=specification.optimizer,
        loss=specification.loss,
        losses=tuple((name, loss.title) for name, loss in LOSSES.items()),
        batch=specification.batch,
        rows=len(data.training) if data else 0,
        noun=sample_noun(specification),
        iterations=specification.iterations,
        validate_every=specification.validate_every,
        seed=specification.seed,
        stop=specification.stop,
        validation_rows=len(data.validation) if data else 0,
    )


def drop_verdict(project: Project, layer: str, place: Place) -> DropVerdict:
    """Whether a new layer of a kind, or a layer lifted out, may stand at a place, and in what words."""
    specification, data = project.specification, dataset(project)
    try:
        new = layer in LAYER_KINDS
        changed = insert_new(project, layer, place) if new else specification.move_layer(layer, place)
        check_depth(changed)
    except SpecificationError as error:
        return DropVerdict(False, str(error))
    if data is None:
        return DropVerdict(True, "drop here")
    n_inputs, n_targets = data.inputs.shape[1], data.targets.shape[1]
    ends = widths(changed, n_inputs)[-1]
    if ends != n_targets and widths(specification, n_inputs)[-1] == n_targets:
        return DropVerdict(
            False, f"would end with {ends} {'output' if ends == 1 else 'outputs'}; the data need {n_targets}"
        )
    passing = widths(changed, n_inputs, place.block)
    return DropVerdict(True, f"drop here: {passing[place.position]} → {passing[place.position + 1]} fits")


def insert_new(project: Project, kind: str, place: Place) -> Specification:
    """The specification with a new layer of that kind, set so that it fits where it stands.

    A new layer is as wide as what comes in; at the end of the stack, as wide as the targets.
    """
    specification, data = project.specification, dataset(project)
    row = layer_kind(kind)
    settings: dict[str, Setting] = {}
    if data is not None and any(field.name == "units" for field in row.fields):
        at_end = place == Place(len(specification.layers))
        passing = widths(specification, data.inputs.shape[1], place.block)
        settings["units"] = data.targets.shape[1] if at_end else passing[place.position]
        ending = output_activation(data)
        if at_end and any(not field.refusal(ending) for field in row.fields if field.name == "activation"):
            settings["activation"] = ending
    new = row.new(specification.new_identity(place.block), **settings)
    return specification.insert_layer(place, new)


def _layer_error(layer: LayerSpecification, title: str, passing: Passing | None) -> str:
    try:
        layer_kind(layer.kind).check(layer.settings, title)
    except FluxError as error:
        return str(error)
    return "" if passing is None else layer_kind(layer.kind).refuses(layer, passing)


def _missing_role(specification: Specification) -> str:
    """What a person has to choose in the data panel before there is anything to train; empty when it is chosen."""
    columns = specification.data.columns
    if columns and not any(column.is_target for column in columns):
        return "no target yet: select the column to predict in the data panel and press Target"
    if columns and not any(column.is_input for column in columns):
        return (
            "no inputs yet: select the columns to learn from in the data panel and press Input, "
            "or Both for a series that is predicted from its own past"
        )
    return ""


def marks(project: Project, changes: Sequence[LearningRateChange | WeightSet]) -> tuple[Mark, ...]:
    """What was changed by hand on the way, for the curve."""
    return tuple(
        Mark(change.iteration, descriptions.by_hand(project.specification, change)) for change in changes
    )


def _targets(specification: Specification, data: Dataset | None) -> tuple[str, ...]:
    """The columns to predict; how many classes a category has is known once the table could be used."""
    classes = (
        {encoder.column: encoder.classes for encoder in data.preprocessor.target_encoders} if data else {}
    )
    return tuple(
        f"{column.name} · {len(found):,} classes"
        if len(found := classes.get(column.name, ())) > 2
        else column.name
        for column in specification.data.columns
        if column.is_target
    )


def _notes(data: Dataset) -> tuple[str, ...]:
    across = (f"{counted(data.across, 'window')} across two parts left out",)
    return (*_gaps(data), *across[: data.across])


def _gaps(data: Dataset) -> tuple[str, ...]:
    """The rows that lack a value; of a series only windows are left out, and each line says which."""
    dropped = data.dropped
    if not dropped:
        return ()
    first = tuple(row.reason for row in dropped[:_NOTED_ROWS])
    more = (f"and {len(dropped) - _NOTED_ROWS:,} more",) if len(dropped) > _NOTED_ROWS else ()
    count = f"{len(dropped):,} {'row is' if len(dropped) == 1 else 'rows are'} left out:"
    if data.windowing.is_series:
        count = f"{counted(len(dropped), 'row')} with gaps:"
    return (count, *first, *more)
