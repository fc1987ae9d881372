"""Tables on the command line: read as is found, as is said, and for predictions as the project's own was."""

from __future__ import annotations

from pathlib import Path

import pytest

from flux_studio.project import files
from tests.command_line import Terminal


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.chdir(tmp_path)
    return Terminal(tmp_path, capsys)


def test_a_table_without_header_is_predicted_for_without_one(run: Terminal) -> None:
    lines = [
        f"{colour};{shape};{'yes' if colour == 'red' else 'no'}"
        for colour in ("red", "blue")
        for shape in "abc"
    ]
    run.write("words.csv", "\n".join(lines * 2) + "\n")
    run.done("new", "w.flux", "--data", "words.csv", "--target", "column 3")
    assert not files.load(run.folder / "w.flux").specification.data.format.header
    # By themselves these two lines look like names above a row.
    run.write("asked.csv", "red;a;\nblue;c;\n")
    assert len(run.done("predict", "w.flux", "asked.csv").lines) == 3


def test_how_a_table_is_read_can_be_said(run: Terminal) -> None:
    run.write(
        "odd.txt", "made by hand\na~b~y\n" + "".join(f"{n},5~{n * n},25~{n}\n" for n in range(9)) + "% over\n"
    )
    said = ["--delimiter", "~", "--decimal", ",", "--skip", "1", "--comment", "%", "--header", "yes"]
    run.done("new", "odd.flux", "--data", "odd.txt", "--target", "y", *said)
    project = files.load(run.folder / "odd.flux")
    assert project.table.columns[0][:2] == ("0.5", "1.5")
    assert project.table.where(0) == "odd.txt, line 3"
    assert len(run.done("predict", "odd.flux", "odd.txt").lines) == 10
    run.write("plain.csv", "a,b,y\n1.5,2,3\n")
    assert len(run.done("predict", "odd.flux", "plain.csv").lines) == 2


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (("--delimiter", "ab"), "'ab' cannot separate cells"),
        (("--encoding", "klingon"), "there is no encoding 'klingon'"),
        (("--decimal", ";"), "cannot be a decimal sign"),
        (("--skip", "-1"), "cannot be passed over"),
        (("--header", "perhaps"), "invalid choice"),
    ],
)
def test_what_cannot_be_said(run: Terminal, said: tuple[str, str], words: str) -> None:
    run.write("t.csv", "a,y\n1,2\n2,3\n")
    assert words in run.refused("new", "t.flux", "--data", "t.csv", "--target", "y", *said)
