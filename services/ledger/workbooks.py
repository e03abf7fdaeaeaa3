"""The first sheet of an XLSX workbook as rows of texts, one after the other, never the whole of it at once."""

import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError

_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    ParseError,
    EOFError,
    KeyError,
    IndexError,
    ValueError,
    TypeError,
    AttributeError,
    NotImplementedError,
    RuntimeError,
)
"""What the library raises for a workbook that is not one, beside an exception of its own."""
MOST_UNPACKED, MOST_BESIDE = 1024 * 1024 * 1024, 64 * 1024 * 1024
"""Bytes of a workbook when unpacked, and of those that are not sheets: these are held in memory."""
MOST_COLUMNS = 100
_SURE_DIGITS = 10**15
"""From here on a number of a spreadsheet may have lost its last digits."""


class BrokenWorkbook(Exception):
    """It cannot be read, or not from here on."""


@dataclass(frozen=True)
class BrokenCell:
    """A cell that does not say what was meant."""

    detail: str
    remedy: str


Cells = Sequence[str | BrokenCell]
"""The cells of one row, an empty one as an empty text."""


def open_workbook(file: BinaryIO) -> Iterator[Cells]:
    """The rows of the first sheet from the first on, empty ones too, none shorter. Raises BrokenWorkbook.

    The library is loaded with the first workbook: it takes 14 MiB, which a ledger that sees none is spared.
    """
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        yield from _rows(file)
    except (*_UNREADABLE, InvalidFileException) as error:
        raise BrokenWorkbook from error


def _rows(file: BinaryIO) -> Iterator[Cells]:
    from openpyxl import load_workbook

    with zipfile.ZipFile(file) as packed:
        parts = packed.infolist()
    beside = sum(part.file_size for part in parts if not part.filename.startswith("xl/worksheets/"))
    if sum(part.file_size for part in parts) > MOST_UNPACKED or beside > MOST_BESIDE:
        raise zipfile.BadZipFile("too large when unpacked")
    workbook = load_workbook(file, read_only=True, data_only=True, keep_links=False)
    try:
        sheet = workbook.worksheets[0]
        sheet.reset_dimensions()
        width: int | None = None
        for row in sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS):
            cells = [_text(value) for value in _without_empty_end(row)]
            width = len(cells) if width is None else width
            yield cells + [""] * (width - len(cells))
    finally:
        workbook.close()


def _without_empty_end(row: Sequence[Any]) -> Sequence[Any]:
    end = len(row)
    while end and row[end - 1] is None:
        end -= 1
    return row[:end]


def _text(value: Any) -> str | BrokenCell:
    """The value as it would be typed: a day as 2020-10-01, a whole number in digits, true and false as yes and no."""
    if value is None:
        return ""
    if isinstance(value, str):
        if value.startswith("#") and value in _error_codes():
            return BrokenCell(f"the cell shows {value}", "mend the formula, or type the value")
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    return BrokenCell("the cell holds neither text nor a number nor a day", "type it as text")


def _error_codes() -> Sequence[str]:
    from openpyxl.cell.cell import ERROR_CODES

    return ERROR_CODES


def _number(value: int | float) -> str | BrokenCell:
    if abs(value) >= _SURE_DIGITS:
        return BrokenCell("the cell is a number and may have lost its last digits", "format it as text, type it again")
    return str(int(value)) if value == int(value) else repr(value)
