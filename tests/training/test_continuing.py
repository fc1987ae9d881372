"""Going on exactly where training stopped: a save to a file between changes no bit, whatever it is trained with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flux_studio.engine.executors import ExecutorName
from flux_studio.engine.updating import OPTIMIZERS, SCHEDULES
from flux_studio.project import files
from flux_studio.project.catalogue import layer_kind
from flux_studio.project.project import Project
from flux_studio.project.specification import OptimizerSpecification, ScheduleSpecification
from flux_studio.training.events import Play
from flux_studio.training.session import Session
from tests.project.projects import DENSE, number_table, project_of
from tests.training.sessions import session_of, until_rest

WHOLE, FIRST = 1000, 400
EVERY_SCHEDULE = [(schedule, warm_up) for schedule in SCHEDULES for warm_up in (0, 450)]
"""The longer warm-up is still going on when the file is saved."""


def project(optimizer: str, schedule: str = "constant", warm_up: int = 0, **changes: Any) -> Project:
    """Batches of seven of twenty rows, so that each epoch has a smaller last one, and saving falls into an epoch."""
    made = project_of(
        number_table(),
        (
            DENSE.new("layer-1", units=6, activation="tanh"),
            layer_kind("dropout.v1").new("layer-2", percent=30),
            DENSE.new("layer-3", units=1, activation="identity"),
        ),
        validation=1 / 3,
        batch=7,
        validate_every=9,
    )
    rule = OptimizerSpecification(
        optimizer,
        0.3 * OPTIMIZERS[optimizer].learning_rate,
        schedule=ScheduleSpecification(schedule, factor=0.999, period=170.0, floor=0.1, warm_up=warm_up),
        **changes,
    )
    return made.with_specification(made.specification.replace(optimizer=rule))


def trained(start: Project, until: int, executor: ExecutorName) -> Session:
    session, _ = session_of(start, executor)
    until_rest(session, Play(until))
    assert session.iteration == until
    return session


def assert_same_bits(start: Project, executor: ExecutorName, folder: Path) -> None:
    """Train in one go, and with a save between; compare all that can be seen and all that can be saved."""
    whole = trained(start, WHOLE, executor)
    first = trained(start, FIRST, executor)
    files.save(start.with_run(first.run()), folder / "p.flux")
    second = trained(files.load(folder / "p.flux"), WHOLE, executor)

    one, other = whole.run(), second.run()
    assert set(one.optimizer) == set(other.optimizer)
    for name, state in one.optimizer.items():
        np.testing.assert_array_equal(state, other.optimizer[name], err_msg=name)
    for key, value in one.parameters.items():
        np.testing.assert_array_equal(value, other.parameters[key], err_msg=str(key))
        assert not np.array_equal(value, first.run().parameters[key]), f"{key} did not change in between"
    np.testing.assert_array_equal(one.curve.array(), other.curve.array())
    assert one.validation_curve is not None
    assert other.validation_curve is not None
    np.testing.assert_array_equal(one.validation_curve.array(), other.validation_curve.array())
    for key in whole.network.program.matrices:
        np.testing.assert_array_equal(whole.network.matrix(key), second.network.matrix(key), err_msg=str(key))


@pytest.mark.parametrize(("schedule", "warm_up"), EVERY_SCHEDULE)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_save_between_changes_no_bit(optimizer: str, schedule: str, warm_up: int, tmp_path: Path) -> None:
    assert_same_bits(project(optimizer, schedule, warm_up), "compiled", tmp_path)


@pytest.mark.parametrize(
    ("optimizer", "schedule"), [*zip(OPTIMIZERS, [*SCHEDULES, *SCHEDULES], strict=False)]
)
def test_nor_with_the_reference_executor(optimizer: str, schedule: str, tmp_path: Path) -> None:
    assert_same_bits(project(optimizer, schedule, 450), "reference", tmp_path)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nor_with_penalties_and_clipping(dtype: str, tmp_path: Path) -> None:
    made = project("adamw", "cosine", 20, l1=0.001, l2=0.01, clip_value=0.5, clip_norm=1.0)
    made = made.with_specification(made.specification.replace(dtype=dtype))
    assert_same_bits(made, "compiled", tmp_path)


def test_the_file_holds_the_state_that_the_optimizer_had(tmp_path: Path) -> None:
    """Without it the next steps would be others: so the comparison above can fail."""
    start = project("adam")
    run = trained(start, FIRST, "compiled").run()
    files.save(start.with_run(run), tmp_path / "p.flux")
    kept = files.load(tmp_path / "p.flux")
    assert kept.run is not None
    assert set(kept.run.optimizer) == {"first_moment", "second_moment", "rates"}
    session, _ = session_of(kept, "compiled")
    session.network.forget_updates()
    until_rest(session, Play(WHOLE))
    ours, whole = session.run(), trained(start, WHOLE, "compiled").run()
    assert any(not np.array_equal(ours.parameters[key], whole.parameters[key]) for key in whole.parameters)
