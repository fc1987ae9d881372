"""What a formula is made of when it has been read, and how each thing is written in LaTeX and in MathML.

``flat`` asks for what fits into a line or into a small place: gradients are then written with a stroke.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from html import escape
from typing import Any, Literal

from flux_studio.engine.letters import BRACKETS, COMMANDS, FUNCTIONS, latex_words

Level = Literal["relation", "sum", "product"]

_LOWERED = str.maketrans("0123456789−+", "₀₁₂₃₄₅₆₇₈₉₋₊")
_HAT = "\u0302"
_OPERATORS = "=←<>≤≥≈,+−·⊙×"
_WEIGHTS: dict[Level, int] = {"relation": 0, "sum": 1, "product": 2}


class Node(ABC):
    """A piece of a formula."""

    is_tall: bool = False
    """Whether it is higher than a line of text, so that brackets around it must grow."""

    @abstractmethod
    def latex(self, flat: bool = False) -> str:
        """As LaTeX for mathematics mode; needs ``amsmath``."""

    @abstractmethod
    def mathml(self, flat: bool = False) -> str:
        """As one element of MathML; what stands for something has its source in ``data-symbol``."""

    def pieces(self, deep: bool = False) -> list[tuple[int, str]]:
        """MathML of pieces that may stand in several lines, each with how bad a break before it is.

        With ``deep`` what stands in brackets is taken apart, too.
        """
        return [(0, self.mathml())]

    def changed(self, change: Callable[[Node], Node]) -> Node:
        """The same with each of its parts changed."""
        new: dict[str, Any] = {}
        for each in fields(self):  # type: ignore[arg-type]
            value = getattr(self, each.name)
            if isinstance(value, Node):
                new[each.name] = change(value)
            elif isinstance(value, tuple):
                new[each.name] = tuple(change(part) for part in value)
        return replace(self, **new) if new else self  # type: ignore[type-var]


@dataclass(frozen=True)
class Name(Node):
    """A letter, a number, an operator or a short name, perhaps with something below it."""

    text: str
    lower: str = ""

    def latex(self, flat: bool = False) -> str:
        base, hat = self.text.replace(_HAT, ""), _HAT in self.text
        if base in COMMANDS:
            written = COMMANDS[base]
        elif number := re.fullmatch(r"([\d.]+)e([−+]?)(\d+)", base):
            sign = "-" if number[2] == "−" else ""
            written = rf"{number[1]} \cdot 10^{{{sign}{int(number[3])}}}"
        elif len(base) > 1 and base.isalpha():
            written = rf"\mathrm{{{base}}}"
        else:
            written = "".join(COMMANDS.get(letter, letter) for letter in base)
        written = rf"\hat{{{written}}}" if hat else written
        return f"{written}_{{{Index(self.lower).latex()}}}" if self.lower else written

    def mathml(self, flat: bool = False) -> str:
        """What begins with a letter stands for something."""
        return _marked(self._bare(), self._source()) if self.text[0].isalpha() else self._bare()

    def _source(self) -> str:
        below = self.lower.translate(_LOWERED)
        return self.text + (f"_{below}" if below.isascii() and below else below)

    def _bare(self) -> str:
        base = self.text.replace(_HAT, "")
        if self.text == "σ²":
            written = "<msup><mi>σ</mi><mn>2</mn></msup>"
        elif base in _OPERATORS:
            written = f'<mo form="infix">{escape(base)}</mo>'
        elif base[0].isdigit() or base == "∞":
            written = f"<mn>{base}</mn>"
        elif base.isalpha() or base == "∂":
            written = f"<mi>{base}</mi>"
        else:
            written = Index(base).mathml()
        if _HAT in self.text:
            written = f'<mover accent="true">{written}<mo stretchy="false">ˆ</mo></mover>'
        return f"<msub>{written}{Index(self.lower).mathml()}</msub>" if self.lower else written


@dataclass(frozen=True)
class Index(Node):
    """What stands small below or above: letters, digits, commas and signs."""

    text: str

    def latex(self, flat: bool = False) -> str:
        if re.fullmatch(r"[a-z]{3,}", self.text):
            return rf"\mathrm{{{self.text}}}"
        return "".join(COMMANDS.get(letter, letter) for letter in self.text)

    def mathml(self, flat: bool = False) -> str:
        found = []
        for part in re.findall(r"\d+|[^\W\d]+|\S", self.text):
            tag = "mn" if part[0].isdigit() else "mi" if part.isalpha() else "mo"
            form = ' form="prefix"' if tag == "mo" else ""
            found.append(f"<{tag}{form}>{escape(part)}</{tag}>")
        return found[0] if len(found) == 1 else _row(found)


@dataclass(frozen=True)
class Words(Node):
    """Words that say what no symbol does."""

    text: str

    def latex(self, flat: bool = False) -> str:
        return rf"\text{{{latex_words(self.text)}}}"

    def mathml(self, flat: bool = False) -> str:
        return f"<mtext>{escape(self.text)}</mtext>"


@dataclass(frozen=True)
class Cell(Node):
    """A cell of a matrix. Of a gradient, it is the gradient with respect to a cell."""

    matrix: Node
    index: Index
    source: str = field(default="", compare=False)

    def _inside(self) -> Node | None:
        """With the index where it belongs, if that is inside."""
        matrix = self.matrix
        raised = matrix.exponent if isinstance(matrix, Power) else None
        if isinstance(matrix, Power):
            matrix = matrix.base
        if isinstance(matrix, Bracket):
            matrix = matrix.inner
        gradient = matrix.gradient if isinstance(matrix, Part) else matrix
        if not isinstance(gradient, Gradient):
            return None
        of, by = (
            Cell(each if raised is None else Power(each, raised), self.index)
            for each in (gradient.of, gradient.by)
        )
        inner = Gradient(gradient.of if gradient.of == Name("C") else of, by, self.source)
        return Part(inner, matrix.through, self.source) if isinstance(matrix, Part) else inner

    @property
    def is_tall(self) -> bool:  # type: ignore[override]
        return self.matrix.is_tall

    def latex(self, flat: bool = False) -> str:
        if (inside := self._inside()) is not None:
            return inside.latex(flat)
        if isinstance(self.matrix, Name) and self.matrix.lower:
            lower = f"{Index(self.matrix.lower).latex()};\\,{self.index.latex()}"
            return f"{Name(self.matrix.text).latex()}_{{{lower}}}"
        return f"{_base(self.matrix)}_{{{self.index.latex()}}}"

    def mathml(self, flat: bool = False) -> str:
        if (inside := self._inside()) is not None:
            return inside.mathml(flat)
        base = _unmarked(self.matrix.mathml(flat))
        if isinstance(self.matrix, Power):
            base, upper = _unmarked(self.matrix.base.mathml(flat)), self.matrix.exponent.mathml(True)
            return _marked(f"<msubsup>{base}{self.index.mathml()}{upper}</msubsup>", self.source)
        return _marked(f"<msub>{base}{self.index.mathml()}</msub>", self.source)


@dataclass(frozen=True)
class Gradient(Node):
    """∂of/∂by."""

    of: Node
    by: Node
    source: str = field(default="", compare=False)
    is_tall = True

    def latex(self, flat: bool = False) -> str:
        of, by = rf"\partial {self.of.latex(True)}", rf"\partial {self.by.latex(True)}"
        return f"{of} / {by}" if flat else rf"\frac{{{of}}}{{{by}}}"

    def mathml(self, flat: bool = False) -> str:
        of, by = (_row(["<mi>∂</mi>", _unmarked(each.mathml(True))]) for each in (self.of, self.by))
        written = _row([of, '<mo form="prefix">/</mo>', by]) if flat else f"<mfrac>{of}{by}</mfrac>"
        return _marked(written, self.source)


@dataclass(frozen=True)
class Part(Node):
    """The part of a gradient that comes through something."""

    gradient: Node
    through: Node
    source: str = field(default="", compare=False)
    is_tall = True

    def latex(self, flat: bool = False) -> str:
        inner = self.gradient.latex(flat)
        return rf"\left.{inner}\right|_{{{self.through.latex(True)}}}"

    def mathml(self, flat: bool = False) -> str:
        inner = _row([_unmarked(self.gradient.mathml(flat)), '<mo stretchy="true" form="postfix">|</mo>'])
        return _marked(f"<msub>{inner}{_unmarked(self.through.mathml(True))}</msub>", self.source)


@dataclass(frozen=True)
class Power(Node):
    """Something raised: an exponent, a transpose, a prime, the number of a step."""

    base: Node
    exponent: Node

    @property
    def is_tall(self) -> bool:  # type: ignore[override]
        return self.base.is_tall

    def latex(self, flat: bool = False) -> str:
        base = _base(self.base, flat)
        if isinstance(self.base, Gradient | Part | Fraction) or (
            isinstance(self.base, Cell) and self.base.is_tall
        ):
            if self.exponent == Name("′"):
                return f"{base}^{{\\,\\prime}}"
            base = rf"\left({base}\right)"
        return f"{base}^{{{self.exponent.latex(True)}}}"

    def mathml(self, flat: bool = False) -> str:
        base, exponent = self.base.mathml(flat), self.exponent.mathml(True)
        if self.exponent == Name("⊤"):
            exponent = "<mo>⊤</mo>"
        tall = isinstance(self.base, Gradient | Part) or (isinstance(self.base, Cell) and self.base.is_tall)
        if tall and self.exponent != Name("′"):
            base = _row(['<mo form="prefix">(</mo>', base, '<mo form="postfix">)</mo>'])
        return f"<msup>{base}{exponent}</msup>"


@dataclass(frozen=True)
class Fraction(Node):
    """One thing over another."""

    top: Node
    bottom: Node
    is_tall = True

    def latex(self, flat: bool = False) -> str:
        return rf"\frac{{{self.top.latex(True)}}}{{{self.bottom.latex(True)}}}"

    def mathml(self, flat: bool = False) -> str:
        return f"<mfrac>{self.top.mathml(True)}{self.bottom.mathml(True)}</mfrac>"


@dataclass(frozen=True)
class Root(Node):
    """A square root."""

    inner: Node

    @property
    def is_tall(self) -> bool:  # type: ignore[override]
        return self.inner.is_tall

    def latex(self, flat: bool = False) -> str:
        return rf"\sqrt{{{self.inner.latex(flat)}}}"

    def mathml(self, flat: bool = False) -> str:
        return f"<msqrt>{self.inner.mathml(flat)}</msqrt>"


@dataclass(frozen=True)
class Bracket(Node):
    """Something in brackets, between strokes or in floor signs."""

    open: str
    inner: Node
    close: str

    @property
    def is_tall(self) -> bool:  # type: ignore[override]
        return self.inner.is_tall

    def latex(self, flat: bool = False) -> str:
        inner, tall = self.inner.latex(flat), self.is_tall and not flat
        opening, closing = BRACKETS[self.open], BRACKETS[self.close]
        if tall:
            return rf"\left{opening} {inner} \right{closing}"
        # A stroke does not say whether it opens or closes.
        return rf"\mathopen{{{opening}}} {inner} \mathclose{{{closing}}}" if self.open in "|‖" else (
            f"{opening}{' ' if len(opening) > 1 else ''}{inner}{closing}"
        )  # fmt: skip

    def mathml(self, flat: bool = False) -> str:
        opening, closing = self._signs(self.is_tall)
        written = _row([opening, self.inner.mathml(flat), closing])
        # What grows does so with what stands inside, and with nothing beside it.
        return written.replace("<mrow>", '<mrow intent="fenced">', 1) if self.is_tall else written

    def _signs(self, grows: bool) -> tuple[str, str]:
        return _bracket(self.open, "prefix", grows), _bracket(self.close, "postfix", grows)

    def pieces(self, deep: bool = False) -> list[tuple[int, str]]:
        if not deep:
            return super().pieces()
        opening, closing = self._signs(grows=False)
        return _enclosed(opening, self.inner.pieces(deep), closing)


@dataclass(frozen=True)
class Call(Node):
    """A function of something, which has brackets if it needs them."""

    function: Node
    argument: Node
    source: str = field(default="", compare=False)

    @property
    def is_tall(self) -> bool:  # type: ignore[override]
        return self.argument.is_tall

    def _name(self) -> str:
        name = self.function.latex()
        bare = re.fullmatch(r"\\mathrm\{(\w+)\}(.*)", name)
        if bare is None:
            return name
        return (f"\\{bare[1]}" if bare[1] in FUNCTIONS else rf"\operatorname{{{bare[1]}}}") + bare[2]

    def latex(self, flat: bool = False) -> str:
        name = self._name()
        return f"{name}{'' if isinstance(self.argument, Bracket) else ' '}{self.argument.latex(flat)}"

    def mathml(self, flat: bool = False) -> str:
        gap = "" if isinstance(self.argument, Bracket) else '<mspace width="0.17em"/>'
        return _row([self.function.mathml(flat), gap, self.argument.mathml(flat)])

    def pieces(self, deep: bool = False) -> list[tuple[int, str]]:
        return _enclosed(self.function.mathml(), self.argument.pieces(deep), "") if deep else super().pieces()


@dataclass(frozen=True)
class Total(Node):
    """A sum over rows, columns, steps or letters."""

    over: Node
    body: Node
    is_tall = True

    def latex(self, flat: bool = False) -> str:
        over = self.over.latex()
        return rf"\sum{f'_{{{over}}}' if over != _NO_WORDS else ''} {self.body.latex(flat)}"

    def _sign(self) -> str:
        over = self.over.mathml()
        sign = '<mo form="prefix">∑</mo>'
        return sign if "></" in over and over.startswith("<mtext></") else f"<munder>{sign}{over}</munder>"

    def mathml(self, flat: bool = False) -> str:
        return _row([self._sign(), self.body.mathml(flat)])

    def pieces(self, deep: bool = False) -> list[tuple[int, str]]:
        return _enclosed(self._sign(), self.body.pieces(deep), "") if deep else super().pieces()


@dataclass(frozen=True)
class Chain(Node):
    """Things with signs between them, all of which bind alike."""

    level: Level
    parts: tuple[Node, ...]

    @property
    def is_tall(self) -> bool:  # type: ignore[override]
        return any(part.is_tall for part in self.parts)

    def latex(self, flat: bool = False) -> str:
        found, before = "", None
        for part in self.parts:
            gap = r"\; " if self._apart(before, part) else " "
            found += f"{'' if found == '-' else gap}{part.latex(flat)}".lstrip("" if found else " ")
            before = part
        return found.strip()

    def mathml(self, flat: bool = False) -> str:
        found: list[str] = []
        for place, part in enumerate(self.parts):
            if self._apart(self.parts[place - 1] if place else None, part):
                found.append(_GAP)
            found.append(self._part(place, flat))
        return _row(found)

    def _part(self, place: int, flat: bool = False) -> str:
        written = self.parts[place].mathml(flat)
        leads = place == 0 and _is_sign(self.parts[place])
        return written.replace('form="infix"', 'form="prefix"') if leads else written

    def _apart(self, before: Node | None, part: Node) -> bool:
        """Whether nothing but a blank keeps two parts apart."""
        if before is None or self.level != "relation" or _is_sign(part):
            return False
        return not _is_sign(before) or (before == Name(",") and isinstance(part, Words))

    def pieces(self, deep: bool = False) -> list[tuple[int, str]]:
        """A break may stand before each sign, but for commas, behind which it may."""
        own = _WEIGHTS[self.level]
        found: list[tuple[int, str]] = []
        lead = ""
        for place, part in enumerate(self.parts):
            if part == Name(",") and found:
                found[-1] = (found[-1][0], _row([found[-1][1], self._part(place)]))
            elif _is_sign(part):
                lead += self._part(place)
            else:
                lead += _GAP if self._apart(self.parts[place - 1] if place else None, part) else ""
                (_, first), *rest = part.pieces(deep or isinstance(part, Chain))
                found.append((own if found else 0, _row([lead, first])))
                found += [(weight + 1, each) for weight, each in rest]
                lead = ""
        return [*found, (own, _row([lead]))] if lead else found


@dataclass(frozen=True)
class Grid(Node):
    """A matrix, each number as it is to be read; ``None`` stands for some that are left out."""

    rows: tuple[tuple[str | None, ...], ...]
    is_tall = True

    def latex(self, flat: bool = False) -> str:
        lines = []
        for row in self.rows:
            dots = r"\vdots" if all(text is None for text in row) else r"\cdots"
            lines.append(" & ".join(dots if text is None else text for text in row))
        columns = f"*{{{len(self.rows[0])}}}{{r}}"
        body = " \\\\\n".join(lines)
        return f"\\left(\\begin{{array}}{{{columns}}}\n{body}\n\\end{{array}}\\right)"

    def mathml(self, flat: bool = False) -> str:
        rows = ("".join(f"<mtd><mn>{text or '…'}</mn></mtd>" for text in row) for row in self.rows)
        inner = "".join(f"<mtr>{row}</mtr>" for row in rows)
        return _row([_bracket("(", "prefix"), f"<mtable>{inner}</mtable>", _bracket(")", "postfix")])


_GAP = '<mspace width="0.33em"/>'
_NO_WORDS = r"\text{}"


def _base(node: Node, flat: bool = False) -> str:
    """What an index or an exponent goes with, held together."""
    written = node.latex(flat)
    return written if isinstance(node, Name | Cell | Bracket) else f"{{{written}}}"


def _is_sign(node: Node) -> bool:
    return isinstance(node, Name) and node.text in _OPERATORS


def _bracket(sign: str, form: str, grows: bool = True) -> str:
    return f'<mo form="{form}" stretchy="{str(grows).lower()}">{sign}</mo>'


def _row(parts: Sequence[str]) -> str:
    """One element of several; rows in rows are taken apart, for each of them doubles the work of setting it."""
    inner = [part[len("<mrow>") : -len("</mrow>")] if part.startswith("<mrow>") else part for part in parts]
    return f"<mrow>{''.join(inner)}</mrow>"


def _marked(written: str, source: str) -> str:
    symbol = escape(source, quote=True)
    return re.sub(r"^<(\w+)", rf'<\1 data-symbol="{symbol}"', written) if source else written


def _unmarked(written: str) -> str:
    """Inside of what stands for something, nothing else does."""
    return re.sub(r' data-symbol="[^"]*"', "", written)


def _enclosed(before: str, inner: list[tuple[int, str]], after: str) -> list[tuple[int, str]]:
    found = [(weight + 3 if number else 0, each) for number, (weight, each) in enumerate(inner)]
    found[0] = (0, _row([before, found[0][1]]))
    found[-1] = (found[-1][0], _row([found[-1][1], after]))
    return found
