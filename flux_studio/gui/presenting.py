"""From a project to what the panels show: plain functions that make the views' records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from flux_studio.data.dataset import Dataset
from flux_studio.engine.losses import LOSSES, make_loss
from flux_studio.errors import FluxError
from flux_studio.gui.panels.data import DataView
from flux_studio.gui.panels.training_settings import TrainingSettingsView
from flux_studio.gui.panels.wall import WallLayer
from flux_studio.gui.widgets.network_view import DropVerdict, InputView, LayerView, LossView, NetworkView
from flux_studio.project.catalogue import LAYER_KINDS, detail, layer_kind, titles, widths
from flux_studio.project.defaults import output_activation
from flux_studio.project.descriptions import batch_text, is_whole
from flux_studio.project.project import Project
from flux_studio.project.specification import LayerSpecification, Setting, Specification
from flux_studio.training.events import MatrixKey

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
    named = titles(specification)
    rows = batch_rows(project, data)
    inputs = data.preprocessor.input_names if data else ()
    targets = data.targets.shape[1] if data else 0
    passing = _passing(specification, len(inputs)) if data else ()
    cards = []
    for place, layer in enumerate(specification.layers):
        kind = layer_kind(layer.kind)
        cards.append(
            LayerView(
                identity=layer.identity,
                title=named[layer.identity],
                kind=layer.kind,
                fields=kind.fields,
                values=kind.complete(layer.settings),
                shape=f"{rows:,}×{passing[place + 1]:,}" if place + 1 < len(passing) else "",
                error=_layer_error(layer, named[layer.identity]),
            )
        )
    fits = not passing or passing[-1] == targets
    return NetworkView(
        input=InputView(specification.data.source, inputs, f"{rows:,}×{len(inputs):,}" if data else ""),
        layers=tuple(cards),
        loss=LossView(
            title=make_loss(specification.loss).title,
            targets=_targets(specification, data),
            shape=f"{rows:,}×{targets:,}" if data else "",
            error="" if fits else problem(project),
        ),
        parameters=parameters,
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


def wall_layers(project: Project, shapes: Mapping[MatrixKey, tuple[int, int]]) -> tuple[WallLayer, ...]:
    """One row of the wall for each layer that owns matrices."""
    named = titles(project.specification)
    rows = []
    for layer in project.specification.layers:
        own = {name: shape for (identity, name), shape in shapes.items() if identity == layer.identity}
        if own:
            rows.append(WallLayer(layer.identity, named[layer.identity], _subtitle(layer, own), own))
    return tuple(rows)


def labels(
    project: Project, key: MatrixKey, shape: tuple[int, int], samples: Sequence[str]
) -> tuple[Sequence[str], Sequence[str]]:
    """What stands beside the rows and above the columns of a matrix: samples, inputs, neurons or targets.

    ``samples`` are the names of the training rows that batch matrices show.
    """
    layer, name = key
    data = project.dataset()
    position = project.specification.position(layer)
    last = position == len(project.specification.layers) - 1
    before = data.preprocessor.input_names if position == 0 else _numbered("h", shape[0])
    neurons = data.preprocessor.target_names if last else _numbered("n", shape[1])
    if name in ("weights_matrix", "dC_dw_matrix"):
        return before, neurons
    if name in ("bias_matrix", "dC_db_matrix"):
        return ("b",), neurons
    if name == "input_matrix":
        return samples, data.preprocessor.input_names if position == 0 else _numbered("h", shape[1])
    return samples, neurons


class SampleNames:
    """What training rows are called: their bits where all inputs are 0 or 1, else their row or rows in the table."""

    def __init__(self, data: Dataset) -> None:
        self._data = data
        # Decided once for all rows: names must not change their kind from batch to batch.
        few = data.inputs.shape[1] <= _MOST_BITS and not data.windowing.is_series
        self._bits = few and bool(np.isin(data.training_inputs, (0.0, 1.0)).all())

    def of(self, samples: np.ndarray) -> tuple[str, ...]:
        """The names of some training rows, by their places among them."""
        rows = self._data.training[samples]
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
    return f"the first {limit:,} of {batch:,} rows{'' if batch == rows else ' of the present batch'}"


def batch_note(project: Project) -> str:
    """What the matrices are of, where that changes from iteration to iteration; else empty."""
    if not is_batched(project):
        return ""
    rows = len(project.dataset().training)
    return f"{batch_text(project.specification.batch, rows)}, others at each iteration"


def training_settings_view(project: Project) -> TrainingSettingsView:
    """What the panel of training settings shows."""
    specification, data = project.specification, dataset(project)
    return TrainingSettingsView(
        optimizer=specification.optimizer,
        loss=specification.loss,
        losses=tuple((name, loss.title) for name, loss in LOSSES.items()),
        batch=specification.batch,
        rows=len(data.training) if data else 0,
        iterations=specification.iterations,
        validate_every=specification.validate_every,
        seed=specification.seed,
        stop=specification.stop,
        validation_rows=len(data.validation) if data else 0,
    )


def drop_verdict(project: Project, layer: str, position: int) -> DropVerdict:
    """Whether a new layer of a kind, or a layer lifted out, may stand at a place of the stack, and in what words."""
    specification, data = project.specification, dataset(project)
    if data is None:
        return DropVerdict(True, "drop here")
    new = layer in LAYER_KINDS
    changed = insert_new(project, layer, position) if new else specification.move_layer(layer, position)
    n_inputs, n_targets = data.inputs.shape[1], data.targets.shape[1]
    passing = _passing(changed, n_inputs)
    if passing[-1] != n_targets and _passing(specification, n_inputs)[-1] == n_targets:
        outputs = "output" if passing[-1] == 1 else "outputs"
        return DropVerdict(False, f"would end with {passing[-1]} {outputs}; the data need {n_targets}")
    return DropVerdict(True, f"drop here: {passing[position]} → {passing[position + 1]} fits")


def insert_new(project: Project, kind: str, position: int) -> Specification:
    """The specification with a new layer of that kind, set so that it fits where it stands.

    A new layer is as wide as what comes in; at the end of the stack, as wide as the targets.
    """
    specification, data = project.specification, dataset(project)
    row = layer_kind(kind)
    settings: dict[str, Setting] = {}
    if data is not None and any(field.name == "units" for field in row.fields):
        at_end = position == len(specification.layers)
        passing = _passing(specification, data.inputs.shape[1])
        settings["units"] = data.targets.shape[1] if at_end else passing[position]
        if at_end:
            settings["activation"] = output_activation(data)
    return specification.insert_layer(position, row.new(specification.new_identity(), **settings))


def _passing(specification: Specification, n_inputs: int) -> tuple[int, ...]:
    return widths(specification, n_inputs)


def _layer_error(layer: LayerSpecification, title: str) -> str:
    try:
        layer_kind(layer.kind).check(layer.settings, title)
    except FluxError as error:
        return str(error)
    return ""


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
    across = (f"{_counted(data.across, 'window')} across two parts left out",)
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
        count = f"{_counted(len(dropped), 'row')} with gaps:"
    return (count, *first, *more)


def _subtitle(layer: LayerSpecification, shapes: Mapping[str, tuple[int, int]]) -> str:
    inputs, outputs = shapes["input_matrix"][1], shapes["activated_output_matrix"][1]
    passing = f"{inputs} → {outputs}"
    return f"{passing} · {detail(layer)}" if detail(layer) else passing


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _numbered(letter: str, count: int) -> tuple[str, ...]:
    return tuple(f"{letter}{number}" for number in range(count))
