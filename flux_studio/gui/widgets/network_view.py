"""What the network stack shows: frozen records that its owner makes from the project."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flux_studio.project.catalogue import Field
    from flux_studio.project.specification import Place, Setting


@dataclass(frozen=True)
class InputView:
    """The card at the top. ``title`` is the file's name, empty without data; ``shape`` leaves it, as ``16×4``."""

    title: str = ""
    columns: tuple[str, ...] = ()
    shape: str = ""


@dataclass(frozen=True)
class LayerView:
    """One layer's card. ``shape`` is what leaves it; ``error`` says why it cannot be built.

    ``path`` is the title with those of the blocks around, as ``Residual 1 · Dense 1``; ``inside`` is what a block
    holds, ``None`` for layers that hold no others. ``reads`` says how a sequence is read, as ``8 steps of 2``.
    """

    identity: str
    title: str
    kind: str
    fields: tuple[Field, ...] = ()
    values: Mapping[str, Setting] = field(default_factory=dict)
    shape: str = ""
    error: str = ""
    path: str = ""
    inside: BlockView | None = None
    reads: str = ""


@dataclass(frozen=True)
class BlockView:
    """The layers in a block, the shape that comes to the first of them, and what leaves the block (``F(x) + x``)."""

    layers: tuple[LayerView, ...] = ()
    shape: str = ""
    joined: str = ""


@dataclass(frozen=True)
class LossView:
    """The card at the bottom: the loss by name, the targets, their shape, and what does not fit them.

    A target is a column's name, with what is more to know about it: ``parity``, ``fruit · 7 classes``.
    """

    title: str = ""
    targets: tuple[str, ...] = ()
    shape: str = ""
    error: str = ""


@dataclass(frozen=True)
class NetworkView:
    """A whole stack; ``parameters`` counts the numbers it learns."""

    input: InputView = InputView()
    layers: tuple[LayerView, ...] = ()
    loss: LossView = LossView()
    parameters: int = 0


@dataclass(frozen=True)
class DropVerdict:
    """Whether a layer may stand somewhere, and the words that tell so (``drop here: 8 → 8 fits``)."""

    fits: bool
    text: str


DropCheck = Callable[[str, "Place"], DropVerdict]
"""Asked with a layer kind, or the identity of a layer that is lifted out, and the place it would take."""


def summary(layer: LayerView) -> tuple[str, str]:
    """What a closed card says, left and right: ``("4 units", "leaky ReLU")``."""
    numbers = [f for f in layer.fields if not f.choices and not f.zero]
    choices = [f for f in layer.fields if f.choices]
    counts = [_counted(layer.values[f.name], f.title) for f in numbers]
    left = ", ".join(filter(None, [*counts, layer.reads]))
    right = choice_title(choices[0], layer.values[choices[0].name]) if choices else ""
    return (left, right) if left else (right, "")


def choice_title(of: Field, value: Setting) -> str:
    """The word that people read for a value of a field that offers a list."""
    return next((choice.title for choice in of.choices if choice.value == value), str(value))


def _counted(number: Setting, noun: str) -> str:
    return f"{number:,} {noun.removesuffix('s') if number == 1 else noun}"
