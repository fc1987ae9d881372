"""The matrices of recurrent layers: those of the whole layer, and those of each of its steps.

T is the number of steps. The whole layer's matrices have the steps side by side; each step's own belong to the parts
``step-1``, ``step-2`` and so on. H is the width of the hidden state, h₋ and c₋ are the states of the step before.
"""

from __future__ import annotations

from flux_studio.engine.layers.recurrent import GATES
from flux_studio.engine.matrices.kind import MatrixKind, backward, forward

_LEARNED_BEFORE: tuple[MatrixKind, ...] = (
    forward("input_matrix", "x", "input", "N×T·I", "x", "what came into the layer, step beside step"),
    forward("weights_matrix", "w", "weights", "I×O", "w", "how strongly each input counts for each sum"),
    forward("bias_matrix", "b", "bias", "1×O", "b", "what is added to each sum"),
    forward(
        "recurrent_weights_matrix",
        "u",
        "recurrent weights",
        "H×O",
        "u",
        "how strongly each hidden number of the step before counts for each sum",
    ),
)
_LAYER_BACKWARD: tuple[MatrixKind, ...] = (
    backward(
        "dC_dy_matrix",
        "∂C/∂h",
        "arriving",
        "N×H or N×T·H",
        "∂C/∂h",
        "how the cost changes with what the layer hands on",
    ),
    backward(
        "dC_dx_matrix",
        "∂C/∂x",
        "handed back",
        "N×T·I",
        "∂C/∂a·wᵀ",
        "what the layer hands back, step beside step",
    ),
    backward(
        "dC_du_matrix",
        "∂C/∂u",
        "recurrent weights",
        "H×O",
        "∂C/∂u = Σ steps h₋ᵀ·∂C/∂a",
        "how the cost changes with each recurrent weight, over all steps",
    ),
    backward(
        "dC_dw_matrix",
        "∂C/∂w",
        "weights",
        "I×O",
        "∂C/∂w = Σ steps xᵀ·∂C/∂a",
        "how the cost changes with each weight, over all steps",
    ),
    backward(
        "dC_db_matrix",
        "∂C/∂b",
        "bias",
        "1×O",
        "∂C/∂b = Σ steps Σ rows ∂C/∂a",
        "how the cost changes with each bias, over all steps",
    ),
)

RECURRENT_MATRICES: tuple[MatrixKind, ...] = (
    *_LEARNED_BEFORE,
    forward(
        "activated_output_matrix",
        "h",
        "output",
        "N×H or N×T·H",
        "h of the last step, or of all",
        "what the layer hands on: the last hidden state, or that of every step",
    ),
    *_LAYER_BACKWARD,
)
"""What an RNN and an LSTM own as a whole."""

_STEP_SUMS: tuple[MatrixKind, ...] = (
    forward("input_matrix", "x", "input", "N×I", "x", "what came in at this step"),
    forward(
        "previous_hidden_matrix", "h₋", "hidden before", "N×H", "h₋", "the hidden state of the step before"
    ),
    forward("weight_and_input_matrix", "x·w", "from the input", "N×O", "x·w", "the input's weighted sum"),
    forward(
        "weight_and_hidden_matrix",
        "h₋·u",
        "from the memory",
        "N×O",
        "h₋·u",
        "the hidden state's weighted sum",
    ),
    forward("weighted_sum_matrix", "x·w + h₋·u", "both", "N×O", "x·w + h₋·u", "both weighted sums"),
    forward(
        "weight_input_bias_matrix",
        "a",
        "with bias",
        "N×O",
        "a = x·w + h₋·u + b",
        "both weighted sums with the bias",
    ),
)
_HIDDEN_BACKWARD: tuple[MatrixKind, ...] = (
    backward(
        "dC_dh_next_matrix",
        "∂C/∂h (h₊)",
        "from the next step",
        "N×H",
        "∂C/∂a₊·uᵀ",
        "the part of ∂C/∂h that comes back through the next step",
    ),
    backward(
        "dC_dy_matrix",
        "∂C/∂h",
        "hidden state",
        "N×H",
        "∂C/∂h",
        "how the cost changes with the hidden state: through the next step and the output",
    ),
)
_DELTA = backward("dC_da_matrix", "∂C/∂a", "delta", "N×O", "∂C/∂a", "how the cost changes with each sum")
_STEP_INPUT = backward(
    "dC_dx_matrix", "∂C/∂x", "handed back", "N×I", "∂C/∂x = ∂C/∂a·wᵀ", "what this step hands back"
)

RNN_STEP_MATRICES: tuple[MatrixKind, ...] = (
    *_STEP_SUMS,
    forward(
        "hidden_state_matrix",
        "h",
        "hidden state",
        "N×H",
        "h = h(a)",
        "what the layer remembers after this step",
    ),
    *_HIDDEN_BACKWARD,
    backward("dh_da_matrix", "∂h/∂a", "slope", "N×H", "∂h/∂a", "the slope of the activation at a"),
    _DELTA,
    _STEP_INPUT,
)
"""What each step of an RNN owns."""


def _gates() -> tuple[MatrixKind, ...]:
    meanings = {
        "forget": "how much of each cell is kept",
        "input": "how much of each candidate is let in",
        "output": "how much of each cell is shown",
    }
    return tuple(
        forward(
            f"{name}_gate_matrix",
            name[0],
            f"{name} gate",
            "N×H",
            f"{name[0]} = σ(a_{name[0]})",
            meanings[name],
        )
        for name in GATES[:3]
    )


def _gate_gradients() -> tuple[MatrixKind, ...]:
    formulas = {"forget": "∂C/∂c ⊙ c₋", "input": "∂C/∂c ⊙ g", "output": "∂C/∂h ⊙ tanh c"}
    return tuple(
        backward(
            f"dC_d{name}_gate_matrix",
            f"∂C/∂{name[0]}",
            f"{name} gate",
            "N×H",
            f"∂C/∂{name[0]} = {formulas[name]}",
            f"how the cost changes with the {name} gate",
        )
        for name in GATES[:3]
    )


LSTM_STEP_MATRICES: tuple[MatrixKind, ...] = (
    *_STEP_SUMS,
    forward(
        "gate_sums_matrix",
        "a_fio",
        "sums of the gates",
        "N×3H",
        "a_f, a_i, a_o",
        "what the gates are made of",
    ),
    forward(
        "candidate_sums_matrix", "a_g", "sums of the candidate", "N×H", "a_g", "what the candidate is made of"
    ),
    forward(
        "gates_matrix", "f i o", "gates", "N×3H", "σ(a_f), σ(a_i), σ(a_o)", "all three gates, side by side"
    ),
    *_gates(),
    forward(
        "candidate_matrix", "g", "candidate", "N×H", "g = tanh a_g", "what could be written into each cell"
    ),
    forward("previous_cell_matrix", "c₋", "cell before", "N×H", "c₋", "the cell state of the step before"),
    forward("kept_matrix", "f ⊙ c₋", "kept", "N×H", "f ⊙ c₋", "what is left of the cell state before"),
    forward("added_matrix", "i ⊙ g", "added", "N×H", "i ⊙ g", "what is written into the cells"),
    forward(
        "cell_state_matrix", "c", "cell state", "N×H", "c = f ⊙ c₋ + i ⊙ g", "the long memory after this step"
    ),
    forward(
        "squashed_cell_matrix", "tanh c", "squashed cell", "N×H", "tanh c", "the cell state between −1 and 1"
    ),
    forward(
        "hidden_state_matrix",
        "h",
        "hidden state",
        "N×H",
        "h = o ⊙ tanh c",
        "what the layer shows after this step",
    ),
    *_HIDDEN_BACKWARD,
    backward(
        "dC_dsquashed_cell_matrix",
        "∂C/∂tanh c",
        "squashed cell",
        "N×H",
        "∂C/∂h ⊙ o",
        "the gradient behind the output gate",
    ),
    backward(
        "dsquashed_dc_matrix", "∂tanh c/∂c", "slope of tanh", "N×H", "1 − tanh² c", "the slope of tanh at c"
    ),
    backward(
        "dC_dc_hidden_matrix",
        "∂C/∂c (h)",
        "from the hidden state",
        "N×H",
        "∂C/∂tanh c ⊙ (1 − tanh² c)",
        "the part of ∂C/∂c that comes through the hidden state",
    ),
    backward(
        "dC_dc_next_matrix",
        "∂C/∂c (c₊)",
        "from the next step",
        "N×H",
        "∂C/∂c₊ ⊙ f₊",
        "the part of ∂C/∂c that comes through the next step's cell",
    ),
    backward(
        "dC_dc_matrix",
        "∂C/∂c",
        "cell state",
        "N×H",
        "the sum of both parts",
        "how the cost changes with the cell",
    ),
    *_gate_gradients(),
    backward(
        "dC_dgates_matrix",
        "∂C/∂fio",
        "gates",
        "N×3H",
        "∂C/∂f, ∂C/∂i, ∂C/∂o",
        "all three gates' gradients, side by side",
    ),
    backward(
        "dgates_da_matrix", "∂fio/∂a", "slope of the gates", "N×3H", "σ·(1 − σ)", "the slope of each gate"
    ),
    backward(
        "dC_dgate_sums_matrix",
        "∂C/∂a_fio",
        "sums of the gates",
        "N×3H",
        "∂C/∂fio ⊙ ∂fio/∂a",
        "the gates' part of ∂C/∂a",
    ),
    backward(
        "dC_dcandidate_matrix",
        "∂C/∂g",
        "candidate",
        "N×H",
        "∂C/∂g = ∂C/∂c ⊙ i",
        "how the cost changes with the candidate",
    ),
    backward(
        "dcandidate_da_matrix",
        "∂g/∂a",
        "slope of the candidate",
        "N×H",
        "1 − g²",
        "the slope of the candidate",
    ),
    backward(
        "dC_dcandidate_sums_matrix",
        "∂C/∂a_g",
        "sums of the candidate",
        "N×H",
        "∂C/∂g ⊙ (1 − g²)",
        "the candidate's part of ∂C/∂a",
    ),
    _DELTA,
    _STEP_INPUT,
)
"""What each step of an LSTM owns."""
