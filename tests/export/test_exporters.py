"""Exported weights, read back by independent means, give the same predictions."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from flux_studio.data.columns import Column
from flux_studio.data.readers import parse_table
from flux_studio.errors import ExportError
from flux_studio.export import predictions
from flux_studio.export.exporters import EXPORTERS, choose, export
from flux_studio.locations import sample
from flux_studio.project import catalogue, files
from flux_studio.project.catalogue import layer_kind
from flux_studio.project.defaults import new_project
from flux_studio.project.project import Project
from flux_studio.project.specification import LayerSpecification
from flux_studio.training.session import Session
from tests.export.plain_numpy import decode, forward, from_csv, from_json, from_npz, inputs

MIXED = """size,colour,wet,depth,price,good
10.5,red,yes,0,100,no
20,blue,no,1,250,yes
35.25,green,yes,-1,90,yes
-4,red,no,0.5,310,no
8,blue,yes,0.25,130,yes
15,red,no,-0.5,205,no
"""


def trained(project: Project, iterations: int = 60) -> Project:
    session = Session(project, "reference")
    list(session.train(iterations))
    return project.with_run(session.run())


def stack(*layers: tuple[str, dict[str, Any]]) -> tuple[LayerSpecification, ...]:
    return tuple(
        layer_kind(kind).new(f"box {number}", **settings) for number, (kind, settings) in enumerate(layers)
    )


def mixed(dtype: str) -> Project:
    """Every kind of column and of layer, several targets, every activation."""
    table = parse_table(MIXED, "mixed.csv")
    columns = (
        Column("size", "input", "number", "standard"),
        Column("colour", "input", "category"),
        Column("wet", "input", "yes_no"),
        Column("depth", "input", "number", "min_max"),
        Column("price", "target", "number", "standard"),
        Column("good", "target", "yes_no"),
    )
    layers = stack(
        ("activation.v1", {"activation": "identity"}),
        ("dense.v1", {"units": 5, "activation": "gelu"}),
        ("dense.v1", {"units": 7, "activation": "swish"}),
        ("activation.v1", {"activation": "elu"}),
        ("dense.v1", {"units": 6, "activation": "relu"}),
        ("layer_norm.v1", {}),
        ("gated_linear.v1", {"units": 5}),
        ("dropout.v1", {"percent": 30}),
        ("residual.v1", {}),
        ("residual.v1", {}),
        ("lstm.v1", {"units": 3, "returns": "all", "steps": 4}),
        ("rnn.v1", {"units": 2, "activation": "sigmoid", "returns": "all"}),
        ("lstm.v1", {"units": 6}),
        ("rnn.v1", {"units": 5, "steps": 2}),
        ("dense.v1", {"units": 4, "activation": "leaky_relu"}),
        ("activation.v1", {"activation": "sigmoid"}),
        ("dense.v1", {"units": 2, "activation": "tanh"}),
    )
    project = new_project(table, columns=columns)
    return project.with_specification(project.specification.replace(layers=layers, dtype=dtype))


@pytest.fixture(params=["parity-4", "iris", "flux-readme", "mixed float32", "mixed float64"])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Project, Path]:
    """A trained project and a table to predict for."""
    if not request.param.startswith("mixed"):
        project = files.load(sample(f"{request.param}.flux"))
        return trained(project), sample(f"{request.param}.csv")
    (tmp_path / "mixed.csv").write_text(MIXED)
    return trained(mixed(request.param.split()[1])), tmp_path / "mixed.csv"


def predicted(project: Project, table: Path) -> list[list[str | float]]:
    """The numbers that ``predict`` prints."""

    def value(cell: str) -> str | float:
        try:
            return float(cell)
        except ValueError:
            return cell

    _, *rows = csv.reader(io.StringIO(predictions.as_csv(project, table)))
    classes = project.dataset().preprocessor.task != "numbers"
    return [[row[0], *map(float, row[1:])] if classes else [value(cell) for cell in row] for row in rows]


@pytest.mark.parametrize("suffix", [".npz", ".json"])
def test_the_file_alone_predicts_what_predict_says(
    case: tuple[Project, Path], tmp_path: Path, suffix: str
) -> None:
    project, table = case
    path = tmp_path / f"weights{suffix}"
    export(project, path)
    metadata, matrices = {".npz": from_npz, ".json": from_json}[suffix](path)
    ours = decode(metadata, forward(metadata, matrices, inputs(metadata, table)))
    theirs = predicted(project, table)
    assert len(ours) == len(theirs) == len(table.read_text().splitlines()) - 1
    tolerance = 1e-12 if metadata["dtype"] == "float64" else 3e-6
    for one, other in zip(ours, theirs, strict=True):
        assert [cell for cell in one if isinstance(cell, str)] == [c for c in other if isinstance(c, str)]
        np.testing.assert_allclose(
            [cell for cell in one if not isinstance(cell, str)],
            [cell for cell in other if not isinstance(cell, str)],
            rtol=tolerance,
            atol=tolerance,
        )


def test_every_number_survives_every_format(case: tuple[Project, Path], tmp_path: Path) -> None:
    project, _ = case
    for exporter in EXPORTERS:
        export(project, tmp_path / f"w{exporter.suffix}")
    assert project.run is not None
    titles = catalogue.titles(project.specification)
    kinds = {layer["kind"] for layer in from_json(tmp_path / "w.json")[0]["layers"]}
    assert kinds == {layer.kind for layer in project.specification.layers}
    dtype = project.specification.dtype
    by_title = from_csv(tmp_path / "w.csv", dtype)
    by_npz, by_json = from_npz(tmp_path / "w.npz")[1], from_json(tmp_path / "w.json")[1]
    assert set(by_npz) == set(by_json) == set(project.run.parameters)
    assert set(by_title) == {(titles[layer], name) for layer, name in project.run.parameters}
    for (layer, name), array in project.run.parameters.items():
        assert array.dtype == dtype
        for read in (by_npz[layer, name], by_json[layer, name], by_title[titles[layer], name]):
            np.testing.assert_array_equal(read, array, strict=True)


def test_no_kind_of_layer_is_left_out() -> None:
    layers = mixed("float32").specification.layers
    assert {layer.kind for layer in layers} == set(catalogue.LAYER_KINDS)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_awkward_numbers_survive_the_text_formats(tmp_path: Path, dtype: str) -> None:
    project = trained(mixed(dtype), 1)
    assert project.run is not None
    kind = np.finfo(dtype)
    awkward = [
        kind.max,
        -kind.max,
        kind.tiny,
        kind.smallest_subnormal,
        kind.eps,
        -0.0,
        0.1,
        1 / 3,
        1e7,
        16777217,
    ]
    parameters = {key: array.copy() for key, array in project.run.parameters.items()}
    key = max(parameters, key=lambda each: parameters[each].size)
    parameters[key].ravel()[: len(awkward)] = awkward
    odd = project.with_run(replace(project.run, parameters=parameters))
    export(odd, tmp_path / "w.json")
    export(odd, tmp_path / "w.csv")
    read = from_json(tmp_path / "w.json")
    title = catalogue.titles(project.specification)[key[0]]
    for array in (read[1][key], from_csv(tmp_path / "w.csv", dtype)[title, key[1]]):
        assert array.tobytes() == parameters[key].tobytes()


def test_the_file_says_what_it_is(tmp_path: Path) -> None:
    project = trained(files.load(sample("iris.flux")), 12)
    export(project, tmp_path / "w.npz")
    metadata, _ = from_npz(tmp_path / "w.npz")
    assert metadata["iteration"] == 12
    assert metadata["loss"] == "mse"
    assert metadata["dtype"] == "float32"
    assert metadata["inputs"] == ["sepal_length", "sepal_width", "petal_length", "petal_width"]
    assert metadata["outputs"] == ["species=setosa", "species=versicolor", "species=virginica"]
    assert [layer["title"] for layer in metadata["layers"]] == ["Dense 1", "Dense 2"]
    assert metadata["made_by"].startswith("Flux Studio ")


def test_settings_that_a_project_leaves_out_are_written_out(tmp_path: Path) -> None:
    """A reader of the file does not know our defaults."""
    project = files.load(sample("parity-4.flux"))
    first, *others = project.specification.layers
    bare = msgspec.structs.replace(first, settings={})
    project = project.with_specification(project.specification.replace(layers=(bare, *others)))
    export(project, tmp_path / "w.json")
    settings = from_json(tmp_path / "w.json")[0]["layers"][0]["settings"]
    assert settings == {"units": 8, "activation": "leaky_relu", "initializer": "xavier_uniform"}


def test_an_untrained_project_exports_its_start_weights(tmp_path: Path) -> None:
    project = files.load(sample("parity-4.flux"))
    export(project, tmp_path / "w.npz")
    metadata, matrices = from_npz(tmp_path / "w.npz")
    assert metadata["iteration"] == 0
    for key, array in project.network("reference").parameters().items():
        np.testing.assert_array_equal(matrices[key], array, strict=True)


@pytest.mark.parametrize("exporter", EXPORTERS, ids=lambda exporter: exporter.name)
def test_the_same_project_gives_the_same_file(tmp_path: Path, exporter: Any) -> None:
    project = trained(files.load(sample("xor.flux")), 3)
    assert exporter.make(project) == exporter.make(project)


@pytest.mark.parametrize(
    ("name", "format", "chosen"),
    [
        ("w.npz", None, "npz"),
        ("w.NPZ", None, "npz"),
        ("w.csv", None, "csv"),
        ("w.tar.json", None, "json"),
        ("w.csv", "json", "json"),
        ("w", "npz", "npz"),
    ],
)
def test_the_format_is_named_or_known_by_the_suffix(name: str, format: str | None, chosen: str) -> None:
    assert choose(Path(name), format).name == chosen


def test_unknown_formats_are_refused_with_the_known_ones() -> None:
    with pytest.raises(ExportError, match=r"^w\.onnx: .* end it with one of \.npz, \.csv, \.json$"):
        choose(Path("w.onnx"))
    with pytest.raises(
        ExportError, match=r"^export format 'NPZ' is not known; choose one of npz, csv, json$"
    ):
        choose(Path("w.npz"), "NPZ")


@pytest.mark.parametrize(("place", "words"), [("nowhere/w.npz", "does not exist"), (".", "folder")])
def test_a_place_that_cannot_be_written_leaves_nothing(tmp_path: Path, place: str, words: str) -> None:
    project = files.load(sample("xor.flux"))
    with pytest.raises(ExportError, match=words):
        export(project, tmp_path / place, "npz")
    assert list(tmp_path.iterdir()) == []
