"""The compiled executor's cache: keyed by all sources, usable where nothing can be written, shared by processes."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from flux_studio.engine import compiled, operations

ROOT = Path(__file__).resolve().parents[2]

# Trains the reference and the compiled executor for a moment, in a process that knows nothing yet.
SCRIPT = textwrap.dedent(
    """
    import sys
    import numpy as np
    from flux_studio.engine import compiled
    from flux_studio.engine.flux import form_network, learn
    print(compiled.is_warm())
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]); y = x.sum(1, keepdims=True) % 2
    curves = [learn(form_network([3, 1], x, y, seed=0, executor=e), 0.5, 20) for e in ("compiled", "reference")]
    assert np.allclose(*curves, rtol=1e-5), curves
    print(compiled.interpreter().__file__)
    print(compiled.is_warm())
    """
)


def run(cache: Path, script: str = SCRIPT) -> list[str]:
    # Less optimized code is compiled sooner.
    environment = {**os.environ, "FLUX_STUDIO_CACHE": str(cache), "NUMBA_OPT": "1"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_a_cold_cache_is_filled_and_then_used(tmp_path: Path) -> None:
    assert run(tmp_path)[::2] == ["False", "True"]
    compiled_files = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.nbc")}
    assert compiled_files
    assert run(tmp_path)[::2] == ["True", "True"]
    assert {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.nbc")} == compiled_files


@pytest.mark.parametrize("blocked", ["cache", "kernels", "compiled code"])
def test_a_cache_that_cannot_be_written_to_is_done_without(blocked: str, tmp_path: Path) -> None:
    folder = compiled._folder().name
    place = {"cache": "cache", "kernels": f"cache/{folder}", "compiled code": f"cache/{folder}/__pycache__"}
    in_the_way = tmp_path / place[blocked]
    in_the_way.parent.mkdir(parents=True, exist_ok=True)
    in_the_way.write_text("a file where a folder should be")
    script = "from flux_studio.engine import compiled; print(compiled.interpreter().__file__)"
    (source,) = run(tmp_path / "cache", script)
    assert not Path(source).is_relative_to(tmp_path)
    assert not Path(source).parent.exists()  # tidied up at the end of the process
    assert in_the_way.read_text() == "a file where a folder should be"


def test_another_source_means_another_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = compiled._folder()
    assert compiled._folder() == folder
    copy = tmp_path / "operations"
    copy.mkdir()
    for file in Path(operations.__file__).parent.glob("*.py"):
        (copy / file.name).write_bytes(file.read_bytes())
    monkeypatch.setattr(operations, "__file__", str(copy / "__init__.py"))
    assert compiled._folder() == folder
    with (copy / "sums.py").open("a") as file:
        file.write("# changed\n")
    assert compiled._folder() != folder


def test_another_version_means_another_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = compiled._folder()
    monkeypatch.setattr(compiled.numba, "__version__", "0.1")
    assert compiled._folder() != folder


def test_the_cache_lies_where_the_person_wants_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FLUX_STUDIO_CACHE", str(tmp_path))
    assert compiled._folder().parent == tmp_path
    assert not compiled.is_warm()


def test_a_source_that_is_there_is_left_alone(tmp_path: Path) -> None:
    path = compiled._write(tmp_path)
    stamp = path.stat().st_mtime_ns
    os.utime(path, ns=(stamp - 10**9, stamp - 10**9))
    assert compiled._write(tmp_path) == path
    assert path.stat().st_mtime_ns == stamp - 10**9
    assert sorted(file.name for file in tmp_path.iterdir()) == ["__pycache__", "interpreter.py"]


def test_every_operation_has_a_branch_and_a_kernel() -> None:
    kernels = compiled.kernels()
    assert len(kernels) == len(operations.OPERATIONS) + len(operations.PRODUCTS)
    source = compiled._source()
    for code in range(len(kernels)):
        assert f"op == {code}:" in source


def test_warming_twice_costs_nothing_more() -> None:
    compiled.warm(np.float32)
    signatures = list(compiled.interpreter().work.signatures)
    compiled.warm(np.float32)
    assert compiled.interpreter().work.signatures == signatures
