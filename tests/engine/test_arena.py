"""The arena is as large as its matrices, and predicting lays out nothing for the way back."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from flux_studio.engine import Dense, MSELoss, Network
from flux_studio.engine.program import FORWARD_ONLY, Layout, lay_out
from flux_studio.engine.slots import Slot
from flux_studio.engine.updating import UpdateRule
from tests.engine.arena import covered, share_of_matrices, used_slots
from tests.engine.layers.stacks import KINDS, network
from tests.engine.networks import parity

LARGEST = 1.2
"""What an arena may take, by the bytes of its matrices."""


def dense(*widths: int, rows: int, batch: int | None = None, rule: UpdateRule | None = None) -> Network:
    generator = np.random.default_rng(0)
    layers = [
        (f"layer-{n}", Dense(*pair, "tanh", generator=generator))
        for n, pair in enumerate(itertools.pairwise(widths), start=1)
    ]
    inputs, targets = np.zeros((rows, widths[0])), np.zeros((rows, widths[-1]))
    return Network(layers, MSELoss(), inputs, targets, batch=batch, rule=rule, executor="reference")


@pytest.mark.parametrize(
    "made",
    [
        dense(2, 3, 1, rows=4),
        dense(4, 8, 1, rows=100),
        dense(7, 5, 3, rows=11, rule=UpdateRule("adam", clip_norm=1.0, l2=0.1, warm_up=3)),
        dense(64, 32, 10, rows=1797, batch=32),
        dense(3, 1, 1, 1, 1, 1, 1, rows=5, batch=2),
    ],
    ids=["XOR", "a table", "every extra", "batches", "narrow and deep"],
)
def test_an_arena_is_little_more_than_its_matrices(made: Network) -> None:
    assert 1 <= share_of_matrices(made.layout) <= LARGEST


@pytest.mark.parametrize("kind", KINDS)
def test_so_it_is_with_every_kind_of_layer(kind: str) -> None:
    assert 1 <= share_of_matrices(network(KINDS[kind], rows=13, validation=5).layout) <= LARGEST


def test_no_two_matrices_share_a_place() -> None:
    layout = parity("reference").network.layout
    slots = {
        Slot(slot.offset, 1, slot.size)
        for program in layout.programs
        for slot in used_slots(program)
        if not _is_part_of_a_block(slot, layout)
    }
    assert covered(slots) == sum(slot.size for slot in slots)


def _is_part_of_a_block(slot: Slot, layout: Layout) -> bool:
    """Parameters and gradients are parts of blocks, which are matrices too."""
    blocks = layout.parameter_block, layout.gradient_block
    return any(each.offset <= slot.offset < each.offset + each.size and slot != each for each in blocks)


@pytest.mark.parametrize("kind", KINDS)
def test_predicting_lays_out_nothing_for_the_way_back(kind: str) -> None:
    made = network(KINDS[kind])
    layout = lay_out(made.recording, [(50, FORWARD_ONLY)])
    (program,) = layout.programs
    assert {each.phase for each in program.instructions} == {"forward"}
    assert layout.gradient_block.size == 0
    assert layout.updating is None
    assert not any(name.startswith(("dC_", "dh_")) for _, name in program.matrices)
    assert program.loss is None
    forward = {slot for slot in used_slots(program) if slot.rows == 50}
    assert layout.size <= LARGEST * (covered(forward) + layout.parameter_block.size) + 64


@pytest.mark.parametrize("kind", KINDS)
def test_evaluating_does_not_either(kind: str) -> None:
    held_out = network(KINDS[kind], validation=9).validation
    assert held_out is not None
    assert {each.phase for each in held_out.instructions} == {"forward", "loss"}
    assert not any(name.startswith(("dC_", "dh_")) for _, name in held_out.matrices)
