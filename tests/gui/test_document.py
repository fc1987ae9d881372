"""The document: edits and settings, undo with its weights, what counts as saved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from flux_studio.gui.document import Document
from flux_studio.project import files
from flux_studio.project.curve import Curve
from flux_studio.project.project import Project, Run
from flux_studio.project.specification import OptimizerSpecification, Specification
from tests.gui.windows import sample

W1 = ("layer-1", "weights_matrix")


class Heard:
    """Counts a document's signals."""

    def __init__(self, document: Document) -> None:
        self.projects = self.settings = self.states = 0
        document.project_changed.connect(lambda: self._count("projects"))
        document.setting_changed.connect(lambda: self._count("settings"))
        document.state_changed.connect(lambda: self._count("states"))

    def _count(self, name: str) -> None:
        setattr(self, name, getattr(self, name) + 1)


@pytest.fixture
def document(qtbot: QtBot) -> Document:
    return Document(sample("parity-4"))


def save(document: Document, path: Path) -> None:
    project = document.latest()
    document.begin_saving()
    document.keep_trained(project)
    files.save(project, path)
    document.end_saving(path)


def rate(specification: Specification, value: float) -> Specification:
    return specification.replace(optimizer=OptimizerSpecification("sgd", value))


def units(document: Document, count: int, words: str = "Units") -> None:
    document.edit(words, document.project.specification.change_layer("layer-2", units=count))


def units_of(document: Document) -> object:
    return document.project.specification.layer("layer-2").settings["units"]


def trained(project: Project, iteration: int, value: float) -> Project:
    """The project as if it had been trained: all weights are ``value``."""
    parameters = {
        key: np.full_like(array, value) for key, array in project.network("reference").parameters().items()
    }
    curve = Curve()
    curve.extend(np.zeros(iteration + 1))
    return project.with_run(Run(iteration, parameters, parameters, curve, None, 0.0))


def test_the_title_is_the_files_name_or_that_of_the_data(document: Document, tmp_path: Path) -> None:
    assert document.title == "parity-4.flux"
    assert document.path is None
    save(document, tmp_path / "mine.flux")
    assert (document.title, document.path) == ("mine.flux", tmp_path / "mine.flux")


def test_an_edit_replaces_the_project_and_can_be_taken_back(document: Document) -> None:
    heard, stack = Heard(document), document.undo_stack
    units(document, 6, "Dense 2: units 6")
    assert (units_of(document), stack.undoText(), stack.redoText()) == (6, "Dense 2: units 6", "")
    stack.undo()
    assert (units_of(document), stack.undoText(), stack.redoText()) == (4, "", "Dense 2: units 6")
    stack.redo()
    assert units_of(document) == 6
    assert (heard.projects, heard.settings) == (3, 0)


def test_an_edit_that_changes_nothing_is_none(document: Document) -> None:
    heard = Heard(document)
    document.edit("Nothing", document.project.specification.replace())
    document.set_setting("Nothing", document.project.specification.replace())
    assert (heard.projects, heard.settings, document.undo_stack.count()) == (0, 0, 0)
    assert not document.modified


def test_a_new_edit_forgets_what_was_taken_back(document: Document) -> None:
    units(document, 5, "five")
    units(document, 6, "six")
    document.undo_stack.undo()
    units(document, 7, "seven")
    assert not document.undo_stack.canRedo()
    document.undo_stack.undo()
    assert units_of(document) == 5


def test_undo_brings_back_the_weights_that_were_trained_before_the_edit(document: Document) -> None:
    document.latest = lambda: trained(document.project, 70, 0.5)
    units(document, 6)
    assert document.project.run is not None  # layers of the same shape keep their weights
    assert document.project.run.iteration == 0
    document.latest = lambda: trained(document.project, 30, -0.25)
    document.undo_stack.undo()
    assert document.project.run is not None
    assert document.project.run.iteration == 70
    assert (document.project.run.parameters[W1] == 0.5).all()
    document.undo_stack.redo()
    assert document.project.run is not None
    assert document.project.run.iteration == 30  # what was trained after the edit is not lost either
    assert (document.project.run.parameters[W1] == -0.25).all()


def test_what_is_trained_between_undo_and_redo_comes_back_as_well(document: Document) -> None:
    units(document, 6)
    document.undo_stack.undo()
    document.latest = lambda: trained(document.project, 90, 1.0)
    document.undo_stack.redo()
    document.undo_stack.undo()
    assert document.project.run is not None
    assert document.project.run.iteration == 90


def test_a_setting_keeps_network_and_run(document: Document) -> None:
    document.open(trained(document.project, 10, 1.0), None)
    heard, run = Heard(document), document.project.run
    document.set_setting("Learning rate 0.1", rate(document.project.specification, 0.1))
    assert document.project.specification.optimizer.learning_rate == 0.1
    assert document.undo_stack.undoText() == "Learning rate 0.1"
    document.undo_stack.undo()
    assert document.project.specification.optimizer.learning_rate == 0.6
    document.undo_stack.redo()
    assert document.project.specification.optimizer.learning_rate == 0.1
    assert (heard.projects, heard.settings) == (0, 3)
    assert document.project.run is run


def test_the_pace_is_no_edit_and_survives_undo(document: Document) -> None:
    heard = Heard(document)
    document.set_pace(5.0)
    assert (heard.projects, heard.settings) == (0, 1)
    assert not document.modified
    assert not document.undo_stack.canUndo()
    units(document, 6)
    document.set_setting("Learning rate 0.1", rate(document.project.specification, 0.1))
    document.set_pace(None)
    document.undo_stack.undo()
    assert document.project.specification.pace is None
    document.undo_stack.undo()
    assert document.project.specification.pace is None
    document.set_pace(9.0)
    document.undo_stack.redo()
    document.undo_stack.redo()
    assert document.project.specification.pace == 9.0
    assert document.project.specification.optimizer.learning_rate == 0.1


def test_the_pace_is_kept_in_the_file(document: Document, tmp_path: Path) -> None:
    document.set_pace(7.0)
    save(document, tmp_path / "mine.flux")
    assert files.load(tmp_path / "mine.flux").specification.pace == 7.0


def test_modified_follows_edits_undo_and_saving(document: Document, tmp_path: Path) -> None:
    heard = Heard(document)
    assert not document.modified
    units(document, 6)
    assert document.modified
    document.undo_stack.undo()
    assert not document.modified
    document.undo_stack.redo()
    save(document, tmp_path / "mine.flux")
    assert not document.modified
    document.undo_stack.undo()
    assert document.modified
    document.undo_stack.redo()
    assert not document.modified
    assert heard.states >= 5


def test_training_makes_it_modified_once(document: Document, tmp_path: Path) -> None:
    heard = Heard(document)
    document.mark_trained()
    document.mark_trained()
    assert (document.modified, heard.states) == (True, 1)
    save(document, tmp_path / "mine.flux")
    assert not document.modified
    document.mark_trained()
    assert document.modified


def test_saving_keeps_what_was_trained_last(document: Document, tmp_path: Path) -> None:
    document.latest = lambda: trained(document.project, 44, 2.0)
    save(document, tmp_path / "mine.flux")
    run = files.load(tmp_path / "mine.flux").run
    assert run is not None
    assert run.iteration == 44
    assert (run.parameters[W1] == 2.0).all()


def test_saving_that_fails_leaves_everything_as_it_was(document: Document, tmp_path: Path) -> None:
    save(document, tmp_path / "mine.flux")
    units(document, 6)
    document.mark_trained()
    document.begin_saving()
    document.end_saving(None)
    assert document.modified
    assert document.path == tmp_path / "mine.flux"
    document.undo_stack.undo()
    assert document.modified  # it is trained all the same


def test_saving_elsewhere_that_fails_makes_nothing_unsaved(document: Document, tmp_path: Path) -> None:
    save(document, tmp_path / "mine.flux")
    document.begin_saving()
    document.end_saving(None)
    assert not document.modified


def test_what_changes_while_it_is_written_is_not_saved(document: Document, tmp_path: Path) -> None:
    units(document, 6)
    document.begin_saving()
    assert (document.saving, document.modified, document.kept_words) == (True, True, "saving…")
    units(document, 7)
    document.end_saving(tmp_path / "mine.flux")
    assert (document.saving, document.modified, document.kept_words) == (False, True, "not saved")
    document.undo_stack.undo()
    assert (document.modified, document.kept_words) == (False, "saved")


def test_opening_begins_a_new_history(document: Document, tmp_path: Path) -> None:
    units(document, 6)
    document.mark_trained()
    heard, other = Heard(document), sample("iris")
    document.open(other, tmp_path / "iris.flux")
    assert document.project is other
    assert document.path == tmp_path / "iris.flux"
    assert not document.modified
    assert not document.undo_stack.canUndo()
    assert heard.projects == 1
    assert heard.states >= 1


def test_replace_is_an_edit_too(document: Document) -> None:
    document.replace("Load iris.csv", sample("iris"))
    assert document.undo_stack.undoText() == "Load iris.csv"
    assert document.project.table.source == "iris.csv"
    document.undo_stack.undo()
    assert document.project.table.source == "parity-4.csv"
