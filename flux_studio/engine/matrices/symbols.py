"""What a symbol in a formula is called, in words: a matrix, a gradient, or a number that the formula is made with."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from flux_studio.engine.matrices.kind import MatrixKind

NUMBERS: dict[str, str] = {
    "C": "cost: the one number that training makes small",
    "N": "how many rows the batch has",
    "I": "how many inputs the layer has",
    "T": "how many updates a period of the schedule takes, or how many steps a sequence has",
    "η": "learning rate: how far an update goes",
    "η₀": "learning rate that the schedule begins with",
    "u": "number of the update, counted from 0",
    "θ": "everything that the network learns: weights and biases",
    "g": "gradient of the cost, with the penalty and clipped where that is asked for",
    "β": "momentum: share of the earlier direction that an update keeps",
    "β₁": "momentum: share of the earlier direction that an update keeps",
    "β₂": "smoothing: share of the earlier squared gradients that an update keeps",
    "ρ": "smoothing: share of the earlier squared gradients that an update keeps",
    "m": "first moment: smoothed gradient",
    "v": "velocity, or second moment: smoothed square of the gradient",
    "s": "second moment: smoothed square of the gradient",
    "m̂": "first moment, with its start from zero made good",
    "v̂": "second moment, with its start from zero made good",
    "ε": "a tiny number that keeps a division finite",
    "λ": "weight decay: share of η by which each update shrinks the weights",
    "λ₁": "strength of the penalty on the size of weights (L1)",
    "λ₂": "strength of the penalty on the squares of weights (L2)",
    "γ": "factor of the schedule",
    "f": "share of the learning rate at which the schedule ends",
    "W": "how many updates the warm-up takes",
    "ŷ": "prediction: what the network puts out",
    "y": "target: what the outputs should be",
    "p": "probability: that of a class, or of being left out",
    "P": "probabilities that the network puts out",
    "Y": "targets: what the probabilities should be",
    "e": "Euler's number, 2.718…",
    "π": "3.1416…",
    "α": "where ELU ends far below zero",
    "leak": "slope of the leaky ReLU below zero",
    "sum": "the sum above",
    "max": "the largest number of the row",
    "drawn": "the random number of this cell, between 0 and 1",
    "k": "counts the terms of the sum",
    "n": "counts the rows of the batch",
}
"""Whatever stands in formulas and is no matrix of a layer."""


def describe(symbol: str, kinds: Iterable[MatrixKind], owner: str) -> str:
    """``w: weights of Dense 1``, ``∂C/∂w: gradient of the cost with respect to the weights of Dense 1``.

    ``kinds`` are the matrices that the formula may speak of, those of its own layer first.
    """
    symbol = unicodedata.normalize("NFC", symbol)
    known: dict[str, MatrixKind] = {}
    for kind in kinds:
        known.setdefault(unicodedata.normalize("NFC", kind.symbol), kind)
    of = f" of {owner}" if owner else ""
    if symbol.startswith("∂C/∂"):
        by = known.get(symbol.removeprefix("∂C/∂").partition(" (")[0])
        what = f"the {by.title}{of}" if by is not None else symbol.removeprefix("∂C/∂")
        told = f"{symbol}: gradient of the cost with respect to {what}"
        return f"{told}\n{known[symbol].meaning}" if symbol in known else told
    if symbol in known:
        return f"{symbol}: {known[symbol].title}{of}\n{known[symbol].meaning}"
    return f"{symbol}: {NUMBERS[symbol]}" if symbol in NUMBERS else symbol
