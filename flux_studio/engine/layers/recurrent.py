"""Layers that read a sequence step by step and remember: simple recurrent ones and LSTMs, with their cells."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, TypeVar

import numpy as np

from flux_studio.engine import initializers
from flux_studio.engine.layers.activations import Activation
from flux_studio.engine.layers.base import Layer, Learned
from flux_studio.engine.layers.dense import Linear
from flux_studio.engine.recording import step_part
from flux_studio.engine.tensor import Tensor
from flux_studio.errors import ShapeError, SpecificationError

GATES = ("forget", "input", "output", "candidate")
"""The order in which an LSTM's four sums stand side by side, each as wide as the hidden state."""
_State = TypeVar("_State")


class _Cell(Layer):
    """What both cells have: weights for the input and for the hidden state, a bias, and perhaps an output."""

    blocks: int
    """How many sums a cell makes, side by side."""

    def __init__(
        self,
        n_inputs: int,
        n_hidden: int,
        n_output: int | None = None,
        *,
        initializer: str = "xavier_uniform",
        generator: np.random.Generator | None = None,
    ) -> None:
        if n_inputs < 1 or n_hidden < 1:
            raise SpecificationError(
                f"a recurrent cell needs at least one input and one hidden number, not {n_inputs} and {n_hidden}"
            )
        generator = np.random.default_rng() if generator is None else generator
        self.n_inputs, self.n_hidden = n_inputs, n_hidden
        self.weight = self._drawn(initializer, generator, n_inputs)
        self.recurrent = self._drawn("orthogonal", generator, n_hidden)
        self.bias = Tensor(np.zeros((1, self.blocks * n_hidden)), autograd=True)
        self.output = None if n_output is None else Linear(n_hidden, n_output, generator=generator)

    def _drawn(self, initializer: str, generator: np.random.Generator, rows: int) -> Tensor:
        drawn = [initializers.draw(initializer, generator, rows, self.n_hidden) for _ in range(self.blocks)]
        return Tensor(np.hstack(drawn), autograd=True)

    def learned(self) -> tuple[Learned, ...]:
        return (
            Learned(self.weight, "weights_matrix", "dC_dw_matrix"),
            Learned(self.recurrent, "recurrent_weights_matrix", "dC_du_matrix"),
            Learned(self.bias, "bias_matrix", "dC_db_matrix", is_bias=True),
        )

    def parts(self) -> tuple[tuple[str, Layer], ...]:
        return () if self.output is None else (("output", self.output),)

    def outputs(self, n_inputs: int) -> int:
        return self.n_hidden if self.output is None else self.output.outputs(self.n_hidden)

    def _sums(self, x: Any, hidden: Any) -> Any:
        """a = x·w + h₋·u + b, with h₋ the hidden state of the step before."""
        weighted = x.named("input_matrix", gradient="dC_dx_matrix").mm(self.weight)
        remembered = hidden.named("previous_hidden_matrix").mm(self.recurrent)
        both = weighted.named("weight_and_input_matrix") + remembered.named("weight_and_hidden_matrix")
        biased = both.named("weighted_sum_matrix") + self.bias
        return biased.named("weight_input_bias_matrix", gradient="dC_da_matrix")

    def _read_out(self, hidden: Any) -> Any:
        return hidden if self.output is None else self.output.forward(hidden)


class RNNCell(_Cell):
    """One step of a simple recurrent layer: h = h(x·w + h₋·u + b), with h₋ the hidden state before.

    w is I×H, u is H×H and b is 1×H; x is N×I and the states are N×H. With ``n_output`` the output is h·v + c, a linear
    layer of its own; without it the output is h. u is drawn orthogonal, w by ``initializer``; b begins at zero.
    """

    blocks = 1

    def __init__(
        self,
        n_inputs: int,
        n_hidden: int,
        n_output: int | None = None,
        activation: str = "sigmoid",
        *,
        initializer: str = "xavier_uniform",
        generator: np.random.Generator | None = None,
    ) -> None:
        super().__init__(n_inputs, n_hidden, n_output, initializer=initializer, generator=generator)
        self.activation = Activation(activation).activation

    def forward(self, x: Any, hidden: Any = None) -> Any:
        """The output and the new hidden state, each N×H or N×(n_output)."""
        hidden = self.step(x, x.zeros(self.n_hidden) if hidden is None else hidden)
        return self._read_out(hidden), hidden

    def init_hidden(self, batch_size: int = 1) -> Tensor:
        """A hidden state of zeros for eager tensors."""
        return Tensor(np.zeros((batch_size, self.n_hidden)))

    def step(self, x: Any, hidden: Any) -> Any:
        """The hidden state after the input ``x``."""
        activated = self._sums(x, hidden).activate(self.activation)
        return activated.named("hidden_state_matrix", gradient="dC_dy_matrix")


class LSTMCell(_Cell):
    """One step of a long short-term memory (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000).

    With a = x·w + h₋·u + b, four blocks side by side in the order of :data:`GATES`: forget gate f = σ(a_f), input gate
    i = σ(a_i), output gate o = σ(a_o), candidate g = tanh(a_g), cell state c = f ⊙ c₋ + i ⊙ g, hidden state
    h = o ⊙ tanh c. w is I×4H, u is H×4H and b is 1×4H. Each block of u is drawn orthogonal, each of w by
    ``initializer``; b begins at zero, and at one for the forget gate, so that a new network remembers. With
    ``n_output`` the output is h·v + c, a linear layer of its own; without it the output is h.
    """

    blocks = len(GATES)

    def __init__(
        self,
        n_inputs: int,
        n_hidden: int,
        n_output: int | None = None,
        *,
        initializer: str = "xavier_uniform",
        generator: np.random.Generator | None = None,
    ) -> None:
        super().__init__(n_inputs, n_hidden, n_output, initializer=initializer, generator=generator)
        self.bias.data[:, :n_hidden] = 1

    def forward(self, x: Any, state: Any = None) -> Any:
        """The output, and the new state as a pair: hidden and cell, each N×H."""
        if state is None:
            state = x.zeros(self.n_hidden), x.zeros(self.n_hidden)
        hidden, cell = self.step(x, *state)
        return self._read_out(hidden), (hidden, cell)

    def init_hidden(self, batch_size: int = 1) -> tuple[Tensor, Tensor]:
        """A hidden and a cell state of zeros for eager tensors."""
        return Tensor(np.zeros((batch_size, self.n_hidden))), Tensor(np.zeros((batch_size, self.n_hidden)))

    def step(self, x: Any, hidden: Any, cell: Any) -> Any:
        """Hidden and cell state after the input ``x``."""
        width, sums = self.n_hidden, self._sums(x, hidden)
        below = sums.columns(0, 3 * width).named("gate_sums_matrix", gradient="dC_dgate_sums_matrix")
        gates = below.activate("sigmoid").named(
            "gates_matrix", gradient="dC_dgates_matrix", slope="dgates_da_matrix"
        )
        forget, let_in, let_out = (
            gates.columns(place * width, (place + 1) * width).named(
                f"{name}_gate_matrix", gradient=f"dC_d{name}_gate_matrix"
            )
            for place, name in enumerate(GATES[:3])
        )
        below = sums.columns(3 * width, 4 * width)
        below = below.named("candidate_sums_matrix", gradient="dC_dcandidate_sums_matrix")
        candidate = below.activate("tanh").named(
            "candidate_matrix", gradient="dC_dcandidate_matrix", slope="dcandidate_da_matrix"
        )
        kept = (forget * cell.named("previous_cell_matrix")).named("kept_matrix")
        added = (let_in * candidate).named("added_matrix")
        cell = (kept + added).named("cell_state_matrix", gradient="dC_dc_matrix")
        squashed = cell.branch("dC_dc_hidden_matrix").activate("tanh")
        squashed = squashed.named(
            "squashed_cell_matrix", gradient="dC_dsquashed_cell_matrix", slope="dsquashed_dc_matrix"
        )
        hidden = (let_out * squashed).named("hidden_state_matrix", gradient="dC_dy_matrix")
        return hidden, cell


class _Recurrent(Layer):
    """A cell used once for each step of a sequence.

    The input is N×(T·I): the I numbers of the first step, then those of the second, and so on; how many steps there
    are is told by its width. The output is the last hidden state N×H, or with ``all_steps`` all of them, N×(T·H).
    """

    cell: Any

    def __init__(self, n_inputs: int, n_hidden: int, all_steps: bool) -> None:
        self.n_inputs, self.n_hidden, self.all_steps = n_inputs, n_hidden, all_steps

    @abstractmethod
    def _states(self, x: Any, steps: list[Any]) -> list[Any]:
        """The hidden states: one of zeros, then one after each step."""

    def forward(self, x: Any) -> Any:
        count = self.steps(x.shape[1])
        x = x.named("input_matrix", gradient="dC_dx_matrix")
        columns = [x.columns(t * self.n_inputs, (t + 1) * self.n_inputs) for t in range(count)]
        states = self._states(x, columns)
        together = states[0].beside(*states[1:])
        output = (
            together.columns(self.n_hidden, (count + 1) * self.n_hidden) if self.all_steps else states[-1]
        )
        return output.named("activated_output_matrix", gradient="dC_dy_matrix")

    def steps(self, n_inputs: int) -> int:
        """How many steps ``n_inputs`` columns are; :class:`ShapeError` when they are not a whole number of steps."""
        if n_inputs < 1 or n_inputs % self.n_inputs:
            raise ShapeError(
                f"a sequence of steps with {self.n_inputs} numbers each cannot have {n_inputs} columns"
            )
        return n_inputs // self.n_inputs

    def outputs(self, n_inputs: int) -> int:
        return self.n_hidden * (self.steps(n_inputs) if self.all_steps else 1)

    def learned(self) -> tuple[Learned, ...]:
        learned: tuple[Learned, ...] = self.cell.learned()
        return learned


class RNN(_Recurrent):
    """A simple recurrent layer: hₜ = h(xₜ·w + hₜ₋₁·u + b) over all steps, h₀ = 0; see :class:`RNNCell`."""

    def __init__(
        self,
        n_inputs: int,
        n_hidden: int,
        activation: str = "tanh",
        *,
        all_steps: bool = False,
        initializer: str = "xavier_uniform",
        generator: np.random.Generator | None = None,
    ) -> None:
        super().__init__(n_inputs, n_hidden, all_steps)
        self.cell = RNNCell(
            n_inputs, n_hidden, activation=activation, initializer=initializer, generator=generator
        )

    def _states(self, x: Any, steps: list[Any]) -> list[Any]:
        hidden = x.zeros(self.n_hidden)
        states = [hidden]
        for number, columns in enumerate(steps, start=1):
            with x.inside(step_part(number)):
                states.append(self.cell.step(columns, hidden))
                hidden = states[-1].branch("dC_dh_next_matrix")
        return states


class LSTM(_Recurrent):
    """A long short-term memory over all steps, its states zero before the first; see :class:`LSTMCell`."""

    def __init__(
        self,
        n_inputs: int,
        n_hidden: int,
        *,
        all_steps: bool = False,
        initializer: str = "xavier_uniform",
        generator: np.random.Generator | None = None,
    ) -> None:
        super().__init__(n_inputs, n_hidden, all_steps)
        self.cell = LSTMCell(n_inputs, n_hidden, initializer=initializer, generator=generator)

    def _states(self, x: Any, steps: list[Any]) -> list[Any]:
        hidden, cell = x.zeros(self.n_hidden), x.zeros(self.n_hidden)
        states = [hidden]
        for number, columns in enumerate(steps, start=1):
            with x.inside(step_part(number)):
                after, cell = self.cell.step(columns, hidden, cell)
                hidden, cell = after.branch("dC_dh_next_matrix"), cell.branch("dC_dc_next_matrix")
            states.append(after)
        return states
