"""Explicit vector code for compiled programs: tiles of matrix products, sums along rows, turned squares, room.

Numba makes vector code of simple loops by itself. What is here it cannot: sums that stay in registers over a whole
product, and squares of numbers whose rows and columns are exchanged on the way from one place to another. Each piece
is written as LLVM code for the vectors of the processor that compiles it.
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
VECTOR_BYTES = 64 if _WIDE_REGISTERS else 32
HEIGHT = 8 if _WIDE_REGISTERS else 4
"""Rows of the highest tile. It fills half of the 32 registers of AVX-512, or half of the 16 of AVX2."""
_ROOM_BYTES = int(SAMPLES) * 8

# The full set of fast-math flags would remove the tests for NaN and infinity.
OPTIONS: dict[str, Any] = {
    "nogil": True,
    "error_model": "numpy",
    "fastmath": {"contract", "reassoc", "arcp", "nsz"},
}


_Decorator = Callable[[Callable[..., Any]], Any]
compiled: _Decorator = njit(**OPTIONS)
inlined: _Decorator = njit(forceinline=True, **OPTIONS)  # an array takes seven arguments to pass on
_written: _Decorator = intrinsic
_cgutils: Any = cgutils
_arrays: Any = arrayobj
_written_with_literals: _Decorator = intrinsic(prefer_literal=True)


def make_tile(height: int, vectors: int) -> Any:
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
        self.lanes = VECTOR_BYTES // (8 if isinstance(scalar, ir.DoubleType) else 4)
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


class _Dots(_VectorCode):
    """Writes the code for sums of products along one row and several others."""

    def generate(self, height: int) -> Any:
        builder, zero = self.builder, self.index(0)
        C, X, D = (self._data(place) for place in (0, 3, 5))
        o, os, a, d, ds, k = (self.arguments[place] for place in (1, 2, 4, 6, 7, 8))
        rows = [self._step(d, ds, j) for j in range(height)]
        before = builder.block
        loop, done = (builder.append_basic_block(name) for name in ("sum", "sums"))
        builder.branch(loop)

        builder.position_at_end(loop)
        p, sums = builder.phi(self.index), [builder.phi(self.vector) for _ in range(height)]
        x = self._load(X, builder.add(a, p))
        totals = [self._fma(x, self._load(D, builder.add(rows[j], p)), sums[j]) for j in range(height)]
        following = builder.add(p, self.index(self.lanes))
        whole = builder.and_(k, self.index(-self.lanes))
        builder.cbranch(builder.icmp_unsigned("<", following, whole), loop, done)
        p.add_incoming(zero, before)
        p.add_incoming(following, loop)
        for total, summed in zip(sums, totals, strict=True):
            total.add_incoming(ir.Constant(self.vector, [0.0] * self.lanes), before)
            total.add_incoming(summed, loop)

        builder.position_at_end(done)
        rest = builder.sub(k, whole)
        with builder.if_then(builder.icmp_unsigned("!=", rest, zero)):
            # The last vector, moved back over what is summed already: only its last cells count.
            last, counts = builder.sub(k, self.index(self.lanes)), self._last(rest)
            x = self._masked(self._load(X, builder.add(a, last)), counts)
            more = [
                self._fma(x, self._masked(self._load(D, builder.add(rows[j], last)), counts), totals[j])
                for j in range(height)
            ]
            summing = builder.block
        merged = []
        for total, summed in zip(totals, more, strict=True):
            either = builder.phi(self.vector)
            either.add_incoming(total, done)
            either.add_incoming(summed, summing)
            merged.append(either)
        folded = self._folded(merged)
        for j in range(height):
            cell = builder.extract_element(folded, cgutils.int32_t(j))
            builder.store(cell, builder.gep(C, [self._step(o, os, j)]))
        return self.context.get_dummy_value()

    def _last(self, count: Any) -> Any:
        """Which cells of a vector are among the last ``count``."""
        numbers = ir.VectorType(self.index, self.lanes)
        places = ir.Constant(numbers, list(range(self.lanes)))
        first = self.builder.sub(self.index(self.lanes), count)
        undefined = ir.Constant(numbers, ir.Undefined)
        firsts = self.builder.insert_element(undefined, first, cgutils.int32_t(0))
        spread = self.builder.shuffle_vector(
            firsts, undefined, ir.Constant(ir.VectorType(cgutils.int32_t, self.lanes), [0] * self.lanes)
        )
        return self.builder.icmp_unsigned(">=", places, spread)

    def _masked(self, vector: Any, counts: Any) -> Any:
        return self.builder.select(counts, vector, ir.Constant(self.vector, [0.0] * self.lanes))

    def _folded(self, totals: list[Any]) -> Any:
        """One vector that begins with the sum of each of the vectors: halves are added, of two vectors together."""
        group = self.lanes
        while group > 1:
            firsts = [place for place in range(2 * self.lanes) if place % group < group // 2]
            seconds = [place + group // 2 for place in firsts]
            alone = len(totals) == 1
            pairs = [(totals[0], totals[0])] if alone else list(zip(totals[::2], totals[1::2], strict=True))
            totals = [
                self.builder.fadd(self._shuffle(*pair, firsts), self._shuffle(*pair, seconds))
                for pair in pairs
            ]
            group //= 2
        return totals[0]


def make_dots(height: int) -> Any:
    """``dots(C, o, os, X, a, D, d, ds, k)``: C[o + j·os] = Σₚ X[a + p]·D[d + j·ds + p] for j below ``height``.

    ``height`` is a power of two, at most as long as the shortest vector; ``k`` is at least a vector's length.
    """

    @intrinsic
    def dots(
        context: Any, C: Any, o: Any, os: Any, X: Any, a: Any, D: Any, d: Any, ds: Any, k: Any
    ) -> Any:  # fmt: skip
        signature = types.void(C, o, os, X, a, D, d, ds, k)

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return _Dots(context, builder, signature, arguments).generate(height)

        return signature, generate

    return dots


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
def turn(context: Any, P: Any, p: Any, ps: Any, D: Any, d: Any, ds: Any, last: Any) -> Any:
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
def turn_rows(
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
def on_stack(context: Any, A: Any, bytes: Any) -> Any:
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
    return lambda A: on_stack(A, _ROOM_BYTES)


def lanes(A: Any) -> Any:
    """How many numbers a vector holds."""
    return uint64(VECTOR_BYTES // A.itemsize)


@_overload(lanes)
def _lanes_of(A):  # type: ignore[no-untyped-def]  # a constant, so that nothing is divided while a program runs
    count = uint64(VECTOR_BYTES * 8 // A.dtype.bitwidth)
    return lambda A: count
