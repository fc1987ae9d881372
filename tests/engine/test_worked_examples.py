"""Worked examples: every number computed by hand, the arithmetic beside it, and the engine must say the same."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from flux_studio.engine import (
    LSTM,
    Activation,
    Adam,
    CrossEntropyLoss,
    Linear,
    LSTMCell,
    MSELoss,
    Network,
    Sequential,
    Sigmoid,
    Tanh,
    Tensor,
)
from flux_studio.engine.executors import ExecutorName
from flux_studio.engine.layers import Layer
from flux_studio.engine.updating import UpdateRule
from tests.engine.networks import EXECUTORS

# The tutorial's network for XOR, with the weights of its worked example. It says 1.723 and 0.848 for the row (0, 1);
# its own numbers give 1.551 and 0.825, and all that comes after them changes accordingly.
W1, B1 = [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]], [0.1, 0.2, 0.3]
W2, B2 = [[0.7], [0.8], [0.9]], [0.1]


def xor_layers() -> list[Layer]:
    first, second = Linear(2, 3), Linear(3, 1)
    for layer, weight, bias in ((first, W1, B1), (second, W2, B2)):
        layer.weight.data[...] = weight
        assert layer.bias is not None
        layer.bias.data[...] = bias
    return [first, Tanh(), second, Sigmoid()]


def xor_network(executor: ExecutorName) -> Network:
    named = [(f"layer-{number}", layer) for number, layer in enumerate(xor_layers(), start=1)]
    row, target = np.array([[0.0, 1.0]]), np.array([[1.0]])
    network = Network(named, MSELoss(), row, target, dtype=np.float64, executor=executor)
    network.rest()
    return network


class TestXor:
    """One row, x = (0, 1), whose target is 1.

    | step | arithmetic | result |
    |---|---|---|
    | x·w₁ + b₁ | 0·0.1 + 1·0.4 + 0.1, 0·0.2 + 1·0.5 + 0.2, 0·0.3 + 1·0.6 + 0.3 | 0.5, 0.7, 0.9 |
    | h = tanh | | 0.462, 0.604, 0.716 |
    | h·w₂ + b₂ | 0.7·0.462 + 0.8·0.604 + 0.9·0.716 + 0.1 = 0.3234 + 0.4832 + 0.6444 + 0.1 | 1.551 |
    | p = σ | 1/(1 + e^−1.551) = 1/(1 + 0.212) | 0.825 |
    | C | (0.825 − 1)² | 0.0306 |
    | ∂C/∂p | 2·(0.82515 − 1) | −0.3497 |
    | ∂p/∂a | 0.82515·(1 − 0.82515) | 0.14428 |
    | ∂C/∂a₂ = ∂C/∂b₂ | −0.3497·0.14428 | −0.05045 |
    | ∂C/∂w₂ = hᵀ·∂C/∂a₂ | 0.4621·−0.05045, 0.6044·−0.05045, 0.7163·−0.05045 | −0.0233, −0.0305, −0.0361 |
    | ∂C/∂h = ∂C/∂a₂·w₂ᵀ | −0.05045·0.7, −0.05045·0.8, −0.05045·0.9 | −0.0353, −0.0404, −0.0454 |
    | 1 − h² | 1 − 0.4621², 1 − 0.6044², 1 − 0.7163² | 0.786, 0.635, 0.487 |
    | ∂C/∂a₁ = ∂C/∂b₁ | −0.0353·0.786, −0.0404·0.635, −0.0454·0.487 | −0.0278, −0.0256, −0.0221 |
    | ∂C/∂w₁ = xᵀ·∂C/∂a₁ | 0 times, and 1 times the row above | 0, 0, 0 and −0.0278, −0.0256, −0.0221 |
    """

    HIDDEN = (math.tanh(0.5), math.tanh(0.7), math.tanh(0.9))
    WEIGHTED = 0.7 * HIDDEN[0] + 0.8 * HIDDEN[1] + 0.9 * HIDDEN[2] + 0.1
    P = 1 / (1 + math.exp(-WEIGHTED))
    DELTA = 2 * (P - 1) * P * (1 - P)

    def test_the_hand_computed_digits(self) -> None:
        """What the table says, to the digits it says it with."""
        assert [round(h, 3) for h in self.HIDDEN] == [0.462, 0.604, 0.716]
        assert round(0.7 * 0.462 + 0.8 * 0.604 + 0.9 * 0.716 + 0.1, 3) == 1.551
        assert pytest.approx(1.551, abs=1e-3) == self.WEIGHTED  # unrounded it is 1.5516
        assert round(self.P, 3) == 0.825
        assert round((self.P - 1) ** 2, 4) == 0.0306
        assert round(2 * (self.P - 1), 4) == -0.3497
        assert round(self.P * (1 - self.P), 5) == 0.14428
        assert round(self.DELTA, 5) == -0.05045
        assert [round(h * self.DELTA, 4) for h in self.HIDDEN] == [-0.0233, -0.0305, -0.0361]
        assert [round(w * self.DELTA, 4) for (w,) in W2] == [-0.0353, -0.0404, -0.0454]
        assert [round(1 - h * h, 3) for h in self.HIDDEN] == [0.786, 0.635, 0.487]
        assert [round(d, 4) for d in self.before()] == [-0.0278, -0.0256, -0.0221]

    def before(self) -> list[float]:
        """∂C/∂a₁."""
        return [w * self.DELTA * (1 - h * h) for (w,), h in zip(W2, self.HIDDEN, strict=True)]

    def test_forward_step_by_step(self) -> None:
        first, tanh, second, sigmoid = xor_layers()
        a = first.forward(Tensor([[0.0, 1.0]]))
        np.testing.assert_allclose(a.data, [[0.5, 0.7, 0.9]], rtol=1e-15)
        h = tanh.forward(a)
        np.testing.assert_allclose(h.data, [self.HIDDEN], rtol=1e-15)
        output = second.forward(h)
        assert output.data[0, 0] == pytest.approx(self.WEIGHTED, rel=1e-15)
        assert round(second.forward(Tensor([[0.462, 0.604, 0.716]])).data[0, 0], 3) == 1.551
        assert sigmoid.forward(output).data[0, 0] == pytest.approx(self.P, rel=1e-15)

    def test_eager_gradients(self) -> None:
        model = Sequential(xor_layers())
        MSELoss().forward(model.forward(Tensor([[0.0, 1.0]])), Tensor([[1.0]])).backward()
        wanted = [
            [[0.0, 0.0, 0.0], self.before()],
            [self.before()],
            [[h * self.DELTA] for h in self.HIDDEN],
            [[self.DELTA]],
        ]
        for parameter, gradient in zip(model.get_parameters(), wanted, strict=True):
            assert parameter.grad is not None
            np.testing.assert_allclose(parameter.grad.data, gradient, rtol=1e-14)

    @pytest.mark.parametrize("executor", EXECUTORS)
    def test_every_matrix_of_the_program(self, executor: ExecutorName) -> None:
        network = xor_network(executor)
        wanted: dict[tuple[str, str], Any] = {
            ("layer-1", "weight_input_bias_matrix"): [[0.5, 0.7, 0.9]],
            ("layer-2", "activated_output_matrix"): [self.HIDDEN],
            ("layer-3", "weight_input_bias_matrix"): [[self.WEIGHTED]],
            ("layer-4", "activated_output_matrix"): [[self.P]],
            ("", "loss_matrix"): [[(self.P - 1) ** 2]],
            ("layer-4", "dC_dy_matrix"): [[2 * (self.P - 1)]],
            ("layer-3", "dC_da_matrix"): [[self.DELTA]],
            ("layer-3", "dC_db_matrix"): [[self.DELTA]],
            ("layer-3", "dC_dw_matrix"): [[h * self.DELTA] for h in self.HIDDEN],
            ("layer-2", "dC_dy_matrix"): [[w * self.DELTA for (w,) in W2]],
            ("layer-1", "dC_da_matrix"): [self.before()],
            ("layer-1", "dC_db_matrix"): [self.before()],
            ("layer-1", "dC_dw_matrix"): [[0.0, 0.0, 0.0], self.before()],
        }
        for key, value in wanted.items():
            np.testing.assert_allclose(network.matrix(key), value, rtol=1e-13, err_msg=str(key))


class TestSoftmaxCrossEntropy:
    """Two rows of logits that are logarithms, so that every probability is a simple fraction.

    Row 1: a = (ln 2, ln 3, ln 5), e^a = (2, 3, 5), together 10, so P = (0.2, 0.3, 0.5). The target is class 2:
    −ln 0.3 = 1.203973.
    Row 2: a = (0, 0, ln 2), e^a = (1, 1, 2), together 4, so P = (0.25, 0.25, 0.5). The target is class 3:
    −ln 0.5 = 0.693147.
    C = (1.203973 + 0.693147)/2 = 0.948560.
    ∂C/∂a = (P − Y)/2 = (0.2, 0.3 − 1, 0.5)/2 = (0.1, −0.35, 0.25) and (0.25, 0.25, 0.5 − 1)/2 = (0.125, 0.125, −0.25).
    """

    LOGITS = np.log([[2.0, 3.0, 5.0], [1.0, 1.0, 2.0]])
    TARGETS = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    P = ((0.2, 0.3, 0.5), (0.25, 0.25, 0.5))
    LOSS = 0.948560
    GRADIENT = ((0.1, -0.35, 0.25), (0.125, 0.125, -0.25))

    def test_eager(self) -> None:
        logits = Tensor(self.LOGITS, autograd=True)
        probabilities = logits.softmax()
        np.testing.assert_allclose(probabilities.data, self.P, rtol=1e-15)
        loss = CrossEntropyLoss().forward(probabilities, Tensor(self.TARGETS))
        assert loss.data[0, 0] == pytest.approx(self.LOSS, abs=5e-7)
        loss.backward()
        assert logits.grad is not None
        np.testing.assert_allclose(logits.grad.data, self.GRADIENT, rtol=1e-14)

    @pytest.mark.parametrize("executor", EXECUTORS)
    def test_as_a_program(self, executor: ExecutorName) -> None:
        """Behind a linear layer whose weights are the identity, so that the logits' gradient is a matrix of its own."""
        linear = Linear(3, 3)
        linear.weight.data[...] = np.eye(3)
        layers = [("linear", linear), ("softmax", Activation("softmax"))]
        network = Network(
            layers, CrossEntropyLoss(), self.LOGITS, self.TARGETS, dtype=np.float64, executor=executor
        )
        assert network.rest() == pytest.approx(self.LOSS, abs=5e-7)
        np.testing.assert_allclose(network.outputs, self.P, rtol=1e-14)
        np.testing.assert_allclose(network.matrix(("linear", "dC_da_matrix")), self.GRADIENT, rtol=1e-13)
        # The bias's gradient is their sum by columns: 0.1 + 0.125, −0.35 + 0.125, 0.25 − 0.25.
        np.testing.assert_allclose(
            network.matrix(("linear", "dC_db_matrix")), [[0.225, -0.225, 0.0]], atol=1e-15
        )


class TestAdam:
    """θ = 1, C = θ², so ∂C/∂θ = 2θ; η = 0.1, β₁ = 0.9, β₂ = 0.999, ε = 10⁻⁸.

    Step 1: g = 2; m = 0.1·2 = 0.2; v = 0.001·4 = 0.004; m̂ = 0.2/0.1 = 2; v̂ = 0.004/0.001 = 4;
    θ = 1 − 0.1·2/(√4 + 10⁻⁸) = 0.9.
    Step 2: g = 1.8; m = 0.9·0.2 + 0.1·1.8 = 0.36; v = 0.999·0.004 + 0.001·3.24 = 0.007236;
    m̂ = 0.36/(1 − 0.81) = 1.894737; v̂ = 0.007236/(1 − 0.998001) = 3.619810, √v̂ = 1.902580;
    θ = 0.9 − 0.1·1.894737/1.902580 = 0.9 − 0.099588 = 0.800412.
    """

    AFTER = (0.9, 0.800412)

    def test_eager(self) -> None:
        theta = Tensor([[1.0]], autograd=True)
        optimizer = Adam([theta], 0.1)
        for wanted in self.AFTER:
            (theta * theta).sum_all().backward()
            optimizer.step()
            assert theta.data[0, 0] == pytest.approx(wanted, abs=5e-7)

    def test_the_first_step_with_its_epsilon(self) -> None:
        theta = Tensor([[1.0]], autograd=True)
        (theta * theta).sum_all().backward()
        Adam([theta], 0.1).step()
        assert theta.data[0, 0] == pytest.approx(1 - 0.1 * 2 / (2 + 1e-8), rel=1e-14)

    @pytest.mark.parametrize("executor", EXECUTORS)
    def test_as_a_program(self, executor: ExecutorName) -> None:
        """θ is the only weight of a network with the input 1 and the target 0, whose square error is θ²."""
        linear = Linear(1, 1, bias=False)
        linear.weight.data[...] = 1.0
        network = Network(
            [("theta", linear)],
            MSELoss(),
            np.ones((1, 1)),
            np.zeros((1, 1)),
            dtype=np.float64,
            executor=executor,
            rule=UpdateRule("adam", 0.1),
        )
        network.rest()
        moments = ((0.2, 0.004), (0.36, 0.007236))
        for step, (wanted, (first, second)) in enumerate(zip(self.AFTER, moments, strict=True)):
            network.iterate(np.empty(1), step)
            assert network.parameter(("theta", "weights_matrix"))[0, 0] == pytest.approx(wanted, abs=5e-7)
            assert network.matrix(("", "first_moment"))[0, 0] == pytest.approx(first, rel=1e-9)
            assert network.matrix(("", "second_moment"))[0, 0] == pytest.approx(second, rel=1e-9)


class TestLSTM:
    """One step of a cell with one input and one hidden number; every gate is a simple fraction.

    x = 1, h₋ = 0.5, c₋ = 0.8; in the order forget, input, output, candidate:
    w = (ln 3 − 1, −0.5, −ln 3, ln 2 − 0.2), u = (0, 1, −1, 0.4), b = (1, 0, 0.5, 0).
    a_f = ln 3 − 1 + 0.5·0 + 1 = ln 3, so f = 3/(3 + 1) = 0.75;
    a_i = −0.5 + 0.5·1 + 0 = 0, so i = 0.5;
    a_o = −ln 3 + 0.5·−1 + 0.5 = −ln 3, so o = 1/(1 + 3) = 0.25;
    a_g = ln 2 − 0.2 + 0.5·0.4 + 0 = ln 2, so g = (2 − 1/2)/(2 + 1/2) = 0.6.
    c = 0.75·0.8 + 0.5·0.6 = 0.9; tanh c = 0.716298; h = 0.25·0.716298 = 0.179074.

    Back from ∂C/∂h = 1:
    ∂C/∂o = tanh c = 0.716298, ∂C/∂a_o = 0.716298·0.25·0.75 = 0.134306;
    ∂C/∂c = o·(1 − tanh² c) = 0.25·0.486917 = 0.121729;
    ∂C/∂f = c₋·∂C/∂c = 0.097383, ∂C/∂a_f = 0.097383·0.75·0.25 = 0.018259;
    ∂C/∂i = g·∂C/∂c = 0.073038, ∂C/∂a_i = 0.073038·0.5·0.5 = 0.018259;
    ∂C/∂g = i·∂C/∂c = 0.060865, ∂C/∂a_g = 0.060865·(1 − 0.36) = 0.038953.
    With x = 1 these four are ∂C/∂w and ∂C/∂b; ∂C/∂u is h₋ = 0.5 times them.
    ∂C/∂c₋ = f·∂C/∂c = 0.091297; ∂C/∂h₋ = 0·0.018259 + 1·0.018259 − 1·0.134306 + 0.4·0.038953 = −0.100465.
    """

    W = ((math.log(3) - 1, -0.5, -math.log(3), math.log(2) - 0.2),)
    U = ((0.0, 1.0, -1.0, 0.4),)
    B = ((1.0, 0.0, 0.5, 0.0),)
    SUMS_GRADIENT = (0.018259, 0.018259, 0.134306, 0.038953)

    def test_a_cell(self) -> None:
        cell = LSTMCell(1, 1)
        for tensor, values in zip(cell.get_parameters(), (self.W, self.U, self.B), strict=True):
            tensor.data[...] = values
        x, hidden, before = (Tensor([[value]], autograd=True) for value in (1.0, 0.5, 0.8))
        output, (after, memory) = cell.forward(x, (hidden, before))
        assert memory.data[0, 0] == pytest.approx(0.9, rel=1e-14)
        assert output.data[0, 0] == after.data[0, 0] == pytest.approx(0.179074, abs=5e-7)
        output.backward()
        gradients = [each.grad.data for each in cell.get_parameters() if each.grad is not None]
        half = np.array([self.SUMS_GRADIENT]) / 2
        for found, wanted in zip(gradients, ([self.SUMS_GRADIENT], half, [self.SUMS_GRADIENT]), strict=True):
            np.testing.assert_allclose(found, wanted, atol=6e-7)
        assert before.grad is not None
        assert before.grad.data[0, 0] == pytest.approx(0.091297, abs=6e-7)
        assert hidden.grad is not None
        assert hidden.grad.data[0, 0] == pytest.approx(-0.100465, abs=6e-7)

    @pytest.mark.parametrize("executor", EXECUTORS)
    def test_the_first_step_of_a_layer(self, executor: ExecutorName) -> None:
        """Nothing before it: with b = 0 and w = (ln 3, 0, −ln 3, ln 2) the gates are the same.

        c = 0.75·0 + 0.5·0.6 = 0.3; h = 0.25·tanh 0.3 = 0.25·0.291313 = 0.072828. The target is 0, so C = h² = 0.005304
        and ∂C/∂h = 2·0.072828 = 0.145656; ∂C/∂c = 0.145656·0.25·(1 − 0.291313²) = 0.033324;
        ∂C/∂a_f = 0; ∂C/∂a_i = 0.033324·0.6·0.25 = 0.004999; ∂C/∂a_o = 0.145656·0.291313·0.1875 = 0.007956;
        ∂C/∂a_g = 0.033324·0.5·0.64 = 0.010664.
        """
        layer = LSTM(1, 1)
        weights = [[math.log(3), 0.0, -math.log(3), math.log(2)]]
        layer.cell.weight.data[...] = weights
        layer.cell.bias.data[...] = 0.0
        network = Network(
            [("lstm", layer)],
            MSELoss(),
            np.ones((1, 1)),
            np.zeros((1, 1)),
            dtype=np.float64,
            executor=executor,
        )
        assert network.rest() == pytest.approx(0.005304, abs=6e-7)
        wanted = {
            "forget_gate_matrix": 0.75,
            "input_gate_matrix": 0.5,
            "output_gate_matrix": 0.25,
            "candidate_matrix": 0.6,
            "cell_state_matrix": 0.3,
            "squashed_cell_matrix": 0.291313,
            "hidden_state_matrix": 0.072828,
            "dC_dy_matrix": 0.145656,
            "dC_dc_matrix": 0.033324,
        }
        for name, value in wanted.items():
            assert network.matrix(("lstm/step-1", name))[0, 0] == pytest.approx(value, abs=6e-7), name
        sums = [[0.0, 0.004999, 0.007956, 0.010664]]
        np.testing.assert_allclose(network.matrix(("lstm/step-1", "dC_da_matrix")), sums, atol=6e-7)
        np.testing.assert_allclose(network.matrix(("lstm", "dC_dw_matrix")), sums, atol=6e-7)
        np.testing.assert_allclose(network.matrix(("lstm", "dC_db_matrix")), sums, atol=6e-7)
