"""Matrix products for the compiled executor, as tiles of explicit vector code.

A product is cut into tiles of a few rows by one or two vectors, whose sums stay in registers while the tile's inputs
stream past: what a BLAS does within, without its packing and its call. Products as small as ours are bound by just
these; on one core of a Zen 5 the tiles reach 250 GFLOP/s at 32×64·64×32, where OpenBLAS reaches 56, and are
ahead of it up to 512×1024·1024×1024.

A tile is the product out[j, i] = Σₚ B[j, p]·X[p, i]. ``i`` runs over neighbours in memory and fills the vectors;
``j`` and ``p`` step through B with any stride. Where the last tile would stand over the edge it is moved back and
computes some cells again, so that there is no slower code for rests.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import uint64

from flux_studio.engine.operations.products import is_worth_turning
from flux_studio.engine.vectors import (
    HEIGHT,
    VECTOR_BYTES,
    compiled,
    inlined,
    lanes,
    make_dots,
    make_tile,
    on_stack,
    turn,
    turn_rows,
)

_BLOCK = 512
"""How many samples a gradient of weights takes at once; their transposed copy stays in the cache."""
_WORTH_PACKING = 1 << 17
"""From how many weights on they are copied for the way forward."""
_PANEL_BYTES = _BLOCK * 2 * VECTOR_BYTES
_REST_BYTES = HEIGHT * 2 * VECTOR_BYTES


def _make_band(vectors: int) -> Any:
    """The product of ``n`` rows by ``vectors`` vectors; other arguments as those of a tile."""
    tall, low, single = (make_tile(height, vectors) for height in (HEIGHT, 2, 1))
    height, two, one = uint64(HEIGHT), uint64(2), uint64(1)

    @inlined
    def band(
        C: Any, o: Any, os: Any, X: Any, a: Any, xs: Any, B: Any, b: Any, bj: Any, bp: Any,
        k: Any, n: Any, add: Any,
    ) -> None:  # fmt: skip
        j = uint64(0)
        while j + height <= n:
            tall(C, o + j * os, os, X, a, xs, B, b + j * bj, bj, bp, k, add)
            j += height
        while j + two <= n:
            low(C, o + j * os, os, X, a, xs, B, b + j * bj, bj, bp, k, add)
            j += two
        if j < n:
            single(C, o + j * os, os, X, a, xs, B, b + j * bj, bj, bp, k, add)
            j += one

    return band


_narrow, _broad = _make_band(1), _make_band(2)
_tall = make_tile(HEIGHT, 2)
_NONE: Any = uint64(0)
_ONE: Any = uint64(1)


@inlined
def _over_samples(A: Any, o: Any, a: Any, b: Any, bj: Any, bp: Any, m: Any, k: Any, n: Any) -> None:
    """A product whose vectors hold samples of a batch matrix: m samples, k features in and n out."""
    length = lanes(A)
    both, i = length + length, _NONE
    if m >= both:
        while i + length < m:
            # The last band is moved back, over cells that are done, where its second vector would not be full.
            start = min(i, m - both)
            _broad(A, o + start, m, A, a + start, m, A, b, bj, bp, k, n, _NONE)
            i += both
    while i < m:
        start = min(i, m - length)
        _narrow(A, o + start, m, A, a + start, m, A, b, bj, bp, k, n, _NONE)
        i += length


@compiled
def _over_samples_packed(A: Any, o: Any, a: Any, b: Any, m: Any, k: Any, n: Any) -> None:
    """x·w of wide layers: the weights are copied first, those of a tile side by side.

    Read where they are, each step of a tile would be a row of w further on: in a wide w all these places compete for
    the same few lines of the cache.
    """
    length, height = lanes(A), uint64(HEIGHT)
    both, whole = length + length, n - n % height
    packed = np.empty(k * whole, A.dtype)
    for tile in range(whole // height):
        for p in range(k):
            for j in range(height):
                packed[(tile * k + p) * height + j] = A[b + p * n + tile * height + j]
    i = _NONE
    while i < m:
        start = min(i, m - both)
        for tile in range(whole // height):
            place, first = o + tile * height * m + start, tile * k * height
            _tall(A, place, m, A, a + start, m, packed, first, _ONE, height, k, _NONE)
        _broad(A, o + whole * m + start, m, A, a + start, m, A, b + whole, _ONE, n, k, n - whole, _NONE)
        i += both


@compiled
def multiply(A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any) -> None:
    """x·w of m samples; see :class:`~flux_studio.engine.operations.products.Multiply`."""
    if m >= uint64(64) and k * n >= _WORTH_PACKING:
        _over_samples_packed(A, o, a, b, m, k, n)
    else:
        _over_samples(A, o, a, b, _ONE, n, m, k, n)


@compiled
def multiply_transposed(
    A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any
) -> None:
    """δ·wᵀ of m samples; see :class:`~flux_studio.engine.operations.products.MultiplyTransposed`."""
    _over_samples(A, o, a, b, k, _ONE, m, k, n)


@compiled
def _turned(panel: Any, width: Any, A: Any, d: Any, ds: Any, used: Any, count: Any) -> None:
    """Fill a panel of ``width`` columns with ``count`` samples of ``used`` features that stand at A[d]."""
    length = lanes(A)
    q = _NONE
    while q < used:
        last = min(length, used - q) - _ONE
        i = _NONE
        while count >= length and i < count:
            start = min(i, count - length)
            turn(panel, start * width + q, width, A, d + q * ds + start, ds, last)
            i += length
        while i < count:
            for place in range(last + _ONE):
                panel[i * width + q + place] = A[d + (q + place) * ds + i]
            i += _ONE
        q += length


@compiled
def _summed(A: Any, o: Any, a: Any, b: Any, m: Any, k: Any, n: Any, steps: Any) -> None:
    """Σₜ xₜᵀ·δₜ, m×n: the vectors hold neighbours in a row of the result, the sums run over k samples a step.

    δ is stored the other way round, so blocks of it are copied with rows and columns exchanged.
    """
    length, block, height = lanes(A), uint64(_BLOCK), uint64(HEIGHT)
    panel, rest = on_stack(A, _PANEL_BYTES), on_stack(A, _REST_BYTES)
    j = _NONE
    while j < n:
        width = length + length if n - j > length else length
        used = min(width, n - j)
        for step in range(steps):
            p = _NONE
            while p < k:
                count = min(block, k - p)
                x, add = a + step * m * k + p, step + p
                _turned(panel, width, A, b + (step * n + j) * k + p, k, used, count)
                if used == width:
                    _band(width > length, A, o + j, n, panel, width, A, x, k, count, m, add)
                else:
                    i = _NONE
                    while i < m:
                        rows = min(height, m - i)
                        _band(
                            width > length,
                            rest,
                            _NONE,
                            width,
                            panel,
                            width,
                            A,
                            x + i * k,
                            k,
                            count,
                            rows,
                            _NONE,
                        )
                        _copied(A, o + i * n + j, n, rest, width, rows, used, add)
                        i += height
                p += count
        j += width


@compiled
def _band(
    broad: Any, C: Any, o: Any, os: Any, panel: Any, width: Any, A: Any, x: Any, xs: Any, k: Any, n: Any, add: Any
) -> None:  # fmt: skip
    if broad:
        _broad(C, o, os, panel, _NONE, width, A, x, xs, _ONE, k, n, add)
    else:
        _narrow(C, o, os, panel, _NONE, width, A, x, xs, _ONE, k, n, add)


@compiled
def _copied(A: Any, o: Any, os: Any, rest: Any, width: Any, rows: Any, used: Any, add: Any) -> None:
    """Put the used columns of some rows in their place, or add them to what stands there."""
    for i in range(rows):
        for q in range(used):
            before = A[o + i * os + q] if add else A.dtype.type(0)
            A[o + i * os + q] = before + rest[i * width + q]


_is_worth_turning = compiled(is_worth_turning)
_many_dots, _four_dots, _one_dot = (make_dots(height) for height in (HEIGHT, 4, 1))
_FOUR: Any = uint64(4)
_MANY: Any = uint64(HEIGHT)


@inlined
def _dotted(A: Any, o: Any, os: Any, x: Any, d: Any, k: Any, n: Any) -> None:
    """Cells o, o + os, … of a result: one row at x with each of n rows from d on; all have k cells."""
    j = _NONE
    while j + _MANY <= n:
        _many_dots(A, o + j * os, os, A, x, A, d + j * k, k, k)
        j += _MANY
    while j + _FOUR <= n:
        _four_dots(A, o + j * os, os, A, x, A, d + j * k, k, k)
        j += _FOUR
    while j < n:
        _one_dot(A, o + j * os, os, A, x, A, d + j * k, k, k)
        j += _ONE


@compiled
def transpose_multiply(
    A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any
) -> None:
    """xᵀ·δ over k samples; see :class:`~flux_studio.engine.operations.products.TransposeMultiply`."""
    if _is_worth_turning(m, k, n):
        _summed(A, o, a, b, m, k, n, _ONE)
    elif m > n:
        for j in range(n):
            _dotted(A, o + j, n, b + j * k, a, k, m)
    else:
        for i in range(m):
            _dotted(A, o + i * n, _ONE, a + i * k, b, k, n)


@compiled
def sum_of_products(A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any) -> None:
    """Σₜ xₜᵀ·δₜ over steps of k samples; see :class:`~flux_studio.engine.operations.steps.SumOfProducts`."""
    _summed(A, o, a, b, m, k, n, uint64(A[d]))


@compiled
def gather(A: Any, place: Any, X: Any, order: Any, first: Any, count: Any) -> None:
    """Copy the rows order[first], … of X into a batch matrix of ``count`` rows, which is stored feature by feature."""
    features, length, flat = uint64(X.shape[1]), lanes(A), X.reshape(X.size)
    if features < length or count < length:
        for f in range(features):
            for i in range(count):
                A[place + f * count + i] = X[uint64(order[first + i]), f]
        return
    i = _NONE
    while i < count:
        # The last square is moved back so that it stays within the matrix.
        row = min(i, count - length)
        f = _NONE
        while f < features:
            column = min(f, features - length)
            turn_rows(A, place + column * count + row, count, flat, column, features, order, first + row)
            f += length
        i += length


TILED: dict[str, Callable[..., None]] = {
    "multiply": multiply,
    "multiply_transposed": multiply_transposed,
    "transpose_multiply": transpose_multiply,
    "sum_of_products": sum_of_products,
}
"""A kernel made of tiles for each product, by the name of the operation."""
