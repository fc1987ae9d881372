"""Numbers too small for a full float (below 10⁻³⁸, or 10⁻³⁰⁸) count as zero in compiled programs.

A trained network is full of them: squared gradients, and probabilities of what it has ruled out. Processors compute
with them many times slower than with other numbers (Adam on a trained network took three times as long), and
nobody could tell them from zero.
"""

from __future__ import annotations

import platform
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

_IS_X86 = platform.machine().lower() in ("x86_64", "amd64")
_FLUSH = 0x8040
"""In the control word of an x86 processor: results are flushed to zero, and inputs taken for zero."""

_Decorator = Callable[[Callable[..., Any]], Any]
_written: _Decorator = intrinsic
_cgutils: Any = cgutils
_BYTES = ir.IntType(8).as_pointer()
_WORD = ir.IntType(32)


def _call(builder: Any, name: str, place: Any) -> None:
    kind = ir.FunctionType(ir.VoidType(), [_BYTES])
    function = _cgutils.get_or_insert_function(builder.module, kind, name)
    builder.call(function, [builder.bitcast(place, _BYTES)])


@_written
def flush(context: Any) -> Any:
    """Let this thread flush subnormal numbers to zero; returns the control word of before, for :func:`put_back`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        if not _IS_X86:
            return _WORD(0)
        place = _cgutils.alloca_once(builder, _WORD)
        _call(builder, "llvm.x86.sse.stmxcsr", place)
        before = builder.load(place)
        builder.store(builder.or_(before, _WORD(_FLUSH)), place)
        _call(builder, "llvm.x86.sse.ldmxcsr", place)
        return before

    return types.uint32(), generate


@_written
def put_back(context: Any, before: Any) -> Any:
    """Compute as before :func:`flush`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        if _IS_X86:
            place = _cgutils.alloca_once(builder, _WORD)
            builder.store(arguments[0], place)
            _call(builder, "llvm.x86.sse.ldmxcsr", place)
        return context.get_dummy_value()

    return types.void(types.uint32), generate
