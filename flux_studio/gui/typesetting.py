"""Mathematics drawn: ziamath says where each glyph stands, and Qt fills the outlines in any colour, at any size.

ziamath comes in on a thread of its own, once the first formula is on the screen: it takes a tenth of a second that a
window should not wait for. Until then formulas are shown as the readable text that they are.
"""

from __future__ import annotations

import itertools
import re
import threading
from dataclasses import dataclass, replace
from functools import lru_cache
from html import unescape
from typing import Any
from xml.etree import ElementTree

from PySide6.QtCore import QObject, QPointF, QRectF, QSizeF, Signal
from PySide6.QtGui import QFontMetricsF, QPainterPath

from flux_studio.engine.formulas import read
from flux_studio.gui.theme import look

_LARGER = 1.16
"""The face of formulas looks smaller than that of words: so much larger it goes well with them."""
_NUMBER = re.compile(r"(?<=<mn>)[^<]*(?=</mn>)")
_SYMBOL = re.compile(r'(?<=data-symbol=")[^"]*(?=")')
_DISTINCT = "1234567890"


class Typesetter(QObject):
    """Whether formulas can be set yet; :attr:`ready` tells when."""

    ready = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.is_ready = False
        self._thread: threading.Thread | None = None
        self._loaded.connect(self._tell)

    _loaded = Signal()

    def begin(self) -> None:
        """Get ready on a thread, unless that was begun already."""
        if self._thread is None and not self.is_ready:
            self._thread = threading.Thread(target=self._load, name="typesetting")
            self._thread.start()

    def wait(self) -> None:
        """Get ready now."""
        if self._thread is not None:
            self._thread.join()
        elif not self.is_ready:
            _load()
        self._tell()

    def _load(self) -> None:
        _load()
        self._loaded.emit()

    def _tell(self) -> None:
        if not self.is_ready:
            self.is_ready, self._thread = True, None
            self.ready.emit()


def _load() -> None:
    import ziamath

    ziamath.config.svg2 = False  # each outline where it stands, in place of references to a table of glyphs
    ziamath.Math("<math><mi>x</mi></math>")  # reads the font


typesetter = Typesetter()


@dataclass(frozen=True, eq=False)
class Stroke:
    """An outline, and what it stands for: empty where it is a sign."""

    symbol: str
    path: QPainterPath
    area: QRectF
    """Where the whole symbol stands that the outline is of."""


@dataclass(frozen=True, eq=False)
class Box:
    """Something set on one line: its baseline is at 0, its left end too."""

    width: float
    ascent: float
    descent: float
    strokes: tuple[Stroke, ...]


def formula_size(scale: float = 1.0) -> float:
    """The size in pixels at which mathematics goes with text of that scale."""
    return QFontMetricsF(look.text_font(scale)).ascent() * 1.03 * _LARGER


@lru_cache(maxsize=4096)
def box(mathml: str, size: float) -> Box:
    """A piece of a formula set at a size in pixels; one of MathML, as :mod:`flux_studio.engine.notation` writes it."""
    # From cell to cell of a matrix only digits change, all of which are as wide: they are put in the places of others.
    symbols = [unescape(found) for found in _SYMBOL.findall(mathml)]
    count = itertools.count()
    pattern = _SYMBOL.sub(lambda _: str(next(count)), mathml)
    digits = [digit for found in _NUMBER.findall(mathml) for digit in found if digit.isdigit()]
    names = iter(_DISTINCT)
    if len(digits) <= len(_DISTINCT):
        pattern = _NUMBER.sub(lambda found: re.sub(r"\d", lambda _: next(names), found[0]), pattern)
    else:
        digits = []
    made, places = _set(pattern, size)
    strokes = [
        Stroke(symbols[int(each.symbol)] if each.symbol else "", each.path, each.area)
        for each in made.strokes
    ]
    for name, digit in zip(_DISTINCT, digits, strict=False):
        if name not in places:
            return _set(mathml, size)[0]
        number, at, small = places[name]
        strokes[number] = replace(strokes[number], path=_digit(digit, small).translated(at))
    return Box(made.width, made.ascent, made.descent, tuple(strokes))


@lru_cache(maxsize=2048)
def _set(mathml: str, size: float) -> tuple[Box, dict[str, tuple[int, QPointF, float]]]:
    """Let ziamath set a piece; and of each digit the number of its outline, where it stands and how large it is."""
    import ziamath

    root = ziamath.Math(f'<math display="block">{mathml}</math>', size=size)
    strokes: list[Stroke] = []
    places: dict[str, tuple[int, QPointF, float]] = {}
    _collect(root.node, QPointF(), "", QRectF(), strokes, places)
    limits = root.node.bbox
    width = max(limits.xmax, root.node.xadvance())
    made = Box(width, max(limits.ymax, 0.72 * size), max(-limits.ymin, 0.22 * size), tuple(strokes))
    return made, places


@lru_cache(maxsize=256)
def _digit(digit: str, size: float) -> QPainterPath:
    """The outline of a digit whose left end and baseline are at 0."""
    made, places = _set(f"<mn>{digit}</mn>", size)
    number, at, _ = places[digit]
    return made.strokes[number].path.translated(-at)


@lru_cache(maxsize=4096)
def symbol(text: str, size: float) -> Box:
    """A cell's name in a line, ``∂C/∂w[3,1]``."""
    return box(read(text).mathml(flat=True), size)


def symbol_width(text: str, size: float) -> float:
    """How wide :func:`symbol` makes a name, of which one with other digits tells as well."""
    return _name_width(re.sub(r"\d", "0", text), size)


@lru_cache(maxsize=1024)
def _name_width(text: str, size: float) -> float:
    return symbol(text, size).width


def _collect(
    node: Any,
    at: QPointF,
    symbol: str,
    area: QRectF,
    strokes: list[Stroke],
    places: dict[str, tuple[int, QPointF, float]],
) -> None:
    """Every outline below a node of ziamath, with the innermost symbol that it belongs to."""
    element = getattr(node, "element", None)
    if element is not None:
        if own := element.get("data-symbol"):
            limits = node.bbox
            corner = QPointF(at.x() + limits.xmin, at.y() - limits.ymax)
            symbol, area = own, QRectF(corner, QSizeF(limits.xmax - limits.xmin, limits.ymax - limits.ymin))
        for place, child in zip(node.nodexy, node.nodes, strict=False):
            _collect(child, at + QPointF(*place), symbol, area, strokes, places)
        return
    canvas = ElementTree.Element("svg")
    node.draw(at.x(), at.y(), canvas)
    for drawn in canvas.iter():
        path = QPainterPath()
        if drawn.tag == "path":
            path = _path(drawn.get("d", ""))
        elif drawn.tag == "rect":
            path.addRect(QRectF(*(float(drawn.get(name, "0")) for name in ("x", "y", "width", "height"))))
        if not path.isEmpty():
            if (sign := getattr(node, "char", "")) in _DISTINCT and sign:
                places[sign] = len(strokes), at, node.size
            strokes.append(Stroke(symbol, path, area))


def _path(commands: str) -> QPainterPath:
    """An outline in SVG's own short language: moves, lines and curves."""
    path = QPainterPath()
    path.setFillRule(path.fillRule().WindingFill)
    for command, numbers in re.findall(r"([MLQCZ])([^MLQCZ]*)", commands):
        at = [float(number) for number in numbers.replace(",", " ").split()]
        match command:
            case "M":
                path.moveTo(*at)
            case "L":
                path.lineTo(*at)
            case "Q":
                path.quadTo(*at)
            case "C":
                path.cubicTo(*at)
            case "Z":
                path.closeSubpath()
    return path
