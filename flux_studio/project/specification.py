"""What a project is, before any number is computed: an immutable description that an edit replaces."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple

import msgspec

from flux_studio.data.columns import Column, Derived
from flux_studio.data.formats import TableFormat
from flux_studio.data.windows import Windowing
from flux_studio.errors import SpecificationError

SCHEMA_VERSION = 1

Setting = int | float | str


class DataSpecification(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the rows come from and how they become inputs and targets."""

    source: str
    """The name of the file that the table was read from, for people; the table itself travels in the project."""
    columns: tuple[Column, ...]
    format: TableFormat = TableFormat()
    validation_fraction: float = 0.0
    """Share of the rows, in [0, 1), that is kept away from training and used to validate."""
    test_fraction: float = 0.0
    """Share of the rows that is used for nothing but to tell, at the end, how good the network is."""
    window: int = 1
    """How many successive rows make one sample; the inputs of its rows stand side by side, oldest first."""
    ahead: int = 0
    """How many rows after the window's last row the target stands."""
    derived: tuple[Derived, ...] = ()
    """Further inputs, computed from columns of numbers."""

    @property
    def windowing(self) -> Windowing:
        """How the table's rows make samples."""
        return Windowing(self.window, self.ahead)


class Place(NamedTuple):
    """Where a layer stands: at a position, from 0, inside the block of that identity; ``""`` is the stack itself."""

    position: int
    block: str = ""


class LayerSpecification(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One box of the stack: its identity (kept through every edit), its kind, its settings and what it holds."""

    identity: str
    kind: str
    settings: dict[str, Setting] = {}
    layers: tuple[LayerSpecification, ...] = ()
    """The layers inside, for kinds that hold some; their identities begin with this one's and a stroke."""

    def renamed(self, identity: str) -> LayerSpecification:
        """A copy under another identity, with all that is inside."""
        inside = tuple(each.renamed(identity + each.identity[len(self.identity) :]) for each in self.layers)
        return msgspec.structs.replace(self, identity=identity, layers=inside)


class ScheduleSpecification(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The learning rate as a function of the number of updates; what each kind reads is told by its formula."""

    kind: str = "constant"
    factor: float = 0.5
    period: float = 1_000.0
    floor: float = 0.0
    warm_up: int = 0


class OptimizerSpecification(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which rule changes the weights, how far it goes, and what it is kept from."""

    kind: str = "sgd"
    learning_rate: float = 0.1
    settings: dict[str, float] = {}
    """The optimizer's other settings; what is left out has its usual value."""
    schedule: ScheduleSpecification = ScheduleSpecification()
    l1: float = 0.0
    """λ₁ of the penalty λ₁·Σ|w|."""
    l2: float = 0.0
    """λ₂ of the penalty (λ₂/2)·Σw²."""
    clip_value: float | None = None
    """No cell of the gradient is used beyond ± this."""
    clip_norm: float | None = None
    """The gradient is scaled down to this norm where it is longer."""


class StopSpecification(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Reasons to stop before the last iteration; ``None`` is no reason."""

    loss: float | None = None
    """A training loss that is good enough: of all rows, or of the batch where there are mini-batches."""
    patience: int | None = None
    """Validations in a row without a better loss; training then goes back to the best weights."""
    seconds: float | None = None


class Specification(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole project without its numbers. Same specification, table and seed: the same numbers."""

    data: DataSpecification
    layers: tuple[LayerSpecification, ...]
    loss: str = "mse"
    optimizer: OptimizerSpecification = OptimizerSpecification()
    seed: int = 0
    """Where all randomness of the project comes from: the split of the rows and the start weights."""
    draw: int = 0
    """Which draw of start weights: *start over with new weights* adds one, and the split stays."""
    dtype: Literal["float32", "float64"] = "float32"
    batch: int | None = None
    """Rows that each iteration looks at; ``None`` is all of them."""
    iterations: int = 5_000
    """The project's own stop condition: training rests when it has reached this iteration."""
    stop: StopSpecification = StopSpecification()
    pace: float | None = None
    """Iterations a second in the window; ``None`` is as fast as the machine can."""
    validate_every: int = 10
    """Validation runs on iterations that are multiples of this."""

    def everywhere(self) -> Iterator[tuple[Place, LayerSpecification]]:
        """Every layer from the first to the last, each before those inside it, and where it stands."""
        return _everywhere("", self.layers)

    def layer(self, identity: str) -> LayerSpecification:
        """The layer of that identity; :class:`SpecificationError` if there is none."""
        return self._find(identity)[1]

    def place(self, identity: str) -> Place:
        """Where the layer of that identity stands."""
        return self._find(identity)[0]

    def inside(self, block: str) -> tuple[LayerSpecification, ...]:
        """The layers of a block, or of the stack itself."""
        return self.layer(block).layers if block else self.layers

    def insert_layer(self, place: Place, layer: LayerSpecification) -> Specification:
        """A copy with ``layer`` standing at ``place``."""
        index = place.position
        return self._with_inside(place.block, lambda layers: (*layers[:index], layer, *layers[index:]))

    def remove_layer(self, identity: str) -> Specification:
        """A copy without that layer."""
        index, block = self.place(identity)
        return self._with_inside(block, lambda layers: (*layers[:index], *layers[index + 1 :]))

    def move_layer(self, identity: str, place: Place) -> Specification:
        """A copy in which that layer stands at ``place`` of what remains when it is lifted out.

        Where that is another block the layer gets an identity of that block.
        """
        at, layer = self._find(identity)
        lifted = self.remove_layer(identity)
        if identity == place.block or place.block.startswith(_below(identity)):
            raise SpecificationError("a block cannot stand inside itself")
        if at.block != place.block:
            layer = layer.renamed(self.new_identity(place.block))
        return lifted.insert_layer(place, layer)

    def change_layer(self, identity: str, **settings: Setting) -> Specification:
        """A copy in which some settings of that layer are others."""
        (index, block), layer = self._find(identity)
        changed = msgspec.structs.replace(layer, settings={**layer.settings, **settings})
        return self._with_inside(block, lambda layers: (*layers[:index], changed, *layers[index + 1 :]))

    def replace(self, **changes: Any) -> Specification:
        """A copy with other values in the named fields."""
        return msgspec.structs.replace(self, **changes)

    def new_identity(self, block: str = "") -> str:
        """An identity for one more layer of a block, or of the stack, that no layer there has."""
        prefix = _below(block) if block else "layer-"
        taken = {layer.identity for layer in self.inside(block)}
        number = len(taken) + 1
        while f"{prefix}{number}" in taken:
            number += 1
        return f"{prefix}{number}"

    def _find(self, identity: str) -> tuple[Place, LayerSpecification]:
        for found in self.everywhere():
            if found[1].identity == identity:
                return found
        raise SpecificationError(f"the network has no layer {identity!r}")

    def _with_inside(
        self, block: str, edit: Callable[[tuple[LayerSpecification, ...]], tuple[LayerSpecification, ...]]
    ) -> Specification:
        """A copy in which the layers of a block, or of the stack, are edited; blocks around it are made anew."""
        if not block:
            return self.replace(layers=edit(self.layers))
        (index, around), layer = self._find(block)
        changed = msgspec.structs.replace(layer, layers=edit(layer.layers))
        return self._with_inside(around, lambda layers: (*layers[:index], changed, *layers[index + 1 :]))


def _everywhere(
    block: str, layers: tuple[LayerSpecification, ...]
) -> Iterator[tuple[Place, LayerSpecification]]:
    for index, layer in enumerate(layers):
        yield Place(index, block), layer
        yield from _everywhere(layer.identity, layer.layers)


def _below(identity: str) -> str:
    """How the identities of all layers inside a layer begin."""
    return f"{identity}/"
