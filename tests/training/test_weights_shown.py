"""The project with the weights of a moment."""

from __future__ import annotations

import numpy as np

from flux_studio.training.events import Answered, Ask, Close, GoTo
from flux_studio.training.weights_shown import TakeWeights
from tests.training.test_questions import session as fresh_session


def test_an_earlier_moment_gives_its_own_weights() -> None:
    session = fresh_session()
    list(session.train(3))
    third = session.network.parameters()
    list(session.train(9))
    for command in (Ask(TakeWeights()), GoTo(3), Ask(TakeWeights()), Close()):
        session.send(command)
    now, earlier = (event.answer for event in session.events() if isinstance(event, Answered))
    assert (now.run.iteration, earlier.run.iteration) == (9, 3)
    for key, values in third.items():
        np.testing.assert_array_equal(earlier.run.parameters[key], values)
        assert not np.array_equal(now.run.parameters[key], values)
