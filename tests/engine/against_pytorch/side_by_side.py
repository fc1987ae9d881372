"""One network trained twice from the same weights on the same batches: by us and by PyTorch, in float64."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.optim import lr_scheduler

from flux_studio.engine import Network
from flux_studio.engine.batches import Batches
from flux_studio.engine.executors import ExecutorName
from flux_studio.engine.layers import Layer
from flux_studio.engine.losses import make_loss
from flux_studio.engine.updating import UpdateRule
from tests.engine.against_pytorch.translation import Translation

STEPS = 200
AGREEMENT = 1e-9
N_INPUTS, N_OUTPUTS, ROWS = 4, 3, 13

Cost = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
COSTS: dict[str, Cost] = {
    "mse": lambda outputs, targets: functional.mse_loss(outputs, targets, reduction="sum"),
    "bce": lambda outputs, targets: functional.binary_cross_entropy_with_logits(
        outputs, targets, reduction="sum"
    ),
    "cross_entropy": lambda outputs, targets: functional.cross_entropy(outputs, targets, reduction="sum"),
}
"""Summed over outputs and rows; the two logarithmic ones take logits."""
ENDINGS = {"mse": "identity", "bce": "sigmoid", "cross_entropy": "softmax"}


def train_both(
    layers: Sequence[Layer],
    rule: UpdateRule,
    executor: ExecutorName,
    *,
    loss: str = "mse",
    batch: int | None = None,
    steps: int = STEPS,
    data: tuple[Any, Any] | None = None,
) -> Network:
    """Train both and compare the whole curve, the penalty and every parameter at the end. Returns our network.

    The last layer must be one of a linear kind, followed by the loss's own activation where it has one.
    """
    inputs, targets = rows_for(loss) if data is None else data
    named = [(f"layer-{number}", layer) for number, layer in enumerate(layers, start=1)]
    ours = Network(
        named, make_loss(loss), inputs, targets, dtype=np.float64, executor=executor, rule=rule, batch=batch
    )
    translation = Translation()
    # What has an activation at its end for us gives logits there.
    theirs = translation.stack(layers if loss == "mse" else layers[:-1])
    weights, biases = (
        [translation.twins[id(each.tensor)][0] for each in ours.recording.parameters if each.is_bias is kind]
        for kind in (False, True)
    )
    order = Batches(len(inputs), batch or len(inputs), seed=0).indices if batch else None
    x, y = torch.from_numpy(inputs), torch.from_numpy(targets)
    expected = _train(theirs, COSTS[loss], rule, weights, biases, x, y, order, steps)

    curve = np.empty(steps)
    first = ours.rest()
    ours.iterate(curve)
    assert_agree(np.array([first, *curve[:-1]]), np.array(expected), "the curve")
    for parameter in ours.recording.parameters:
        assert_agree(ours.parameter(parameter.key), translation.values(parameter.tensor), str(parameter.key))
    if rule.l1 or rule.l2:
        assert_agree(
            ours.matrix(("", "penalty")), np.array([[float(_penalty(rule, weights).detach())]]), "penalty"
        )
    return ours


def assert_agree(ours: Any, theirs: Any, what: str) -> None:
    """Within 10⁻⁹ of the largest number there, or of 1."""
    assert ours.shape == theirs.shape, what
    assert np.isfinite(theirs).all(), f"{what}: PyTorch's numbers are not finite"
    worst = float(np.abs(ours - theirs).max()) / max(1.0, float(np.abs(theirs).max()))
    assert worst <= AGREEMENT, f"{what}: {worst:g} apart"


def rows_for(
    loss: str, rows: int = ROWS, n_inputs: int = N_INPUTS, n_outputs: int = N_OUTPUTS
) -> tuple[Any, Any]:
    """Random rows with targets that suit the loss."""
    generator = np.random.default_rng(3)
    inputs = generator.normal(size=(rows, n_inputs))
    match loss:
        case "bce":
            return inputs, generator.integers(0, 2, (rows, n_outputs)).astype(float)
        case "cross_entropy":
            return inputs, np.eye(n_outputs)[generator.integers(0, n_outputs, rows)]
    return inputs, generator.normal(size=(rows, n_outputs))


def _train(
    model: nn.Module,
    cost: Cost,
    rule: UpdateRule,
    weights: list[nn.Parameter],
    biases: list[nn.Parameter],
    inputs: torch.Tensor,
    targets: torch.Tensor,
    order: Callable[[int], Any] | None,
    steps: int,
) -> list[float]:
    """PyTorch's own loop; the losses before each step."""
    optimizer = make_optimizer(rule, weights, biases)
    schedule = make_schedule(rule, optimizer)
    losses = []
    for step in range(steps):
        x, y = inputs, targets
        if order is not None:
            chosen = torch.from_numpy(order(step))
            x, y = inputs[chosen], targets[chosen]
        optimizer.zero_grad()
        loss = cost(model(x), y) / len(x)
        losses.append(float(loss.detach()))
        (loss + _penalty(rule, weights)).backward()
        if rule.clip_value is not None:
            nn.utils.clip_grad_value_([*weights, *biases], rule.clip_value)
        if rule.clip_norm is not None:
            nn.utils.clip_grad_norm_([*weights, *biases], rule.clip_norm)
        optimizer.step()
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # one schedule behind another is called in a way it warns of itself
            schedule.step()
    return losses


def _penalty(rule: UpdateRule, weights: Sequence[nn.Parameter]) -> torch.Tensor:
    """λ₁·Σ|w| + λ₂/2·Σw², of weights only."""
    total = torch.zeros((), dtype=torch.float64)
    for weight in weights:
        total = total + rule.l1 * weight.abs().sum() + rule.l2 / 2 * (weight * weight).sum()
    return total


def make_optimizer(
    rule: UpdateRule, weights: list[nn.Parameter], biases: list[nn.Parameter]
) -> torch.optim.Optimizer:
    """PyTorch's optimizer of that name and those settings; weight decay is for weights only."""
    settings = {**rule.kind.settings, **rule.settings}
    groups: list[dict[str, Any]] = [
        {"params": weights, "weight_decay": settings.get("weight_decay", 0.0)},
        {"params": biases, "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    rate, epsilon = rule.learning_rate, settings.get("epsilon", 0.0)
    match rule.optimizer:
        case "sgd":
            return torch.optim.SGD(groups, lr=rate)
        case "momentum" | "nesterov":
            nesterov = rule.optimizer == "nesterov"
            return torch.optim.SGD(groups, lr=rate, momentum=settings["beta_1"], nesterov=nesterov)
        case "rmsprop":
            return torch.optim.RMSprop(groups, lr=rate, alpha=settings["beta_2"], eps=epsilon)
    kind = torch.optim.AdamW if rule.optimizer == "adamw" else torch.optim.Adam
    return kind(groups, lr=rate, betas=(settings["beta_1"], settings["beta_2"]), eps=epsilon)


def make_schedule(rule: UpdateRule, optimizer: torch.optim.Optimizer) -> lr_scheduler.LRScheduler:
    """PyTorch's schedule of that name, behind a linear warm-up where there is one."""
    after: lr_scheduler.LRScheduler
    match rule.schedule:
        case "step":
            after = lr_scheduler.StepLR(optimizer, int(rule.period), rule.factor)
        case "exponential":
            after = lr_scheduler.ExponentialLR(optimizer, rule.factor)
        case "cosine":
            lowest = rule.floor * rule.learning_rate
            after = lr_scheduler.CosineAnnealingLR(optimizer, int(rule.period), lowest)
        case _:
            after = lr_scheduler.ConstantLR(optimizer, 1.0)
    if not rule.warm_up:
        return after
    before = lr_scheduler.LinearLR(optimizer, 1 / rule.warm_up, 1.0, rule.warm_up - 1)
    return lr_scheduler.SequentialLR(optimizer, [before, after], [rule.warm_up])
