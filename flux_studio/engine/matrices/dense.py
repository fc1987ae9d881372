"""The eleven matrices of a dense layer, and which of them an activation has."""

from __future__ import annotations

from flux_studio.engine.matrices.kind import MatrixKind

DENSE_MATRICES: tuple[MatrixKind, ...] = (
    MatrixKind(
        "input_matrix", "x", "input", "N×I", "forward", "x", "what came into the layer, a row for each sample"
    ),
    MatrixKind(
        "weights_matrix",
        "w",
        "weights",
        "I×O",
        "forward",
        "w",
        "how strongly each input counts for each neuron",
    ),
    MatrixKind(
        "bias_matrix", "b", "bias", "1×O", "forward", "b", "what each neuron adds to its weighted sum"
    ),
    MatrixKind(
        "weight_and_input_matrix",
        "x·w",
        "weighted sum",
        "N×O",
        "forward",
        "x·w",
        "inputs times weights, summed over the inputs",
    ),
    MatrixKind(
        "weight_input_bias_matrix",
        "a",
        "x·w + b",
        "N×O",
        "forward",
        "a = x·w + b",
        "the weighted sum with the bias, before the activation",
    ),
    MatrixKind(
        "activated_output_matrix",
        "h",
        "output",
        "N×O",
        "forward",
        "h = h(a)",
        "what the layer hands on, after the activation",
    ),
    MatrixKind(
        "dC_dy_matrix",
        "∂C/∂h",
        "arriving",
        "N×O",
        "backward",
        "∂C/∂h",
        "how the cost changes with each output: the gradient that arrives",
    ),
    MatrixKind(
        "dh_da_matrix", "∂h/∂a", "slope", "N×O", "backward", "∂h/∂a", "the slope of the activation at a"
    ),
    MatrixKind(
        "dC_da_matrix",
        "∂C/∂a",
        "delta",
        "N×O",
        "backward",
        "∂C/∂a = ∂C/∂h ⊙ ∂h/∂a",
        "the gradient behind the activation, times its slope",
    ),
    MatrixKind(
        "dC_dw_matrix",
        "∂C/∂w",
        "weights",
        "I×O",
        "backward",
        "∂C/∂w = xᵀ·∂C/∂a",
        "how the cost changes with each weight",
    ),
    MatrixKind(
        "dC_db_matrix",
        "∂C/∂b",
        "bias",
        "1×O",
        "backward",
        "∂C/∂b = Σ rows ∂C/∂a",
        "how the cost changes with each bias",
    ),
)
"""The eleven matrices of a dense layer, in the order in which they are shown."""

_OF_ACTIVATIONS = (
    "input_matrix",
    "activated_output_matrix",
    "dC_dy_matrix",
    "dh_da_matrix",
    "dC_da_matrix",
)
ACTIVATION_MATRICES: tuple[MatrixKind, ...] = tuple(
    kind for kind in DENSE_MATRICES if kind.name in _OF_ACTIVATIONS
)
"""The matrices of an activation that is a layer of its own: a is what comes in."""
