"""The panels that live with the frames, one line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flux_studio.gui.health import HealthLive
from flux_studio.gui.listing import Listing
from flux_studio.gui.live import Live
from flux_studio.gui.network_picture import Picturing
from flux_studio.gui.nudging import NudgeLive
from flux_studio.gui.predictions import Predicting
from flux_studio.gui.table_rows import TableLive
from flux_studio.gui.this_cell import ThisCell

if TYPE_CHECKING:
    from flux_studio.gui.main_window import MainWindow


def make_lives(window: MainWindow) -> tuple[Live, ...]:
    """In the order of the menu View › Panels, and of the tabs where several share a place."""
    return (
        ThisCell(window),
        NudgeLive(window),
        Picturing(window),
        Predicting(window),
        TableLive(window),
        Listing(window),
        HealthLive(window),
    )
