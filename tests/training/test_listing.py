"""The program in words: every operation, what it reads and writes, and about what it costs."""

from __future__ import annotations

import pytest

from flux_studio import locations
from flux_studio.project import files
from flux_studio.training.listing import Listed, ListProgram
from flux_studio.training.questions import Moment


def listed(name: str) -> tuple[tuple[Listed, ...], Moment]:
    project = files.load(locations.sample(f"{name}.flux"))
    network = project.network("reference")
    network.rest()
    moment = Moment(project, project.dataset(), network, 0, False)
    return ListProgram().answer(moment), moment


def test_the_program_of_parity() -> None:
    rows, _ = listed("parity-4")
    told = [(row.phase, row.owner, row.operation, row.writes, row.reads) for row in rows]
    assert told[0][:4] == ("update", "Network", "gradient descent", "all weights and biases")
    assert told[0][4][:2] == ("all weights and biases", "all their gradients")
    assert told[1] == ("forward", "Dense 1", "multiply", "x·w", ("x", "w"))
    assert told[2] == ("forward", "Dense 1", "add row", "a", ("x·w", "b"))
    assert told[10] == ("loss", "Network", "subtract", "ŷ − y", ("h of Dense 3", "y"))
    assert told[16] == ("backward", "Dense 3", "multiply transposed", "∂C/∂h of Dense 2", ("∂C/∂a", "w"))
    # 16 rows of 4 inputs for 8 units: as many multiplications, and as many additions.
    assert rows[1].work == 2 * 16 * 4 * 8
    assert rows[2].work == 16 * 8


@pytest.mark.parametrize("name", ["parity-4", "iris", "mackey-glass"])
def test_every_operation_stands_there_with_the_matrix_it_writes(name: str) -> None:
    rows, moment = listed(name)
    program = moment.network.program
    assert [row.number for row in rows] == list(range(len(program.instructions)))
    for row, instruction in zip(rows, program.instructions, strict=True):
        assert row.phase == instruction.phase
        assert row.key is not None
        assert row.key in program.matrices
        assert row.writes
        assert row.work > 0
