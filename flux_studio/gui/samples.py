"""What the shipped samples are about, in words for people who have never seen them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flux_studio import locations


@dataclass(frozen=True)
class Sample:
    """A ready project to begin with."""

    path: Path
    title: str
    shows: str
    takes: str
    """How long it takes at its own pace until the network can do it."""

    @property
    def words(self) -> str:
        """Title and content in one line."""
        return f"{self.title}: {self.shows}" if self.shows else self.title


_KNOWN = {
    "parity-4": ("4-bit parity", "is the number of ones odd?", "16 rows · 15 seconds"),
    "xor": ("XOR", "are two bits different?", "4 rows · 10 seconds"),
    "iris": ("Iris", "which of three species is this flower?", "150 rows · 20 seconds"),
    "flux-readme": ("FLUX's first example", "a hidden rule on four numbers", "100 rows · 20 seconds"),
    "spirals": ("Two spirals", "which of two arms is this point on?", "500 rows · 5 seconds"),
    "penguins": ("Penguins", "which species? With words and missing values", "344 rows · 10 seconds"),
    "optdigits": (
        "Handwritten digits",
        "which digit do 8×8 pixels show? In mini-batches",
        "1,797 rows · 15 seconds",
    ),
    "auto-mpg": ("Auto MPG", "how far does a car go on a gallon?", "398 rows · 20 seconds"),
    "mackey-glass": (
        "Mackey–Glass",
        "an LSTM tells the next number of a chaotic series",
        "300 rows · 20 seconds",
    ),
}
_FIRST = "parity-4"


def samples() -> tuple[Sample, ...]:
    """All of them, the one to start with first."""
    found = [Sample(path, *_KNOWN.get(path.stem, (path.stem, "", ""))) for path in locations.samples()]
    order = list(_KNOWN)
    return tuple(
        sorted(found, key=lambda each: order.index(each.path.stem) if each.path.stem in order else len(order))
    )
