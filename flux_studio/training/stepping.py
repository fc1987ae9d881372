"""Moments within an iteration: a program carried out operation by operation, and where each kind of step stops.

A moment is a resting point and a number of operations: the matrices of that rest, overwritten by so many operations of
the iteration that follows. The batch of that iteration is loaded with the first operation of its forward phase: during
the update, inputs and targets are still those that the gradients belong to. Where that batch is smaller, and so has
matrices of its own, these are blank until they are written.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

from flux_studio.engine.network import Network

Unit = Literal["operation", "layer", "phase", "iteration", "epoch"]
UNITS: tuple[Unit, ...] = ("operation", "layer", "phase", "iteration", "epoch")


def run(network: Network, rest: int, start: int, stop: int) -> None:
    """Carry out the operations from ``start`` up to, not including, ``stop`` of the iteration behind a rest."""
    first = network.program.phases["forward"][0]
    if start <= first < stop:
        network.executor.run(network.program, start, first, rest + 1)
        before = network.program
        if network.load(rest + 1) is not before:
            network.blank()
            network.load(rest + 1)
        start = first
    network.executor.run(network.program, start, stop, rest + 1)


def stops(network: Network, unit: Unit) -> tuple[int, ...]:
    """After how many operations of an iteration a step of this kind may stop; the last is the whole iteration."""
    instructions = network.program.instructions
    whole = len(instructions)
    if unit == "operation":
        return tuple(range(1, whole + 1))
    if unit in ("iteration", "epoch"):
        return (whole,)
    marks = [(each.phase, each.layer.split("/")[0] if unit == "layer" else "") for each in instructions]
    return (*(place for place, (one, other) in enumerate(pairwise(marks), 1) if one != other), whole)


def target(network: Network, rest: int, done: int, unit: Unit, back: bool) -> tuple[int, int]:
    """Where a step leads from the moment of ``done`` operations behind a rest: again a rest and a number."""
    if unit == "epoch":
        length = 1 if network.batches is None else network.batches.steps
        begin = rest - rest % length
        if not back:
            return begin + length, 0
        return (begin if done or rest > begin else begin - length), 0
    known = stops(network, unit)
    if not back:
        after = next(place for place in known if place > done)
        return (rest + 1, 0) if after == known[-1] else (rest, after)
    if not done:
        rest, done = rest - 1, known[-1]
    return rest, max((place for place in known if place < done), default=0)
