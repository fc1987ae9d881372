"""What a step has written: exactly the matrices that its operations name, and of parts of a matrix the columns."""

from __future__ import annotations

import numpy as np
import pytest

from flux_studio.engine.program import Program
from flux_studio.training.events import Frame, FrameRequest, GoTo, Pause, Play, Step, StepBy
from flux_studio.training.session import Session
from flux_studio.training.stepping import Unit
from flux_studio.training.written import written
from tests.engine.layers import stacks
from tests.gui.windows import sample
from tests.training.sessions import obey, one, session_of

ASK = FrameRequest(0, ())


def names(session: Session, *commands: object) -> set[str]:
    frame = one(obey(session, *commands, ASK), Frame)
    return {"/".join(key) for key in frame.written}


def stepped(unit: Unit, back: bool = False) -> StepBy:
    return StepBy(unit, back)


def test_an_operation_marks_the_matrix_that_it_writes() -> None:
    session, _ = session_of(sample("parity-4"))
    assert names(session) == set()
    assert {"layer-1/weights_matrix", "layer-3/bias_matrix"} <= names(session, stepped("operation"))
    program: Program = session.network.program
    for number in range(1, len(program.instructions) - 1):
        slot = program.instructions[number].output
        expected = {"/".join(key) for key, each in program.matrices.items() if each == slot}
        assert names(session, stepped("operation")) == expected
    # The last one ends the iteration.
    assert names(session, stepped("operation")) == {"layer-1/dC_dw_matrix"}
    assert names(session) == {"layer-1/dC_dw_matrix"}


def test_a_phase_marks_all_that_it_writes_and_a_step_back_what_still_stands() -> None:
    session, _ = session_of(sample("parity-4"))
    names(session)
    names(session, stepped("phase"))
    forward = names(session, stepped("phase"))
    assert {"layer-1/weight_and_input_matrix", "layer-3/activated_output_matrix"} <= forward
    assert not any("dC" in name or "weights_matrix" in name for name in forward)
    assert names(session, stepped("operation", True)) == {"layer-3/weight_input_bias_matrix"}


def test_rests_training_and_jumps_mark_nothing() -> None:
    session, _ = session_of(sample("parity-4"))
    names(session)
    assert names(session, Step(3)) == set()
    assert names(session, stepped("iteration")) == set()
    assert names(session, GoTo(1)) == set()
    assert names(session, stepped("operation")) != set()
    assert names(session, GoTo(0)) == set()
    frames = [event for event in obey(session, Play(10_000), ASK, Pause(), ASK) if isinstance(event, Frame)]
    assert [len(frame.written) for frame in frames] == [0, 0]


@pytest.mark.parametrize("kind", stacks.KINDS)
def test_every_matrix_that_changes_is_marked(kind: str) -> None:
    network = stacks.network(stacks.KINDS[kind], executor="reference", dtype=np.float64)
    network.rest()
    for number in range(len(network.program.instructions)):
        before = {key: slot.view(network.arena).copy() for key, slot in network.program.matrices.items()}
        network.executor.run(network.program, number, number + 1, 1)
        found = written(network, number, number + 1)
        for key, values in before.items():
            changed = np.flatnonzero((network.matrix(key) != values).any(axis=0)).tolist()
            assert set(changed) <= set(found.get(key, ())), f"{key} after operation {number}"
