"""The health panel: how large gradients and activations are, layer by layer, and what keeps layers from learning."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from flux_studio.gui.theme import look
from flux_studio.gui.widgets.finding_card import FindingCard
from flux_studio.gui.widgets.health_table import HealthRow, HealthTable
from flux_studio.gui.widgets.page_scroll import PageScroll
from flux_studio.gui.widgets.panel_header import PanelHeader
from flux_studio.training.health import Finding

_NOTHING = "The sizes of gradients appear here as soon as the network can be trained."
_MOST_CARDS = 8
_WELL = "Nothing is dead, saturated, vanishing or exploding."


class HealthPanel(QWidget):
    """A table at the left, findings at the right."""

    finding_chosen = Signal(object)
    """A person wants to see where a :class:`Finding` shows."""
    layer_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("health")
        self.setAccessibleName("Health of the network")
        self.header = PanelHeader("Health")
        self._findings: tuple[Finding, ...] = ()
        self._cards: list[FindingCard] = []
        self.table = HealthTable()
        self.table.layer_chosen.connect(self.layer_chosen)
        self._summary = QLabel(_NOTHING)
        self._summary.setObjectName("health.summary")
        self._summary.setProperty("muted", "true")
        self._summary.setWordWrap(True)
        left, self._right = QWidget(), QWidget()
        for page, widgets in ((left, (self.table,)), (self._right, (self._summary,))):
            column = QVBoxLayout(page)
            column.setContentsMargins(look.length(12), look.length(8), look.length(8), look.length(8))
            column.setSpacing(look.length(6))
            for widget in widgets:
                column.addWidget(widget)
            column.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(PageScroll(left), 1)
        row.addWidget(PageScroll(self._right), 1)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is told."""
        return self._findings

    def sizeHint(self) -> QSize:
        return QSize(look.length(700), look.length(180))

    def minimumSizeHint(self) -> QSize:
        return QSize(look.length(260), look.length(80))

    def clear(self) -> None:
        """Nothing is known."""
        self.table.set_rows(())
        self.set_findings(())
        self._say(_NOTHING)

    def set_rows(self, rows: Sequence[HealthRow]) -> None:
        """Show the layers' sizes."""
        self.table.set_rows(rows)
        if not self._findings:
            self._say(_WELL)

    def set_findings(self, findings: Sequence[Finding]) -> None:
        """Tell what is wrong, the gravest first."""
        self._findings = tuple(findings)
        shown, more = findings[:_MOST_CARDS], len(findings) - _MOST_CARDS
        column = self._right.layout()
        assert isinstance(column, QVBoxLayout)
        while len(self._cards) < len(shown):
            card = FindingCard(self._right)
            place = len(self._cards)
            card.chosen.connect(lambda place=place: self.finding_chosen.emit(self._findings[place]))
            self._cards.append(card)
            column.insertWidget(column.count() - 1, card)
        for card, finding in zip(self._cards, shown, strict=False):
            card.set_texts(finding.what, finding.why, finding.advice)
        for place, card in enumerate(self._cards):
            card.setVisible(place < len(shown))
        self._summary.setVisible(not findings or more > 0)
        if more > 0:
            self._say(f"The {len(shown)} gravest of {len(findings):,} findings; layers marked ! have one.")
        if not findings:
            self._say(_WELL)

    def _say(self, words: str) -> None:
        if self._summary.text() != words:
            self._summary.setText(words)
