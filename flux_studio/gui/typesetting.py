"""Mathematics drawn: ziamath says where each glyph stands, and Qt fills the outlines in any colour, at any size.

ziamath comes in on a thread of its own, once the first formula is on the screen: it takes a tenth of a second that a
window should not wait for. Until then formulas are shown as the readable text that they are.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from xml.etree import ElementTree

from PySide6.QtCore import QObject, QRectF, Signal
from PySide6.QtGui import QFontMetricsF, QPainterPath, QTransform

from flux_studio.engine.formulas import read
from flux_studio.engine.notation import Cell, Gradient, Name
from flux_studio.gui.theme import look

_LARGER = 1.16
"""The face of formulas looks smaller than that of words: so much larger it goes well with them."""
_SMALL = 0.72
_LOWERED = 0.22


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
    import ziamath

    root = ziamath.Math(f'<math display="block">{mathml}</math>', size=size)
    strokes: list[Stroke] = []
    _collect(root.node, 0.0, 0.0, "", QRectF(), strokes)
    limits = root.node.bbox
    width = max(limits.xmax, root.node.xadvance())
    return Box(width, max(limits.ymax, 0.72 * size), max(-limits.ymin, 0.22 * size), tuple(strokes))


@lru_cache(maxsize=8192)
def symbol(text: str, size: float) -> Box:
    """A cell's name in a line, ``∂C/∂w[3,1]``: set from what many such names share, so that thousands cost little."""
    node = read(text)
    if not isinstance(node, Cell) or not isinstance(node.matrix, Name | Gradient):
        return box(node.mathml(flat=True), size)
    base = box(node.matrix.mathml(flat=True), size)
    left, strokes = base.width + 0.02 * size, list(base.strokes)
    for letter in node.index.text:
        tag = "mn" if letter.isdigit() else "mi" if letter.isalpha() else "mtext"
        small = box(f"<{tag}>{letter}</{tag}>", size * _SMALL)
        move = QTransform.fromTranslate(left, _LOWERED * size)
        strokes += [Stroke("", move.map(each.path), QRectF()) for each in small.strokes]
        left += small.width + (0.08 * size if letter == "," else 0.0)
    return Box(left, base.ascent, max(base.descent, 0.4 * size), tuple(strokes))


def symbol_width(text: str, size: float) -> float:
    """How wide :func:`symbol` makes a name: digits are alike, so that few names need to be set for it."""
    return symbol(re.sub(r"\d", "0", text), size).width


def _collect(node: Any, x: float, y: float, symbol: str, area: QRectF, strokes: list[Stroke]) -> None:
    """Every outline below a node of ziamath, with the innermost symbol that it belongs to."""
    element = getattr(node, "element", None)
    if element is not None and (own := element.get("data-symbol")):
        limits = node.bbox
        symbol = own
        area = QRectF(x + limits.xmin, y - limits.ymax, limits.xmax - limits.xmin, limits.ymax - limits.ymin)
    if element is not None:
        for (left, down), child in zip(node.nodexy, node.nodes, strict=False):
            _collect(child, x + left, y + down, symbol, area, strokes)
        return
    canvas = ElementTree.Element("svg")
    node.draw(x, y, canvas)
    for drawn in canvas.iter():
        path = QPainterPath()
        if drawn.tag == "path":
            path = _path(drawn.get("d", ""))
        elif drawn.tag == "rect":
            path.addRect(QRectF(*(float(drawn.get(name, "0")) for name in ("x", "y", "width", "height"))))
        if not path.isEmpty():
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
