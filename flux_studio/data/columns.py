"""What a person says about a table: how its text is cut into cells, and what each column is for."""

from __future__ import annotations

from typing import Literal

import msgspec

Role = Literal["input", "target", "ignore"]
Kind = Literal["number", "category", "yes_no"]
Scaling = Literal["standard", "min_max", "none"]


class CsvFormat(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the text of a table is cut into cells."""

    delimiter: str = ","
    header: bool = True


class Column(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One column of a table: its name, what it is for, and how its cells become numbers.

    ``number`` cells are scaled; ``category`` cells become one column a category (one-hot); ``yes_no`` cells
    (exactly two different values) become a single column of zeros and ones.
    """

    name: str
    role: Role = "input"
    kind: Kind = "number"
    scaling: Scaling = "standard"
