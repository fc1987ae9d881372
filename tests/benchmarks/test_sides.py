"""The sides of the benchmark do the same work: from the same weights and batches they come to the same loss."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.benchmarks.sides import PEERS
from tests.benchmarks.sides.flux_studio import FluxStudio
from tests.benchmarks.training import check_agreement, left_out, remarks
from tests.benchmarks.workloads import WORKLOADS, Workload, chosen

SMALL = chosen(["w1", "w2", "w3", "w4", "w7"])
"""Those whose data are made in no time."""
PAIRS = [(workload, name) for workload in SMALL for name in workload.goals if name != "torch.compile"]


@pytest.mark.filterwarnings("ignore")  # those of other libraries are theirs
@pytest.mark.parametrize(("workload", "name"), PAIRS, ids=lambda value: getattr(value, "key", value))
def test_a_peer_learns_what_we_learn(workload: Workload, name: str) -> None:
    pytest.importorskip(PEERS[name].package)
    check_agreement(workload, FluxStudio(workload), name, PEERS[name].make(workload))


@pytest.mark.parametrize("workload", SMALL, ids=lambda workload: workload.key)
def test_other_work_is_found_out(workload: Workload) -> None:
    other = FluxStudio(dataclasses.replace(workload, rate=workload.rate * 1.5), "reference")
    with pytest.raises(AssertionError, match="the two do not compute the same"):
        check_agreement(workload, FluxStudio(workload), "reference executor", other)


def test_a_measurement_begins_anew() -> None:
    ours = FluxStudio(chosen(["w1"])[0])
    first = ours.loss()
    ours.train(200)
    later = ours.loss()
    ours.begin()
    assert ours.loss() == first != later
    ours.train(200)
    assert ours.loss() == later


def test_every_workload_knows_its_peers_and_begins_with_the_same_weights() -> None:
    assert {name for workload in WORKLOADS for name in workload.goals} == set(PEERS)
    for workload in SMALL:
        for one, other in zip(workload.parameters(), workload.parameters(), strict=True):
            assert one.dtype == np.float32
            np.testing.assert_array_equal(one, other)


def test_peers_that_are_not_installed_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name in ("jax", "sklearn") else name)
    assert left_out(WORKLOADS) == ["JAX", "scikit-learn"]
    assert remarks(WORKLOADS) == []
