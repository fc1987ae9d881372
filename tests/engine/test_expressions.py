"""Arithmetic walked with terms in place of numbers: what it comes to is what the arithmetic computes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from flux_studio.engine.expressions import Term, leaves, lifted, matrix, trace
from flux_studio.engine.operations.exponentials import exp, tanh


class Leaf:
    shape = (1, 1)


X, Y = Leaf(), Leaf()
TWO: dict[str, Any] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "power": lambda a, b: a**b,
    "greater": lambda a, b: a > b,
    "greater_equal": lambda a, b: a >= b,
    "less": lambda a, b: a < b,
    "less_equal": lambda a, b: a <= b,
}


def computed(term: Term, x: float, y: float) -> Any:
    """What a term comes to, for two numbers."""
    if term.kind == "matrix":
        return x if term.value is X else y
    if term.kind == "number":
        return term.value
    parts = [computed(part, x, y) for part in term.parts]
    if term.kind == "where":
        return parts[1] if parts[0] else parts[2]
    if term.kind == "negative":
        return -parts[0]
    if term.kind in TWO:
        return TWO[term.kind](*parts)
    return getattr(np, term.kind)(*parts)


def straight(x: Any, y: Any) -> Any:
    return 2 * x - y / 3 + (-x) ** 2 + abs(y) + exp(x) * tanh(y)


def in_three_ways(x: Any, y: Any) -> Any:
    return x if x > y else (1 - x if x < 0 else y * y)


def asked_twice(x: Any, y: Any) -> Any:
    first = x if x >= 0 else -x
    second = y if y <= 0 else -y
    return first + (second if first > 1 else 2.0)


def a_number(x: Any, y: Any) -> Any:
    return 1 if x > 0 else 0


@pytest.mark.parametrize("function", [straight, in_three_ways, asked_twice, a_number])
def test_a_trace_computes_what_the_function_does(function: Any) -> None:
    term = trace(function, matrix(X), matrix(Y))
    for x in (-2.0, -0.5, 0.0, 0.5, 3.0):
        for y in (-1.5, 0.0, 0.25, 2.0):
            assert computed(term, x, y) == pytest.approx(float(function(x, y)), rel=1e-15)


def test_every_way_through_is_there_once() -> None:
    kinds = []

    def walk(term: Term) -> None:
        kinds.append(term.kind)
        for part in term.parts:
            walk(part)

    walk(trace(asked_twice, matrix(X), matrix(Y)))
    assert kinds.count("where") == 7  # two times two times two ways


def test_traces_within_traces_do_not_mix() -> None:
    def outer(x: Any, y: Any) -> Any:
        inner = trace(a_number, matrix(Y), matrix(Y))
        return (x if x > 0 else y) + inner

    term = trace(outer, matrix(X), matrix(Y))
    for x, y in ((1.0, -1.0), (-1.0, 2.0)):
        assert computed(term, x, y) == (x if x > 0 else y) + (1 if y > 0 else 0)


def test_leaves_and_what_is_made_of_numbers_only() -> None:
    x = matrix(X)
    assert list(leaves((x + 1) * matrix(Y) - x)) == [X, Y, X]
    assert lifted(2).is_plain
    assert (x > 0).where(1, -lifted(2)).is_plain
    assert not (x > 0).where(1, x).is_plain
    assert not x.exp().is_plain


def test_an_error_of_the_arithmetic_is_its_own() -> None:
    def wrong(x: Any) -> Any:
        return x.no_such_thing if x > 0 else x

    with pytest.raises(AttributeError, match="no_such_thing"):
        trace(wrong, matrix(X))
    with pytest.raises(LookupError):  # a question outside of a trace has no answer
        bool(matrix(X) > 0)
