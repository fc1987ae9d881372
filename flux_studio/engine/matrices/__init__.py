"""The matrices that layers and losses own: their exact names, their symbols and what each of them is."""

from flux_studio.engine.losses import LOSSES
from flux_studio.engine.matrices.blocks import (
    DROPOUT_MATRICES,
    GATED_LINEAR_MATRICES,
    LAYER_NORM_MATRICES,
    RESIDUAL_MATRICES,
)
from flux_studio.engine.matrices.dense import ACTIVATION_MATRICES, DENSE_MATRICES
from flux_studio.engine.matrices.kind import MatrixKind, Side
from flux_studio.engine.matrices.losses import LOSS_MATRICES
from flux_studio.engine.matrices.recurrent import LSTM_STEP_MATRICES, RECURRENT_MATRICES, RNN_STEP_MATRICES
from flux_studio.engine.matrices.symbols import describe
from flux_studio.engine.matrices.updates import UPDATE_MATRICES, state_matrices, state_of
from flux_studio.engine.operations import ACTIVATIONS

_MOST_GENERAL_LAST = (
    UPDATE_MATRICES,
    LOSS_MATRICES,
    LSTM_STEP_MATRICES,
    RNN_STEP_MATRICES,
    RECURRENT_MATRICES,
    RESIDUAL_MATRICES,
    GATED_LINEAR_MATRICES,
    LAYER_NORM_MATRICES,
    DROPOUT_MATRICES,
    DENSE_MATRICES,
)
MATRIX_KINDS: dict[str, MatrixKind] = {kind.name: kind for kinds in _MOST_GENERAL_LAST for kind in kinds}
"""Every matrix by name; a name that several kinds of layer share is explained as a dense layer has it."""


def kinds_beside(kind: MatrixKind) -> tuple[MatrixKind, ...]:
    """Every matrix, those first that belong to the same sort of layer."""
    own = [kinds for kinds in _MOST_GENERAL_LAST if kind in kinds]
    return tuple(each for kinds in (*own, *reversed(_MOST_GENERAL_LAST)) for each in kinds)


def why_absent(name: str, activation: str, loss: str = "") -> str:
    """Why a layer with that activation has no matrix of that name, in a sentence; empty when it has one.

    ``loss`` is the name of the loss that judges the layer's outputs, empty for a layer in the middle.
    """
    title = ACTIVATIONS[activation].title
    if name in ("dC_dy_matrix", "dh_da_matrix") and loss and LOSSES[loss].activation == activation:
        return (
            f"{LOSSES[loss].title} looks past {title}: "
            "its gradient goes straight to a, as ∂C/∂a = (P − Y)/N, and needs neither ∂C/∂h nor ∂h/∂a"
        )
    if name == "dh_da_matrix" and activation == "softmax":
        return (
            "softmax has no slope cell by cell: each output depends on all inputs of its row, "
            "so ∂C/∂a is the product of ∂C/∂h with the Jacobian matrix of the row"
        )
    return ""


__all__ = [
    "ACTIVATION_MATRICES",
    "DENSE_MATRICES",
    "DROPOUT_MATRICES",
    "GATED_LINEAR_MATRICES",
    "LAYER_NORM_MATRICES",
    "LOSS_MATRICES",
    "LSTM_STEP_MATRICES",
    "MATRIX_KINDS",
    "RECURRENT_MATRICES",
    "RESIDUAL_MATRICES",
    "RNN_STEP_MATRICES",
    "UPDATE_MATRICES",
    "MatrixKind",
    "Side",
    "describe",
    "kinds_beside",
    "state_matrices",
    "state_of",
    "why_absent",
]
