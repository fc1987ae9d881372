"""Our own line icons, drawn in a named colour of the theme in use and crisp at any scale."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from flux_studio import locations
from flux_studio.errors import FluxError
from flux_studio.gui.theme import colour


def icon(name: str, tint: str = "text_soft") -> QIcon:
    """The icon ``resources/icons/<name>.svg`` in the theme's colour ``tint``; it follows every theme change."""
    _drawing(name)
    return QIcon(_ThemedIcon(name, tint))


def paint_icon(painter: QPainter, name: str, area: QRectF, tint: str = "text_soft") -> None:
    """Draw an icon into ``area`` of a widget that paints itself."""
    _renderer(name, colour(tint).name()).render(painter, area)


def icon_names() -> tuple[str, ...]:
    """All icons there are, in alphabetical order."""
    return tuple(sorted(path.stem for path in locations.resource("icons").glob("*.svg")))


class _ThemedIcon(QIconEngine):
    """Looks its colour up whenever it is painted, so that no icon is ever made again for another theme."""

    def __init__(self, name: str, tint: str) -> None:
        super().__init__()
        self._name = name
        self._tint = tint

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        tint = "text_disabled" if mode == QIcon.Mode.Disabled else self._tint
        paint_icon(painter, self._name, QRectF(rect), tint)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        return pixmap

    def clone(self) -> QIconEngine:
        return _ThemedIcon(self._name, self._tint)


@lru_cache(maxsize=256)
def _renderer(name: str, tint: str) -> QSvgRenderer:
    return QSvgRenderer(_drawing(name).replace("currentColor", tint).encode())


@lru_cache(maxsize=64)
def _drawing(name: str) -> str:
    path = locations.resource("icons", f"{name}.svg")
    if not path.is_file():
        raise FluxError(f"there is no icon {name!r}; icons are: {', '.join(icon_names())}")
    return path.read_text(encoding="utf-8")
