"""Chosen rows: what frames and answers show of them, how seldom that is done, and that training never notices."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from flux_studio.data.dataset import Dataset
from flux_studio.engine import twin
from flux_studio.engine.executors import ExecutorName
from flux_studio.project.project import Project
from flux_studio.training.events import (
    Answered,
    Ask,
    Command,
    Failed,
    Frame,
    FrameRequest,
    GoTo,
    Play,
    SetPace,
    ShowRows,
    StartOver,
    Step,
    StepBy,
)
from flux_studio.training.explaining import CellStory, ExplainCell
from flux_studio.training.predictions import AskRows
from flux_studio.training.session import Session
from flux_studio.training.viewing import MOST_ROWS, FixedRows, RowChoice, WorstRows
from flux_studio.training.whole_matrices import TakeMatrix
from tests.gui.windows import sample
from tests.training.sessions import obey, one, session_of

W, X, H = (("layer-1", name) for name in ("weights_matrix", "input_matrix", "activated_output_matrix"))
GRADIENT = ("layer-1", "dC_dw_matrix")
KEYS = (W, X, H, GRADIENT)


def project(name: str = "iris") -> Project:
    return sample(name)


def frames(session: Session, *commands: Command) -> list[Frame]:
    return [event for event in obey(session, *commands) if isinstance(event, Frame)]


def frame_of(session: Session, *commands: Command) -> Frame:
    return frames(session, *commands, FrameRequest(1, KEYS))[-1]


def test_a_frame_shows_the_chosen_rows() -> None:
    session, _ = session_of(project())
    data: Dataset = session.dataset
    rows = (int(data.validation[0]), 3, 140)
    frame = frame_of(session, Step(5), ShowRows(FixedRows(rows)))
    assert frame.choice == FixedRows(rows)
    assert (frame.samples.tolist(), frame.rows) == ([*rows], 3)
    np.testing.assert_allclose(frame.matrices[X], data.inputs[[*rows]], rtol=1e-6)
    np.testing.assert_array_equal(frame.matrices[W], session.network.parameter(W))
    trial = session.network.trial(data.inputs[[*rows]])
    np.testing.assert_allclose(frame.matrices[H], trial.matrix(H), rtol=1e-5)
    # ∂C/∂w is that of these rows.
    assert not np.allclose(frame.matrices[GRADIENT], session.network.matrix(GRADIENT))
    assert frame_of(session, ShowRows(None)).choice is None


def test_rows_that_are_not_there_leave_the_batch() -> None:
    session, _ = session_of(project())
    assert frame_of(session, ShowRows(FixedRows((100_000,)))).choice is None
    many = frame_of(session, ShowRows(FixedRows(tuple(range(100)))))
    assert len(many.samples) == MOST_ROWS


@pytest.mark.parametrize("part", ["training", "validation"])
def test_the_worst_rows_cost_most(part: str) -> None:
    session, _ = session_of(project())
    choice = WorstRows("training" if part == "training" else "validation", 5)
    asked = AskRows()
    frame = frames(session, Step(30), ShowRows(choice), FrameRequest(1, KEYS, 256, (asked,)))[-1]
    found = frame.answers[asked]
    mine = found.parts == (0 if part == "training" else 1)
    order = np.argsort(-found.losses[mine], kind="stable")
    assert frame.samples.tolist() == found.rows[mine][order[:5]].tolist()
    # They are those of the moment: back at the beginning others are worst.
    before = frame_of(session, GoTo(0))
    assert before.choice == choice
    assert before.samples.tolist() != frame.samples.tolist()


def test_between_rests_only_the_batch_is_there() -> None:
    session, _ = session_of(project())
    frame = frame_of(session, Step(3), ShowRows(FixedRows((1, 2))), StepBy("operation"), StepBy("operation"))
    assert frame.when.done == 2
    assert (frame.choice, frame.rows) == (None, len(session.network.batch_rows(3)))
    assert frame_of(session, StepBy("operation", back=True), GoTo(3)).choice == FixedRows((1, 2))


def test_going_back_keeps_the_choice() -> None:
    session, _ = session_of(project())
    first = frame_of(session, ShowRows(FixedRows((1, 2))))
    later = frame_of(session, Step(7))
    back = frame_of(session, GoTo(0))
    assert [frame.choice for frame in (later, back)] == [FixedRows((1, 2))] * 2
    for key in KEYS:
        np.testing.assert_array_equal(first.matrices[key], back.matrices[key])
    assert not np.array_equal(first.matrices[H], later.matrices[H])
    np.testing.assert_array_equal(frame_of(session, StartOver()).matrices[H], first.matrices[H])


@pytest.mark.parametrize("executor", ["reference", "compiled"])
@pytest.mark.parametrize("batch", [None, 32])
@pytest.mark.parametrize("choice", [FixedRows((0, 5, 7)), WorstRows("training"), WorstRows("validation")])
def test_training_stays_the_same_bit_for_bit(
    choice: RowChoice, batch: int | None, executor: ExecutorName
) -> None:
    specification = project().specification.replace(batch=batch)

    def trained(*choices: Command) -> np.ndarray:
        session, _ = session_of(project().with_specification(specification), executor)
        looks = (FrameRequest(1, KEYS, 256, (ExplainCell(H, (0, 0)),)), Step(3)) * 5
        obey(session, *choices, *looks)
        return session.network.arena.copy()

    np.testing.assert_array_equal(trained(), trained(ShowRows(choice)))


def test_while_training_a_look_waits_until_twenty_times_its_cost_has_passed() -> None:
    session, clock = session_of(project(), tick=0.01)
    for command in (ShowRows(FixedRows((1, 2))), SetPace(None), Play(10_000_000), FrameRequest(0, (W,))):
        session.send(command)
    moments = []
    for event in session.events():
        if isinstance(event, Frame):
            moments.append((event.progress.iteration, event.matrices[W].copy(), clock.now))
            if len(moments) == 60:
                break
            session.send(FrameRequest(len(moments), (W,)))
    looks = [moments[0]]
    for moment in moments[1:]:
        if not np.array_equal(moment[1], looks[-1][1]):
            looks.append(moment)
    # A look takes at least one tick of the clock.
    assert 2 <= len(looks) < len(moments)
    assert all(after[2] - before[2] >= 0.2 for before, after in itertools.pairwise(looks))


def story(session: Session, key: tuple[str, str], cell: tuple[int, int]) -> CellStory:
    asked = ExplainCell(key, cell)
    answer = frames(session, FrameRequest(1, (), 256, (asked,)))[-1].answers[asked]
    assert isinstance(answer, CellStory)
    return answer


def test_a_cell_of_chosen_rows_is_explained_by_them_and_leads_to_no_update() -> None:
    session, _ = session_of(project())
    frame = frame_of(session, Step(5), ShowRows(FixedRows((3, 140))))
    told = story(session, GRADIENT, (1, 2))
    assert told.value == frame.matrices[GRADIENT][1, 2]
    assert [each.is_same for each in told.told] == [True]
    assert told.told[0].parts[0].count == 2  # the sum over two rows
    assert (told.uses, told.trains) == ((), False)
    # Its operation has the number that the program's list shows.
    instructions = session.network.program.instructions
    assert told.instructions == len(instructions)
    assert instructions[told.told[0].number - 1].operation.name == told.told[0].operation
    assert instructions[told.told[0].number - 1].output == session.network.program.matrices[GRADIENT]


def test_a_weight_tells_of_the_batchs_update_and_of_the_rows_that_use_it() -> None:
    session, _ = session_of(project())
    obey(session, Step(5), ShowRows(FixedRows((3, 140))))
    told = story(session, W, (1, 2))
    assert told.is_ahead
    links = [link for each in told.told for part in each.parts for link in part.links]
    of_gradient = [link for link in links if link.text.startswith("∂C/∂w")]
    # The batch's gradient stands nowhere now, so it is told and cannot be gone to.
    assert of_gradient
    assert {link.key for link in of_gradient} == {None}
    assert of_gradient[0].value == session.network.matrix(GRADIENT)[1, 2]
    assert [use.count for use in told.uses if use.operation == "multiply"] == [2]
    session.send(ShowRows(None))
    own = story(session, W, (1, 2))
    assert [use.count for use in own.uses if use.operation == "multiply"] == [
        len(session.network.batch_rows(5))
    ]


def test_what_is_taken_away_is_what_is_shown() -> None:
    session, _ = session_of(project())
    events = obey(session, Step(5), ShowRows(FixedRows((3, 140))), Ask(TakeMatrix(X)))
    taken = one(events, Answered).answer
    assert taken.samples.tolist() == [3, 140]
    np.testing.assert_allclose(taken.values, session.dataset.inputs[[3, 140]], rtol=1e-6)


def test_where_there_is_no_room_it_is_told_once_and_the_batch_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    session, _ = session_of(project())
    monkeypatch.setattr(twin, "MAXIMUM_BYTES", 1_000)
    events = obey(session, ShowRows(FixedRows((1, 2))), FrameRequest(0, KEYS), FrameRequest(1, KEYS))
    assert "look at fewer rows" in one(events, Failed).message
    assert one(events, Frame).choice is None
