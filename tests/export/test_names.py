"""Names that mean something in one language or another, and a header that compiles without a warning."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flux_studio.data.columns import Column
from flux_studio.data.readers import parse_table
from flux_studio.engine.expressions import matrix
from flux_studio.export import c_header, numpy_script, onnx_model, verification
from flux_studio.export.exporters import EXPORTERS, Exporter, export
from flux_studio.export.lowering import Raw
from flux_studio.export.subject import Subject
from flux_studio.project.defaults import new_project
from flux_studio.project.project import Project
from tests.export.projects import drained, mixed, trained_sample

COLUMNS = [
    'a "b" \\n {x} %s */ //',
    "'''; \"\"\" import os",
    "class",
    "unix",
    "größe 漢",
    "A b",
    "a_b",
    "outputs",
    "input_matrix",
    "dense_1_weights_matrix",
    "prediction",
]
WORDS = ['yes "\\', "??/ */ %d", "\\x41", "{nothing}", "ü", "Y e s", "y_e_s", "'"]
NAME = '9 "evil" */ \'\'\'""" {n} é.csv'


@pytest.fixture(scope="module")
def evil() -> Project:
    """A table whose words are code in some language."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*COLUMNS, "word", "A_B"])
    for row in range(16):
        writer.writerow(
            [*(row * place % 7 for place in range(len(COLUMNS))), WORDS[row % 8], WORDS[-1 - row % 8]]
        )
    columns = [*(Column(name) for name in COLUMNS), Column("word", "input", "category")]
    return new_project(
        parse_table(text.getvalue(), NAME), columns=[*columns, Column("A_B", "target", "category")]
    )


@pytest.mark.parametrize("exporter", EXPORTERS, ids=lambda each: each.name)
def test_no_name_is_mistaken_for_code(evil: Project, tmp_path: Path, exporter: Exporter) -> None:
    done = export(evil, tmp_path / f"w{exporter.suffix}")
    assert done.difference <= 1e-5


def test_columns_keep_their_names_in_onnx_unless_they_mean_something_inside(evil: Project) -> None:
    names = onnx_model.input_names(Subject(evil))
    changed = {column: name for column, name in zip([*COLUMNS, "word"], names, strict=True) if column != name}
    assert changed == {
        "outputs": "outputs_",
        "input_matrix": "input_matrix_",
        "dense_1_weights_matrix": "dense_1_weights_matrix_",
        "prediction": "prediction_",
    }
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("compiler", ["gcc", "g++"])
def test_the_header_gives_no_warning(evil: Project, tmp_path: Path, compiler: str) -> None:
    if shutil.which(compiler) is None:
        pytest.skip(f"there is no {compiler} here")
    projects = [evil, mixed("float32"), mixed("float64"), trained_sample("mackey-glass", 1)]
    includes = []
    for number, project in enumerate(projects):
        if number == 2:
            continue  # its names are those of the one before
        (tmp_path / f"{number}.h").write_bytes(c_header.make(Subject(project)))
        includes.append(f'#include "{number}.h"\n' * 2)
    (tmp_path / "all.c").write_text("".join(includes) + "int main(void) { return 0; }\n")
    options = ["-std=c99", "-pedantic"] if compiler == "gcc" else ["-x", "c++"]
    command = [compiler, *options, "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "all.c"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stderr == ""


def test_the_same_header_on_the_stack(tmp_path: Path) -> None:
    """Without static memory it computes the same."""
    if verification.compiler() is None:
        pytest.skip("there is no C compiler here")
    content = c_header.make(Subject(trained_sample("iris", 3))).replace(
        b"#ifndef IRIS_STORAGE\n", b"#define IRIS_STORAGE\n#ifndef IRIS_STORAGE\n"
    )
    path, sample = tmp_path / "iris.h", verification.Sample(Subject(trained_sample("iris", 3)))
    path.write_bytes(content)
    found = drained(verification.c_header_file(path, sample))
    assert verification.verify(found, sample) <= 1e-5


def test_an_onnx_model_says_what_it_is() -> None:
    metrics = {"species": {"validation": {"rows": 30, "accuracy": 0.9}}}
    subject = Subject(trained_sample("iris", 3), metrics, "2026-01-02")
    model = onnx_model.model(subject)
    assert model.ir_version == 8
    assert {each.domain: each.version for each in model.opset_import} == {"": 17, "ai.onnx.ml": 3}
    facts = {each.key: each.value for each in model.metadata_props}
    assert (facts["date"], facts["iteration"], facts["data"]) == ("2026-01-02", "3", "iris.csv")
    assert json.loads(facts["metrics"]) == metrics
    assert json.loads(facts["classes"]) == {"species": ["setosa", "versicolor", "virginica"]}
    assert [each.name for each in model.graph.input] == [
        "sepal_length",
        "sepal_width",
        "petal_length",
        "petal_width",
    ]
    assert [each.name for each in model.graph.output] == ["outputs", "prediction"]
    kept = {each.name: list(each.dims) for each in model.graph.initializer}
    assert kept["dense_1_weights_matrix"] == [4, 8]
    operators = [node.op_type for node in model.graph.node]
    assert operators.count("MatMul") == operators.count("Tanh") + operators.count("Sigmoid") == 2


def test_a_header_says_what_it_is() -> None:
    metrics = {"species": {"classes": ["a"], "validation": {"rows": 30, "accuracy": 0.9, "confusion": [[1]]}}}
    text = c_header.make(Subject(trained_sample("iris", 3), metrics, "2026-01-02")).decode()
    head = text.partition("#ifndef")[0]
    assert "on 2026-01-02, iteration 3." in head
    assert " * species, validation: rows 30, accuracy 0.9\n" in head
    assert " * outputs: species=setosa, species=versicolor, species=virginica\n" in head


def test_a_script_knows_where_values_may_be_missing() -> None:
    subject = Subject(trained_sample("iris", 3))
    x, y = (matrix(Raw(name)) for name in ("x", "y"))
    filled = (x.is_missing().where(0.5, x), x.is_missing().where(1, 0), y)
    subject.__dict__["lowered"] = replace(subject.lowered, columns=(Raw("x"), Raw("y")), numbers=filled)
    assert subject.lowered.with_gaps == {"x"}
    module: dict[str, Any] = {"__name__": "exported"}
    exec(numpy_script.make(subject).decode(), module)
    found = module["encode"]({"x": ["2", " ", "NA", float("nan")], "y": [1, "2", 3.5, "4e0"]})
    assert found.tolist() == [[2, 0, 1], [0.5, 1, 2], [0.5, 1, 3.5], [0.5, 1, 4]]
    for cells, told in (
        (["1", ""], "column 'y', row 2: '' is no number"),
        (["inf", "1"], "column 'y', row 1: 'inf' is no number"),
        (["1", "two"], "could not convert"),
    ):
        with pytest.raises(ValueError, match=told):
            module["encode"]({"x": ["2", "3"], "y": cells})
    with pytest.raises(ValueError, match="there is no column 'x'"):
        module["encode"]({"y": [1]})
