"""Eager tensors: their arithmetic, gradients that accumulate, deep graphs, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from flux_studio.engine import Tensor
from flux_studio.errors import ProgramError, ShapeError
from tests.engine.differences import assert_close, numeric_gradient


def test_data_becomes_a_matrix_of_floats() -> None:
    assert Tensor(3).shape == (1, 1)
    assert Tensor([1, 2, 3]).shape == (1, 3)
    assert Tensor([[1], [2]]).data.dtype == np.float64
    assert Tensor(np.ones((2, 2), np.float32)).data.dtype == np.float32


@pytest.mark.parametrize("values", [np.ones((2, 2, 2)), [["a"]], [[1, 2], [3]]])
def test_what_is_no_matrix_is_refused(values: object) -> None:
    with pytest.raises(ShapeError):
        Tensor(values)


def test_a_tensor_knows_how_it_was_made() -> None:
    x, y = Tensor([[1.0, 2.0]], autograd=True), Tensor([[3.0, 4.0]], autograd=True)
    z = x + y
    assert z.creation_op == "add"
    assert z.creators == (x, y)
    assert z.autograd
    assert x.children == {z.id: 1}
    square = x * x
    assert x.children[square.id] == 2


def test_without_autograd_nothing_is_remembered() -> None:
    z = Tensor([[1.0]]) + Tensor([[2.0]])
    assert not z.autograd
    assert z.creators == ()


def test_the_arithmetic_by_its_signs() -> None:
    x, y = Tensor([[1.0, -2.0], [3.0, 0.5]]), Tensor([[2.0, 5.0], [-1.0, 4.0]])
    np.testing.assert_array_equal((x + y).data, [[3, 3], [2, 4.5]])
    np.testing.assert_array_equal((x - y).data, [[-1, -7], [4, -3.5]])
    np.testing.assert_array_equal((x * y).data, [[2, -10], [-3, 2]])
    np.testing.assert_array_equal((-x).data, [[-1, 2], [-3, -0.5]])
    np.testing.assert_array_equal(x.mm(y).data, [[4, -3], [5.5, 17]])
    np.testing.assert_array_equal((x * 2).data, (2 * x).data)
    np.testing.assert_array_equal((x * np.float32(2)).data, [[2, -4], [6, 1]])
    np.testing.assert_array_equal(x.transpose().data, [[1, 3], [-2, 0.5]])
    np.testing.assert_array_equal(x.sum(0).data, [[4, -1.5]])
    np.testing.assert_array_equal(x.sum(1).data, [[-1], [3.5]])
    np.testing.assert_array_equal(Tensor([[1.0, 2.0]]).expand(0, 3).data, [[1, 2]] * 3)
    np.testing.assert_array_equal(Tensor([[1.0], [2.0]]).expand(1, 2).data, [[1, 1], [2, 2]])
    np.testing.assert_array_equal((x + Tensor([[10.0, 20.0]])).data, [[11, 18], [13, 20.5]])
    np.testing.assert_array_equal(x.power(2).data, [[1, 4], [9, 0.25]])
    np.testing.assert_array_equal(x.absolute().data, [[1, 2], [3, 0.5]])
    np.testing.assert_array_equal(x.relu().data, [[1, 0], [3, 0.5]])


@pytest.mark.parametrize("sign", ["+", "-", "*"])
def test_something_else_than_a_tensor_is_pythons_own_error(sign: str) -> None:
    with pytest.raises(TypeError, match="unsupported operand"):
        eval(f"x {sign} None", {"x": Tensor([[1.0]])})


def test_gradients_of_sums_and_repeated_rows_and_columns() -> None:
    row, column = Tensor([[1.0, -2.0, 0.5]], autograd=True), Tensor([[2.0], [-1.0]], autograd=True)
    weights = np.array([[1.0, 2.0, 3.0], [-1.0, 0.5, 4.0]])

    def tensor() -> Tensor:
        product: Tensor = row.expand(0, 2) * column.expand(1, 3) * Tensor(weights)
        return (product.sum(1) * product.sum(1)).sum(0)

    tensor().backward()
    for each in (row, column):
        assert each.grad is not None
        assert_close(each.grad.data, numeric_gradient(lambda: float(tensor().data[0, 0]), each.data))


def test_a_shared_tensor_collects_the_gradients_of_all_its_uses() -> None:
    x = Tensor([[3.0]], autograd=True)
    y = x * x  # 2x
    z = y * x + y  # 3x² + 2x
    z.backward()
    assert x.grad is not None
    assert x.grad.data[0, 0] == 3 * 9 + 2 * 3


def test_backward_adds_to_the_gradient_that_is_there() -> None:
    x = Tensor([[2.0]], autograd=True)
    (x * x).backward()
    (x * x).backward()
    assert x.grad is not None
    assert x.grad.data[0, 0] == 8


def test_a_second_backward_through_the_same_child_is_refused() -> None:
    x = Tensor([[2.0]], autograd=True)
    y = x * x
    loss = y * y
    loss.backward()
    assert x.grad is not None
    for again in (loss, y, y + x):
        with pytest.raises(ProgramError, match="'hadamard' has come back already; compute it again"):
            again.backward()
        assert x.grad.data[0, 0] == 4 * 2**3  # as it was
    other = x * x
    (other * other).backward()
    assert x.grad.data[0, 0] == 2 * 4 * 2**3


def test_two_losses_may_share_a_part() -> None:
    x = Tensor([[3.0]], autograd=True)
    shared = x * x
    first, second = shared * 5.0, shared * shared
    first.backward()
    assert x.grad is not None
    assert x.grad.data[0, 0] == 5 * 6
    second.backward()
    assert x.grad.data[0, 0] == 5 * 6 + 4 * 27
    with pytest.raises(ProgramError, match="has come back already"):
        (shared + x).backward()


def test_children_are_those_that_a_gradient_is_still_to_come_from() -> None:
    x = Tensor([[1.0]], autograd=True)
    for _ in range(3):
        y = x * x
        assert x.children == {y.id: 2}
        y.backward()
        assert x.children == {}
    printed = x + x  # what is only looked at is in nobody's way
    (x * x).backward()
    assert x.children == {printed.id: 2}


def test_backward_with_a_gradient_that_arrives() -> None:
    x = Tensor([[1.0, 2.0]], autograd=True)
    (x * x).backward(Tensor([[10.0, 100.0]]))
    assert x.grad is not None
    np.testing.assert_array_equal(x.grad.data, [[20, 400]])


def test_backward_refuses_what_it_cannot_do() -> None:
    x = Tensor([[1.0, 2.0]], autograd=True)
    with pytest.raises(ShapeError, match="1×2 is not a single number"):
        (x + x).backward()
    with pytest.raises(ShapeError, match="the gradient is 1×1, but this tensor 1×2"):
        (x + x).backward(Tensor([[1.0]]))
    with pytest.raises(ProgramError, match="autograd"):
        Tensor([[1.0]]).backward()
    with pytest.raises(ProgramError, match="'relo' is not known; choose one of identity, relu"):
        x.activate("relo")
    with pytest.raises(ShapeError, match="axes 0 and 1"):
        x.sum(2)
    with pytest.raises(ShapeError, match="1×2 cannot be repeated along axis 1"):
        x.expand(1, 3)


def test_a_graph_of_ten_thousand_operations() -> None:
    x = Tensor([[0.5]], autograd=True)
    one = Tensor([[1.0]])
    y = x
    for _ in range(5_000):
        y = (y * one) + x
    y.backward()
    assert x.grad is not None
    assert x.grad.data[0, 0] == 5_001
    del y  # a chain that long must also be taken apart without a recursion


def test_a_graph_with_exponentially_many_paths() -> None:
    x = Tensor([[1.0]], autograd=True)
    y = x
    for _ in range(60):
        y = y + y
    y.backward()
    assert x.grad is not None
    assert x.grad.data[0, 0] == 2.0**60


def test_nan_and_infinity_raise_nothing() -> None:
    x = Tensor([[np.nan, np.inf, 800.0]])
    assert np.isnan(x.relu().data[0, 0])
    assert x.power(200).data[0, 2] == np.inf
    assert np.isnan((x - x).data[0, 1])


def test_float32_stays_float32() -> None:
    x = Tensor(np.array([[0.5, -0.5]], np.float32), autograd=True)
    for name in ("leaky_relu", "elu", "sigmoid", "tanh", "swish", "gelu"):
        x.grad = None
        y = x.activate(name) * 2
        assert y.data.dtype == np.float32
        y.mean_square().backward()
        assert x.grad is not None
        assert x.grad.data.dtype == np.float32
