"""Recordings: branches and their sums, what is held, parts of layers, constants for training only."""

from __future__ import annotations

import numpy as np
import pytest

from flux_studio.engine import operations as ops
from flux_studio.engine.program import EVALUATION, lay_out
from flux_studio.engine.recording import PHASES, Recording, Symbol
from flux_studio.engine.tensor import Tensor


def begun() -> tuple[Recording, Symbol, Symbol]:
    """A recording with a batch of two columns and one parameter that makes two columns of it."""
    recording = Recording()
    recording.inputs = x = recording.batch(2)
    tensor = Tensor(np.ones((2, 2)), autograd=True)
    with recording.scope("first", "forward"):
        recording.parameter(tensor, "weights_matrix", "dC_dw_matrix")
        h = x.mm(tensor).named("h_matrix", gradient="dC_dh_matrix")
    return recording, x, h


def finish(recording: Recording, output: Symbol) -> list[str]:
    """Make the mean square of it the loss; the names of the backward operations."""
    recording.outputs = output
    with recording.scope("", "loss"):
        recording.loss = output.mean_square()
    recording.differentiate()
    return [step.operation.name for step in recording.steps if step.phase == "backward"]


def test_each_branch_has_a_gradient_of_its_own_and_their_sum_is_recorded() -> None:
    recording, _, h = begun()
    with recording.scope("second", "forward"):
        one, other = h.branch("dC_dh_one"), h.branch("dC_dh_other")
        out = one.power(2) + other.power(3)
    finish(recording, out)
    names = recording.names
    (addition,) = [step for step in recording.steps if step.phase == "backward" and step.operation is ops.ADD]
    assert addition.inputs == (names["second", "dC_dh_one"], names["second", "dC_dh_other"])
    assert addition.output is names["first", "dC_dh_matrix"]
    assert addition.layer == "second"


def test_a_branch_that_is_used_twice_is_added_up_before_it_joins() -> None:
    recording, _, h = begun()
    with recording.scope("second", "forward"):
        one, other = h.branch("dC_dh_one"), h.branch("dC_dh_other")
        out = one.power(2) + one.power(3) + other.branch("dC_dh_inner").power(4)
    finish(recording, out)
    names = recording.names
    made = {id(step.output): step for step in recording.steps}
    total = made[id(names["first", "dC_dh_matrix"])]
    assert total.inputs == (names["second", "dC_dh_one"], names["second", "dC_dh_other"])
    assert made[id(names["second", "dC_dh_one"])].operation is ops.ADD
    assert names["second", "dC_dh_other"] is names["second", "dC_dh_inner"]


def test_a_single_branch_needs_no_sum() -> None:
    recording, _, h = begun()
    with recording.scope("second", "forward"):
        out = h.branch("dC_dh_one").power(2)
    assert "add" not in finish(recording, out)
    assert recording.names["second", "dC_dh_one"] is recording.names["first", "dC_dh_matrix"]


def test_branches_share_the_place_of_their_matrix() -> None:
    recording, _, h = begun()
    with recording.scope("second", "forward"):
        out = h.branch("one").named("same_matrix") * h.branch("other")
    finish(recording, out)
    program = lay_out(recording, [(4, PHASES)]).programs[0]
    assert program.matrices["second", "same_matrix"] == program.matrices["first", "h_matrix"]
    product = next(each for each in program.instructions if each.operation is ops.HADAMARD)
    assert product.inputs[0] == product.inputs[1]


def test_branches_of_what_needs_no_gradient_have_none() -> None:
    recording, x, h = begun()
    with recording.scope("second", "forward"):
        out = h * x.branch("dC_dx_one")
    finish(recording, out)
    assert ("second", "dC_dx_one") not in recording.names


def test_nothing_flows_back_through_what_is_held() -> None:
    recording, _, h = begun()
    with recording.scope("second", "forward"):
        out = h.power(2) * h.held()
    operations = finish(recording, out)
    assert operations.count("hadamard") == 2  # one for the product, one for the power
    assert "add" not in operations


def test_what_made_a_matrix_can_be_asked() -> None:
    _, x, h = begun()
    p = h.softmax()
    assert p.made_by(ops.SOFTMAX) is h
    assert p.held().made_by(ops.SOFTMAX) is h
    assert p.made_by(ops.MULTIPLY) is None
    assert x.made_by(ops.SOFTMAX) is None
    a = Tensor([[1.0, 2.0]], autograd=True)
    assert a.softmax().made_by(ops.SOFTMAX) is a
    assert a.made_by(ops.SOFTMAX) is None


def test_names_inside_belong_to_the_part() -> None:
    recording, _, h = begun()
    with recording.scope("second", "forward"):
        with h.inside("gate"):
            inner = h.power(2).named("inner_matrix")
            with h.inside("deep"):
                h.named("deep_matrix")
        h.named("outer_matrix")
    assert recording.names["second/gate", "inner_matrix"] is inner
    assert recording.names["second/gate/deep", "deep_matrix"] is h
    assert recording.names["second", "outer_matrix"] is h
    assert recording.steps[-1].layer == "second/gate"


@pytest.mark.parametrize(("phases", "wanted"), [(PHASES, 0.75), (EVALUATION, 0.25)])
def test_a_constant_may_be_another_while_training(phases: tuple[str, ...], wanted: float) -> None:
    recording, _, h = begun()
    finish(recording, h.scale(h.constant("s", fixed=0.25, training=0.5)))
    layout = lay_out(recording, [(4, phases)])  # type: ignore[list-item]
    assert wanted in [value for _, value in layout.programs[0].constants]
    assert Tensor(np.ones((4, 2))).constant("s", fixed=0.25, training=0.5).data[0, 0] == 0.75
