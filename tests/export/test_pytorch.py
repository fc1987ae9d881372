"""Exported PyTorch scripts and weights, in PyTorch, where that is installed; it is never needed to run Flux Studio."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flux_studio.export import torch_script
from flux_studio.export.exporters import export
from flux_studio.export.subject import Subject
from flux_studio.export.taking_in import compare, take_in
from flux_studio.project.project import Project
from tests.export.projects import FOR_PEERS, mixed, stack, trained_sample

torch = pytest.importorskip("torch")


def rebuilt(subject: Subject) -> Any:
    """The network that the script makes."""
    module: dict[str, Any] = {"__name__": "exported"}
    exec(torch_script.make(subject).decode(), module)
    return module["network"]


@pytest.mark.parametrize("make", FOR_PEERS.values(), ids=FOR_PEERS)
def test_pytorch_predicts_what_we_predict(make: Callable[[], Project]) -> None:
    subject = Subject(make())
    inputs = subject.project.dataset().inputs.astype(subject.dtype)
    with torch.no_grad():
        outputs = rebuilt(subject)(torch.tensor(inputs)).numpy()
    tolerance = {"float32": 1e-5, "float64": 1e-12}[subject.dtype]
    assert outputs.dtype == subject.dtype
    np.testing.assert_allclose(outputs, subject.network.predict(inputs), rtol=tolerance, atol=tolerance)


def test_the_export_is_run_where_pytorch_is(tmp_path: Path) -> None:
    done = export(trained_sample("iris", 5), tmp_path / "iris_torch.py")
    assert done.rows == 150
    assert done.words.startswith("verified on 150 rows: ")


PLAIN = stack(
    ("dense.v1", {"units": 6, "activation": "tanh"}),
    ("layer_norm.v1", {}),
    ("lstm.v1", {"units": 4, "steps": 3, "returns": "all"}),
    ("rnn.v1", {"units": 3, "steps": 3}),
    ("dense.v1", {"units": 2, "activation": "identity"}),
)


@pytest.mark.parametrize(
    "layers", [PLAIN, mixed("float64").specification.layers], ids=["a few", "every kind"]
)
def test_what_pytorch_saves_comes_back_in(tmp_path: Path, layers: Any) -> None:
    """The weights of a network of PyTorch's own layers, saved as safetensors, predict the same here."""
    from safetensors.torch import save_file

    project = mixed("float64")
    project = project.with_specification(project.specification.replace(layers=layers))
    theirs = rebuilt(Subject(project))
    generator = torch.manual_seed(3)
    with torch.no_grad():
        for parameter in theirs.parameters():
            parameter.copy_(torch.randn(parameter.shape, dtype=parameter.dtype, generator=generator) / 2)
    save_file(theirs.state_dict(), tmp_path / "theirs.safetensors")
    comparison = compare(project, tmp_path / "theirs.safetensors")
    assert all(match.source is not None and match.source.turned is not None for match in comparison.matches)
    assert comparison.unused == ()
    taken = take_in(project, tmp_path / "theirs.safetensors")
    inputs = project.dataset().inputs
    with torch.no_grad():
        expected = theirs(torch.tensor(inputs)).numpy()
    np.testing.assert_allclose(taken.network("reference").predict(inputs), expected, rtol=1e-12, atol=1e-12)
