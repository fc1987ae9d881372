"""A formula, typeset: it wraps, says the names of its symbols where the pointer rests, and can be copied."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPointF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QGuiApplication,
    QHelpEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolTip, QWidget

from flux_studio.engine.formulas import lines
from flux_studio.engine.matrices import describe
from flux_studio.gui.theme import colour, look
from flux_studio.gui.typesetting import formula_size, typesetter
from flux_studio.gui.widgets.formula_layout import LaidFormula, lay_out

_WIDTHS_KEPT = 8
"""A layout asks for some widths again and again."""


class FormulaView(QWidget):
    """Parts are apart by semicolons, a line for each. Setters only."""

    def __init__(
        self, name: str, parent: QWidget | None = None, *, scale: float = 1.0, tint: str = "text"
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName("Formula")
        self._scale, self._tint = scale, tint
        self._formula = ""
        self._names: Callable[[str], str] = lambda symbol: symbol
        self._at_width: dict[float, LaidFormula] = {}
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        look.changed.connect(self._refresh)
        typesetter.ready.connect(self._refresh)

    def set_formula(self, formula: str) -> None:
        """Show another formula."""
        if formula != self._formula:
            self._formula = formula
            self.setAccessibleDescription(self.text())
            self._refresh()

    def set_names(self, names: Callable[[str], str]) -> None:
        """How a symbol is explained where the pointer rests on it."""
        self._names = names

    def text(self) -> str:
        """The formula as readable text, a line for each of its parts."""
        return "\n".join(part.strip() for part in self._formula.split(";"))

    def latex(self) -> str:
        """The formula as LaTeX, a line for each of its parts."""
        return "\n".join(line.latex() for line in lines(self._formula))

    def laid(self) -> LaidFormula:
        """Where everything stands at the present width."""
        return self._lay_out(self.width())

    def symbols(self) -> list[str]:
        """What can be pointed at."""
        return [text for text, _ in self.laid().symbols()]

    def name_at(self, place: QPointF) -> str:
        """What the symbol at a place is called, in words; the formula as text where there is none."""
        symbol = self.laid().symbol_at(place)
        return self._names(symbol) if symbol else self.text()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return round(self._lay_out(width).height) if self._formula else 0

    def sizeHint(self) -> QSize:
        laid = self._lay_out(look.length(280))
        return QSize(round(laid.width), round(laid.height))

    def minimumSizeHint(self) -> QSize:
        return QSize(look.length(60), self.heightForWidth(max(self.width(), look.length(60))))

    def paintEvent(self, event: QPaintEvent) -> None:
        if not typesetter.is_ready:
            typesetter.begin()
        tint = colour(self._tint)
        self.laid().paint(
            QPainter(self), QPointF(), look.text_font(self._scale), lambda symbol: QColor(tint), tint
        )

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.name_at(QPointF(event.pos())), self)
            return True
        return super().event(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = copy_menu(self, "formula", self.text(), self.latex())
        menu.popup(event.globalPos())

    def _lay_out(self, width: float) -> LaidFormula:
        if width not in self._at_width:
            if len(self._at_width) >= _WIDTHS_KEPT:
                self._at_width.clear()
            self._at_width[width] = self._laid_at(width)
        return self._at_width[width]

    def _laid_at(self, width: float) -> LaidFormula:
        return lay_out(self._formula, look.text_font(self._scale), formula_size(self._scale), max(1.0, width))

    def _refresh(self, *_: object) -> None:
        self._at_width.clear()
        self.updateGeometry()
        self.update()


def say_numbers(view: FormulaView) -> FormulaView:
    """Let a formula that speaks of no layer say what its symbols are."""
    view.set_names(lambda symbol: describe(symbol, (), ""))
    return view


def copy_menu(owner: QWidget, name: str, text: str, latex: str) -> QMenu:
    """A menu that copies something as text or as LaTeX; it goes when it closes."""
    menu = QMenu(owner)
    menu.setObjectName(f"{name}.menu")
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    clipboard = QGuiApplication.clipboard()
    for words, content, own in (("Copy", text, "copy"), ("Copy as LaTeX", latex, "copy_latex")):
        action = menu.addAction(words)
        action.setObjectName(f"action.{name}.{own}")
        action.triggered.connect(lambda _=False, content=content: clipboard.setText(content))
    return menu
