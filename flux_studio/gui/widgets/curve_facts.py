"""Where training stands, in words beside the curve."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from flux_studio.gui.theme import look
from flux_studio.gui.widgets.iteration_edit import IterationEdit
from flux_studio.gui.widgets.numbers import loss_text, whole


class CurveFacts(QWidget):
    """A line for what does not exist is not there. ``iteration`` can be typed over."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("curve.facts")
        self.setAccessibleName("Where training stands")
        column = QVBoxLayout(self)
        column.setContentsMargins(look.length(14), look.length(2), look.length(8), look.length(4))
        column.setSpacing(look.length(4))
        self.iteration = IterationEdit()
        title = self._label("iteration_title", heading=True)
        title.setText("Iteration")
        heading = QHBoxLayout()
        heading.setSpacing(look.length(2))
        heading.addWidget(title)
        heading.addWidget(self.iteration, 1)
        heading.addStretch()
        column.addLayout(heading)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(look.length(10))
        self._grid.setVerticalSpacing(look.length(3))
        self._grid.setColumnStretch(1, 1)
        column.addLayout(self._grid)
        self._loss_title = self._label("loss_title", muted=True)
        self._loss = self._label("loss", number=True)
        self._first = self._label("first_loss", caption=True)
        self._validation_title = self._label("validation_title", muted=True)
        self._validation = self._label("validation_loss", number=True)
        self._validation_right = self._label("validation_accuracy", caption=True)
        self._right_title = self._label("right_title", muted=True)
        self._right = self._label("right", heading=True)
        for row, labels in enumerate(
            (
                (self._loss_title, self._loss),
                (None, self._first),
                (self._right_title, self._right),
                (self._validation_title, self._validation),
                (None, self._validation_right),
            )
        ):
            for place, label in enumerate(labels):
                if label is not None:
                    self._grid.addWidget(label, row, place)
        self._right_title.setText("right answers")
        self._validation_title.setText("validation")
        column.addStretch(1)
        self.set_loss_title("MSE")
        self.clear()

    def _label(self, name: str, **style: bool) -> QLabel:
        label = QLabel()
        label.setObjectName(f"curve.facts.{name}")
        label.setTextFormat(Qt.TextFormat.PlainText)
        for key, value in style.items():
            label.setProperty(key, value)
        return label

    def set_loss_title(self, title: str) -> None:
        """What the loss is called."""
        self._loss_title.setText(title)

    def clear(self) -> None:
        """Show that nothing has been trained."""
        self.set_facts(0, None, None, None, None, None, None)

    def set_facts(
        self,
        iteration: int,
        loss: float | None,
        first_loss: float | None,
        right: int | None,
        rows: int | None,
        validation_loss: float | None,
        validation_accuracy: float | None,
    ) -> None:
        """Say all of this; ``None`` leaves its line out."""
        self.iteration.set_value(iteration)
        self._set(self._loss, None if loss is None else loss_text(loss), self._loss_title)
        self._set(self._first, None if first_loss is None else f"was {loss_text(first_loss)}")
        answers = None if right is None or rows is None else f"{whole(right)} of {whole(rows)}"
        self._set(self._right, answers, self._right_title)
        self._set(
            self._validation,
            None if validation_loss is None else loss_text(validation_loss),
            self._validation_title,
        )
        share = None if validation_accuracy is None else f"{validation_accuracy:.0%}".replace("%", " %")
        self._set(self._validation_right, None if share is None else f"{share} right")

    @staticmethod
    def _set(label: QLabel, text: str | None, title: QLabel | None = None) -> None:
        label.setText(text or "")
        for part in (label, title):
            if part is not None:
                part.setVisible(text is not None)
