"""A table of exporters: each writes a project's weights in one format that other tools read."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

import flux_studio
from flux_studio.engine.operations.base import Array
from flux_studio.engine.recording import below
from flux_studio.engine.slots import MatrixKey
from flux_studio.errors import ExportError, ProjectFileError
from flux_studio.project.catalogue import layer_kind, titles
from flux_studio.project.files import write_atomically
from flux_studio.project.project import Project
from flux_studio.project.specification import LayerSpecification


@dataclass(frozen=True)
class Exporter:
    """One format: how it is called, the suffix that means it, and the function that makes the file's bytes."""

    name: str
    suffix: str
    title: str
    make: Callable[[Project], bytes]


def export(project: Project, path: Path | str, format: str | None = None) -> Exporter:
    """Write the project's weights; the format is known by its name or by the file's suffix."""
    path = Path(path)
    exporter = choose(path, format)
    try:
        write_atomically(path, exporter.make(project))
    except ProjectFileError as error:
        raise ExportError(str(error)) from error
    return exporter


def choose(path: Path, format: str | None = None) -> Exporter:
    """The exporter for a format's name, or else for the file's suffix; :class:`ExportError` if there is none."""
    if format is not None:
        for exporter in EXPORTERS:
            if exporter.name == format:
                return exporter
        known = ", ".join(exporter.name for exporter in EXPORTERS)
        raise ExportError(f"export format {format!r} is not known; choose one of {known}")
    for exporter in EXPORTERS:
        if path.suffix.lower() == exporter.suffix:
            return exporter
    suffixes = ", ".join(exporter.suffix for exporter in EXPORTERS)
    raise ExportError(f"{path}: the name does not say which format is meant; end it with one of {suffixes}")


def weights(project: Project) -> dict[MatrixKey, Array]:
    """The project's parameters by layer identity and matrix name: trained, or else the start weights."""
    if project.run is not None:
        return dict(project.run.parameters)
    return project.network("reference").parameters()


def _metadata(project: Project) -> dict[str, Any]:
    """What a reader needs beside the numbers to predict with them."""
    dataset, specification = project.dataset(), project.specification
    named = titles(specification)
    return {
        "made_by": f"Flux Studio {flux_studio.__version__}",
        "iteration": 0 if project.run is None else project.run.iteration,
        "dtype": specification.dtype,
        "loss": specification.loss,
        "inputs": list(dataset.preprocessor.input_names),
        "outputs": list(dataset.preprocessor.target_names),
        "preprocessing": msgspec.to_builtins(dataset.preprocessor),
        "layers": [_layer(layer, named) for layer in specification.layers],
    }


def _layer(layer: LayerSpecification, named: Mapping[str, str]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "identity": layer.identity,
        "title": named[layer.identity],
        "kind": layer.kind,
        "settings": layer_kind(layer.kind).complete(layer.settings),
    }
    if blocks := layer_kind(layer.kind).blocks:
        described["columns"] = list(blocks)
    if layer.layers:
        described["layers"] = [_layer(inner, named) for inner in layer.layers]
    return described


def _npz(project: Project) -> bytes:
    content = io.BytesIO()
    arrays: dict[str, Any] = {
        f"{layer}.{name}": np.ascontiguousarray(array) for (layer, name), array in weights(project).items()
    }
    np.savez(content, metadata=np.array(json.dumps(_metadata(project))), **arrays)
    return content.getvalue()


def _json(project: Project) -> bytes:
    document = {"format": "flux-studio-weights", "version": 1, **_metadata(project)}
    _add_matrices(document["layers"], weights(project))
    return (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode()


def _add_matrices(layers: list[dict[str, Any]], arrays: Mapping[MatrixKey, Array]) -> None:
    """Put each layer's numbers into its description; those of a part are called ``gate/weights_matrix``."""
    for layer in layers:
        parts = layer_kind(layer["kind"]).parts
        owners = {layer["identity"]: "", **{below(layer["identity"], part): f"{part}/" for part in parts}}
        layer["matrices"] = {
            owners[owner] + name: _numbers(array)
            for (owner, name), array in arrays.items()
            if owner in owners
        }
        _add_matrices(layer.get("layers", []), arrays)


def _csv(project: Project) -> bytes:
    named = titles(project.specification)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(("layer", "matrix", "row", "column", "value"))
    for (layer, name), array in weights(project).items():
        for (row, column), value in np.ndenumerate(array):
            writer.writerow((named[layer], name, row, column, str(value)))
    return text.getvalue().encode()


def _numbers(array: Array) -> list[list[float]]:
    # The shortest text that gives the same number back, also for 32-bit numbers.
    return [[float(str(value)) for value in row] for row in array]


EXPORTERS: tuple[Exporter, ...] = (
    Exporter("npz", ".npz", "NumPy archive", _npz),
    Exporter("csv", ".csv", "CSV table", _csv),
    Exporter("json", ".json", "JSON document", _json),
)
