"""What travels when a layer is dragged: a new one from the palette or one that stands in the stack."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QMimeData, QPoint, Qt
from PySide6.QtGui import QDrag, QPainter, QPixmap
from PySide6.QtWidgets import QWidget

from flux_studio.gui.theme import look

KIND_MIME = "application/x-flux-studio-layer-kind"
LAYER_MIME = "application/x-flux-studio-layer"


@dataclass(frozen=True)
class DraggedLayer:
    """``name`` is a layer kind of the catalogue, or the identity of a layer of the stack when ``standing``."""

    name: str
    standing: bool

    def to_mime(self) -> QMimeData:
        """The form in which it travels."""
        mime = QMimeData()
        mime.setData(LAYER_MIME if self.standing else KIND_MIME, self.name.encode())
        return mime

    @classmethod
    def from_mime(cls, mime: QMimeData) -> DraggedLayer | None:
        """What is dragged; ``None`` when it is no layer of ours."""
        for form, standing in ((KIND_MIME, False), (LAYER_MIME, True)):
            if mime.hasFormat(form):
                return cls(bytes(mime.data(form).data()).decode(), standing)
        return None


def start_drag(owner: QWidget, layer: DraggedLayer, picture: QPixmap) -> None:
    """Carry ``picture`` beside the pointer until the person lets go; ``owner`` must outlive the gesture."""
    drag = QDrag(owner)
    drag.setMimeData(layer.to_mime())
    drag.setPixmap(_lifted(picture))
    # Below and to the right, so that it does not hide what would happen at the pointer.
    drag.setHotSpot(QPoint(-look.length(12), -look.length(14)))
    drag.exec(Qt.DropAction.CopyAction | Qt.DropAction.MoveAction, Qt.DropAction.MoveAction)


def moved_far(start: QPoint, now: QPoint) -> bool:
    """Whether the pointer went far enough, with the button held, to mean a drag."""
    return (now - start).manhattanLength() >= look.length(6)


def _lifted(picture: QPixmap) -> QPixmap:
    """The picture as it looks in the air: slightly transparent."""
    faded = QPixmap(picture.size())
    faded.setDevicePixelRatio(picture.devicePixelRatio())
    faded.fill(Qt.GlobalColor.transparent)
    painter = QPainter(faded)
    painter.setOpacity(0.85)
    painter.drawPixmap(0, 0, picture)
    painter.end()
    return faded
