"""The set-up: what it does when, what it leaves alone, and the one line it says when it cannot go on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import studio
from studio import CommandFailedError, Environment, SetUpError

ROOT = Path(studio.__file__).resolve().parent


class Machine:
    """Stands in for pip, apt and the child processes: notes what would be run, and fails where it is told to."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.commands: list[list[str]] = []
        self.failing: dict[str, list[str]] = {}
        self.warm_code = 0

    def run_logged(self, title: str, command: Sequence[str | Path], log: Path) -> None:
        self.ran.append(title)
        self.commands.append([str(part) for part in command])
        if title in self.failing:
            raise CommandFailedError(title, self.failing[title], log)
        if title == "making .venv":
            scripts = log.parent / "bin"
            scripts.mkdir()
            (scripts / "python").symlink_to(sys.executable)

    def run(self, command: Sequence[str | Path], environment: object = None) -> int:
        self.ran.append(" ".join(str(part) for part in command[2:]))
        return self.warm_code


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine on which all system packages are there."""
    stand_in = Machine()
    monkeypatch.setattr(studio, "run_logged", stand_in.run_logged)
    monkeypatch.setattr(studio, "run", stand_in.run)
    monkeypatch.setattr(studio, "loads", lambda library: True)
    return stand_in


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    (root / ".ci").mkdir(parents=True)
    (root / "flux_studio" / "engine").mkdir(parents=True)
    (root / "flux_studio" / "engine" / "kernels.py").write_text("KERNELS = 1\n", encoding="utf-8")
    shutil.copy(ROOT / "pyproject.toml", root)
    shutil.copy(ROOT / ".ci" / "requirements.txt", root / ".ci")
    return root


def set_up(root: Path, *groups: str) -> Environment:
    environment = Environment(root)
    studio.set_up(environment, groups, ("offscreen",))
    return environment


EVERYTHING = [
    "making .venv",
    "installing the packages",
    "installing Flux Studio itself",
    "checking that Qt starts",
    "flux_studio warm",
]


def test_a_first_set_up_does_everything_and_a_second_one_nothing(machine: Machine, checkout: Path) -> None:
    set_up(checkout)
    assert machine.ran == EVERYTHING
    machine.ran.clear()
    set_up(checkout)
    assert machine.ran == []


def test_development_tools_are_added_to_what_is_there(machine: Machine, checkout: Path) -> None:
    set_up(checkout)
    machine.ran.clear()
    set_up(checkout, "dev")
    assert machine.ran == ["installing the development tools"]
    assert {"pytest>=8.3", "mypy>=1.13"} <= set(machine.commands[-1])
    assert not any("PySide6" in part for part in machine.commands[-1])


def test_peers_come_only_when_they_are_asked_for(machine: Machine, checkout: Path) -> None:
    set_up(checkout, "dev")
    peers = ("torch==", "jax==", "scikit-learn==")
    assert not any(part.startswith(peers) for command in machine.commands for part in command)
    set_up(checkout, "bench")
    assert all(any(part.startswith(peer) for part in machine.commands[-1]) for peer in peers)


def test_packages_are_held_to_the_lock_and_never_compiled(machine: Machine, checkout: Path) -> None:
    set_up(checkout)
    command = machine.commands[1]
    assert command[command.index("--constraint") + 1] == str(checkout / ".ci" / "requirements.txt")
    assert command[command.index("--only-binary") + 1] == ":all:"
    assert {"hatchling>=1.26", "numba>=0.61"} <= set(command)
    assert {"--no-deps", "--no-build-isolation", "--editable"} <= set(machine.commands[2])


@pytest.mark.parametrize("name", [".ci/requirements.txt", "pyproject.toml"])
def test_a_changed_lock_or_project_file_installs_again_in_place(
    machine: Machine, checkout: Path, name: str
) -> None:
    set_up(checkout)
    machine.ran.clear()
    with (checkout / name).open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    set_up(checkout)
    assert machine.ran == EVERYTHING[1:]


def test_changed_kernels_are_compiled_again(machine: Machine, checkout: Path) -> None:
    set_up(checkout)
    machine.ran.clear()
    (checkout / "flux_studio" / "engine" / "kernels.py").write_text("KERNELS = 2\n", encoding="utf-8")
    set_up(checkout)
    assert machine.ran == ["flux_studio warm"]


def test_another_cache_folder_is_filled_too(
    machine: Machine, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(checkout)
    machine.ran.clear()
    monkeypatch.setenv("FLUX_STUDIO_CACHE", str(checkout / "cache"))
    set_up(checkout)
    assert machine.ran == ["flux_studio warm"]


def test_kernels_that_do_not_compile_stop_the_set_up(machine: Machine, checkout: Path) -> None:
    machine.warm_code = 1
    with pytest.raises(SetUpError, match="compiling the kernels failed"):
        set_up(checkout)
    machine.ran.clear()
    machine.warm_code = 0
    set_up(checkout)
    assert machine.ran == ["flux_studio warm"]


def test_a_set_up_that_was_cut_off_begins_afresh(
    machine: Machine, checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def cut_off(title: str, command: Sequence[str | Path], log: Path) -> None:
        if title == "installing the packages":
            (log.parent / "half-written").touch()
            raise KeyboardInterrupt
        machine.run_logged(title, command, log)

    monkeypatch.setattr(studio, "run_logged", cut_off)
    with pytest.raises(KeyboardInterrupt):
        set_up(checkout)
    monkeypatch.setattr(studio, "run_logged", machine.run_logged)
    machine.ran.clear()
    set_up(checkout)
    assert machine.ran == EVERYTHING
    assert not (checkout / ".venv" / "half-written").exists()
    assert "the last set-up did not finish" in capsys.readouterr().out


def test_pip_that_fails_before_it_writes_leaves_what_works(machine: Machine, checkout: Path) -> None:
    set_up(checkout)
    machine.failing = {"installing the development tools": ["Collecting ruff", "ERROR: no such version"]}
    with pytest.raises(
        SetUpError, match=r"installing the development tools failed: no such version .*set-up\.log"
    ):
        set_up(checkout, "dev")
    machine.ran.clear()
    set_up(checkout)
    assert machine.ran == []


def test_pip_that_fails_while_it_writes_begins_afresh(machine: Machine, checkout: Path) -> None:
    said = ["Installing collected packages: numpy", "ERROR: [Errno 28] No space left on device"]
    machine.failing = {"installing the packages": said}
    with pytest.raises(SetUpError, match="installing the packages failed: no space left on device"):
        set_up(checkout)
    machine.failing = {}
    machine.ran.clear()
    set_up(checkout)
    assert machine.ran == EVERYTHING


def test_a_moved_checkout_makes_its_environment_again(machine: Machine, checkout: Path) -> None:
    set_up(checkout)
    moved = checkout.rename(checkout.with_name("elsewhere"))
    machine.ran.clear()
    set_up(moved)
    assert machine.ran == EVERYTHING


def test_another_python_makes_the_environment_again(
    machine: Machine, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(checkout)
    environment = Environment(checkout)
    environment.identity = environment.identity.rpartition(".")[0] + ".99"
    environment.save()
    assert Environment(checkout).why_unusable() == "the folder was moved, or Python is another one"


def test_a_python_that_is_gone_is_noticed(machine: Machine, checkout: Path) -> None:
    environment = set_up(checkout)
    environment.python.unlink()
    environment.python.symlink_to(checkout / "removed")
    assert Environment(checkout).why_unusable() == "its Python is gone"


@pytest.mark.parametrize("content", [None, "", "{", "[]"])
def test_a_folder_that_is_no_environment_is_replaced(
    machine: Machine, checkout: Path, content: str | None
) -> None:
    (checkout / ".venv").mkdir()
    if content is not None:
        (checkout / ".venv" / "flux-studio.json").write_text(content, encoding="utf-8")
    set_up(checkout)
    assert machine.ran == EVERYTHING


def test_an_environment_made_by_hand_is_taken_over(machine: Machine, checkout: Path) -> None:
    subprocess.run([studio.base_python(), "-m", "venv", checkout / ".venv"], check=True)
    (checkout / ".venv" / "mine").touch()
    set_up(checkout)
    assert machine.ran == EVERYTHING[1:]
    assert (checkout / ".venv" / "mine").exists()
    machine.ran.clear()
    set_up(checkout)
    assert machine.ran == []


def test_missing_system_libraries_are_told_by_their_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studio, "loads", lambda library: library not in {"libEGL.so.1", "libxcb-cursor.so.0"})
    assert studio.missing_packages(sys.executable, ("offscreen",)) == ["libegl1"]
    assert studio.missing_packages(sys.executable, ("offscreen", "xcb")) == ["libegl1", "libxcb-cursor0"]


def test_a_library_is_tried_for_real() -> None:
    assert studio.loads("libc.so.6")
    assert not studio.loads("libno-such-thing.so.1")


def test_a_python_without_ensurepip_needs_debians_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    expected = f"python3.{sys.version_info.minor}-venv"
    assert studio.missing_packages("/usr/bin/python3", ()) == [expected]
    with pytest.raises(SetUpError, match="no ensurepip"):
        studio.missing_packages("/opt/python/bin/python3", ())


@pytest.mark.parametrize(
    ("tools", "expected"),
    [
        ({"apt-get"}, "\n  su -c 'apt-get update && apt-get install -y libegl1 libgl1'\n"),
        ({"apt-get", "false"}, "\n  sudo sh -c 'apt-get update && apt-get install -y libegl1 libgl1'\n"),
        (set(), "(Debian's names): libegl1 libgl1"),
    ],
)
def test_where_apt_is_not_allowed_the_one_command_is_told(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tools: set[str], expected: str
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    which = {"apt-get": "apt-get" in tools and "apt-get", "sudo": "false" in tools and shutil.which("false")}
    monkeypatch.setattr(shutil, "which", lambda name: which[name] or None)
    with pytest.raises(SetUpError) as caught:
        studio.install_packages(["libegl1", "libgl1"], tmp_path / "log")
    assert expected in str(caught.value)
    assert machine.ran == []


@pytest.mark.parametrize(("user", "start"), [(0, "env"), (1000, "sudo")])
def test_where_apt_is_allowed_it_is_used(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, user: int, start: str
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)
    sudo = tmp_path / "sudo"
    sudo.write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
    sudo.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda name: str(sudo) if name == "sudo" else name)
    studio.install_packages(["libegl1", "libgl1"], tmp_path / "log")
    (command,) = machine.commands
    assert Path(command[0]).name == start
    assert command[-1].endswith(" libegl1 libgl1")
    assert machine.ran == ["installing 2 system packages with apt"]


def test_nothing_missing_asks_for_nothing(machine: Machine, tmp_path: Path) -> None:
    studio.install_packages([], tmp_path / "log")
    assert machine.ran == []


def test_the_output_of_a_command_goes_to_the_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    studio.run_logged("saying hello", [sys.executable, "-c", "print('hello')"], tmp_path / "log")
    assert "hello\n" in (tmp_path / "log").read_text(encoding="utf-8")
    assert capsys.readouterr().out.startswith("  saying hello ... done in ")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import nonsense", "ModuleNotFoundError: No module named 'nonsense'"),
        ("print('ERROR: No such version'); print('ERROR: See above'); exit(1)", "No such version"),
        ("print('E: Unable to locate package x'); exit(100)", "E: Unable to locate package x"),
        ("print('Retrying: NewConnectionError(...)'); exit(1)", "the network cannot be reached"),
        ("print('OSError: [Errno 28] No space left on device'); exit(1)", "no space left on device"),
        ("exit(3)", "it said nothing"),
    ],
)
def test_a_failed_command_gives_one_reason_and_names_the_log(tmp_path: Path, code: str, reason: str) -> None:
    with pytest.raises(SetUpError) as caught:
        studio.run_logged("trying", [sys.executable, "-c", code], tmp_path / "log")
    assert str(caught.value) == f"trying failed: {reason} (everything it said is in {tmp_path / 'log'})"


def test_qt_that_does_not_start_is_told_with_its_reason(machine: Machine, checkout: Path) -> None:
    said = ["Traceback ...", "ImportError: libodd.so.1: cannot open shared object file"]
    machine.failing = {"checking that Qt starts": said}
    with pytest.raises(SetUpError, match=r"Qt does not start here: ImportError: libodd\.so\.1"):
        set_up(checkout)


def test_qt_really_starts_here(tmp_path: Path) -> None:
    """The check itself, on this machine and with this environment."""
    environment = Environment(tmp_path)
    environment.python = Path(sys.executable)
    environment.folder.mkdir()
    studio.check_qt(environment, ("offscreen",) if sys.platform.startswith("linux") else ())


@pytest.mark.parametrize("version", [(3, 11), (3, 14)])
def test_a_python_that_has_packages_is_accepted(version: tuple[int, int]) -> None:
    studio.check_python(version)


def test_a_python_that_is_too_new_is_refused_with_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: name if name == "python3.12" else None)
    with pytest.raises(SetUpError, match=r"this is 3\.15: start it with python3\.12 studio\.py"):
        studio.check_python((3, 15))
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(SetUpError, match=r"this is 3\.15: install one of those"):
        studio.check_python((3, 15))


def test_children_get_one_blas_thread_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENBLAS_NUM_THREADS")
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    monkeypatch.setenv("PYTHONPATH", "astray")
    variables = studio.child_environment(QT_QPA_PLATFORM="offscreen")
    assert variables["OPENBLAS_NUM_THREADS"] == "1"
    assert variables["OMP_NUM_THREADS"] == "2"
    assert variables["QT_QPA_PLATFORM"] == "offscreen"
    assert "PYTHONPATH" not in variables


@pytest.mark.parametrize(
    ("display", "wayland", "expected"), [("", "", False), (":0", "", True), ("", "wayland-0", True)]
)
def test_a_display_is_recognised_on_linux(
    monkeypatch: pytest.MonkeyPatch, display: str, wayland: str, expected: bool
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.setenv("WAYLAND_DISPLAY", wayland)
    assert studio.has_display() is expected
    assert ("xcb" in studio.platforms(studio.has_display())) is expected


def test_only_one_set_up_at_a_time(capfd: pytest.CaptureFixture[str]) -> None:
    """A second process waits until the first lets go, and says so."""
    code = "import studio\nwith studio.alone():\n    print('my turn')\n"
    with studio.alone():
        second = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert second.stdout is not None
        assert second.stdout.readline() == "another set-up is at work in this folder: waiting for it\n"
    assert second.communicate()[0] == "my turn\n"


def test_what_outlives_a_set_up_keeps_the_next_one_waiting() -> None:
    """A set-up is killed while its pip works on: nobody may clear the folder under pip's hands."""
    killed = """
import subprocess, studio, sys
with studio.alone():
    subprocess.Popen([sys.executable, "-c", "print('working', flush=True); input()"], close_fds=False)
"""
    next_one = "import studio\nwith studio.alone():\n    print('my turn')\n"
    python = [sys.executable, "-c"]
    with subprocess.Popen(
        [*python, killed], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as first:
        assert first.stdin is not None
        assert first.stdout is not None
        assert first.stdout.readline() == b"working\n"
        assert first.wait() == 0
        with subprocess.Popen([*python, next_one], cwd=ROOT, stdout=subprocess.PIPE) as second:
            assert second.stdout is not None
            assert second.stdout.readline().startswith(b"another set-up is at work")
            first.stdin.write(b"\n")
            first.stdin.flush()
            assert second.stdout.read() == b"my turn\n"
