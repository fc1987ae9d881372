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

import llvmlite.binding
from llvmlite import ir
from numba import njit, types, uint64
from numba.core import cgutils
from numba.extending import intrinsic, overload
from numba.np import arrayobj

from flux_studio.engine.operations.base import SAMPLES, room

_WIDE_REGISTERS = "avx512f" in llvmlite.binding.get_host_cpu_features().flatten()
_VECTOR_BYTES = 64 if _WIDE_REGISTERS else 32
_HEIGHT = 8 if _WIDE_REGISTERS else 4
"""Rows of the highest tile. It fills half of the 32 registers of AVX-512, or half of the 16 of AVX2."""
_BLOCK = 512
"""How many samples a gradient of weights takes at once; their transposed copy stays in the cache."""
_PANEL_BYTES = _BLOCK * 2 * _VECTOR_BYTES
_ROOM_BYTES = int(SAMPLES) * 8
_REST_BYTES = _HEIGHT * 2 * _VECTOR_BYTES

# The full set of fast-math flags would remove the tests for NaN and infinity.
OPTIONS: dict[str, Any] = {
    "nogil": True,
    "error_model": "numpy",
    "fastmath": {"contract", "reassoc", "arcp", "nsz"},
}


_Decorator = Callable[[Callable[..., Any]], Any]
_compiled: _Decorator = njit(**OPTIONS)
_inlined: _Decorator = njit(forceinline=True, **OPTIONS)  # an array takes seven arguments to pass on
_written: _Decorator = intrinsic
_cgutils: Any = cgutils
_arrays: Any = arrayobj
_written_with_literals: _Decorator = intrinsic(prefer_literal=True)


def _make_tile(height: int, vectors: int) -> Any:
    """A tile of ``height`` rows by ``vectors`` vectors, as a function for compiled code.

    ``tile(C, o, os, X, a, xs, B, b, bj, bp, k, add)``: cell (j, i) of the result stands at C[o + j·os + i], that of X
    (p, i) at X[a + p·xs + i], that of B (j, p) at B[b + j·bj + p·bp]. There are ``k`` > 0 products to sum; with ``add``
    not 0 the sums are added to what C holds.
    """

    @_written
    def tile(
        context: Any, C: Any, o: Any, os: Any, X: Any, a: Any, xs: Any, B: Any, b: Any, bj: Any, bp: Any,
        k: Any, add: Any,
    ) -> Any:  # fmt: skip
        signature = types.void(C, o, os, X, a, xs, B, b, bj, bp, k, add)

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return _Tile(context, builder, signature, arguments).generate(height, vectors)

        return signature, generate

    return tile


class _VectorCode:
    """Writes code that works on vectors of numbers in arrays."""

    def __init__(self, context: Any, builder: Any, signature: Any, arguments: Any) -> None:
        self.context, self.builder = context, builder
        self.signature, self.arguments = signature, arguments
        self.index = ir.IntType(64)
        scalar = context.get_value_type(signature.args[0].dtype)
        self.lanes = _VECTOR_BYTES // (8 if isinstance(scalar, ir.DoubleType) else 4)
        self.vector = ir.VectorType(scalar, self.lanes)

    def _data(self, place: int) -> Any:
        """Where the numbers of the array begin that is the argument at ``place``."""
        array = self.context.make_array(self.signature.args[place])
        return array(self.context, self.builder, self.arguments[place]).data

    def _step(self, start: Any, stride: Any, count: int) -> Any:
        return self.builder.add(start, self.builder.mul(stride, self.index(count)))

    def _at(self, data: Any, place: Any) -> Any:
        return self.builder.bitcast(self.builder.gep(data, [place]), self.vector.as_pointer())

    def _load(self, data: Any, place: Any) -> Any:
        loaded = self.builder.load(self._at(data, place))
        loaded.align = 4  # vectors begin anywhere
        return loaded

    def _store(self, value: Any, data: Any, place: Any) -> None:
        self.builder.store(value, self._at(data, place)).align = 4

    def _shuffle(self, one: Any, other: Any, places: list[int]) -> Any:
        chosen = ir.Constant(ir.VectorType(cgutils.int32_t, self.lanes), places)
        return self.builder.shuffle_vector(one, other, chosen)

    def _fma(self, x: Any, factor: Any, total: Any) -> Any:
        product = self.builder.fmul(x, factor, flags=("contract",))
        return self.builder.fadd(total, product, flags=("contract",))


class _Tile(_VectorCode):
    """Writes the code of a tile."""

    def __init__(self, context: Any, builder: Any, signature: Any, arguments: Any) -> None:
        super().__init__(context, builder, signature, arguments)
        self.C, self.X, self.B = (self._data(place) for place in (0, 3, 6))
        self.o, self.os, self.a, self.xs = (arguments[place] for place in (1, 2, 4, 5))
        self.b, self.bj, self.bp, self.k, self.add = arguments[7:]

    def generate(self, height: int, vectors: int) -> Any:
        builder, zero = self.builder, self.index(0)
        rows = [self._step(self.b, self.bj, j) for j in range(height)]
        before = builder.block
        loop, done = (builder.append_basic_block(name) for name in ("sum", "sums"))
        builder.branch(loop)

        builder.position_at_end(loop)
        p, across, along = (builder.phi(self.index) for _ in range(3))
        sums = [[builder.phi(self.vector) for _ in range(vectors)] for _ in range(height)]
        x = [self._load(self.X, builder.add(across, self.index(v * self.lanes))) for v in range(vectors)]
        totals = []
        for j in range(height):
            factor = self._spread(builder.load(builder.gep(self.B, [builder.add(rows[j], along)])))
            totals.append([self._fma(x[v], factor, sums[j][v]) for v in range(vectors)])
        steps = (
            (p, zero, builder.add(p, self.index(1))),
            (across, self.a, builder.add(across, self.xs)),
            (along, zero, builder.add(along, self.bp)),
        )
        builder.cbranch(builder.icmp_unsigned("<", steps[0][2], self.k), loop, done)
        for phi, first, following in steps:
            phi.add_incoming(first, before)
            phi.add_incoming(following, loop)
        for j in range(height):
            for v in range(vectors):
                sums[j][v].add_incoming(ir.Constant(self.vector, [0.0] * self.lanes), before)
                sums[j][v].add_incoming(totals[j][v], loop)

        builder.position_at_end(done)
        with builder.if_else(builder.icmp_unsigned("!=", self.add, zero)) as (adding, writing):
            with adding:
                self._put(totals, adds=True)
            with writing:
                self._put(totals, adds=False)
        return self.context.get_dummy_value()

    def _put(self, totals: list[list[Any]], *, adds: bool) -> None:
        for j, row in enumerate(totals):
            start = self._step(self.o, self.os, j)
            for v, total in enumerate(row):
                place = self.builder.add(start, self.index(v * self.lanes))
                value = self.builder.fadd(self._load(self.C, place), total) if adds else total
                self._store(value, self.C, place)

    def _spread(self, scalar: Any) -> Any:
        undefined = ir.Constant(self.vector, ir.Undefined)
        first = self.builder.insert_element(undefined, scalar, cgutils.int32_t(0))
        return self._shuffle(first, undefined, [0] * self.lanes)


class _Turn(_VectorCode):
    """Writes the code that copies a square, as long and as wide as a vector, and exchanges its rows and columns."""

    def generate(self, source: Any, starts: list[Any], target: Any, p: Any, ps: Any) -> Any:
        """The rows begin at ``starts`` in the data ``source``; column q goes to place p + q·ps of ``target``."""
        rows = [self._load(source, start) for start in starts]
        # Interleaving the first half of the rows with the second, log₂ times, exchanges rows and columns.
        half, two = self.lanes // 2, [(i // 2) + (i % 2) * self.lanes for i in range(self.lanes)]
        for _ in range(self.lanes.bit_length() - 1):
            pairs = list(zip(rows[:half], rows[half:], strict=True))
            rows = [
                self._shuffle(one, other, [place + start for place in two])
                for one, other in pairs
                for start in (0, half)
            ]
        for q, row in enumerate(rows):
            self._store(row, target, self._step(p, ps, q))
        return self.context.get_dummy_value()


@_written
def _turn(context: Any, P: Any, p: Any, ps: Any, D: Any, d: Any, ds: Any, last: Any) -> Any:
    """Turn a square whose row q stands at D[d + q·ds]; rows behind ``last`` are copies of it."""
    signature = types.void(P, p, ps, D, d, ds, last)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        code = _Turn(context, builder, signature, arguments)
        p, ps, d, ds, last = (arguments[place] for place in (1, 2, 4, 5, 6))
        numbers = [code.index(q) for q in range(code.lanes)]
        inside = [
            builder.select(builder.icmp_unsigned("<", number, last), number, last) for number in numbers
        ]
        starts = [builder.add(d, builder.mul(number, ds)) for number in inside]
        return code.generate(code._data(3), starts, code._data(0), p, ps)

    return signature, generate


@_written
def _turn_rows(
    context: Any, P: Any, p: Any, ps: Any, X: Any, f: Any, width: Any, order: Any, first: Any
) -> Any:
    """Turn a square whose row q is a part, from place f on, of the row order[first + q] of X, ``width`` long."""
    signature = types.void(P, p, ps, X, f, width, order, first)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        code = _Turn(context, builder, signature, arguments)
        p, ps, f, width, first = (arguments[place] for place in (1, 2, 4, 5, 7))
        chosen = code._data(6)
        starts = []
        for q in range(code.lanes):
            row = builder.load(builder.gep(chosen, [builder.add(first, code.index(q))]))
            starts.append(builder.add(f, builder.mul(row, width)))
        return code.generate(code._data(3), starts, code._data(0), p, ps)

    return signature, generate


@_written_with_literals
def _on_stack(context: Any, A: Any, bytes: Any) -> Any:
    """An array of ``bytes`` bytes (a literal) in the type of A that lives as long as the function that asks."""
    kind = types.Array(A.dtype, 1, "C")
    size = bytes.literal_value

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        scalar = context.get_data_type(kind.dtype)
        width = kind.dtype.bitwidth // 8
        place = _cgutils.alloca_once(builder, scalar, size=size // width)
        array = context.make_array(kind)(context, builder)
        length, step = (context.get_constant(types.intp, number) for number in (size // width, width))
        _arrays.populate_array(array, data=place, shape=[length], strides=[step], itemsize=step, meminfo=None)
        return array._getvalue()

    return kind(A, bytes), generate


_overload: Any = overload


@_overload(room)
def _room(A):  # type: ignore[no-untyped-def]  # Numba wants the very same signature of both
    return lambda A: _on_stack(A, _ROOM_BYTES)


def _make_band(vectors: int) -> Any:
    """The product of ``n`` rows by ``vectors`` vectors; other arguments as those of a tile."""
    tall, low, single = (_make_tile(height, vectors) for height in (_HEIGHT, 2, 1))
    height, two, one = uint64(_HEIGHT), uint64(2), uint64(1)

    @_inlined
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
_NONE: Any = uint64(0)
_ONE: Any = uint64(1)


def _lanes(A: Any) -> Any:
    """How many numbers a vector holds."""
    return uint64(_VECTOR_BYTES // A.itemsize)


@_overload(_lanes)
def _lanes_of(A):  # type: ignore[no-untyped-def]  # a constant, so that nothing is divided while a program runs
    count = uint64(_VECTOR_BYTES * 8 // A.dtype.bitwidth)
    return lambda A: count


@_inlined
def _over_samples(A: Any, o: Any, a: Any, b: Any, bj: Any, bp: Any, m: Any, k: Any, n: Any) -> None:
    """A product whose vectors hold samples of a batch matrix: m samples, k features in and n out."""
    lanes = _lanes(A)
    both, i = lanes + lanes, _NONE
    if m >= both:
        while i + lanes < m:
            # The last band is moved back, over cells that are done, where its second vector would not be full.
            start = min(i, m - both)
            _broad(A, o + start, m, A, a + start, m, A, b, bj, bp, k, n, _NONE)
            i += both
    while i < m:
        start = min(i, m - lanes)
        _narrow(A, o + start, m, A, a + start, m, A, b, bj, bp, k, n, _NONE)
        i += lanes


@_compiled
def multiply(A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any) -> None:
    """x·w of m samples; see :class:`~flux_studio.engine.operations.products.Multiply`."""
    _over_samples(A, o, a, b, _ONE, n, m, k, n)


@_compiled
def multiply_transposed(
    A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any
) -> None:
    """δ·wᵀ of m samples; see :class:`~flux_studio.engine.operations.products.MultiplyTransposed`."""
    _over_samples(A, o, a, b, k, _ONE, m, k, n)


@_compiled
def _turned(panel: Any, width: Any, A: Any, d: Any, ds: Any, used: Any, count: Any) -> None:
    """Fill a panel of ``width`` columns with ``count`` samples of ``used`` features that stand at A[d]."""
    lanes = _lanes(A)
    q = _NONE
    while q < used:
        last = min(lanes, used - q) - _ONE
        i = _NONE
        while count >= lanes and i < count:
            start = min(i, count - lanes)
            _turn(panel, start * width + q, width, A, d + q * ds + start, ds, last)
            i += lanes
        while i < count:
            for place in range(last + _ONE):
                panel[i * width + q + place] = A[d + (q + place) * ds + i]
            i += _ONE
        q += lanes


@_compiled
def _summed(A: Any, o: Any, a: Any, b: Any, m: Any, k: Any, n: Any, steps: Any) -> None:
    """Σₜ xₜᵀ·δₜ, m×n: the vectors hold neighbours in a row of the result, the sums run over k samples a step.

    δ is stored the other way round, so blocks of it are copied with rows and columns exchanged.
    """
    lanes, block, height = _lanes(A), uint64(_BLOCK), uint64(_HEIGHT)
    panel, rest = _on_stack(A, _PANEL_BYTES), _on_stack(A, _REST_BYTES)
    j = _NONE
    while j < n:
        width = lanes + lanes if n - j > lanes else lanes
        used = min(width, n - j)
        for step in range(steps):
            p = _NONE
            while p < k:
                count = min(block, k - p)
                x, add = a + step * m * k + p, step + p
                _turned(panel, width, A, b + (step * n + j) * k + p, k, used, count)
                if used == width:
                    _band(width > lanes, A, o + j, n, panel, width, A, x, k, count, m, add)
                else:
                    i = _NONE
                    while i < m:
                        rows = min(height, m - i)
                        _band(
                            width > lanes,
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


@_compiled
def _band(
    broad: Any, C: Any, o: Any, os: Any, panel: Any, width: Any, A: Any, x: Any, xs: Any, k: Any, n: Any, add: Any
) -> None:  # fmt: skip
    if broad:
        _broad(C, o, os, panel, _NONE, width, A, x, xs, _ONE, k, n, add)
    else:
        _narrow(C, o, os, panel, _NONE, width, A, x, xs, _ONE, k, n, add)


@_compiled
def _copied(A: Any, o: Any, os: Any, rest: Any, width: Any, rows: Any, used: Any, add: Any) -> None:
    """Put the used columns of some rows in their place, or add them to what stands there."""
    for i in range(rows):
        for q in range(used):
            before = A[o + i * os + q] if add else A.dtype.type(0)
            A[o + i * os + q] = before + rest[i * width + q]


@_compiled
def transpose_multiply(
    A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any
) -> None:
    """xᵀ·δ over k samples; see :class:`~flux_studio.engine.operations.products.TransposeMultiply`."""
    _summed(A, o, a, b, m, k, n, _ONE)


@_compiled
def sum_of_products(A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any) -> None:
    """Σₜ xₜᵀ·δₜ over steps of k samples; see :class:`~flux_studio.engine.operations.steps.SumOfProducts`."""
    _summed(A, o, a, b, m, k, n, uint64(A[d]))


@_compiled
def gather(A: Any, place: Any, X: Any, order: Any, first: Any, count: Any) -> None:
    """Copy the rows order[first], … of X into a batch matrix of ``count`` rows, which is stored feature by feature."""
    features, lanes, flat = uint64(X.shape[1]), _lanes(A), X.reshape(X.size)
    if features < lanes or count < lanes:
        for f in range(features):
            for i in range(count):
                A[place + f * count + i] = X[uint64(order[first + i]), f]
        return
    i = _NONE
    while i < count:
        # The last square is moved back so that it stays within the matrix.
        row = min(i, count - lanes)
        f = _NONE
        while f < features:
            column = min(f, features - lanes)
            _turn_rows(A, place + column * count + row, count, flat, column, features, order, first + row)
            f += lanes
        i += lanes


TILED: dict[str, Callable[..., None]] = {
    "multiply": multiply,
    "multiply_transposed": multiply_transposed,
    "transpose_multiply": transpose_multiply,
    "sum_of_products": sum_of_products,
}
"""A kernel made of tiles for each product, by the name of the operation."""
