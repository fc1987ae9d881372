"""The commands of the set-up script: what they start, and how they end."""

from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

import studio


class Programs:
    """Stands in for the programs that would be started: notes them, and ends each with the same exit code."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.exit_code = 0

    def run(self, command: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> int:
        self.ran.append(" ".join(str(part) for part in command[2:]))
        return self.exit_code


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Programs:
    """A machine on which the set-up is done, without a display."""
    programs = Programs()
    monkeypatch.setattr(studio, "ready", lambda *groups, display=False: studio.Environment(tmp_path))
    monkeypatch.setattr(studio, "has_display", lambda: False)
    monkeypatch.setattr(studio, "run", programs.run)
    return programs


def test_without_a_display_the_sample_is_trained(prepared: Programs) -> None:
    assert studio.main([]) == 0
    assert prepared.ran == ["flux_studio demo --output flux-studio-run"]


def test_with_a_display_the_window_is_opened(prepared: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studio, "has_display", lambda: True)
    assert studio.main([]) == 0
    assert prepared.ran == ["flux_studio"]


def test_a_window_that_is_ended_by_a_signal_is_told(
    prepared: Programs, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(studio, "has_display", lambda: True)
    monkeypatch.setenv("DISPLAY", ":77")
    prepared.exit_code = -signal.SIGABRT
    assert studio.main([]) == 1
    assert capsys.readouterr().err == (
        "studio.py: the window was ended by SIGABRT: can windows be opened on :77?\n"
    )


def test_checks_run_in_order_and_end_in_a_summary(
    prepared: Programs, capsys: pytest.CaptureFixture[str]
) -> None:
    assert studio.main(["test"]) == 0
    out = capsys.readouterr().out
    assert [line[3:] for line in out.splitlines() if line.startswith("== ")] == [
        "ruff check",
        "ruff format",
        "mypy",
        "import walls",
        "pytest",
        "all checks passed",
    ]
    assert out.count(" passed ") == 5


def test_soak_hands_its_options_on(prepared: Programs) -> None:
    assert studio.main(["soak", "kills", "--kills", "3"]) == 0
    assert prepared.ran == ["tests.soak kills --kills 3"]


def test_the_first_failing_check_is_the_last_to_run(
    prepared: Programs, capsys: pytest.CaptureFixture[str]
) -> None:
    prepared.exit_code = 1
    assert studio.main(["test"]) == 1
    assert len(prepared.ran) == 1
    out = capsys.readouterr().out
    assert "== a check failed" in out
    assert out.count("FAILED") == 1
    assert out.count("not run") == 4


@pytest.mark.parametrize(
    ("error", "line", "code"),
    [
        (studio.SetUpError("this and that"), "studio.py: this and that\n", 1),
        (KeyboardInterrupt(), "\nstudio.py: stopped\n", 130),
        (
            OSError(28, "No space left on device", "x/set-up.log"),
            "studio.py: No space left on device: x/set-up.log\n",
            1,
        ),
    ],
)
def test_what_goes_wrong_is_one_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    line: str,
    code: int,
) -> None:
    def fail() -> int:
        raise error

    monkeypatch.setitem(studio.COMMANDS, "bench", fail)
    assert studio.main(["bench"]) == code
    assert capsys.readouterr().err == line


def test_an_unknown_command_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        studio.main(["tets"])
    assert caught.value.code == 2
    assert "invalid choice: 'tets'" in capsys.readouterr().err
