"""Any cell of any named matrix is explained: recomputed from what the explanation shows, it is the stored number."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from flux_studio.engine import LSTM, BCELoss, CrossEntropyLoss, Dense, MSELoss, Network
from flux_studio.engine.executors import ExecutorName
from flux_studio.engine.explain import Explanation, Made, explain
from flux_studio.engine.losses import LOSSES
from flux_studio.engine.operations import ACTIVATIONS
from flux_studio.engine.slots import MatrixKey
from flux_studio.engine.updating import UpdateRule
from flux_studio.engine.workings import Line, Sum
from flux_studio.errors import ProgramError
from tests.engine.layers import stacks
from tests.engine.networks import dense
from tests.engine.test_updating import RULES
from tests.engine.test_updating import network as updated

KINDS = list(stacks.KINDS)
TYPES: list[tuple[ExecutorName, type]] = [("reference", np.float64), ("compiled", np.float32)]
TYPE_NAMES = ["reference-float64", "compiled-float32"]
of_both_types = pytest.mark.parametrize(("executor", "dtype"), TYPES, ids=TYPE_NAMES)


def magnitude(made: Made) -> float:
    """How large the numbers are that were summed up."""
    found = [abs(made.working.value), abs(made.stored)]
    for line in made.working.lines:
        if isinstance(line, Sum):
            found.append(float(np.abs(line.terms).sum()))
        else:
            found += [abs(source.value) for source in line.sources]
    return max(found)


def check(network: Network, found: Explanation) -> None:
    """The arithmetic ends in the stored number, and every number it shows is that of the cell it names."""
    for made in found.made:
        assert made.is_same, f"{found.key} {found.cell}: {made.working.value} is not {made.stored}"
        # The verdict must not be so generous that it says nothing.
        limit = 1e-12 if network.dtype == np.float64 else 1e-4
        assert abs(made.difference) <= limit * magnitude(made)
        if found.is_ahead:
            continue
        for line in made.working.lines:
            sources = (
                [factor.source(term) for factor in line.factors for term in range(len(line.terms))]
                if isinstance(line, Sum)
                else line.sources
            )
            for source in sources:
                place = made.place(source)
                if place.key is not None:
                    assert network.matrix(place.key)[place.cell] == source.value


def check_all(network: Network, iteration: int, cells: int = 3) -> None:
    generator = np.random.default_rng(iteration)
    for key, shape in network.shapes().items():
        for _ in range(cells):
            cell = int(generator.integers(shape[0])), int(generator.integers(shape[1]))
            found = explain(network, key, cell, iteration)
            assert found.value == network.matrix(key)[cell]
            assert found.made or found.origin
            check(network, found)


def train(network: Network, iterations: int) -> None:
    network.rest()
    network.iterate(np.empty(iterations, network.dtype))


@pytest.mark.parametrize("kind", KINDS)
@of_both_types
def test_every_kind_of_layer(kind: str, executor: ExecutorName, dtype: type) -> None:
    network = stacks.network(stacks.KINDS[kind], executor=executor, dtype=dtype)
    train(network, 4)
    check_all(network, 4)


@pytest.mark.parametrize("name", RULES)
@of_both_types
def test_every_way_to_change_the_weights(name: str, executor: ExecutorName, dtype: type) -> None:
    network = updated(RULES[name], dtype, executor)
    train(network, 6)
    check_all(network, 6)


@pytest.mark.parametrize("name", RULES)
def test_what_is_told_of_the_next_update_comes_true(name: str) -> None:
    network = updated(RULES[name])
    train(network, 6)
    told: list[tuple[MatrixKey, tuple[int, int], Explanation]] = []
    for key, (rows, columns) in network.shapes().items():
        found = explain(network, key, (rows - 1, columns // 2), 6)
        if found.is_ahead:
            told.append((key, (rows - 1, columns // 2), found))
    before = network.arena.copy()
    assert {("layer-1", "weights_matrix"), ("layer-2", "bias_matrix")} <= {key for key, _, _ in told}
    network.iterate(np.empty(1), 6)
    assert (network.arena != before).any()
    for key, cell, found in told:
        made = found.made[-1]
        assert network.matrix(key)[cell] == made.stored
        assert made.working.value == pytest.approx(made.stored, rel=1e-12)


@pytest.mark.parametrize("name", RULES)
def test_of_many_parameters_only_the_one_is_looked_at(name: str) -> None:
    generator = np.random.default_rng(1)
    inputs, targets = generator.normal(size=(6, 9)), generator.normal(size=(6, 80))
    layers = [("layer-1", Dense(9, 80, "tanh", generator=generator))]
    network = Network(
        layers, MSELoss(), inputs, targets, dtype=np.float64, executor="reference", rule=RULES[name]
    )
    train(network, 3)
    told = {}
    for key, shape in network.shapes().items():
        for cell in ((0, 0), (shape[0] - 1, shape[1] - 1)):
            found = explain(network, key, cell, 3)
            if found.is_ahead:
                told[key, cell] = found.made[-1]
                check(network, found)
    network.iterate(np.empty(1), 3)
    for (key, cell), made in told.items():
        assert network.matrix(key)[cell] == made.stored


@pytest.mark.parametrize("activation", ACTIVATIONS)
@of_both_types
def test_every_activation(activation: str, executor: ExecutorName, dtype: type) -> None:
    network = dense(3, 4, 2, activation=activation, executor=executor, dtype=dtype)
    train(network, 3)
    check_all(network, 3, cells=6)


@pytest.mark.parametrize("loss", LOSSES)
@of_both_types
def test_every_loss_in_mini_batches(loss: str, executor: ExecutorName, dtype: type) -> None:
    """Seven rows in batches of three: the last one is smaller."""
    generator = np.random.default_rng(0)
    made = {"mse": MSELoss, "bce": BCELoss, "cross_entropy": CrossEntropyLoss}[loss]()
    layers = [("layer-1", Dense(3, 2, made.activation or "identity", generator=generator))]
    targets = np.eye(2)[generator.integers(0, 2, 7)]
    network = Network(
        layers, made, generator.normal(size=(7, 3)), targets, dtype=dtype, executor=executor, batch=3
    )
    for iteration in range(1, 4):
        network.rest(iteration)
        generator_rows = network.program.rows
        for key, slot in network.program.matrices.items():
            cell = slot.rows - 1, slot.columns - 1
            check(network, explain(network, key, cell, iteration))
        assert generator_rows in (1, 3)


def test_a_network_is_left_as_it_was() -> None:
    network = updated(RULES["everything"])
    train(network, 3)
    before = network.arena.copy()
    check_all(network, 3, cells=1)
    np.testing.assert_array_equal(network.arena, before)


def test_the_weighted_sum_and_what_it_was_used_for() -> None:
    network = dense(3, 4, 2)
    network.rest()
    found = explain(network, ("layer-2", "weight_and_input_matrix"), (5, 1))
    (made,) = found.made
    (total,) = made.working.lines
    assert isinstance(total, Sum)
    assert found.symbol == "(x·w)[5,1]"
    assert [made.symbol(factor) for factor in total.factors] == ["x[5,k]", "w[k,1]"]
    h, w = (
        network.matrix(("layer-1", "activated_output_matrix")),
        network.parameter(("layer-2", "weights_matrix")),
    )
    np.testing.assert_allclose(total.terms, h[5] * w[:, 1])
    source = made.place(total.factors[0].source(2))
    assert (source.key, source.cell) == (("layer-2", "input_matrix"), (5, 2))
    assert (made.operation, made.number, found.instructions) == (
        "multiply",
        5,
        len(network.program.instructions),
    )
    (use,) = found.uses
    assert (use.operation, use.place.key, use.place.cell, use.count) == (
        "add_row",
        ("layer-2", "weight_input_bias_matrix"),
        (5, 1),
        1,
    )


def test_a_gradient_is_the_sum_over_the_batch() -> None:
    network = dense(3, 4, 2)
    network.rest()
    found = explain(network, ("layer-1", "dC_dw_matrix"), (2, 3))
    (made,) = found.made
    (total,) = made.working.lines
    assert isinstance(total, Sum)
    assert [made.symbol(factor) for factor in total.factors] == ["x[n,2]", "∂C/∂a[n,3]"]
    assert (total.over, len(total.terms)) == ("n", network.program.rows)
    (use,) = found.uses
    assert (use.phase, use.place.text) == ("update", "w[2,3]")


def test_a_weight_goes_into_a_column_and_into_what_is_handed_back() -> None:
    network = dense(3, 4, 2)
    network.rest()
    found = explain(network, ("layer-2", "weights_matrix"), (3, 1))
    told = [(use.operation, use.place.text, use.count) for use in found.uses]
    assert told == [
        ("multiply", "(x·w)[0,1]", 7),
        ("multiply_transposed", "∂C/∂h[0,3]", 7),
        ("gradient_descent", "w[3,1]", 1),
    ]


def test_adam_tells_both_moments() -> None:
    network = updated(UpdateRule("adam", 0.01))
    train(network, 6)
    found = explain(network, ("layer-1", "weights_matrix"), (1, 2), 6)
    (made,) = found.made
    assert found.is_ahead
    assert found.origin == "made by the update of iteration 6"
    lines = [line for line in made.working.lines if isinstance(line, Line)]
    assert [line.name for line in lines] == ["m′", "v′", "m̂", "v̂", ""]
    assert [made.text(line.pieces) for line in lines] == [
        "β₁·m(w)[1,2] + (1 − β₁)·∂C/∂w[1,2]",
        "β₂·v(w)[1,2] + (1 − β₂)·∂C/∂w[1,2]²",
        "m′ / (1 − β₁ᵗ⁻¹·β₁)",
        "v′ / (1 − β₂ᵗ⁻¹·β₂)",
        "w[1,2] − η·m̂ / (√v̂ + ε)",
    ]
    g = network.matrix(("layer-1", "dC_dw_matrix"))[1, 2]
    m = network.matrix(("layer-1", "first_moment_of_weights_matrix"))[1, 2]
    assert lines[0].value == pytest.approx(0.9 * m + 0.1 * g)


def test_dropout_tells_what_was_drawn() -> None:
    network = stacks.network(stacks.KINDS["dropout"])
    train(network, 2)
    mask = network.matrix(("layer-2", "mask_matrix"))
    for cell in np.ndindex(mask.shape):
        (made,) = explain(network, ("layer-2", "mask_matrix"), cell, 2).made
        drawn = made.working.lines[0]
        assert isinstance(drawn, Line)
        assert (drawn.value >= 0.4) == (mask[cell] > 0)
        assert made.is_same


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (("layer-1", "input_matrix"), "given by the data: an input of this row"),
        (("", "target_matrix"), "given by the data: what the outputs of this row should be"),
        (("layer-1", "weights_matrix"), "as it was drawn, or set, before training began"),
        (("", "learning_rate"), "set by hand: the rate of the way to train"),
    ],
)
def test_what_no_instruction_has_written(key: MatrixKey, words: str) -> None:
    network = dense(3, 4, 2)
    network.rest()
    assert explain(network, key, (0, 0)).origin == words


def test_the_hidden_state_before_the_first_step_stays_zero() -> None:
    network = stacks.network(stacks.KINDS["lstm"])
    network.rest()
    found = explain(network, ("layer-2/step-1", "previous_hidden_matrix"), (1, 1))
    assert (found.value, found.made, found.origin) == (0.0, (), "nothing writes it: it stays at zero")


def test_a_gate_at_a_step_is_made_of_that_step() -> None:
    network = stacks.network(stacks.KINDS["lstm"])
    network.rest()
    names = {name for layer, name in network.shapes() if layer == "layer-2/step-2"}
    assert "cell_state_matrix" in names
    found = explain(network, ("layer-2/step-2", "cell_state_matrix"), (1, 1))
    (made,) = found.made
    (line,) = made.working.lines
    assert isinstance(line, Line)
    keys = {made.place(source).key for source in line.sources}
    assert {layer for layer, _ in keys} == {"layer-2/step-2"}  # type: ignore[misc]


def test_a_number_that_is_not_what_its_formula_says_is_noticed() -> None:
    network = dense(3, 4, 2)
    network.rest()
    a = network.matrix(("layer-1", "weight_input_bias_matrix"))
    a[2, 1] += 1e-9
    (made,) = explain(network, ("layer-1", "weight_input_bias_matrix"), (2, 1)).made
    assert not made.is_same
    assert made.difference == pytest.approx(1e-9, rel=1e-3)


def test_what_does_not_exist_is_refused() -> None:
    network = dense(3, 4, 2)
    network.rest()
    with pytest.raises(ProgramError, match="no matrix 'nothing'"):
        explain(network, ("layer-1", "nothing"), (0, 0))
    with pytest.raises(ProgramError, match="4×2 cells"):
        explain(network, ("layer-2", "weights_matrix"), (4, 0))


def test_infinite_numbers_are_explained_too() -> None:
    network = dense(3, 4, 2)
    network.parameter(("layer-1", "weights_matrix"))[...] = np.inf
    network.rest()
    check_nothing_raises(network)


def check_nothing_raises(network: Network) -> None:
    for key, shape in network.shapes().items():
        for made in explain(network, key, (shape[0] - 1, shape[1] - 1)).made:
            assert made.is_same


def test_a_long_sequence_names_its_steps() -> None:
    generator = np.random.default_rng(0)
    layers = [("lstm", LSTM(1, 4, generator=generator)), ("out", Dense(4, 1, generator=generator))]
    inputs, targets = generator.normal(size=(6, 20)), generator.normal(size=(6, 1))
    network = Network(layers, MSELoss(), inputs, targets, dtype=np.float64, executor="reference")
    network.rest()
    found: Any = explain(network, ("lstm", "dC_du_matrix"), (1, 2)).made[0]
    (total,) = found.working.lines
    places = {found.place(total.factors[0].source(term)).key for term in range(len(total.terms))}
    assert len(total.terms) == 20 * 6
    assert len(places) == 20


@pytest.mark.parametrize("name", ["sgd", "adam", "everything"])
@of_both_types
def test_between_two_rests_what_is_told_is_true_or_nothing_is(
    name: str, executor: ExecutorName, dtype: type
) -> None:
    network = updated(RULES[name], dtype, executor)
    train(network, 4)
    keys, program = list(network.shapes().items()), network.program
    told_ahead = 0
    for done in range(1, len(program.instructions)):
        network.executor.run(program, done - 1, done, 5)
        ahead: list[tuple[MatrixKey, tuple[int, int], float]] = []
        for key, (rows, columns) in keys:
            found = explain(network, key, (rows - 1, columns - 1), 4, done)
            assert found.made or found.origin
            check(network, found)
            if found.is_ahead and found.made[0].number == done + 1 and len(found.made) == 1:
                ahead.append((key, found.cell, found.made[0].stored))
        before = network.arena.copy()
        network.executor.run(program, done, done + 1, 5)
        for key, cell, value in ahead:
            assert network.matrix(key)[cell] == pytest.approx(
                value, rel=1e-5 if dtype == np.float32 else 1e-13
            )
        network.arena[...] = before
        told_ahead += len(ahead)
    assert told_ahead >= len(program.instructions) - 8


def test_a_weight_that_was_just_updated_says_so() -> None:
    network = updated(RULES["adam"])
    train(network, 4)
    network.executor.run(network.program, 0, 1, 5)
    found = explain(network, ("layer-1", "weights_matrix"), (0, 0), 4, 1)
    assert found.origin == "made just now by the update of iteration 5: step back to see how"
    assert found.made == ()
    later = explain(network, ("layer-2", "weight_and_input_matrix"), (0, 0), 4, 1)
    assert later.origin == "left from iteration 4: operation 5 is still to come"
    following = explain(network, ("layer-1", "weight_and_input_matrix"), (0, 0), 4, 1)
    assert following.is_ahead
    assert following.made[0].working.value == pytest.approx(following.made[0].stored)
    assert following.made[0].stored != following.value


def test_another_batch_is_not_what_an_old_sum_was_made_from() -> None:
    generator = np.random.default_rng(0)
    layers = [("layer-1", Dense(3, 2, "tanh", generator=generator))]
    inputs, targets = generator.normal(size=(8, 3)), generator.normal(size=(8, 2))
    network = Network(layers, MSELoss(), inputs, targets, dtype=np.float64, executor="reference", batch=4)
    network.rest()
    first = network.program.phases["forward"][0]
    network.executor.run(network.program, 0, first, 1)
    network.load(1)
    network.executor.run(network.program, first, first + 1, 1)
    for key in network.shapes():
        for made in explain(network, key, (0, 0), 0, first + 1).made:
            assert made.is_same
