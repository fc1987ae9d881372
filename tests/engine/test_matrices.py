"""Names of matrices: each explained, one symbol a name, and a sentence where one is missing."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from flux_studio.engine import BCELoss, CrossEntropyLoss, MSELoss
from flux_studio.engine.losses import LOSSES, Loss
from flux_studio.engine.matrices import (
    ACTIVATION_MATRICES,
    DENSE_MATRICES,
    DROPOUT_MATRICES,
    GATED_LINEAR_MATRICES,
    LAYER_NORM_MATRICES,
    LOSS_MATRICES,
    LSTM_STEP_MATRICES,
    MATRIX_KINDS,
    RECURRENT_MATRICES,
    RESIDUAL_MATRICES,
    RNN_STEP_MATRICES,
    UPDATE_MATRICES,
    MatrixKind,
    state_matrices,
    why_absent,
)
from flux_studio.engine.operations import ACTIVATIONS
from flux_studio.engine.updating import OPTIMIZERS
from tests.engine.test_losses import network

EVERYTHING = (
    DENSE_MATRICES,
    ACTIVATION_MATRICES,
    DROPOUT_MATRICES,
    LAYER_NORM_MATRICES,
    GATED_LINEAR_MATRICES,
    RESIDUAL_MATRICES,
    RECURRENT_MATRICES,
    RNN_STEP_MATRICES,
    LSTM_STEP_MATRICES,
    LOSS_MATRICES,
    UPDATE_MATRICES,
    *(state_matrices(optimizer.update) for optimizer in OPTIMIZERS.values()),
)


@pytest.mark.parametrize("kinds", [kinds for kinds in EVERYTHING if kinds])
def test_every_matrix_of_a_kind_is_told_once_and_completely(kinds: tuple[MatrixKind, ...]) -> None:
    assert max(Counter(kind.name for kind in kinds).values()) == 1
    assert max(Counter(kind.symbol for kind in kinds).values()) == 1
    for kind in kinds:
        assert all((kind.name, kind.symbol, kind.title, kind.shape, kind.formula, kind.meaning))
        assert (kind.side == "backward") == bool(re.match("d[a-zA-Z]+_d", kind.name))
        rows, _, columns = kind.shape.partition("×")
        assert rows in ("N", "I", "H", "1")
        assert columns in ("I", "O", "P", "1", "H", "3H", "T·I", "H or N×T·H")


def test_every_name_is_known_and_shared_ones_are_those_of_a_dense_layer() -> None:
    fixed = EVERYTHING[: EVERYTHING.index(UPDATE_MATRICES) + 1]
    assert set(MATRIX_KINDS) == {kind.name for kinds in fixed for kind in kinds}
    for kind in DENSE_MATRICES:
        assert MATRIX_KINDS[kind.name] is kind


@pytest.mark.parametrize(
    ("loss", "activation"),
    [
        (CrossEntropyLoss, "softmax"),
        (MSELoss, "softmax"),
        (BCELoss, "sigmoid"),
        (MSELoss, "sigmoid"),
    ],
)
def test_a_matrix_is_missing_exactly_where_a_sentence_says_why(loss: type[Loss], activation: str) -> None:
    matrices = network(loss, activation).program.matrices
    for kind in DENSE_MATRICES:
        reason = why_absent(kind.name, activation, loss.name)
        assert (("layer-2", kind.name) in matrices) == (reason == "")
        assert "\n" not in reason
        assert why_absent(kind.name, "tanh") == ""


def test_the_sentences() -> None:
    looks_past = why_absent("dC_dy_matrix", "softmax", "cross_entropy")
    assert looks_past.startswith("cross-entropy looks past softmax")
    assert "∂C/∂a = (P − Y)/N" in looks_past
    assert "Jacobian" in why_absent("dh_da_matrix", "softmax", "mse")
    assert "Jacobian" in why_absent("dh_da_matrix", "softmax")
    for activation in ACTIVATIONS:
        for loss in LOSSES:
            assert why_absent("dC_da_matrix", activation, loss) == ""
