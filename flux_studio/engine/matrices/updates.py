"""The matrices of an update: what becomes of the gradients, and what an optimizer keeps from one update to the next."""

from __future__ import annotations

from flux_studio.engine.matrices.kind import MatrixKind
from flux_studio.engine.operations.updates import Update


def _of_update(name: str, symbol: str, title: str, shape: str, formula: str, meaning: str) -> MatrixKind:
    return MatrixKind(name, symbol, title, shape, "update", formula, meaning)


UPDATE_MATRICES: tuple[MatrixKind, ...] = (
    _of_update("learning_rate", "η", "learning rate", "1×1", "η", "how far the latest update went"),
    _of_update(
        "penalty",
        "P",
        "penalty",
        "1×1",
        "P = λ₁·Σ|w| + (λ₂/2)·Σw²",
        "what large weights cost beside the loss",
    ),
    _of_update(
        "penalized_gradients",
        "g",
        "with penalty",
        "1×P",
        "g = ∂C/∂w + λ₁·sign w + λ₂·w",
        "all gradients side by side, with those of the penalty",
    ),
    _of_update(
        "clipped_gradients",
        "clip g",
        "clipped",
        "1×P",
        "max(−c, min(c, g))",
        "all gradients side by side, no cell beyond the limit",
    ),
    _of_update(
        "gradient_norm", "|g|", "norm", "1×1", "|g| = √Σ g²", "the length of all gradients taken together"
    ),
    _of_update(
        "clip_factor", "f", "factor", "1×1", "f = min(1, c / |g|)", "what long gradients are shortened by"
    ),
    _of_update(
        "scaled_gradients",
        "f·g",
        "scaled",
        "1×P",
        "f·g",
        "all gradients side by side, no longer together than the limit",
    ),
)
"""What an update makes of the gradients; each is there only where the way to train asks for it."""


def state_matrices(update: Update) -> tuple[MatrixKind, ...]:
    """What an optimizer keeps from one update to the next, each for all parameters side by side."""
    kinds = []
    for name, rule in zip(update.state, update.formula.split(";"), strict=False):
        symbol, title = rule.partition("←")[0].strip(), name.replace("_", " ")
        meaning = f"the {title} of every parameter, side by side: kept from one update to the next"
        kinds.append(_of_update(name, symbol, title, "1×P", rule.strip(), meaning))
    return tuple(kinds)


def state_of(parameter: MatrixKind, state: MatrixKind) -> MatrixKind:
    """The part of an optimizer's state that belongs to one parameter."""
    return _of_update(
        f"{state.name}_of_{parameter.name}",
        f"{state.symbol}({parameter.symbol})",
        state.title,
        parameter.shape,
        state.formula,
        f"the {state.title} of {parameter.symbol}: what the optimizer keeps from one update to the next",
    )
