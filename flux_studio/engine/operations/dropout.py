"""The mask of a dropout layer: random, and yet a function of nothing but key, iteration and place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flux_studio.engine.expressions import ONE, Term
from flux_studio.engine.operations.base import Array
from flux_studio.engine.operations.rows import RowOperation
from flux_studio.engine.workings import Cell, Number, Reading

KEY_BITS = 48
PART_BITS = 24
"""A key travels in two parts, because float32 holds whole numbers of no more than 24 bits."""

# SplitMix64 (Steele, Lea and Flood 2014): a counter in even steps, and a bijection that scatters it.
_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_A, _B, _C = np.uint64(30), np.uint64(27), np.uint64(31)
_SHIFT = np.uint64(64 - PART_BITS)
_PART = np.uint64(PART_BITS)
_UNIT = 2.0**-PART_BITS


class DropoutMask(RowOperation):
    """1/(1 − p) in the cells that stay, 0 in those that are left out, each with probability p.

    The inputs are a matrix that only lends its shape, p, and the two parts of the key. A cell stays where its own
    random number, 24 bits of SplitMix64, is at least p. With p = 0 all cells stay, as they are.
    """

    name = "dropout_mask"
    formula = "m = 0 with probability p, else 1/(1 − p)"
    storage = ("batch", "any")
    pattern = ("N×F", "1×1", "1×1", "1×1", "N×F")
    letters = ("x", "p", "key", "key")
    lends_shape = (0,)

    def value(self, *inputs: Array) -> Array:
        return _mask(inputs, 0)

    def expression(self, *inputs: Term) -> Term:
        return ONE.spread_like(inputs[0])  # as it is while predicting: nothing is left out

    def carry_out(self, output: Array, inputs: tuple[Array, ...], iteration: int) -> None:
        output[...] = _mask(inputs, iteration)

    def explain(self, at: Cell, read: Reading) -> Number:
        place = np.uint64(at[0] * read.columns() + at[1])
        number = _drawn(read.inputs[2:], place.reshape(1, 1), read.iteration)[0, 0]
        drawn = read.named("drawn", read.plain(float(number) * _UNIT))
        p = read.cell(1, 0, 0)
        return read.one / (read.one - p) if drawn >= p else read.zero

    @staticmethod
    def kernel(A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any) -> None:
        rate = A[b]
        zero = A.dtype.type(0)
        stays = A.dtype.type(1) / (A.dtype.type(1) - rate)
        unit = A.dtype.type(_UNIT)
        z = (np.uint64(A[c]) << _PART) + np.uint64(A[d]) + _STEP * t
        z = (z ^ (z >> _A)) * _FIRST
        z = (z ^ (z >> _B)) * _SECOND
        start = z ^ (z >> _C)
        for j in range(n):
            for i in range(m):
                z = start + _STEP * (i * n + j)
                z = (z ^ (z >> _A)) * _FIRST
                z = (z ^ (z >> _B)) * _SECOND
                z = z ^ (z >> _C)
                A[o + j * m + i] = stays if A.dtype.type(z >> _SHIFT) * unit >= rate else zero


def _mask(inputs: tuple[Array, ...], iteration: int) -> Array:
    matrix, rate, *key = inputs
    places = np.arange(matrix.size, dtype=np.uint64).reshape(matrix.shape)
    drawn = _drawn(key, places, iteration).astype(matrix.dtype)
    one, unit = matrix.dtype.type(1), matrix.dtype.type(_UNIT)
    with np.errstate(divide="ignore"):  # p = 1 lets none stay
        return np.where(drawn * unit >= rate, one / (one - rate), matrix.dtype.type(0))


def _drawn(key: Sequence[Array], places: NDArray[np.uint64], iteration: int) -> NDArray[np.uint64]:
    """The random number of each place, of 24 bits."""
    high, low = (part.astype(np.uint64) for part in key)
    start = _scatter((high << _PART) + low + _STEP * np.array([[iteration]], np.uint64))
    return _scatter(start + _STEP * places) >> _SHIFT


def _scatter(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    z = (z ^ (z >> _A)) * _FIRST
    z = (z ^ (z >> _B)) * _SECOND
    return z ^ (z >> _C)


DROPOUT_MASK = DropoutMask()
