"""Layer normalisation: a worked example, and what it does to rows of any kind."""

from __future__ import annotations

import numpy as np
import pytest

from flux_studio.engine import LayerNorm, MSELoss, Network, Tensor
from flux_studio.engine.executors import ExecutorName
from flux_studio.errors import SpecificationError
from tests.engine.networks import EXECUTORS

ROWS = np.array([[1.0, 2.0, 6.0], [-4.0, 0.0, 4.0]])


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_matrix_of_2_by_3_by_hand(executor: ExecutorName) -> None:
    """Row 1 has the mean 3 and the variance (4 + 1 + 9)/3, row 2 the mean 0 and the variance 32/3."""
    layer = LayerNorm(3)
    layer.gain.data[...] = [[1.0, 2.0, -1.0]]
    layer.shift.data[...] = [[0.0, 0.5, 1.0]]
    net = Network([("norm", layer)], MSELoss(), ROWS, np.zeros((2, 3)), dtype=np.float64, executor=executor)
    net.rest()

    def matrix(name: str) -> np.ndarray:
        return net.matrix(("norm", f"{name}_matrix"))

    np.testing.assert_array_equal(matrix("mean"), [[3.0], [0.0]])
    np.testing.assert_array_equal(matrix("centred"), [[-2.0, -1.0, 3.0], [-4.0, 0.0, 4.0]])
    np.testing.assert_allclose(matrix("variance"), [[14 / 3], [32 / 3]], rtol=1e-15)
    first, second = (14 / 3 + 1e-5) ** 0.5, (32 / 3 + 1e-5) ** 0.5
    normalised = [[-2 / first, -1 / first, 3 / first], [-4 / second, 0.0, 4 / second]]
    np.testing.assert_allclose(matrix("normalised"), normalised, rtol=1e-15)
    np.testing.assert_allclose(
        matrix("activated_output"),
        [[-2 / first, -2 / first + 0.5, -3 / first + 1], [-4 / second, 0.5, -4 / second + 1]],
        rtol=1e-14,
    )
    # ∂C/∂h = 2h/N with N = 2: h itself.
    h = matrix("activated_output")
    np.testing.assert_array_equal(matrix("dC_dy"), h)
    np.testing.assert_allclose(matrix("dC_dshift"), [h.sum(axis=0)], rtol=1e-15)
    np.testing.assert_allclose(matrix("dC_dgain"), [(h * normalised).sum(axis=0)], rtol=1e-14)


def test_rows_come_out_with_mean_0_and_variance_1() -> None:
    x = np.random.default_rng(0).normal(5, 100, size=(6, 8))
    h = LayerNorm(8).forward(Tensor(x)).data
    np.testing.assert_allclose(h.mean(axis=1), 0, atol=1e-15)
    np.testing.assert_allclose(h.var(axis=1), 1, rtol=1e-7)


def test_the_gradient_of_a_row_has_no_part_along_ones_or_along_the_row() -> None:
    """Shifting a row changes nothing, nor does stretching it where ε is nothing."""
    generator = np.random.default_rng(1)
    x = Tensor(generator.normal(size=(4, 5)), autograd=True)
    layer = LayerNorm(5)
    layer.epsilon = 0.0
    out = layer.forward(x)
    (out * Tensor(generator.normal(size=(4, 5)))).sum_all().backward()
    assert x.grad is not None
    g = x.grad.data
    np.testing.assert_allclose(g.sum(axis=1), 0, atol=1e-14)
    np.testing.assert_allclose((g * out.data).sum(axis=1), 0, atol=1e-13)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_row_of_equal_numbers_becomes_the_shift(executor: ExecutorName) -> None:
    x = np.full((3, 4), 7.0)
    net = Network([("norm", LayerNorm(4))], MSELoss(), x, x, dtype=np.float64, executor=executor)
    net.rest()
    assert not net.outputs.any()
    assert np.isfinite(net.arena).all()


def test_gain_and_shift_are_left_alone_by_penalties() -> None:
    assert all(each.is_bias for each in LayerNorm(3).learned())


def test_it_needs_an_input() -> None:
    with pytest.raises(SpecificationError, match="at least one input, not 0"):
        LayerNorm(0)
