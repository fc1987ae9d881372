"""A network that reads an exported file and predicts with NumPy alone: nothing here is Flux Studio's."""

from __future__ import annotations

import csv
import json
import math
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

Metadata = dict[str, Any]
Matrices = dict[tuple[str, str], np.ndarray]

ACTIVATIONS = {
    "identity": lambda a: a,
    "relu": lambda a: np.maximum(a, 0),
    "leaky_relu": lambda a: np.where(a > 0, a, 0.01 * a),
    "elu": lambda a: np.where(a > 0, a, np.exp(np.minimum(a, 0)) - 1),
    "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
    "tanh": np.tanh,
    "swish": lambda a: a / (1 + np.exp(-a)),
    "gelu": lambda a: a * 0.5 * (1 + np.vectorize(math.erf)(a / math.sqrt(2))),
    "softmax": lambda a: np.exp(a) / np.exp(a).sum(axis=1, keepdims=True),
}


def from_npz(path: Path) -> tuple[Metadata, Matrices]:
    """Metadata and matrices of a NumPy archive."""
    with np.load(path, allow_pickle=False) as archive:
        matrices = {tuple(name.rsplit(".", 1)): archive[name] for name in archive.files if name != "metadata"}
        return json.loads(str(archive["metadata"])), matrices


def from_json(path: Path) -> tuple[Metadata, Matrices]:
    """Metadata and matrices of a JSON document."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    document = json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)
    matrices: Matrices = {}
    layers = [*document["layers"]]
    while layers:
        layer = layers.pop()
        layers += layer.get("layers", [])
        for name, rows in layer["matrices"].items():
            *part, matrix = name.split("/")
            matrices["/".join([layer["identity"], *part]), matrix] = np.array(rows, document["dtype"])
    return document, matrices


def from_csv(path: Path, dtype: str) -> Matrices:
    """Matrices of a zip of CSV tables, in the order of its list of contents."""
    matrices: Matrices = {}
    with zipfile.ZipFile(path) as archive:
        for row in csv.DictReader(archive.read("contents.csv").decode().splitlines()):
            lines = csv.reader(archive.read(row["file"]).decode().splitlines())
            matrix = np.array([[np.dtype(dtype).type(cell) for cell in line] for line in lines], dtype)
            assert matrix.shape == (int(row["rows"]), int(row["columns"]))
            matrices[row["identity"], row["matrix"]] = matrix
    return matrices


def inputs(metadata: Metadata, table: Path) -> np.ndarray:
    """The rows of a table as N×I, by the encoders in the metadata."""
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    columns = []
    for encoder in metadata["preprocessing"]["input_encoders"]:
        cells = [row[encoder["column"]] for row in rows]
        if encoder["kind"] == "number":
            columns.append([(float(cell) - encoder["offset"]) / encoder["scale"] for cell in cells])
        elif encoder["kind"] == "yes_no":
            columns.append([{encoder["no"]: 0.0, encoder["yes"]: 1.0}[cell] for cell in cells])
        else:
            columns += [[float(cell == name) for cell in cells] for name in encoder["categories"]]
    matrix = np.array(columns).T
    assert matrix.shape[1] == len(metadata["inputs"])
    return matrix


def forward(metadata: Metadata, matrices: Matrices, x: np.ndarray) -> np.ndarray:
    """The network's outputs, N×O, in float64."""
    matrices = {key: matrix.astype(np.float64) for key, matrix in matrices.items()}
    for layer in metadata["layers"]:
        x = _through(layer, matrices, x)
    return x


def _through(layer: Metadata, matrices: Matrices, x: np.ndarray) -> np.ndarray:
    identity, settings = layer["identity"], layer["settings"]

    def linear(part: str = "") -> np.ndarray:
        return x @ matrices[identity + part, "weights_matrix"] + matrices[identity + part, "bias_matrix"]

    match layer["kind"]:
        case "dense.v1":
            return ACTIVATIONS[settings["activation"]](linear())
        case "activation.v1":
            return ACTIVATIONS[settings["activation"]](x)
        case "dropout.v1":
            return x
        case "layer_norm.v1":
            apart = x - x.mean(axis=1, keepdims=True)
            normal = apart / np.sqrt((apart**2).mean(axis=1, keepdims=True) + 1e-5)
            return normal * matrices[identity, "gain_matrix"] + matrices[identity, "shift_matrix"]
        case "gated_linear.v1":
            return linear("/value") * ACTIVATIONS["sigmoid"](linear("/gate"))
        case "rnn.v1" | "lstm.v1":
            return _over_steps(layer, matrices, x)
        case "residual.v1":
            h = x
            for inner in layer["layers"]:
                h = _through(inner, matrices, h)
            skip = matrices.get((f"{identity}/skip", "weights_matrix"))
            return h + (x if skip is None else x @ skip)
    raise AssertionError(f"what is a {layer['kind']}?")


def _over_steps(layer: Metadata, matrices: Matrices, x: np.ndarray) -> np.ndarray:
    w, u, b = (
        matrices[layer["identity"], f"{name}_matrix"] for name in ("weights", "recurrent_weights", "bias")
    )
    sigma = ACTIVATIONS["sigmoid"]
    h, c, states = np.zeros((len(x), len(u))), np.zeros((len(x), len(u))), []
    for step in np.hsplit(x, x.shape[1] // len(w)):
        a = step @ w + h @ u + b
        if layer["kind"] == "rnn.v1":
            h = ACTIVATIONS[layer["settings"]["activation"]](a)
        else:
            part = dict(zip(layer["columns"], np.hsplit(a, 4), strict=True))
            c = sigma(part["forget"]) * c + sigma(part["input"]) * np.tanh(part["candidate"])
            h = sigma(part["output"]) * np.tanh(c)
        states.append(h)
    return np.hstack(states) if layer["settings"]["returns"] == "all" else h


def decode(metadata: Metadata, outputs: np.ndarray) -> list[list[str | float]]:
    """What ``predict`` should say: predictions, then shares, for each row."""
    predictions: list[list[str | float]] = []
    shares: list[list[float]] = []
    for encoder in metadata["preprocessing"]["target_encoders"]:
        width = len(encoder.get("categories", [0]))
        part, outputs = outputs[:, :width], outputs[:, width:]
        if encoder["kind"] == "number":
            predictions.append(list(part[:, 0] * encoder["scale"] + encoder["offset"]))
        elif encoder["kind"] == "yes_no":
            predictions.append([encoder["yes"] if y >= 0.5 else encoder["no"] for y in part[:, 0]])
            shares += [list(1 - part[:, 0]), list(part[:, 0])]
        else:
            predictions.append([encoder["categories"][place] for place in part.argmax(axis=1)])
            shares += [list(column) for column in part.T]
    assert outputs.shape[1] == 0
    return [list(row) for row in zip(*predictions, *shares, strict=True)]
