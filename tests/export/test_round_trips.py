"""What is written predicts what we predict: random networks of every kind of layer, in every format."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flux_studio.export import archives, c_header, numpy_script, onnx_model, program_script, verification
from flux_studio.export.exporters import EXPORTERS, Exporter, export
from flux_studio.export.subject import Subject
from flux_studio.export.verification import Sample
from flux_studio.export.weight_files import load_all
from flux_studio.project.catalogue import LAYER_KINDS
from tests.export.projects import drained, mixed, random_project, trained, trained_sample

TOLERANCE = {"float32": 1e-5, "float64": 1e-12}
quick = settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
seeds, types = st.integers(0, 10_000), st.sampled_from(["float32", "float64"])


def close(found: object, expected: np.ndarray, dtype: str) -> None:
    np.testing.assert_allclose(np.asarray(found), expected, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


def test_the_mixed_project_has_every_kind_of_layer() -> None:
    assert {layer.kind for layer in mixed("float32").specification.layers} == set(LAYER_KINDS)


@pytest.mark.parametrize("exporter", EXPORTERS, ids=lambda each: each.name)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_kind_of_layer_in_every_format(tmp_path: Path, exporter: Exporter, dtype: str) -> None:
    done = export(trained(mixed(dtype), 5), tmp_path / f"w{exporter.suffix}")
    assert done.exporter is exporter
    assert done.difference <= TOLERANCE[dtype]
    assert done.words.startswith("verified on 6 rows: largest difference ") or done.rows == 0
    assert [path.name for path in tmp_path.iterdir()] == [f"w{exporter.suffix}"]


@pytest.mark.parametrize("name", ["iris", "mackey-glass"])
@pytest.mark.parametrize("format", ["onnx", "numpy", "c", "program", "safetensors"])
def test_classes_and_series(tmp_path: Path, name: str, format: str) -> None:
    done = export(trained_sample(name, 20), tmp_path / "out", format)
    assert done.difference <= 1e-5
    assert done.rows >= 120 or "no C compiler" in done.words


@given(seed=seeds, dtype=types)
@quick
def test_a_random_network_as_onnx(seed: int, dtype: str) -> None:
    subject = Subject(random_project(seed, dtype))
    path = io.BytesIO(onnx_model.make(subject))
    sample = Sample(subject)
    found = drained(verification.onnx_model(path, sample))  # type: ignore[arg-type]
    close(found.outputs, sample.outputs, dtype)
    verification.verify(found, sample)


@given(seed=seeds, dtype=types)
@quick
def test_a_random_network_as_numpy(seed: int, dtype: str) -> None:
    subject = Subject(random_project(seed, dtype))
    sample = Sample(subject)
    module: dict[str, object] = {"__name__": "exported"}
    exec(numpy_script.make(subject).decode(), module)
    encoded = module["encode"](sample.flat()).reshape(sample.rows, -1)  # type: ignore[operator]
    outputs = module["network"](encoded)  # type: ignore[operator]
    assert outputs.dtype == dtype
    close(outputs, sample.outputs, dtype)
    answers = module["answers"](outputs)  # type: ignore[operator]
    expected = subject.project.dataset().preprocessor.decode(outputs)
    assert tuple(answers) == expected.header
    assert list(zip(*answers.values(), strict=True)) == expected.rows


@given(seed=seeds, dtype=types)
@quick
def test_the_printed_program_of_a_random_network(seed: int, dtype: str) -> None:
    """Loss and gradients beside those of our own program; dropout leaves nothing out in either."""
    subject = Subject(random_project(seed, dtype))
    dataset = subject.project.dataset()
    inputs, targets = (values[dataset.training].astype(dtype) for values in (dataset.inputs, dataset.targets))
    module: dict[str, object] = {"__name__": "exported"}
    exec(program_script.make(subject).decode(), module)
    matrices, gradients = module["iteration"](inputs, targets)  # type: ignore[operator]
    loss, ours = verification.there_and_back(subject, inputs, targets)
    close(matrices["loss_matrix"], np.array([[loss]]), dtype)
    variables = program_script.flow(subject).parameters
    assert set(gradients) == {variables[key].name for key in ours}
    for key, gradient in ours.items():
        assert gradients[variables[key].name].dtype == dtype
        close(gradients[variables[key].name], gradient, dtype)


@given(seed=seeds, dtype=types)
@quick
def test_the_weights_of_a_random_network(seed: int, dtype: str) -> None:
    subject = Subject(random_project(seed, dtype))
    readers = {
        archives.npz: load_all,
        archives.safetensors: load_all,
        archives.json_document: archives.read_json,
        archives.csv_tables: archives.read_csv_tables,
    }
    for make, read in readers.items():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "weights"
            path.write_bytes(make(subject))
            found = read(path)
        assert {*found} == {archives.full_name(key) for key in subject.weights}
        for key, array in subject.weights.items():
            np.testing.assert_array_equal(found[archives.full_name(key)], array, strict=True)


@pytest.mark.skipif(verification.compiler() is None, reason="there is no C compiler here")
@pytest.mark.parametrize("seed", range(4))
def test_a_random_network_in_c(tmp_path: Path, seed: int) -> None:
    subject = Subject(random_project(seed, ("float32", "float64")[seed % 2], f"net {seed}"))
    path, sample = tmp_path / "net.h", Sample(subject)
    path.write_bytes(c_header.make(subject))
    found = drained(verification.c_header_file(path, sample))
    close(found.outputs, sample.outputs, subject.dtype)
    verification.verify(found, sample)
