"""Gradient descent on eager tensors."""

from __future__ import annotations

import numpy as np
import pytest

from flux_studio.engine import SGD, Tensor
from flux_studio.errors import ProgramError


def with_gradient() -> Tensor:
    x = Tensor([[1.0, -2.0]], autograd=True)
    (x * x).sum_all().backward()
    return x


def test_one_step_goes_the_learning_rate_times_the_gradient() -> None:
    x = with_gradient()
    SGD(parameters=[x], alpha=0.25).step()
    np.testing.assert_array_equal(x.data, [[1 - 0.25 * 2, -2 + 0.25 * 4]])
    assert x.grad is None


def test_gradients_are_kept_where_that_is_wanted() -> None:
    x = with_gradient()
    optimizer = SGD([x], alpha=0.0)
    optimizer.step(zero=False)
    assert x.grad is not None
    optimizer.zero()
    assert x.grad is None


def test_a_step_without_gradients_says_what_is_missing() -> None:
    with pytest.raises(ProgramError, match=r"call backward\(\) on the loss first"):
        SGD([Tensor([[1.0]], autograd=True)]).step()
