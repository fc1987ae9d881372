"""Finds the first number that went wrong, by running a failed burst again, operation by operation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flux_studio.engine.network import Network
from flux_studio.engine.operations.base import Array
from flux_studio.engine.recording import NETWORK
from flux_studio.engine.slots import MatrixKey


@dataclass(frozen=True)
class Divergence:
    """The first cell that went wrong, and when it was written.

    When the loss itself was the first to overflow, this is the output cell that made it so, whose ``value`` is
    finite but large.
    """

    iteration: int
    layer: str
    matrix: str
    row: int
    column: int
    value: float


def find(network: Network, start: Array, iteration: int, iterations: int) -> Divergence | None:
    """Run ``iterations`` iterations again from the snapshot ``start`` taken at ``iteration``.

    Leaves the network at rest with the last good weights. ``None`` when nothing went wrong this time; the
    network then stands at the end.
    """
    network.restore(start)
    losses = np.empty(1, network.dtype)
    for number in range(iteration + 1, iteration + iterations + 1):
        good = network.snapshot()
        network.iterate(losses, number - 1)
        if np.isfinite(losses[0]) and network.state_is_finite():
            continue
        network.restore(good)
        found = _step_through(network, number)
        network.restore(good)
        network.rest(number - 1)
        return found
    return None


def _step_through(network: Network, iteration: int) -> Divergence | None:
    program = network.load(iteration)
    for index, instruction in enumerate(program.instructions):
        network.executor.run(program, index, index + 1, iteration)
        matrix = instruction.output.view(network.arena)
        if np.isfinite(matrix).all():
            continue
        if instruction.layer == NETWORK and instruction.phase == "loss":
            return _largest_output(network, iteration)
        row, column = (int(place) for place in np.argwhere(~np.isfinite(matrix))[0])
        (layer, name), cell = _locate(network, index, (row, column))
        return Divergence(iteration, layer, name, *cell, float(matrix[row, column]))
    return None


def _largest_output(network: Network, iteration: int) -> Divergence:
    outputs = network.outputs
    row, column = divmod(int(np.abs(outputs).argmax()), outputs.shape[1])
    layer = network.layers[-1][0]
    return Divergence(iteration, layer, "activated_output_matrix", row, column, float(outputs[row, column]))


def _locate(network: Network, index: int, cell: tuple[int, int]) -> tuple[MatrixKey, tuple[int, int]]:
    """The layer, name and cell that people know for a cell an instruction wrote."""
    instruction = network.program.instructions[index]
    if instruction.phase == "update":
        offset = instruction.output.offset + cell[1]
        for key, slot in network.layout.parameters.items():
            if slot.offset <= offset < slot.offset + slot.size:
                return key, divmod(offset - slot.offset, slot.columns)
    for key, slot in network.program.matrices.items():
        if slot == instruction.output and key[0] == instruction.layer:
            return key, cell
    return (instruction.layer, instruction.operation.name), cell
