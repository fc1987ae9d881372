"""Where the time of one iteration goes: each instruction of a program by itself, and what lies between them.

    python -m tests.benchmarks profile W4 W5

An instruction is run many times over in one compiled call, by a table that repeats its row, so that calling costs
nothing. It then finds its matrices in the cache, which in a whole iteration it may not: the sum of all can be less
than the whole.
"""

from __future__ import annotations

import dataclasses
import re
import time
from collections.abc import Callable, Hashable, Sequence

import numpy as np

from flux_studio.engine import operations
from flux_studio.engine.network import Network
from flux_studio.engine.operations.products import Product
from flux_studio.engine.program import Program
from flux_studio.engine.slots import Instruction
from tests.benchmarks.growth import arithmetic
from tests.benchmarks.sides.flux_studio import FluxStudio
from tests.benchmarks.workloads import Workload

SECONDS = 0.03
"""How long one measurement runs."""
TURNS = 5


@dataclasses.dataclass(frozen=True)
class Line:
    """What an instruction costs, and how many alike there are: those of all steps of a sequence stand in one line."""

    instruction: Instruction
    row: tuple[int, ...]
    count: int
    seconds: float
    """Of one of them."""

    @property
    def total(self) -> float:
        """Seconds of all of them."""
        return self.count * self.seconds

    @property
    def name(self) -> str:
        """The operation, and which of its kernels runs."""
        is_tiled = self.row[0] >= len(operations.OPERATIONS)
        return f"{self.instruction.operation.name}{' tiles' if is_tiled else ''}"

    @property
    def rate(self) -> str:
        """Multiplications and additions a second of a product, bytes read and written a second of all else."""
        if isinstance(self.instruction.operation, Product):
            return f"{arithmetic(self.instruction) / self.seconds / 1e9:7.1f} Gflop/s"
        cells = sum(slot.size for slot in (self.instruction.output, *self.instruction.inputs))
        return f"{cells * 4 / self.seconds / 1e9:7.1f} GB/s"

    def text(self, whole: float) -> str:
        shape = "×".join(map(str, self.instruction.output.shape))
        sizes = " ".join(f"{size:>6}" for size in self.row[6:])
        return (
            f"  {self.instruction.phase:9} {_folded(self.instruction.layer):14} {self.name:26} {shape:>12} {sizes} "
            f"{self.seconds * 1e6:9.3f} {self.count:5}× {self.total / whole:6.1%}  {self.rate:>15}"
        )


def profile(workload: Workload) -> str:
    """A table of all instructions in their order, with their share of the whole."""
    side = FluxStudio(workload)
    whole = _best(side.train)
    side.network.learning_rate = 0.0  # the same update again and again must not lead anywhere
    lines = instructions(side.network)
    total = sum(line.total for line in lines)
    count = sum(line.count for line in lines)
    return "\n".join(
        [
            f"{workload.key}  {workload.title}",
            f"  {'phase':9} {'layer':14} {'operation':26} {'writes':>12} {'m':>6} {'k':>6} {'n':>6} "
            f"{'µs':>9} {'':6} {'share':>6}  {'rate':>15}",
            *(line.text(whole) for line in lines),
            f"  all {count} instructions {total * 1e6:.3f} µs; an iteration takes {whole * 1e6:.3f} µs; "
            f"the other {(whole - total) * 1e6:.3f} µs go to gathering the batch, its order, and the loop",
            "",
            _by_operation(lines, whole),
        ]
    )


def instructions(network: Network) -> list[Line]:
    """The cost of every instruction of the program that trains."""
    program = network.load(0)
    network.rest()
    alike: dict[Hashable, list[tuple[Instruction, np.ndarray]]] = {}
    for instruction, row in zip(program.instructions, program.table, strict=True):
        key = instruction.phase, _folded(instruction.layer), row[0], *row[6:], instruction.output.shape
        alike.setdefault(key, []).append((instruction, row))
    lines = []
    for together in alike.values():
        instruction, row = together[len(together) // 2]
        before = network.arena.copy()
        seconds = _best(_repeated(network, program, row))
        network.arena[...] = before
        lines.append(Line(instruction, tuple(map(int, row)), len(together), seconds))
    return lines


def _folded(layer: str) -> str:
    """A layer's identity, the same for all of its steps."""
    return re.sub(r"/step-\d+", "/step", layer)


def _repeated(network: Network, program: Program, row: np.ndarray) -> Callable[[int], None]:
    def run(count: int) -> None:
        table = np.ascontiguousarray(np.broadcast_to(row, (min(count, 1000), len(row))))
        repeated = dataclasses.replace(program, table=table)
        for _ in range(-(-count // len(table))):
            network.executor.run(repeated, 0, len(table), 1)

    return run


def _best(run: Callable[[int], None]) -> float:
    """Seconds for one, the smallest of several measurements."""
    count, taken = 1, 0.0
    run(1)
    while taken < SECONDS / 4:
        count *= 1 if not taken else 4
        begin = time.perf_counter()
        run(count)
        taken = time.perf_counter() - begin
    count = max(1, round(count * SECONDS / taken))
    count = count if count < 1000 else -(-count // 1000) * 1000
    times = []
    for _ in range(TURNS):
        begin = time.perf_counter()
        run(count)
        times.append((time.perf_counter() - begin) / count)
    return min(times)


def _by_operation(lines: Sequence[Line], whole: float) -> str:
    """The same, added up by operation, the dearest first."""
    sums: dict[str, tuple[int, float]] = {}
    for line in lines:
        count, seconds = sums.get(line.name, (0, 0.0))
        sums[line.name] = count + line.count, seconds + line.total
    ordered = sorted(sums.items(), key=lambda item: -item[1][1])
    return "\n".join(
        f"  {name:30} {count:5}×  {seconds * 1e6:9.3f} µs {seconds / whole:6.1%}"
        for name, (count, seconds) in ordered
    )
