"""Terms as text: how infix operators and brackets are written is the same in all languages, the functions are not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flux_studio.engine.expressions import Term
from flux_studio.errors import ExportError

_TEST, _SUM, _PRODUCT, _SIGN, _POWER, _WHOLE = range(1, 7)
_INFIX: dict[str, tuple[int, str]] = {
    "greater": (_TEST, ">"),
    "greater_equal": (_TEST, ">="),
    "less": (_TEST, "<"),
    "less_equal": (_TEST, "<="),
    "add": (_SUM, "+"),
    "subtract": (_SUM, "-"),
    "multiply": (_PRODUCT, "*"),
    "divide": (_PRODUCT, "/"),
    "product": (_PRODUCT, "@"),
    "power": (_POWER, "**"),
}
"""How strongly each infix operator binds, and its sign."""


class TextWriter:
    """Writes terms in one language.

    ``functions`` has a template for each kind of term that is no infix operator. One that begins with ``{0}.`` or
    ``{0}[`` is a method or a part of the first part. ``{value}`` stands for what else the term holds.
    """

    def __init__(
        self,
        language: str,
        functions: Mapping[str, str],
        leaf: Callable[[Any], str],
        number: Callable[[float], str],
    ) -> None:
        self.language, self.functions, self.leaf, self.number = language, functions, leaf, number

    def text(self, term: Term) -> str:
        """The term on one line, without brackets around all of it."""
        return self._written(term, 0)

    def _written(self, term: Term, level: int) -> str:
        binds, text = self._piece(term)
        return text if binds >= level else f"({text})"

    def _piece(self, term: Term) -> tuple[int, str]:
        """How strongly the text binds, and the text."""
        if term.kind == "matrix":
            return _WHOLE, self.leaf(term.value)
        if term.kind == "number":
            return (_SIGN if term.value < 0 else _WHOLE), self.number(term.value)
        if term.kind in self.functions:
            return self._called(term, self.functions[term.kind])
        if term.kind == "negative":
            return _SIGN, f"-{self._written(term.parts[0], _SIGN)}"
        if term.kind in _INFIX:
            binds, sign = _INFIX[term.kind]
            left, right = term.parts
            # All of them group from the left but the power, which groups from the right.
            return (
                binds,
                f"{self._written(left, binds + (sign == '**'))} {sign} {self._written(right, binds + 1)}",
            )
        raise ExportError(f"{term.kind} cannot be written in {self.language}; choose another format")

    def _called(self, term: Term, template: str) -> tuple[int, str]:
        method = template.startswith(("{0}.", "{0}["))
        parts = [
            self._written(part, _WHOLE if method and place == 0 else 0)
            for place, part in enumerate(term.parts)
        ]
        value = term.value if isinstance(term.value, tuple) else (term.value,)
        bracketed = "?" in template  # the conditional expression of C binds less than anything
        text = template.format(*parts, *([""] * 3), all=", ".join(parts), value=value)
        return (0 if bracketed else _WHOLE), text
