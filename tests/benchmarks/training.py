"""What one training iteration costs: each workload with us and with every peer that is installed, in turns."""

from __future__ import annotations

from collections.abc import Sequence

from tests.benchmarks.harness import Row, Side, compare, fitting, timed
from tests.benchmarks.sides import PEERS, Trainer
from tests.benchmarks.sides.flux_studio import FluxStudio
from tests.benchmarks.workloads import Workload

SECONDS = 0.25
"""About how long each side trains in each of its turns."""
ROUNDS = 7
FEW = 20
"""Iterations after which the losses of all sides are compared, where a side does not train whole epochs only."""
AGREEMENT = {False: 1e-3, True: 2e-2}
"""How far losses may be apart, relatively; after a whole epoch rounding has grown."""


def measure(workload: Workload) -> list[Row]:
    """Our row and those of the peers that are installed, after all of them have computed the same."""
    names = [name for name in workload.goals if PEERS[name].is_installed]
    ours = FluxStudio(workload)
    peers = {name: PEERS[name].make(workload) for name in names}
    for name, peer in peers.items():
        check_agreement(workload, ours, name, peer)
    sides = []
    for name, peer in peers.items():
        goal = workload.goals[name]
        count = fitting(peer.train, workload.unit, SECONDS)
        sides.append(Side(name, timed(peer.train, count), goal.floor, goal.aim))
    ours.begin()
    subject = timed(ours.train, fitting(ours.train, workload.unit, SECONDS), ours.begin)
    title = f"{workload.key}  {workload.title}"
    return compare(title, Side("Flux Studio", subject), sides, ROUNDS)


def check_agreement(workload: Workload, ours: FluxStudio, name: str, peer: Trainer) -> None:
    """Stop unless the peer does the same work: the same loss after the same iterations from the same weights."""
    whole = PEERS[name].whole_epochs
    iterations = workload.unit if whole else FEW
    ours.begin()
    ours.train(iterations)
    getattr(peer, "train_in_our_order", peer.train)(iterations)
    losses = ours.loss(), peer.loss()
    if not abs(losses[0] - losses[1]) <= AGREEMENT[whole] * abs(losses[0]):
        raise AssertionError(
            f"{workload.key}: after {iterations} iterations from the same weights our loss is {losses[0]:.6f} "
            f"and that of {name} {losses[1]:.6f}: the two do not compute the same"
        )


def left_out(workloads: Sequence[Workload]) -> list[str]:
    """The peers that are not installed here."""
    asked = dict.fromkeys(name for workload in workloads for name in workload.goals)
    return [name for name in asked if not PEERS[name].is_installed]


def remarks(workloads: Sequence[Workload]) -> list[str]:
    """What people should know who read the numbers of the peers."""
    asked = dict.fromkeys(name for workload in workloads for name in workload.goals)
    return [
        f"{name} {PEERS[name].remark}" for name in asked if PEERS[name].remark and PEERS[name].is_installed
    ]
