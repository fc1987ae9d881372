"""The columns of large tables: numbers as arrays, words as codes, and other texts end to end in one block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flux_studio.data.cells import Floats, is_missing, parse_all, parse_each
from flux_studio.data.table import CompactCells

_BLOCK = 1 << 16


class Numbers(CompactCells):
    """Numbers in an array, NaN where a value is missing.

    The text of a cell is made from its number: with so many ``decimals`` as all cells of the file had, or else as
    short as the number can be written. The few cells that are no numbers keep their text.
    """

    def __init__(
        self,
        values: NDArray[Any],
        decimals: int | None = None,
        odd: Mapping[int, str] | None = None,
    ) -> None:
        self.values, self.decimals, self.odd = values, decimals, dict(odd or {})

    def __len__(self) -> int:
        return len(self.values)

    @property
    def nbytes(self) -> int:
        return int(self.values.nbytes)

    def texts(self, start: int, stop: int) -> list[str]:
        found = written(self.values[start:stop], self.decimals)
        if self.odd:
            for place in range(start, stop):
                if place in self.odd:
                    found[place - start] = self.odd[place]
        return found

    def present(self) -> NDArray[np.bool_]:
        there: NDArray[np.bool_] = np.isfinite(self.values)
        there[list(self.odd)] = True
        return there

    def numbers(self) -> tuple[Floats, int | None]:
        return self.values.astype(np.float64), min(self.odd, default=None)

    def different(self, most: int) -> list[str]:
        found: dict[str, None] = {}
        for start in range(0, len(self), _BLOCK):
            values = self.values[start : start + _BLOCK]
            some, first = np.unique(values, return_index=True)
            places = sorted({*(first[np.isfinite(some)] + start).tolist(), *self._odd_within(start)})
            for place in places:
                found.setdefault(self[place])
                if len(found) == most:
                    return list(found)
        return list(found)

    def places(self, known: dict[str, int]) -> NDArray[np.intp]:
        # Each different number is written and looked up once.
        some, back = np.unique(self.values, return_inverse=True)
        texts = written(some, self.decimals)
        found = np.array([known.get(text, -1) for text in texts], dtype=np.intp)[back.reshape(-1)]
        for place, text in self.odd.items():
            found[place] = known.get(text, -1)
        return found

    def _odd_within(self, start: int) -> list[int]:
        return [place for place in self.odd if start <= place < start + _BLOCK] if self.odd else []


class Words(CompactCells):
    """Codes into a list of the different texts; as many as 65,536 of them."""

    def __init__(self, codes: NDArray[np.uint16], words: Sequence[str]) -> None:
        self.codes, self.words = codes, tuple(words)

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def nbytes(self) -> int:
        return int(self.codes.nbytes)

    def texts(self, start: int, stop: int) -> list[str]:
        words = self.words
        return [words[code] for code in self.codes[start:stop].tolist()]

    def present(self) -> NDArray[np.bool_]:
        there: NDArray[np.bool_] = np.array([not is_missing(word) for word in self.words], dtype=np.bool_)
        return np.take(there, self.codes)

    def numbers(self) -> tuple[Floats, int | None]:
        values, odd = parse_each(self.words)
        found = values[self.codes]
        if not odd:
            return found, None
        return found, int(np.flatnonzero(np.isin(self.codes, odd))[0])

    def different(self, most: int) -> list[str]:
        return [word for word in self.words if not is_missing(word)][:most]

    def places(self, known: dict[str, int]) -> NDArray[np.intp]:
        return np.array([known.get(word, -1) for word in self.words], dtype=np.intp)[self.codes]


class Texts(CompactCells):
    """Texts end to end as UTF-8, and where each of them ends."""

    def __init__(self, block: bytes | bytearray, ends: NDArray[np.int64]) -> None:
        self.block, self.ends = block, ends

    def __len__(self) -> int:
        return len(self.ends)

    @property
    def nbytes(self) -> int:
        return len(self.block) + int(self.ends.nbytes)

    def texts(self, start: int, stop: int) -> list[str]:
        if start >= stop:
            return []
        ends = self.ends[start:stop].tolist()
        begin = int(self.ends[start - 1]) if start else 0
        found = []
        for end in ends:
            found.append(self.block[begin:end].decode())
            begin = end
        return found

    def present(self) -> NDArray[np.bool_]:
        lengths = np.diff(self.ends, prepend=0)
        there = lengths > 0
        for place in np.flatnonzero(there & (lengths <= 4)).tolist():
            there[place] = not is_missing(self[place])
        return there

    def numbers(self) -> tuple[Floats, int | None]:
        found, first = np.full(len(self), np.nan), None
        for start in range(0, len(self), _BLOCK):
            texts = self.texts(start, min(start + _BLOCK, len(self)))
            values, odd = parse_each(texts)
            found[start : start + len(texts)] = values
            if odd and first is None:
                first = start + odd[0]
                break
        return found, first

    def different(self, most: int) -> list[str]:
        found: dict[str, None] = {}
        for text in self:
            if text not in found and not is_missing(text):
                found[text] = None
                if len(found) == most:
                    break
        return list(found)

    def places(self, known: dict[str, int]) -> NDArray[np.intp]:
        return np.fromiter((known.get(text, -1) for text in self), dtype=np.intp, count=len(self))


def end_to_end(texts: Sequence[str]) -> Texts:
    """Texts as one block."""
    encoded = [text.encode("utf-8", "replace") for text in texts]
    return Texts(b"".join(encoded), np.cumsum([len(text) for text in encoded], dtype=np.int64))


def written(values: NDArray[Any], decimals: int | None) -> list[str]:
    """Numbers as text; NaN is an empty cell."""
    if values.dtype.kind in "iub":
        return list(map(str, values.astype(np.int64 if values.dtype.kind == "b" else values.dtype).tolist()))
    if decimals is not None:
        form = f"%.{decimals}f"
        return ["" if value != value else form % value for value in values.tolist()]
    if values.dtype == np.float32:
        return ["" if text == "nan" else _plain(text) for text in map(str, values)]
    return ["" if value != value else _plain(repr(value)) for value in values.tolist()]


def _plain(text: str) -> str:
    return text[:-2] if text.endswith(".0") else text


def as_doubles(values: NDArray[np.float32]) -> Floats:
    """Numbers in single precision as what their shortest decimals say: 0.1 is 0.1 again."""
    doubles = values.astype(np.float64)
    for start in range(0, len(doubles), _BLOCK):
        block = doubles[start : start + _BLOCK]
        block[:] = _rounded(block, values[start : start + _BLOCK])
    return doubles


def _rounded(block: Floats, single: NDArray[np.float32]) -> Floats:
    """To six significant digits, or else to seven, where that is the same number in single precision."""
    with np.errstate(all="ignore"):
        tens = np.floor(np.log10(np.abs(block)))
        for digits in (7, 6):
            exponents = digits - 1 - tens
            usable = np.isfinite(exponents) & (np.abs(exponents) <= 22)
            powers = 10.0 ** np.where(usable, np.abs(exponents), 0)
            up = exponents > 0
            whole = np.rint(np.where(up, block * powers, block / powers))
            found = np.where(up, whole / powers, whole * powers)
            block = np.where(usable & (found.astype(np.float32) == single), found, block)
    return block


def numeric(texts: Sequence[str]) -> tuple[Floats, dict[int, str]]:
    """Texts as numbers, NaN for what is missing, and those that are neither."""
    parsed = parse_all(texts)
    if parsed is not None:
        return np.array(parsed, dtype=np.float64), {}
    values, odd = parse_each(texts)
    return values, {place: texts[place] for place in odd}
