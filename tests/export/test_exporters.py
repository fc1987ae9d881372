"""Exported weights, read back by independent means, give the same predictions."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from flux_studio.errors import ExportError
from flux_studio.export import archives, predictions
from flux_studio.export.exporters import EXPORTERS, choose, export
from flux_studio.export.subject import Subject
from flux_studio.locations import sample
from flux_studio.project import catalogue, files
from flux_studio.project.project import Project
from tests.export.plain_numpy import decode, forward, from_csv, from_json, from_npz, inputs
from tests.export.projects import MIXED, mixed, trained, trained_sample


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
    for suffix in (".zip", ".npz", ".json"):
        export(project, tmp_path / f"w{suffix}")
    assert project.run is not None
    kinds = {layer["kind"] for layer in from_json(tmp_path / "w.json")[0]["layers"]}
    assert kinds == {layer.kind for layer in project.specification.layers}
    dtype = project.specification.dtype
    by_table = from_csv(tmp_path / "w.zip", dtype)
    by_npz, by_json = from_npz(tmp_path / "w.npz")[1], from_json(tmp_path / "w.json")[1]
    assert set(by_npz) == set(by_json) == set(project.run.parameters)
    assert set(by_table) == set(project.run.parameters)
    for (layer, name), array in project.run.parameters.items():
        assert array.dtype == dtype
        for read in (by_npz[layer, name], by_json[layer, name], by_table[layer, name]):
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
    for name, make in (("w.json", archives.json_document), ("w.zip", archives.csv_tables)):
        (tmp_path / name).write_bytes(make(Subject(odd)))
    read = from_json(tmp_path / "w.json")
    for array in (read[1][key], from_csv(tmp_path / "w.zip", dtype)[key]):
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
    assert metadata["data"] == "iris.csv"
    assert metadata["classes"] == {"species": ["setosa", "versicolor", "virginica"]}
    assert datetime.fromisoformat(metadata["date"]).tzinfo is not None
    assert metadata["metrics"] == {}
    export(
        trained_sample("iris", 1), tmp_path / "w.npz", metrics={"species": {"accuracy": 0.5}}, date="today"
    )
    metadata, _ = from_npz(tmp_path / "w.npz")
    assert (metadata["metrics"], metadata["date"]) == ({"species": {"accuracy": 0.5}}, "today")


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
    date = "2026-01-02T03:04:05+00:00"
    assert exporter.make(Subject(project, {}, date)) == exporter.make(Subject(project, {}, date))


@pytest.mark.parametrize(
    ("name", "format", "chosen"),
    [
        ("w.npz", None, "npz"),
        ("w.NPZ", None, "npz"),
        ("w.zip", None, "csv"),
        ("w.tar.json", None, "json"),
        ("w.zip", "json", "json"),
        ("w.py", None, "numpy"),
        ("w_torch.py", None, "torch"),
        ("w_Program.PY", None, "program"),
        ("w", "npz", "npz"),
    ],
)
def test_the_format_is_named_or_known_by_the_suffix(name: str, format: str | None, chosen: str) -> None:
    assert choose(Path(name), format).name == chosen


def test_unknown_formats_are_refused_with_the_known_ones() -> None:
    suffixes = ", ".join(exporter.suffix for exporter in EXPORTERS)
    with pytest.raises(ExportError, match=rf"^w\.csv: .* end it with one of {re.escape(suffixes)}$"):
        choose(Path("w.csv"))
    names = ", ".join(exporter.name for exporter in EXPORTERS)
    with pytest.raises(ExportError, match=rf"^export format 'NPZ' is not known; choose one of {names}$"):
        choose(Path("w.npz"), "NPZ")


def test_every_exporter_says_what_it_is() -> None:
    assert len({exporter.name for exporter in EXPORTERS}) == len(EXPORTERS)
    assert len({exporter.suffix for exporter in EXPORTERS}) == len(EXPORTERS)
    for exporter in EXPORTERS:
        assert exporter.title
        assert exporter.sentence.endswith(".")
        assert exporter.covers


@pytest.mark.parametrize(("place", "words"), [("nowhere/w.npz", "does not exist"), (".", "folder")])
def test_a_place_that_cannot_be_written_leaves_nothing(tmp_path: Path, place: str, words: str) -> None:
    project = files.load(sample("xor.flux"))
    with pytest.raises(ExportError, match=words):
        export(project, tmp_path / place, "npz")
    assert list(tmp_path.iterdir()) == []
