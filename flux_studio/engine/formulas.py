"""Formulas are written once, as a line of readable text, and read here, so that they can be typeset as well.

Operations, matrices and losses say their formula as people would type it: ``∂C/∂w = xᵀ·∂C/∂a``, ``h = e^a / Σ e^a``,
``h = a where a > 0, else α·(e^a − 1)``; so do the explanations of cells, ``a[5,2] = (x·w)[5,2] + b[2]``. What is read
can be written as LaTeX and as MathML; what stands for something may be replaced, a letter by the matrix that it means.

The notation: ``·`` and ``⊙`` multiply, `` / `` divides all of the product before it, ``/`` without blanks only what
stands beside it; ``x[5,2]`` is a cell, ``∂C/∂w`` a gradient, and ``∂C/∂x (F)`` the part of one that comes through F.
``Σ`` takes a product, and before it ``rows``, ``columns`` or ``steps``. ``;`` ends a line. All other words are words.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from flux_studio.engine.notation import (
    Bracket,
    Call,
    Cell,
    Chain,
    Fraction,
    Gradient,
    Index,
    Name,
    Node,
    Part,
    Power,
    Root,
    Total,
    Words,
)

_FUNCTIONS = ("tanh", "log", "max", "min", "erf", "sign", "cos", "clip")
_OVER = ("rows", "columns", "steps", "others")
_RELATIONS = "=←<>≤≥≈"
_PAIRS = {"(": ")", "[": "]", "|": "|", "‖": "‖", "⌊": "⌋"}
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺⁽⁾ᵗᵘ", "0123456789−+()tu")
_LOWERED = str.maketrans("₀₁₂₃₄₅₆₇₈₉₋₊ᵢⱼₖₙₜ", "0123456789−+ijknt")
_TOKEN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<number>\d+(?:\.\d+)?(?:e[−+]?\d+)?|∞|NaN\b)"
    r"|(?P<total>Σ[ᵢⱼₖₙₜ]*)"
    r"|(?P<raised>[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺⁽⁾ᵀᵗᵘ′]+)"
    r"|(?P<word>[A-Za-z][A-Za-z'-]+[₀-₉]*)"
    r"|(?P<letter>σ²|[^\W\d_]\u0302?(?:[₀-₉₋₊ₜ]|_[a-z]+)*)"
    r"|(?P<sign>.)"
)


class _Token(NamedTuple):
    kind: str
    text: str
    start: int


def lines(text: str) -> tuple[Node, ...]:
    """A formula's lines, each read."""
    return tuple(read(part.strip()) for part in text.split(";"))


@lru_cache(maxsize=1 << 12)
def read(text: str) -> Node:
    """Read one line; what is no mathematics is words, so that no text is refused."""
    return _Reader(unicodedata.normalize("NFD", text)).all()


def number(value: float, digits: int) -> str:
    """A number as formulas have it, rounded to so many significant digits: ``−0.25``, ``1.5e−05``, ``∞``."""
    if math.isnan(value):
        return "NaN"
    text = "∞" if math.isinf(value) else f"{abs(value):.{digits}g}".replace("-", "−")
    return f"−{text}" if value < 0 else text


def result(node: Node) -> Node:
    """What stands behind the first ``=`` or ``←``, or else all of it."""
    if isinstance(node, Chain) and node.level == "relation" and len(node.parts) > 2:
        rest = node.parts[2:]
        return rest[0] if len(rest) == 1 else Chain("relation", rest)
    return node


def replaced(node: Node, known: Mapping[Node, Node]) -> Node:
    """The same with other things in the places of those that are known, in brackets where they need them."""
    if node in known:
        return known[node]
    return node.changed(lambda part: _fitting(node, part, replaced(part, known)))


def _fitting(around: Node, before: Node, after: Node) -> Node:
    """What has come in the place of something, in brackets where it binds less than what it stands in."""
    if not isinstance(after, Chain) or isinstance(before, Chain):
        return after
    if isinstance(around, Bracket | Fraction | Root):
        return after
    binds = isinstance(around, Chain) and around.level == "sum" and after.level == "product"
    return after if binds else Bracket("(", after, ")")


class _Reader:
    """Reads from left to right, by precedence: relations, sums, products, powers."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = [_Token(str(m.lastgroup), m.group(), m.start()) for m in _TOKEN.finditer(text)]
        self._at = 0

    def all(self) -> Node:
        """Everything."""
        return self._row("")

    # Tokens

    def _look(self, ahead: int = 0) -> _Token:
        at = self._at + ahead
        return self._tokens[at] if at < len(self._tokens) else _Token("end", "", len(self._text))

    def _take(self) -> _Token:
        token = self._look()
        self._at += 1
        return token

    def _skip(self) -> None:
        while self._look().kind == "space":
            self._at += 1

    def _next(self) -> _Token:
        """The next token that is no blank, without taking anything."""
        return self._look(1) if self._look().kind == "space" else self._look()

    def _source(self, start: int) -> str:
        return self._text[start : self._look().start].strip()

    # Levels

    def _row(self, close: str) -> Node:
        """Sums with relations, commas and words between them, up to a closing bracket or the end."""
        parts: list[Node] = []
        while True:
            self._skip()
            token = self._look()
            if token.kind == "end" or (close and token.text == close):
                break
            if token.text in (*_RELATIONS, ","):
                parts.append(Name(self._take().text))
            elif token.kind == "word" and not self._is_operand():
                parts.append(self._words())
            elif token.kind == "sign" and not self._is_operand() and token.text not in "−+":
                parts.append(Words(self._take().text))
            else:
                parts.append(self._sum(close))
        if len(parts) == 1:
            return parts[0]
        return Chain("relation", tuple(parts))

    def _is_operand(self) -> bool:
        token = self._look()
        if token.kind == "word":
            return token.text in _FUNCTIONS or self._is_called(token.text)
        return token.kind in ("number", "letter", "total") or token.text in (*_PAIRS, "√", "∂")

    def _is_called(self, word: str) -> bool:
        """Whether a word is the name of a number, as ``sum`` and ``drawn`` are: it stands between operators."""
        after = self._look(1)
        follows = self._look(2) if after.kind == "space" else after
        stands_alone = follows.kind == "end" or follows.text in "·⊙/+−)=,]|<>≤≥" or follows.kind == "raised"
        before = self._tokens[self._at - 1].text if self._at else ""
        beyond = self._tokens[self._at - 2].text if self._at > 1 else ""
        opened = before in ("", "(", "·", "[", "√") or (before == " " and beyond in "·⊙/+−=←<>≤≥")
        return stands_alone and opened and (len(self._tokens) > 1 or "_" in word)

    def _words(self) -> Words:
        found = [self._take().text]
        while self._next().kind == "word":
            self._skip()
            if self._is_operand():
                self._at -= 1
                break
            found.append(self._take().text)
        return Words(" ".join(found))

    def _sum(self, close: str) -> Node:
        parts: list[Node] = []
        while True:
            self._skip()
            if self._look().text in ("−", "+") and self._look().kind == "sign":
                parts.append(Name(self._take().text))
            self._skip()
            if self._look().kind == "end" or self._look().text == close:
                break
            parts.append(self._product())
            if self._next().text not in ("−", "+"):
                break
        if not parts:
            return Words(self._take().text)
        return parts[0] if len(parts) == 1 else Chain("sum", tuple(parts))

    def _product(self) -> Node:
        parts: list[Node] = [self._tight()]
        while True:
            following = self._next()
            if following.text in ("·", "⊙", "×") and following.kind == "sign":
                self._skip()
                parts += [Name(self._take().text), self._operand()]
            elif following.text == "/" and self._look().kind == "space":
                self._skip()
                self._take()
                top = parts[0] if len(parts) == 1 else Chain("product", tuple(parts))
                parts = [Fraction(_bare(top), _bare(self._operand()))]
            else:
                return parts[0] if len(parts) == 1 else Chain("product", tuple(parts))

    def _operand(self) -> Node:
        self._skip()
        if self._look().text == "−":
            return Chain("sum", (Name(self._take().text), self._tight()))
        return self._tight()

    def _tight(self) -> Node:
        found = self._power()
        if isinstance(found, Bracket) and found.open == "(" and isinstance(found.inner, Fraction):
            found = found.inner  # a fraction holds together by itself
        while self._look().text == "/" and self._look(1).kind != "space":
            self._take()
            found = Fraction(_bare(found), _bare(self._power()))
        return found

    def _power(self) -> Node:
        number = self._look().kind == "number"
        found = self._postfix()
        if self._look().text == "^":
            self._take()
            return Power(found, _bare(self._postfix()))
        if number and self._look().text == "(":
            return Chain("product", (found, self._postfix()))
        return found

    def _postfix(self) -> Node:
        start = self._look().start
        found = self._primary()
        while True:
            token = self._look()
            if token.kind == "raised":
                self._take()
                found = Power(found, _exponent(token.text))
            elif token.text == "[" and token.start > start:
                self._take()
                index = ""
                while self._look().text not in ("]", ""):
                    index += self._take().text
                self._take()
                found = Cell(found, Index(index), self._source(start))
            else:
                return found

    def _primary(self) -> Node:
        token = self._take()
        if token.kind == "number":
            return Name(token.text)
        if token.kind == "total":
            return self._total(token.text[1:].translate(_LOWERED))
        if token.text == "∂":
            return self._gradient(token.start)
        if token.text == "√":
            return Root(_bare(self._postfix()))
        if token.text in _PAIRS:
            inner = self._row(_PAIRS[token.text])
            self._take()
            return Bracket(token.text, inner, _PAIRS[token.text])
        if token.kind in ("word", "letter"):
            return self._named(token)
        return Words(token.text)

    def _named(self, token: _Token) -> Node:
        name = _name(token.text)
        if token.kind == "letter" or token.text in _FUNCTIONS:
            exponent: Node | None = None
            if token.text in _FUNCTIONS and self._look().kind == "raised":
                exponent = _exponent(self._take().text)
            function = name if exponent is None else Power(name, exponent)
            if self._look().text == "(":
                return Call(function, self._primary(), self._source(token.start))
            starts = self._look().kind == "space" and self._look(1)
            if (
                token.text in _FUNCTIONS
                and starts
                and (starts.kind in ("letter", "number", "word") or starts.text in ("∂", "("))
            ):
                self._skip()
                argument = self._power()
                return Call(function, argument, self._source(token.start))
        return name

    def _total(self, over: str) -> Node:
        words = []
        while self._next().text in _OVER:
            self._skip()
            words.append(self._take().text)
        self._skip()
        return Total(Index(",".join(over)) if over else Words(", ".join(words)), self._product())

    def _gradient(self, start: int) -> Node:
        of = self._side()
        if (self._look().text, self._look(1).text) != ("/", "∂"):
            return Chain("product", (Name("∂"), of))
        self._at += 2
        found: Node = Gradient(of, self._side(), self._source(start))
        if self._look().kind == "space" and self._look(1).text == "(" and self._look(3).kind != "space":
            self._skip()
            self._take()
            inner = self._row(")")
            self._take()
            found = Part(found, inner, self._source(start))
        return found

    def _side(self) -> Node:
        """What stands behind a ∂: a name, something in brackets, or a function of a name."""
        token = self._take()
        if token.text == "(":
            inner = self._row(")")
            self._take()
            return Bracket("(", inner, ")")
        if token.text in _FUNCTIONS and self._look().kind == "space":
            self._skip()
            return Call(Name(token.text), _name(self._take().text), "")
        return _name(token.text)


def _name(text: str) -> Name | Words:
    """``w₁`` is w with a 1 below, ``a_f`` a with an f; σ² is a name of its own."""
    if text == "σ²":
        return Name(text)
    base, _, below = text.partition("_")
    bare = re.match(r"[^₀-₉₋₊ₜ]+", base)
    if bare is None:
        return Words(text)
    lower = base[bare.end() :].translate(_LOWERED) + below
    return Name(bare[0], lower)


def _exponent(text: str) -> Node:
    return Name({"ᵀ": "⊤"}.get(text, text.translate(_RAISED)))


def _bare(node: Node) -> Node:
    """Without the brackets that a fraction, a root or an exponent makes needless."""
    return node.inner if isinstance(node, Bracket) and node.open == "(" else node
