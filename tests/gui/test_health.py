"""The health panel in the real window: it follows training, names what is wrong and shows where."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from flux_studio.gui.health import HealthLive
from flux_studio.gui.main_window import MainWindow
from flux_studio.gui.panels.health import HealthPanel
from flux_studio.gui.widgets.finding_card import FindingCard
from flux_studio.project.project import Project
from tests.gui.shown import child
from tests.gui.windows import open_window, sample, until
from tests.project.projects import number_table, project_of, stack


def dead_project() -> Project:
    """Two of four ReLUs are dead."""
    project = project_of(number_table(), stack((4, "relu"), (1, "identity")), rate=0.01)
    session = project.network("reference")
    session.parameter(("layer-1", "bias_matrix"))[...] = [[0.5, -40.0, 0.5, -40.0]]
    from flux_studio.training.session import Session

    made = Session(project, "reference")
    made.network.set_parameters(session.parameters())
    return project.with_run(made.run())


def live(window: MainWindow) -> HealthLive:
    return next(each for each in window.lives if isinstance(each, HealthLive))


def raised(qtbot: QtBot, window: MainWindow) -> HealthPanel:
    window.docks["health"].raise_()
    until(qtbot, lambda: live(window).seen and bool(live(window).history.iterations))
    return child(window, HealthPanel, "health")


def test_a_hidden_panel_asks_nothing(qtbot: QtBot) -> None:
    window = open_window(qtbot, sample("parity-4"))
    assert not live(window).seen
    assert window._wanted()[1] == ()
    assert not live(window).history.iterations


def test_sizes_follow_training(qtbot: QtBot) -> None:
    window = open_window(qtbot, sample("parity-4"))
    window.resize(1800, 900)
    panel = raised(qtbot, window)
    assert [row.title for row in panel.table.rows] == ["Dense 1", "Dense 2", "Dense 3"]
    assert (
        child(panel, QLabel, "health.summary").text() == "Nothing is dead, saturated, vanishing or exploding."
    )
    before = panel.table.rows[0].gradient
    with qtbot.waitSignal(window.trainer.finished, timeout=60_000):
        window.actions_by_name["train.toggle"].trigger()
    until(
        qtbot,
        lambda: bool(live(window).history.iterations) and live(window).history.iterations[-1] == 2_000,
    )
    row = panel.table.rows[0]
    assert row.gradient != before
    assert window.focus.frame is not None
    frame = window.focus.frame
    both = [frame.matrices["layer-1", name].ravel() for name in ("dC_dw_matrix", "dC_db_matrix")]
    np.testing.assert_allclose(row.gradient, np.sqrt(np.mean(np.concatenate(both) ** 2)), rtol=1e-5)
    assert list(row.gradients) == list(live(window).history.gradients("layer-1"))


def test_a_dead_neuron_is_found_and_outlined_by_one_click(qtbot: QtBot) -> None:
    window = open_window(qtbot, dead_project())
    panel = raised(qtbot, window)
    until(qtbot, lambda: bool(panel.findings))
    cards = [card for card in panel.findChildren(FindingCard) if card.isVisible()]
    assert [child(card, QLabel, "health.finding.what").text() for card in cards] == [
        "Dense 1: 2 of 4 neurons are dead (n1, n3)"
    ]
    assert panel.table.rows[0].ill
    assert not panel.table.rows[1].ill
    qtbot.mouseClick(cards[0], Qt.MouseButton.LeftButton)
    assert window.focus.matrix == ("layer-1", "activated_output_matrix")
    until(qtbot, lambda: window.focus_panel.grid.selection() is not None)
    selection = window.focus_panel.grid.selection()
    assert selection is not None
    assert (list(selection.columns), len(selection.rows)) == ([1], 30)


def test_a_line_of_the_table_leads_to_its_gradient(qtbot: QtBot) -> None:
    window = open_window(qtbot, sample("parity-4"))
    panel = raised(qtbot, window)
    place = panel.table.row_rect(1).center()
    qtbot.mouseClick(panel.table, Qt.MouseButton.LeftButton, pos=place)
    assert window.focus.matrix == ("layer-2", "dC_dw_matrix")


def test_another_document_forgets_the_curves(qtbot: QtBot) -> None:
    window = open_window(qtbot, sample("parity-4"))
    panel = raised(qtbot, window)
    window.document.open(dead_project(), None)
    until(qtbot, lambda: bool(panel.findings))
    assert [row.title for row in panel.table.rows] == ["Dense 1", "Dense 2"]
