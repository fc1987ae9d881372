"""Where the time of one iteration goes: each instruction of a program by itself, and what lies between them.

    python -m tests.benchmarks profile W4 W5

An instruction is run many times over in one compiled call, by a table that repeats its row, so that calling costs
nothing. It then finds its matrices in the cache, which in a whole iteration it may not: the sum of all can be less
than the whole.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence

import numpy as np

from flux_studio.engine import operations
from flux_studio.engine.network import Network
from flux_studio.engine.operations.products import Product
from flux_studio.engine.program import Program
from flux_studio.engine.slots import Instruction
from tests.benchmarks.sides.flux_studio import FluxStudio
from tests.benchmarks.workloads import Workload

SECONDS = 0.03
"""How long one measurement runs."""
TURNS = 5


@dataclasses.dataclass(frozen=True)
class Line:
    """What one instruction costs."""

    instruction: Instruction
    row: tuple[int, ...]
    seconds: float

    @property
    def kernel(self) -> str:
        return "tiles" if self.row[0] >= len(operations.OPERATIONS) else ""

    @property
    def rate(self) -> str:
        """Multiplications and additions a second of a product, bytes read and written a second of all else."""
        if isinstance(self.instruction.operation, Product):
            inner = self.instruction.inputs[0]
            m = self.instruction.output.size
            k = inner.size * self.instruction.inputs[1].size / m if m else 0
            return f"{2 * m * k**0.5 / self.seconds / 1e9:7.1f} Gflop/s"
        cells = sum(slot.size for slot in (self.instruction.output, *self.instruction.inputs))
        return f"{cells * 4 / self.seconds / 1e9:7.1f} GB/s"


def profile(workload: Workload) -> str:
    """A table of all instructions in their order, with their share of the whole."""
    side = FluxStudio(workload)
    network = side.network
    whole = _best(lambda count: side.train(count))
    network.learning_rate = 0.0  # the same update again and again must not lead anywhere
    lines = instructions(network)
    total = sum(line.seconds for line in lines)
    head = (
        f"{workload.key}  {workload.title}\n"
        f"  {'phase':9} {'layer':10} {'operation':22} {'writes':>12} {'m':>7} {'k':>6} {'n':>6} "
        f"{'µs':>9} {'share':>6}  {'rate':>15}"
    )
    body = [
        f"  {each.instruction.phase:9} {each.instruction.layer:10} "
        f"{each.instruction.operation.name + (' ' + each.kernel if each.kernel else ''):22} "
        f"{'×'.join(map(str, each.instruction.output.shape)):>12} "
        f"{each.row[6]:>7} {each.row[7]:>6} {each.row[8]:>6} {each.seconds * 1e6:9.3f} "
        f"{each.seconds / whole:6.1%}  {each.rate:>15}"
        for each in lines
    ]
    end = [
        f"  all {len(lines)} instructions {total * 1e6:.3f} µs; an iteration takes {whole * 1e6:.3f} µs; "
        f"the other {(whole - total) * 1e6:.3f} µs go to gathering the batch, its order, and the loop",
        "",
        _by_operation(lines, whole),
    ]
    return "\n".join([head, *body, *end])


def instructions(network: Network) -> list[Line]:
    """The cost of every instruction of the program that trains."""
    program = network.load(0)
    network.rest()
    lines = []
    for instruction, row in zip(program.instructions, program.table, strict=True):
        before = network.arena.copy()
        lines.append(Line(instruction, tuple(map(int, row)), _best(_repeated(network, program, row))))
        network.arena[...] = before
    return lines


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
        name = f"{line.instruction.operation.name} {line.kernel}".strip()
        count, seconds = sums.get(name, (0, 0.0))
        sums[name] = count + 1, seconds + line.seconds
    ordered = sorted(sums.items(), key=lambda item: -item[1][1])
    return "\n".join(
        f"  {name:30} {count:3}×  {seconds * 1e6:9.3f} µs {seconds / whole:6.1%}"
        for name, (count, seconds) in ordered
    )
