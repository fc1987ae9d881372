"""What the window does: connects the document, the trainer and the panels. It owns no widget and draws nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, Signal

from flux_studio.data.columns import Column
from flux_studio.data.formats import TableFormat
from flux_studio.data.progress import GoesOn
from flux_studio.data.readers import Place as Source
from flux_studio.data.table import Table
from flux_studio.data.windows import Windowing
from flux_studio.engine.losses import make_loss
from flux_studio.errors import FluxError
from flux_studio.export import predictions
from flux_studio.gui import presenting, reading
from flux_studio.gui.document import Document
from flux_studio.gui.trainer import Trainer
from flux_studio.gui.widgets.network_view import DropVerdict
from flux_studio.gui.working import Task, Working
from flux_studio.project import descriptions, files
from flux_studio.project.catalogue import layer_kind, titles
from flux_studio.project.project import Project
from flux_studio.project.specification import (
    OptimizerSpecification,
    Place,
    Setting,
    Specification,
    StopSpecification,
)
from flux_studio.project.stack import with_loss
from flux_studio.training.events import Finished
from flux_studio.training.stepping import Unit


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
        self.working = Working(parent or self)
        self._table_files: list[tuple[Table, Source]] = []
        self._rate = document.project.specification.optimizer.learning_rate
        self._end = document.project.specification.iterations
        document.latest = lambda: trainer.latest(document.project)
        document.project_changed.connect(self._project_changed)
        document.setting_changed.connect(self._setting_changed)
        trainer.failed.connect(self.troubled)
        trainer.progress_changed.connect(self._note_training)
        trainer.finished.connect(self._finished)
        trainer.stopped.connect(self._stopped)

    @property
    def specification(self) -> Specification:
        """The present specification."""
        return self.document.project.specification

    @property
    def table_place(self) -> Source | None:
        """Where this very table was read from; undo may have brought back one of several."""
        table = self.document.project.table
        return next((place for known, place in self._table_files if known is table), None)

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
        self._play()

    def step(self, unit: Unit = "iteration", back: bool = False) -> None:
        """One step on, which trains where nothing has been trained yet, or back."""
        self.troubled.emit("")
        self._revive()
        self.trainer.step(unit, back)

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
        self.troubled.emit("")
        self.document.set_setting(f"Learning rate {rate:g}", self.specification.replace(optimizer=optimizer))

    # How it is trained

    def set_optimizer(self, optimizer: OptimizerSpecification) -> None:
        """Another rule for updates, with its schedule, penalties and clipping; the run goes on with it."""
        before = self.specification.optimizer
        if msgspec.structs.replace(before, learning_rate=optimizer.learning_rate) == optimizer:
            self.set_learning_rate(optimizer.learning_rate)
            return
        words = descriptions.optimizer_change(before, optimizer)
        self._train_otherwise(words, self.specification.replace(optimizer=optimizer))

    def set_batch(self, batch: int | None) -> None:
        """Another number of rows for each iteration, ``None`` for all; the run goes on."""
        words = "Batch of all rows" if batch is None else f"Batch of {batch:,} rows"
        self._train_otherwise(words, self.specification.replace(batch=batch))

    def set_loss(self, name: str) -> None:
        """Another loss, which begins a run; the last layer gets the activation that it needs."""
        self._train_otherwise(f"Loss {make_loss(name).title}", with_loss(self.specification, name))

    def set_stop(self, stop: StopSpecification) -> None:
        """Other reasons to stop before the last iteration."""
        self._train_otherwise("Stop condition", self.specification.replace(stop=stop))

    def set_iterations(self, iterations: int) -> None:
        """The iteration at which training rests."""
        self.troubled.emit("")
        changed = self.specification.replace(iterations=iterations)
        self.document.set_setting(f"Stop after {iterations:,} iterations", changed)

    def set_seed(self, seed: int) -> None:
        """Other randomness: another split and other start weights, from iteration 0."""
        self.troubled.emit("")
        changed = self.specification.replace(seed=seed, draw=0)
        if changed != self.specification:
            fresh = self.document.project.with_specification(changed).with_run(None)
            self.document.replace(f"Seed {seed}", fresh)

    def _train_otherwise(self, words: str, specification: Specification) -> None:
        """An edit of how the network is trained; refused when it would keep a sound network from training."""
        project, running = self.document.project, self.trainer.running
        trouble = presenting.problem(project.with_specification(specification))
        if trouble and not presenting.problem(project):
            self.troubled.emit(trouble)
            return
        self.troubled.emit("")
        self.document.edit(words, specification)
        if running:
            self._play()

    # The network

    def insert_layer(self, kind: str, place: Place) -> None:
        """A new layer of that kind."""
        changed = presenting.insert_new(self.document.project, kind, place)
        into = f" to {self._title(place.block)}" if place.block else ""
        self.document.edit(f"Add {layer_kind(kind).title}{into}", changed)
        self.layer_made.emit(changed.inside(place.block)[place.position].identity)

    def move_layer(self, identity: str, place: Place) -> None:
        """A layer to another place; one that comes into another block is selected under its new identity."""
        before, words = self.specification.place(identity), f"Move {self._title(identity)}"
        changed = self.specification.move_layer(identity, place)
        moved = changed.inside(place.block)[place.position].identity
        if before.block != place.block:
            words += f" into {self._title(place.block)}" if place.block else " out into the network"
        self.document.edit(words, changed, (identity, moved))
        if moved != identity:
            self.layer_made.emit(moved)

    def delete_layer(self, identity: str) -> None:
        """A layer away; if it was the output, the layer before it becomes one."""
        words = f"Delete {self._title(identity)}"
        self.document.edit(words, self._with_output(self.specification.remove_layer(identity)))

    def duplicate_layer(self, identity: str) -> None:
        """A second layer like it, right behind it."""
        specification = self.specification
        (index, block), layer = specification.place(identity), specification.layer(identity)
        copy = layer.renamed(specification.new_identity(block))
        changed = specification.insert_layer(Place(index + 1, block), copy)
        self.document.edit(f"Duplicate {self._title(identity)}", changed)
        self.layer_made.emit(copy.identity)

    def change_layer(self, identity: str, field: str, value: Setting) -> None:
        """Another value in one of a layer's fields."""
        words = f"{self._title(identity)}: {field} {value}"
        self.document.edit(words, self.specification.change_layer(identity, **{field: value}))

    def drop_verdict(self, layer: str, place: Place) -> DropVerdict:
        """Whether a layer may stand somewhere."""
        return presenting.drop_verdict(self.document.project, layer, place)

    # The data

    def load_table(self, place: Source, format: TableFormat | None = None) -> None:
        """Other data for this network: hidden layers stay, the output layer is made to fit.

        A table whose columns cannot be used as they are is loaded all the same: the data panel says what to choose.
        """
        name, words = reading.name_of(place), f"Reading {reading.name_of(place)}"

        def read(goes_on: GoesOn) -> Project:
            return reading.with_other_data(place, format, now, goes_on)

        def take(project: Project) -> None:
            nonlocal now
            if now != self.specification:
                # The network was changed while the table was being read.
                now, data = self.specification, project.specification.data
                again = Task(
                    "table", words, lambda _: reading.for_table(project.table, data.format, now), take, refuse
                )
                self.working.do(again, at_once=reading.is_small(project.table))
                return
            self._table_files.append((project.table, place))
            self.troubled.emit("")
            before = self.specification
            self.document.replace(f"Load {name}", project)
            rows = f"{project.table.rows:,} rows"
            self.informed.emit(f"{name}: {rows}{_what_changed(before, project.specification)}")

        def refuse(error: FluxError) -> None:
            self.data_refused.emit(str(error))
            self.troubled.emit(str(error))

        now = self.specification
        self.working.do(Task("table", words, read, take, refuse), at_once=reading.is_soon_read(place))

    def set_format(self, format: TableFormat) -> None:
        """Read the table's file in another way."""
        project = self.document.project
        place = self.table_place
        if place is None:
            self.data_refused.emit(
                "the table came with the project, already cut into cells: open the CSV file to change this"
            )
            return

        def read(goes_on: GoesOn) -> Project:
            return reading.read_otherwise(project, place, format, goes_on)

        def take(changed: Project) -> None:
            if self.document.project.specification != project.specification:
                self.set_format(format)
                return
            self._table_files.append((changed.table, place))
            self.troubled.emit("")
            self.document.replace("Change how the table is read", changed)

        words = f"Reading {reading.name_of(place)}"
        self.working.do(
            Task("table", words, read, take, lambda error: self.data_refused.emit(str(error))),
            at_once=reading.is_soon_read(place),
        )

    def set_columns(self, columns: tuple[Column, ...]) -> None:
        """Other roles for the columns; the output layer is made to fit what is to be predicted."""
        words = descriptions.columns_change(self.specification.data.columns, columns)
        self._change_data(words, columns=columns)

    def set_shares(self, validation: float, test: float) -> None:
        """Other shares of the rows to validate on and to test with."""
        words = (
            "Change test rows" if test != self.specification.data.test_fraction else "Change validation rows"
        )
        self._change_data(words, validation_fraction=validation, test_fraction=test)

    def set_windowing(self, windowing: Windowing) -> None:
        """Other samples: windows of rows, and targets some rows ahead."""
        self._change_data("Change window", window=windowing.window, ahead=windowing.ahead)

    def _change_data(self, words: str, **changes: object) -> None:
        """Another way to make samples of the table; of a large one they are made beside the window."""
        project = self.document.project
        data = msgspec.structs.replace(project.specification.data, **changes)
        changed = project.with_specification(project.specification.replace(data=data))
        self.troubled.emit("")

        def take(fitted: Project) -> None:
            if self.document.project.specification != project.specification:
                self._change_data(words, **changes)
                return
            self.document.edit(words, fitted.specification)

        self.working.do(
            Task(
                "columns",
                words,
                lambda _: reading.fitted(changed),
                take,
                lambda error: self.troubled.emit(str(error)),
            ),
            at_once=reading.is_small(project.table),
        )

    # Files

    def open(
        self,
        place: Source,
        format: TableFormat | None = None,
        *,
        as_sample: bool = False,
        may_leave: Callable[[], bool] = lambda: True,
    ) -> None:
        """Open a project, or a table as a new project. A sample is saved under a path of its own.

        ``may_leave`` is asked if there is work that would be lost, and was not when this was asked for.
        """
        document = self.document
        asked_for, was_modified = document.project, document.modified
        is_project = reading.is_project(place)

        def read(goes_on: GoesOn) -> Project:
            return reading.project_in(place, format, goes_on)

        def take(project: Project) -> None:
            is_other = document.project is not asked_for or not was_modified
            if document.modified and is_other and not may_leave():
                return
            self.troubled.emit("")
            self._table_files = [] if is_project else [(project.table, place)]
            document.open(project, Path(str(place)) if is_project and not as_sample else None)

        self.working.do(
            Task(
                "table",
                f"Opening {reading.name_of(place)}",
                read,
                take,
                lambda error: self.troubled.emit(str(error)),
            ),
            at_once=reading.is_soon_read(place),
        )

    def revert(self, path: Path) -> None:
        """Put what the document's file holds in place of what was made of it since."""
        try:
            project = files.load(path)
        except FluxError as error:
            self.troubled.emit(str(error))
            return
        self.troubled.emit("")
        self.document.revert(project)
        self.informed.emit(f"{path.name} is as it was saved; Undo takes this back")

    def predict(self, table_path: Path, out: Path) -> None:
        """Write predictions for the rows of a table."""
        project = self.document.latest()

        def write(goes_on: GoesOn) -> None:
            predictions.write(project, table_path, out, goes_on=goes_on)

        def take(_: object) -> None:
            self.troubled.emit("")
            self.informed.emit(f"predictions written to {out.name}")

        words = f"Predicting for {table_path.name}"
        self.working.do(
            Task(f"predict {out}", words, write, take, lambda error: self.troubled.emit(str(error))),
            at_once=reading.is_soon_read(table_path),
        )

    # Inside

    def _play(self) -> None:
        """Train to the project's own end; from there on, as far again."""
        run = self.document.project.run
        iteration = max(self.trainer.iteration, run.iteration if run else 0)
        end = self.specification.iterations
        self.trainer.play(end if iteration < end else iteration + end)

    def _revive(self) -> None:
        """Go on from the last good weights after a failure that ended the training thread."""
        if self.trainer.ended:
            self.trainer.start(self.document.latest())

    def _project_changed(self) -> None:
        project = self.document.project
        self._rate = project.specification.optimizer.learning_rate
        self._end = project.specification.iterations
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
        if specification.iterations != self._end:
            self._end = specification.iterations
            if self.trainer.running and self.trainer.iteration < self._end:
                self._play()
            elif self.trainer.running:
                self.trainer.pause()

    def _note_training(self) -> None:
        if self.trainer.progress is not None and self.trainer.iteration != self.document.kept_iteration:
            self.document.mark_trained()

    def _stopped(self, why: str) -> None:
        if why:
            self.informed.emit(why)

    def _finished(self, event: Finished) -> None:
        scores = event.scores
        right = "" if scores.right is None else f", {scores.right:,} of {scores.rows:,} right"
        duration = f"{event.seconds * 1000:.0f} ms" if event.seconds < 1 else f"{event.seconds:.1f} s"
        self.informed.emit(f"finished at iteration {event.progress.iteration:,} after {duration}{right}")

    def _with_output(self, specification: Specification) -> Specification:
        return reading.fitted(self.document.project.with_specification(specification)).specification

    def _title(self, identity: str) -> str:
        return titles(self.specification)[identity]


def _what_changed(before: Specification, after: Specification) -> str:
    """In words, what other data made of the output layer and the learning rate."""
    words = []
    if after.layers and after.layers[-1:] != before.layers[-1:]:
        settings = after.layers[-1].settings
        words.append(f"the last layer now has {settings['units']} units and ends in {settings['activation']}")
    if after.optimizer.learning_rate != before.optimizer.learning_rate:
        words.append(f"the learning rate is {after.optimizer.learning_rate:g}")
    return "".join(f"; {each}" for each in words)
