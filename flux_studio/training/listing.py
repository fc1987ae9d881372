"""The question what a network's program is: its operations in order, in words, with what they read, write and cost."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from flux_studio.engine.operations.products import Product
from flux_studio.engine.places import Named, Places
from flux_studio.engine.recording import Phase
from flux_studio.engine.slots import Instruction, MatrixKey
from flux_studio.project.catalogue import titled, titles
from flux_studio.training.questions import Moment, Question


@dataclass(frozen=True)
class Listed:
    """One operation; ``key`` is the matrix that it writes, where that has a name."""

    number: int
    phase: Phase
    layer: str
    """Its identity; empty for the network."""
    owner: str
    operation: str
    writes: str
    reads: tuple[str, ...]
    key: MatrixKey | None
    work: int
    """How many additions, multiplications and the like it takes, about."""


@dataclass(frozen=True)
class ListProgram(Question):
    """Asks for all :class:`Listed` operations, in the order in which an iteration carries them out."""

    def answer(self, moment: Moment) -> tuple[Listed, ...]:
        network, known = moment.network, titles(moment.project.specification)
        places = Places(network.program, network.rule)
        whole = {network.layout.parameter_block: "all weights and biases"}
        whole[network.layout.gradient_block] = "all their gradients"
        found = []
        for number, each in enumerate(network.program.instructions):
            cells = [places.named(slot, (0, 0), each.layer, "value") for slot in (each.output, *each.inputs)]
            words = [
                whole.get(slot) or _name(cell, each.layer, known)
                for slot, cell in zip((each.output, *each.inputs), cells, strict=True)
            ]
            found.append(
                Listed(
                    number,
                    each.phase,
                    each.layer,
                    titled(known, each.layer) if each.layer else "Network",
                    each.operation.name.replace("_", " "),
                    words[0],
                    tuple(dict.fromkeys(words[1:])),
                    cells[0].key,
                    work(each),
                )
            )
        return tuple(found)


def work(instruction: Instruction) -> int:
    """How many additions, multiplications and the like an instruction takes, about."""
    if isinstance(instruction.operation, Product):
        # N×K by K×O: the root of N·K times K·O times N·O is N·K·O. So it is with sums over steps.
        one, other = instruction.inputs[:2]
        return round(2 * math.sqrt(one.size * other.size * instruction.output.size))
    return max(slot.size for slot in (instruction.output, *instruction.inputs))


def _name(named: Named, layer: str, known: Mapping[str, str]) -> str:
    """A matrix by its symbol, and of another layer with that one's name."""
    if named.key is None or named.key[0] in ("", layer):
        return named.symbol
    return f"{named.symbol} of {titled(known, named.key[0])}"
