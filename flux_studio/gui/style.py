"""The style sheet: how every standard widget looks, made from a theme's colours and the size of the text.

Beside the widgets' own classes ``resources/style.qss`` knows these dynamic properties, set with
``widget.setProperty(name, value)``:

- ``kind``: ``"primary"``, ``"quiet"`` or ``"danger"`` on a push button; the first two also on a tool button.
- ``card="true"``: a rounded box on a panel; ``selected="true"`` outlines it.
- ``well="true"``: a frame a little deeper than its panel; ``good`` on a label: ``"true"`` or ``"false"``, a verdict.
- ``panel="true"``: the body of a dock; ``panel="whole"``: a panel that stands without a dock's title.
- On a label: ``muted="true"`` (soft), ``caption="true"`` (small and faint), ``heading="true"`` (bold),
  ``number="true"`` (monospaced) and ``error="true"``; the last also on a field that holds something wrong.
- ``segment``: ``"first"``, ``"middle"`` or ``"last"`` on the checkable buttons of a segmented control; ``tight="true"``
  lets their padding shrink.
- ``chip="true"``: a small rounded push button that can be switched on and off.
- ``flat="true"``: a field without a frame until it is hovered or has the focus.

A plain ``QWidget`` subclass paints the background that the sheet gives it only with ``WA_StyledBackground``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import Template

from PySide6.QtWidgets import QWidget

from flux_studio import locations


def style_sheet(names: Mapping[str, str], text_size: float, scale: float) -> str:
    """The sheet for colours ``names``, text of ``text_size`` points and lengths ``scale`` times as drawn."""
    template = locations.resource("style.qss").read_text(encoding="utf-8")
    template = template[template.index("*/") + 2 :]
    template = re.sub(r"@(\d+)", lambda match: f"{max(1, round(int(match[1]) * scale))}px", template)
    template = re.sub(r"~(\d+(?:\.\d+)?)", lambda match: f"{float(match[1]) * text_size:.2f}pt", template)
    icons = locations.resource("icons", "style").as_posix()
    return Template(template).substitute(names, icons=icons)


def restyle(widget: QWidget) -> None:
    """Let the style sheet look again at a widget whose dynamic properties changed after it was shown."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)
    widget.update()
