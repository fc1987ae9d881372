"""Questions: answered between bursts, of the moment that the frame shows; a refusal comes back in its place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flux_studio import locations
from flux_studio.errors import DataError
from flux_studio.project import files
from flux_studio.training.events import Answered, Ask, Close, Frame, FrameRequest, Play, SetPace
from flux_studio.training.questions import Moment, Question
from flux_studio.training.session import Session

W = ("layer-1", "weights_matrix")


@dataclass(frozen=True)
class Total(Question):
    """The sum of the first layer's weights."""

    factor: float = 1.0

    def answer(self, moment: Moment) -> tuple[int, float]:
        return moment.iteration, self.factor * float(moment.network.parameter(W).sum())


@dataclass(frozen=True)
class Refused(Question):
    def answer(self, moment: Moment) -> object:
        raise DataError("there is nothing to say")


def session() -> Session:
    return Session(files.load(locations.sample("parity-4.flux")), "reference")


def test_an_answer_belongs_to_the_moment_of_its_frame() -> None:
    made = session()
    made.send(SetPace(None))
    made.send(Play(30))
    frames: list[Frame] = []
    asked = (Total(), Total(2.0))
    for number, event in enumerate(made.events()):
        if isinstance(event, Frame):
            frames.append(event)
        made.send(FrameRequest(number, (W,), 256, asked) if len(frames) < 3 else Close())
    assert frames
    for frame in frames:
        once, twice = (frame.answers[question] for question in asked)
        assert once == (frame.progress.iteration, float(frame.matrices[W].sum()))
        assert twice[1] == 2 * once[1]


def test_a_question_by_itself_is_answered_and_a_refusal_is_told() -> None:
    made = session()
    for command in (Ask(Total()), Ask(Refused()), Close()):
        made.send(command)
    told = [event for event in made.events() if isinstance(event, Answered)]
    assert [event.question for event in told] == [Total(), Refused()]
    assert told[0].answer[1] == float(made.network.parameter(W).sum(dtype=np.float32))
    assert isinstance(told[1].answer, DataError)
    assert str(told[1].answer) == "there is nothing to say"
