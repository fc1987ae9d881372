"""The table of operations: its columns have room for their words, and what comes next is in view."""

from __future__ import annotations

from PySide6.QtGui import QFontMetrics
from pytestqt.qtbot import QtBot

from flux_studio.gui.widgets.program_table import OPERATION, OWNER, PHASE, WRITES, ProgramTable
from flux_studio.training.listing import Listed
from tests.gui.shown import settle, shown, themed


def table(qtbot: QtBot, width: int) -> ProgramTable:
    themed()
    found = shown(qtbot, ProgramTable(), width, 160)
    found.lines.set_operations(
        [
            Listed(
                number,
                "backward",
                "layer-1",
                "Residual 1 · Dense 2",
                "multiply transposed",
                "∂C/∂w",
                ("x",),
                None,
                9,
            )
            for number in range(60)
        ]
    )
    settle()
    return found


def test_words_are_whole_where_there_is_room(qtbot: QtBot) -> None:
    found = table(qtbot, 1200)
    for column in (PHASE, OWNER, OPERATION, WRITES):
        needed = QFontMetrics(found.font()).horizontalAdvance(found.text(0, column))
        assert found.columnWidth(column) >= needed + 24  # beside the padding of cells


def test_the_operation_that_comes_next_is_in_view(qtbot: QtBot) -> None:
    found = table(qtbot, 900)
    for done in range(1, 61):
        found.set_done(done)
        after = found.visualRect(found.lines.index(min(done, 59), 0))
        assert found.viewport().rect().contains(after)
