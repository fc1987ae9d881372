"""Taking matrices away, each whole and with the names of its rows and columns, and whole steps worked out."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QPoint
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QMenu

from flux_studio.engine.worked import WorkedIteration
from flux_studio.errors import FluxError
from flux_studio.export import matrices as tables
from flux_studio.export import worked_example
from flux_studio.export.matrices import NamedMatrix
from flux_studio.gui import matrices, matrix_picture, presenting
from flux_studio.gui.background import Background
from flux_studio.gui.widgets import heat, levels
from flux_studio.gui.widgets.menu_button import MenuButton
from flux_studio.project.catalogue import titles
from flux_studio.training.events import Answered, MatrixKey
from flux_studio.training.questions import Question
from flux_studio.training.whole_matrices import TakeMatrix, WholeMatrix
from flux_studio.training.worked_step import WorkOut

if TYPE_CHECKING:
    from flux_studio.gui.main_window import MainWindow


@dataclass(frozen=True)
class MatrixFormat:
    """One kind of file for one matrix."""

    name: str
    suffix: str
    title: str
    words: str
    make: Callable[[NamedMatrix, float], bytes]


FORMATS: tuple[MatrixFormat, ...] = (
    MatrixFormat(
        "csv",
        ".csv",
        "Table for spreadsheets",
        "Save as CSV (spreadsheets)…",
        lambda each, _: tables.as_csv(each),
    ),
    MatrixFormat("npz", ".npz", "NumPy archive", "Save as NPZ (NumPy)…", lambda each, _: tables.as_npz(each)),
    MatrixFormat("png", ".png", "Picture", "Save as PNG (picture)…", matrix_picture.png),
    MatrixFormat(
        "tex",
        ".tex",
        "Formula for LaTeX",
        "Save as LaTeX (formula)…",
        lambda each, _: tables.as_latex(each).encode(),
    ),
    MatrixFormat("svg", ".svg", "Drawing", "Save as SVG (drawing)…", matrix_picture.svg),
)


@dataclass(frozen=True, eq=False)
class Errand:
    """What is to become of a matrix, which comes with its level of colours, or of an iteration worked out."""

    words: str
    """What is being done, for the status bar."""
    make: Callable[[Any, float], Any]
    """Carried out on a thread of its own: millions of cells take seconds."""
    hand_over: Callable[[Any, Any], str]
    """Carried out on the window's thread; what to say of it."""


class Taking(QObject):
    """Asks the training thread for a whole matrix and hands it on; at most one file is written at a time."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._waiting: dict[Question, list[Errand]] = {}
        self._queue: deque[tuple[Errand, object, float]] = deque()
        self._menu: QMenu | None = None
        self._background = Background(window)
        self._background.finished_with.connect(self._finish)
        window.trainer.answered.connect(self._take)
        window.trainer.ready_changed.connect(self._waiting.clear)
        window.wall.menu_requested.connect(self.show_menu)
        window.focus_panel.grid.menu_requested.connect(self._show_chosen)
        window.focus_header.add_control(self._button())

    def show_menu(self, key: MatrixKey, place: QPoint) -> None:
        """Open what can be done with a matrix at a place of the screen."""
        if self._menu is not None:
            self._menu.deleteLater()
        self._menu = QMenu(self._window)
        self._menu.setObjectName("matrices.menu")
        self._fill(self._menu, lambda: key)
        self._menu.popup(place)

    def copy(self, key: MatrixKey) -> None:
        """The whole matrix with its names on the clipboard, as text that spreadsheets take apart."""
        self._ask(key, Errand("copying", lambda matrix, _: tables.as_text(matrix), self._put_text))

    def copy_latex(self, key: MatrixKey) -> None:
        """The whole matrix on the clipboard, as a formula for a LaTeX document."""
        self._ask(key, Errand("copying as LaTeX", lambda matrix, _: tables.as_latex(matrix), self._put_latex))

    def copy_picture(self, key: MatrixKey) -> None:
        """The matrix on the clipboard, as a picture."""
        self._ask(key, Errand("copying as a picture", matrix_picture.png, self._put_picture))

    def save(self, key: MatrixKey, form: MatrixFormat) -> None:
        """Ask where to, and write the whole matrix there."""
        known = self._window.wall.find(key)
        if known is None:
            return
        name = f"{known.owner} {known.kind.name}".lower().replace(" · ", "-").replace(" ", "-")
        if (path := self.ask_path(name, form)) is not None:

            def write(matrix: NamedMatrix, level: float) -> None:
                tables.write(path, form.make(matrix, level))

            self._ask(key, Errand(f"saving {path.name}", write, lambda *_: f"saved {path.name}"))

    def ask_path(self, name: str, form: MatrixFormat) -> Path | None:
        """Ask where something is to be written in a format; ``name`` is suggested."""
        window = self._window
        suggestion = str(Path(window.settings.folder) / name)
        path = window.dialogs.save_taken(window, suggestion, form.title, form.suffix)
        if path is not None:
            window.settings.folder = str(path.parent)
        return path

    def carry_out(self, errand: Errand, subject: object, level: float = 0.0) -> None:
        """Do it behind what is being done, on a thread of its own."""
        self._queue.append((errand, subject, level))
        if len(self._queue) == 1:
            self._begin()

    def save_step(self) -> None:
        """Ask where to, and write the iteration that is shown, worked out as a LaTeX document."""
        window = self._window
        stem = Path(window.document.title).stem
        suggestion = str(Path(window.settings.folder) / f"{stem}-worked-example.tex")
        if (chosen := window.dialogs.save_worked_example(window, suggestion)) is None:
            return
        path, digits = chosen
        window.settings.folder = str(path.parent)
        named = titles(window.document.project.specification)

        def write(worked: WorkedIteration, _: float) -> None:
            worked_example.save(path, worked, named, stem, digits)

        def told(worked: WorkedIteration, _: object) -> str:
            return f"saved {path.name}: iteration {worked.iteration:,} worked out"

        self._send(
            WorkOut(), Errand(f"saving {path.name}", write, told), "the iteration cannot be worked out"
        )

    # Inside

    def _button(self) -> MenuButton:
        button = MenuButton("matrices.take", "copy or save")
        button.setAccessibleName("Copy or save the chosen matrix")
        button.setToolTip(
            "Take this matrix away: to the clipboard, or as CSV, NumPy archive, picture or drawing"
        )
        self._fill(button.choices, lambda: self._window.focus.matrix)
        return button

    def _fill(self, menu: QMenu, key: Callable[[], MatrixKey | None]) -> None:
        def add(name: str, words: str, meaning: str, do: Callable[[MatrixKey], None]) -> None:
            action = menu.addAction(words)
            action.setObjectName(f"action.matrix.{name}")
            action.setToolTip(meaning)

            def obey() -> None:
                if (chosen := key()) is not None:
                    do(chosen)

            action.triggered.connect(obey)

        menu.setToolTipsVisible(True)
        add("copy", "Copy", "The whole matrix with its names, to be pasted into a spreadsheet", self.copy)
        add("copy_latex", "Copy as LaTeX", "The whole matrix as a formula for LaTeX", self.copy_latex)
        add("copy_picture", "Copy as Picture", "The matrix in its colours, to be pasted", self.copy_picture)
        menu.addSeparator()
        for form in FORMATS:
            meaning = f"{form.title}: the whole matrix with the names of its rows and columns"
            add(form.name, form.words, meaning, lambda chosen, form=form: self.save(chosen, form))

    def _show_chosen(self, place: QPoint) -> None:
        if (key := self._window.focus.matrix) is not None:
            self.show_menu(key, place)

    def _ask(self, key: MatrixKey, errand: Errand) -> None:
        self._send(TakeMatrix(key), errand, "the matrix cannot be taken")

    def _send(self, question: Question, errand: Errand, otherwise: str) -> None:
        """Ask for what the errand is about; ``otherwise`` is said where nobody can answer."""
        trainer = self._window.trainer
        if trainer.ready is None or trainer.ended:
            self._window.workbench.troubled.emit(
                f"{otherwise} now, because no network is ready: start training first"
            )
            return
        self._waiting.setdefault(question, []).append(errand)
        trainer.ask(question)

    def _take(self, event: Answered) -> None:
        errands = self._waiting.pop(event.question, None)
        if errands is None:
            return
        try:
            if isinstance(event.answer, FluxError):
                raise event.answer
            subject, level = event.answer, 0.0
            if isinstance(event.question, TakeMatrix):
                subject, level = self._named(event.question.key, event.answer)
        except FluxError as error:
            self._window.workbench.troubled.emit(str(error))
            return
        for errand in errands:
            self.carry_out(errand, subject, level)

    def _begin(self) -> None:
        """Carry out the first errand of the queue, where it stays until it is done."""
        errand, subject, level = self._queue[0]
        self._window.status.showMessage(f"{errand.words}…")
        self._background.begin(errand, lambda _: errand.make(subject, level))

    def _finish(self, errand: Errand, result: object) -> None:
        _, subject, _ = self._queue.popleft()
        bench = self._window.workbench
        self._window.status.clearMessage()
        if isinstance(result, FluxError):
            bench.troubled.emit(str(result))
        else:
            bench.informed.emit(errand.hand_over(subject, result))
            bench.troubled.emit("")
        if self._queue:
            self._begin()

    def _named(self, key: MatrixKey, answer: WholeMatrix) -> tuple[NamedMatrix, float]:
        window, project = self._window, self._window.document.project
        known = window.wall.find(key)
        if known is None:
            raise FluxError("the matrix is no longer there")
        shape = (answer.values.shape[0], answer.values.shape[1])
        samples = presenting.SampleNames(project.dataset()).of(answer.samples)
        rows, columns = matrices.labels(project, known, shape, samples)
        level = window.wall.level(key) or levels.settle(heat.magnitude(heat.as_matrix(answer.values))[0])
        title = f"{known.owner} · {known.kind.name}"
        return NamedMatrix(title, known.kind.symbol, answer.values, rows, columns, answer.iteration), level

    @staticmethod
    def _put_text(matrix: NamedMatrix, text: str) -> str:
        QGuiApplication.clipboard().setText(text)
        rows, columns = matrix.values.shape
        return f"copied {matrix.title}, {rows:,} × {columns:,}"

    def _put_latex(self, matrix: NamedMatrix, text: str) -> str:
        return f"{self._put_text(matrix, text)} as LaTeX"

    @staticmethod
    def _put_picture(matrix: NamedMatrix, picture: bytes) -> str:
        QGuiApplication.clipboard().setImage(QImage.fromData(picture, "PNG"))
        return f"copied {matrix.title} as a picture"
