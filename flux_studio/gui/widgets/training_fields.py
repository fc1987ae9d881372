"""The numbers of the training settings beside optimizer, schedule and batch: what each takes, and what it teaches."""

from __future__ import annotations

from flux_studio.gui.widgets.field_grid import NumberField
from flux_studio.gui.widgets.number_range import NumberRange, WholeRange

PENALTIES = (
    NumberField(
        "l1",
        "L1 penalty λ₁",
        NumberRange("L1 penalty", 1e-12, 1e3, off=0.001),
        "L1 penalty: adds λ₁·Σ|w| to what is made small, which draws unneeded weights to zero.\n"
        "Biases are left alone; the loss on screen is without it. Empty is off.",
    ),
    NumberField(
        "l2",
        "L2 penalty λ₂",
        NumberRange("L2 penalty", 1e-12, 1e3, off=0.001),
        "L2 penalty: adds (λ₂/2)·Σw² to what is made small, which keeps all weights small.\n"
        "Biases are left alone; the loss on screen is without it. Empty is off.",
    ),
)
CLIPPING = (
    NumberField(
        "clip_value",
        "by value ±",
        NumberRange("limit of clipping by value", 1e-12, 1e12, off=1.0),
        "Clipping by value: no cell of the gradient is used beyond ± this number.\nEmpty is off.",
    ),
    NumberField(
        "clip_norm",
        "by norm",
        NumberRange("limit of clipping by norm", 1e-12, 1e12, off=1.0),
        "Clipping by norm: a longer gradient is scaled down to this length, g ← g·min(1, limit/|g|).\n"
        "Its direction stays. Empty is off.",
    ),
)
STOP = (
    NumberField(
        "iterations",
        "after iterations",
        WholeRange("number of iterations", 1, 1_000_000_000),
        "Training rests when it has reached this iteration; Train goes on beyond it.",
    ),
    NumberField(
        "stop_loss",
        "at loss",
        NumberRange("loss to stop at", 1e-30, 1e12, off=0.01),
        "Training rests as soon as the loss is no larger than this: the loss of the rows that the iteration "
        "looks at.\nEmpty is off.",
    ),
    NumberField(
        "patience",
        "early stopping",
        WholeRange("number of validations", 1, 1_000_000, off=20),
        "Early stopping: training rests after so many validations in a row without a better validation loss, "
        "and goes back to the best weights.\nEmpty is off. It needs validation rows.",
    ),
    NumberField(
        "seconds",
        "after seconds",
        NumberRange("number of seconds", 0.01, 1e8, off=60.0),
        "Training rests after this time. Empty is off.",
    ),
)
SEED = NumberField(
    "seed",
    "seed",
    WholeRange("seed", 0, 1_000_000_000_000),
    "Seed: where all randomness comes from: start weights, the split of the rows and the order of the batches.\n"
    "The same seed gives the same numbers. Another one begins anew.",
)
