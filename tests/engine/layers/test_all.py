"""What holds of every kind of layer: exact gradients, equal executors, a name for every matrix, no trace of a pass."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flux_studio.engine import Tensor, check_gradients
from flux_studio.engine.executors import ExecutorName
from flux_studio.engine.layers import everything_learned
from flux_studio.engine.matrices import MATRIX_KINDS
from tests.engine.differences import assert_close, numeric_gradient
from tests.engine.layers.stacks import KINDS, network
from tests.engine.networks import EXECUTORS


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("first", [False, True], ids=["in the middle", "first"])
@pytest.mark.parametrize("kind", KINDS)
def test_gradients_agree_with_finite_differences(kind: str, first: bool, executor: ExecutorName) -> None:
    net = network(KINDS[kind], first=first, executor=executor)
    checks = check_gradients(net)
    assert {check.key for check in checks} == set(net.layout.parameters)
    assert all(check.passes for check in checks), checks


@pytest.mark.parametrize("kind", KINDS)
def test_eager_gradients_agree_with_finite_differences(kind: str) -> None:
    generator = np.random.default_rng(1)
    layer = KINDS[kind](4, generator)
    rows = generator.normal(size=(5, 4))
    weights = Tensor(generator.normal(size=(5, layer.outputs(4))))
    inputs = Tensor(rows, autograd=True)
    layer.training = False  # type: ignore[attr-defined]  # a mask that changes has no derivative

    def cost(x: Tensor) -> Tensor:
        result: Tensor = (layer.forward(x) * weights).sum_all()
        return result

    cost(inputs).backward()
    for tensor in (inputs, *layer.get_parameters()):
        assert tensor.grad is not None
        numeric = numeric_gradient(lambda: float(cost(Tensor(rows)).data[0, 0]), tensor.data)
        if kind == "lstm of a single step" and not tensor.grad.data.any():
            assert np.abs(numeric).max() < 1e-10  # recurrent weights that meet a state of zeros only
            continue
        assert_close(tensor.grad.data, numeric, kind)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    kind=st.sampled_from(sorted(KINDS)),
    rows=st.integers(1, 9),
    n_inputs=st.integers(1, 6),
    width=st.integers(1, 7),
    n_outputs=st.integers(2, 5),
    first=st.booleans(),
    seed=st.integers(0, 2**32),
)
def test_executors_agree_on_every_matrix(
    kind: str, rows: int, n_inputs: int, width: int, n_outputs: int, first: bool, seed: int
) -> None:
    one, other = (
        network(
            KINDS[kind],
            rows=rows,
            n_inputs=n_inputs,
            width=width,
            n_outputs=n_outputs,
            first=first,
            seed=seed,
            executor=executor,
        )
        for executor in EXECUTORS
    )
    assert one.rest(7) == pytest.approx(other.rest(7), rel=1e-9)
    for key in one.program.matrices:
        wanted = one.matrix(key)
        # Normalising a row of one column divides rounding by nearly nothing.
        size = max(1.0, float(np.abs(wanted).max()))
        np.testing.assert_allclose(other.matrix(key), wanted, rtol=1e-8, atol=1e-9 * size)


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("kind", KINDS)
def test_training_makes_the_loss_smaller_and_predicting_agrees(kind: str, executor: ExecutorName) -> None:
    net = network(KINDS[kind], rows=20, validation=6, executor=executor)
    net.learning_rate = 0.3
    net.rest()
    before = net.validate()
    losses = np.empty(200)
    net.iterate(losses)
    assert losses[-20:].mean() < 0.8 * losses[0]
    assert net.validate() != before
    held_out = net.validation
    assert held_out is not None
    np.testing.assert_allclose(
        net.predict(held_out.inputs.view(net.arena)), held_out.outputs.view(net.arena), rtol=1e-12
    )


@pytest.mark.parametrize("kind", KINDS)
def test_every_matrix_has_a_name_and_every_name_an_explanation(kind: str) -> None:
    program = network(KINDS[kind]).program
    named = set(program.matrices.values())
    start = program.phases["forward"][0]
    unnamed = [each.operation.name for each in program.instructions[start:] if each.output not in named]
    assert unnamed == []
    known = {*MATRIX_KINDS, "learning_rate"}
    assert {name for _, name in program.matrices} <= known


@pytest.mark.parametrize("kind", KINDS)
def test_each_parameter_has_an_identity_of_its_own(kind: str) -> None:
    layer = KINDS[kind](4, np.random.default_rng(0))
    keys = [key for key, _ in everything_learned("layer-2", layer)]
    assert len(set(keys)) == len(keys) == len(layer.get_parameters())
    assert all(identity.split("/")[0] == "layer-2" for identity, _ in keys)
    assert set(keys) <= set(network(KINDS[kind], width=4).layout.parameters)


@pytest.mark.parametrize("kind", KINDS)
def test_float32_is_enough_to_train(kind: str) -> None:
    exact, rounded = (
        network(KINDS[kind], rows=8, executor="compiled", dtype=d) for d in (np.float64, np.float32)
    )
    assert rounded.rest() == pytest.approx(exact.rest(), rel=1e-4)
