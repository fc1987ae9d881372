"""The panels that live with the frames, one line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flux_studio.gui.live import Live
from flux_studio.gui.network_picture import Picturing
from flux_studio.gui.predictions import Predicting
from flux_studio.gui.selecting import Selecting

if TYPE_CHECKING:
    from flux_studio.gui.main_window import MainWindow


def make_lives(window: MainWindow) -> tuple[Live, ...]:
    """In the order of the menu View › Panels, and of the tabs where several share a place."""
    selecting = Selecting(window)
    return (Picturing(window, selecting), Predicting(window, selecting))
