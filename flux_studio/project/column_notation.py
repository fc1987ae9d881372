"""What is said of a column in a line: ``sex:category:most_common:indicator``, ``size:ordinal:order=small<large``.

Behind the column's name stand words with colons between them, each of which belongs to the one setting that offers
it; ``constant=0`` and ``order=low<high`` bring a value. ``product:x1:x2`` is a derived input.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any, get_args

import msgspec

from flux_studio.data.columns import Column, Derived, Encoding, Kind, Missing, Role, Scaling
from flux_studio.data.dates import DateOrder, DatePart
from flux_studio.data.derived import FUNCTIONS, usual_derived
from flux_studio.data.table import advice, listed, quoted
from flux_studio.errors import SpecificationError

SETTINGS: dict[str, tuple[str, ...]] = {
    "role": get_args(Role),
    "kind": get_args(Kind),
    "missing": tuple(word for word in get_args(Missing) if word != "constant"),
    "scaling": get_args(Scaling),
    "encoding": get_args(Encoding),
    "parts": get_args(DatePart),
    "date_order": tuple(filter(None, get_args(DateOrder))),
}
"""The words of each setting; no word belongs to two."""
_SETTING_OF = {word: name for name, words in SETTINGS.items() for word in words}
_USUAL = "usual"


def read_column(text: str, columns: Sequence[Column]) -> Column:
    """The column that ``text`` names, with what it says; :class:`SpecificationError` tells the part that is wrong."""
    names = [column.name for column in columns if f"{text}:".startswith(f"{column.name}:")]
    if not names:
        known = [column.name for column in columns]
        wanted = text.partition(":")[0]
        raise SpecificationError(f"there is no column {quoted(wanted)}; {advice(wanted, known)}")
    before = next(column for column in columns if column.name == max(names, key=len))
    said: dict[str, Any] = {}
    for piece in filter(None, text[len(before.name) :].split(":")):
        for name, value in _setting(piece.strip()).items():
            if name == "parts":
                said["parts"] = (*said.get("parts", ()), *value)
            elif name in said:
                raise SpecificationError(
                    f"{quoted(before.name)}: {quoted(piece)} says the {name} a second time"
                )
            else:
                said[name] = value
    if "kind" not in said and ("encoding" in said or "order" in said):
        said["kind"] = "category"
    if "kind" not in said and ("parts" in said or "date_order" in said):
        said["kind"] = "date"
    if not before.is_target and said.get("role") not in ("target", "both"):
        # Words are not scaled, what becomes of them may have to be.
        becomes_number = said.get("kind") in ("number", "date") and before.kind not in ("number", "date")
        if "scaling" not in said and (becomes_number or said.get("encoding") == "ordinal"):
            said["scaling"] = "standard"
    return msgspec.structs.replace(before, **said)


def read_derived(text: str, columns: Sequence[Column]) -> tuple[Derived, ...]:
    """The derived inputs that ``text`` names: ``sine:x1``, or ``usual`` for all squares, products and sines."""
    numbers = tuple(column.name for column in columns if column.is_input and column.kind == "number")
    if text == _USUAL:
        return usual_derived(numbers)
    function, _, rest = text.partition(":")
    if function not in FUNCTIONS:
        known = f"choose one of {', '.join(FUNCTIONS)}, or {_USUAL}"
        raise SpecificationError(f"there is no derived input {quoted(function)}; {known}")
    return (Derived(function, tuple(_names(rest, numbers))),)


def _names(text: str, known: Sequence[str]) -> list[str]:
    """Names with colons between them; a name may hold colons itself."""
    found: list[str] = []
    while text:
        fitting = [name for name in known if f"{text}:".startswith(f"{name}:")]
        name = max(fitting, key=len) if fitting else text.partition(":")[0]
        found.append(name)
        text = text[len(name) + 1 :]
    return found


def _setting(piece: str) -> dict[str, Any]:
    name, equals, value = piece.partition("=")
    word = name.strip().casefold().replace("-", "_")
    if equals and word == "constant":
        return {"missing": "constant", "fill": value.strip()}
    if equals and word == "order":
        return {"order": tuple(each.strip() for each in value.split("<"))}
    if not equals and word == "indicator":
        return {"indicator": True}
    if not equals and word in _SETTING_OF:
        setting = _SETTING_OF[word]
        return {setting: (word,) if setting == "parts" else word}
    words = [*_SETTING_OF, "indicator", "constant=…", "order=…<…"]
    near = difflib.get_close_matches(word, words, n=1)
    choice = f"did you mean {near[0]}?" if near else f"there are: {listed(words)}"
    raise SpecificationError(f"{quoted(piece)} says nothing of a column; {choice}")
