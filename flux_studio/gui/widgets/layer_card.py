"""The card of one layer: closed it says what the layer is, open it lets every setting be changed in place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QEnterEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QGraphicsOpacityEffect,
    QGridLayout,
    QLabel,
    QToolButton,
    QWidget,
)

from flux_studio.gui.theme import colour, look
from flux_studio.gui.widgets.card import Card
from flux_studio.gui.widgets.field_editors import ChoiceEdit, WholeNumberEdit, editor_for
from flux_studio.gui.widgets.icons import icon, paint_icon
from flux_studio.gui.widgets.layer_drag import moved_far
from flux_studio.gui.widgets.network_view import LayerView, summary
from flux_studio.gui.widgets.paint import mixed
from flux_studio.gui.widgets.typed_edit import REFUSAL

if TYPE_CHECKING:
    from flux_studio.gui.widgets.layer_column import LayerColumn


class LayerCard(Card):
    """Only the selected card is open and owns editors; a closed one is a painted box and nothing more."""

    clicked = Signal(str)
    drag_started = Signal(str)
    menu_requested = Signal(str, QPoint)
    committed = Signal(str, str, object)
    """Identity, field, value."""
    left = Signal()
    """A person is done with the editors and wants to go back to the stack."""
    duplicate_requested = Signal(str)
    delete_requested = Signal(str)

    def __init__(self, layer: LayerView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layer = layer
        self.inner: LayerColumn | None = None
        """The cards inside, for layers that hold others."""
        self._pressed_at: QPoint | None = None
        self._active = False
        self._editors: dict[str, WholeNumberEdit | ChoiceEdit] = {}
        self._refused: dict[str, tuple[str, str]] = {}
        self._fields: QWidget | None = None
        self._buttons: tuple[QToolButton, ...] = ()
        self.setObjectName(f"network.layer.{layer.identity}")
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self._show_layer()

    @property
    def layer(self) -> LayerView:
        """What the card shows."""
        return self._layer

    @property
    def open(self) -> bool:
        """Whether the settings can be changed."""
        return self._fields is not None

    def set_layer(self, layer: LayerView) -> None:
        """Show another state of the same layer; an editor that is in use keeps the focus and what is half typed."""
        if layer == self._layer:
            return
        old, self._layer = self._layer, layer
        if self.open and layer.fields != old.fields:
            self._close()
            self._open()
        self._show_layer()
        for name in layer.values:
            if layer.values[name] != old.values.get(name):
                self._note_refusal(name, "")
        for name, editor in self._editors.items():
            if layer.values[name] != old.values.get(name):
                editor.set_value(layer.values[name])

    def set_open(self, opened: bool) -> None:
        """Open or close the card."""
        if opened == self.open:
            return
        if opened:
            self._open()
        else:
            self._close()
        self.show_facts(not (opened and self._editors))

    def set_active(self, active: bool) -> None:
        """Whether the keyboard works on this card."""
        if active != self._active:
            self._active = active
            self.update()

    def set_lifted(self, lifted: bool) -> None:
        """Fade the card while a picture of it travels with the pointer."""
        effect = QGraphicsOpacityEffect(self)
        effect.setOpacity(0.4)
        self.setGraphicsEffect(effect if lifted else None)

    def edit_first_field(self) -> None:
        """Put the keyboard into the first setting."""
        for editor in self._editors.values():
            editor.setFocus(Qt.FocusReason.ShortcutFocusReason)
            if isinstance(editor, WholeNumberEdit):
                editor.selectAll()
            return

    def outline(self) -> tuple[QColor, float]:
        if self.open:
            return colour("error" if self.error else "accent"), 2.0 if self._active else 1.4
        return (colour("text_faint"), 1.0) if self.underMouse() and not self.error else super().outline()

    def fill(self) -> QColor:
        return mixed("surface", "accent_soft", 0.75) if self.open and not self.error else super().fill()

    def title_area(self) -> QRectF:
        taken = sum(button.width() for button in self._buttons) if self._buttons else look.length(16)
        return super().title_area().adjusted(0, 0, -taken, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.underMouse() and not self.open:
            size, area = look.length(14), self.title_area()
            grip = QRectF(area.right() + look.length(4), area.center().y() - size / 2, size, size)
            paint_icon(QPainter(self), "grip", grip, "text_faint")

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._place_buttons()

    def enterEvent(self, event: QEnterEvent) -> None:
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed_at = event.position().toPoint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        start = self._pressed_at
        if start is not None and moved_far(start, event.position().toPoint()):
            self._pressed_at = None
            self.drag_started.emit(self._layer.identity)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        # Selecting opens the card, which would shift it under a pointer that is about to drag: so not on the press.
        if self._pressed_at is not None:
            self._pressed_at = None
            self.clicked.emit(self._layer.identity)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit(self._layer.identity)
            self.edit_first_field()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu_requested.emit(self._layer.identity, event.globalPos())

    def _show_layer(self) -> None:
        self.set_lines(self._layer.title, *summary(self._layer))
        self._show_errors()
        self.setToolTip(
            f"{self._layer.path}: click to change it, drag it to another place, right-click for all that can be done"
        )

    def _show_errors(self) -> None:
        sentences = [sentence for _, sentence in self._refused.values()]
        self.setProperty(REFUSAL, next(iter(sentences), ""))
        self.set_error("\n".join([*filter(None, [self._layer.error]), *sentences]))

    def _note_refusal(self, field: str, sentence: str) -> None:
        """Remember what cannot be taken: it is there again when the card is opened again."""
        editor = self._editors.get(field)
        if sentence and isinstance(editor, WholeNumberEdit):
            self._refused[field] = (editor.text(), sentence)
        else:
            self._refused.pop(field, None)
        self._show_errors()

    def _open(self) -> None:
        fields = QWidget(self)
        grid = QGridLayout(fields)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(look.length(6))
        grid.setVerticalSpacing(look.length(5))
        grid.setColumnStretch(1, 1)
        for row, field in enumerate(self._layer.fields):
            editor = editor_for(field, fields)
            self._editors[field.name] = editor
            editor.setObjectName(f"{self.objectName()}.{field.name}")
            editor.setAccessibleName(f"{self._layer.path}: {field.title}")
            editor.setToolTip(_teach(field.title, field.minimum, field.maximum, bool(field.choices)))
            editor.set_value(self._layer.values[field.name])
            editor.committed.connect(lambda value, name=field.name: self._commit(name, value))
            editor.left.connect(self.left)
            if isinstance(editor, WholeNumberEdit):
                editor.refused.connect(lambda sentence, name=field.name: self._note_refusal(name, sentence))
                if field.name in self._refused:
                    editor.type_text(self._refused[field.name][0])
            label = QLabel(field.title, fields)
            label.setProperty("muted", "true")
            label.setFont(look.text_font(0.94))
            label.setBuddy(editor)
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            grid.addWidget(label, row, 0)
            grid.addWidget(editor, row, 1)
        fields.setCursor(Qt.CursorShape.ArrowCursor)
        self._fields = fields
        # Above the cards inside, where there are some.
        self.body.insertWidget(self.body.count() - (self.inner is not None), fields)
        self._add_buttons()
        fields.show()

    def _close(self) -> None:
        for widget in (self._fields, *self._buttons):
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        if self._fields is not None:
            self.body.removeWidget(self._fields)
        self._fields, self._buttons, self._editors = None, (), {}

    def _add_buttons(self) -> None:
        buttons = []
        for action, words, signal in (
            ("duplicate", "Duplicate this layer", self.duplicate_requested),
            ("delete", "Delete this layer", self.delete_requested),
        ):
            button = QToolButton(self)
            button.setObjectName(f"{self.objectName()}.{action}")
            button.setProperty("kind", "quiet")
            button.setIcon(icon(action))
            button.setIconSize(QSize(look.length(15), look.length(15)))
            button.setToolTip(words)
            button.setAccessibleName(words)
            button.setCursor(Qt.CursorShape.ArrowCursor)
            button.clicked.connect(lambda _=False, signal=signal: signal.emit(self._layer.identity))
            button.resize(look.length(24), look.length(24))
            button.show()
            buttons.append(button)
        self._buttons = tuple(buttons)
        self._place_buttons()

    def _place_buttons(self) -> None:
        right = self.width() - look.length(6)
        for button in reversed(self._buttons):
            right -= button.width()
            button.move(right, look.length(5))

    def _commit(self, field: str, value: object) -> None:
        self.committed.emit(self._layer.identity, field, value)
        # A change that the owner refused must not stay on screen.
        if field in self._editors:
            self._editors[field].set_value(self._layer.values[field])


def _teach(title: str, minimum: int, maximum: int, choices: bool) -> str:
    if choices:
        return f"{title.capitalize()}: choose from the list"
    return f"{title.capitalize()}: a whole number from {minimum} to {maximum:,}; arrow keys step"
