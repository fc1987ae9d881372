"""The first page: work to recover, a sample to start with, the others, one's own data, and recent projects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QPainter, QPainterPath
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLayout,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from flux_studio.gui.samples import Sample
from flux_studio.gui.theme import look
from flux_studio.gui.widgets.choice_card import ChoiceCard, Picture
from flux_studio.gui.widgets.elided_label import ElidedLabel
from flux_studio.gui.widgets.icons import icon

_COLUMNS = 2
_CLOSER = 1.6
"""How much of a picture of a whole window is cut off, so that the rest can be recognised."""
_FIRST = "Three layers learn it while you watch every number they compute: orange is positive, blue negative."


@dataclass(frozen=True)
class RecentView:
    """A project that was open lately."""

    path: Path
    words: str
    picture: QImage | None


@dataclass(frozen=True)
class LeftView:
    """Work that was not saved when the program ended."""

    title: str
    words: str
    whole: bool
    """Whether it can be recovered."""


class WelcomePage(QWidget):
    """Covers the panels; Tab stays in here while it is shown."""

    sample_chosen = Signal(object)
    recent_chosen = Signal(object)
    new_requested = Signal()
    open_requested = Signal()
    recover_requested = Signal(int)
    discard_requested = Signal(int)
    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("welcome")
        self.setAccessibleName("Welcome")
        self.setProperty("page", "true")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        content = QWidget()
        content.setMaximumWidth(look.length(1180))
        self._left = QVBoxLayout()
        self._samples = QVBoxLayout()
        self._recents = QVBoxLayout()
        self._samples.setSpacing(look.length(10))
        body = QHBoxLayout()
        body.setSpacing(look.length(28))
        body.addLayout(self._samples, 1)
        body.addWidget(self._own_side())
        column = QVBoxLayout(content)
        column.setContentsMargins(*(look.length(each) for each in (28, 22, 28, 22)))
        column.setSpacing(look.length(16))
        column.addStretch(1)
        column.addLayout(self._heading())
        column.addLayout(self._left)
        column.addLayout(body)
        column.addStretch(2)
        middle = QWidget()
        row = QHBoxLayout(middle)
        row.setContentsMargins(0, 0, 0, 0)
        row.addStretch(1)
        row.addWidget(content, 1000)
        row.addStretch(1)
        scroll = QScrollArea()
        scroll.setObjectName("welcome.scroll")
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(middle)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scroll)

    # Showing

    def set_left(self, left: Sequence[LeftView]) -> None:
        """Work that can be recovered; nothing is shown when there is none."""
        _clear(self._left)
        if not left:
            return
        box = QFrame()
        box.setObjectName("welcome.left")
        box.setProperty("strip", "offer")
        lines = QVBoxLayout(box)
        lines.setContentsMargins(*(look.length(each) for each in (16, 12, 12, 12)))
        lines.setSpacing(look.length(8))
        many = "These were" if len(left) > 1 else "This was"
        lines.addWidget(_label(f"{many} not saved when Flux Studio ended unexpectedly", heading=True))
        for place, view in enumerate(left):
            lines.addLayout(self._left_line(place, view))
        self._left.addWidget(box)

    def set_samples(self, samples: Sequence[Sample]) -> None:
        """The cards; the first one is the one to start with."""
        _clear(self._samples)
        grid = QGridLayout()
        grid.setSpacing(look.length(12))
        for place, sample in enumerate(samples):
            first = place == 0
            card = ChoiceCard(f"welcome.sample.{sample.path.stem}", "large" if first else "small")
            sentence = f"{sample.shows[:1].upper()}{sample.shows[1:]}"
            call = "Open, then press Train" if first else ""
            card.set_words(sample.title, f"{sentence} {_FIRST}" if first else sentence, sample.takes, call)
            card.clicked.connect(lambda _=False, path=sample.path: self.sample_chosen.emit(path))
            if first:
                self._samples.addWidget(_label("Start here", heading=True))
                self._samples.addWidget(card)
                self._samples.addSpacing(look.length(8))
                self._samples.addWidget(_label("More to try", heading=True))
            else:
                grid.addWidget(card, *divmod(place - 1, _COLUMNS))
        self._samples.addLayout(grid)
        self._samples.addStretch(1)

    def set_picture(self, sample: Sample, picture: Picture | None) -> None:
        """What a sample's card shows of its data."""
        card = self.findChild(ChoiceCard, f"welcome.sample.{sample.path.stem}")
        if card is not None:
            card.set_picture(picture)

    def set_recents(self, recents: Sequence[RecentView]) -> None:
        """Projects that were open lately and are still there."""
        _clear(self._recents)
        if not recents:
            empty = _label("Projects that you save appear here.")
            empty.setProperty("muted", "true")
            self._recents.addWidget(empty)
        for place, view in enumerate(recents):
            card = ChoiceCard(f"welcome.recent.{place}", "line")
            card.set_words(view.path.stem, _told(view.path.parent), view.words)
            card.setToolTip(str(view.path))
            card.set_picture(None if view.picture is None else _painter(view.picture))
            card.clicked.connect(lambda _=False, path=view.path: self.recent_chosen.emit(path))
            self._recents.addWidget(card)
        self._recents.addStretch(1)

    # Focus

    def focusNextPrevChild(self, onwards: bool) -> bool:
        """What lies under the page is not to be reached from it."""
        cards = [each for each in self._in_order() if each.isVisible() and each.isEnabled()]
        if not cards:
            return False
        now = self.focusWidget()
        place = cards.index(now) + (1 if onwards else -1) if now in cards and now.hasFocus() else 0
        reason = Qt.FocusReason.TabFocusReason if onwards else Qt.FocusReason.BacktabFocusReason
        cards[place % len(cards)].setFocus(reason)
        scroll = self.findChild(QScrollArea, "welcome.scroll")
        scroll.ensureWidgetVisible(cards[place % len(cards)])
        return True

    def focus_first(self) -> None:
        """The keyboard acts on what is to be done first: recovering, or the sample to start with."""
        found = next(iter(self._in_order()), None)
        if found is not None:
            found.setFocus(Qt.FocusReason.OtherFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and isinstance(
            self.focusWidget(), ChoiceCard
        ):
            self.focusWidget().click()
        else:
            super().keyPressEvent(event)

    def _in_order(self) -> list[QWidget]:
        """What can be chosen, as it is read: what was left, samples, one's own data, recent projects, the way out."""
        kinds = (QPushButton, ChoiceCard, QToolButton)
        of = {name: [] for name in ("left", "sample", "own", "recent", "close")}
        for each in self.findChildren(QWidget):
            part = each.objectName().split(".")[1:2]
            if isinstance(each, kinds) and part and part[0] in of:
                of[part[0]].append(each)
        return [each for part in of.values() for each in part]

    # Building

    def _heading(self) -> QHBoxLayout:
        title = QLabel("Flux Studio")
        title.setFont(look.text_font(1.9, bold=True))
        title.setProperty("title", "true")
        sentence = QLabel("Every number a neural network computes, while it learns.")
        sentence.setProperty("muted", "true")
        words = QVBoxLayout()
        words.setSpacing(look.length(2))
        words.addWidget(title)
        words.addWidget(sentence)
        close = QPushButton("Back to the project")
        close.setObjectName("welcome.close")
        close.setProperty("kind", "quiet")
        close.setToolTip("Back to the project that is open (Escape); File › Welcome shows this page again")
        close.clicked.connect(self.closed)
        row = QHBoxLayout()
        row.addLayout(words, 1)
        row.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        return row

    def _own_side(self) -> QWidget:
        side = QWidget()
        side.setFixedWidth(look.length(320))
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(look.length(10))
        buttons = QHBoxLayout()
        buttons.setSpacing(look.length(8))
        for name, words, drawing, asked, tip in (
            (
                "welcome.own.new",
                "New from data…",
                "new",
                self.new_requested,
                "A new project for a table of yours",
            ),
            ("welcome.own.open", "Open…", "open", self.open_requested, "A project or a table"),
        ):
            button = QPushButton(words)
            button.setObjectName(name)
            button.setIcon(icon(drawing))
            button.setIconSize(QSize(look.length(16), look.length(16)))
            button.setToolTip(tip)
            button.setMinimumHeight(look.length(36))
            button.clicked.connect(asked)
            buttons.addWidget(button, 1)
        drop = QLabel("or drop a table or a project\nanywhere on this page")
        drop.setObjectName("welcome.drop")
        drop.setProperty("strip", "place")
        drop.setAlignment(Qt.AlignmentFlag.AlignCenter)
        drop.setMinimumHeight(look.length(86))
        column.addWidget(_label("Your own data", heading=True))
        column.addLayout(buttons)
        column.addWidget(drop)
        column.addSpacing(look.length(8))
        column.addWidget(_label("Recent projects", heading=True))
        self._recents.setSpacing(look.length(8))
        column.addLayout(self._recents, 1)
        return side

    def _left_line(self, place: int, view: LeftView) -> QHBoxLayout:
        title = _label(view.title, heading=True)
        words = ElidedLabel(view.words)
        words.setProperty("muted", "true")
        line = QHBoxLayout()
        line.setSpacing(look.length(8))
        line.addWidget(title)
        line.addWidget(words, 1)
        for name, text, asked in (
            ("recover", "Recover", self.recover_requested),
            ("discard", "Discard", self.discard_requested),
        ):
            button = QPushButton(text)
            button.setObjectName(f"welcome.left.{name}.{place}")
            button.setAccessibleName(f"{text} {view.title}")
            if name == "recover":
                button.setProperty("kind", "primary")
                button.setVisible(view.whole)
            button.clicked.connect(lambda _=False, asked=asked: asked.emit(place))
            line.addWidget(button)
        return line


def _label(text: str, *, heading: bool = False) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    if heading:
        label.setProperty("heading", "true")
    return label


def _told(folder: Path) -> str:
    """A folder in few words: the person's own begins with ~."""
    home = Path.home()
    return f"~/{folder.relative_to(home)}".removesuffix("/.") if folder.is_relative_to(home) else str(folder)


def _painter(image: QImage) -> Picture:
    """Fills its place with the middle of the picture."""

    def paint(painter: QPainter, area: QRectF) -> None:
        ratio = painter.device().devicePixelRatioF()
        size = (area.size() * ratio).toSize()
        small = image.scaled(
            size * _CLOSER,
            Qt.AspectRatioMode.KeepAspectRatioByExpanding,
            Qt.TransformationMode.SmoothTransformation,
        )
        part = QRectF(0, 0, size.width(), size.height())
        part.moveCenter(QRectF(small.rect()).center())
        clip = QPainterPath()
        clip.addRoundedRect(area, look.length(6), look.length(6))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipPath(clip)
        painter.drawImage(area, small, part)

    return paint


def _clear(layout: QLayout) -> None:
    while (item := layout.takeAt(0)) is not None:
        widget, inner = item.widget(), item.layout()
        if inner is not None:
            _clear(inner)
        elif widget is not None:
            widget.setParent(None)
            widget.deleteLater()  # it may be the one whose click brought us here
