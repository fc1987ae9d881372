"""The look: two palettes of named colours, the fonts, and how both reach the whole application."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

from flux_studio import locations
from flux_studio.gui.style import style_sheet


@dataclass(frozen=True)
class Theme:
    """Named colours as ``#rrggbb``. Orange and blue are for signs; teal is forward, violet is backward."""

    name: str
    window: str
    surface: str
    sunken: str
    hover: str
    border: str
    border_strong: str
    text: str
    text_soft: str
    text_faint: str
    text_disabled: str
    accent: str
    accent_fill: str
    accent_hover: str
    accent_pressed: str
    accent_soft: str
    accent_text: str
    focus_on_accent: str
    forward: str
    forward_soft: str
    backward: str
    backward_soft: str
    negative: str
    zero: str
    positive: str
    good: str
    warning: str
    error: str
    error_soft: str
    curve_train: str
    curve_validation: str


LIGHT = Theme(
    name="light",
    window="#eef0f4",
    surface="#ffffff",
    sunken="#f6f7f9",
    hover="#eef2f8",
    border="#dfe3ea",
    border_strong="#c3cad6",
    text="#14171c",
    text_soft="#586273",
    text_faint="#6b7585",
    text_disabled="#a6aebb",
    accent="#1f6feb",
    accent_fill="#1f6feb",
    accent_hover="#185fd0",
    accent_pressed="#1550b0",
    accent_soft="#e8f0fe",
    accent_text="#ffffff",
    focus_on_accent="#0b2f70",
    forward="#0f766e",
    forward_soft="#dff3ef",
    backward="#6d28d9",
    backward_soft="#efe6fd",
    negative="#2166ac",
    zero="#f7f7f7",
    positive="#d95f02",
    good="#15803d",
    warning="#92610a",
    error="#b3261e",
    error_soft="#fdeceb",
    curve_train="#1f6feb",
    curve_validation="#8b5e00",
)

DARK = Theme(
    name="dark",
    window="#14161a",
    surface="#1d2026",
    sunken="#23272e",
    hover="#2a2f38",
    border="#30353f",
    border_strong="#464d5a",
    text="#eceff4",
    text_soft="#aab2bf",
    text_faint="#8791a1",
    text_disabled="#59616e",
    accent="#5a97f8",
    accent_fill="#2b6fe0",
    accent_hover="#3a7ff0",
    accent_pressed="#1f5cc4",
    accent_soft="#1c2c47",
    accent_text="#ffffff",
    focus_on_accent="#c5dbff",
    forward="#4fd1c0",
    forward_soft="#17342f",
    backward="#b794f6",
    backward_soft="#2b2140",
    negative="#5aa2e0",
    zero="#2a2e36",
    positive="#f08a3c",
    good="#4ade80",
    warning="#f0b954",
    error="#f87171",
    error_soft="#3a1f1f",
    curve_train="#6ea8fe",
    curve_validation="#e3b341",
)

THEMES = {theme.name: theme for theme in (LIGHT, DARK)}
UI_FAMILY = "Inter"
NUMBER_FAMILY = "JetBrains Mono"
_SMALLEST_TEXT = 9.75
_DESIGNED_FOR = 13.0


class Look(QObject):
    """The theme in use. Widgets that paint themselves read :attr:`theme` and repaint on :attr:`changed`."""

    changed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.theme = LIGHT
        self._text_size = 0.0
        self._pixels_a_point = 96 / 72

    def apply(self, theme: Theme) -> None:
        """Give the whole application this theme's fonts, palette and style sheet."""
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        if not self._text_size:
            application.setStyle("Fusion")
            for font in sorted(locations.resource("fonts").glob("*.[ot]tf")):
                QFontDatabase.addApplicationFont(str(font))
            self._text_size = max(_SMALLEST_TEXT, application.font().pointSizeF())
            self._pixels_a_point = application.primaryScreen().logicalDotsPerInch() / 72
        self.theme = theme
        application.setFont(self.text_font())
        application.setPalette(_palette(theme))
        names = {**asdict(theme), "number_family": NUMBER_FAMILY}
        application.setStyleSheet(style_sheet(names, self._text_size, self.scale))
        self.changed.emit(theme)

    @property
    def scale(self) -> float:
        """How many times larger the text is than the 13 pixels that all lengths were drawn for."""
        return (self._text_size or _SMALLEST_TEXT) * self._pixels_a_point / _DESIGNED_FOR

    def length(self, pixels: float) -> int:
        """A length in pixels, drawn for 13-pixel text, at the size of the text in use; never below 1."""
        return max(1, round(pixels * self.scale))

    def number_font(self, scale: float = 1.0) -> QFont:
        """The monospaced face for numbers, ``scale`` times the size of ordinary text."""
        font = QFont(NUMBER_FAMILY)
        font.setStyleHint(QFont.StyleHint.Monospace)
        font.setPointSizeF((self._text_size or _SMALLEST_TEXT) * scale)
        return font

    def text_font(self, scale: float = 1.0, *, bold: bool = False) -> QFont:
        """The face for words, ``scale`` times the size of ordinary text."""
        font = QFont(UI_FAMILY)
        font.setPointSizeF((self._text_size or _SMALLEST_TEXT) * scale)
        if bold:
            font.setWeight(QFont.Weight.DemiBold)
        return font


look = Look()


def colour(name: str) -> QColor:
    """A named colour of the theme in use."""
    return QColor(getattr(look.theme, name))


def diverging_table(theme: Theme) -> np.ndarray:
    """256 colours from negative over zero (index 128) to positive, as 0xAARRGGBB for QImage; shape (256,)."""
    ends = np.array([_rgb(theme.negative), _rgb(theme.zero), _rgb(theme.positive)], dtype=np.float64)
    position = np.clip((np.arange(256) - 128) / 127.0, -1.0, 1.0)
    # A slightly bent ramp keeps small magnitudes apart from zero.
    strength = np.abs(position)[:, None] ** 0.7
    mixed = ends[1] + np.where(position[:, None] < 0, ends[0] - ends[1], ends[2] - ends[1]) * strength
    red, green, blue = np.rint(mixed).astype(np.uint32).T
    return np.uint32(0xFF000000) | (red << np.uint32(16)) | (green << np.uint32(8)) | blue


def _rgb(name: str) -> tuple[int, int, int]:
    value = QColor(name)
    return value.red(), value.green(), value.blue()


def _palette(theme: Theme) -> QPalette:
    palette = QPalette()
    roles = QPalette.ColorRole
    for role, name in (
        (roles.Window, theme.window),
        (roles.WindowText, theme.text),
        (roles.Base, theme.surface),
        (roles.AlternateBase, theme.sunken),
        (roles.Text, theme.text),
        (roles.Button, theme.surface),
        (roles.ButtonText, theme.text),
        (roles.Highlight, theme.accent),
        (roles.HighlightedText, theme.accent_text),
        (roles.ToolTipBase, theme.surface),
        (roles.ToolTipText, theme.text),
        (roles.PlaceholderText, theme.text_faint),
        (roles.Mid, theme.border),
        (roles.Dark, theme.border_strong),
        (roles.Link, theme.accent),
    ):
        palette.setColor(role, QColor(name))
    for role in (roles.Text, roles.WindowText, roles.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(theme.text_disabled))
    return palette
