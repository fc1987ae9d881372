"""PyTorch: run eagerly, with a fused optimizer, and as a whole step compiled by ``torch.compile``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from flux_studio.engine.batches import Batches
from tests.benchmarks.workloads import Workload

_MADE: dict[str, Callable[[], nn.Module]] = {
    "leaky_relu": nn.LeakyReLU,
    "relu": nn.ReLU,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "softmax": nn.Identity,  # the loss takes the logits
    "identity": nn.Identity,
}


class PyTorch:
    """``nn.Sequential``, a loss and an optimizer, with batches of our order. ``fused`` is the optimizer's option."""

    def __init__(self, workload: Workload, *, fused: bool = False) -> None:
        self.threads = workload.threads
        inputs, targets = (torch.from_numpy(each) for each in workload.data)
        if workload.steps:  # step by step in memory, as its LSTM likes it best
            inputs = inputs.reshape(len(inputs), workload.steps, -1).transpose(0, 1).contiguous()
        self.inputs = inputs
        # Classes are its faster form of one-hot targets.
        self.targets = targets.argmax(dim=1) if workload.loss == "cross_entropy" else targets
        self.model = make_model(workload)
        self.criterion: nn.Module = (
            nn.CrossEntropyLoss() if workload.loss == "cross_entropy" else nn.MSELoss()
        )
        learned = [each for each in self.model.parameters() if each.requires_grad]
        self.optimizer = _optimizer(workload, learned, fused)
        self.batches = Batches(len(targets), workload.batch, seed=0) if workload.batch else None
        self.iteration = 0

    def train(self, iterations: int) -> None:
        torch.set_num_threads(self.threads)
        if self.batches is None:
            for _ in range(iterations):
                self.step(self.inputs, self.targets)
            return
        order, bounds = self.batches.window(self.iteration, iterations)
        rows = torch.from_numpy(order)
        for first, last in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
            chosen = rows[first:last]
            self.step(self.inputs[chosen], self.targets[chosen])
        self.iteration += iterations

    def step(self, inputs: torch.Tensor, targets: torch.Tensor) -> None:
        self.optimizer.zero_grad()
        self.criterion(self.model(inputs), targets).backward()
        self.optimizer.step()

    def loss(self) -> float:
        with torch.no_grad():
            return float(self.criterion(self.model(self.inputs), self.targets))


class CompiledPyTorch(PyTorch):
    """Forward, loss, gradients and update in one function, which ``torch.compile`` turns into one of its own."""

    def __init__(self, workload: Workload) -> None:
        super().__init__(workload)
        named = {name: value.detach() for name, value in self.model.named_parameters()}
        self.parameters = named
        rate = workload.rate

        def cost(parameters: dict[str, torch.Tensor], x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            result: torch.Tensor = self.criterion(torch.func.functional_call(self.model, parameters, (x,)), y)
            return result

        def step(parameters: dict[str, torch.Tensor], x: torch.Tensor, y: torch.Tensor) -> None:
            gradients = torch.func.grad(cost)(parameters, x, y)
            for name, value in parameters.items():
                value.sub_(rate * gradients[name])

        self._compiled: Any = torch.compile(step, fullgraph=True)

    def step(self, inputs: torch.Tensor, targets: torch.Tensor) -> None:
        self._compiled(self.parameters, inputs, targets)


class LastStep(nn.Module):
    """An LSTM whose last step goes through a linear layer."""

    def __init__(self, n_inputs: int, hidden: int, n_outputs: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(n_inputs, hidden)
        self.linear = nn.Linear(hidden, n_outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        outputs, _ = self.lstm(x)
        result: torch.Tensor = self.linear(outputs[-1])
        return result


def make_model(workload: Workload) -> nn.Module:
    """The workload's network with the workload's own weights."""
    given = [torch.from_numpy(each.copy()) for each in workload.parameters()]
    if workload.steps:
        model = LastStep(*workload.widths)
        with torch.no_grad():
            model.lstm.weight_ih_l0.copy_(given[0].T)
            model.lstm.weight_hh_l0.copy_(given[1].T)
            model.lstm.bias_ih_l0.copy_(given[2][0])
            model.lstm.bias_hh_l0.zero_()
            model.linear.weight.copy_(given[3].T)
            model.linear.bias.copy_(given[4][0])
        model.lstm.bias_hh_l0.requires_grad_(False)  # the second bias of each gate would learn the same again
        return model
    layers: list[nn.Module] = []
    for weight, bias, activation in zip(given[::2], given[1::2], workload.activations, strict=True):
        linear = nn.Linear(*weight.shape)
        with torch.no_grad():
            linear.weight.copy_(weight.T)
            linear.bias.copy_(bias[0])
        layers += [linear, _MADE[activation]()]
    return nn.Sequential(*(each for each in layers if not isinstance(each, nn.Identity)))


def _optimizer(workload: Workload, learned: list[nn.Parameter], fused: bool) -> torch.optim.Optimizer:
    more: dict[str, Any] = {"fused": True} if fused else {}
    if workload.optimizer == "adam":
        return torch.optim.Adam(learned, lr=workload.rate, **more)
    momentum = 0.9 if workload.optimizer == "momentum" else 0.0
    return torch.optim.SGD(learned, lr=workload.rate, momentum=momentum, **more)
