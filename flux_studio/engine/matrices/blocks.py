"""The matrices of layers that are no dense layers: dropout, layer norm, gated linear and residual blocks.

What their parts own (``layer-2/gate``) are the matrices of the part's kind.
"""

from __future__ import annotations

from flux_studio.engine.matrices.kind import MatrixKind, backward, forward

_INPUT = forward("input_matrix", "x", "input", "N×I", "x", "what came into the layer, a row for each sample")
_ARRIVING = backward(
    "dC_dy_matrix",
    "∂C/∂h",
    "arriving",
    "N×O",
    "∂C/∂h",
    "how the cost changes with each output: the gradient that arrives",
)


def _output(formula: str, meaning: str) -> MatrixKind:
    return forward("activated_output_matrix", "h", "output", "N×O", formula, meaning)


def _handed_back(formula: str, meaning: str = "what the layer hands back to the one before it") -> MatrixKind:
    return backward("dC_dx_matrix", "∂C/∂x", "handed back", "N×I", formula, meaning)


DROPOUT_MATRICES: tuple[MatrixKind, ...] = (
    _INPUT,
    forward(
        "mask_matrix", "m", "mask", "N×I", "m = 0 or 1/(1 − p)", "0 where a number is left out this time"
    ),
    _output("h = x ⊙ m", "what stays of the input, made larger for what is left out"),
    _ARRIVING,
    _handed_back("∂C/∂x = ∂C/∂h ⊙ m", "nothing where a number was left out"),
)

LAYER_NORM_MATRICES: tuple[MatrixKind, ...] = (
    _INPUT,
    forward("mean_matrix", "μ", "mean", "N×1", "μ = (1/I)·Σ x", "the mean of each row"),
    forward(
        "centred_matrix", "x − μ", "centred", "N×I", "x − μ", "how far each number lies from its row's mean"
    ),
    forward(
        "variance_matrix", "σ²", "variance", "N×1", "σ² = (1/I)·Σ (x − μ)²", "how far each row is spread out"
    ),
    forward(
        "normalised_matrix",
        "x̂",
        "normalised",
        "N×I",
        "x̂ = (x − μ)/√(σ² + ε)",
        "each row with mean 0 and variance 1",
    ),
    forward("gain_matrix", "γ", "gain", "1×I", "γ", "how wide each column is made again"),
    forward("scaled_matrix", "γ ⊙ x̂", "scaled", "N×I", "γ ⊙ x̂", "the normalised rows times the gain"),
    forward("shift_matrix", "β", "shift", "1×I", "β", "what is added to each column"),
    _output("h = γ ⊙ x̂ + β", "what the layer hands on"),
    _ARRIVING,
    backward(
        "dC_dshift_matrix",
        "∂C/∂β",
        "shift",
        "1×I",
        "∂C/∂β = Σ rows ∂C/∂h",
        "how the cost changes with each shift",
    ),
    backward(
        "dC_dgain_matrix",
        "∂C/∂γ",
        "gain",
        "1×I",
        "∂C/∂γ = Σ rows ∂C/∂h ⊙ x̂",
        "how the cost changes with each gain",
    ),
    backward(
        "dC_dnormalised_matrix", "∂C/∂x̂", "at x̂", "N×I", "∂C/∂x̂ = ∂C/∂h ⊙ γ", "the gradient before the gain"
    ),
    backward(
        "dC_dvariance_matrix",
        "∂C/∂σ²",
        "variance",
        "N×1",
        "∂C/∂σ² = −Σ ∂C/∂x̂ ⊙ x̂ / 2(σ² + ε)",
        "how the cost changes with each row's variance",
    ),
    backward(
        "dC_dcentred_direct_matrix",
        "∂C/∂(x−μ) (x̂)",
        "centred, direct",
        "N×I",
        "∂C/∂x̂ / √(σ² + ε)",
        "the part of ∂C/∂(x − μ) that comes straight from x̂",
    ),
    backward(
        "dC_dcentred_variance_matrix",
        "∂C/∂(x−μ) (σ²)",
        "centred, by variance",
        "N×I",
        "(2/I)·(x − μ) ⊙ ∂C/∂σ²",
        "the part of ∂C/∂(x − μ) that comes through the variance",
    ),
    backward(
        "dC_dcentred_matrix",
        "∂C/∂(x−μ)",
        "centred",
        "N×I",
        "the sum of both parts",
        "how the cost changes with each centred number",
    ),
    backward(
        "dC_dmean_matrix",
        "∂C/∂μ",
        "mean",
        "N×1",
        "∂C/∂μ = −Σ ∂C/∂(x − μ)",
        "how the cost changes with each mean",
    ),
    backward(
        "dC_dx_direct_matrix",
        "∂C/∂x (x−μ)",
        "x, direct",
        "N×I",
        "∂C/∂(x − μ)",
        "the part of ∂C/∂x that comes straight from x − μ",
    ),
    backward(
        "dC_dx_mean_matrix",
        "∂C/∂x (μ)",
        "x, by mean",
        "N×I",
        "(1/I)·∂C/∂μ in every column",
        "the part of ∂C/∂x that comes through the mean",
    ),
    _handed_back("the sum of both parts"),
)

GATED_LINEAR_MATRICES: tuple[MatrixKind, ...] = (
    _INPUT,
    _output("h = v ⊙ g", "the value v of the part value, as far as the gate g lets it pass"),
    _ARRIVING,
    backward(
        "dC_dx_value_matrix",
        "∂C/∂x (v)",
        "x, by value",
        "N×I",
        "∂C/∂v·w₁ᵀ",
        "the part of ∂C/∂x that comes through the value",
    ),
    backward(
        "dC_dx_gate_matrix",
        "∂C/∂x (g)",
        "x, by gate",
        "N×I",
        "∂C/∂a·w₂ᵀ of the gate",
        "the part of ∂C/∂x that comes through the gate",
    ),
    _handed_back("the sum of both parts"),
)

RESIDUAL_MATRICES: tuple[MatrixKind, ...] = (
    _INPUT,
    forward("block_matrix", "F(x)", "block", "N×O", "F(x)", "what the layers inside make of the input"),
    forward(
        "skip_matrix",
        "s",
        "skip",
        "N×O",
        "s = x, or x·w",
        "the input itself, or its projection to as many columns",
    ),
    _output("h = F(x) + s", "both ways added up"),
    _ARRIVING,
    backward(
        "dC_dx_block_matrix",
        "∂C/∂x (F)",
        "x, by block",
        "N×I",
        "what the block's first layer hands back",
        "the part of ∂C/∂x that comes through the layers inside",
    ),
    backward(
        "dC_dx_skip_matrix",
        "∂C/∂x (s)",
        "x, by skip",
        "N×I",
        "∂C/∂h, or ∂C/∂h·wᵀ",
        "the part of ∂C/∂x that comes past the layers inside",
    ),
    _handed_back("the sum of both parts"),
)
