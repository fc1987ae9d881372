"""What each command does: new, train, export, predict, info, check, screenshot, warm and demo."""

from __future__ import annotations

import csv
import io
import signal
import sys
from pathlib import Path

import numpy as np
import pytest

import flux_studio
from flux_studio.project import files
from flux_studio.project.project import Project, Run
from flux_studio.project.specification import OptimizerSpecification, ScheduleSpecification, StopSpecification
from tests.command_line import IRIS, IRIS_CSV, PARITY, PARITY_CSV, XOR, Terminal, process

PROGRESS = ["event", "iteration", "loss", "validation_loss", "learning_rate", "iterations_per_second"]
FINISHED = ["event", "iteration", "loss", "validation_loss", "seconds"]
LINE = "x,y\n" + "".join(f"{x},{1000 + 50 * x}\n" for x in range(-20, 20))
END = files.load(PARITY).specification.iterations
ACCURACY, METRICS = ["accuracy", "validation_accuracy"], ["metrics"]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.chdir(tmp_path)
    return Terminal(tmp_path, capsys)


def state_of(path: Path) -> tuple[Project, Run]:
    project = files.load(path)
    assert project.run is not None
    return project, project.run


def assert_same_run(one: Run, other: Run) -> None:
    """Bit for bit."""
    assert one.iteration == other.iteration
    for key, array in one.parameters.items():
        assert array.dtype == other.parameters[key].dtype
        np.testing.assert_array_equal(array, other.parameters[key], strict=True)
        np.testing.assert_array_equal(one.start[key], other.start[key], strict=True)
    np.testing.assert_array_equal(one.curve.array(), other.curve.array())
    assert one.curve.numbers() == other.curve.numbers()
    assert (one.validation_curve is None) == (other.validation_curve is None)
    if one.validation_curve is not None and other.validation_curve is not None:
        np.testing.assert_array_equal(one.validation_curve.array(), other.validation_curve.array())
    assert one.first_loss == other.first_loss


class TestTrain:
    def test_json_is_one_event_a_line_with_exactly_the_named_keys(self, run: Terminal) -> None:
        events = run.done("train", PARITY, "--json").events
        assert events[0]["event"] == "started"
        assert {event["event"] for event in events[1:-1]} == {"progress"}
        assert all(list(event) == PROGRESS for event in events[1:-1])
        assert list(events[-1]) == FINISHED + ACCURACY + METRICS
        assert events[-1]["event"] == "finished"

    def test_parity_is_learned(self, run: Terminal) -> None:
        finished = run.done("train", PARITY, "--json").events[-1]
        assert finished["iteration"] == END
        assert finished["loss"] < 0.01
        assert finished["accuracy"] == 1.0
        assert finished["validation_loss"] is finished["validation_accuracy"] is None

    def test_iris_is_learned(self, run: Terminal) -> None:
        finished = run.done("train", IRIS, "--json").events[-1]
        assert finished["validation_accuracy"] >= 0.93
        assert finished["accuracy"] >= 0.93
        assert 0 < finished["validation_loss"] < 0.2

    def test_numbers_have_no_accuracy(self, run: Terminal) -> None:
        run.done("new", "line.flux", "--data", run.write("line.csv", LINE), "--target", "y")
        finished = run.done("train", "line.flux", "--json", "--iterations", "20").events[-1]
        assert list(finished) == FINISHED + METRICS

    def test_reports_progress_about_ten_times_a_second(self, run: Terminal) -> None:
        events = run.done("train", XOR, "--json", "--iterations", "2500", "--executor", "reference").events
        inner = [event for event in events if event["event"] == "progress"][1:]
        assert [event["iteration"] for event in inner] == sorted({event["iteration"] for event in inner})
        assert len(inner) == pytest.approx(events[-1]["seconds"] * 10, abs=3)
        assert all(event["iterations_per_second"] > 0 for event in inner)

    @pytest.mark.parametrize("sample", [PARITY, IRIS])
    def test_400_and_600_are_1000_bit_for_bit(self, run: Terminal, sample: Path) -> None:
        run.done("train", sample, "--iterations", "400", "--save", "half.flux")
        assert state_of(run.folder / "half.flux")[1].iteration == 400
        run.done("train", "half.flux", "--iterations", "600", "--save", "two.flux")
        run.done("train", sample, "--iterations", "1000", "--save", "one.flux")
        assert_same_run(state_of(run.folder / "two.flux")[1], state_of(run.folder / "one.flux")[1])

    def test_the_numbers_are_those_of_plain_numpy(self, run: Terminal) -> None:
        """Three iterations of xor's network, written out by hand in float64."""
        project = files.load(XOR)
        dataset, rate = project.dataset(), project.specification.optimizer.learning_rate
        x, y = dataset.training_inputs, dataset.training_targets
        start = project.network("reference").parameters()
        activations = [layer.settings["activation"] for layer in project.specification.layers]
        assert activations == ["tanh", "sigmoid"]
        w1, b1, w2, b2 = (
            start[f"layer-{n}", name].astype(np.float64)
            for n in (1, 2)
            for name in ("weights_matrix", "bias_matrix")
        )
        for _ in range(3):
            h1 = np.tanh(x @ w1 + b1)
            h2 = 1 / (1 + np.exp(-(h1 @ w2 + b2)))
            d2 = 2 * (h2 - y) / len(x) * h2 * (1 - h2)
            d1 = d2 @ w2.T * (1 - h1**2)
            w2, b2 = w2 - rate * h1.T @ d2, b2 - rate * d2.sum(0)
            w1, b1 = w1 - rate * x.T @ d1, b1 - rate * d1.sum(0)
        for executor in ("compiled", "reference"):
            run.done("train", XOR, "--iterations", "3", "--executor", executor, "--save", "xor.flux")
            trained = state_of(run.folder / "xor.flux")[1].parameters
            np.testing.assert_allclose(trained["layer-1", "weights_matrix"], w1, rtol=2e-6, atol=1e-7)
            np.testing.assert_allclose(trained["layer-2", "weights_matrix"], w2, rtol=2e-6, atol=1e-7)
            np.testing.assert_allclose(trained["layer-2", "bias_matrix"][0], b2.ravel(), rtol=2e-6, atol=1e-7)

    def test_goes_on_to_the_projects_own_end_and_then_rests(self, run: Terminal) -> None:
        short = files.load(PARITY)
        short = short.with_specification(short.specification.replace(iterations=2000))
        files.save(short, run.folder / "short.flux")
        run.done("train", "short.flux", "--iterations", "1999", "--save", "almost.flux")
        events = run.done("train", "almost.flux", "--json", "--save", "end.flux").events
        assert (events[0]["iteration"], events[-1]["iteration"]) == (1999, 2000)
        events = run.done("train", "end.flux", "--json").events
        assert (events[0]["iteration"], events[-1]["iteration"]) == (2000, 2000)
        assert run.done("train", "end.flux", "--json", "--iterations", "5").events[-1]["iteration"] == 2005

    def test_restart_begins_again_with_the_start_weights(self, run: Terminal) -> None:
        run.done("train", PARITY, "--iterations", "100", "--save", "first.flux")
        run.done("train", "first.flux", "--restart", "--iterations", "100", "--save", "again.flux")
        assert_same_run(state_of(run.folder / "first.flux")[1], state_of(run.folder / "again.flux")[1])

    def test_restart_keeps_start_weights_that_an_edit_handed_on(self, run: Terminal) -> None:
        """The window's Start over, too, goes back to these."""
        run.done("train", PARITY, "--iterations", "50", "--save", "first.flux")
        trained = files.load(run.folder / "first.flux")
        wider = trained.edited(trained.specification.change_layer("layer-2", units=6))
        files.save(wider, run.folder / "wider.flux")
        run.done("train", "wider.flux", "--iterations", "50", "--save", "more.flux")
        run.done("train", "more.flux", "--restart", "--iterations", "0", "--save", "back.flux")
        key = ("layer-1", "weights_matrix")
        kept = state_of(run.folder / "first.flux")[1].parameters[key]
        np.testing.assert_array_equal(state_of(run.folder / "back.flux")[1].parameters[key], kept)

    def test_writes_nothing_unless_asked(self, run: Terminal) -> None:
        run.write("mine.flux", PARITY.read_bytes())
        with run.unchanged():
            run.done("train", "mine.flux")
            run.done("train", "mine.flux", "--restart", "--json")

    def test_saves_in_place_and_exports(self, run: Terminal) -> None:
        run.write("mine.flux", PARITY.read_bytes())
        run.done("train", "mine.flux", "--iterations", "10", "--save", "mine.flux", "--export", "w.npz")
        run_left = state_of(run.folder / "mine.flux")[1]
        assert run_left.iteration == 10
        with np.load(run.folder / "w.npz", allow_pickle=False) as archive:
            for (layer, name), array in run_left.parameters.items():
                np.testing.assert_array_equal(archive[f"{layer}.{name}"], array)

    def test_the_two_executors_agree(self, run: Terminal) -> None:
        losses = [
            run.done("train", IRIS, "--iterations", "30", "--json", "--executor", executor).events
            for executor in ("compiled", "reference")
        ]
        assert [events[0]["executor"] for events in losses] == ["compiled", "reference"]
        assert losses[0][-1]["loss"] == pytest.approx(losses[1][-1]["loss"], rel=1e-5)

    def test_without_numba_the_reference_executor_trains(
        self, run: Terminal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in [name for name in sys.modules if name.split(".")[0] == "numba"]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, "numba", None)
        monkeypatch.delitem(sys.modules, "flux_studio.engine.compiled", raising=False)
        assert run.done("train", XOR, "--iterations", "5", "--json").events[0]["executor"] == "reference"
        told = run("train", XOR, "--executor", "compiled").complaint
        assert told == "the compiled executor needs numba: install it, or use the reference executor"
        run.done("predict", XOR, XOR.with_suffix(".csv"))

    def test_divergence_names_iteration_and_layer_and_keeps_the_last_good_weights(
        self, run: Terminal
    ) -> None:
        table = run.write("line.csv", LINE)
        run.done("new", "wild.flux", "--data", table, "--target", "y", "--optimizer", "sgd:1e6")
        told = run("train", "wild.flux", "--json", "--save", "last.flux", "--export", "last.json")
        assert "training diverged at iteration " in told.complaint
        assert " of Dense " in told.complaint
        assert "smaller than 1e+06" in told.complaint
        failed = told.events[-1]
        assert list(failed) == ["event", "iteration", "message"]
        assert failed["event"] == "failed"
        assert failed["message"] == told.complaint
        kept = state_of(run.folder / "last.flux")[1]
        assert kept.iteration == failed["iteration"] - 1
        assert all(np.isfinite(array).all() for array in kept.parameters.values())
        assert np.isfinite(kept.curve.array()).all()
        assert "NaN" not in (run.folder / "last.json").read_text()

    def test_without_json_divergence_is_the_same_line(self, run: Terminal) -> None:
        project = files.load(PARITY)
        layers = project.specification.change_layer("layer-3", activation="identity")
        wild = layers.replace(optimizer=OptimizerSpecification("sgd", 1e30))
        files.save(project.with_specification(wild), run.folder / "wild.flux")
        with run.unchanged():
            assert "training diverged at iteration 1: " in run("train", "wild.flux").complaint


class TestPredict:
    def test_one_line_a_row_in_order_with_shares(self, run: Terminal) -> None:
        run.done("train", IRIS, "--save", "iris.flux")
        header, *rows = csv.reader(io.StringIO(run.done("predict", "iris.flux", IRIS_CSV).out))
        assert header == ["prediction", "p(setosa)", "p(versicolor)", "p(virginica)"]
        assert len(rows) == 150
        shares = np.array([row[1:] for row in rows], float)
        assert [row[0] for row in rows] == [header[1 + place][2:-1] for place in shares.argmax(1)]
        truth = [line.rsplit(",", 1)[1] for line in IRIS_CSV.read_text().splitlines()[1:]]
        assert np.mean([row[0] == name for row, name in zip(rows, truth, strict=True)]) > 0.95

    def test_yes_no_shares_add_to_one(self, run: Terminal) -> None:
        header, *rows = csv.reader(io.StringIO(run.done("predict", PARITY, PARITY_CSV).out))
        assert header == ["prediction", "p(0)", "p(1)"]
        assert all(float(no) + float(yes) == 1.0 for _, no, yes in rows)

    def test_numbers_come_back_in_their_own_units(self, run: Terminal) -> None:
        table = run.write("line.csv", LINE)
        run.done("new", "line.flux", "--data", table, "--target", "y", "--layers", "1:identity")
        run.done("train", "line.flux", "--iterations", "500", "--save", "line.flux")
        asked = run.write("ask.csv", "x\n100\n-100\n")
        header, *rows = run.done("predict", "line.flux", asked).lines
        assert header == "prediction"
        np.testing.assert_allclose([float(row) for row in rows], [6000, -4000], rtol=1e-3)

    def test_columns_are_found_by_name(self, run: Terminal) -> None:
        plain = run.done("predict", IRIS, IRIS_CSV).out
        rows = list(csv.reader(IRIS_CSV.read_text().splitlines()))
        reordered = io.StringIO()
        csv.writer(reordered, delimiter=";").writerows([("note", *row[-2::-1]) for row in rows])
        text = reordered.getvalue().replace("note;", "comment;", 1)
        assert run.done("predict", IRIS, run.write("other order.csv", text)).out == plain

    def test_out_writes_the_same_to_a_file(self, run: Terminal) -> None:
        plain = run.done("predict", PARITY, PARITY_CSV).out
        assert run.done("predict", PARITY, PARITY_CSV, "--out", "p.csv").out == "p.csv: predictions\n"
        assert (run.folder / "p.csv").read_text() == plain

    def test_class_names_with_commas_stay_whole(self, run: Terminal) -> None:
        table = run.write("t.csv", 'x,kind\n1,"a, b"\n2,c\n3,"d ""e"""\n4,c\n')
        run.done("new", "t.flux", "--data", table, "--target", "kind")
        header, *rows = csv.reader(io.StringIO(run.done("predict", "t.flux", table).out))
        assert header == ["prediction", "p(a, b)", "p(c)", 'p(d "e")']
        assert {len(row) for row in rows} == {4}


class TestOthers:
    def test_info_says_what_the_project_is(self, run: Terminal) -> None:
        run.done("train", IRIS, "--iterations", "30", "--save", "iris.flux")
        out = run.done("info", "iris.flux").out
        for words in (
            "a network 4-8-3",
            "iris.csv, 150 rows",
            "120 to train on, 30 to validate",
            "species=setosa",
            "Dense 2      8 → 3 sigmoid",
            "learning rate 0.3",
            "trained to iteration 30; its own end is 1,000",
        ):
            assert words in out

    def test_info_and_train_say_how_it_is_trained(self, run: Terminal) -> None:
        words = ("--optimizer", "adam:0.02", "--batch", "32")
        run.done("new", "mine.flux", "--data", IRIS_CSV, "--target", "species", *words)
        lines = run.done("info", "mine.flux").lines
        assert "optimizer    Adam, learning rate 0.02" in lines
        assert "batch        32 of 105 rows, 4 batches an epoch, the last of 9 rows" in lines
        assert not [line for line in lines if line.startswith(("schedule", "limits", "stops"))]
        said = run.done("train", "mine.flux", "--iterations", "5").lines[0]
        assert said == "training with Adam, learning rate 0.02, 32 of 105 rows, from iteration 0 to 5"

    def test_info_names_what_is_suspicious(self, run: Terminal) -> None:
        rows = "".join(f"{n % 7 + n / 100},{n % 4},{n % 3}\n" for n in range(90))
        run.done("new", "mine.flux", "--data", run.write("t.csv", f"x,kind,y\n{rows}"), "--target", "y")
        cautions = [line for line in run.done("info", "mine.flux").lines if line.startswith("caution ")]
        assert len(cautions) == 2
        assert cautions[1].startswith(
            "caution      'y', to be predicted, has 3 different whole numbers: make it"
        )

    def test_info_tells_schedule_penalties_and_stop_conditions(self, run: Terminal) -> None:
        project = files.load(IRIS)
        optimizer = OptimizerSpecification(
            "rmsprop",
            0.01,
            settings={"beta_2": 0.9, "epsilon": 1e-8},
            schedule=ScheduleSpecification("cosine", period=500, warm_up=20),
            l2=0.001,
            clip_norm=1.0,
        )
        changed = project.specification.replace(
            optimizer=optimizer, stop=StopSpecification(loss=0.1, patience=5)
        )
        files.save(project.with_specification(changed), run.folder / "all.flux")
        lines = run.done("info", "all.flux").lines
        for line in (
            "optimizer    RMSProp, learning rate 0.01, ρ 0.9",
            "schedule     cosine, period 500, floor 0, warm-up 20 updates",
            "limits       L2 penalty 0.001, clipped to norm 1",
            "batch        all 120 rows",
            "stops        at a loss of 0.1, after 5 validations without a better loss",
        ):
            assert line in lines

    def test_check_compares_every_gradient(self, run: Terminal) -> None:
        lines = run.done("check", PARITY).lines
        assert len(lines) == 7
        assert [line[:4] for line in lines[:-1]] == ["ok  ", "ok  ", "ok  ", "--  ", "--  ", "ok  "]
        assert "8 passed over at a kink" in lines[3]  # the biases are 0 and one row of the data is as well
        assert lines[-1] == "every gradient agrees with finite differences"

    @pytest.mark.parametrize(
        ("name", "words"), [("w.npz", ()), ("w.JSON", ()), ("w", ("--format", "csv")), ("w.h", ())]
    )
    def test_export_by_suffix_and_by_format(self, run: Terminal, name: str, words: tuple[str, ...]) -> None:
        said = run.done("export", PARITY, name, *words).out
        assert said.startswith(f"{name}: ")
        assert "verified on 16 rows: largest difference " in said or "no C compiler" in said
        begins = {"w.npz": b"PK", "w.JSON": b"{", "w": b"PK", "w.h": b"/* A network for parity-4.csv"}
        assert (run.folder / name).read_bytes().startswith(begins[name])

    def test_a_worked_example_by_suffix_and_by_format(self, run: Terminal) -> None:
        assert run.done("export", PARITY, "step.tex").out == "step.tex: iteration 0 worked out\n"
        assert "rounded to 4 significant digits" in (run.folder / "step.tex").read_text(encoding="utf-8")
        run.done("export", PARITY, "step", "--format", "tex", "--digits", "7")
        assert "rounded to 7 significant digits" in (run.folder / "step").read_text(encoding="utf-8")

    def test_the_format_outweighs_the_suffix(self, run: Terminal) -> None:
        run.done("export", PARITY, "w.npz", "--format", "json")
        assert (run.folder / "w.npz").read_bytes().startswith(b"{")

    def test_warm_compiles_both_types(self, run: Terminal) -> None:
        assert [line.split(" (")[0] for line in run.done("warm").lines] == [
            "compiling the engine for float32",
            "compiling the engine for float64",
        ]

    def test_help_lists_the_commands_but_not_the_hidden_ones(
        self, run: Terminal, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(SystemExit) as left:
            run("--help")
        assert left.value.code == 0
        words = capsys.readouterr().out.split()
        assert {"new", "train", "export", "predict", "info", "check", "screenshot"} <= set(words)
        assert not {"warm", "demo"} & set(words)

    def test_version(self, run: Terminal, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as left:
            run("--version")
        assert left.value.code == 0
        assert capsys.readouterr().out == f"flux-studio {flux_studio.__version__}\n"

    def test_a_file_alone_opens_the_window(self, run: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
        import flux_studio.gui.app

        opened: list[Path | None] = []
        monkeypatch.setattr(flux_studio.gui.app, "run", lambda file: opened.append(file) or 0)
        run.done(PARITY)
        run.done()
        assert opened == [PARITY, None]


class TestProcess:
    """What only a process of its own shows."""

    @pytest.mark.parametrize(
        "words", [("info", IRIS), ("predict", PARITY, PARITY_CSV), ("train", XOR, "--json")]
    )
    def test_a_reader_that_has_gone_is_no_trouble(self, words: tuple[str | Path, ...]) -> None:
        command = process(*words)
        command.stdout.close()
        command.stdout = None
        assert command.communicate(timeout=60)[1] == ""
        assert command.returncode == 0

    @pytest.mark.parametrize("words", [(), ("--json",)])
    def test_what_was_to_be_saved_is_saved_though_the_reader_has_gone(
        self, tmp_path: Path, words: tuple[str, ...]
    ) -> None:
        command = process("train", PARITY, *words, "--save", tmp_path / "mine.flux")
        command.stdout.close()
        command.stdout = None
        assert command.communicate(timeout=60)[1] == ""
        assert command.returncode == 0
        assert state_of(tmp_path / "mine.flux")[1].iteration == END

    def test_ctrl_c_stops_training_in_one_line(self, tmp_path: Path) -> None:
        command = process(
            "train", PARITY, "--iterations", "1000000000", "--json", "--save", tmp_path / "x.flux"
        )
        assert '"started"' in command.stdout.readline()
        command.send_signal(signal.SIGINT)
        _, err = command.communicate(timeout=60)
        assert (command.returncode, err) == (130, "flux-studio: stopped\n")
        assert list(tmp_path.iterdir()) == []

    def test_a_terminal_without_our_signs_gets_them_spelt_out(self) -> None:
        command = process("info", PARITY, PYTHONIOENCODING="ascii")
        out, err = command.communicate(timeout=60)
        assert (command.returncode, err) == (0, "")
        assert r"Dense 1      4 \u2192 8 leaky_relu" in out

    def test_demo_trains_exports_and_saves_a_picture(self, tmp_path: Path) -> None:
        command = process("demo", "--output", tmp_path / "new" / "folder")
        out, err = command.communicate(timeout=120)
        assert (command.returncode, err) == (0, "")
        made = tmp_path / "new" / "folder"
        assert out.splitlines()[-3:] == [
            f"project   {made / 'parity-4.flux'}",
            f"weights   {made / 'parity-4-weights.npz'}",
            f"picture   {made / 'window.png'}",
        ]
        assert state_of(made / "parity-4.flux")[1].iteration == END
        assert (made / "window.png").read_bytes().startswith(b"\x89PNG")
