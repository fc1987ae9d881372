"""Layers: what they learn, what they compute, and that a pass leaves nothing behind in them."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from flux_studio import engine
from flux_studio.engine import Activation, Dense, Linear, Sequential, Tensor
from flux_studio.engine.losses import make_loss
from flux_studio.engine.operations import ACTIVATIONS
from flux_studio.errors import SpecificationError

X = np.random.default_rng(0).normal(size=(5, 3))


def test_linear_is_a_product_and_a_bias() -> None:
    layer = Linear(3, 2, generator=np.random.default_rng(1))
    assert layer.bias is not None
    layer.bias.data[...] = [[0.5, -1.0]]
    np.testing.assert_allclose(layer.forward(Tensor(X)).data, X @ layer.weight.data + [[0.5, -1.0]])
    assert layer.get_parameters() == [layer.weight, layer.bias]
    assert [each.is_bias for each in layer.learned()] == [False, True]


def test_linear_without_a_bias() -> None:
    layer = Linear(3, 2, bias=False)
    np.testing.assert_allclose(layer.forward(Tensor(X)).data, X @ layer.weight.data)
    assert layer.get_parameters() == [layer.weight]


def test_biases_begin_at_zero_and_weights_come_from_the_generator() -> None:
    first, second = (Linear(3, 2, generator=np.random.default_rng(4)) for _ in range(2))
    np.testing.assert_array_equal(first.weight.data, second.weight.data)
    assert first.bias is not None
    assert not first.bias.data.any()
    assert (Linear(3, 2).weight.data != Linear(3, 2).weight.data).any()


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_dense_is_linear_and_an_activation(activation: str) -> None:
    dense = Dense(3, 2, activation, generator=np.random.default_rng(2))
    stack = Sequential([Linear(3, 2, generator=np.random.default_rng(2)), Activation(activation)])
    np.testing.assert_array_equal(dense.forward(Tensor(X)).data, stack.forward(Tensor(X)).data)
    assert len(dense.get_parameters()) == len(stack.get_parameters()) == 2


def test_each_activation_has_a_layer_of_its_name() -> None:
    classes = {
        name: each
        for name, each in inspect.getmembers(engine, inspect.isclass)
        if issubclass(each, Activation) and each is not Activation
    }
    assert {made().activation for made in classes.values()} == set(ACTIVATIONS)
    for name, made in classes.items():
        assert made().activation.replace("_", "") == name.lower()


def test_a_pass_leaves_nothing_in_the_layer() -> None:
    model = Sequential([Dense(3, 4, "tanh"), Dense(4, 2, "sigmoid")])
    before = {id(layer): dict(vars(layer)) for layer in model.layers}
    model.forward(Tensor(X, autograd=True))
    assert {id(layer): dict(vars(layer)) for layer in model.layers} == before


def test_layers_can_be_added() -> None:
    model = Sequential()
    model.add(Linear(3, 2))
    model.add(Activation("relu"))
    assert model.forward(Tensor(X)).shape == (5, 2)


def test_what_cannot_be_made_is_refused() -> None:
    with pytest.raises(SpecificationError, match="'rely' is not known; choose one of identity, relu"):
        Dense(3, 2, "rely")
    with pytest.raises(SpecificationError, match="'rely' is not known"):
        Activation("rely")
    with pytest.raises(SpecificationError, match="not 0 and 2"):
        Linear(0, 2)
    with pytest.raises(SpecificationError, match="'hinge' is not known; choose one of mse"):
        make_loss("hinge")


def test_a_loss_by_its_name() -> None:
    loss = make_loss("mse")
    assert loss.symbol == "MSE"
    value = loss.forward(Tensor([[1.0, 2.0], [3.0, 4.0]]), Tensor([[0.0, 0.0], [0.0, 0.0]]))
    assert value.data[0, 0] == (1 + 4 + 9 + 16) / 2  # summed over outputs, averaged over rows
