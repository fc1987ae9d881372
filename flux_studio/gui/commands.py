"""What each action of the menus does, by the action's name, and what the panels of settings ask for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication

from flux_studio.gui.history import HistoryList

if TYPE_CHECKING:
    from flux_studio.gui.main_window import MainWindow


def callbacks(window: MainWindow) -> dict[str, Callable[[], object]]:
    """One function for each row of :data:`flux_studio.gui.actions.ACTIONS`."""
    bench = window.workbench
    return {
        "file.new": window.filing.new_from_table,
        "file.open": window.filing.open_file,
        "file.welcome": lambda: window.welcome.show(),
        "file.revert": window.filing.revert,
        "file.save": window.filing.save,
        "file.save_as": window.filing.save_as,
        "file.export": window.exporting.show,
        "file.take_in": window.taking_in.ask,
        "file.worked_example": window.taking.save_step,
        "file.predict": window.filing.predict,
        "file.quit": window.close,
        "edit.undo": window.document.undo_stack.undo,
        "edit.redo": window.document.undo_stack.redo,
        "edit.history": lambda: HistoryList(window).open(),
        "edit.copy_matrix": window.focus.copy,
        "edit.paste_table": window.filing.paste_table,
        "view.dark": window.toggle_theme,
        "view.log": lambda: window.curve.set_log(window.actions_by_name["view.log"].isChecked()),
        "view.reset": window.reset_layout,
        "network.add": lambda: window.stack.insert("dense.v1"),
        "network.add_activation": lambda: window.stack.insert("activation.v1"),
        "network.duplicate": window.stack.duplicate_selection,
        "network.delete": window.stack.delete_selection,
        "network.up": lambda: window.stack.move_selection(-1),
        "network.down": lambda: window.stack.move_selection(1),
        "train.toggle": window.bar.toggle,
        "train.step": window.bar.step,
        "train.back": window.bar.step_back,
        "train.go_to": lambda: _go_to(window),
        "train.now": window.trainer.return_to_now,
        "train.branch": window.trainer.branch,
        "train.same": lambda: bench.start_over(False),
        "train.new": lambda: bench.start_over(True),
        "help.report": lambda: _copy_report(window),
        "help.about": window.about,
    }


def _copy_report(window: MainWindow) -> None:
    QApplication.clipboard().setText(window.reports.text())
    window.workbench.informed.emit(
        "the report is copied: nothing of your work is in it, and nothing was sent anywhere"
    )


def _go_to(window: MainWindow) -> None:
    window.docks.bring("loss")
    window.curve.go_to()


def obey_panels(window: MainWindow) -> None:
    """Let the workbench carry out what the panels of data and training ask for."""
    bench, data, training = window.workbench, window.data, window.training
    data.open_requested.connect(window.filing.load_table)
    data.reading_requested.connect(window.filing.change_reading)
    data.columns_changed.connect(bench.set_columns)
    data.windowing_changed.connect(bench.set_windowing)
    data.shares_changed.connect(bench.set_shares)
    data.row_wanted.connect(lambda number: window.rows.show_numbers((number,)))
    training.optimizer_changed.connect(bench.set_optimizer)
    training.batch_changed.connect(bench.set_batch)
    training.loss_changed.connect(bench.set_loss)
    training.iterations_changed.connect(bench.set_iterations)
    training.stop_changed.connect(bench.set_stop)
    training.seed_changed.connect(bench.set_seed)
