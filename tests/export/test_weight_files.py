"""Files of weights, sound and broken: one line that a person understands, nothing unpickled, memory bounded."""

from __future__ import annotations

import io
import json
import pickle
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save

from flux_studio.errors import ExportError
from flux_studio.export.weight_files import load_all, open_weights

MATRIX = np.arange(6, dtype=np.float32).reshape(2, 3)


def npz(**arrays: Any) -> bytes:
    content = io.BytesIO()
    np.savez(content, **arrays)
    return content.getvalue()


def npy(shape: tuple[int, ...], content: bytes = b"", descr: Any = "<f4", version: int = 1) -> bytes:
    """An NPY part whose header says what it likes."""
    header = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape!r}, }}".encode()
    length = struct.pack("<H" if version == 1 else "<I", len(header))
    return b"\x93NUMPY" + bytes([version, 0]) + length + header + content


def zipped(name: str, content: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return made.getvalue()


def safetensors(header: Any, content: bytes = b"", length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + content


def entry(shape: list[int], begin: int, end: int, dtype: str = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


class Trap:
    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return pytest.fail, ("it was unpickled",)


def complaint(path: Path) -> str:
    """What is said of a file; nothing where it can be read. Any other exception fails the test."""
    try:
        load_all(path)
    except ExportError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("order", ["C", "F"])
def test_what_is_written_is_read(tmp_path: Path, order: Any) -> None:
    arrays = {"a.weight": np.asarray(MATRIX, order=order), "b": np.float64([1.5, -2]), "n": np.int64([[7]])}
    for name, content in (("w.npz", npz(**arrays, note=np.array("words"))), ("w.st", save(dict(arrays)))):
        if name == "w.st" and order == "F":
            continue  # safetensors writes what lies in memory
        (tmp_path / name).write_bytes(content)
        file = open_weights(tmp_path / name)
        assert dict(file.shapes) == {"a.weight": (2, 3), "b": (2,), "n": (1, 1)}
        for key, array in load_all(tmp_path / name).items():
            np.testing.assert_array_equal(array, arrays[key], strict=True)


def test_half_precision_is_read(tmp_path: Path) -> None:
    header = {"h": entry([2], 0, 4, "BF16"), "f": entry([1], 4, 6, "F16")}
    (tmp_path / "w.st").write_bytes(safetensors(header, b"\x80\x3f\x00\xc0" + b"\x00\x3c"))
    found = load_all(tmp_path / "w.st")
    assert found["h"].tolist() == [1, -2]
    assert found["f"].tolist() == [1]


HUGE = (10**6, 10**7)  # 40 TB
BROKEN: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "neither an NPZ nor a safetensors file"),
    "words": (b"hello, world, this is text", "neither an NPZ nor a safetensors file"),
    "html": (b"<!DOCTYPE html><html></html>", "neither"),
    "a pickle": (pickle.dumps({"w": [1, 2]}), "a pickle, which could run anything and is never opened"),
    "a trap": (pickle.dumps(Trap()), "a pickle, which could run anything"),
    "torch.save": (zipped("archive/data.pkl", pickle.dumps(Trap())), "a file of torch.save, a pickle inside"),
    "cut short": (npz(w=MATRIX)[:120], "not a whole NPZ file"),
    "only the beginning of a zip": (b"PK\x03\x04" + bytes(50), "not a whole NPZ file"),
    "no NPY inside": (zipped("w.npy", b"what is this?"), "'w.npy' is damaged"),
    "an object array": (
        npz(w=np.array([{1: 2}, None], object)),
        "holds Python objects, which are never read",
    ),
    "records": (zipped("w.npy", npy((1,), bytes(8), [("a", "<f4"), ("b", "<f4")])), ""),
    "a lying shape": (zipped("w.npy", npy((2, 3), bytes(8))), "says that it is 2×3, which it is not"),
    "too much behind the header": (
        zipped("w.npy", npy((2,), bytes(80))),
        "says that it is 2, which it is not",
    ),
    "a shape of 40 TB": (zipped("w.npy", npy(HUGE, bytes(8))), "says that it is 1000000×10000000"),
    "a shape beyond all numbers": (zipped("w.npy", npy((2**62, 2**62), bytes(8))), "which it is not"),
    "a negative shape": (zipped("w.npy", npy((-1, -2), bytes(8))), "'w.npy'"),
    "a header of the third kind": (
        zipped("w.npy", npy((2,), bytes(8), version=3)),
        "a kind that is not known",
    ),
    "a header that is a program": (
        zipped("w.npy", b"\x93NUMPY\x01\x00\x20\x00__import__('os').abort()#######\n"),
        "'w.npy' is damaged",
    ),
    "a long header": (zipped("w.npy", npy((2,), bytes(8), "<f4" + " " * 60_000)), "'w.npy' is damaged"),
    "overlapping offsets": (
        safetensors({"a": entry([2], 0, 8), "b": entry([2], 4, 12)}, bytes(12)),
        "not a sound safetensors file",
    ),
    "offsets beyond the end": (
        safetensors({"a": entry([2], 0, 8)}, bytes(4)),
        "not a sound safetensors file",
    ),
    "a hole": (safetensors({"a": entry([1], 0, 4), "b": entry([1], 8, 12)}, bytes(12)), "not a sound"),
    "a shape that is not its size": (safetensors({"a": entry([3], 0, 8)}, bytes(8)), "not a sound"),
    "a safetensors of 40 TB": (safetensors({"a": entry([*HUGE], 0, 4 * 10**13)}, bytes(8)), "not a sound"),
    "an unknown type": (safetensors({"a": entry([1], 0, 4, "F99")}, bytes(4)), "not a sound"),
    "a header that is a list": (safetensors(b"{]", bytes(4)), "not a sound"),
    "a header beyond the file": (safetensors({}, b"", 10**15), "said to be longer than the file"),
    "a header of UTF-16": (safetensors('{"a": 1}'.encode("utf-16-le")), "not a sound"),
    "a number for an entry": (safetensors({"a": 3}, bytes(4)), "not a sound"),
}


@pytest.mark.parametrize(("content", "words"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_told_in_one_line(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "broken"
    path.write_bytes(content)
    tracemalloc.start()
    said = complaint(path)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert words in said
    assert bool(words) == bool(said)
    assert said.startswith(str(path) if words else "")
    assert "\n" not in said
    assert most < 20e6


def test_a_zip_that_swells_is_looked_at_without_being_read(tmp_path: Path) -> None:
    """64 MB of zeros in 64 kB: names and shapes cost nothing, and a matrix is read only when it is asked for."""
    (tmp_path / "w.npz").write_bytes(zipped("w.npy", npy((2**24,), bytes(2**26))))
    tracemalloc.start()
    file = open_weights(tmp_path / "w.npz")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert dict(file.shapes) == {"w": (2**24,)}
    assert most < 2e6


def test_a_file_of_very_many_parts_is_no_trap(tmp_path: Path) -> None:
    """Looking at a few thousand is quick; more are no network."""
    with zipfile.ZipFile(tmp_path / "w.npz", "w") as archive:
        for number in range(2_000):
            archive.writestr(f"{number}.npy", npy((1,), bytes(4)))
    assert len(open_weights(tmp_path / "w.npz").shapes) == 2_000
    with zipfile.ZipFile(tmp_path / "w.npz", "a") as archive:
        for number in range(2_000, 10_001):
            archive.writestr(f"{number}", b"")
    with pytest.raises(ExportError, match="10,001 parts are too many"):
        open_weights(tmp_path / "w.npz")


def test_no_file_and_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(ExportError, match="there is no such file"):
            open_weights(path)


@pytest.mark.parametrize(
    "good", [npz(w=MATRIX, b=MATRIX[:1]), save({"w": MATRIX, "b": MATRIX[:1]})], ids=["npz", "st"]
)
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_any_damage_ends_in_our_error(tmp_path: Path, good: bytes, data: st.DataObject) -> None:
    broken = bytearray(good)
    for _ in range(data.draw(st.integers(1, 4))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(broken)))
    path = tmp_path / "damaged"
    path.write_bytes(bytes(broken[:cut] if cut % 3 == 0 else broken))
    assert "\n" not in complaint(path)
