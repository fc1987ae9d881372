"""From projects to what panels show: which rows are named, and how many."""

from __future__ import annotations

import numpy as np
import pytest

from flux_studio.gui import presenting
from tests.gui.windows import sample


def test_rows_of_bits_are_called_by_their_bits() -> None:
    names = presenting.SampleNames(sample("parity-4").dataset())
    assert names.of(np.array([3, 0, 15])) == ("0011", "0000", "1111")


def test_other_rows_are_called_by_their_row_in_the_table() -> None:
    data = sample("iris").dataset()
    samples = np.array([5, 119, 0])
    rows = [int(data.table_rows[place]) + 1 for place in samples]
    assert presenting.SampleNames(data).of(samples) == tuple(f"row {row}" for row in rows)


@pytest.mark.parametrize(
    ("name", "batch", "limit", "note"),
    [
        ("iris", None, 256, ""),
        ("iris", 500, 256, ""),
        ("iris", None, 100, "the first 100 of 120 rows"),
        ("iris", 32, 256, ""),
        ("iris", 64, 50, "the first 50 of 64 rows of the present batch"),
    ],
)
def test_the_wall_says_which_rows_it_shows(name: str, batch: int | None, limit: int, note: str) -> None:
    project = sample(name)
    changed = project.with_specification(project.specification.replace(batch=batch))
    assert presenting.rows_note(changed, limit) == note


@pytest.mark.parametrize(
    ("batch", "note"), [(None, ""), (120, ""), (500, ""), (32, "32 of 120 rows, others at each iteration")]
)
def test_matrices_that_change_their_rows_say_so(batch: int | None, note: str) -> None:
    project = sample("iris")
    changed = project.with_specification(project.specification.replace(batch=batch))
    assert presenting.batch_note(changed) == note


def test_the_shapes_in_the_stack_are_those_of_a_batch() -> None:
    project = sample("iris")
    changed = project.with_specification(project.specification.replace(batch=32))
    view = presenting.network_view(changed, 67)
    assert [view.input.shape, *(layer.shape for layer in view.layers), view.loss.shape] == [
        "32×4",
        "32×8",
        "32×3",
        "32×3",
    ]


def test_the_settings_are_those_of_the_specification() -> None:
    project = sample("iris")
    specification = project.specification
    view = presenting.training_settings_view(project)
    assert (view.optimizer, view.loss, view.batch) == (specification.optimizer, "mse", None)
    assert (view.rows, view.validation_rows, view.iterations, view.seed) == (
        120,
        30,
        1000,
        specification.seed,
    )
    assert ("cross_entropy", "cross-entropy") in view.losses
