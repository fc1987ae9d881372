"""From a project to what the panels show: labels, verdicts, notes, problems and cards."""

from __future__ import annotations

import re

import msgspec
import pytest

from flux_studio.data.columns import Column
from flux_studio.data.readers import parse_table
from flux_studio.gui import matrices, presenting
from flux_studio.project.catalogue import layer_kind
from flux_studio.project.defaults import new_project
from flux_studio.project.project import Project
from flux_studio.project.specification import Place
from tests.gui.windows import sample

N = [f"n{number}" for number in range(8)]
H = [f"h{number}" for number in range(8)]
BITS = [f"{number:04b}" for number in range(16)]
INPUTS = ["b3", "b2", "b1", "b0"]


@pytest.fixture(scope="module")
def parity() -> Project:
    return sample("parity-4")


@pytest.fixture(scope="module")
def iris() -> Project:
    return sample("iris")


def with_activation(project: Project, position: int) -> Project:
    layer = layer_kind("activation.v1").new("bend", activation="tanh")
    return project.with_specification(project.specification.insert_layer(Place(position), layer))


def shapes_of(project: Project) -> dict[tuple[str, str], tuple[int, int]]:
    program = project.network("reference").program
    return {key: slot.shape for key, slot in program.matrices.items() if key[0]}


def sample_names(project: Project) -> tuple[str, ...]:
    data = project.dataset()
    return presenting.SampleNames(data).of(data.training)


class TestSampleNames:
    def test_rows_are_called_by_their_place_in_the_table(self, iris: Project) -> None:
        data = iris.dataset()
        labels = presenting.SampleNames(data).of(data.training)
        assert labels == tuple(f"row {row + 1}" for row in data.table_rows[data.training])
        assert len(labels) == 120
        assert presenting.SampleNames(data).of(data.training[:7]) == labels[:7]

    def test_rows_that_are_left_out_do_not_shift_the_names(self) -> None:
        table = parse_table("x,y\n1.5,1\n,2\n2.5,3\n4,4\n", "gaps.csv")
        project = new_project(table, columns=(Column("x"), Column("y", "target")))
        assert sample_names(project) == ("row 1", "row 3", "row 4")

    def test_only_few_columns_of_zeros_and_ones_make_a_name(self) -> None:
        names = [f"x{number}" for number in range(9)]
        text = ",".join([*names, "y"]) + "\n" + "0,1,0,1,0,1,0,1,0,1\n1,0,1,0,1,0,1,0,1,0\n"
        columns = (*(Column(name, scaling="none") for name in names), Column("y", "target"))
        nine = new_project(parse_table(text, "t.csv"), columns=columns)
        assert sample_names(nine) == ("row 1", "row 2")
        eight = new_project(parse_table(text, "t.csv"), columns=(*columns[1:9], Column("y", "target")))
        assert sample_names(eight) == ("10101010", "01010101")


class TestVerdicts:
    @pytest.mark.parametrize(("position", "text"), [(0, "4 → 4"), (1, "8 → 8"), (2, "4 → 4"), (3, "1 → 1")])
    def test_a_new_layer_fits_anywhere(self, parity: Project, position: int, text: str) -> None:
        verdict = presenting.drop_verdict(parity, "dense.v1", Place(position))
        assert (verdict.fits, verdict.text) == (True, f"drop here: {text} fits")
        changed = presenting.insert_new(parity, "dense.v1", Place(position))
        parity.with_specification(changed).check()

    @pytest.mark.parametrize("position", range(4))
    def test_a_layer_without_weights_fits_anywhere(self, parity: Project, position: int) -> None:
        assert presenting.drop_verdict(parity, "activation.v1", Place(position)).fits
        parity.with_specification(presenting.insert_new(parity, "activation.v1", Place(position))).check()

    def test_a_hidden_layer_may_not_become_the_last(self, parity: Project) -> None:
        verdict = presenting.drop_verdict(parity, "layer-1", Place(2))
        assert (verdict.fits, verdict.text) == (False, "would end with 8 outputs; the data need 1")
        verdict = presenting.drop_verdict(parity, "layer-3", Place(0))
        assert (verdict.fits, verdict.text) == (False, "would end with 4 outputs; the data need 1")

    def test_hidden_layers_may_change_places(self, parity: Project) -> None:
        verdict = presenting.drop_verdict(parity, "layer-2", Place(0))
        assert (verdict.fits, verdict.text) == (True, "drop here: 4 → 4 fits")
        assert presenting.drop_verdict(parity, "layer-1", Place(0)).fits

    def test_one_output_is_singular(self, iris: Project) -> None:
        narrow = iris.with_specification(iris.specification.change_layer("layer-1", units=1))
        verdict = presenting.drop_verdict(narrow, "layer-1", Place(1))
        assert verdict.text == "would end with 1 output; the data need 3"

    def test_a_stack_that_is_wrong_already_can_be_put_right(self, parity: Project) -> None:
        """Nothing is refused for ending wrongly when it does so anyway."""
        wrong = parity.with_specification(parity.specification.move_layer("layer-3", Place(0)))
        assert presenting.problem(wrong)
        assert presenting.drop_verdict(wrong, "layer-3", Place(2)).fits
        assert presenting.drop_verdict(wrong, "layer-1", Place(0)).fits

    def test_data_that_cannot_be_used_refuse_nothing(self, parity: Project) -> None:
        broken = without_target(parity)
        verdict = presenting.drop_verdict(broken, "dense.v1", Place(1))
        assert (verdict.fits, verdict.text) == (True, "drop here")
        assert presenting.insert_new(broken, "dense.v1", Place(3)).layers[-1].kind == "dense.v1"

    def test_a_layer_at_the_end_takes_the_targets_width_and_activation(self, iris: Project) -> None:
        last = presenting.insert_new(iris, "dense.v1", Place(2)).layers[-1]
        assert (last.settings["units"], last.settings["activation"]) == (3, "sigmoid")
        empty = iris.with_specification(iris.specification.replace(layers=()))
        assert presenting.insert_new(empty, "dense.v1", Place(0)).layers[0].settings["units"] == 3


class TestVerdictsInsideBlocks:
    """parity with a block of one dense layer behind Dense 1."""

    @pytest.fixture
    def blocked(self, parity: Project) -> Project:
        block = layer_kind("residual.v1").new("layer-9")
        return parity.with_specification(parity.specification.insert_layer(Place(1), block))

    def test_a_new_layer_inside_is_as_wide_as_what_comes_in(self, blocked: Project) -> None:
        wider = blocked.with_specification(blocked.specification.change_layer("layer-9/1", units=5))
        for position, width in enumerate((8, 5)):
            place = Place(position, "layer-9")
            verdict = presenting.drop_verdict(wider, "dense.v1", place)
            assert (verdict.fits, verdict.text) == (True, f"drop here: {width} → {width} fits")
            changed = presenting.insert_new(wider, "dense.v1", place)
            assert changed.inside("layer-9")[position].settings["units"] == width
            wider.with_specification(changed).check()

    def test_an_empty_block_passes_on_what_comes_in(self, blocked: Project) -> None:
        empty = blocked.with_specification(blocked.specification.remove_layer("layer-9/1"))
        assert presenting.problem(empty) == "Residual 1 has no layers inside: drag a Dense layer into it"
        assert presenting.drop_verdict(empty, "dense.v1", Place(0, "layer-9")).text == "drop here: 8 → 8 fits"
        (card,) = (each for each in presenting.network_view(empty, 0).layers if each.inside is not None)
        assert card.inside is not None
        assert (card.inside.layers, card.inside.shape, card.shape) == ((), "16×8", "16×8")

    def test_refusals_say_why(self, blocked: Project) -> None:
        verdict = presenting.drop_verdict(blocked, "layer-3", Place(0, "layer-9"))
        assert (verdict.fits, verdict.text) == (False, "would end with 4 outputs; the data need 1")
        verdict = presenting.drop_verdict(blocked, "layer-9", Place(0, "layer-9"))
        assert (verdict.fits, verdict.text) == (False, "a block cannot stand inside itself")

    def test_blocks_may_stand_in_each_other_only_so_deep(self, parity: Project) -> None:
        specification, place, depth = parity.specification, Place(1), 0
        while presenting.drop_verdict(parity.with_specification(specification), "residual.v1", place).fits:
            specification = presenting.insert_new(
                parity.with_specification(specification), "residual.v1", place
            )
            place, depth = Place(0, specification.inside(place.block)[place.position].identity), depth + 1
        deep = parity.with_specification(specification)
        deep.check()
        assert depth == 7
        assert "at most 8 deep" in presenting.drop_verdict(deep, "residual.v1", place).text
        assert presenting.drop_verdict(deep, "dense.v1", place).fits

    def test_cards_inside_have_their_own_title_and_the_whole_path(self, blocked: Project) -> None:
        wider = blocked.with_specification(blocked.specification.change_layer("layer-9/1", units=5))
        card = presenting.network_view(wider, 0).layers[1]
        assert card.inside is not None
        assert card.inside.joined == "F(x) + x·w"
        (inner,) = card.inside.layers
        assert (inner.title, inner.path, inner.shape) == ("Dense 1", "Residual 1 · Dense 1", "16×5")


def without_target(project: Project) -> Project:
    data = project.specification.data
    columns = tuple(msgspec.structs.replace(column, role="input") for column in data.columns)
    changed = msgspec.structs.replace(data, columns=columns)
    return project.with_specification(project.specification.replace(data=changed))


class TestData:
    def test_rows_that_are_left_out_are_noted(self) -> None:
        rows = "".join(f"{number},{'' if number % 2 else number}\n" for number in range(12))
        project = new_project(
            parse_table("x,y\n" + rows, "gaps.csv"), columns=(Column("x"), Column("y", "target"))
        )
        count, first, second, third, more = presenting.data_view(project).notes
        assert count == "6 rows are left out:"
        assert first == "gaps.csv, line 3: no value in 'y'"
        assert (second[:16], third[:16]) == ("gaps.csv, line 5", "gaps.csv, line 7")
        assert more == "and 3 more"

    def test_a_single_row_is_singular_and_none_are_silent(self, parity: Project) -> None:
        project = new_project(
            parse_table("x,y\n1,2\n2,\n3,4\n", "gap.csv"), columns=(Column("x"), Column("y", "target"))
        )
        assert presenting.data_view(project).notes[0] == "1 row is left out:"
        assert len(presenting.data_view(project).notes) == 2
        assert presenting.data_view(parity).notes == ()

    def test_rows_are_counted(self, iris: Project) -> None:
        view = presenting.data_view(iris)
        assert (view.training_rows, view.validation_rows, view.problem) == (120, 30, "")
        assert view.validation_fraction == iris.specification.data.validation_fraction

    def test_a_refusal_stands_before_the_problem(self, parity: Project) -> None:
        broken = without_target(parity)
        assert presenting.data_view(broken).problem.startswith("no target yet")
        assert presenting.data_view(broken, "no").problem == "no"
        assert presenting.data_view(parity, "no").problem == "no"
        assert presenting.data_view(broken).training_rows == 0


class TestNetwork:
    def test_the_cards_of_a_sound_network(self, parity: Project) -> None:
        view = presenting.network_view(parity, 81)
        assert view.parameters == 81
        assert (view.input.title, view.input.columns, view.input.shape) == (
            "parity-4.csv",
            tuple(INPUTS),
            "16×4",
        )
        assert [layer.title for layer in view.layers] == ["Dense 1", "Dense 2", "Dense 3"]
        assert [layer.shape for layer in view.layers] == ["16×8", "16×4", "16×1"]
        assert [layer.error for layer in view.layers] == ["", "", ""]
        assert (view.loss.targets, view.loss.shape, view.loss.error) == (("parity",), "16×1", "")

    def test_a_wrong_output_is_said_at_the_loss(self, parity: Project) -> None:
        wrong = parity.with_specification(parity.specification.change_layer("layer-3", units=2))
        view = presenting.network_view(wrong, 0)
        assert view.loss.error == (
            "Dense 3 has 2 outputs, but there is 1 to predict (parity): give the last layer 1 unit"
        )
        assert presenting.problem(wrong) == view.loss.error

    @pytest.mark.parametrize(
        ("kinds", "advice"),
        [
            (("activation.v1",), "give Dense 3 1 unit"),
            (("dropout.v1", "layer_norm.v1"), "give Dense 3 1 unit"),
            (("residual.v1",), "let a Dense layer of 1 unit be the last"),
            (("gated_linear.v1", "activation.v1"), "give Gated linear 1 1 unit"),
        ],
    )
    def test_advice_names_the_layer_that_has_units_to_give(
        self, parity: Project, kinds: tuple[str, ...], advice: str
    ) -> None:
        specification = parity.specification.change_layer("layer-3", units=2)
        for number, kind in enumerate(kinds, start=3):
            specification = specification.insert_layer(Place(number), layer_kind(kind).new(f"more-{number}"))
        told = presenting.problem(parity.with_specification(specification))
        assert told.endswith(f"to predict (parity): {advice}"), told

    def test_a_layer_that_cannot_be_built_says_so_on_its_card(self, parity: Project) -> None:
        wrong = parity.with_specification(parity.specification.change_layer("layer-2", units=0))
        errors = [layer.error for layer in presenting.network_view(wrong, 0).layers]
        assert errors[0] == errors[2] == ""
        assert errors[1].startswith("Dense 2: units must be a whole number from 1")

    def test_no_layers_and_no_data_are_bearable(self, parity: Project) -> None:
        empty = parity.with_specification(parity.specification.replace(layers=()))
        assert presenting.network_view(empty, 0).layers == ()
        assert presenting.network_view(empty, 0).loss.error.startswith("the network has no layers")
        view = presenting.network_view(without_target(parity), 0)
        assert [layer.shape for layer in view.layers] == ["", "", ""]
        assert view.loss.error == ""
        assert presenting.dataset(without_target(parity)) is None

    def test_settings_that_are_left_out_are_shown_as_what_they_are(self, parity: Project) -> None:
        first, *others = parity.specification.layers
        bare = parity.specification.replace(layers=(msgspec.structs.replace(first, settings={}), *others))
        project = parity.with_specification(bare)
        assert matrices.wall_rows(project, shapes_of(project))[0].subtitle == "4 → 8 · leaky ReLU"
        assert presenting.network_view(project, 0).layers[0].values["units"] == 8


def test_no_sentence_of_the_window_is_more_than_a_line(parity: Project) -> None:
    wrong = parity.with_specification(parity.specification.change_layer("layer-3", units=2))
    for text in (presenting.problem(wrong), presenting.problem(without_target(parity))):
        assert text
        assert not re.search(r"\n|Traceback", text)


def with_roles(project: Project, *roles: str, kind: str = "") -> Project:
    data = project.specification.data
    columns = tuple(
        msgspec.structs.replace(column, role=role, kind=kind or column.kind)
        for column, role in zip(data.columns, roles, strict=True)
    )
    return project.with_specification(
        project.specification.replace(data=msgspec.structs.replace(data, columns=columns))
    )


def test_a_category_is_told_by_its_number_of_classes(iris: Project) -> None:
    loss = presenting.network_view(iris, 0).loss
    assert (loss.targets, loss.shape) == (("species · 3 classes",), "120×3")


def test_several_targets_are_all_told(iris: Project) -> None:
    loss = presenting.network_view(with_roles(iris, "target", "target", *["input"] * 2, "ignore"), 0).loss
    assert loss.targets == ("sepal_length", "sepal_width")
    assert "give the last layer 2 units" in loss.error


def test_targets_are_told_even_while_the_table_cannot_be_used(iris: Project) -> None:
    broken = with_roles(iris, *["input"] * 3, "target", "target", kind="number")
    assert presenting.dataset(broken) is None
    assert presenting.network_view(broken, 0).loss.targets == ("petal_width", "species")


@pytest.mark.parametrize(
    ("roles", "sentence"),
    [
        (["input"] * 5, "no target yet: select the column to predict in the data panel and press Target"),
        (
            ["ignore"] * 4 + ["target"],
            "no inputs yet: select the columns to learn from in the data panel and press Input, "
            "or Both for a series that is predicted from its own past",
        ),
    ],
)
def test_a_missing_role_is_told_in_the_words_of_the_panel(
    iris: Project, roles: list[str], sentence: str
) -> None:
    project = with_roles(iris, *roles)
    assert presenting.problem(project) == sentence
    assert presenting.data_view(project).problem == sentence


def test_a_table_in_order_has_no_problem(iris: Project) -> None:
    assert presenting.problem(iris) == ""
    assert presenting.data_view(iris).problem == ""
