"""What must hold of a stack of layers and its loss before they can be trained together."""

from __future__ import annotations

from flux_studio.data.dataset import Dataset
from flux_studio.engine.losses import make_loss
from flux_studio.engine.operations import ACTIVATIONS
from flux_studio.errors import SpecificationError
from flux_studio.project.catalogue import layer_kind, titles
from flux_studio.project.specification import LayerSpecification, Specification


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
