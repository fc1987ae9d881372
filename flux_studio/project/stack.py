"""What must hold of a stack of layers and its loss before they can be trained together."""

from __future__ import annotations

from collections.abc import Mapping

from flux_studio.data.dataset import Dataset
from flux_studio.engine.losses import make_loss
from flux_studio.engine.operations import ACTIVATIONS
from flux_studio.engine.recording import below
from flux_studio.errors import SpecificationError
from flux_studio.project.catalogue import arriving, layer_kind, titles
from flux_studio.project.specification import LayerSpecification, Specification

DEEPEST = 8
"""How deep blocks may stand in blocks."""


def check_layers(specification: Specification, named: Mapping[str, str]) -> None:
    """Raise :class:`SpecificationError` for an unknown kind or setting, also inside blocks.

    ``named`` has the titles of layers, by identity; where one is missing its identity is told.
    """
    for _, layer in specification.everywhere():
        where, row = named.get(layer.identity, layer.identity), layer_kind(layer.kind)
        row.check(layer.settings, where)
        if layer.layers and row.inside is None:
            raise SpecificationError(f"{where}: a {row.title} layer holds no other layers")
    check_depth(specification)


def check_depth(specification: Specification) -> None:
    """Raise :class:`SpecificationError` when blocks stand in blocks too deep."""
    depths = {"": 0}
    for (_, block), layer in specification.everywhere():
        depths[layer.identity] = depths[block] + 1
        if layer.layers and depths[layer.identity] == DEEPEST:
            raise SpecificationError(
                f"{titles(specification)[layer.identity]}: blocks can stand in each other at most {DEEPEST} deep"
            )


def check_identities(specification: Specification) -> None:
    """Raise :class:`SpecificationError` when a layer cannot be told from another, or has another one's name."""
    seen: set[str] = set()
    for (_, block), layer in specification.everywhere():
        taken = layer_kind(specification.layer(block).kind).parts if block else ()
        prefix = below(block, "") if block else ""
        part = layer.identity.removeprefix(prefix)
        if not layer.identity.startswith(prefix) or not part or "/" in part or part in taken:
            place = f"inside {block!r}" if block else "of the network"
            raise SpecificationError(f"a layer {place} cannot have the identity {layer.identity!r}")
        if layer.identity in seen:
            raise SpecificationError("two layers of the network have the same identity")
        seen.add(layer.identity)


def check_filled(specification: Specification) -> None:
    """Raise :class:`SpecificationError` when a block has no layers inside."""
    for _, layer in specification.everywhere():
        if layer_kind(layer.kind).inside is not None and not layer.layers:
            name = titles(specification)[layer.identity]
            raise SpecificationError(f"{name} has no layers inside: drag a Dense layer into it")


def check_arriving(specification: Specification, n_inputs: int) -> None:
    """Raise :class:`SpecificationError` when a layer cannot take what comes in."""
    passing = arriving(specification, n_inputs)
    for _, layer in specification.everywhere():
        if sentence := layer_kind(layer.kind).refuses(layer, passing[layer.identity]):
            raise SpecificationError(f"{titles(specification)[layer.identity]}: {sentence}")


def ending(layer: LayerSpecification) -> str:
    """The activation that a layer's outputs come out of; empty where it has none of its own."""
    return str(layer_kind(layer.kind).complete(layer.settings).get("activation", ""))


def check_ending(specification: Specification) -> None:
    """Raise :class:`SpecificationError` when the loss needs another activation at the end of the network."""
    loss, last = make_loss(specification.loss), specification.layers[-1]
    if loss.activation in ("", ending(last)):
        return
    title, name = ACTIVATIONS[loss.activation].title, titles(specification)[last.identity]
    found = f"in {ACTIVATIONS[ending(last)].title}" if ending(last) else "without an activation"
    raise SpecificationError(
        f"{loss.title} needs {title} at the end of the network, but {name} ends {found}: "
        f"let it end in {title}, or choose another loss"
    )


def with_loss(specification: Specification, name: str) -> Specification:
    """Another loss, and at the end of the network the activation that it needs, where the last layer has one."""
    changed, loss = specification.replace(loss=name), make_loss(name)
    if not specification.layers or loss.activation in ("", ending(specification.layers[-1])):
        return changed
    last = specification.layers[-1]
    has_activation = any(field.name == "activation" for field in layer_kind(last.kind).fields)
    return changed.change_layer(last.identity, activation=loss.activation) if has_activation else changed


def check_targets(specification: Specification, dataset: Dataset) -> None:
    """Raise a :class:`FluxError` when the loss, or the last layer, makes no sense for these targets."""
    make_loss(specification.loss).check_targets(dataset.targets)
    last = specification.layers[-1]
    if ending(last) == "softmax" and dataset.targets.shape[1] == 1:
        raise SpecificationError(
            f"{titles(specification)[last.identity]} has a single output, and softmax makes 1 of it whatever comes in: "
            "choose sigmoid"
        )
