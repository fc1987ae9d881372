"""Every plot as a picture: a right click on what panels draw saves it, as pixels or as shapes, or copies it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QByteArray, QEvent, QObject, QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QImage, QPainter, QRegion
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QGraphicsView, QMenu, QWidget

from flux_studio.export import matrices as tables
from flux_studio.gui.taking import FORMATS, Errand
from flux_studio.gui.theme import colour
from flux_studio.gui.widgets.confusion_matrix import ConfusionMatrix
from flux_studio.gui.widgets.curve_plot import CurvePlot
from flux_studio.gui.widgets.error_map import ErrorMap
from flux_studio.gui.widgets.health_table import HealthTable
from flux_studio.gui.widgets.line_plot import LinePlot
from flux_studio.gui.widgets.network_drawing import NetworkDrawing
from flux_studio.gui.widgets.neuron_pictures import NeuronPictures
from flux_studio.gui.widgets.rate_curve import RateCurve
from flux_studio.gui.widgets.step_curve import StepCurve
from flux_studio.gui.widgets.surface_view import SurfaceView

if TYPE_CHECKING:
    from flux_studio.gui.main_window import MainWindow

PLOTS: dict[type[QWidget], str] = {
    ConfusionMatrix: "confusion matrix",
    CurvePlot: "loss curve",
    ErrorMap: "error map",
    HealthTable: "health",
    LinePlot: "predictions",
    NetworkDrawing: "network",
    NeuronPictures: "neurons",
    RateCurve: "learning rate",
    StepCurve: "gradient check",
    SurfaceView: "predictions",
}
"""What each is called in menus and in names of files."""
_SHARP = 2


class PlotPictures(QObject):
    """Pictures are made where the plots live and handed to :class:`Taking`, which writes them on its thread."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._menu: QMenu | None = None
        for panel in (window.curve, window.scores, window.training, *(live.panel for live in window.lives)):
            panel.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # What a plot itself does with a right click never comes here: only what it ignores reaches its panel.
        if isinstance(event, QContextMenuEvent) and isinstance(watched, QWidget):
            plot = _plot_at(watched, event.pos())
            if plot is not None:
                self._show_menu(plot, event.globalPos())
                return True
        return super().eventFilter(watched, event)

    def copy(self, plot: QWidget) -> None:
        """The plot on the clipboard, as it looks now."""
        QGuiApplication.clipboard().setImage(image(plot))
        self._window.workbench.informed.emit(f"copied the {_name(plot)} as a picture")

    def save(self, plot: QWidget, name: str) -> None:
        """Ask where to, and write the plot as it looked when that was asked."""
        form = next(each for each in FORMATS if each.name == name)
        picture = image(plot) if name == "png" else svg(plot)
        stem = Path(self._window.document.title).stem
        path = self._window.taking.ask_path(f"{stem}-{_name(plot).replace(' ', '-')}", form)
        if path is not None:

            def write(content: QImage | bytes, _: float) -> None:
                tables.write(path, content if isinstance(content, bytes) else _png(content))

            errand = Errand(f"saving {path.name}", write, lambda *_: f"saved {path.name}")
            self._window.taking.carry_out(errand, picture)

    def _show_menu(self, plot: QWidget, place: QPoint) -> None:
        if self._menu is not None:
            self._menu.deleteLater()
        menu = self._menu = QMenu(self._window)
        menu.setObjectName("plots.menu")
        menu.setToolTipsVisible(True)
        copy = menu.addAction("Copy as Picture", lambda: self.copy(plot))
        copy.setObjectName("action.plot.copy")
        copy.setToolTip(f"The {_name(plot)} as it looks now, to be pasted")
        for form in FORMATS:
            if form.name in ("png", "svg"):
                action = menu.addAction(form.words, lambda name=form.name: self.save(plot, name))
                action.setObjectName(f"action.plot.{form.name}")
                action.setToolTip(f"The {_name(plot)} as it looks now")
        menu.popup(place)


def image(plot: QWidget) -> QImage:
    """A plot in pixels, twice as fine as on the screen."""
    made = QImage(_SHARP * plot.size(), QImage.Format.Format_RGB32)
    made.setDevicePixelRatio(_SHARP)
    painter = QPainter(made)
    _paint(plot, painter)
    painter.end()
    return made


def svg(plot: QWidget) -> bytes:
    """A plot in shapes and words."""
    generator = QSvgGenerator()
    buffer = QBuffer(content := QByteArray())
    generator.setOutputDevice(buffer)
    generator.setSize(plot.size())
    generator.setViewBox(QRect(QPoint(), plot.size()))
    generator.setResolution(96)
    generator.setTitle(_name(plot).capitalize())
    painter = QPainter(generator)
    _paint(plot, painter)
    painter.end()
    return bytes(content.data())


def _paint(plot: QWidget, painter: QPainter) -> None:
    painter.fillRect(plot.rect(), colour("surface"))
    if isinstance(plot, QGraphicsView):
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        plot.render(painter, QRectF(plot.rect()), plot.rect(), Qt.AspectRatioMode.KeepAspectRatio)
    else:
        plot.render(painter, QPoint(), QRegion(), QWidget.RenderFlag.DrawChildren)


def _png(picture: QImage) -> bytes:
    buffer = QBuffer(content := QByteArray())
    picture.save(buffer, "PNG")
    return bytes(content.data())


def _plot_at(panel: QWidget, place: QPoint) -> QWidget | None:
    here: QWidget | None = panel.childAt(place)
    while here is not None and here is not panel:
        if isinstance(here, tuple(PLOTS)):
            return here
        here = here.parentWidget()
    return None


def _name(plot: QWidget) -> str:
    return next(name for kind, name in PLOTS.items() if isinstance(plot, kind))
