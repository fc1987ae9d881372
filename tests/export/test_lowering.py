"""Preprocessing in other languages: gaps, orders, indicators and derived inputs become what they become here."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from flux_studio.data.columns import Column, Derived
from flux_studio.data.derived import FUNCTIONS
from flux_studio.data.readers import parse_table
from flux_studio.errors import ExportError
from flux_studio.export import exporters
from flux_studio.export.lowering import DERIVED, NO_WORD, lower
from flux_studio.project.defaults import new_project
from flux_studio.project.notation import read_layers
from flux_studio.project.project import Project
from tests.export.projects import trained

GAPPED = """size,colour,grade,wet,day,price
10.5,red,low,yes,2024-01-05,100
NA,blue,high,no,2024-02-01,250
35.25,,mid,yes,2024-03-09,90
-4,red,,no,2024-05-20,310
8,blue,low,,2024-06-30,130
,green,mid,no,2024-08-11,205
"""
COLUMNS = (
    Column("size", scaling="robust", missing="median", indicator=True),
    Column("colour", kind="category", missing="constant", fill="grey", indicator=True),
    Column("grade", kind="category", missing="most_common", encoding="ordinal", order=("low", "mid", "high")),
    Column("wet", kind="yes_no", missing="most_common"),
    Column("price", "target"),
)
ALL_DERIVED = tuple(Derived(name, ("size",) * function.takes) for name, function in FUNCTIONS.items())


def gapped(*columns: Column, derived: tuple[Derived, ...] = ()) -> Project:
    table = parse_table(GAPPED, "gapped.csv")
    named = {column.name for column in columns}
    ignored = [Column(name, "ignore") for name in table.names if name not in named]
    layers = read_layers("4:tanh,1:identity")
    return trained(
        new_project(table, columns=[*columns, *ignored], layers=layers, validation=0.0, derived=derived)
    )


@pytest.mark.parametrize("suffix", [".onnx", ".py", ".h"])
def test_gaps_orders_indicators_and_derived_inputs(tmp_path: Path, suffix: str) -> None:
    project = gapped(*COLUMNS, derived=ALL_DERIVED)
    assert project.dataset().inputs.shape == (6, 13)
    # What was written is run on these rows, gaps among them, before it is kept.
    done = exporters.export(project, tmp_path / f"gapped{suffix}")
    if suffix != ".h" or shutil.which("cc"):
        assert done.rows == 6
        assert done.difference < 1e-5


def test_each_derived_function_has_its_term() -> None:
    assert set(DERIVED) == set(FUNCTIONS)


def test_only_columns_in_which_something_stands_for_a_gap_may_have_one() -> None:
    lowered = lower(gapped(*COLUMNS).dataset().preprocessor)
    assert [NO_WORD in raw.words for raw in lowered.columns if raw.words] == [True, True, True]
    assert lowered.with_gaps == {"size"}
    strict = Column("colour", kind="category"), Column("price", "target")
    lowered = lower(gapped(*strict).dataset().preprocessor)
    assert [raw.words for raw in lowered.columns] == [("blue", "green", "red")]


def test_dates_are_refused_by_formats_that_take_the_tables_columns(tmp_path: Path) -> None:
    project = gapped(Column("day", kind="date"), Column("price", "target"))
    with pytest.raises(ExportError, match=r"column 'day': this format cannot carry .* \(date\)"):
        exporters.export(project, tmp_path / "dated.onnx")
    assert not list(tmp_path.iterdir())
    assert exporters.export(project, tmp_path / "dated.npz").rows == 6
