"""What a new project begins with can be trained as it is."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from flux_studio.data.columns import Column
from flux_studio.data.windows import Windowing
from flux_studio.engine.updating import OPTIMIZERS, SCHEDULES
from flux_studio.errors import DataError
from flux_studio.project.defaults import fitted_to, new_project, usual_optimizer, usual_schedule
from flux_studio.project.project import Project, update_rule
from flux_studio.project.specification import OptimizerSpecification
from flux_studio.training.events import Finished
from flux_studio.training.session import Session
from tests.project.projects import ACTIVATION, number_table, parity_table, table

CLASSES = table("length,species\n" + "".join(f"{i % 3 + i / 100},{'xyz'[i % 3]}\n" for i in range(60)))


@pytest.mark.parametrize(
    ("new", "outputs", "activation", "validation"),
    [
        (lambda: new_project(parity_table()), 1, "sigmoid", 0),
        (lambda: new_project(number_table(60)), 1, "identity", 18),
        (lambda: new_project(CLASSES), 3, "softmax", 18),
        (lambda: new_project(number_table(60), targets=["a", "y"]), 2, "identity", 18),
    ],
)
def test_the_last_layer_fits_and_training_makes_the_loss_smaller(
    new: object, outputs: int, activation: str, validation: int
) -> None:
    project: Project = new()  # type: ignore[operator]
    project.check()
    last = project.specification.layers[-1]
    assert last.settings["units"] == outputs
    assert last.settings["activation"] == activation
    assert len(project.dataset().validation) == validation
    session = Session(project, "reference")
    first = session.network.loss
    events = list(session.train(200))
    assert isinstance(events[-1], Finished)
    assert session.network.loss < 0.95 * first


def test_a_table_with_nothing_but_its_target_is_a_series() -> None:
    lines = "".join(f"{number},{np.sin(number):.3f}\n" for number in range(1, 80))
    project = new_project(table("id,x\n" + lines, "sine.csv"))
    data = project.specification.data
    assert data.windowing == Windowing(8, 1)
    assert [column.role for column in data.columns] == ["ignore", "both"]
    project.check()
    # Who says how rows make samples, or what columns are for, is taken at his word.
    with pytest.raises(DataError, match="no column has the role input"):
        new_project(table("x\n" + "1\n2\n" * 40), windowing=Windowing(2))
    with pytest.raises(DataError, match="no column has the role input"):
        new_project(table("x\n" + "1\n2\n" * 40), columns=[Column("x", "target")])


def test_dates_beside_a_target_tell_that_it_is_a_series() -> None:
    lines = "".join(f"2021-{n // 28 + 1:02}-{n % 28 + 1:02},{np.sin(n):.3f}\n" for n in range(80))
    data = new_project(table("day,x\n" + lines)).specification.data
    assert data.windowing == Windowing(8, 1)
    assert [column.role for column in data.columns] == ["ignore", "both"]


def test_gaps_in_a_series_are_not_filled() -> None:
    lines = "".join(f"{'' if n == 7 else n % 5},{n}\n" for n in range(60))
    assert new_project(table("x,y\n" + lines)).specification.data.columns[0].missing == "median"
    series = new_project(table("x,y\n" + lines), windowing=Windowing(3, 1))
    assert [column.missing for column in series.specification.data.columns] == ["drop", "drop"]


def test_targets_ahead_are_read_as_well() -> None:
    project = new_project(number_table(60), windowing=Windowing(3, 2), validation=0.0, test=0.1)
    data = project.specification.data
    assert [column.role for column in data.columns] == ["input", "input", "both"]
    assert (data.validation_fraction, data.test_fraction, data.window, data.ahead) == (0.0, 0.1, 3, 2)
    assert project.dataset().inputs.shape[1] == 9


def test_a_new_project_depends_on_its_seed_only() -> None:
    one, other = new_project(number_table(60), seed=2), new_project(number_table(60), seed=2)
    assert one.specification == other.specification
    assert one.dataset().fingerprint == other.dataset().fingerprint


def test_fitting_changes_the_last_layer_only() -> None:
    project = new_project(CLASSES)
    specification = project.specification.change_layer(project.specification.layers[-1].identity, units=1)
    narrow = project.with_specification(specification)
    fitted = fitted_to(narrow)
    assert fitted.specification == project.specification
    assert fitted_to(project).specification == project.specification


def test_fitting_leaves_alone_what_it_cannot_fit() -> None:
    project = new_project(CLASSES)
    for layers in ((), (*project.specification.layers, ACTIVATION.new("layer-9"))):
        changed = project.with_specification(project.specification.replace(layers=layers))
        assert fitted_to(changed).specification == changed.specification


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_another_optimizer_has_its_usual_rate_and_keeps_the_limits(kind: str) -> None:
    before = OptimizerSpecification("momentum", 3.0, {"beta_1": 0.5}, l2=0.1, clip_norm=2.0)
    after = usual_optimizer(kind, before)
    assert after == OptimizerSpecification(kind, OPTIMIZERS[kind].learning_rate, l2=0.1, clip_norm=2.0)
    update_rule(after).rates()


@pytest.mark.parametrize(
    ("kind", "iterations", "last"),
    [
        ("constant", 1_000, 1.0),
        ("step", 1_000, 0.5**4),
        ("exponential", 1_000, 0.1),
        ("cosine", 1_000, 0.0),
        ("cosine", 1, None),
    ],
)
def test_a_usual_schedule_spans_the_run(kind: str, iterations: int, last: float | None) -> None:
    schedule = usual_schedule(kind, iterations, warm_up=0)
    rule = update_rule(OptimizerSpecification(schedule=schedule, learning_rate=1.0))
    assert schedule.period > 0
    assert 0 < schedule.factor <= 1
    if last is not None:
        rate = SCHEDULES[kind].rate(rule.schedule_row(), iterations - 1)
        assert rate == pytest.approx(last, abs=0.001)


def test_the_loss_suits_what_is_to_be_predicted() -> None:
    assert new_project(CLASSES).specification.loss == "cross_entropy"
    assert new_project(parity_table()).specification.loss == "bce"
    for project in (new_project(CLASSES), new_project(parity_table())):
        project.check()


def test_another_target_brings_another_loss_where_the_old_one_makes_no_sense() -> None:
    rows = "".join(f"{i % 3 + i / 100},{i * 7 % 11},{'xyz'[i % 3]}\n" for i in range(60))
    project = new_project(table("length,width,species\n" + rows))
    data = project.specification.data
    roles = {"length": "input", "width": "target", "species": "ignore"}
    columns = tuple(
        msgspec.structs.replace(
            column, role=roles[column.name], kind="category" if column.name == "species" else "number"
        )
        for column in data.columns
    )
    changed = project.with_specification(
        project.specification.replace(data=msgspec.structs.replace(data, columns=columns))
    )
    fitted = fitted_to(changed)
    last = fitted.specification.layers[-1]
    assert (fitted.specification.loss, last.settings["activation"]) == ("mse", "identity")
    fitted.check()
