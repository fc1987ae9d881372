"""Our layers as PyTorch modules that begin with the same numbers, and which of their parameters are which of ours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn

from flux_studio.engine import (
    LSTM,
    RNN,
    Activation,
    Dense,
    GatedLinear,
    Layer,
    LayerNorm,
    Linear,
    Residual,
    Sequential,
    Tensor,
)

torch.set_num_threads(1)

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "identity": nn.Identity,
    "relu": nn.ReLU,
    "leaky_relu": lambda: nn.LeakyReLU(0.01),
    "elu": nn.ELU,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "swish": nn.SiLU,
    "gelu": nn.GELU,
    "softmax": lambda: nn.Softmax(dim=1),
}


class Sum(nn.Module):
    """A block beside a way past it."""

    def __init__(self, block: nn.Module, skip: nn.Module) -> None:
        super().__init__()
        self.block, self.skip = block, skip

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.block(x) + self.skip(x)


class Gated(nn.Module):
    """One linear layer times the sigmoid of another."""

    def __init__(self, value: nn.Module, gate: nn.Module) -> None:
        super().__init__()
        self.value, self.gate = value, gate

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.value(x) * self.gate(x)


class Steps(nn.Module):
    """A recurrent module over rows that hold their steps one behind the other; the last state, or all of them."""

    def __init__(self, recurrent: nn.RNNBase, all_steps: bool) -> None:
        super().__init__()
        self.recurrent, self.all_steps = recurrent, all_steps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        states, _ = self.recurrent(x.reshape(len(x), -1, self.recurrent.input_size))
        chosen = states if self.all_steps else states[:, -1]
        return chosen.reshape(len(x), -1)


# Where each of our blocks of gates (forget, input, output, candidate) stands among PyTorch's (input, forget,
# candidate, output).
GATES = (1, 0, 3, 2)


@dataclass
class Translation:
    """Modules made from layers; ``twins`` remembers for each of our tensors its parameter, and how to read it."""

    twins: dict[int, tuple[nn.Parameter, Callable[[Any], Any]]] = field(default_factory=dict)

    def stack(self, layers: Sequence[Layer]) -> nn.Sequential:
        return nn.Sequential(*(self.module(layer) for layer in layers))

    def module(self, layer: Layer) -> nn.Module:
        match layer:
            case Activation():
                return ACTIVATIONS[layer.activation]()
            case Dense():
                return nn.Sequential(self.linear(layer.linear), ACTIVATIONS[layer.activation]())
            case Linear():
                return self.linear(layer)
            case LayerNorm():
                norm = nn.LayerNorm(layer.gain.shape[1], eps=1e-5, dtype=torch.float64)
                self.pair(layer.gain, norm.weight)
                self.pair(layer.shift, norm.bias)
                return norm
            case Residual():
                past = nn.Identity() if layer.projection is None else self.linear(layer.projection)
                return Sum(self.stack(layer.layers), past)
            case GatedLinear():
                return Gated(self.module(layer.value), self.module(layer.gate))
            case Sequential():
                return self.stack(layer.layers)
            case RNN():
                kind = layer.cell.activation
                made = nn.RNN(
                    layer.n_inputs, layer.n_hidden, nonlinearity=kind, batch_first=True, dtype=torch.float64
                )
                return self.recurrent(layer, made, _transposed)
            case LSTM():
                lstm = nn.LSTM(layer.n_inputs, layer.n_hidden, batch_first=True, dtype=torch.float64)
                return self.recurrent(layer, lstm, _gates_reordered)
        raise TypeError(f"no module is known for {type(layer).__name__}")

    def recurrent(self, layer: RNN | LSTM, made: nn.RNNBase, read: Callable[[Any], Any]) -> Steps:
        """PyTorch has a second bias, which would learn the same as the first: it is held at zero."""
        cell = layer.cell
        self.pair(cell.weight, made.weight_ih_l0, read)
        self.pair(cell.recurrent, made.weight_hh_l0, read)
        self.pair(cell.bias, made.bias_ih_l0, read)
        with torch.no_grad():
            made.bias_hh_l0.zero_()
        made.bias_hh_l0.requires_grad_(False)
        return Steps(made, layer.all_steps)

    def linear(self, layer: Linear) -> nn.Linear:
        made = nn.Linear(*layer.weight.shape, bias=layer.bias is not None, dtype=torch.float64)
        self.pair(layer.weight, made.weight, _transposed)
        if layer.bias is not None:
            self.pair(layer.bias, made.bias)
        return made

    def pair(self, tensor: Tensor, parameter: nn.Parameter, read: Callable[[Any], Any] = np.asarray) -> None:
        """Let the parameter begin with the tensor's numbers, and remember how those of one are read from the other."""
        self.twins[id(tensor)] = parameter, read
        places = np.arange(parameter.numel()).reshape(parameter.shape)
        with torch.no_grad():
            flat = np.empty(parameter.numel())
            flat[read(places).reshape(-1)] = tensor.data.reshape(-1)
            parameter.copy_(torch.from_numpy(flat).reshape(parameter.shape))

    def values(self, tensor: Tensor) -> Any:
        """The present values of a tensor's twin, in the tensor's shape."""
        parameter, read = self.twins[id(tensor)]
        return read(parameter.detach().numpy()).reshape(tensor.shape)


def _transposed(values: Any) -> Any:
    return values.T


def _gates_reordered(values: Any) -> Any:
    """Four blocks of rows in PyTorch's order as four blocks of columns in ours."""
    blocks = np.split(values, 4)
    return np.concatenate([blocks[place] for place in GATES]).T
