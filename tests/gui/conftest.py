"""Formulas are typeset in all tests of the window: whether that is ready yet must not decide what they see."""

from __future__ import annotations

import pytest

from flux_studio.gui.typesetting import typesetter


@pytest.fixture(scope="session", autouse=True)
def typeset() -> None:
    typesetter.wait()
