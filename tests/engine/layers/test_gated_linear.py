"""The gated linear layer: its formula, and the eleven matrices of its gate."""

from __future__ import annotations

import math

import numpy as np

from flux_studio.engine import GatedLinear, Tensor
from flux_studio.engine.matrices import DENSE_MATRICES
from tests.engine.layers.stacks import KINDS, network


def test_a_value_and_a_gate_by_hand() -> None:
    layer = GatedLinear(2, 1, generator=np.random.default_rng(0))
    value_weight, value_bias, gate_weight, gate_bias = layer.get_parameters()
    value_weight.data[...] = [[2.0], [-1.0]]
    value_bias.data[...] = [[0.5]]
    gate_weight.data[...] = [[math.log(3)], [0.0]]
    gate_bias.data[...] = [[0.0]]
    out = layer.forward(Tensor([[1.0, 2.0], [0.0, 4.0], [-1.0, 0.0]]))
    # Values 0.5, −3.5 and −1.5; gates σ(ln 3) = 3/4, σ(0) = 1/2 and σ(−ln 3) = 1/4.
    np.testing.assert_allclose(out.data, [[0.5 * 3 / 4], [-3.5 / 2], [-1.5 / 4]], rtol=1e-14)


def test_the_gate_is_a_dense_layer_with_all_its_matrices() -> None:
    matrices = network(KINDS["gated linear"]).program.matrices
    gate = {name for identity, name in matrices if identity == "layer-2/gate"}
    assert gate == {kind.name for kind in DENSE_MATRICES}
    value = {name for identity, name in matrices if identity == "layer-2/value"}
    assert value == gate - {"activated_output_matrix", "dC_dy_matrix", "dh_da_matrix"}


def test_both_ways_back_are_named_and_added_up() -> None:
    net = network(KINDS["gated linear"])
    net.rest()
    by_value, by_gate, both = (
        net.matrix(("layer-2", name)) for name in ("dC_dx_value_matrix", "dC_dx_gate_matrix", "dC_dx_matrix")
    )
    np.testing.assert_allclose(both, by_value + by_gate, rtol=1e-15)
    np.testing.assert_array_equal(both, net.matrix(("layer-1", "dC_dy_matrix")))
    weights = net.matrix(("layer-2/gate", "weights_matrix"))
    np.testing.assert_allclose(
        by_gate, net.matrix(("layer-2/gate", "dC_da_matrix")) @ weights.T, rtol=1e-12, atol=1e-16
    )
