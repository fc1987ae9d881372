"""Tool tips whose formula is typeset: as a picture in their words."""

from __future__ import annotations

import math
from base64 import b64encode
from functools import lru_cache
from html import escape

from PySide6.QtCore import QBuffer, QByteArray, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter

from flux_studio.engine.matrices import MatrixKind
from flux_studio.gui.theme import colour, look
from flux_studio.gui.typesetting import formula_size, typesetter
from flux_studio.gui.widgets.formula_layout import lay_out

_WIDEST = 420


def kind_tip(kind: MatrixKind) -> str:
    """What a kind of matrix is."""
    return f"{formula_of(kind)} · {kind.name} ({kind.shape})\n{kind.meaning}"


def formula_of(kind: MatrixKind) -> str:
    """The formula, led by the symbol where it does not say it."""
    return kind.formula if kind.symbol in kind.formula else f"{kind.symbol}: {kind.formula}"


def typeset_tip(words: str, formula: str) -> str:
    """The words as rich text, with the formula in them typeset; as they are while nothing can be set yet."""
    if not typesetter.is_ready:
        typesetter.begin()
        return words
    before, found, after = words.partition(formula)
    if not found:
        return words
    lines = [escape(text).replace("\n", "<br>") for text in (before, after)]
    return f"<p style='white-space: pre'>{lines[0]}{picture(formula)}{lines[1]}</p>"


def picture(formula: str) -> str:
    """A formula as an image for rich text, in the colour of tool tips."""
    # As many pixels as the screen has: rich text does not make pictures smaller gently.
    density = math.ceil(QGuiApplication.primaryScreen().devicePixelRatio())
    return _picture(formula, formula_size(), look.theme.name, density)


@lru_cache(maxsize=128)
def _picture(formula: str, size: float, theme: str, density: int) -> str:
    laid = lay_out(formula, look.text_font(), size, look.length(_WIDEST))
    width, height = math.ceil(laid.width) + 2, math.ceil(laid.height) + 2
    image = QImage(width * density, height * density, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(density)
    image.fill(Qt.GlobalColor.transparent)
    painter, tint = QPainter(image), colour("text")
    laid.paint(painter, QPointF(1, 1), look.text_font(), lambda _: tint, tint)
    painter.end()
    content = QByteArray()
    image.save(QBuffer(content), "PNG")
    data = b64encode(bytes(content.data())).decode()
    return (
        f'<img src="data:image/png;base64,{data}" width="{width}" height="{height}" '
        f'style="vertical-align: middle" alt="{escape(formula)}">'
    )
