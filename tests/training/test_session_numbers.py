"""The numbers of a session: frames that belong together, and runs that go on exactly where they stopped."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flux_studio.engine.executors import ExecutorName
from flux_studio.engine.matrices import DENSE_MATRICES
from flux_studio.project import files
from flux_studio.project.curve import BUCKETS, Curve
from flux_studio.project.project import LearningRateChange, Project, Run
from flux_studio.training import pacing
from flux_studio.training.events import Frame, FrameRequest, Play, SetLearningRate, Step
from flux_studio.training.session import Session
from tests.engine.networks import EXECUTORS
from tests.project.projects import number_project, number_table, parity_project, project_of, stack
from tests.training.sessions import obey, one, session_of, until_rest

ALL = tuple((f"layer-{number}", kind.name) for number in (1, 2) for kind in DENSE_MATRICES)


def frame_of(session: Session, keys: Sequence[tuple[str, str]] = ALL, rows: int = 256) -> Frame:
    frame: Frame = one(obey(session, FrameRequest(41, tuple(keys), rows)), Frame)
    return frame


def same_run(one_: Run, other: Run) -> None:
    assert one_.iteration == other.iteration
    assert one_.first_loss == other.first_loss
    for key, value in one_.parameters.items():
        np.testing.assert_array_equal(value, other.parameters[key])
        np.testing.assert_array_equal(one_.start[key], other.start[key])
    same_curve(one_.curve, other.curve)
    if one_.validation_curve is not None:
        assert other.validation_curve is not None
        same_curve(one_.validation_curve, other.validation_curve)


def same_curve(curve: Curve, other: Curve) -> None:
    assert curve.numbers() == other.numbers()
    np.testing.assert_array_equal(curve.array(), other.array())


class TestFrames:
    @pytest.mark.parametrize("executor", EXECUTORS)
    def test_the_matrices_of_a_frame_belong_together(self, executor: ExecutorName) -> None:
        project = number_project(dtype="float64")
        session, _ = session_of(project, executor)
        until_rest(session, Step(137))
        frame = frame_of(session)
        matrices: dict[Any, Any] = dict(frame.matrices)
        assert set(matrices) == set(ALL)
        first, second = (
            {name: matrices[layer, name] for layer, name in ALL if layer == wanted}
            for wanted in ("layer-1", "layer-2")
        )
        for layer in (first, second):
            a = layer["input_matrix"] @ layer["weights_matrix"] + layer["bias_matrix"]
            np.testing.assert_allclose(layer["weight_input_bias_matrix"], a, rtol=1e-12, atol=1e-14)
            delta = layer["dC_dy_matrix"] * layer["dh_da_matrix"]
            np.testing.assert_array_equal(layer["dC_da_matrix"], delta)
            gradient = layer["input_matrix"].T @ delta
            np.testing.assert_allclose(layer["dC_dw_matrix"], gradient, rtol=1e-11, atol=1e-14)
        hidden = np.tanh(first["weight_input_bias_matrix"])
        np.testing.assert_array_equal(second["input_matrix"], first["activated_output_matrix"])
        np.testing.assert_allclose(second["input_matrix"], hidden, rtol=1e-15)
        error = second["activated_output_matrix"] - project.dataset().training_targets
        np.testing.assert_allclose(second["dC_dy_matrix"], 2 * error / len(error), rtol=1e-14)
        assert frame.progress.loss == pytest.approx(float((error**2).sum()) / len(error), rel=1e-13)
        assert frame.progress.iteration == 137
        assert frame.curve.low[-1] == frame.progress.loss

    def test_a_frame_asked_for_while_training_is_of_a_resting_point(self) -> None:
        session, _ = session_of(number_project(dtype="float64", pace=10.0))
        events = session.events()
        session.send(Play(10_000))
        for number in range(1, 6):
            session.send(FrameRequest(number, ALL))
            frame = next(event for event in events if isinstance(event, Frame))
            assert frame.generation == number
            assert frame.training
            m = frame.matrices
            a = m["layer-1", "input_matrix"] @ m["layer-1", "weights_matrix"] + m["layer-1", "bias_matrix"]
            np.testing.assert_allclose(m["layer-1", "weight_input_bias_matrix"], a, rtol=1e-12, atol=1e-14)
            assert frame.curve.low[-1] == frame.progress.loss
        events.close()

    def test_only_so_many_rows_are_copied(self) -> None:
        session, _ = session_of(number_project())
        matrices = frame_of(session, rows=3).matrices
        assert matrices["layer-1", "input_matrix"].shape == (3, 2)
        assert matrices["layer-1", "dC_da_matrix"].shape == (3, 6)
        assert matrices["layer-1", "weights_matrix"].shape == (2, 6)
        assert matrices["layer-1", "dC_dw_matrix"].shape == (2, 6)
        assert matrices["layer-1", "bias_matrix"].shape == (1, 6)
        assert frame_of(session, rows=1000).matrices["layer-1", "input_matrix"].shape == (20, 2)

    def test_what_there_is_not_is_left_out(self) -> None:
        session, _ = session_of(number_project())
        keys = (("layer-1", "weights_matrix"), ("layer-7", "weights_matrix"))
        assert list(frame_of(session, keys).matrices) == [("layer-1", "weights_matrix")]

    def test_a_frame_is_a_copy(self) -> None:
        session, _ = session_of(number_project())
        frame = frame_of(session)
        before = {key: value.copy() for key, value in frame.matrices.items()}
        low = frame.curve.low.copy()
        until_rest(session, Step(20))
        for key, value in frame.matrices.items():
            np.testing.assert_array_equal(value, before[key])
            assert not np.shares_memory(value, session.network.arena)
        np.testing.assert_array_equal(frame.curve.low, low)

    def test_looking_changes_nothing(self) -> None:
        watched, alone = (session_of(number_project())[0] for _ in range(2))
        for _ in range(20):
            until_rest(watched, Step(5))
            frame_of(watched)
        until_rest(alone, Step(100))
        same_run(watched.run(), alone.run())


class TestGoingOn:
    @pytest.mark.parametrize("executor", EXECUTORS)
    def test_four_hundred_and_six_hundred_are_a_thousand(
        self, executor: ExecutorName, tmp_path: Path
    ) -> None:
        project = number_project(validate_every=7)
        whole, _ = session_of(project, executor)
        until_rest(whole, Play(1000))
        first, _ = session_of(project, executor)
        until_rest(first, Play(400))
        files.save(project.with_run(first.run()), tmp_path / "p.flux")
        second, _ = session_of(files.load(tmp_path / "p.flux"), executor)
        assert second.iteration == 400
        until_rest(second, Play(1000))
        same_run(second.run(), whole.run())
        assert second.network.loss == whole.network.loss
        np.testing.assert_array_equal(second.network.arena, whole.network.arena)

    @settings(max_examples=15, deadline=None, derandomize=True)
    @given(steps=st.lists(st.integers(1, 60), min_size=1, max_size=8), every=st.integers(1, 25))
    def test_bursts_of_any_length_leave_the_same(self, steps: list[int], every: int) -> None:
        project = number_project(validate_every=every)
        pieces, whole = session_of(project)[0], session_of(project)[0]
        until_rest(whole, Step(sum(steps)))
        for step in steps:
            until_rest(pieces, Step(step))
        same_run(pieces.run(), whole.run())
        validation = pieces.run().validation_curve
        assert validation is not None
        assert validation.numbers() == (0, every, sum(steps) // every + 1, 1)

    @pytest.mark.parametrize("executor", EXECUTORS)
    def test_the_speed_of_the_machine_leaves_no_trace(
        self, executor: ExecutorName, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        runs = []
        for seconds in (1e-9, 1e-4, 1.0):
            monkeypatch.setattr(pacing, "BURST_SECONDS", seconds)
            session, _ = session_of(number_project(), executor)
            until_rest(session, Play(3000))
            runs.append(session.run())
        same_run(runs[0], runs[1])
        same_run(runs[0], runs[2])

    def test_a_long_run_keeps_its_curve_bounded_and_whole(self) -> None:
        session, _ = session_of(parity_project(), "compiled")
        losses = np.empty(200_000, np.float32)
        other = parity_project().network()
        first = other.rest()
        other.iterate(losses)
        until_rest(session, Play(len(losses)))
        reference = Curve()
        reference.extend(np.array([first]))
        reference.extend(losses)
        same_curve(session.run().curve, reference)
        assert session.run().curve.used <= 2 * BUCKETS

    def test_the_specifications_rate_holds_when_a_run_goes_on(self) -> None:
        """Whoever changes the rate puts it into the specification, too; a run only records when."""
        project = number_project(rate=0.1)
        session, _ = session_of(project)
        obey(session, Step(5), SetLearningRate(0.2), Step(5))
        again, _ = session_of(project.with_run(session.run()))
        assert again.network.learning_rate == 0.1
        assert again.run().changes == (*session.run().changes, LearningRateChange(10, 0.1))


def losses_by_numpy(project: Project, iterations: int) -> tuple[list[float], list[float]]:
    """Training and validation losses of a tanh-identity network, step by step, in plain NumPy."""
    dataset = project.dataset()
    start = project.network("reference").parameters()
    w1, b1 = start["layer-1", "weights_matrix"], start["layer-1", "bias_matrix"]
    w2, b2 = start["layer-2", "weights_matrix"], start["layer-2", "bias_matrix"]
    rate = project.specification.optimizer.learning_rate
    x, y = dataset.training_inputs, dataset.training_targets
    h = np.empty(0)
    training, validation = [], []
    for iteration in range(iterations + 1):
        if iteration:
            d2 = 2 * (h @ w2 + b2 - y) / len(x)
            d1 = (d2 @ w2.T) * (1 - h * h)
            w1, b1 = w1 - rate * x.T @ d1, b1 - rate * d1.sum(axis=0)
            w2, b2 = w2 - rate * h.T @ d2, b2 - rate * d2.sum(axis=0)
        h = np.tanh(x @ w1 + b1)
        training.append(float(((h @ w2 + b2 - y) ** 2).sum()) / len(x))
        if iteration % project.specification.validate_every == 0:
            held_out = np.tanh(dataset.validation_inputs @ w1 + b1) @ w2 + b2
            errors = held_out - dataset.validation_targets
            validation.append(float((errors**2).sum()) / len(errors))
    return training, validation


@pytest.mark.parametrize("executor", EXECUTORS)
def test_both_curves_by_plain_numpy(executor: ExecutorName) -> None:
    project = number_project(dtype="float64", validate_every=6)
    session, _ = session_of(project, executor)
    until_rest(session, Play(100))
    training, validation = losses_by_numpy(project, 100)
    run = session.run()
    assert run.validation_curve is not None
    np.testing.assert_allclose(run.curve.points().low, training, rtol=1e-11)
    np.testing.assert_allclose(run.validation_curve.points().low, validation, rtol=1e-11)
    np.testing.assert_array_equal(run.validation_curve.points().iterations, range(0, 101, 6))
    assert run.first_loss == pytest.approx(training[0], rel=1e-13)


def test_validation_accuracy_is_that_of_the_validation_rows() -> None:
    rows = number_table(40)
    cells = [*rows.columns[:2], tuple("up" if float(cell) > 0 else "down" for cell in rows.columns[2])]
    project = project_of(
        type(rows)(rows.source, rows.names, tuple(cells), rows.lines),
        stack((8, "tanh"), (1, "sigmoid")),
        kind="yes_no",
        validation=0.25,
        rate=1.0,
    )
    session, _ = session_of(project)
    until_rest(session, Play(300))
    dataset = project.dataset()
    scores = frame_of(session, ()).scores
    for accuracy, inputs, targets in (
        (scores.accuracy, dataset.training_inputs, dataset.training_targets),
        (scores.validation_accuracy, dataset.validation_inputs, dataset.validation_targets),
    ):
        answers = session.network.predict(inputs) >= 0.5
        assert accuracy == pytest.approx(float((answers == (targets >= 0.5)).mean()))
        assert accuracy is not None
        assert accuracy > 0.6
