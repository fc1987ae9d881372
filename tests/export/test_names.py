"""Names that mean something in one language or another, and a header that compiles without a warning."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
from pathlib import Path

import pytest

from flux_studio.data.columns import Column
from flux_studio.data.readers import parse_table
from flux_studio.export import c_header, onnx_model, verification
from flux_studio.export.exporters import EXPORTERS, Exporter, export
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
