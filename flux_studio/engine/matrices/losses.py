"""The matrices between a network's outputs and its cost, which belong to no layer."""

from __future__ import annotations

from flux_studio.engine.matrices.kind import MatrixKind, backward, forward

LOSS_MATRICES: tuple[MatrixKind, ...] = (
    forward("target_matrix", "y", "target", "N×O", "y", "what the outputs should be"),
    forward("error_matrix", "ŷ − y", "error", "N×O", "ŷ − y", "how far each output is from its target"),
    forward(
        "log_probabilities_matrix",
        "log p",
        "log probability",
        "N×O",
        "log p = a − max a + log max p",
        "the logarithm of each class's probability, from the logits a",
    ),
    forward(
        "log_likelihood_matrix",
        "ℓ",
        "log likelihood",
        "N×O",
        "ℓ = y·log p, for yes and no also (1 − y)·log(1 − p)",
        "the logarithm of the probability that was given to what is true",
    ),
    forward("summed_loss_matrix", "S", "summed loss", "1×1", "S = −Σ ℓ", "the loss of all rows together"),
    forward("loss_matrix", "C", "cost", "1×1", "C", "what training makes small"),
    backward("dC_dS_matrix", "∂C/∂S", "share", "1×1", "∂C/∂S = 1/N", "how much each row counts"),
)
