"""Large texts are cut into cells and read as numbers by compiled loops, which do not hold Python's lock.

They do what :mod:`csv` does with a text, cell by cell, and leave to Python whatever is not plainly a number.
All of it is in this one file, because Numba looks for changes in the file of a compiled function only.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

FINE, RAGGED, NOT_CLOSED, BEHIND_QUOTE, TOO_LONG = range(5)
"""How a scan ends."""

_POWERS = np.array([float(f"1e{exponent}") for exponent in range(-307, 309)])
_QUOTE, _RETURN, _NEWLINE, _BLANK, _TAB = 34, 13, 10, 32, 9


@numba.njit(nogil=True, cache=True)
def scan(
    buffer: NDArray[np.uint8],
    delimiter: int,
    comment: NDArray[np.uint8],
    width: int,
    line: int,
    last: bool,
    longest: int,
    starts: NDArray[np.int32],
    ends: NDArray[np.int32],
    quoted: NDArray[np.uint8],
    lines: NDArray[np.int64],
) -> Any:
    """Find the cells of all whole rows of ``width`` cells in a buffer that begins with one on line ``line``.

    Cell c of row r is ``buffer[starts[k]:ends[k]]`` with k = r·width + c, without quotes and blanks around it;
    ``quoted[k]`` is 1 for quotes around it and 2 for doubled ones inside it as well. ``lines[r]`` is where a row
    begins. With a width of 0 only one row is read, whatever its width. Returns how it ended, the rows, the bytes they
    take, the line behind them, and the cells of the row that is at fault, on the line returned.
    """
    n = len(buffer)
    i, rows, cells, taken = 0, 0, 0, 0
    while i < n:
        row_line, first = line, cells
        # A comment, up to the end of its line.
        if len(comment):
            j = i
            while j < n and buffer[j] == _BLANK:
                j += 1
            same = j + len(comment) <= n
            if not same and not last:
                return FINE, rows, taken, row_line, 0
            for k in range(len(comment)):
                if same and buffer[j + k] != comment[k]:
                    same = False
            if same:
                while j < n and buffer[j] != _NEWLINE and buffer[j] != _RETURN:
                    j += 1
                if j + 1 >= n and not last:
                    return FINE, rows, taken, row_line, 0
                if j + 1 < n and buffer[j] == _RETURN and buffer[j + 1] == _NEWLINE:
                    j += 1
                i = j + 1
                line += 1
                taken = min(i, n)
                continue
        ended = False
        while not ended:
            while i < n and buffer[i] == _BLANK:
                i += 1
            begin, end, quote = i, i, 0
            if i < n and buffer[i] == _QUOTE:
                quote = 1
                i += 1
                begin = i
                closed = False
                while i < n:
                    byte = buffer[i]
                    if byte == _QUOTE:
                        if i + 1 < n and buffer[i + 1] == _QUOTE:
                            quote = 2
                            i += 1
                        else:
                            closed = True
                            break
                    elif byte == _NEWLINE or (
                        byte == _RETURN and not (i + 1 < n and buffer[i + 1] == _NEWLINE)
                    ):
                        line += 1
                    i += 1
                end = i
                if end - begin > longest:
                    return TOO_LONG, rows, taken, row_line, 0
                if i + 1 >= n and not last:
                    return FINE, rows, taken, row_line, 0
                if not closed:
                    return NOT_CLOSED, rows, taken, row_line, 0
                i += 1
                if delimiter == _BLANK:
                    # Blanks at the end of a line do not count.
                    j = i
                    while j < n and buffer[j] == _BLANK:
                        j += 1
                    if j >= n or buffer[j] == _NEWLINE or buffer[j] == _RETURN:
                        i = j
                if i < n:
                    byte = buffer[i]
                    if byte not in (delimiter, _NEWLINE, _RETURN):
                        return BEHIND_QUOTE, rows, taken, row_line, 0
            else:
                while i < n:
                    byte = buffer[i]
                    if byte in (delimiter, _NEWLINE, _RETURN):
                        break
                    i += 1
                end = i
                if end - begin > longest:
                    return TOO_LONG, rows, taken, row_line, 0
            if i >= n and not last:
                return FINE, rows, taken, row_line, 0
            bare = begin == end
            while begin < end and _is_blank(buffer[begin]):
                begin += 1
            while end > begin and _is_blank(buffer[end - 1]):
                end -= 1
            ended = i >= n or buffer[i] != delimiter
            blank_end = ended and delimiter == _BLANK and bare and quote == 0 and cells > first
            if not blank_end:
                starts[cells] = begin
                ends[cells] = end
                quoted[cells] = quote
                cells += 1
            if ended and i < n:
                if buffer[i] == _RETURN:
                    if i + 1 >= n and not last:
                        return FINE, rows, taken, row_line, 0
                    if i + 1 < n and buffer[i + 1] == _NEWLINE:
                        i += 1
                line += 1
            i += 1
        found = cells - first
        if found == 1 and starts[first] == ends[first] and quoted[first] == 0:
            cells = first  # nothing but blanks
        elif width and found != width:
            return RAGGED, rows, taken, row_line, found
        else:
            lines[rows] = row_line
            rows += 1
        taken = min(i, n)
        if width == 0 and rows:
            return FINE, rows, taken, line, found
    return FINE, rows, taken, line, 0


@numba.njit(inline="always")
def _is_blank(byte: int) -> Any:
    return byte == _BLANK or (_TAB <= byte <= _RETURN) or 28 <= byte <= 31


@numba.njit(nogil=True, cache=True)
def read_numbers(
    buffer: NDArray[np.uint8],
    starts: NDArray[np.int32],
    ends: NDArray[np.int32],
    quoted: NDArray[np.uint8],
    rows: int,
    wanted: NDArray[np.int64],
    width: int,
    decimal: int,
    thousands: int,
    powers: NDArray[np.float64],
    values: NDArray[np.float64],
    at: int,
    facts: NDArray[np.int64],
    others: NDArray[np.int32],
) -> int:
    """Read the cells of the ``wanted`` columns into ``values[place, at + row]``, NaN where they are empty or missing.

    ``facts[place]`` has the most significant digits, the fewest and the most decimals, and whether some cell has an
    exponent. Cells that are not plainly numbers are left out, and their places in ``starts`` stand in ``others``;
    returns how many. A number of up to 15 digits is exact, a longer one right to the last or second last bit.
    """
    count = 0
    for place in range(len(wanted)):
        column = wanted[place]
        most, fewest_decimals, most_decimals = facts[place, 0], facts[place, 1], facts[place, 2]
        for row in range(rows):
            cell = row * width + column
            i, end = starts[cell], ends[cell]
            length = end - i
            if length == 0:
                values[place, at + row] = np.nan
                continue
            if quoted[cell] == 2:
                others[count] = cell
                count += 1
                continue
            negative = False
            if buffer[i] == 45 or buffer[i] == 43:
                negative = buffer[i] == 45
                i += 1
            mantissa = np.uint64(0)
            digits, significant, dropped, decimals, groups, group = 0, 0, 0, 0, 0, 0
            whole = True
            fine = True
            while i < end:
                byte = buffer[i]
                if 48 <= byte <= 57:
                    digits += 1
                    group += 1
                    if significant or byte != 48:
                        if significant < 19:
                            mantissa = mantissa * np.uint64(10) + np.uint64(byte - 48)
                        else:
                            dropped += 1
                        significant += 1
                    if not whole:
                        decimals += 1
                elif byte == decimal and whole:
                    if groups and group != 3:
                        fine = False
                        break
                    whole = False
                elif thousands and byte == thousands and whole:
                    if (groups == 0 and (digits == 0 or digits > 3)) or (groups and group != 3):
                        fine = False
                        break
                    groups += 1
                    group = 0
                else:
                    break
                i += 1
            if whole and groups and group != 3:
                fine = False
            exponent = dropped - decimals
            if fine and digits and i < end and (buffer[i] == 101 or buffer[i] == 69):
                i += 1
                down = False
                if i < end and (buffer[i] == 45 or buffer[i] == 43):
                    down = buffer[i] == 45
                    i += 1
                power, some = np.int64(0), False  # type: Any, bool
                while i < end and 48 <= buffer[i] <= 57:
                    power = min(power * 10 + np.int64(buffer[i]) - 48, np.int64(100_000))
                    some = True
                    i += 1
                fine = some
                exponent += -power if down else power
                facts[place, 3] = 1
            if not fine or digits == 0 or i < end or exponent < -300 or exponent > 280:
                if _is_missing(buffer, starts[cell], end):
                    values[place, at + row] = np.nan
                else:
                    others[count] = cell
                    count += 1
                continue
            value = np.float64(mantissa)
            if exponent < 0:
                value = value / powers[307 - exponent]
            elif exponent > 0:
                value = value * powers[307 + exponent]
            values[place, at + row] = -value if negative else value
            most = max(most, significant)
            fewest_decimals = min(fewest_decimals, decimals)
            most_decimals = max(most_decimals, decimals)
        facts[place, 0], facts[place, 1], facts[place, 2] = most, fewest_decimals, most_decimals
    return count


@numba.njit(inline="always")
def _is_missing(buffer: NDArray[np.uint8], start: int, end: int) -> Any:
    length = end - start
    if length < 2 or length > 4 or buffer[start] | 32 != 110:
        return False
    second = buffer[start + 1] | 32
    if length == 2:
        return second == 97
    third = buffer[start + 2] | 32
    if length == 3:
        return second == 97 and third == 110
    return second == 117 and third == 108 and buffer[start + 3] | 32 == 108


def warm() -> None:
    """Compile both loops, or load them from Numba's cache, for the types that they are called with."""
    raw = np.frombuffer(b"1,2\n", np.uint8)
    starts, ends, others = (np.empty(8, np.int32) for _ in range(3))
    quoted, lines = np.empty(8, np.uint8), np.empty(8, np.int64)
    scan(raw, 44, np.frombuffer(b"", np.uint8), 2, 1, True, 9, starts, ends, quoted, lines)
    values, facts = np.empty((2, 1)), np.zeros((2, 4), np.int64)
    read_numbers(raw, starts, ends, quoted, 1, np.arange(2), 2, 46, 0, powers(), values, 0, facts, others)


def powers() -> NDArray[np.float64]:
    """10 to the -307 … 308."""
    return _POWERS
