"""The compiled executor's kernels as C: the same loops, read from their source, with pointers for places in the arena.

A kernel is plain arithmetic in loops over the arena ``A``, see :mod:`flux_studio.engine.operations.base`.
``A[oj + i]`` becomes ``oj[i]``, and what a name is (a number, a count, a place) follows from what is put into it.
So a new operation has its C with its kernel.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from flux_studio.engine.expressions import Term
from flux_studio.engine.operations.base import SAMPLES, Elementwise, Operation
from flux_studio.errors import ExportError
from flux_studio.export.text import TextWriter

_FUNCTIONS = ("exp", "expm1", "log", "log1p", "tanh", "erf", "sin", "cos", "sqrt", "floor")


def terms(real: str, leaf: Callable[[Any], str]) -> TextWriter:
    """Writes terms in C, in the type ``real`` (``float`` or ``double``); ``leaf`` gives the text of a leaf."""
    end = "f" if real == "float" else ""
    functions = {
        **{name: f"{name}{end}({{0}})" for name in _FUNCTIONS},
        "abs": f"fabs{end}({{0}})",
        "power": f"pow{end}({{0}}, {{1}})",
        "where": "{0} ? {1} : {2}",
        "is": "{0} == {value[0]}",
        "is_missing": "isnan({0})",
    }
    return TextWriter("C", functions, leaf, lambda value: number(value, real))


def number(value: float, real: str) -> str:
    """A number of that type that reads back as the same: ``1.0f``."""
    return f"{float(value)!r}{'f' if real == 'float' else ''}"


@dataclass(frozen=True)
class Function:
    """A C function, and which of a kernel's parameters it takes: ``o``, ``a`` to ``d``, ``m``, ``k`` and ``n``."""

    text: str
    parameters: str


def function(operation: Operation, name: str, real: str) -> Function:
    """A C function that does what the operation's kernel does."""
    if isinstance(operation, Elementwise):
        return _of_cells(operation, name, real)
    try:
        source = textwrap.dedent(inspect.getsource(operation.kernel))
        found = ast.parse(source).body[0]
        assert isinstance(found, ast.FunctionDef)
        return _Translation(real).function(found, name)
    except (OSError, SyntaxError) as error:
        raise ExportError(
            f"{operation.name} cannot be written in C, because its source is not there"
        ) from error
    except KeyError as error:
        raise ExportError(f"{operation.name} cannot be written in C; choose another format") from error


class _Cell:
    """A cell of an input, or one of an elementwise operation's numbers."""

    def __init__(self, text: str) -> None:
        self.text, self.shape = text, (1, 1)


def _of_cells(operation: Elementwise, name: str, real: str) -> Function:
    numbers = max(0, len(operation.letters) - operation.matrices)
    inputs = [_Cell(f"{letter}[i]") for letter in "ab"[: operation.matrices]]
    inputs += [_Cell(f"*{letter}") for letter in "cd"[:numbers]]
    leaves = [Term("matrix", value=each) for each in inputs]
    written = terms(real, lambda cell: str(cell.text)).text(operation.expression(*leaves))
    used = "".join(letter for letter in "abcd" if f"{letter}[i]" in written or f"*{letter}" in written)
    parameters = f"o{used}m"
    body = f"    for (int i = 0; i < m; i++)\n        o[i] = {written};"
    return Function(f"{_head(name, real, parameters)}\n{{\n{body}\n}}\n", parameters)


def _head(name: str, real: str, parameters: str) -> str:
    kinds = {"o": f"{real} *", **dict.fromkeys("abcd", f"const {real} *"), **dict.fromkeys("mkn", "int ")}
    return f"static inline void {name}({', '.join(kinds[each] + each for each in parameters)})"


class _Translation:
    """One kernel. Names are ``real`` numbers, ``int`` counts, places to ``write`` or ``read``, or ``room``."""

    def __init__(self, real: str) -> None:
        self.real = real
        self.kinds = {"o": "write", **dict.fromkeys("abcd", "read"), **dict.fromkeys("mkn", "int")}
        self.kinds["SAMPLES"] = "int"

    def function(self, found: ast.FunctionDef, name: str) -> Function:
        given = set(self.kinds)
        lines = [line for statement in found.body for line in self._statement(statement, 1)]
        used = {node.id for node in ast.walk(found) if isinstance(node, ast.Name)}
        parameters = "".join(letter for letter in "oabcdmkn" if letter in used)
        declared = []
        for kind, form in (
            ("int", "{}"),
            ("real", "{}"),
            ("write", "*{}"),
            ("read", "*{}"),
            ("room", "{}[{size}]"),
        ):
            own = [
                form.format(each, size=int(SAMPLES))
                for each, its in self.kinds.items()
                if its == kind and each not in given
            ]
            if own:
                before = {"int": "int", "read": f"const {self.real}"}.get(kind, self.real)
                declared.append(f"    {before} {', '.join(own)};")
        body = "\n".join([*declared, *lines])
        return Function(f"{_head(name, self.real, parameters)}\n{{\n{body}\n}}\n", parameters)

    def _statement(self, node: ast.stmt, depth: int) -> Iterator[str]:
        space = "    " * depth
        match node:
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
                for target, value in zip(targets, values, strict=True):
                    yield from self._assign(target, value, space)
            case ast.Assign(targets=[target], value=value):
                yield from self._assign(target, value, space)
            case ast.AugAssign(target=target, op=op, value=value):
                yield f"{space}{self._text(target)} {_SIGNS[type(op)]}= {_bare(self._text(value))};"
            case ast.For(target=ast.Name(id=index), iter=ast.Call(args=[end]), body=body):
                self.kinds[index] = "int"
                yield f"{space}for ({index} = 0; {index} < {self._text(end)}; {index}++) {{"
                yield from self._block(body, depth)
                yield f"{space}}}"
            case ast.While(test=test, body=body):
                yield f"{space}while ({self._text(test)}) {{"
                yield from self._block(body, depth)
                yield f"{space}}}"
            case ast.If(test=test, body=body, orelse=others):
                yield f"{space}if ({self._text(test)}) {{"
                yield from self._block(body, depth)
                if others:
                    yield f"{space}}} else {{"
                    yield from self._block(others, depth)
                yield f"{space}}}"
            case _:
                raise ExportError(f"{ast.unparse(node)} cannot be written in C; choose another format")

    def _block(self, body: list[ast.stmt], depth: int) -> Iterator[str]:
        for statement in body:
            yield from self._statement(statement, depth + 1)

    def _assign(self, target: ast.expr, value: ast.expr, space: str) -> Iterator[str]:
        if isinstance(target, ast.Name):
            self.kinds.setdefault(target.id, self._kind(value))
            if self.kinds[target.id] == "room":
                return
        yield f"{space}{self._text(target)} = {_bare(self._text(value))};"

    def _kind(self, node: ast.expr) -> str:
        """What an expression is."""
        match node:
            case ast.Name(id=name):
                return self.kinds[name]
            case ast.BinOp(left=left, right=right):
                kinds = self._kind(left), self._kind(right)
                return next((kind for kind in ("write", "read", "real") if kind in kinds), "int")
            case ast.Call(func=ast.Name(id="min")) | ast.Compare():
                return "int"
            case ast.Constant(value=int()):
                return "int"
            case ast.Call(func=ast.Name(id="room")):
                return "room"
            case ast.IfExp(body=body):
                return self._kind(body)
            case _:
                return "real"

    def _text(self, node: ast.expr) -> str:
        match node:
            case ast.Name(id="SAMPLES"):
                return str(int(SAMPLES))
            case ast.Name(id=name):
                return name
            case ast.Constant(value=value) if isinstance(value, int):
                return str(value)
            case ast.Subscript(value=ast.Name(id="A"), slice=place):
                return self._cell(place)
            case ast.Subscript(value=ast.Name(id=name), slice=place):
                return f"{name}[{_bare(self._text(place))}]"
            case ast.BinOp(left=left, op=op, right=right):
                return f"({self._text(left)} {_SIGNS[type(op)]} {self._text(right)})"
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return f"(-{self._text(operand)})"
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return f"{self._text(left)} {_SIGNS[type(op)]} {self._text(right)}"
            case ast.IfExp(test=test, body=body, orelse=other):
                return f"({self._text(test)} ? {self._text(body)} : {self._text(other)})"
            case ast.Call(func=ast.Name(id="min"), args=[one, other]):
                first, second = self._text(one), self._text(other)
                return f"({first} < {second} ? {first} : {second})"
            case ast.Call(func=ast.Attribute(attr="type"), args=[value]):
                return f"({self.real}){self._text(value)}"
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[value]) if (
                name in _FUNCTIONS
            ):
                return f"{name}{'f' if self.real == 'float' else ''}({_bare(self._text(value))})"
            case _:
                raise ExportError(f"{ast.unparse(node)} cannot be written in C; choose another format")

    def _cell(self, place: ast.expr) -> str:
        """A cell of the arena: the first summand is the place of a matrix, the others say which cell of it."""
        if isinstance(place, ast.Name):
            return f"*{place.id}"
        assert isinstance(place, ast.BinOp)
        if isinstance(place.left, ast.Name):
            return f"{place.left.id}[{_bare(self._text(place.right))}]"
        base, _, rest = self._cell(place.left).partition("[")
        return f"{base}[{rest.removesuffix(']')} + {self._text(place.right)}]"


def _bare(text: str) -> str:
    """Text without brackets around all of it."""
    if not (text.startswith("(") and text.endswith(")")):
        return text
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if depth == 0 and place < len(text) - 1:
            return text
    return text[1:-1]


_SIGNS: dict[type, str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
}
