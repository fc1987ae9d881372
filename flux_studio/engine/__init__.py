"""The engine: matrices, gradients and programs. It knows no files, no window and no project."""

from flux_studio.engine.check import check_gradients
from flux_studio.engine.layers import (
    ELU,
    GELU,
    LSTM,
    RNN,
    Activation,
    Dense,
    Dropout,
    GatedLinear,
    Identity,
    Layer,
    LayerNorm,
    LeakyReLU,
    Linear,
    LSTMCell,
    ReLU,
    Residual,
    RNNCell,
    Sequential,
    Sigmoid,
    Softmax,
    Swish,
    Tanh,
)
from flux_studio.engine.losses import BCELoss, CrossEntropyLoss, MSELoss
from flux_studio.engine.network import Network
from flux_studio.engine.optimizers import SGD
from flux_studio.engine.tensor import Tensor

__all__ = [
    "ELU",
    "GELU",
    "LSTM",
    "RNN",
    "SGD",
    "Activation",
    "BCELoss",
    "CrossEntropyLoss",
    "Dense",
    "Dropout",
    "GatedLinear",
    "Identity",
    "LSTMCell",
    "Layer",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "MSELoss",
    "Network",
    "RNNCell",
    "ReLU",
    "Residual",
    "Sequential",
    "Sigmoid",
    "Softmax",
    "Swish",
    "Tanh",
    "Tensor",
    "check_gradients",
]
