"""The weights by their names, as they are: NumPy archive, safetensors, JSON and a zip of CSV tables."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from flux_studio.engine.operations.base import Array
from flux_studio.engine.recording import below
from flux_studio.engine.slots import MatrixKey
from flux_studio.export.subject import Subject
from flux_studio.project.catalogue import layer_kind

_DATE = (1980, 1, 1, 0, 0, 0)
"""One date for all members, so that the same weights give the same bytes."""


def full_name(key: MatrixKey) -> str:
    """What a matrix is called where each has one name: ``layer-1.weights_matrix``."""
    return ".".join(key)


def npz(subject: Subject) -> bytes:
    """Each matrix by its full name, and ``metadata``, JSON as text."""
    content = io.BytesIO()
    arrays: dict[str, Any] = {"metadata": np.array(json.dumps(subject.metadata)), **_named(subject)}
    np.savez(content, **arrays)
    return content.getvalue()


def safetensors(subject: Subject) -> bytes:
    """Each matrix by its full name; in the metadata ``flux_studio``, JSON as text."""
    from safetensors.numpy import save

    # A single entry, because their order would be another one each time.
    content: bytes = save(_named(subject), {"flux_studio": json.dumps(subject.metadata, ensure_ascii=False)})
    return content


def json_document(subject: Subject) -> bytes:
    """The metadata with each layer's matrices in its description, as rows of numbers."""
    document = {"format": "flux-studio-weights", "version": 1, **subject.metadata}
    document["layers"] = _with_matrices(document["layers"], subject.weights)
    return (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode()


def csv_tables(subject: Subject) -> bytes:
    """A zip: a table of plain numbers for each matrix, ``contents.csv`` that lists them, and ``metadata.json``."""
    content, contents = io.BytesIO(), io.StringIO()
    listing = csv.writer(contents, lineterminator="\r\n")
    listing.writerow(("file", "layer", "identity", "matrix", "rows", "columns"))
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for (layer, name), array in subject.weights.items():
            file = f"{subject.flow.parameters[layer, name].name}.csv"
            listing.writerow((file, subject.named[layer], layer, name, *array.shape))
            text = "".join(",".join(map(str, row)) + "\r\n" for row in array)
            archive.writestr(_member(file), text)
        archive.writestr(_member("contents.csv"), contents.getvalue())
        description = json.dumps(subject.metadata, indent=1, ensure_ascii=False)
        archive.writestr(_member("metadata.json"), description + "\n")
    return content.getvalue()


def read_json(path: Path) -> dict[str, Array]:
    """The matrices of a JSON document, by full name."""
    document = json.loads(path.read_text(encoding="utf-8"))
    found: dict[str, Array] = {}
    layers = [*document["layers"]]
    while layers:
        layer = layers.pop()
        layers += layer.get("layers", [])
        for name, rows in layer["matrices"].items():
            part, _, matrix = name.rpartition("/")
            owner = below(layer["identity"], part) if part else layer["identity"]
            found[full_name((owner, matrix))] = np.array(rows, document["dtype"])
    return found


def read_csv_tables(path: Path) -> dict[str, Array]:
    """The matrices of a zip of CSV tables, by full name."""
    found: dict[str, Array] = {}
    with zipfile.ZipFile(path) as archive:
        dtype = json.loads(archive.read("metadata.json"))["dtype"]
        for row in csv.DictReader(io.StringIO(archive.read("contents.csv").decode())):
            lines = archive.read(row["file"]).decode().splitlines()
            values = [[float(cell) for cell in line.split(",")] for line in lines]
            found[full_name((row["identity"], row["matrix"]))] = np.array(values, dtype)
    return found


def _named(subject: Subject) -> dict[str, Array]:
    # safetensors writes what lies in memory, whatever order that is in.
    return {full_name(key): np.ascontiguousarray(array) for key, array in subject.weights.items()}


def _with_matrices(layers: list[dict[str, Any]], arrays: Mapping[MatrixKey, Array]) -> list[dict[str, Any]]:
    """The layers with their numbers; those of a part are called ``gate/weights_matrix``."""
    made = []
    for layer in layers:
        parts = layer_kind(layer["kind"]).parts
        owners = {layer["identity"]: "", **{below(layer["identity"], part): f"{part}/" for part in parts}}
        matrices = {
            owners[owner] + name: _numbers(array)
            for (owner, name), array in arrays.items()
            if owner in owners
        }
        inner = {"layers": _with_matrices(layer["layers"], arrays)} if "layers" in layer else {}
        made.append({**layer, "matrices": matrices, **inner})
    return made


def _numbers(array: Array) -> list[list[float]]:
    # The shortest text that gives the same number back, also for 32-bit numbers.
    return [[float(str(value)) for value in row] for row in array]


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, _DATE)
    member.compress_type = zipfile.ZIP_DEFLATED
    member.external_attr = 0o644 << 16
    return member
