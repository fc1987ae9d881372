"""The main window: puts the panels in their places and shows what the workbench and the trainer tell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QKeyEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QPushButton,
    QToolBar,
    QWidget,
)

import flux_studio
from flux_studio.engine.losses import make_loss
from flux_studio.engine.updating import OPTIMIZERS
from flux_studio.gui import presenting
from flux_studio.gui.actions import build_menus
from flux_studio.gui.autosave import Autosave
from flux_studio.gui.commands import callbacks, obey_panels
from flux_studio.gui.dialogs import Dialogs
from flux_studio.gui.docks import Docks
from flux_studio.gui.document import Document
from flux_studio.gui.exporting import Exporting
from flux_studio.gui.file_drops import FileDrops
from flux_studio.gui.filing import Filing
from flux_studio.gui.flashing import Flashing
from flux_studio.gui.focusing import Focusing
from flux_studio.gui.hovering import Hovering
from flux_studio.gui.lives import make_lives
from flux_studio.gui.panels.curve import LossCurve
from flux_studio.gui.panels.data import DataPanel
from flux_studio.gui.panels.focus import MatrixFocus
from flux_studio.gui.panels.network import NetworkStack
from flux_studio.gui.panels.palette import LayerPalette
from flux_studio.gui.panels.scores import ScoresPanel
from flux_studio.gui.panels.training_bar import TrainingBar, TrainingView
from flux_studio.gui.panels.training_settings import TrainingSettings
from flux_studio.gui.panels.wall import MatrixWall
from flux_studio.gui.plot_pictures import PlotPictures
from flux_studio.gui.reading_pace import ReadingPace
from flux_studio.gui.recents import Recents
from flux_studio.gui.reports import Reports
from flux_studio.gui.rewinding import Rewinding
from flux_studio.gui.rows_shown import RowsShown
from flux_studio.gui.samples import samples
from flux_studio.gui.saving import Saving
from flux_studio.gui.scoring import Scoring
from flux_studio.gui.selection import Selection
from flux_studio.gui.settings import Settings
from flux_studio.gui.status_bar import MESSAGE_MS, StatusBar
from flux_studio.gui.taking import Taking
from flux_studio.gui.taking_in import TakingIn
from flux_studio.gui.theme import DARK, LIGHT, look
from flux_studio.gui.trainer import Trainer, Wanted
from flux_studio.gui.welcome import Welcome
from flux_studio.gui.widgets.colour_range_button import ColourRangeButton
from flux_studio.gui.widgets.icons import icon
from flux_studio.gui.widgets.message_strip import MessageStrip
from flux_studio.gui.widgets.panel_header import PanelHeader
from flux_studio.gui.widgets.typed_edit import commit_typing, forget_typing
from flux_studio.gui.workbench import Workbench
from flux_studio.project.descriptions import batch_text
from flux_studio.project.project import Project
from flux_studio.training.events import Frame, MatrixKey


class MainWindow(FileDrops):
    """One window on one document."""

    frame_shown = Signal()
    """A frame has been handed to the panels."""

    def __init__(
        self,
        project: Project,
        path: Path | None = None,
        *,
        settings: Settings | None = None,
        dialogs: Dialogs | None = None,
    ) -> None:
        super().__init__()
        self.setObjectName("window")
        self.setDockNestingEnabled(True)
        self.settings = settings or Settings()
        self.dialogs = dialogs or Dialogs()
        self.document = Document(project, path, self)
        self.trainer = Trainer(self._wanted, self)
        self.workbench = Workbench(self.document, self.trainer, self)
        self.saving = Saving(self)
        self.autosave: Autosave | None = None
        self.reports = Reports(None)
        self.filing = Filing(self)
        self.welcome = Welcome(self)
        self.selection = Selection(self)
        self._problem, self._rows = "", 0
        self._curve_pace, self._curve_seen = ReadingPace(), True
        self._make_panels()
        self.focus = Focusing(self)
        self.rows = RowsShown(self)
        self.flashing = Flashing(self)
        self.hovering = Hovering(self)
        self.scoring = Scoring(self.trainer, self.scores, self)
        self.taking = Taking(self)
        self.exporting = Exporting(self)
        self.taking_in = TakingIn(self)
        self.lives = make_lives(self)
        self.plot_pictures = PlotPictures(self)
        self._place_panels()
        self.status = StatusBar()
        self.setStatusBar(self.status)
        obeyed = {name: self._after_typing(callback) for name, callback in callbacks(self).items()}
        self.actions_by_name, submenus = build_menus(self, obeyed)
        self._fill_submenus(submenus)
        ways_out = [self.actions_by_name[name] for name in ("train.now", "train.branch")]
        self.rewinding = Rewinding(
            self.trainer,
            self.curve,
            self.status.past,
            ways_out,
            submenus["train.memory"],
            self.settings,
            self,
        )
        self._connect()
        self._show_document()
        screen = QApplication.primaryScreen().availableSize()
        self.setMinimumSize(QSize(look.length(1200), look.length(620)).boundedTo(screen))
        self._restore_layout()

    def begin(self) -> None:
        """Make the network ready; called once the window is on the screen, because it loads the engine."""
        self.workbench.begin()

    # Building

    def _make_panels(self) -> None:
        self.bar = TrainingBar()
        self.palette_panel = LayerPalette()
        self.stack = NetworkStack(self.workbench.drop_verdict)
        self.wall = MatrixWall()
        self.wall_header = PanelHeader("Matrices")
        self.wall_header.add_control(ColourRangeButton(self.wall))
        self.focus_panel = MatrixFocus()
        self.focus_header = PanelHeader("Focus")
        self.curve = LossCurve()
        self.data = DataPanel()
        self.training = TrainingSettings()
        self.scores = ScoresPanel()

    def _place_panels(self) -> None:
        self.addToolBar(self._toolbar())
        self.docks = Docks(
            self,
            {
                "layers": (self.palette_panel, self.palette_panel.header),
                "network": (self.stack, self.stack.header),
                "matrices": (self.wall, self.wall_header),
                "focus": (self.focus_panel, self.focus_header),
                "loss": (self.curve, PanelHeader("Loss")),
                "data": (self.data, self.data.header),
                "training": (self.training, self.training.header),
                "scores": (self.scores, self.scores.header),
                **{live.name: (live.panel, live.header) for live in self.lives},
            },
            {live.name: live.beside for live in self.lives},
        )
        gap = look.length(7)
        self.setContentsMargins(gap, 0, gap, 0)
        # Not the panel's own visibility: behind another tab it stays visible, off the screen.
        self.docks["scores"].visibilityChanged.connect(self.scoring.set_seen)
        self.docks["loss"].visibilityChanged.connect(self._see_curve)
        for live in self.lives:
            self.docks[live.name].visibilityChanged.connect(live.set_seen)
        self.docks.arrange()

    def _toolbar(self) -> QToolBar:
        toolbar = QToolBar("Training", self)
        toolbar.setObjectName("toolbar.training")
        toolbar.setMovable(False)
        toolbar.toggleViewAction().setEnabled(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.export_button = QPushButton("Export…")
        self.export_button.setObjectName("action.export")
        self.export_button.setIcon(icon("export"))
        self.export_button.setToolTip(
            "Export: the network for other tools, as weights, model, script or header"
        )
        self.export_button.clicked.connect(lambda: self.exporting.show())
        box = QWidget()
        row = QHBoxLayout(box)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.bar, 1)
        row.addWidget(self.export_button)
        toolbar.addWidget(box)
        self.trouble = MessageStrip(self, toolbar)
        return toolbar

    def _fill_submenus(self, submenus: dict) -> None:
        for sample in samples():
            action = submenus["file.samples"].addAction(sample.words)
            action.setObjectName(f"action.sample.{sample.path.stem}")
            action.triggered.connect(lambda _=False, path=sample.path: self.filing.open_sample(path))
        self.recents = Recents(self, submenus["file.recent"])
        for action in self.docks.actions():
            submenus["view.panels"].addAction(action)

    def _connect(self) -> None:
        bench, stack, bar = self.workbench, self.stack, self.bar
        self.palette_panel.layer_requested.connect(stack.insert)
        stack.insert_requested.connect(bench.insert_layer)
        stack.move_requested.connect(bench.move_layer)
        stack.delete_requested.connect(bench.delete_layer)
        stack.duplicate_requested.connect(bench.duplicate_layer)
        stack.change_requested.connect(bench.change_layer)
        stack.selected.connect(self.focus.choose_layer)
        bar.train_requested.connect(bench.toggle_training)
        bar.pause_requested.connect(bench.toggle_training)
        bar.step_requested.connect(bench.step)
        bar.start_over_requested.connect(bench.start_over)
        bar.pace_changed.connect(bench.set_pace)
        bar.learning_rate_changed.connect(bench.set_learning_rate)
        obey_panels(self)
        for panel in (bar, self.data, self.training, self.curve):
            panel.refused.connect(self._show_trouble)
        self.wall.matrix_selected.connect(self.focus.choose)
        self.wall.visible_keys_changed.connect(self.trainer.refresh)
        self.curve.log_changed.connect(self.actions_by_name["view.log"].setChecked)
        bench.layer_made.connect(stack.select)
        self.file_dropped.connect(self._open_dropped)
        for live in self.lives:
            live.stale.connect(self.trainer.refresh)
        bench.working.progressed.connect(self.status.work.set_work)
        bench.working.rested.connect(self.status.work.rest)
        self.status.work.cancel_requested.connect(bench.working.cancel)
        bench.troubled.connect(self._show_trouble)
        bench.informed.connect(lambda text: self.status.showMessage(text, MESSAGE_MS))
        bench.data_refused.connect(
            lambda text: self.data.set_data(presenting.data_view(self.document.project, text))
        )
        self.document.opened.connect(lambda: forget_typing(self))
        self.document.project_changed.connect(self._show_document)
        self.document.setting_changed.connect(self._show_settings)
        self.document.setting_changed.connect(self._show_training)
        self.document.state_changed.connect(self._show_title)
        for stack_signal, name in (("canUndoChanged", "edit.undo"), ("canRedoChanged", "edit.redo")):
            getattr(self.document.undo_stack, stack_signal).connect(self.actions_by_name[name].setEnabled)
            self.actions_by_name[name].setEnabled(False)
        self.document.undo_stack.indexChanged.connect(self._name_undo)
        self.trainer.ready_changed.connect(self._show_ready)
        self.trainer.progress_changed.connect(self._show_training)
        self.trainer.frame_arrived.connect(self._show_frame)

    def _after_typing(self, callback: Callable[[], object]) -> Callable[[], object]:
        """A menu takes no focus from a field, so what is half typed there is still to be taken."""

        def call() -> object:
            commit_typing(self)
            return callback()

        return call

    # Showing

    def _show_document(self) -> None:
        project = self.document.project
        self.focus.forget()
        learned = 0 if project.run is None else sum(each.size for each in project.run.parameters.values())
        self.stack.set_network(presenting.network_view(project, learned))
        self.data.set_data(presenting.data_view(project))
        self._show_settings()
        self._show_curve()
        data = presenting.dataset(project)
        self._problem, self._rows = presenting.problem(project), len(data.training) if data else 0
        self.wall.set_sentence(
            self._problem or "The engine is being made ready. The matrices appear here in a moment."
        )
        if self._problem:
            self.wall.set_rows(())
            self.focus_panel.clear()
        self.rows.show_project(project)
        for live in self.lives:
            live.show_project(project)
        self._show_title()
        self._show_training()

    def _show_settings(self) -> None:
        self.training.set_view(presenting.training_settings_view(self.document.project))

    def _show_curve(self) -> None:
        """The curve of the document's run, which a changed way to train goes on with."""
        project = self.document.project
        symbol = make_loss(project.specification.loss).symbol
        self.curve.set_loss_title(symbol, batches=presenting.is_batched(project))
        run = project.run
        if run is None or not run.begun:
            self.curve.clear()
            return
        validation = None if run.validation_curve is None else run.validation_curve.points()
        self.curve.set_curve(run.curve.points(), validation)

    def _show_ready(self) -> None:
        ready, project = self.trainer.ready, self.document.project
        if ready is not None:
            self.rows.begin()
            self.focus.begin()
            self.stack.set_network(presenting.network_view(project, ready.parameter_count))
        self._show_training()

    def _show_frame(self, frame: Frame) -> None:
        self.rows.show_frame(frame)
        self.wall.set_matrices(frame.matrices)
        self.focus.show_frame(frame)
        self.flashing.show_frame(frame)
        self._draw_curve(frame)
        for live in self.lives:
            if live.seen:
                live.show_frame(frame)
        self.status.count_frame()
        self.frame_shown.emit()

    def _see_curve(self, seen: bool) -> None:
        """Hidden, the curve is not drawn; with the next frame it catches up."""
        self._curve_seen = seen
        self._curve_pace.forget()
        if seen:
            self.trainer.refresh()

    def _draw_curve(self, frame: Frame) -> None:
        if not self._curve_seen or not self._curve_pace.due(frame.training):
            return
        marks = presenting.marks(self.document.project, frame.by_hand)
        self.curve.set_curve(frame.curve, frame.validation_curve, frame.branches, marks)
        progress, scores = frame.progress, frame.scores
        self.curve.set_facts(
            progress.iteration,
            progress.loss,
            frame.first_loss,
            scores.right,
            scores.rows,
            progress.validation_loss,
            scores.validation_accuracy,
        )

    def _show_training(self) -> None:
        trainer, project = self.trainer, self.document.project
        specification, progress = project.specification, trainer.progress
        trouble, rows = self._problem, self._rows
        self.training.set_now(trainer.iteration)
        self.bar.set_state(
            TrainingView(
                running=trainer.running,
                past=trainer.iteration if trainer.is_past else None,
                can_train=not trouble,
                reason=trouble,
                iteration=progress.iteration if progress else 0,
                loss=progress.loss if progress else None,
                loss_title=make_loss(specification.loss).symbol,
                speed=trainer.speed,
                optimizer=OPTIMIZERS[specification.optimizer.kind].title,
                learning_rate=specification.optimizer.learning_rate,
                pace=specification.pace,
                rows=batch_text(specification, rows) if rows else "",
                busy="making the engine ready…" if trainer.takes_long else "",
            )
        )
        state = (
            "training"
            if trainer.running
            else "looking back"
            if trainer.is_past
            else "making the engine ready"
            if trainer.takes_long
            else trainer.why or "resting"
        )
        self.status.set_state("cannot train yet" if trouble else state, trainer.running)
        self.status.set_engine(f"{trainer.executor} executor, 1 thread, {specification.dtype}")

    def _show_title(self) -> None:
        self.setWindowTitle(f"{self.document.title}[*] — Flux Studio")
        self.setWindowModified(self.document.modified)
        can_revert = self.document.modified and self.document.path is not None
        self.actions_by_name["file.revert"].setEnabled(can_revert)
        self.status.set_kept(self.document.kept_words)

    def _name_undo(self, _index: int) -> None:
        stack = self.document.undo_stack
        undo, redo = stack.undoText(), stack.redoText()
        self.actions_by_name["edit.undo"].setText(f"Undo {undo}" if undo else "Undo")
        self.actions_by_name["edit.redo"].setText(f"Redo {redo}" if redo else "Redo")

    def _show_trouble(self, text: str) -> None:
        self.trouble.set_text(text)

    # Choosing

    def _wanted_matrices(self) -> tuple[MatrixKey, ...]:
        visible = self.wall.visible_keys() if self.wall.isVisible() else ()
        chosen = self.focus.matrix
        if chosen is None or chosen in visible or not self.focus_panel.isVisible():
            return visible
        return (*visible, chosen)

    def _wanted(self) -> Wanted:
        """What the next frame is to hold: the matrices in view, and what the panels in view ask."""
        seen = [live for live in self.lives if live.seen]
        keys = [*self._wanted_matrices()]
        for live in seen:
            keys += live.keys()
        return tuple(dict.fromkeys(keys)), tuple(question for live in seen for question in live.questions())

    # Look

    def toggle_theme(self) -> None:
        """Light to dark, or back."""
        theme = DARK if look.theme.name == LIGHT.name else LIGHT
        look.apply(theme)
        self.settings.theme = theme
        self.actions_by_name["view.dark"].setChecked(theme is DARK)

    def reset_layout(self) -> None:
        """All panels back in their first places."""
        self.docks.arrange()

    def about(self) -> None:
        """Version and licence."""
        text = (
            f"<b>Flux Studio {flux_studio.__version__}</b><br>Design a neural network, watch every matrix it computes, "
            "and take the trained weights away.<br><br>MIT licence. Fonts: Inter and JetBrains Mono (OFL)."
        )
        self.dialogs.tell(self, "About Flux Studio", text)

    def _restore_layout(self) -> None:
        self.actions_by_name["view.dark"].setChecked(look.theme is DARK)
        known = self.settings.layout()
        if known is not None and self.restoreGeometry(known[0]) and self.docks.restore(known[1]):
            return
        available = QApplication.primaryScreen().availableSize()
        self.resize(min(1600, available.width()), min(1000, available.height()))
        self.docks.share_space()

    # Events

    def _open_dropped(self, path: Path) -> None:
        commit_typing(self)
        if not self.welcome.shown and self.taking_in.wants(path):
            self.taking_in.open(path)
        elif path.suffix.lower() != ".flux" and not self.welcome.shown:
            self.filing.take_table(path)
        elif self.filing.may_leave():
            self.filing.open(path)

    def focusNextPrevChild(self, forward: bool) -> bool:
        focused = self.focusWidget()
        if focused is None or focused.isVisible():
            return super().focusNextPrevChild(forward)
        # A button that goes when it is pressed leaves the keyboard to nobody: the next field would take what is typed.
        focused.clearFocus()
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.trouble.isVisible():
            self.trouble.set_text("")
        elif event.key() == Qt.Key.Key_Escape and not self.trainer.is_now:
            self.trainer.return_to_now()
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        commit_typing(self)
        if not self.filing.may_leave():
            event.ignore()
            return
        self.settings.set_layout(self.saveGeometry(), self.saveState())
        self.trainer.close()
        event.accept()
