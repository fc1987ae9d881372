"""Layer normalisation: every row is shifted and scaled to mean 0 and variance 1, then to what is learned."""

from __future__ import annotations

from typing import Any

import numpy as np

from flux_studio.engine import operations as ops
from flux_studio.engine.layers.base import Layer, Learned
from flux_studio.engine.tensor import Tensor
from flux_studio.errors import SpecificationError


class LayerNorm(Layer):
    """h = γ ⊙ (x − μ)/√(σ² + ε) + β, with μ and σ² the mean and the variance of each row; ε = 10⁻⁵.

    The variance is the mean of the squares, not a sample's estimate. γ (1×F) begins at ones and β (1×F) at zeros.
    """

    epsilon = 1e-5

    def __init__(self, n_inputs: int) -> None:
        if n_inputs < 1:
            raise SpecificationError(f"a normalising layer needs at least one input, not {n_inputs}")
        self.gain = Tensor(np.ones((1, n_inputs)), autograd=True)
        self.shift = Tensor(np.zeros((1, n_inputs)), autograd=True)

    def forward(self, x: Any) -> Any:
        share = x.constant("1/F", fixed=1.0 / x.shape[1])
        x = x.named("input_matrix", gradient="dC_dx_matrix")
        mean = x.branch("dC_dx_mean_matrix").apply(ops.ROW_SUM, share)
        mean = mean.named("mean_matrix", gradient="dC_dmean_matrix")
        centred = x.branch("dC_dx_direct_matrix").apply(ops.SUBTRACT_COLUMN, mean)
        centred = centred.named("centred_matrix", gradient="dC_dcentred_matrix")
        variance = centred.branch("dC_dcentred_variance_matrix").apply(ops.ROW_MEAN_SQUARE, share)
        variance = variance.named("variance_matrix", gradient="dC_dvariance_matrix")
        direct = centred.branch("dC_dcentred_direct_matrix")
        normalised = direct.apply(ops.NORMALISE, variance, x.constant("ε", fixed=self.epsilon))
        normalised = normalised.named("normalised_matrix", gradient="dC_dnormalised_matrix")
        scaled = normalised.apply(ops.MULTIPLY_ROW, self.gain).named("scaled_matrix")
        return (scaled + self.shift).named("activated_output_matrix", gradient="dC_dy_matrix")

    def learned(self) -> tuple[Learned, ...]:
        # Penalties pull weights towards zero; a gain belongs at one.
        return (
            Learned(self.gain, "gain_matrix", "dC_dgain_matrix", is_bias=True),
            Learned(self.shift, "shift_matrix", "dC_dshift_matrix", is_bias=True),
        )
