"""Broken project files: whatever the damage, it ends in one line, and never in another exception."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flux_studio.errors import ProjectFileError
from flux_studio.project import files
from flux_studio.project.project import Project
from tests.project.saved import same_run


def rewritten(
    good: bytes,
    document: Callable[[Any], object] = lambda document: None,
    *,
    without: str = "",
    raw: bytes | None = None,
    **members: bytes,
) -> bytes:
    """A copy of a file with its JSON changed, a part left out, or parts replaced (``curve_npy`` is curve.npy)."""
    replaced = {name.replace("__", "/").replace("_npy", ".npy"): content for name, content in members.items()}
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(good)) as source, zipfile.ZipFile(result, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "project.json":
                plain = json.loads(content)
                document(plain)
                content = json.dumps(plain).encode() if raw is None else raw
            if name != without:
                target.writestr(name, replaced.get(name, content))
    return result.getvalue()


def npy(array: Any, *, allow_pickle: bool = False) -> bytes:
    content = io.BytesIO()
    np.save(content, np.asarray(array), allow_pickle=allow_pickle)
    return content.getvalue()


def npy_header(shape: tuple[int, ...]) -> bytes:
    content = io.BytesIO()
    np.lib.format.write_array_header_1_0(content, {"descr": "<f4", "fortran_order": False, "shape": shape})
    return content.getvalue()


def zip_in_zip() -> bytes:
    content = io.BytesIO()
    np.savez(content, x=np.ones((2, 6), np.float32))
    return content.getvalue()


def with_bad_utf8_names(good: bytes) -> bytes:
    """The flag that names are UTF-8 set in the directory, and a name that is not."""
    broken = bytearray(good.replace(b"mimetype", b"\xff\xfemetype"))
    place = broken.find(b"PK\x01\x02")
    while place >= 0:
        broken[place + 9] |= 0x08
        place = broken.find(b"PK\x01\x02", place + 4)
    return bytes(broken)


def with_lying_size(good: bytes, size: int) -> bytes:
    """The directory says another size for every part than it has."""
    broken = bytearray(good)
    place = broken.find(b"PK\x01\x02")
    while place >= 0:
        broken[place + 24 : place + 28] = struct.pack("<I", size)
        place = broken.find(b"PK\x01\x02", place + 4)
    return bytes(broken)


def specification(**changes: object) -> Callable[[Any], object]:
    return lambda document: document["specification"].update(changes)


def layer(**changes: object) -> Callable[[Any], object]:
    return lambda document: document["specification"]["layers"][0].update(changes)


def run(**changes: object) -> Callable[[Any], object]:
    return lambda document: document["run"].update(changes)


BROKEN: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda good: b"", "not a whole .flux file"),
    "text": (lambda good: b"species,length\nsetosa,1\n", "not a whole .flux file"),
    "something in front cut off": (lambda good: good[100:], "damaged"),
    "another zip": (lambda good: zip_in_zip(), "'project.json' is missing"),
    "names that are not UTF-8": (with_bad_utf8_names, "not a whole .flux file"),
    "sizes too small": (lambda good: with_lying_size(good, 7), "'project.json' is damaged"),
    "sizes beyond bearing": (lambda good: with_lying_size(good, 2**32 - 2), "larger than 2 GB"),
    "no project.json": (lambda good: rewritten(good, without="project.json"), "'project.json' is missing"),
    "no table": (lambda good: rewritten(good, without="table.csv"), "'table.csv' is missing"),
    "no curve": (lambda good: rewritten(good, without="curve.npy"), "'curve.npy' is missing"),
    "no validation curve": (
        lambda good: rewritten(good, without="validation_curve.npy"),
        "'validation_curve.npy' is missing",
    ),
    "no weights": (
        lambda good: rewritten(good, without="weights/layer-2/bias_matrix.npy"),
        "'weights/layer-2/bias_matrix.npy' is missing",
    ),
    "no first weights": (
        lambda good: rewritten(good, without="start/layer-1/bias_matrix.npy"),
        "'start/layer-1/bias_matrix.npy' is missing",
    ),
    "not JSON": (lambda good: rewritten(good, raw=b"{"), "project.json cannot be read"),
    "JSON that is a list": (lambda good: rewritten(good, raw=b"[1]"), "does not say its version"),
    "JSON with NaN": (
        lambda good: rewritten(good, run(first_loss=float("nan"))),
        "project.json cannot be read",
    ),
    "JSON without end": (lambda good: rewritten(good, raw=b"[" * 200_000), "project.json cannot be read"),
    "no version": (lambda good: rewritten(good, lambda plain: plain.pop("schema_version")), "its version"),
    "a version in words": (
        lambda good: rewritten(good, lambda plain: plain.update(schema_version="one")),
        "its version",
    ),
    "a newer version": (
        lambda good: rewritten(good, lambda plain: plain.update(schema_version=99)),
        "written by a newer Flux Studio (version 99); update to open it",
    ),
    "an unknown field": (lambda good: rewritten(good, specification(colour="red")), "colour"),
    "no specification": (
        lambda good: rewritten(good, lambda plain: plain.pop("specification")),
        "missing required field `specification`",
    ),
    "an unknown layer kind": (
        lambda good: rewritten(good, layer(kind="conv.v1")),
        "'conv.v1' is not known; known kinds: dense.v1",
    ),
    "zero units": (
        lambda good: rewritten(good, layer(settings={"units": 0})),
        "layer-1: units must be a whole number from 1",
    ),
    "two layers in one": (lambda good: rewritten(good, layer(identity="layer-2")), "the same identity"),
    "other units than weights": (
        lambda good: rewritten(
            good, layer(settings={"units": 7, "activation": "tanh", "initializer": "zeros"})
        ),
        "weights/layer-1/weights_matrix.npy is 2×6, but the network needs 2×7",
    ),
    "an identity that leads elsewhere": (
        lambda good: rewritten(good, layer(identity="../../passwords")),
        "cannot have the identity '../../passwords'",
    ),
    "a negative seed": (lambda good: rewritten(good, specification(seed=-1)), "must not be negative"),
    "a column that is not there": (
        lambda good: rewritten(
            good, lambda plain: plain["specification"]["data"]["columns"][0].update(name="z")
        ),
        "no column 'z'",
    ),
    "an impossible split": (
        lambda good: rewritten(
            good, lambda plain: plain["specification"]["data"].update(validation_fraction=3)
        ),
        "share of validation rows",
    ),
    "a negative iteration": (lambda good: rewritten(good, run(iteration=-1)), "iteration -1"),
    "a later iteration than its curve": (
        lambda good: rewritten(good, run(iteration=10**30)),
        "its curve has 26 values",
    ),
    "a curve in other numbers": (
        lambda good: rewritten(good, run(curve=[0, 1, 27, 1])),
        "curve.npy does not fit its description",
    ),
    "a curve with no width": (
        lambda good: rewritten(good, run(curve=[0, 1, 26, 0])),
        "curve.npy does not fit its description",
    ),
    "a curve in words": (lambda good: rewritten(good, run(curve="long")), "project.json cannot be read"),
    "weights of another shape": (
        lambda good: rewritten(
            good, **{"weights__layer-1__weights_matrix_npy": npy(np.ones((6, 2), np.float32))}
        ),
        "is 6×2, but the network needs 2×6",
    ),
    "weights in one row": (
        lambda good: rewritten(good, **{"weights__layer-1__weights_matrix_npy": npy(np.ones(12))}),
        "is not a matrix of 32- or 64-bit numbers",
    ),
    "whole numbers as weights": (
        lambda good: rewritten(good, **{"weights__layer-1__weights_matrix_npy": npy(np.ones((2, 6), int))}),
        "is not a matrix of 32- or 64-bit numbers",
    ),
    "weights that are not numbers": (
        lambda good: rewritten(
            good, **{"weights__layer-1__weights_matrix_npy": npy(np.full((2, 6), np.nan, np.float32))}
        ),
        "holds a number that is not finite",
    ),
    "a pickle": (
        lambda good: rewritten(
            good,
            **{"start__layer-1__bias_matrix_npy": npy(np.array([[print] * 6]), allow_pickle=True)},
        ),
        "does not hold numbers: Object arrays cannot be loaded",
    ),
    "a zip for an array": (lambda good: rewritten(good, curve_npy=zip_in_zip()), "does not hold numbers"),
    "an array with an open bracket": (
        lambda good: rewritten(good, curve_npy=npy(np.ones((2, 26))).replace(b"(2, 26)", b"((2, 26")),
        "does not hold numbers",
    ),
    "text for an array": (lambda good: rewritten(good, curve_npy=b"1,2,3"), "does not hold numbers"),
    "half an array": (
        lambda good: rewritten(good, curve_npy=npy(np.ones((2, 26)))[:200]),
        "does not hold numbers",
    ),
    "an array that claims to be huge": (
        lambda good: rewritten(good, curve_npy=npy_header((2, 10**13))),
        "does not hold numbers",
    ),
    "an array beyond all numbers": (
        lambda good: rewritten(good, curve_npy=npy_header((2, 10**30))),
        "does not hold numbers",
    ),
    "a table that is not text": (
        lambda good: rewritten(good, **{"table.csv": b"\xff\xfe\x00"}),
        "'table.csv' is damaged",
    ),
    "an empty table": (lambda good: rewritten(good, **{"table.csv": b""}), "empty"),
    "a ragged table": (lambda good: rewritten(good, **{"table.csv": b"a,b,y\n1,2,3\n4,5\n"}), "line 3"),
    "words in the table": (lambda good: rewritten(good, **{"table.csv": b"a,b,y\n1,2,3\nx,5,6\n"}), "'x'"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_ends_in_one_line(case: str, good: bytes, tmp_path: Path) -> None:
    make, reason = BROKEN[case]
    path = tmp_path / "broken.flux"
    path.write_bytes(make(good))
    with pytest.raises(ProjectFileError) as caught:
        files.load(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert reason in message
    assert "\n" not in message


def test_a_copy_made_by_the_test_itself_loads(good: bytes, project: Project, tmp_path: Path) -> None:
    path = tmp_path / "copy.flux"
    path.write_bytes(rewritten(good))
    same_run(files.load(path).run, project.run)


def test_what_is_no_file_is_said_so(tmp_path: Path) -> None:
    for path, reason in (
        (tmp_path, "this is a folder, not a .flux file"),
        (tmp_path / "none.flux", "there is no such file"),
        (tmp_path / ("long" * 100), "there is no such file"),
        (tmp_path / "nul\0byte", "there is no such file"),
    ):
        with pytest.raises(ProjectFileError) as caught:
            files.load(path)
        assert reason in str(caught.value)


def load_or_refuse(content: bytes, path: Path) -> None:
    path.write_bytes(content)
    message = ""
    try:
        files.load(path)
    except ProjectFileError as error:
        message = str(error)
    assert "\n" not in message


def test_a_file_cut_short_anywhere_is_refused(good: bytes, tmp_path: Path) -> None:
    path = tmp_path / "cut.flux"
    for length in range(0, len(good), 29):
        path.write_bytes(good[:length])
        with pytest.raises(ProjectFileError, match="not a whole"):
            files.load(path)


@settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_a_file_with_changed_bytes_loads_or_is_refused(
    changes: list[tuple[float, int]], good: bytes, tmp_path: Path
) -> None:
    content = bytearray(good)
    for place, value in changes:
        content[int(place * (len(content) - 1))] = value
    load_or_refuse(bytes(content), tmp_path / "changed.flux")


@settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    name=st.sampled_from(["project.json", "table.csv", "curve.npy", "weights/layer-1/weights_matrix.npy"]),
    changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=4),
)
def test_a_part_with_changed_bytes_loads_or_is_refused(
    name: str, changes: list[tuple[float, int]], good: bytes, tmp_path: Path
) -> None:
    """The bytes are changed before they are packed, so that no checksum tells."""
    with zipfile.ZipFile(io.BytesIO(good)) as archive:
        content = bytearray(archive.read(name))
    for place, value in changes:
        content[int(place * (len(content) - 1))] = value
    replaced = {"raw": bytes(content)} if name == "project.json" else {name: bytes(content)}
    load_or_refuse(rewritten(good, **replaced), tmp_path / "changed.flux")
