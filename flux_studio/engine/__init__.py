"""The engine: matrices, gradients and programs. It knows no files, no window and no project."""

from flux_studio.engine.check import check_gradients
from flux_studio.engine.layers import (
    ELU,
    GELU,
    Activation,
    Dense,
    Dropout,
    GatedLinear,
    Identity,
    Layer,
    LayerNorm,
    LeakyReLU,
    Linear,
    ReLU,
    Residual,
    Sequential,
    Sigmoid,
    Softmax,
    Swish,
    Tanh,
)
from flux_studio.engine.losses import BCELoss, CrossEntropyLoss, MSELoss
from flux_studio.engine.network import Network
from flux_studio.engine.optimizers import SGD, Adam, AdamW, RMSProp
from flux_studio.engine.tensor import Tensor

__all__ = [
    "ELU",
    "GELU",
    "SGD",
    "Activation",
    "Adam",
    "AdamW",
    "BCELoss",
    "CrossEntropyLoss",
    "Dense",
    "Dropout",
    "GatedLinear",
    "Identity",
    "Layer",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "MSELoss",
    "Network",
    "RMSProp",
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
