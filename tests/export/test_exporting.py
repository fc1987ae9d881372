"""A file is tried before it is put in place; whatever goes wrong, the old one stays as it was and that is told."""

from __future__ import annotations

import contextlib
import os
import resource
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from flux_studio.errors import ExportError
from flux_studio.export import (
    c_header,
    exporters,
    lowering,
    onnx_model,
    processes,
    subject,
    torch_script,
    verification,
)
from flux_studio.export.exporters import EXPORTERS, Exporter, choose, export, exporting
from flux_studio.export.subject import Subject
from flux_studio.export.verification import Found, Sample, verify
from flux_studio.project.project import Project, Run
from tests.export.projects import mixed, stack, trained_sample


@pytest.fixture(scope="module")
def project() -> Project:
    return trained_sample("iris", 5)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder to write to: nothing but the file ``w`` may be left there, and nothing among what is temporary."""
    folder, temporary = tmp_path / "out", tmp_path / "temporary"
    folder.mkdir()
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    yield folder
    assert {path.name for path in folder.iterdir()} <= {"w"}
    assert not list(temporary.iterdir())


@contextlib.contextmanager
def untouched(folder: Path) -> Iterator[Path]:
    path = folder / "w"
    path.write_bytes(b"what was there")
    yield path
    assert path.read_bytes() == b"what was there"
    assert list(folder.iterdir()) == [path]


def spoiled(exporter: Exporter, before: bytes, after: bytes) -> Exporter:
    """The exporter with a mistake in what it writes."""

    def make(subject: Subject) -> bytes:
        content = exporter.make(subject)
        assert before in content
        return content.replace(before, after, 1)

    return replace(exporter, make=make)


@pytest.mark.parametrize(
    ("format", "before", "after", "words"),
    [
        ("numpy", b"np.tanh(", b"np.sin(", "does not predict the same: the largest difference is "),
        (
            "numpy",
            b"names = ['setosa', 'versi",
            b"names = ['setose', 'versi",
            "says 'setose' where we say 'setosa'",
        ),
        ("numpy", b"def network", b"def netwerk", "failed: AttributeError"),
        ("c", b"tanhf(", b"expf(", "does not predict the same"),
        ("c", b"numbers[i] > numbers", b"numbers[i] < numbers", "says '.*' where we say "),
        ("c", b"return found;", b"return found + 9;", "says 'no class' where we say "),
        ("c", b"return found;", b"return fount;", "failed: "),
        ("program", b"2 / N", b"3 / N", "does not compute the same: it is off by "),
        ("json", b'"weights_matrix"', b'"weight_matrix"', "not all of the weights were written"),
        ("json", b'"float32"', b'"float16"', "the weights read back are not those that were written"),
        ("onnx", b'"\x04Tanh', b'"\x04Relu', "does not predict the same"),
    ],
)
def test_a_mistake_is_found_and_nothing_put_in_place(
    project: Project,
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    format: str,
    before: bytes,
    after: bytes,
    words: str,
) -> None:
    if format == "c" and verification.compiler() is None:
        pytest.skip("there is no C compiler here")
    wrong = spoiled(choose(place, format), before, after)
    monkeypatch.setattr(exporters, "EXPORTERS", (wrong,))
    with untouched(place) as path, pytest.raises(ExportError, match=words.replace("(", r"\(")):
        export(project, path, format)


def test_numbers_of_another_size_are_not_the_same(project: Project) -> None:
    sample = Sample(Subject(project))
    assert verify(Found(sample.outputs.copy()), sample) == 0
    assert verify(Found(sample.outputs + np.float32(1e-6)), sample) == pytest.approx(1e-6, rel=0.1)
    gap = sample.outputs.copy()
    gap[3, 1] = np.nan
    for wrong in (sample.outputs + np.float32(1e-3), sample.outputs[:-1], sample.outputs[:, :2], gap):
        with pytest.raises(ExportError, match="not put in place"):
            verify(Found(wrong), sample)


def test_where_our_own_rounding_is_large_more_is_allowed() -> None:
    """The difference of numbers that are much larger than itself: no format could be nearer."""
    project = mixed("float32")
    layers = stack(
        ("dense.v1", {"units": 2, "activation": "identity"}),
        ("dense.v1", {"units": 2, "activation": "identity"}),
    )
    project = project.with_specification(project.specification.replace(layers=layers))
    weights = {
        ("box 0", "weights_matrix"): np.full((6, 2), 1e6, np.float32) + np.arange(12).reshape(6, 2) % 5,
        ("box 0", "bias_matrix"): np.zeros((1, 2), np.float32),
        ("box 1", "weights_matrix"): np.array([[1, -1], [-1, 1]], np.float32) / 3,
        ("box 1", "bias_matrix"): np.zeros((1, 2), np.float32),
    }
    sample = Sample(Subject(project.with_run(Run.at_start(weights))))
    allowed = verification.own_rounding(sample)
    assert 0.1 < allowed < 100
    assert verify(Found(sample.outputs + np.float32(allowed / 2)), sample) > 0.01
    with pytest.raises(ExportError, match="not put in place"):
        verify(Found(sample.outputs + np.float32(allowed * 2)), sample)


def test_progress_is_told_and_giving_up_leaves_nothing(project: Project, place: Path) -> None:
    for format in ("numpy", "onnx", "npz", "program"):
        steps = exporting(project, place / "w", format)
        told = [next(steps), next(steps), next(steps)]
        assert [each.words for each in told[:2]] == [
            f"writing the {choose(place, format).title}",
            "trying it on 150 rows",
        ]
        assert all(each.steps == 3 for each in told)
        steps.close()
        assert not (place / "w").exists()


def test_giving_up_ends_the_program_that_was_started(tmp_path: Path) -> None:
    steps = processes.run(["sleep", "60"], tmp_path)
    next(steps)
    steps.close()
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_a_program_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "LONGEST", 0.0)
    with pytest.raises(ExportError, match="sleep took more than 0 seconds"):
        list(processes.run(["sleep", "60"], tmp_path))


def test_what_cannot_be_started_or_fails_is_told(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="no-such-program cannot be started"):
        list(processes.run(["no-such-program"], tmp_path))
    with pytest.raises(ExportError, match="sh failed: oh no"):
        list(processes.run(["sh", "-c", "echo first >&2; echo oh no >&2; exit 3"], tmp_path))


@pytest.mark.parametrize("exporter", EXPORTERS, ids=lambda each: each.name)
def test_a_full_disk_leaves_the_old_file(project: Project, place: Path, exporter: Exporter) -> None:
    """No file may grow beyond a few bytes: what is tried cannot be written either."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with untouched(place) as path:
        resource.setrlimit(resource.RLIMIT_FSIZE, (64, before[1]))
        try:
            with pytest.raises(ExportError, match="File too large"):
                export(project, path, exporter.name)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_is_full_only_where_the_file_goes(
    project: Project, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    with untouched(place) as path:
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(
            ExportError, match=r"w: cannot be written \(No space left on device\); the old file"
        ):
            export(project, path, "npz")


def test_a_file_that_is_read_only_stays(project: Project, place: Path) -> None:
    with untouched(place) as path:
        path.chmod(0o444)
        with pytest.raises(ExportError, match="read-only"):
            export(project, path, "onnx")


def test_a_folder_that_is_read_only_is_told(
    project: Project, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with untouched(place) as path:
        monkeypatch.setattr(os, "access", lambda *_: False)  # the superuser may write anywhere
        with pytest.raises(ExportError, match="cannot be written to"):
            export(project, path, "onnx")


def test_a_file_in_use_stays(project: Project, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Windows has it: what another program has open cannot be replaced."""

    def refused(source: str, target: Path) -> None:
        raise PermissionError(13, "The process cannot access the file")

    with untouched(place) as path:
        monkeypatch.setattr(os, "replace", refused)
        with pytest.raises(ExportError, match="cannot access the file"):
            export(project, path, "safetensors")


@pytest.mark.parametrize("exporter", EXPORTERS, ids=lambda each: each.name)
def test_weights_that_went_wrong_are_refused(project: Project, place: Path, exporter: Exporter) -> None:
    assert project.run is not None
    wrong = {key: np.full_like(array, np.nan) for key, array in project.run.parameters.items()}
    with untouched(place) as path, pytest.raises(ExportError, match="not all finite"):
        export(project.with_run(replace(project.run, parameters=wrong)), path, exporter.name)


def test_what_is_too_large_is_refused_before_it_is_written(
    project: Project, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(c_header, "MOST_NUMBERS", 10)
    monkeypatch.setattr(onnx_model, "LARGEST", 100)
    with untouched(place) as path:
        with pytest.raises(ExportError, match=r"67 weights are too many for a C header \(10 at most\)"):
            export(project, path, "c")
        with pytest.raises(ExportError, match=r"more than 2 GB.*choose safetensors"):
            export(project, path, "onnx")


class DateEncoder(msgspec.Struct, frozen=True):
    """An encoder that nobody has lowered."""

    column: str


def test_an_encoder_that_nobody_has_lowered_is_refused(
    project: Project, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted = project.dataset().preprocessor
    other = msgspec.structs.replace(fitted, input_encoders=(DateEncoder("day"), *fitted.input_encoders))
    monkeypatch.setattr(subject, "lower", lambda _: lowering.lower(other))
    with untouched(place) as path:
        for format in ("numpy", "c", "onnx"):
            with pytest.raises(ExportError, match=r"column 'day': this format cannot carry .* \(date\)"):
                export(project, path, format)
    refusing = {each.name for each in EXPORTERS if each.refusal(Subject(project))}
    assert refusing == {"onnx", "numpy", "c"}
    for format in ("npz", "torch", "program"):
        assert export(project, place / "w", format).difference <= 1e-5


def test_a_kind_of_layer_that_pytorch_lacks_is_refused(
    project: Project, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not any(each.refusal(Subject(project)) for each in EXPORTERS)
    monkeypatch.setattr(torch_script, "_module", torch_script._module.registry[object])
    with untouched(place) as path, pytest.raises(ExportError, match="Dense 1: this kind of layer cannot be"):
        export(project, path, "torch")


def test_without_a_compiler_the_header_is_written_and_that_is_told(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "compiler", lambda: None)
    done = export(project, tmp_path / "iris.h")
    assert (done.rows, done.words) == (0, "not run, because there is no C compiler here")
    assert (tmp_path / "iris.h").exists()
