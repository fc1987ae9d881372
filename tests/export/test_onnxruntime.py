"""Exported ONNX models in ONNX Runtime, where that is installed; it is never needed to run Flux Studio."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from flux_studio.export import onnx_model
from flux_studio.export.subject import Subject
from flux_studio.export.verification import Sample
from flux_studio.project.project import Project
from tests.export.projects import FOR_PEERS

onnxruntime = pytest.importorskip("onnxruntime")


@pytest.mark.parametrize("make", FOR_PEERS.values(), ids=FOR_PEERS)
def test_onnx_runtime_predicts_what_we_predict(make: Callable[[], Project]) -> None:
    subject = Subject(make())
    sample = Sample(subject)
    session = onnxruntime.InferenceSession(onnx_model.make(subject), providers=["CPUExecutionProvider"])
    given = {
        name: np.array(sample.cells[raw.name], object if raw.words else np.float64)
        for raw, name in zip(subject.lowered.columns, onnx_model.input_names(subject), strict=True)
    }
    assert {each.name for each in session.get_inputs()} == set(given)
    outputs, *answers = session.run(["outputs", *onnx_model.answer_names(subject.lowered)], given)
    tolerance = {"float32": 1e-5, "float64": 1e-12}[subject.dtype]
    assert outputs.dtype == subject.dtype
    np.testing.assert_allclose(outputs, sample.outputs, rtol=tolerance, atol=tolerance)
    expected = subject.project.dataset().preprocessor.decode(outputs).rows
    for row, theirs in zip(
        expected, zip(*(each.ravel().tolist() for each in answers), strict=True), strict=True
    ):
        for one, other in zip(row, theirs, strict=False):
            assert one == (pytest.approx(other) if isinstance(other, float) else other)
