"""The questions that the window asks a person, in one place so that others can answer them instead."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from PySide6.QtWidgets import QFileDialog, QInputDialog, QMessageBox, QWidget

from flux_studio.data import readers
from flux_studio.export.worked_example import FEWEST_DIGITS, MOST_DIGITS, USUAL_DIGITS

Answer = Literal["save", "discard", "cancel"]
WEIGHTS = "Weights (*.npz *.safetensors)"
PROJECTS = "Flux Studio projects (*.flux)"
TABLES = f"Tables ({' '.join(readers.PATTERNS)})"


class Dialogs:
    """Modal dialogs; each returns ``None`` or ``cancel`` when the person thinks better of it."""

    def open_file(self, parent: QWidget, folder: str) -> Path | None:
        """A project or a table to open."""
        return _path(
            QFileDialog.getOpenFileName(
                parent,
                "Open",
                folder,
                f"Projects and tables (*.flux {' '.join(readers.PATTERNS)});;{PROJECTS};;{TABLES}",
            )
        )

    def open_table(self, parent: QWidget, folder: str) -> Path | None:
        """A table to open."""
        return _path(QFileDialog.getOpenFileName(parent, "Open Table", folder, TABLES))

    def save_project(self, parent: QWidget, suggestion: str) -> Path | None:
        """Where to save the project; the suffix is added where it is missing."""
        chosen, _ = QFileDialog.getSaveFileName(parent, "Save Project", suggestion, PROJECTS)
        return self._with_suffix(parent, chosen, ".flux")

    def choose_folder(self, parent: QWidget, folder: str) -> Path | None:
        """A folder to write into."""
        chosen = QFileDialog.getExistingDirectory(parent, "Choose a Folder", folder)
        return Path(chosen) if chosen else None

    def open_weights(self, parent: QWidget, folder: str) -> Path | None:
        """A file of weights to take in."""
        return _path(QFileDialog.getOpenFileName(parent, "Take in Weights", folder, WEIGHTS))

    def save_predictions(self, parent: QWidget, suggestion: str) -> Path | None:
        """Where to write predictions."""
        chosen, _ = QFileDialog.getSaveFileName(parent, "Save Predictions", suggestion, "CSV (*.csv)")
        return self._with_suffix(parent, chosen, ".csv")

    def save_taken(self, parent: QWidget, suggestion: str, title: str, suffix: str) -> Path | None:
        """Where to write a matrix or a plot, in a format that was chosen before."""
        chosen, _ = QFileDialog.getSaveFileName(
            parent, f"Save {title}", f"{suggestion}{suffix}", f"{title} (*{suffix})"
        )
        return self._with_suffix(parent, chosen, suffix)

    def save_worked_example(self, parent: QWidget, suggestion: str) -> tuple[Path, int] | None:
        """Where to write a worked example, and how many significant digits its numbers are to have."""
        chosen, _ = QFileDialog.getSaveFileName(parent, "Save Worked Example", suggestion, "LaTeX (*.tex)")
        path = self._with_suffix(parent, chosen, ".tex")
        if path is None:
            return None
        digits, wanted = QInputDialog.getInt(
            parent, "Save Worked Example", "Significant digits:", USUAL_DIGITS, FEWEST_DIGITS, MOST_DIGITS
        )
        return (path, digits) if wanted else None

    def ask_to_save(self, parent: QWidget, title: str) -> Answer:
        """Whether to save unsaved changes before they are gone."""
        buttons = QMessageBox.StandardButton
        box = QMessageBox(
            QMessageBox.Icon.NoIcon,
            "Flux Studio",
            f"Save the changes to {title}?",
            buttons.Save | buttons.Discard | buttons.Cancel,
            parent,
        )
        box.setInformativeText("Without saving, what was changed and trained since the last save is lost.")
        chosen = box.exec()
        return {buttons.Save: "save", buttons.Discard: "discard"}.get(buttons(chosen), "cancel")

    def may_discard(self, parent: QWidget, title: str) -> bool:
        """Whether work that was never saved may be gone for good."""
        buttons = QMessageBox.StandardButton
        box = QMessageBox(
            QMessageBox.Icon.NoIcon,
            "Flux Studio",
            f"Discard the unsaved work on {title}?",
            buttons.Discard | buttons.Cancel,
            parent,
        )
        box.setInformativeText("It cannot be brought back.")
        return buttons(box.exec()) == buttons.Discard

    def tell(self, parent: QWidget, title: str, text: str) -> None:
        """Something a person asked to read."""
        QMessageBox.about(parent, title, text)

    def may_replace(self, parent: QWidget, path: Path) -> bool:
        """Whether a file may be written over that the person did not name with its suffix."""
        buttons = QMessageBox.StandardButton
        text = f"{path.name} is there already. Replace it?"
        return QMessageBox.question(parent, "Flux Studio", text) == buttons.Yes

    def _with_suffix(self, parent: QWidget, chosen: str, suffix: str) -> Path | None:
        """The chosen path; ``suffix`` is added unless it ends in that."""
        if not chosen:
            return None
        path = Path(chosen)
        if path.suffix.lower() == suffix:
            return path
        path = path.with_name(path.name + suffix)
        return path if not path.exists() or self.may_replace(parent, path) else None


def _path(chosen: tuple[str, str]) -> Path | None:
    return Path(chosen[0]) if chosen[0] else None
