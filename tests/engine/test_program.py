"""Programs: what the arena holds and where, phases in their order, and separate regions for separate rows."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flux_studio.engine import Activation, Dense, MSELoss, Network, Tensor
from flux_studio.engine.layers import Layer
from flux_studio.engine.matrices import DENSE_MATRICES
from flux_studio.engine.network import record
from flux_studio.engine.operations import OPERATION_CODES
from flux_studio.engine.program import EVALUATION, FORWARD_ONLY, Layout, Slot, lay_out
from flux_studio.engine.recording import PHASES, Recording
from flux_studio.errors import ProgramError, ShapeError


def recording(*widths: int, activation: str = "tanh") -> Recording:
    layers: list[tuple[str, Layer]] = [
        (f"layer-{number}", Dense(widths[number - 1], widths[number], activation))
        for number in range(1, len(widths))
    ]
    return record(layers, MSELoss(), widths[0], widths[-1])


def matrices(layout: Layout) -> set[Slot]:
    """Every different matrix of the arena; blocks that consist of others are not counted, nor the rate in its row."""
    rates = layout.updating.numbers[0][0]
    slots = {rates, *layout.parameters.values(), *layout.gradients.values()}
    for program in layout.programs:
        slots |= {program.inputs, *program.matrices.values(), *(slot for slot, _ in program.constants)}
        for instruction in program.instructions:
            slots |= {instruction.output, *instruction.inputs}
    return slots - {layout.parameter_block, layout.gradient_block, layout.updating.learning_rate}


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    widths=st.lists(st.integers(1, 20), min_size=2, max_size=5),
    rows=st.integers(1, 50),
    validation=st.integers(1, 30),
    activation=st.sampled_from(["identity", "relu", "elu", "gelu"]),
)
def test_matrices_never_overlap(widths: list[int], rows: int, validation: int, activation: str) -> None:
    layout = lay_out(recording(*widths, activation=activation), [(rows, PHASES), (validation, EVALUATION)])
    places = sorted((slot.offset, slot.offset + slot.size) for slot in matrices(layout))
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(places))
    assert places[-1][1] <= layout.size


@pytest.mark.parametrize(
    ("widths", "rows", "most"),
    [
        # The arena against its matrices alone. Where a bias or a constant is one number, its place is eight.
        ((4, 8, 4, 1), 16, 1.05),
        ((4, 8, 1), 100, 1.05),
        ((2, 3, 1), 4, 1.7),
        ((4, 16, 3), 120, 1.2),
        ((64, 32, 10), 1437, 1.2),
        ((784, 128, 64, 10), 64, 1.2),
    ],
)
def test_the_arena_is_hardly_larger_than_what_it_holds(
    widths: tuple[int, ...], rows: int, most: float
) -> None:
    layout = lay_out(recording(*widths), [(rows, PHASES)])
    assert layout.size <= most * sum(slot.size for slot in matrices(layout))


def test_parameters_and_gradients_lie_side_by_side_weights_first() -> None:
    layout = lay_out(recording(4, 8, 4, 1), [(16, PHASES)])
    weights = [("layer-1", "weights_matrix"), ("layer-2", "weights_matrix"), ("layer-3", "weights_matrix")]
    biases = [("layer-1", "bias_matrix"), ("layer-2", "bias_matrix"), ("layer-3", "bias_matrix")]
    assert list(layout.parameters) == weights + biases
    assert list(layout.gradients) == weights + biases
    distance = layout.gradient_block.offset - layout.parameter_block.offset
    end = layout.parameter_block.offset
    for key, slot in layout.parameters.items():
        assert slot.offset == end
        end += slot.size
        assert layout.gradients[key].offset - slot.offset == distance
    assert layout.parameter_block.size == end - layout.parameter_block.offset == 4 * 8 + 8 * 4 + 4 + 8 + 4 + 1


def test_an_iteration_updates_runs_forward_and_comes_back() -> None:
    program = lay_out(recording(4, 8, 1), [(16, PHASES)]).programs[0]
    names = [each.operation.name for each in program.instructions]
    assert [each.phase for each in program.instructions] == sorted(
        (each.phase for each in program.instructions), key=PHASES.index
    )
    assert names.count("gradient_descent") == 1
    assert names[0] == "gradient_descent"
    assert program.span("update", "backward") == (0, len(names))
    assert names[slice(*program.span("forward"))] == ["multiply", "add_row", "tanh"] * 2
    assert names[slice(*program.span("loss"))] == ["subtract", "mean_square"]


def test_every_instruction_writes_a_matrix_of_its_own() -> None:
    program = lay_out(recording(4, 8, 4, 1), [(16, PHASES)]).programs[0]
    outputs = [each.output for each in program.instructions]
    assert len(set(outputs)) == len(outputs)
    named = set(program.matrices.values())
    unnamed = {each.operation.name for each in program.instructions if each.output not in named}
    assert unnamed == {"gradient_descent"}  # it writes all parameters at once


def test_the_table_says_what_the_instructions_say() -> None:
    program = lay_out(recording(4, 8, 1), [(5, PHASES)]).programs[0]  # so few rows that no product is tiled
    assert program.table.dtype == np.uint64
    assert program.table.shape == (len(program.instructions), 9)
    for row, each in zip(program.table, program.instructions, strict=True):
        assert row[0] == OPERATION_CODES[each.operation.name]
        assert row[1] == each.output.offset
        assert row[2] == each.inputs[1 if each.operation.in_place else 0].offset


def test_a_program_to_predict_holds_nothing_of_the_way_back() -> None:
    layout = lay_out(recording(4, 8, 1), [(16, FORWARD_ONLY)])
    program = layout.programs[0]
    backward = {kind.name for kind in DENSE_MATRICES if kind.side == "backward"}
    assert not backward & {name for _, name in program.matrices}
    assert {each.phase for each in program.instructions} == {"forward"}
    assert program.loss is None
    assert program.targets is None
    work = 16 * 4 + 16 * 8 * 3 + 16 * 1 * 3
    assert layout.size <= 8 + layout.parameter_block.size + 8 + work + 8


def test_evaluation_has_a_region_of_its_own() -> None:
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(6, 3)), generator.normal(size=(6, 2))
    layers = [("layer-1", Dense(3, 2, "tanh", generator=generator))]
    network = Network(
        layers, MSELoss(), x, y, validation=(x[:4], y[:4]), dtype=np.float64, executor="reference"
    )
    network.rest()
    region = network.program.inputs.offset, network.validation.inputs.offset  # type: ignore[union-attr]
    before = network.arena[: region[1]].copy()
    loss = network.validate()
    np.testing.assert_array_equal(network.arena[: region[1]], before)
    predicted = network.predict(x[:4])
    assert loss == pytest.approx(float(((predicted - y[:4]) ** 2).sum()) / 4, rel=1e-14)


def test_constants_are_slots_in_the_programs_type() -> None:
    layout = lay_out(recording(3, 2, activation="gelu"), [(5, PHASES), (2, EVALUATION)])
    training, evaluation = layout.programs
    assert sorted(value for _, value in training.constants) == pytest.approx(
        [1 / 5, (2 * np.pi) ** -0.5, 2 / 5, 0.5**0.5]
    )
    assert 0.5 in [value for _, value in evaluation.constants]
    arena = np.zeros(layout.size, np.float32)
    layout.prepare(arena)
    for slot, value in training.constants:
        assert arena[slot.offset] == np.float32(value)


def test_batch_matrices_are_stored_feature_by_feature() -> None:
    arena = np.arange(20.0)
    batch = Slot(2, 3, 4, by_feature=True).view(arena)
    assert batch.shape == (3, 4)
    np.testing.assert_array_equal(batch[:, 0], [2, 3, 4])
    plain = Slot(2, 3, 4).view(arena)
    np.testing.assert_array_equal(plain[0], [2, 3, 4, 5])
    batch[0, 0] = -1
    assert arena[2] == -1


def test_one_output_has_the_names_of_both_layers_it_stands_between() -> None:
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(5, 3)), generator.normal(size=(5, 2))
    layers = [("dense", Dense(3, 2, "tanh")), ("bend", Activation("sigmoid"))]
    network = Network(layers, MSELoss(), x, y, dtype=np.float64, executor="reference")
    network.rest()
    assert {name for layer, name in network.program.matrices if layer == "dense"} == {
        kind.name for kind in DENSE_MATRICES
    }
    arriving = network.matrix(("dense", "dC_dy_matrix"))
    np.testing.assert_array_equal(arriving, network.matrix(("bend", "dC_da_matrix")))
    np.testing.assert_array_equal(
        arriving, network.matrix(("bend", "dC_dy_matrix")) * network.matrix(("bend", "dh_da_matrix"))
    )
    np.testing.assert_array_equal(
        network.matrix(("bend", "input_matrix")), network.matrix(("dense", "activated_output_matrix"))
    )


def test_what_cannot_be_laid_out_is_refused() -> None:
    class Turned(Layer):
        def forward(self, x: object) -> object:
            return x.transpose()  # type: ignore[attr-defined]

    class Idle(Dense):
        def forward(self, x: object) -> object:
            return x

    with pytest.raises(
        ProgramError, match="transpose: a program cannot hold a batch whose rows stand in columns"
    ):
        record([("turned", Turned())], MSELoss(), 3, 3)
    with pytest.raises(ProgramError, match="idle: weights_matrix takes no part in the loss"):
        record([("idle", Idle(3, 3)), ("used", Dense(3, 2))], MSELoss(), 3, 2)
    with pytest.raises(ShapeError, match="multiply: N×3 · 4×2"):
        record([("layer", Dense(4, 2))], MSELoss(), 3, 2)
    with pytest.raises(ProgramError, match="without a loss has no gradients"):
        Recording().differentiate()
    with pytest.raises(ProgramError, match="inputs"):
        lay_out(Recording(), [(1, FORWARD_ONLY)])


def test_a_tensor_that_no_layer_owns_cannot_be_recorded() -> None:
    class Stray(Layer):
        def forward(self, x: object) -> object:
            return x.mm(Tensor(np.ones((3, 3))))  # type: ignore[attr-defined]

    with pytest.raises(ProgramError):
        record([("stray", Stray())], MSELoss(), 3, 3)
