"""From bytes to text: the encoding is found by a mark, by zeros or by trial, and every fault is named by its line."""

from __future__ import annotations

import codecs
from collections.abc import Iterator

from flux_studio.data.sources import Source
from flux_studio.errors import DataError

ENCODINGS: dict[str, str] = {
    "utf-8": "UTF-8",
    "cp1252": "Windows-1252, western",
    "iso8859-1": "Latin-1",
    "iso8859-15": "Latin-9",
    "mac-roman": "Mac Roman",
    "cp850": "DOS 850, western",
    "cp437": "DOS 437",
    "cp1250": "Windows-1250, central European",
    "iso8859-2": "Latin-2, central European",
    "cp1251": "Windows-1251, Cyrillic",
    "koi8-r": "KOI8-R, Cyrillic",
    "cp1253": "Windows-1253, Greek",
    "cp1254": "Windows-1254, Turkish",
    "cp1255": "Windows-1255, Hebrew",
    "cp1256": "Windows-1256, Arabic",
    "cp1257": "Windows-1257, Baltic",
    "shift_jis": "Shift JIS, Japanese",
    "euc_jp": "EUC-JP, Japanese",
    "gb18030": "GB 18030, Chinese",
    "big5": "Big5, Chinese",
    "euc_kr": "EUC-KR, Korean",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16, low byte first, no mark",
    "utf-16-be": "UTF-16, high byte first, no mark",
    "utf-32": "UTF-32",
    "utf-32-le": "UTF-32, low byte first, no mark",
    "utf-32-be": "UTF-32, high byte first, no mark",
}
"""The encodings that can be chosen from a list, and what people call them; any other of Python's can be written."""

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_PIECE = 1 << 18
_CONTAINERS = (
    (b"PK\x03\x04", "a zip file"),
    (b"PK\x05\x06", "an empty zip file"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file; save it as .xlsx or CSV"),
    (b"%PDF", "a PDF; save the table in it as CSV"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"PAR1", "a Parquet file; save it as CSV"),
    (b"\x89HDF", "an HDF5 file; save its table as NPZ or CSV"),
    (b"SQLite format 3", "a database; save its table as CSV"),
    (b"\x80\x04\x95", "a Python pickle, which is never opened; save it as NPZ or CSV"),
    (b"BZh", "a bzip2 file; unpack it first"),
    (b"\xfd7zXZ", "an xz file; unpack it first"),
    (b"7z\xbc\xaf", "a 7z file; unpack it first"),
    (b"\x28\xb5\x2f\xfd", "a zstd file; unpack it first"),
)


def check_is_text(beginning: bytes, source: str) -> None:
    """Raise :class:`DataError` for files that are known not to be tables of text."""
    for mark, what in _CONTAINERS:
        if beginning.startswith(mark):
            advice = what if ";" in what else f"{what}; choose a table"
            raise DataError(f"{source} is {advice}")
    start = beginning[:1024].removeprefix(codecs.BOM_UTF8).lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        raise DataError(
            f"{source} is a web page, not a table; perhaps it says why: open it in a browser, then get the file again"
        )
    if start.startswith(b"<?xml"):
        raise DataError(f"{source} is an XML file, not a table; save the table in it as CSV")


def find_encoding(beginning: bytes) -> str:
    """The encoding of a text, by its first bytes.

    What is UTF-8 up to a place with letters before it stays UTF-8: another encoding would spoil those letters.
    """
    for mark, encoding in _MARKS:
        if beginning.startswith(mark):
            return encoding
    some = beginning[:4096]
    some = some[: len(some) - len(some) % 4]
    if some.count(0) > len(some) // 4:
        zeros = [some[place::4].count(0) * 4 > len(some) * 0.7 for place in range(4)]
        for pattern, encoding in (
            ([False, True, True, True], "utf-32-le"),
            ([True, True, True, False], "utf-32-be"),
            ([False, True, False, True], "utf-16-le"),
            ([True, False, True, False], "utf-16-be"),
        ):
            if zeros == pattern:
                return encoding
    try:
        codecs.getincrementaldecoder("utf-8")().decode(beginning)
    except UnicodeDecodeError as error:
        return "cp1252" if beginning[: error.start].isascii() else "utf-8"
    return "utf-8"


def texts(source: Source, encoding: str) -> Iterator[str]:
    """The source's text, piece by piece. :class:`DataError` names the line that is not in this encoding.

    A file in ``utf-8`` that begins with nothing but ASCII is read as Windows-1252 from the first byte on that is not
    UTF-8: nothing before it tells the two apart.
    """
    decoder, line, only_ascii = _decoder(encoding, source.name), 1, True
    utf8 = codecs.lookup(encoding).name == "utf-8"
    if utf8:
        decoder = codecs.getincrementaldecoder("utf-8-sig")()
    for raw in _with_an_end(source):
        pending = decoder.getstate()[0]
        try:
            text = decoder.decode(raw, not raw)
        except UnicodeError as error:
            if not (utf8 and only_ascii and (pending + raw)[: _place(error)].isascii()):
                raise _undecodable(source.name, encoding, line, pending + raw, error) from error
            encoding, utf8, decoder = "cp1252", False, codecs.getincrementaldecoder("cp1252")()
            try:
                text = decoder.decode(pending + raw, not raw)
            except UnicodeError as other:
                raise _undecodable(
                    source.name, "UTF-8 or Windows-1252", line, pending + raw, other
                ) from error
        only_ascii = only_ascii and text.isascii()
        if (place := text.find("\0")) >= 0:
            raise DataError(
                f"{source.name}, line {line + text.count(chr(10), 0, place)}: a NUL byte, so this is not a text file; "
                "choose a CSV file in UTF-8"
            )
        if text:
            yield text
        line += text.count("\n")


def _with_an_end(source: Source) -> Iterator[bytes]:
    yield from source.pieces(_PIECE)
    yield b""


def _decoder(encoding: str, source: str) -> codecs.IncrementalDecoder:
    try:
        found = codecs.lookup(encoding)
        # What is no encoding of text (base64, rot13 …) is a codec for Python, too.
        if found.incrementaldecoder is None or not found._is_text_encoding:
            raise LookupError
        decoder = found.incrementaldecoder()
        decoder.decode(b"")
        return decoder
    except (LookupError, ValueError, UnicodeError, TypeError, NotImplementedError):
        raise DataError(
            f"{source}: there is no encoding {encoding!r}; choose one such as utf-8, cp1252 or utf-16"
        ) from None


def _place(error: UnicodeError) -> int:
    return error.start if isinstance(error, UnicodeDecodeError) else 0


def _undecodable(source: str, encoding: str, line: int, raw: bytes, error: UnicodeError) -> DataError:
    title = ENCODINGS.get(encoding, encoding).partition(",")[0]
    before = raw[: _place(error)]
    if encoding.startswith(("utf-16", "utf-32")):
        before = before.replace(b"\0", b"")
    return DataError(
        f"{source}, line {line + before.count(chr(10).encode())}: this is not text in {title}; "
        "choose its encoding, or save the file as UTF-8"
    )
