"""``flux-studio new``: what can be chosen reaches the file, and what was made trains and passes the check."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from flux_studio.data.generators.catalogue import GENERATORS
from flux_studio.data.generators.kinds import GeneratorKind
from flux_studio.engine.updating import OPTIMIZERS, SCHEDULES
from flux_studio.project import files
from flux_studio.project.catalogue import LAYER_KINDS
from flux_studio.project.defaults import usual_schedule
from flux_studio.project.notation import read_generator, read_layers
from flux_studio.project.specification import (
    OptimizerSpecification,
    ScheduleSpecification,
    Specification,
    StopSpecification,
)
from tests.command_line import IRIS_CSV, Terminal


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.chdir(tmp_path)
    return Terminal(tmp_path, capsys)


def test_makes_a_project_with_sensible_defaults(run: Terminal) -> None:
    said = run.done("new", "mine.flux", "--data", IRIS_CSV, "--target", "species")
    assert said.out == "mine.flux: a network 4-8-3\n"
    specification = files.load(run.folder / "mine.flux").specification
    assert [layer.settings["activation"] for layer in specification.layers] == ["tanh", "softmax"]
    assert specification.loss == "cross_entropy"
    assert specification.seed == 0
    assert {column.name: column.role for column in specification.data.columns}["species"] == "target"


def test_takes_layers_optimizer_and_seed(run: Terminal) -> None:
    words = ("--layers", "16:tanh, 8 : swish ,3:sigmoid", "--optimizer", "sgd:0.25", "--seed", "7")
    run.done("new", "mine.flux", "--data", IRIS_CSV, "--target", "species", *words, "--loss", "mse")
    specification = files.load(run.folder / "mine.flux").specification
    layers = [(layer.settings["units"], layer.settings["activation"]) for layer in specification.layers]
    assert layers == [(16, "tanh"), (8, "swish"), (3, "sigmoid")]
    assert specification.optimizer == OptimizerSpecification("sgd", 0.25)
    assert specification.seed == 7


@pytest.mark.parametrize(("text", "batch"), [("32", 32), ("105", 105), ("all", None)])
def test_takes_the_rows_of_a_batch(run: Terminal, text: str, batch: int | None) -> None:
    words = ("--batch", text, "--optimizer", "adam")
    run.done("new", "mine.flux", "--data", IRIS_CSV, "--target", "species", *words)
    specification = files.load(run.folder / "mine.flux").specification
    assert specification.batch == batch
    assert specification.optimizer == OptimizerSpecification("adam", 0.01)


def test_the_seed_decides_split_and_weights(run: Terminal) -> None:
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        run.done("new", f"{name}.flux", "--data", IRIS_CSV, "--target", "species", "--seed", seed)
    a, b, c = (files.load(run.folder / f"{name}.flux") for name in "abc")
    assert (run.folder / "a.flux").read_bytes() == (run.folder / "b.flux").read_bytes()
    assert a.dataset().fingerprint == b.dataset().fingerprint != c.dataset().fingerprint
    key = ("layer-1", "weights_matrix")
    assert not np.array_equal(a.network("reference").parameter(key), c.network("reference").parameter(key))


@pytest.mark.parametrize(
    "words", [("--target", "a,b"), ("--target", " a , b "), ("--target", "a", "--target", "b")]
)
def test_several_targets(run: Terminal, words: tuple[str, ...]) -> None:
    table = run.write("two.csv", "x,y,a,b\n0,1,5,7\n1,0,6,8\n1,1,7,9\n")
    assert run.done("new", "two.flux", "--data", table, *words).out == "two.flux: a network 2-8-2\n"
    columns = files.load(run.folder / "two.flux").specification.data.columns
    assert [column.name for column in columns if column.role == "target"] == ["a", "b"]


def test_names_with_blanks_commas_and_other_alphabets(run: Terminal) -> None:
    table = run.write("a folder/my täble.csv", '"the x","c,d","ü é"\n1,2,0.5\n2,3,1.5\n4,4,1\n')
    project = run.folder / "a folder" / "my pröject.flux"
    for target, inputs in (("c,d", ["the x", "ü é"]), ("ü é", ["the x", "c,d"])):
        run.done("new", project, "--data", table, "--target", target)
        run.done("train", project, "--iterations", "5", "--save", project)
        preprocessor = files.load(project).dataset().preprocessor
        assert preprocessor.target_names == (target,)
        assert list(preprocessor.input_names) == inputs
        assert len(run.done("predict", project, table).lines) == 4


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_and_delimiters(run: Terminal, encoding: str, delimiter: str) -> None:
    text = "größe,b,t\r\n1.5,2,10\r\n2.5,3,20\r\n3,1,30\r\n".replace(",", delimiter)
    table = run.write("table.csv", text.encode(encoding))
    run.done("new", "mine.flux", "--data", table, "--target", "t")
    assert files.load(run.folder / "mine.flux").dataset().preprocessor.input_names == ("größe", "b")
    assert len(run.done("predict", "mine.flux", table).lines) == 4


@pytest.mark.parametrize(
    "text",
    [
        "x,t\n1,5\n",
        "x,y,t\n0,0,0\n0,1,0\n1,0,0\n",
        "x,t\n1,5\n2,5\n3,5\n",
        "x,t\n,1\n2,NaN\n3,null\n4,1\n5,2\n",
    ],
)
def test_one_row_a_constant_target_and_gaps_train(run: Terminal, text: str) -> None:
    run.done("new", "mine.flux", "--data", run.write("t.csv", text), "--target", "t")
    *_, finished = run.done("train", "mine.flux", "--iterations", "1000", "--json").events
    assert finished["loss"] < 1e-3


def new(run: Terminal, *words: str) -> Specification:
    run.done("new", "mine.flux", "--data", IRIS_CSV, "--target", "species", *words)
    return files.load(run.folder / "mine.flux").specification


@pytest.mark.parametrize("word", [kind.words[0] for kind in LAYER_KINDS.values()])
def test_each_kind_reaches_the_file_trains_and_passes_the_check(run: Terminal, word: str) -> None:
    kind = next(kind for kind in LAYER_KINDS.values() if word in kind.words)
    settings = {each.name: each.choices[-1].value if each.choices else 4 for each in kind.fields}
    asked = ":".join((word, *(f"{name}={value}" for name, value in settings.items())))
    inside = "" if kind.inside is None else "(6:tanh,residual(norm,4:tanh))"
    layer, last = new(run, "--layers", f"{asked}{inside},3:softmax", "--dtype", "float64").layers
    assert (layer.kind, layer.settings, last.kind) == (kind.kind, settings, "dense.v1")
    assert [each.kind for each in layer.layers] == (["dense.v1", "residual.v1"] if inside else [])
    run.done("train", "mine.flux", "--iterations", "20", "--executor", "reference", "--save", "mine.flux")
    assert run.done("check", "mine.flux").lines[-1] == "every gradient agrees with finite differences"


def test_a_deep_stack_trains_passes_the_check_and_is_told_in_the_same_notation(run: Terminal) -> None:
    table = run.write("t.csv", "x\n" + "".join(f"{number % 7}\n" for number in range(60)))
    asked = (
        "rnn:4:all,lstm:6:steps=8,dropout:20,norm,gated:8,residual(8:tanh,residual(8:tanh)),tanh,1:identity"
    )
    words = ("--window", "8", "--ahead", "1", "--layers", asked, "--start-weights", "orthogonal")
    run.done("new", "t.flux", "--data", table, "--target", "x", *words)
    run.done("train", "t.flux", "--iterations", "30", "--executor", "reference", "--save", "t.flux")
    assert run.done("check", "t.flux").lines[-1] == "every gradient agrees with finite differences"
    lines = run.done("info", "t.flux").lines
    assert "RNN 1        8 → 32 tanh, reads 8 steps of 1" in lines
    assert "LSTM 1       32 → 6, reads 8 steps of 4" in lines
    (told,) = (line for line in lines if line.startswith("layers"))
    written = told.removeprefix("layers").strip()
    assert written.startswith("rnn:4:tanh:all:orthogonal,lstm:6:steps=8:orthogonal,dropout:20,norm,")
    assert read_layers(written) == files.load(run.folder / "t.flux").specification.layers


def test_start_weights_are_for_all_layers_that_do_not_name_their_own(run: Terminal) -> None:
    asked = new(run, "--layers", "8:zeros,gated:4,dropout,3:softmax", "--start-weights", "he-normal")
    assert [layer.settings.get("initializer") for layer in asked.layers] == [
        "zeros",
        "he_normal",
        None,
        "he_normal",
    ]
    usual, started = new(run), new(run, "--start-weights", "he_normal")
    assert {layer.settings["initializer"] for layer in started.layers} == {"he_normal"}
    assert (
        started.change_layer("layer-1", initializer="xavier_uniform").change_layer(
            "layer-2", initializer="xavier_uniform"
        )
        == usual
    )


def test_all_of_the_training_reaches_the_file_and_trains(run: Terminal) -> None:
    words = (
        *(
            "--optimizer",
            "adamw:0.02:beta_1=0.8:weight_decay=0.1",
            "--schedule",
            "cosine:period=90:floor=0.1",
        ),
        *("--warm-up", "10", "--l1", "0.001", "--l2", "0.002", "--clip-value", "0.5", "--clip-norm", "2"),
        *("--iterations", "200", "--stop-loss", "0.01", "--patience", "7", "--seconds", "60"),
        *("--validate-every", "5", "--dtype", "float64", "--pace", "25", "--batch", "16", "--seed", "3"),
    )
    specification = new(run, *words)
    assert specification.optimizer == OptimizerSpecification(
        "adamw",
        0.02,
        {"beta_1": 0.8, "weight_decay": 0.1},
        ScheduleSpecification("cosine", period=90.0, floor=0.1, warm_up=10),
        l1=0.001,
        l2=0.002,
        clip_value=0.5,
        clip_norm=2.0,
    )
    assert specification.stop == StopSpecification(0.01, 7, 60.0)
    assert (specification.iterations, specification.validate_every, specification.pace) == (200, 5, 25.0)
    assert (specification.dtype, specification.batch, specification.seed) == ("float64", 16, 3)
    fields, usual = set(Specification.__struct_fields__), new(run)
    same = {name for name in fields if getattr(specification, name) == getattr(usual, name)}
    assert same == {"data", "layers", "loss", "draw"}  # so nothing that there is to choose was forgotten here
    new(run, *words)
    *_, finished = run.done("train", "mine.flux", "--executor", "reference", "--json").events
    assert finished["event"] == "finished"
    assert run.done("check", "mine.flux").lines[-1] == "every gradient agrees with finite differences"


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_suits_the_iterations(run: Terminal, name: str) -> None:
    specification = new(run, "--schedule", name, "--iterations", "300", "--warm-up", "20")
    assert specification.optimizer.schedule == usual_schedule(name, 300, 20)
    assert specification.optimizer.learning_rate == new(run).optimizer.learning_rate


def test_without_these_words_training_is_what_suits_the_table(run: Terminal) -> None:
    specification = new(run)
    assert specification.optimizer == OptimizerSpecification("adam", 0.01, l2=3e-4)
    assert specification.stop == StopSpecification(patience=50)
    assert (specification.iterations, specification.dtype, specification.pace) == (5_000, "float32", None)


def test_who_names_an_optimizer_gets_nothing_beside_it(run: Terminal) -> None:
    specification = new(run, "--optimizer", "sgd:0.3")
    assert specification.optimizer == OptimizerSpecification("sgd", 0.3)
    assert specification.stop == StopSpecification()
    assert new(run, "--patience", "0").stop == StopSpecification()


def test_columns_and_derived_inputs_reach_the_file_and_predict_new_rows(run: Terminal) -> None:
    rows = "".join(
        f"{n % 7 or ''},{'SML'[n % 3]},{n % 28 + 1}.{n % 12 + 1}.2021,{n % 7 + n % 3}\n" for n in range(60)
    )
    table = run.write("t.csv", f"a,size,day,y\n{rows}")
    words = (
        *("--column", "a:mean:robust:indicator", "--column", "size:ordinal:order=S<M<L"),
        *("--column", "day:days:weekday", "--derive", "square:a", "--layers", "8:tanh,1:identity"),
    )
    run.done("new", "mine.flux", "--data", table, "--target", "y", *words)
    run.done("train", "mine.flux", "--iterations", "300", "--save", "mine.flux")
    project = files.load(run.folder / "mine.flux")
    assert project.dataset().preprocessor.input_names == (
        "a", "a missing", "size", "day days", "day weekday (sin)", "day weekday (cos)", "a²",
    )  # fmt: skip
    new = run.write("new.csv", "day,size,a\n3.4.2022,M,\n4.4.2022,L,2\n")
    told = run.done("predict", "mine.flux", new).lines
    assert len(told) == 3
    assert all(float(line) for line in told[1:])


@pytest.mark.parametrize("kind", GENERATORS.values(), ids=lambda kind: kind.name)
def test_each_generator_makes_a_project_that_learns(run: Terminal, kind: GeneratorKind) -> None:
    run.done("new", "mine.flux", "--generate", f"{kind.name}:seed=3")
    project = files.load(run.folder / "mine.flux")
    assert project.table.columns == kind.table({"seed": 3}).columns
    assert read_generator(project.specification.data.source) == (kind, kind.complete({"seed": 3}))
    first, *_, finished = run.done("train", "mine.flux", "--iterations", "60", "--json").events
    assert (first["event"], finished["event"]) == ("started", "finished")
    (scores,) = finished["metrics"].values()
    assert finished["loss"] < (0.75 if "accuracy" in scores["training"] else 1.05)


def test_settings_of_a_generator(run: Terminal) -> None:
    run.done(
        "new",
        "mine.flux",
        "--generate",
        "Moons:60:noise=0.3",
        "--validation",
        "0.5",
        "--layers",
        "4,1:sigmoid",
    )
    project = files.load(run.folder / "mine.flux")
    assert project.specification.data.source == "moons:rows=60:noise=0.3:balance=1:seed=0"
    assert (len(project.dataset().training), len(project.specification.layers)) == (30, 2)


def test_the_help_tells_every_kind_and_every_setting(
    run: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        run("new", "--help")
    assert left.value.code == 0
    told = capsys.readouterr().out
    words = set(told.replace("=", " ").replace(":", " ").split())
    for kind in LAYER_KINDS.values():
        assert kind.words[0] in words
        for field in kind.fields:
            assert f"{field.name}={field.default}" in told
            assert {choice.value for choice in field.choices} <= words
    for name, optimizer in OPTIMIZERS.items():
        assert {name, *optimizer.settings} <= words
    for name, schedule in SCHEDULES.items():
        assert {name, *schedule.fields} <= words
    for generator in GENERATORS.values():
        assert {generator.name, *(each.name for each in generator.settings)} <= words
    assert max(map(len, told.splitlines())) <= 120
