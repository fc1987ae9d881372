"""From a project to what the panels show: plain functions that make the views' records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from flux_studio.data.dataset import Dataset
from flux_studio.engine.layers import ACTIVATIONS
from flux_studio.engine.losses import make_loss
from flux_studio.errors import FluxError
from flux_studio.gui.panels.data import DataView
from flux_studio.gui.panels.wall import WallLayer
from flux_studio.gui.widgets.network_view import DropVerdict, InputView, LayerView, LossView, NetworkView
from flux_studio.project.catalogue import LAYER_KINDS, layer_kind, titles, widths
from flux_studio.project.defaults import output_activation
from flux_studio.project.project import Project
from flux_studio.project.specification import LayerSpecification, Setting, Specification
from flux_studio.training.events import MatrixKey

_NOTED_ROWS = 3


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
    rows = len(data.training) if data else 0
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
    project: Project, key: MatrixKey, shape: tuple[int, int], limit: int
) -> tuple[Sequence[str], Sequence[str]]:
    """What stands beside the rows and above the columns of a matrix: samples, inputs, neurons or targets."""
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
    samples = sample_labels(data, limit)
    if name == "input_matrix":
        return samples, data.preprocessor.input_names if position == 0 else _numbered("h", shape[1])
    return samples, neurons


def sample_labels(data: Dataset, limit: int) -> tuple[str, ...]:
    """The training rows' names: their bits where all inputs are 0 or 1, else their row in the table."""
    inputs = data.training_inputs[:limit]
    if inputs.shape[1] <= 8 and np.isin(inputs, (0.0, 1.0)).all():
        return tuple("".join(str(int(bit)) for bit in row) for row in inputs)
    return tuple(f"row {row + 1}" for row in data.table_rows[data.training[:limit]])


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
    roles = {column.role for column in specification.data.columns}
    if roles and "target" not in roles:
        return "no target yet: select the column to predict in the data panel and press Target"
    if roles and "input" not in roles:
        return "no inputs yet: select the columns to learn from in the data panel and press Input"
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
        if column.role == "target"
    )


def _notes(data: Dataset) -> tuple[str, ...]:
    dropped = data.dropped
    if not dropped:
        return ()
    first = tuple(row.reason for row in dropped[:_NOTED_ROWS])
    more = (f"and {len(dropped) - _NOTED_ROWS:,} more",) if len(dropped) > _NOTED_ROWS else ()
    count = f"{len(dropped):,} {'row is' if len(dropped) == 1 else 'rows are'} left out:"
    return (count, *first, *more)


def _subtitle(layer: LayerSpecification, shapes: Mapping[str, tuple[int, int]]) -> str:
    settings = layer_kind(layer.kind).complete(layer.settings)
    activation = ACTIVATIONS[str(settings["activation"])].title
    inputs, outputs = shapes["input_matrix"][1], shapes["activated_output_matrix"][1]
    return f"{inputs} → {outputs} · {activation}"


def _numbered(letter: str, count: int) -> tuple[str, ...]:
    return tuple(f"{letter}{number}" for number in range(count))
