"""The panels that live with the frames, one line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flux_studio.gui.health import HealthLive
from flux_studio.gui.live import Live
from flux_studio.gui.nudging import NudgeLive

if TYPE_CHECKING:
    from flux_studio.gui.main_window import MainWindow


def make_lives(window: MainWindow) -> tuple[Live, ...]:
    """In the order of the menu View › Panels, and of the tabs where several share a place."""
    return (NudgeLive(window), HealthLive(window))
