"""Layers: each says its forward pass in tensor operations, and owns what it learns."""

from flux_studio.engine.layers.activations import (
    ELU,
    GELU,
    Activation,
    Identity,
    LeakyReLU,
    ReLU,
    Sigmoid,
    Softmax,
    Swish,
    Tanh,
)
from flux_studio.engine.layers.base import Layer, Learned, everything_learned
from flux_studio.engine.layers.dense import Dense, Linear
from flux_studio.engine.layers.dropout import Dropout
from flux_studio.engine.layers.gated_linear import GatedLinear
from flux_studio.engine.layers.layer_norm import LayerNorm
from flux_studio.engine.layers.recurrent import GATES, LSTM, RNN, LSTMCell, RNNCell
from flux_studio.engine.layers.residual import Residual
from flux_studio.engine.layers.sequential import Sequential

__all__ = [
    "ELU",
    "GATES",
    "GELU",
    "LSTM",
    "RNN",
    "Activation",
    "Dense",
    "Dropout",
    "GatedLinear",
    "Identity",
    "LSTMCell",
    "Layer",
    "LayerNorm",
    "LeakyReLU",
    "Learned",
    "Linear",
    "RNNCell",
    "ReLU",
    "Residual",
    "Sequential",
    "Sigmoid",
    "Softmax",
    "Swish",
    "Tanh",
    "everything_learned",
]
