"""Every file of the project is short, says what it is, and names no machine and no package host."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MADE = {"__pycache__", "dist", "build", "flux-studio-run"}
OURS_THOUGH_HIDDEN = {".ci", ".gitignore"}
LONGEST = 500

# Put together here, so that this file does not name them either.
MACHINE_PATHS = [
    rf"(?<![\w.}}]){start}/"
    for start in ("/" + "root", "/" + "work", "/" + "Users", "/" + "home", "/" + "tmp")
]
HOSTS = [
    re.escape(".".join(parts))
    for parts in (("pypi", "org"), ("python" + "hosted", "org"), ("pytorch", "org/whl"))
]
FORBIDDEN = re.compile("|".join(MACHINE_PATHS + HOSTS).encode())


def project_files() -> list[Path]:
    """All files that belong to the project: what git knows, or would add; without git, what is there."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        names = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True, text=True).stdout.split(
            "\0"
        )
        files = [ROOT / name for name in names if name]
    except (OSError, subprocess.CalledProcessError):
        files = [file for file in ROOT.rglob("*") if all(map(may_be_ours, file.relative_to(ROOT).parts))]
    return sorted(file for file in files if file.is_file())


def may_be_ours(part: str) -> bool:
    return part not in MADE and (not part.startswith(".") or part in OURS_THOUGH_HIDDEN)


def name_of(file: Path) -> str:
    return str(file.relative_to(ROOT))


FILES = project_files()
MODULES = [file for file in FILES if file.suffix == ".py"]


def test_the_files_were_found() -> None:
    assert {"studio.py", "flux_studio/errors.py", "LICENSE"} <= {name_of(file) for file in FILES}


def test_no_file_names_a_machine_path_or_a_package_host() -> None:
    named = []
    for file in FILES:
        if found := FORBIDDEN.search(file.read_bytes()):
            named.append(f"{name_of(file)}: {found.group().decode()}")
    assert named == []


@pytest.mark.parametrize(
    "text", [b'"' + b"/ro" + b'ot/x"', b"see " + b"/ho" + b"me/anna/x", b"files.python" + b"hosted.org"]
)
def test_the_search_finds_what_it_is_for(text: bytes) -> None:
    assert FORBIDDEN.search(text)


@pytest.mark.parametrize("text", [b"frame/work/", b"Path.home() / x", b"{folder}/home/x", b"../work/x"])
def test_the_search_leaves_the_rest_alone(text: bytes) -> None:
    assert not FORBIDDEN.search(text)


def test_every_module_opens_with_a_plain_sentence() -> None:
    """An empty ``__init__.py`` has nothing to say."""
    silent = []
    for module in MODULES:
        source = module.read_text(encoding="utf-8")
        first = (ast.get_docstring(ast.parse(source)) or "").partition("\n\n")[0]
        if source and not re.fullmatch(r"\S.{9,}[.:]", first, flags=re.DOTALL):
            silent.append(f"{name_of(module)}: {first!r}")
    assert silent == []


def test_no_module_is_too_long() -> None:
    lengths = {name_of(module): len(module.read_text(encoding="utf-8").splitlines()) for module in MODULES}
    assert {name: length for name, length in lengths.items() if length >= LONGEST} == {}
