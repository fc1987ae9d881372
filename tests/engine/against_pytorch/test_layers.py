"""Layers, activations and losses beside PyTorch's: two hundred steps, float64, to 10⁻⁹."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

pytest.importorskip("torch")

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
)
from flux_studio.engine.executors import ExecutorName
from flux_studio.engine.losses import LOSSES
from flux_studio.engine.operations import ACTIVATIONS
from flux_studio.engine.updating import UpdateRule
from tests.engine.against_pytorch.side_by_side import ENDINGS, N_INPUTS, N_OUTPUTS, train_both
from tests.engine.layers.stacks import norm
from tests.engine.networks import EXECUTORS

WIDTH = 5
# At a larger rate some of these networks are on the edge of stability, where rounding grows without bound.
RULES = {"SGD": UpdateRule("sgd", 0.001), "Adam": UpdateRule("adam", 0.003, l2=0.01)}
Make = Callable[[np.random.Generator], Layer]


def block(generator: np.random.Generator, middle: int) -> Residual:
    inside = [Dense(WIDTH, middle, "tanh", generator=generator), norm(middle, generator)]
    return Residual(WIDTH, inside, generator=generator)


MIDDLES: dict[str, Make] = {
    **{
        f"dense {name}": lambda generator, name=name: Dense(WIDTH, 6, name, generator=generator)
        for name in ACTIVATIONS
    },
    **{f"{name} by itself": lambda generator, name=name: Activation(name) for name in ACTIVATIONS},
    "linear without bias": lambda generator: Linear(WIDTH, 4, bias=False, generator=generator),
    "layer norm": lambda generator: norm(WIDTH, generator),
    "layer norm as it begins": lambda generator: LayerNorm(WIDTH),
    "residual": lambda generator: block(generator, WIDTH),
    "residual with a projection": lambda generator: block(generator, WIDTH + 2),
    "residual in a residual": lambda generator: Residual(
        WIDTH, [Dense(WIDTH, WIDTH, "gelu", generator=generator), block(generator, WIDTH)]
    ),
    "gated linear": lambda generator: GatedLinear(WIDTH, 4, generator=generator),
    "rnn": lambda generator: RNN(1, 4, generator=generator),
    "rnn of all steps": lambda generator: RNN(1, 3, all_steps=True, generator=generator),
    "rnn with relu": lambda generator: RNN(1, 4, "relu", generator=generator),
    "lstm": lambda generator: LSTM(1, 4, generator=generator),
    "lstm of all steps": lambda generator: LSTM(1, 3, all_steps=True, generator=generator),
    "rnn on lstm": lambda generator: Sequential(
        [LSTM(1, 3, all_steps=True, generator=generator), RNN(3, 4, generator=generator)]
    ),
    "sequential": lambda generator: Sequential(
        [Dense(WIDTH, 3, "swish", generator=generator), norm(3, generator)]
    ),
}


def stack(middle: Make, loss: str = "mse") -> list[Layer]:
    """The layer in question behind a dense one and before a linear one, so that gradients pass through it."""
    generator = np.random.default_rng(2)
    made = middle(generator)
    layers = [
        Dense(N_INPUTS, WIDTH, "tanh", generator=generator),
        made,
        Linear(made.outputs(WIDTH), N_OUTPUTS, generator=generator),
    ]
    return layers if loss == "mse" else [*layers, Activation(ENDINGS[loss])]


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("name", MIDDLES)
def test_layers(name: str, rule: str, executor: ExecutorName) -> None:
    train_both(stack(MIDDLES[name]), RULES[rule], executor)


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("batch", [None, 4])
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("loss", LOSSES)
def test_losses(loss: str, rule: str, batch: int | None, executor: ExecutorName) -> None:
    train_both(stack(MIDDLES["dense tanh"], loss), RULES[rule], executor, loss=loss, batch=batch)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_soft_targets(executor: ExecutorName) -> None:
    generator = np.random.default_rng(5)
    inputs, targets = generator.normal(size=(9, N_INPUTS)), generator.dirichlet(np.ones(N_OUTPUTS), 9)
    for loss in ("cross_entropy", "bce"):
        layers = stack(MIDDLES["dense tanh"], loss)
        train_both(layers, RULES["SGD"], executor, loss=loss, data=(inputs, targets))


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("batch", [None, 5])
@pytest.mark.parametrize("rule", [*RULES, "clipped"])
@pytest.mark.parametrize("kind", [RNN, LSTM])
def test_sequences(
    kind: type[RNN] | type[LSTM], rule: str, batch: int | None, executor: ExecutorName
) -> None:
    """Twelve steps of three numbers, with nothing before them, to one number; the biases are not zero."""
    generator = np.random.default_rng(6)
    layer = kind(3, 7, generator=generator)
    layer.cell.bias.data += generator.normal(0, 0.3, layer.cell.bias.shape)
    inputs, targets = generator.normal(size=(13, 12 * 3)), generator.normal(size=(13, 1))
    rules = {**RULES, "clipped": UpdateRule("momentum", 0.02, clip_norm=0.3)}
    layers = [layer, Linear(7, 1, generator=generator)]
    train_both(layers, rules[rule], executor, batch=batch, data=(inputs, targets))
