"""Residual blocks: the sum of both ways, forward and back, a projection where widths differ, blocks in blocks."""

from __future__ import annotations

import numpy as np
import pytest

from flux_studio.engine import Activation, Dense, Residual, Tensor
from flux_studio.engine.executors import ExecutorName
from flux_studio.errors import SpecificationError
from tests.engine.layers.stacks import KINDS, network
from tests.engine.networks import EXECUTORS

X = np.random.default_rng(0).normal(size=(5, 3))


def test_the_input_is_added_to_what_the_block_makes() -> None:
    dense = Dense(3, 3, "tanh", generator=np.random.default_rng(1))
    block = Residual(3, [dense])
    np.testing.assert_array_equal(block.forward(Tensor(X)).data, dense.forward(Tensor(X)).data + X)
    assert block.projection is None
    assert [name for name, _ in block.parts()] == ["1"]


def test_another_width_is_reached_by_a_projection_without_a_bias() -> None:
    dense = Dense(3, 2, "relu", generator=np.random.default_rng(1))
    block = Residual(3, [dense, Activation("tanh")], generator=np.random.default_rng(2))
    projection = block.projection
    assert projection is not None
    assert projection.bias is None
    wanted = np.tanh(dense.forward(Tensor(X)).data) + X @ projection.weight.data
    np.testing.assert_allclose(block.forward(Tensor(X)).data, wanted, rtol=1e-14)
    assert [name for name, _ in block.parts()] == ["1", "2", "skip"]
    assert block.outputs(3) == 2


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("kind", ["residual", "residual with a projection"])
def test_both_ways_back_are_named_and_added_up(kind: str, executor: ExecutorName) -> None:
    net = network(KINDS[kind], executor=executor)
    net.rest()

    def matrix(name: str, layer: str = "layer-2") -> np.ndarray:
        return net.matrix((layer, f"{name}_matrix"))

    np.testing.assert_array_equal(matrix("activated_output"), matrix("block") + matrix("skip"))
    np.testing.assert_allclose(matrix("dC_dx"), matrix("dC_dx_block") + matrix("dC_dx_skip"), rtol=1e-15)
    np.testing.assert_array_equal(matrix("dC_dx"), matrix("dC_dy", "layer-1"))
    first = matrix("dC_da", "layer-2/1") @ matrix("weights", "layer-2/1").T
    np.testing.assert_allclose(matrix("dC_dx_block"), first, rtol=1e-12, atol=1e-16)
    past = matrix("dC_dy")
    if kind != "residual":
        past = past @ matrix("weights", "layer-2/skip").T
    np.testing.assert_allclose(matrix("dC_dx_skip"), past, rtol=1e-12, atol=1e-16)


def test_the_sum_of_both_gradients_is_one_instruction() -> None:
    net = network(KINDS["residual"])
    slot = net.program.matrices["layer-2", "dC_dx_matrix"]
    (writer,) = [each for each in net.program.instructions if each.output == slot]
    assert (writer.operation.name, writer.layer, writer.phase) == ("add", "layer-2", "backward")
    named = {net.program.matrices["layer-2", f"dC_dx_{way}_matrix"] for way in ("block", "skip")}
    assert set(writer.inputs) == named


def test_the_way_past_the_block_costs_nothing_where_widths_agree() -> None:
    matrices = network(KINDS["residual"]).program.matrices
    assert matrices["layer-2", "skip_matrix"] == matrices["layer-2", "input_matrix"]
    assert matrices["layer-2", "dC_dx_skip_matrix"] == matrices["layer-2", "dC_dy_matrix"]


def test_layers_inside_may_have_names() -> None:
    block = Residual(3, [Dense(3, 3), Activation("relu")], names=["4", "2"])
    assert [name for name, _ in block.parts()] == ["4", "2"]


def test_what_cannot_be_made_is_refused() -> None:
    with pytest.raises(SpecificationError, match="no layers inside"):
        Residual(3, [])
    with pytest.raises(SpecificationError, match="2 layers cannot have 1 names"):
        Residual(3, [Dense(3, 3), Dense(3, 3)], names=["1"])
