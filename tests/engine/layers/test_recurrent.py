"""Recurrent layers: each step by hand, all steps against NumPy, shared memory, and the tutorial's cells."""

from __future__ import annotations

import numpy as np
import pytest

from flux_studio.engine import LSTM, RNN, LSTMCell, MSELoss, Network, RNNCell, Tensor
from flux_studio.engine.executors import ExecutorName
from flux_studio.engine.layers import Layer
from flux_studio.engine.program import FORWARD_ONLY, lay_out
from flux_studio.errors import ShapeError, SpecificationError
from tests.engine.networks import EXECUTORS

GENERATOR = np.random.default_rng(3)
X = GENERATOR.normal(size=(5, 4 * 2))
"""Five sequences of four steps with two numbers each."""


def sigmoid(a: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-a)))


def hidden_states_of_rnn(cell: RNNCell, x: np.ndarray) -> np.ndarray:
    """All hidden states of a tanh layer, N×T·H, as a loop over steps."""
    w, u, b = cell.weight.data, cell.recurrent.data, cell.bias.data
    h, states = np.zeros((len(x), len(u))), []
    for step in np.hsplit(x, x.shape[1] // len(w)):
        h = np.tanh(step @ w + h @ u + b)
        states.append(h)
    return np.hstack(states)


def hidden_states_of_lstm(cell: LSTMCell, x: np.ndarray) -> np.ndarray:
    """All hidden states, N×T·H, gate by gate."""
    w, u, b = cell.weight.data, cell.recurrent.data, cell.bias.data
    h, c, states = np.zeros((len(x), len(u))), np.zeros((len(x), len(u))), []
    for step in np.hsplit(x, x.shape[1] // len(w)):
        forget, let_in, let_out, candidate = np.hsplit(step @ w + h @ u + b, 4)
        c = sigmoid(forget) * c + sigmoid(let_in) * np.tanh(candidate)
        h = sigmoid(let_out) * np.tanh(c)
        states.append(h)
    return np.hstack(states)


def layers(all_steps: bool = False) -> dict[str, tuple[Layer, np.ndarray]]:
    """Both kinds, and what they should make of X in all steps."""
    rnn = RNN(2, 3, all_steps=all_steps, generator=np.random.default_rng(1))
    lstm = LSTM(2, 3, all_steps=all_steps, generator=np.random.default_rng(1))
    return {
        "rnn": (rnn, hidden_states_of_rnn(rnn.cell, X)),
        "lstm": (lstm, hidden_states_of_lstm(lstm.cell, X)),
    }


def network(layer: Layer, x: np.ndarray = X, executor: ExecutorName = "reference") -> Network:
    """A single layer that is to reach targets of its own shape."""
    targets = np.random.default_rng(5).normal(size=(len(x), layer.outputs(x.shape[1])))
    return Network([("layer-1", layer)], MSELoss(), x, targets, dtype=np.float64, executor=executor)


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("all_steps", [False, True])
@pytest.mark.parametrize("kind", ["rnn", "lstm"])
def test_the_output_is_that_of_a_loop_over_steps(kind: str, all_steps: bool, executor: ExecutorName) -> None:
    layer, states = layers(all_steps)[kind]
    wanted = states if all_steps else states[:, -3:]
    np.testing.assert_allclose(layer.forward(Tensor(X)).data, wanted, rtol=1e-14)
    net = network(layer, executor=executor)
    net.rest()
    np.testing.assert_allclose(net.outputs, wanted, rtol=1e-12)
    np.testing.assert_allclose(net.predict(X), wanted, rtol=1e-12)


@pytest.mark.parametrize("kind", ["rnn", "lstm"])
def test_each_step_shows_its_own_matrices(kind: str) -> None:
    layer, states = layers()[kind]
    net = network(layer)
    net.rest()
    for number in range(1, 5):
        step = f"layer-1/step-{number}"
        np.testing.assert_array_equal(net.matrix((step, "input_matrix")), X[:, 2 * number - 2 : 2 * number])
        hidden = net.matrix((step, "hidden_state_matrix"))
        np.testing.assert_allclose(hidden, states[:, 3 * number - 3 : 3 * number], rtol=1e-12)
        before = net.matrix((step, "previous_hidden_matrix"))
        assert not before.any() if number == 1 else np.shares_memory(before, net.arena)
        if number > 1:
            earlier = net.matrix((f"layer-1/step-{number - 1}", "hidden_state_matrix"))
            np.testing.assert_array_equal(before, earlier)
            assert np.shares_memory(before, earlier)


def test_the_gates_of_a_step_are_parts_of_one_matrix_and_make_the_cell() -> None:
    layer, _ = layers()["lstm"]
    net = network(layer)
    net.rest()

    def matrix(name: str, step: int = 3) -> np.ndarray:
        return net.matrix((f"layer-1/step-{step}", f"{name}_matrix"))

    gates = matrix("gates")
    for place, name in enumerate(("forget", "input", "output")):
        assert np.shares_memory(gates, matrix(f"{name}_gate"))
        np.testing.assert_array_equal(matrix(f"{name}_gate"), gates[:, 3 * place : 3 * place + 3])
    sums = matrix("weight_input_bias")
    np.testing.assert_allclose(matrix("forget_gate"), sigmoid(sums[:, :3]), rtol=1e-12)
    np.testing.assert_allclose(matrix("candidate"), np.tanh(sums[:, 9:]), rtol=1e-12)
    np.testing.assert_array_equal(matrix("previous_cell"), matrix("cell_state", 2))
    np.testing.assert_array_equal(matrix("kept"), matrix("forget_gate") * matrix("previous_cell"))
    np.testing.assert_array_equal(matrix("added"), matrix("input_gate") * matrix("candidate"))
    np.testing.assert_array_equal(matrix("cell_state"), matrix("kept") + matrix("added"))
    squashed = np.tanh(matrix("cell_state"))
    np.testing.assert_allclose(matrix("hidden_state"), matrix("output_gate") * squashed, rtol=1e-12)
    parts = [matrix(f"dC_d{name}_gate") for name in ("forget", "input", "output")]
    np.testing.assert_array_equal(matrix("dC_dgates"), np.hstack(parts))
    np.testing.assert_allclose(matrix("dC_dc"), matrix("dC_dc_hidden") + matrix("dC_dc_next"), rtol=1e-14)


@pytest.mark.parametrize("kind", ["rnn", "lstm"])
def test_gradients_of_shared_weights_are_one_sum_over_all_steps(kind: str) -> None:
    layer, _ = layers()[kind]
    net = network(layer)
    net.rest()
    steps = [f"layer-1/step-{number}" for number in range(1, 5)]
    for name, own in (("dC_dw_matrix", "input_matrix"), ("dC_du_matrix", "previous_hidden_matrix")):
        wanted = sum(net.matrix((step, own)).T @ net.matrix((step, "dC_da_matrix")) for step in steps)
        np.testing.assert_allclose(net.matrix(("layer-1", name)), wanted, rtol=1e-12, atol=1e-15)
    summed = sum(net.matrix((step, "dC_da_matrix")).sum(axis=0) for step in steps)
    np.testing.assert_allclose(net.matrix(("layer-1", "dC_db_matrix"))[0], summed, rtol=1e-12)
    operations = [each.operation.name for each in net.program.instructions]
    assert operations.count("sum_of_products") == 2
    assert operations.count("sum_of_columns") == 1
    assert "copy" not in operations


def test_predicting_needs_no_backward_matrices() -> None:
    layer, _ = layers()["lstm"]
    net = network(layer)
    program = lay_out(net.recording, [(5, FORWARD_ONLY)]).programs[0]
    assert not [name for _, name in program.matrices if name.startswith("d")]
    assert {each.phase for each in program.instructions} == {"forward"}


@pytest.mark.parametrize("cell", [RNNCell(3, 4, 2), LSTMCell(3, 4, 2)])
def test_the_tutorials_cells_step_by_step(cell: RNNCell | LSTMCell) -> None:
    state = cell.init_hidden(batch_size=6)
    generator = np.random.default_rng(0)
    loss = Tensor(np.zeros((1, 1)), autograd=True)
    for _ in range(3):
        output, state = cell.forward(Tensor(generator.normal(size=(6, 3))), state)
        assert output.shape == (6, 2)
        loss = loss + (output * output).sum_all()
    loss.backward()
    assert len(cell.get_parameters()) == 5
    assert all(each.grad is not None and each.grad.data.any() for each in cell.get_parameters())


def test_a_cell_without_a_state_begins_with_zeros_and_without_an_output_shows_its_state() -> None:
    cell = RNNCell(2, 3, activation="tanh", generator=np.random.default_rng(0))
    output, hidden = cell.forward(Tensor(X[:, :2]))
    assert output is hidden
    np.testing.assert_allclose(hidden.data, np.tanh(X[:, :2] @ cell.weight.data), rtol=1e-14)


def test_a_new_lstm_remembers_and_its_recurrent_weights_are_orthogonal() -> None:
    cell = LSTMCell(2, 3, generator=np.random.default_rng(0))
    np.testing.assert_array_equal(cell.bias.data, [[1] * 3 + [0] * 9])
    for block in np.hsplit(cell.recurrent.data, 4):
        np.testing.assert_allclose(block @ block.T, np.eye(3), atol=1e-12)


def test_what_makes_no_sequence_is_refused() -> None:
    with pytest.raises(ShapeError, match="2 numbers each cannot have 7 columns"):
        RNN(2, 3).forward(Tensor(X[:, :7]))
    with pytest.raises(SpecificationError, match="at least one input"):
        LSTM(0, 3)
