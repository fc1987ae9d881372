"""Networks with a layer of each kind between two dense ones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from flux_studio.engine import (
    LSTM,
    RNN,
    CrossEntropyLoss,
    Dense,
    Dropout,
    GatedLinear,
    LayerNorm,
    Network,
    Residual,
    Sequential,
)
from flux_studio.engine.executors import ExecutorName
from flux_studio.engine.layers import Layer

Make = Callable[[int, np.random.Generator], Layer]


def norm(width: int, generator: np.random.Generator) -> LayerNorm:
    """A normalising layer whose gain and shift are not those it begins with."""
    layer = LayerNorm(width)
    layer.gain.data[...] = generator.normal(size=(1, width))
    layer.shift.data[...] = generator.normal(size=(1, width))
    return layer


def block(width: int, generator: np.random.Generator, middle: int) -> Residual:
    """A residual block of a dense layer with ``middle`` units and a gated one."""
    inside = [
        Dense(width, middle, "tanh", generator=generator),
        GatedLinear(middle, middle, generator=generator),
    ]
    return Residual(width, inside, generator=generator)


KINDS: dict[str, Make] = {
    "dropout": lambda width, generator: Dropout(0.4, generator=generator),
    "layer norm": norm,
    "gated linear": lambda width, generator: GatedLinear(width, width + 1, generator=generator),
    "residual": lambda width, generator: block(width, generator, width),
    "residual with a projection": lambda width, generator: block(width, generator, width + 2),
    "residual of residuals": lambda width, generator: Residual(
        width, [block(width, generator, width), norm(width, generator)]
    ),
    "rnn": lambda width, generator: RNN(1, 3, generator=generator),
    "rnn of all steps": lambda width, generator: RNN(1, 2, "sigmoid", all_steps=True, generator=generator),
    "lstm": lambda width, generator: LSTM(1, 3, generator=generator),
    "lstm of all steps": lambda width, generator: LSTM(1, 2, all_steps=True, generator=generator),
    "lstm of a single step": lambda width, generator: LSTM(width, 3, generator=generator),
    "rnn on lstm": lambda width, generator: Sequential(
        [LSTM(1, 2, all_steps=True, generator=generator), RNN(2, 3, generator=generator)]
    ),
    "sequential": lambda width, generator: Sequential(
        [Dense(width, 3, "tanh", generator=generator), norm(3, generator)]
    ),
}


def network(
    make: Make,
    *,
    rows: int = 5,
    n_inputs: int = 4,
    width: int = 6,
    n_outputs: int = 3,
    seed: int = 0,
    first: bool = False,
    executor: ExecutorName = "reference",
    dtype: type = np.float64,
    validation: int = 0,
) -> Network:
    """``layer-2`` is the layer in question; with ``first`` nothing learns before it."""
    generator = np.random.default_rng(seed)
    layers: list[tuple[str, Layer]] = []
    if first:
        width = n_inputs
    else:
        layers.append(("layer-1", Dense(n_inputs, width, "tanh", generator=generator)))
    middle = make(width, generator)
    layers.append(("layer-2", middle))
    layers.append(("layer-3", Dense(middle.outputs(width), n_outputs, "softmax", generator=generator)))

    def batch(count: int) -> tuple[np.ndarray, np.ndarray]:
        targets = np.eye(n_outputs)[generator.integers(0, n_outputs, count)]
        return generator.normal(size=(count, n_inputs)), targets

    return Network(
        layers,
        CrossEntropyLoss(),
        *batch(rows),
        validation=batch(validation) if validation else None,
        dtype=dtype,
        executor=executor,
    )
