"""The numbers of the data panel: how rows make samples, and which of them are kept away from training."""

from __future__ import annotations

from flux_studio.gui.widgets.field_grid import NumberField
from flux_studio.gui.widgets.number_range import WholeRange

MOST_KEPT = 50
"""Per cent of the rows."""
_LONGEST = 1_000_000

WINDOW = (
    NumberField(
        "window",
        "rows in a window",
        WholeRange("number of rows in a window", 1, _LONGEST),
        "Window: how many successive rows of the table make one sample.\n"
        "Their inputs stand side by side, oldest first. 1 is each row by itself.",
    ),
    NumberField(
        "ahead",
        "target rows ahead",
        WholeRange("number of rows ahead", 0, _LONGEST),
        "How many rows after the window's last row the target stands; 0 is in that row.\n"
        "From 1 on a column may be input and target at once: its past predicts its future.",
    ),
)
KEPT = (
    NumberField(
        "validation",
        "validation %",
        WholeRange("validation share", 1, MOST_KEPT, off=20, off_word="none"),
        "Share of the rows that is kept away from training, to see while it runs how well the network does on "
        "new ones.\nEarly stopping looks at them. Of windows these are the last in time. Empty is none.",
    ),
    NumberField(
        "test",
        "test %",
        WholeRange("test share", 1, MOST_KEPT, off=20, off_word="none"),
        "Share of the rows that is used for nothing but to tell, at the end, how good the network is.\n"
        "Nothing is tuned on them. Of windows these are the very last in time. Empty is none.",
    ),
)
