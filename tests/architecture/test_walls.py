"""The import walls stand: what is below the window never loads a window toolkit, and each module has its place."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ABOVE_THE_WALL = {"flux_studio.gui", "flux_studio.cli", "flux_studio.__main__"}
TOOLKITS = ("PySide6", "shiboken6", "pyqtgraph")

IMPORT_ALL = f"""
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
print(sorted(name for name in sys.modules if name.partition(".")[0] in {TOOLKITS!r}))
"""


def modules_below_gui() -> list[str]:
    names = []
    for file in sorted((ROOT / "flux_studio").rglob("*.py")):
        name = ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        if not any(name == above or name.startswith(f"{above}.") for above in ABOVE_THE_WALL):
            names.append(name)
    return names


def test_nothing_below_gui_loads_a_window_toolkit() -> None:
    names = modules_below_gui()
    assert {"flux_studio.engine", "flux_studio.training.events", "flux_studio.locations"} <= set(names)
    command = [sys.executable, "-c", IMPORT_ALL, *names]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == "[]"


def test_each_package_has_a_place_in_the_layers() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = next(one for one in settings["tool"]["importlinter"]["contracts"] if one["type"] == "layers")
    placed = {name.strip() for layer in layers["layers"] for name in layer.split("|")}
    found = {
        f"flux_studio.{entry.stem}"
        for entry in (ROOT / "flux_studio").iterdir()
        if entry.suffix == ".py" or (entry / "__init__.py").is_file()
    }
    assert placed == found - {"flux_studio.__init__"}


def test_a_broken_wall_is_noticed(tmp_path: Path) -> None:
    """The contracts of ``pyproject.toml``, held against a small copy of the package in which data imports Qt."""
    for name in ("data", "engine", "project", "training", "export", "gui"):
        (tmp_path / "flux_studio" / name).mkdir(parents=True)
        (tmp_path / "flux_studio" / name / "__init__.py").touch()
    for name in ("__init__", "__main__", "cli", "new_command", "progress", "errors", "locations"):
        (tmp_path / "flux_studio" / f"{name}.py").touch()
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())

    def lint() -> subprocess.CompletedProcess[str]:
        code = "import sys; sys.path.insert(0, ''); from importlinter.cli import lint_imports_command as lint; lint()"
        command = [sys.executable, "-c", code, "--no-cache", "--no-logo"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    whole = lint()
    assert whole.returncode == 0, whole.stdout + whole.stderr
    (tmp_path / "flux_studio" / "data" / "table.py").write_text("import PySide6.QtCore\n", encoding="utf-8")
    toolkit = lint()
    assert toolkit.returncode == 1
    assert "flux_studio.data.table -> PySide6" in toolkit.stdout
    (tmp_path / "flux_studio" / "data" / "table.py").write_text("import flux_studio.gui\n", encoding="utf-8")
    upwards = lint()
    assert upwards.returncode == 1
    assert "flux_studio.data.table -> flux_studio.gui" in upwards.stdout
