"""What the window does: connects the document, the trainer and the panels. It owns no widget and draws nothing."""

from __future__ import annotations

from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, Signal

from flux_studio.data.columns import Column, CsvFormat, suggest_columns
from flux_studio.data.readers import preview, read_table
from flux_studio.data.table import Table
from flux_studio.errors import FluxError
from flux_studio.export import exporters, predictions
from flux_studio.gui import presenting
from flux_studio.gui.document import Document
from flux_studio.gui.trainer import Trainer
from flux_studio.gui.widgets.network_view import DropVerdict
from flux_studio.project import files
from flux_studio.project.catalogue import layer_kind, titles
from flux_studio.project.defaults import fitted_to, new_project
from flux_studio.project.project import Project
from flux_studio.project.specification import Setting, Specification
from flux_studio.training.events import Finished


class Workbench(QObject):
    """Carries out what people ask for. Errors are told as :attr:`troubled`, one line each."""

    troubled = Signal(str)
    """Something could not be done; empty when the trouble is over."""
    informed = Signal(str)
    """Something was done."""
    layer_made = Signal(str)
    """The identity of a layer that a person just added."""
    data_refused = Signal(str)
    """A change of the data that was not taken, and why."""

    def __init__(self, document: Document, trainer: Trainer, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.trainer = trainer
        self._table_files: list[tuple[Table, Path]] = []
        self._kept_iteration = 0
        self._rate = document.project.specification.optimizer.learning_rate
        document.latest = lambda: trainer.latest(document.project)
        document.project_changed.connect(self._project_changed)
        document.setting_changed.connect(self._setting_changed)
        trainer.failed.connect(self.troubled)
        trainer.progress_changed.connect(self._note_training)
        trainer.finished.connect(self._finished)

    @property
    def specification(self) -> Specification:
        """The present specification."""
        return self.document.project.specification

    # Training

    def begin(self) -> None:
        """Make the document's network ready."""
        self._project_changed()

    def toggle_training(self) -> None:
        """Train, or rest."""
        if self.trainer.running:
            self.trainer.pause()
            return
        if trouble := presenting.problem(self.document.project):
            self.troubled.emit(trouble)
            return
        self.troubled.emit("")
        self._revive()
        run = self.document.project.run
        iteration = self.trainer.iteration or (run.iteration if run else 0)
        end = self.specification.iterations
        self.trainer.play(end if iteration < end else iteration + end)

    def step(self) -> None:
        """Train one iteration."""
        self.troubled.emit("")
        self._revive()
        self.trainer.step()

    def start_over(self, new_weights: bool) -> None:
        """Back to iteration 0, with the same first weights or with newly drawn ones."""
        self.troubled.emit("")
        if new_weights:
            changed = self.specification.replace(draw=self.specification.draw + 1)
            fresh = self.document.project.with_specification(changed).with_run(None)
            self.document.replace("Start over with new weights", fresh)
        else:
            self.document.replace("Start over", self.document.latest().restarted())

    def set_pace(self, pace: float | None) -> None:
        """How fast to watch."""
        self.document.set_pace(pace)

    def set_learning_rate(self, rate: float) -> None:
        """How far each update goes."""
        optimizer = msgspec.structs.replace(self.specification.optimizer, learning_rate=rate)
        self.document.set_setting(f"Learning rate {rate:g}", self.specification.replace(optimizer=optimizer))

    # The network

    def insert_layer(self, kind: str, position: int) -> None:
        """A new layer of that kind."""
        changed = presenting.insert_new(self.document.project, kind, position)
        self.document.edit(f"Add {layer_kind(kind).title}", changed)
        self.layer_made.emit(changed.layers[position].identity)

    def move_layer(self, identity: str, position: int) -> None:
        """A layer to another place."""
        self.document.edit(f"Move {self._title(identity)}", self.specification.move_layer(identity, position))

    def delete_layer(self, identity: str) -> None:
        """A layer away; if it was the output, the layer before it becomes one."""
        words = f"Delete {self._title(identity)}"
        self.document.edit(words, self._with_output(self.specification.remove_layer(identity)))

    def duplicate_layer(self, identity: str) -> None:
        """A second layer like it, right behind it."""
        specification = self.specification
        position, layer = specification.position(identity), specification.layer(identity)
        copy = layer.renamed(specification.new_identity())
        changed = specification.insert_layer(position + 1, copy)
        self.document.edit(f"Duplicate {self._title(identity)}", changed)
        self.layer_made.emit(copy.identity)

    def change_layer(self, identity: str, field: str, value: Setting) -> None:
        """Another value in one of a layer's fields."""
        words = f"{self._title(identity)}: {field} {value}"
        self.document.edit(words, self.specification.change_layer(identity, **{field: value}))

    def drop_verdict(self, layer: str, position: int) -> DropVerdict:
        """Whether a layer may stand somewhere."""
        return presenting.drop_verdict(self.document.project, layer, position)

    # The data

    def load_table(self, path: Path) -> None:
        """Other data for this network: hidden layers stay, the output layer is made to fit."""
        try:
            format, _ = preview(path)
            project = new_project(read_table(path, format), format=format, seed=self.specification.seed)
            if self.specification.layers:
                kept = project.specification.replace(
                    layers=self.specification.layers,
                    pace=self.specification.pace,
                    dtype=self.specification.dtype,
                )
                project = fitted_to(project.with_specification(kept))
        except FluxError as error:
            self.data_refused.emit(str(error))
            self.troubled.emit(str(error))
            return
        self._table_files.append((project.table, path))
        self.troubled.emit("")
        self.document.replace(f"Load {path.name}", project)
        self.informed.emit(f"{path.name}: {project.table.rows:,} rows")

    def set_format(self, format: CsvFormat) -> None:
        """Cut the table's text into cells in another way."""
        project = self.document.project
        path = self._table_file(project.table)
        if path is None:
            self.data_refused.emit(
                "the table came with the project, already cut into cells: open the CSV file to change this"
            )
            return
        try:
            table = read_table(path, format)
            columns = project.specification.data.columns
            if table.names != project.table.names:
                columns = suggest_columns(table)
        except FluxError as error:
            self.data_refused.emit(str(error))
            return
        data = msgspec.structs.replace(project.specification.data, format=format, columns=columns)
        changed = Project(project.specification.replace(data=data), table)
        self._table_files.append((table, path))
        self.document.replace("Change how the table is read", _fitted(changed))

    def set_columns(self, columns: tuple[Column, ...]) -> None:
        """Other roles for the columns; the output layer is made to fit what is to be predicted."""
        self._change_data("Change columns", columns=columns)

    def set_validation(self, fraction: float) -> None:
        """Another share of the rows to validate on."""
        self._change_data("Change validation rows", validation_fraction=fraction)

    def _change_data(self, words: str, **changes: object) -> None:
        data = msgspec.structs.replace(self.specification.data, **changes)
        changed = self.document.project.with_specification(self.specification.replace(data=data))
        self.troubled.emit("")
        self.document.edit(words, _fitted(changed).specification)

    # Files

    def open(self, path: Path, *, as_sample: bool = False) -> None:
        """Open a project, or a table as a new project. A sample is saved under a path of its own."""
        try:
            if path.suffix.lower() == ".flux":
                project, table_files = files.load(path), []
            else:
                format, _ = preview(path)
                project = new_project(read_table(path, format), format=format)
                table_files = [(project.table, path)]
        except FluxError as error:
            self.troubled.emit(str(error))
            return
        self.troubled.emit("")
        self._table_files = table_files
        own = path.suffix.lower() == ".flux" and not as_sample
        self.document.open(project, path if own else None)

    def save(self, path: Path, thumbnail: bytes | None = None) -> bool:
        """Save the document with what has been trained so far, while training goes on. Whether it worked."""
        try:
            self.document.save(path, thumbnail=thumbnail)
        except FluxError as error:
            self.troubled.emit(str(error))
            return False
        self._kept_iteration = self.trainer.iteration
        self.troubled.emit("")
        self.informed.emit(f"saved {path.name}")
        return True

    def export(self, path: Path) -> None:
        """Write the weights for other tools."""
        try:
            exporter = exporters.export(self.document.latest(), path)
        except FluxError as error:
            self.troubled.emit(str(error))
            return
        self.troubled.emit("")
        self.informed.emit(f"exported {path.name} ({exporter.title})")

    def predict(self, table_path: Path, out: Path) -> None:
        """Write predictions for the rows of a table."""
        try:
            predictions.write(self.document.latest(), table_path, out)
        except FluxError as error:
            self.troubled.emit(str(error))
            return
        self.troubled.emit("")
        self.informed.emit(f"predictions written to {out.name}")

    # Inside

    def _revive(self) -> None:
        """Go on from the last good weights after a failure that ended the training thread."""
        if self.trainer.ended:
            self.trainer.start(self.document.latest())

    def _table_file(self, table: Table) -> Path | None:
        """The file that this very table was read from; undo may have brought back one of several."""
        return next((path for known, path in self._table_files if known is table), None)

    def _project_changed(self) -> None:
        project = self.document.project
        self._kept_iteration = project.run.iteration if project.run else 0
        self._rate = project.specification.optimizer.learning_rate
        if presenting.problem(project):
            self.trainer.leave()
            self.trainer.ready_changed.emit()
        else:
            self.trainer.start(project)

    def _setting_changed(self) -> None:
        specification = self.specification
        self.trainer.set_pace(specification.pace)
        if specification.optimizer.learning_rate != self._rate:
            self._rate = specification.optimizer.learning_rate
            self.trainer.set_learning_rate(self._rate)

    def _note_training(self) -> None:
        if self.trainer.progress is not None and self.trainer.iteration != self._kept_iteration:
            self.document.mark_trained()

    def _finished(self, event: Finished) -> None:
        scores = event.scores
        right = "" if scores.right is None else f", {scores.right:,} of {scores.rows:,} right"
        self.informed.emit(f"finished at iteration {event.progress.iteration:,}{right}")

    def _with_output(self, specification: Specification) -> Specification:
        return _fitted(self.document.project.with_specification(specification)).specification

    def _title(self, identity: str) -> str:
        return titles(self.specification)[identity]


def _fitted(project: Project) -> Project:
    """With an output layer that fits, where the data can tell what fits."""
    return project if presenting.dataset(project) is None else fitted_to(project)
