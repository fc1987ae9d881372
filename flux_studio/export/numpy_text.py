"""Python source with NumPy: numbers, weights and statements as text. Two formats are made of it."""

from __future__ import annotations

import base64
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from flux_studio.engine.expressions import Term
from flux_studio.engine.operations.base import Array
from flux_studio.export.flow import Statement
from flux_studio.export.text import TextWriter

_MOST_DIGITS = 4_096
"""Matrices of more cells are packed: nobody reads that many digits, and Python reads them slowly."""

FUNCTIONS = {
    **{name: f"np.{name}({{0}})" for name in ("exp", "expm1", "log", "log1p", "tanh", "sin", "cos", "sqrt")},
    "erf": "erf({0})",
    "floor": "np.floor({0})",
    "abs": "np.abs({0})",
    "is": "{0} == {value[0]!r}",
    "is_missing": "np.isnan({0})",
    "where": "np.where({0}, {1}, {2})",
    "transpose": "{0}.T",
    "row_sums": "{0}.sum(axis=1, keepdims=True)",
    "row_tops": "{0}.max(axis=1, keepdims=True)",
    "column_sums": "{0}.sum(axis=0, keepdims=True)",
    "total": "{0}.sum(keepdims=True)",
    "largest": "{0}.argmax(axis=1, keepdims=True)",
    "columns": "{0}[:, {value[0]}:{value[1]}]",
    "beside": "np.hstack([{all}])",
    "below_each_other": "{0}.reshape(-1, {value[0]})",
    "zeros": "np.zeros((len({0}), {value[0]}), DTYPE)",
    "spread": "np.broadcast_to({0}, {1}.shape)",
}
"""How NumPy writes each kind of term that is no infix operator."""

_ERF = '''def erf(x):
    """The error function, which NumPy does not have."""
    return np.vectorize(math.erf, otypes=[x.dtype])(x)
'''

_PACKED = '''def packed(rows, columns, text):
    """A matrix from its bytes as base64, little-endian, row by row."""
    return np.frombuffer(base64.b64decode(text), "<f{bytes}").reshape(rows, columns)
'''


_HELPERS = {"packed": _PACKED, "erf": _ERF}
_MODULES = ("base64", "csv", "math", "sys")


class NumpyWriter(TextWriter):
    """Writes terms with NumPy. Numbers among numbers have no type yet, and get the network's."""

    def __init__(self, leaf: Callable[[Any], str]) -> None:
        super().__init__("NumPy", FUNCTIONS, leaf, number)

    def _called(self, term: Term, template: str) -> tuple[int, str]:
        if term.kind == "where" and term.is_plain:
            template += ".astype(DTYPE)"
        if term.kind == "spread" and term.parts[0].is_plain:
            template = "np.full({1}.shape, {0}, DTYPE)"
        return super()._called(term, template)


def number(value: float) -> str:
    """A number that reads back as the same: ``1``, ``0.01``."""
    return str(int(value)) if value == int(value) and abs(value) < 1e6 else repr(float(value))


def safe(text: str) -> str:
    """Text that may stand in a docstring."""
    return " ".join(text.replace("\\", "\\\\").replace('"""', "'''").split())


def digits(value: Any) -> str:
    """The shortest text that gives the same number of its own type back."""
    text = str(value)
    return text[:-2] if text.endswith(".0") and text != "-0.0" else text


def matrix_text(array: Array) -> str:
    """The expression of a matrix: its digits, or its bytes where these are many."""
    rows, columns = array.shape
    if array.size > _MOST_DIGITS:
        code = base64.b64encode(np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()).decode()
        lines = "\n".join(code[start : start + 100] for start in range(0, len(code), 100))
        return f'packed({rows}, {columns}, """\n{lines}\n""")'
    lines = ",\n".join(
        textwrap.fill(
            f"[{', '.join(map(digits, row))}]", 100, initial_indent="    ", subsequent_indent="     "
        )
        for row in array
    )
    return f"np.array([\n{lines},\n], DTYPE)"


def assignments(arrays: Iterable[tuple[str, Array]]) -> Iterator[str]:
    """A line or more for each matrix."""
    for name, array in arrays:
        yield f"{name} = {matrix_text(array)}"


def script(about: str, body: str, dtype: str, imports: Sequence[str] = ()) -> bytes:
    """A whole script: a docstring, the modules and helpers that the body uses, and the body."""
    helpers = [
        source.replace("{bytes}", str(np.dtype(dtype).itemsize))
        for name, source in _HELPERS.items()
        if re.search(rf"(?<![\w.]){name}\(", body)
    ]
    text = "\n\n".join([*helpers, body])
    standard = [f"import {name}" for name in _MODULES if re.search(rf"\b{name}\.", text)]
    standard += [line for line in imports if "torch" not in line]
    others = ["import numpy as np", *(line for line in imports if "torch" in line)]
    head = [f'"""{about}"""', "\n".join(standard), "\n".join(others), f"DTYPE = np.{dtype}", text]
    return "\n\n".join(filter(None, head)).encode()


def statement_lines(statements: Iterable[Statement]) -> Iterator[str]:
    """The statements, a line each, below a comment where another layer begins."""
    writer = NumpyWriter(lambda variable: str(variable.name))
    before = ("", "")
    for statement in statements:
        here = statement.layer or "Loss", statement.phase
        if here != before:
            backward = ", backward" if statement.phase == "backward" else ""
            yield ""
            yield f"# {here[0]}{backward}"
            before = here
        yield f"{statement.target.name} = {writer.text(statement.expression)}"


def indented(lines: Iterable[str], depth: int = 1) -> str:
    """Lines inside a block."""
    return "\n".join(f"{'    ' * depth}{line}" if line else "" for line in lines)
