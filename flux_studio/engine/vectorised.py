"""The exponential functions for compiled code: polynomials without branches, so that loops over cells vectorise.

NumPy's functions, called from a compiled loop, take one number at a time and 2 to 8 ns each; these take 0.3 to 1 ns
and are off by at most 3 units in the last place. The polynomials are the plain power series: the argument is brought
so near to zero first that a few terms reach the last digit.

e^x = 2ⁿ·e^r with n the whole number nearest to x/log 2 and r = x − n·log 2, |r| ≤ log(2)/2.
log u = e·log 2 + log m with u = 2ᵉ·m, ½ ≤ m² ≤ 2, and log m = 2·(s + s³/3 + s⁵/5 + …) for s = (m − 1)/(m + 1).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic, overload

from flux_studio.engine.operations import exponentials

# Without "reassoc": the digits that are gained by taking log 2 in two parts must not be simplified away.
_OPTIONS: dict[str, Any] = {
    "nogil": True,
    "error_model": "numpy",
    "fastmath": {"contract"},
    "forceinline": True,
}
_LOG_2 = Decimal("0.693147180559945309417232121458176568")

_Decorator = Callable[[Callable[..., Any]], Any]
_compiled: _Decorator = njit(**_OPTIONS)
_written: _Decorator = intrinsic
_overload: Any = overload


def _format(kind: Any) -> tuple[Any, int]:
    """The whole numbers as long as a float, and how many of its bits are digits behind the point."""
    return (ir.IntType(64), 52) if kind == types.float64 else (ir.IntType(32), 23)


@_written
def _power_of_two(context: Any, shifted: Any) -> Any:
    """2ⁿ from n + 1.5·2^52 (1.5·2^23 for float32), a sum whose last bits are the whole number n."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        whole, digits = _format(shifted)
        one = (1 << (whole.width - 2 - digits)) - 1 << digits
        exponent = builder.shl(builder.bitcast(arguments[0], whole), whole(digits))
        return builder.bitcast(builder.add(exponent, whole(one)), context.get_value_type(shifted))

    return shifted(shifted), generate


@_written
def _exponent(context: Any, u: Any) -> Any:
    """The whole number e of u = 2ᵉ·m with ½ ≤ m² ≤ 2, as a float."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        whole, digits = _format(u)
        root = np.array(math.sqrt(0.5), np.float64 if u == types.float64 else np.float32)
        bits = builder.bitcast(arguments[0], whole)
        above = builder.sub(bits, whole(int(root.view(f"i{root.itemsize}"))))
        return builder.sitofp(builder.ashr(above, whole(digits)), context.get_value_type(u))

    return u(u), generate


class _Functions:
    """The functions for one type of number."""

    def __init__(self, number: Any, *, highest: float, lowest: float, level: float) -> None:
        single = number is np.float32
        one, half = number(1), number(0.5)
        magic, log2_e = number(1.5 * 2.0 ** (23 if single else 52)), number(1 / math.log(2))
        # The first part has so few digits that its multiples are exact.
        coarse = 2.0 ** (12 if single else 32)
        high = number(round(float(_LOG_2) * coarse) / coarse)
        low = number(float(_LOG_2 - Decimal(float(high))))
        top, bottom, flat = number(highest), number(lowest), number(level)
        powers = _series(number, [1 / math.factorial(i) for i in range(2, 8 if single else 14)])
        odd_powers = _series(number, [2 / i for i in range(3, 13 if single else 25, 2)])

        @_compiled
        def parts(x: Any) -> Any:
            """e^r − 1 and two factors whose product is 2ⁿ: it alone may be too large, or too small, for a float."""
            bound = top if x > top else (bottom if x < bottom else x)
            n = (bound * log2_e + magic) - magic
            r = (bound - n * high) - n * low
            first = (n * half + magic) - magic
            return r + r * r * powers(r), _power_of_two(first + magic), _power_of_two((n - first) + magic)

        @_compiled
        def exp(x: Any) -> Any:
            beyond_one, first, second = parts(x)
            return (first + first * beyond_one) * second

        @_compiled
        def expm1(x: Any) -> Any:
            beyond_one, first, second = parts(x)
            return (first * beyond_one) * second + (first * second - one)

        @_compiled
        def tanh(x: Any) -> Any:
            bound = flat if x > flat else (-flat if x < -flat else x)
            power = expm1(bound + bound)
            return power / (power + one + one)

        @_compiled
        def log1p(x: Any) -> Any:
            u = one + x
            rounding = (x - (u - one)) / u
            e = _exponent(u)
            m = u * _power_of_two(magic - e)
            s = (m - one) / (m + one)
            return e * high + (s + s + s * (s * s) * odd_powers(s * s) + (e * low + rounding))

        self.exp, self.expm1, self.tanh, self.log1p = exp, expm1, tanh, log1p


def _series(number: Any, factors: list[float]) -> Any:
    """The polynomial with these factors, that of x⁰ first, by Horner's rule."""
    last, *others = (number(factor) for factor in reversed(factors))
    rule = "total"
    for place in range(len(others)):
        rule = f"({rule}) * x + f{place}"
    numbers = {f"f{place}": factor for place, factor in enumerate(others)}
    names: dict[str, Any] = {"total": last, **numbers}
    # A loop over the factors would not be unrolled before loops are made into vector code.
    exec(f"def polynomial(x):\n    return {rule}", names)
    return _compiled(names["polynomial"])


_FUNCTIONS = {
    types.float32: _Functions(np.float32, highest=89, lowest=-104, level=10),
    types.float64: _Functions(np.float64, highest=710, lowest=-746, level=20),
}


def _replace(name: str) -> None:
    """Let compiled code use our function of that name instead of NumPy's."""

    def chosen(x):  # type: ignore[no-untyped-def]  # Numba wants the very same signature of both
        if x not in _FUNCTIONS:
            return None
        function = getattr(_FUNCTIONS[x], name)
        return lambda x: function(x)

    _overload(getattr(exponentials, name), jit_options=_OPTIONS)(chosen)


for _name in ("exp", "expm1", "tanh", "log1p"):
    _replace(_name)
