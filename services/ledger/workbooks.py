"""The first sheet of an XLSX workbook as rows of texts, one after the other, never the whole of it at once."""

import re
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


_NOT_WORKED_OUT = BrokenCell(
    "the cell holds a formula that was never worked out",
    "open the file in a spreadsheet program and save it again, or type the value",
)
_FORMULA = re.compile(rb"<(\w+:)?f[\s/>]")
_AT_ONCE = 1024 * 1024

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
    with zipfile.ZipFile(file) as packed:
        formulas = any(_has_formulas(packed, part) for part in parts if part.filename.startswith("xl/worksheets/"))
    workbook = load_workbook(file, read_only=True, data_only=True, keep_links=False)
    try:
        width: int | None = None
        for row in _with_formulas(file, _values(workbook)) if formulas else _values(workbook):
            cells = [_text(value) for value in _without_empty_end(row)]
            width = len(cells) if width is None else width
            yield cells + [""] * (width - len(cells))
    finally:
        workbook.close()


def _values(workbook: Any) -> Iterator[Sequence[Any]]:
    sheet = workbook.worksheets[0]
    sheet.reset_dimensions()
    yield from sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS)


def _has_formulas(packed: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """Whether a sheet holds any; those that do are read twice, for a value is kept apart from its formula."""
    with packed.open(part) as sheet:
        before = b""
        while piece := sheet.read(_AT_ONCE):
            if _FORMULA.search(before + piece):
                return True
            before = piece[-16:]
    return False


def _with_formulas(file: BinaryIO, rows: Iterator[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    """The rows, with a BrokenCell for each formula that no value was kept of."""
    from openpyxl import load_workbook

    written = load_workbook(file, read_only=True, data_only=False, keep_links=False)
    try:
        for values, formulas in zip(rows, _values(written), strict=True):
            yield [
                _NOT_WORKED_OUT if value is None and formula is not None else value
                for value, formula in zip(values, formulas, strict=True)
            ]
    finally:
        written.close()


def _without_empty_end(row: Sequence[Any]) -> Sequence[Any]:
    end = len(row)
    while end and row[end - 1] is None:
        end -= 1
    return row[:end]


def _text(value: Any) -> str | BrokenCell:
    """The value as it would be typed: a day as 2020-10-01, a whole number in digits, true and false as yes and no."""
    if value is None:
        return ""
    if isinstance(value, BrokenCell):
        return value
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
