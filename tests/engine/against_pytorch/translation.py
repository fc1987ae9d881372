"""Our layers as PyTorch modules that begin with the same numbers, and which of their parameters are which of ours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from flux_studio.engine import (
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


@dataclass
class Translation:
    """Modules made from layers; ``twins`` remembers for each of our tensors its parameter, transposed or not."""

    twins: dict[int, tuple[nn.Parameter, bool]] = field(default_factory=dict)

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
        raise TypeError(f"no module is known for {type(layer).__name__}")

    def linear(self, layer: Linear) -> nn.Linear:
        made = nn.Linear(*layer.weight.shape, bias=layer.bias is not None, dtype=torch.float64)
        self.pair(layer.weight, made.weight, transposed=True)
        if layer.bias is not None:
            self.pair(layer.bias, made.bias)
        return made

    def pair(self, tensor: Tensor, parameter: nn.Parameter, *, transposed: bool = False) -> None:
        """Let the parameter begin with the tensor's numbers, and remember that they belong together."""
        self.twins[id(tensor)] = parameter, transposed
        with torch.no_grad():
            parameter.copy_(
                torch.from_numpy(tensor.data.T if transposed else tensor.data).reshape(parameter.shape)
            )

    def values(self, tensor: Tensor) -> Any:
        """The present values of a tensor's twin, in the tensor's shape."""
        parameter, transposed = self.twins[id(tensor)]
        found = parameter.detach().numpy()
        return (found.T if transposed else found).reshape(tensor.shape)
