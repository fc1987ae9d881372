"""Bad input on the command line: one clear line, exit code 2, and nothing is written."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flux_studio.project import files
from tests.command_line import IRIS, IRIS_CSV, PARITY, PARITY_CSV, Terminal, process

Edit = Callable[[dict[str, Any]], object]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.chdir(tmp_path)
    return Terminal(tmp_path, capsys)


@pytest.fixture
def refused(run: Terminal) -> Callable[..., str]:
    """Runs a command that must say one line, print nothing and leave the folder as it is; returns the line."""
    return run.refused


def changed(source: Path, target: Path, edit: Edit | None = None, **parts: bytes | None) -> Path:
    """A copy of a project file with another specification, or with other parts (``None`` leaves one out)."""
    with zipfile.ZipFile(source) as archive:
        members: dict[str, bytes | None] = {name: archive.read(name) for name in archive.namelist()}
    if edit is not None:
        document = json.loads(members["project.json"] or b"")
        edit(document)
        members["project.json"] = json.dumps(document).encode()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in (members | parts).items():
            if content is not None:
                archive.writestr(name, content)
    return target


class TestTables:
    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"", ["t.csv", "is empty"]),
            (b"\r\n \r\n", ["t.csv", "is empty"]),
            (b"a,b\n", ["t.csv", "only a header"]),
            (b"a,b\n1,2\n3\n", ["t.csv, line 3", "1 cell where line 1 has 2"]),
            (b"a,b\n1,2\n3,4,5\n", ["t.csv, line 3", "3 cells where line 1 has 2"]),
            (b"a,a\n1,2\n", ["t.csv, line 1", "'a'", "a name of its own"]),
            (b'a,b\n1,"2\n', ["t.csv", "never closed"]),
            (b"a,b\n1,inf\n2,3\n", ["t.csv, line 2, column 'b'", "infinite"]),
            (b"a,b\n1,1e999\n2,3\n", ["t.csv, line 2, column 'b'", "too large"]),
            (b"a,b\n" + b"1,2\n" * 30 + b"x,3\n2,5\n" + b"".join(b"%d,1\n" % n for n in range(20)),
             ["t.csv, line 32, column 'a'", "'x' is not a number"]),
            (b"\0\1\2\3" * 99, ["t.csv, line 1", "not a text file"]),
            (b"PK\3\4 and so on", ["t.csv", "save its sheet as CSV"]),
            (b"a,b\nNA,1\nnan,2\n", ["t.csv", "no column has the role input"]),
            (b"b\n1\n2\n", ["t.csv", "no column has the role input"]),
            (b"a,b\n1,\n2,\n", ["t.csv", "b"]),
            ("a,b\n1,2\n3,ü\n".encode("utf-16")[:-1], ["t.csv", "UTF-16"]),
        ],
    )  # fmt: skip
    def test_a_table_that_cannot_be_used(
        self, run: Terminal, refused: Callable[..., str], content: bytes, words: list[str]
    ) -> None:
        told = refused("new", "out.flux", "--data", run.write("t.csv", content), "--target", "b")
        assert all(word in told for word in words), told

    def test_what_is_no_file_at_all(self, run: Terminal, refused: Callable[..., str]) -> None:
        run.write("iris.csv", IRIS_CSV.read_bytes())
        assert "did you mean 'iris.csv'?" in refused("new", "o.flux", "--data", "irs.csv", "--target", "b")
        assert "is a folder" in refused("new", "o.flux", "--data", run.folder, "--target", "b")
        assert "cannot be read" in refused("new", "o.flux", "--data", "iris.csv/x", "--target", "b")
        assert "too long" in refused("new", "o.flux", "--data", "x" * 300 + ".csv", "--target", "b")

    @pytest.mark.parametrize(
        ("target", "words"),
        [
            ("nope", "no column 'nope'"),
            ("Species", "did you mean 'species'?"),
            ("", "--target names no column"),
            (" , ", "--target names no column"),
            ("sepal_length,sepal_width,petal_length,petal_width,species", "no column has the role input"),
        ],
    )
    def test_a_target_that_does_not_exist(self, refused: Callable[..., str], target: str, words: str) -> None:
        assert words in refused("new", "out.flux", "--data", IRIS_CSV, "--target", target)


class TestProjects:
    @pytest.mark.parametrize(
        "command", [("train",), ("info",), ("check",), ("export", "w.npz"), ("predict", "t.csv")]
    )
    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"", "not a whole .flux file"),
            (b"hello", "not a whole .flux file"),
            (PARITY.read_bytes()[:700], "not a whole .flux file"),
            (IRIS.read_bytes()[:-1], "not a whole .flux file"),
        ],
    )  # fmt: skip
    def test_a_file_that_is_cut_short_or_is_no_project(
        self,
        run: Terminal,
        refused: Callable[..., str],
        command: tuple[str, ...],
        content: bytes,
        words: str,
    ) -> None:
        run.write("t.csv", PARITY_CSV.read_bytes())
        run.write("bad.flux", content)
        told = refused(command[0], "bad.flux", *command[1:])
        assert told.startswith("bad.flux: ")
        assert words in told

    @pytest.mark.parametrize(
        "command", [("train",), ("info",), ("check",), ("export", "w.npz"), ("screenshot", "p.png")]
    )
    def test_a_file_that_is_not_there(
        self, run: Terminal, refused: Callable[..., str], command: tuple[str, ...]
    ) -> None:
        name, *more = command
        assert refused(name, "no.flux", *more) == "no.flux: there is no such file"
        (run.folder / "folder.flux").mkdir()
        assert "this is a folder" in refused(name, "folder.flux", *more)
        assert refused(name, "x" * 300, *more).endswith("x: there is no such file")

    @pytest.mark.parametrize(
        ("edit", "words"),
        [
            (lambda d: d["specification"]["layers"][0]["settings"].update(units=0), "units must be"),
            (lambda d: d["specification"]["layers"][0]["settings"].update(units=10**6), "units must be"),
            (lambda d: d["specification"]["layers"][0]["settings"].update(units=8.5), "not 8.5"),
            (lambda d: d["specification"]["layers"][0]["settings"].update(activation="x"), "activation 'x'"),
            (lambda d: d["specification"]["layers"][0]["settings"].update(depth=3), "no setting 'depth'"),
            (lambda d: d["specification"]["layers"][0].update(kind="conv.v1"), "'conv.v1' is not known"),
            (lambda d: d["specification"]["layers"][2]["settings"].update(units=3), "give the last layer 1 unit"),
            (lambda d: d["specification"]["layers"][1].update(identity="layer-1"), "same identity"),
            (lambda d: d["specification"].update(layers=[]), "no layers"),
            (lambda d: d["specification"].update(loss="x"), "loss 'x' is not known"),
            (lambda d: d["specification"]["optimizer"].update(kind="x"), "optimizer 'x' is not known"),
            (lambda d: d["specification"]["optimizer"].update(learning_rate=-1), "above zero"),
            (lambda d: d["specification"].update(iterations=0), "at least 1, not 0"),
            (lambda d: d["specification"].update(seed=-1), "must not be negative"),
            (lambda d: d["specification"].update(dtype="float16"), "float16"),
            (lambda d: d["specification"].update(extra=1), "extra"),
            (lambda d: d["specification"]["data"].update(validation_fraction=1.5), "below 1, not 1.5"),
            (lambda d: d["specification"]["data"]["columns"][4].update(name="x"), "no column 'x'"),
            (lambda d: d["specification"]["data"]["columns"][4].update(role="ignore"), "role target"),
            (lambda d: d.update(schema_version=99), "newer Flux Studio"),
        ],
    )  # fmt: skip
    def test_a_project_that_asks_for_what_cannot_be(
        self, run: Terminal, refused: Callable[..., str], edit: Edit, words: str
    ) -> None:
        changed(PARITY, run.folder / "odd.flux", edit)
        assert words in refused("train", "odd.flux", "--save", "out.flux", "--export", "out.npz")
        assert words in refused("predict", "odd.flux", PARITY_CSV, "--out", "out.csv")

    @pytest.mark.parametrize(
        ("parts", "words"),
        [
            ({"project.json": None}, "'project.json' is missing"),
            ({"project.json": b"{"}, "project.json cannot be read"),
            ({"project.json": b"[" * 100_000}, "deep.flux: "),
            ({"table.csv": None}, "'table.csv' is missing"),
            ({"table.csv": b""}, "parity-4.csv is empty"),
            ({"table.csv": b"b3,b2,b1,b0,parity\n1,0,yes,0,1\n"}, "line 2, column 'b1': 'yes' is not a number"),
            ({"table.csv": b"b3,b2,b1,parity\n1,0,0,1\n"}, "no column 'b0'"),
        ],
    )  # fmt: skip
    def test_a_project_with_parts_that_do_not_fit(
        self, run: Terminal, refused: Callable[..., str], parts: dict[str, bytes | None], words: str
    ) -> None:
        changed(PARITY, run.folder / "deep.flux", **parts)
        assert words in refused("train", "deep.flux")

    @pytest.mark.parametrize(
        ("array", "words"),
        [
            (np.zeros((4, 7), np.float32), "4×7, but the network needs 4×8"),
            (np.zeros(32, np.float32), "not a matrix"),
            (np.zeros((4, 8), np.int64), "not a matrix of 32- or 64-bit numbers"),
            (np.full((4, 8), None), "does not hold numbers"),
        ],
    )
    def test_weights_of_the_wrong_shape(
        self, run: Terminal, refused: Callable[..., str], array: np.ndarray, words: str
    ) -> None:
        run.done("train", PARITY, "--iterations", "3", "--save", "good.flux")
        content = io.BytesIO()
        np.save(content, array, allow_pickle=True)
        part = "weights/layer-1/weights_matrix.npy"
        changed(run.folder / "good.flux", run.folder / "bad.flux", **{part: content.getvalue()})
        told = refused("train", "bad.flux")
        assert words in told
        assert part in told


class TestTrain:
    @pytest.mark.parametrize("value", ["-1", "nan", "inf", "1e3", "1.5", "", "ten"])
    def test_iterations(self, refused: Callable[..., str], value: str) -> None:
        assert f"{value!r}" in (told := refused("train", PARITY, "--iterations", value)) or value in told

    def test_executor(self, refused: Callable[..., str]) -> None:
        assert "invalid choice: 'gpu'" in refused("train", PARITY, "--executor", "gpu")

    @pytest.mark.parametrize("option", ["--save", "--export"])
    def test_places_that_cannot_be_written_are_found_before_any_work(
        self, run: Terminal, refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch, option: str
    ) -> None:
        suffix = {"--save": ".flux", "--export": ".npz"}[option]
        (run.folder / f"folder{suffix}").mkdir()
        cases = {f"nowhere/x{suffix}": "does not exist", f"folder{suffix}": "this is a folder"}
        for place, words in cases.items():
            assert words in refused("train", "not even looked for.flux", option, place)
        monkeypatch.setattr(os, "access", lambda *_: False)
        assert "cannot be written to" in refused("train", PARITY, option, f"x{suffix}")

    @pytest.mark.parametrize(
        ("option", "value"), [("--export", "w.csv"), ("--export", "w"), ("--save", "w.npz")]
    )
    def test_suffixes(self, refused: Callable[..., str], option: str, value: str) -> None:
        told = refused("train", PARITY, option, value)
        assert "end it with one of .npz, .safetensors, .json, " in told or "write w.npz.flux" in told

    def test_a_loss_that_is_infinite_at_once_is_told_as_valid_json(self, run: Terminal) -> None:
        def unscaled(document: dict[str, Any]) -> None:
            for column in document["specification"]["data"]["columns"]:
                column.update(kind="number", scaling="none")

        table = b"b3,b2,b1,b0,parity\n1,0,1e25,0,1e25\n0,0,0,0,0\n"
        changed(PARITY, run.folder / "huge.flux", unscaled, **{"table.csv": table})
        outcome = run("train", "huge.flux", "--json")
        assert outcome.complaint
        assert outcome.events[-1]["event"] == "failed"


class TestExportAndPredict:
    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (("w.bin",), "end it with one of .npz, .safetensors, .json, "),
            (("w",), "end it with one of .npz, .safetensors, .json, "),
            (
                ("w.npz", "--format", "ONNX"),
                "export format 'ONNX' is not known; choose one of npz, safetensors, json, csv, onnx, numpy, c, ",
            ),
            (("w.npz", "--format", ""), "export format '' is not known"),
            (("nowhere/w.npz",), "the folder nowhere does not exist"),
            (("",), "this is a folder"),
            ((), "required: OUT"),
            (("w.npz", "more"), "unrecognized arguments: more"),
        ],
    )
    def test_export(self, refused: Callable[..., str], words: tuple[str, ...], told: str) -> None:
        assert told in refused("export", PARITY, *words)

    def test_what_is_read_is_never_written_over(self, run: Terminal, refused: Callable[..., str]) -> None:
        run.write("mine.flux", IRIS.read_bytes())
        run.write("iris.csv", IRIS_CSV.read_bytes())
        (run.folder / "link.csv").symlink_to("iris.csv")
        for words in (
            ("export", "mine.flux", "mine.flux", "--format", "json"),
            ("export", "mine.flux", f"../{run.folder.name}/mine.flux", "--format", "csv"),
            ("predict", "mine.flux", "iris.csv", "--out", "iris.csv"),
            ("predict", "mine.flux", "iris.csv", "--out", "link.csv"),
            ("predict", "mine.flux", "iris.csv", "--out", "mine.flux"),
            ("screenshot", "mine.flux", "mine.flux"),
        ):
            assert "this is the file that is read; give another name" in refused(*words)

    def test_an_unwritable_place(self, refused: Callable[..., str]) -> None:
        """In a folder where nobody, whoever they are, can make a file; or, elsewhere than on Linux, in none."""
        told = refused("export", PARITY, Path("/proc") / "w.npz")
        assert "w.npz: cannot be written" in told or "does not exist" in told

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            ("", "ask.csv is empty"),
            ("sepal_length,sepal_width,petal_length,petal_width\n", "only a header"),
            ("sepal_length,sepal_width,petal_width\n1,2,3\n", "no column 'petal_length'; did you mean"),
            ("sepal_length,sepal_width,petal_length,petal_width\n1,2,3,4\n1,2,x,4\n", "line 3, column 'petal_length'"),
            ("sepal_length,sepal_width,petal_length,petal_width\n1,2,,4\n", "the cell has no value"),
            ("sepal_length,sepal_width,petal_length,petal_width\n1,2,inf,4\n", "infinite"),
            ("sepal_length,sepal_width,petal_length,petal_width\n1,2,3\n", "line 2"),
            ("1,2,3,4\n5,6,7,8\n", "no column 'sepal_length'"),
        ],
    )  # fmt: skip
    def test_tables_to_predict_for(
        self, run: Terminal, refused: Callable[..., str], content: str, words: str
    ) -> None:
        assert words in refused("predict", IRIS, run.write("ask.csv", content), "--out", "p.csv")

    def test_an_unknown_category(self, run: Terminal, refused: Callable[..., str]) -> None:
        table = run.write("t.csv", "colour,y\nred,1\nblue,2\ngreen,5\nred,1\n")
        run.done("new", "t.flux", "--data", table, "--target", "y")
        asked = run.write("ask.csv", "colour\nred\npink\n")
        told = refused("predict", "t.flux", asked)
        assert (
            "ask.csv, line 3, column 'colour': the network does not know 'pink', only blue, green, red"
            in told
        )

    @pytest.mark.parametrize("out", ["nowhere/p.csv", ".", ""])
    def test_places_for_predictions(self, refused: Callable[..., str], out: str) -> None:
        assert "folder" in refused("predict", IRIS, IRIS_CSV, "--out", out)


class TestOthers:
    @pytest.mark.parametrize(
        "size", ["10", "0x0", "x", "1600x", "-5x5", "²x²", "100000x10", "1600×1000", "1e3x10", "10x10x10"]
    )
    def test_sizes_of_a_picture(self, refused: Callable[..., str], size: str) -> None:
        told = refused("screenshot", PARITY, "p.png", f"--size={size}")
        assert told == f"--size: {size!r} is not WIDTHxHEIGHT, such as 1600x1000"

    def test_themes_of_a_picture(self, refused: Callable[..., str]) -> None:
        assert "invalid choice: 'pink'" in refused("screenshot", PARITY, "p.png", "--theme", "pink")

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (("trian",), "trian: there is no such file or command; did you mean 'train'?"),
            (("nothing.flux",), "nothing.flux: there is no such file or command; see flux-studio --help"),
            (("--wrong",), "the following arguments are required: COMMAND; see flux-studio --help"),
            ((".",), ".: this is a folder; give a .flux or CSV file in it"),
            (("",), ".: this is a folder; give a .flux or CSV file in it"),
            ((PARITY, IRIS), "the window opens one file"),
            ((PARITY, "--json"), "the window opens one file; --json is too much"),
        ],
    )
    def test_what_is_neither_a_command_nor_a_file(
        self, refused: Callable[..., str], words: tuple[str | Path, ...], told: str
    ) -> None:
        assert told in refused(*words)

    def test_a_damaged_project_opens_no_window(self, run: Terminal, refused: Callable[..., str]) -> None:
        run.write("bad.flux", b"PK")
        assert "not a whole .flux file" in refused("bad.flux")

    def test_a_line_break_in_a_name_stays_on_the_line(self, refused: Callable[..., str]) -> None:
        assert refused("info", "a\nb.flux") == "a b.flux: there is no such file"

    def test_demo_where_no_folder_can_be_made(self, run: Terminal, refused: Callable[..., str]) -> None:
        run.write("taken", "")
        assert "this folder cannot be made" in refused("demo", "--output", "taken")


def test_a_process_of_its_own_ends_with_code_2_and_one_line(tmp_path: Path) -> None:
    command = process("train", tmp_path / "no.flux")
    out, err = command.communicate(timeout=60)
    assert (command.returncode, out) == (2, "")
    assert err == f"flux-studio: {tmp_path / 'no.flux'}: there is no such file\n"


def test_a_full_disk_is_told() -> None:
    """Linux has a device for this; elsewhere the command succeeds on an ordinary file."""
    full = Path(os.devnull).parent / "full"
    command = process("info", PARITY, out=full if full.exists() else Path(os.devnull))
    _, err = command.communicate(timeout=60)
    if full.exists():
        assert (command.returncode, err) == (2, "flux-studio: standard output: No space left on device\n")
    else:
        assert (command.returncode, err) == (0, "")


def test_a_read_only_file_is_not_replaced(run: Terminal, refused: Callable[..., str]) -> None:
    for name, words in (("w.npz", ("export", PARITY)), ("mine.flux", ("train", PARITY, "--save"))):
        run.write(name, "precious").chmod(0o444)
        with run.unchanged():
            assert f"{name}: this file is read-only" in run(*words, name).complaint


def test_bad_input_leaves_an_old_file_as_it_was(run: Terminal) -> None:
    old = run.write("out.flux", PARITY.read_bytes()).read_bytes()
    for words in (
        ("new", "out.flux", "--data", "no.csv", "--target", "x"),
        ("train", "no.flux", "--save", "out.flux"),
    ):
        assert run(*words).complaint
        assert (run.folder / "out.flux").read_bytes() == old
    assert files.load(run.folder / "out.flux").run is None
