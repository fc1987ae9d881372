"""Every kind of layer that the palette offers can be put into a network and trained, with its matrices shown."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from flux_studio.project.catalogue import LAYER_KINDS
from flux_studio.project.specification import Place
from tests.gui.windows import open_window, sample


@pytest.mark.parametrize("kind", LAYER_KINDS)
def test_it_trains_in_the_window(qtbot: QtBot, kind: str) -> None:
    window = open_window(qtbot, sample("parity-4"))
    with qtbot.waitSignal(window.frame_shown, timeout=60_000):
        window.palette_panel.layer_requested.emit(kind)
        window.actions_by_name["edit.undo"].trigger()
        window.stack.insert_at(kind, Place(1))
    added = window.workbench.specification.layers[1]
    assert added.kind == kind
    assert any(key[0] == added.identity for key in window.wall.visible_keys())
    with qtbot.waitSignal(window.trainer.finished, timeout=60_000) as finished:
        window.workbench.toggle_training()
    assert np.isfinite(finished.args[0].progress.loss)
    assert window.trouble.text == ""
