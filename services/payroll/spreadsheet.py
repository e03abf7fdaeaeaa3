"""A workbook of typed rows: the library makes its frame, the rows are written into it as XML, one after the other."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from typing import NamedTuple
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

Cell = str | int | Decimal | None
"""Text is text, also where it begins with `=`; a decimal is yuan with two places."""

_YUAN = "#,##0.00"
_FORMULA = ("=", "+", "-", "@")
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_WIDTHS = {"worked_out": 60, "worker_id": 38, "voucher_id": 28, "payer": 24}
_WIDTH = 16
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_END_OF_ROWS = b"</sheetData>"
_ROWS_AT_ONCE = 500
_QUICKLY = 1


class Row(NamedTuple):
    """The cells of a row; a sum stands in bold."""

    cells: Sequence[Cell]
    bold: bool = False


class Sheet(NamedTuple):
    """A sheet with a header that stays in sight; at most 26 columns."""

    title: str
    columns: Sequence[str]
    rows: Iterable[Row]


class _Styles(NamedTuple):
    """What the frame calls the style of a text, of one that looks like a formula, and of an amount."""

    text: int
    formula: int
    yuan: int


def workbook(sheets: Sequence[Sheet]) -> bytes:
    """The file. The library would take longer for a cell than all else that is done for it."""
    frame, styles = _frame(sheets)
    rows_of = {f"xl/worksheets/sheet{number}.xml": sheet.rows for number, sheet in enumerate(sheets, 1)}
    buffer = io.BytesIO()
    with ZipFile(frame) as empty, ZipFile(buffer, "w", ZIP_DEFLATED, compresslevel=_QUICKLY) as full:
        for name in empty.namelist():
            before, end, after = empty.read(name).partition(_END_OF_ROWS)
            with full.open(name, "w") as part:
                part.write(before)
                part.writelines(_written(rows_of.get(name, ()), styles))
                part.write(end + after)
    return buffer.getvalue()


def _frame(sheets: Sequence[Sheet]) -> tuple[io.BytesIO, tuple[_Styles, _Styles]]:
    """The workbook with headers alone, and the styles of plain and of bold rows."""
    # It takes its time and memory, and nothing else needs it.
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    for title, columns, _ in sheets:
        sheet = book.create_sheet(title)
        sheet.freeze_panes = "A2"
        for letter, column in zip(_LETTERS, columns, strict=False):
            sheet.column_dimensions[letter].width = _WIDTHS.get(column, _WIDTH)
        header = [WriteOnlyCell(sheet, value=column) for column in columns]
        for cell in header:
            cell.font = Font(bold=True)
        sheet.append(header)

    def styles(font: Font) -> _Styles:
        text, formula, yuan = (WriteOnlyCell(sheet) for _ in _Styles._fields)
        formula.quotePrefix, yuan.number_format = True, _YUAN
        for cell in (text, formula, yuan):
            cell.font = font
        return _Styles(text.style_id, formula.style_id, yuan.style_id)

    found = styles(Font()), styles(Font(bold=True))
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer, found


def _written(rows: Iterable[Row], styles: tuple[_Styles, _Styles]) -> Iterator[bytes]:
    """The rows below the header, in portions."""
    numbered = enumerate(rows, 2)
    while portion := list(islice(numbered, _ROWS_AT_ONCE)):
        yield "".join(_row(number, row.cells, styles[row.bold]) for number, row in portion).encode()


def _row(number: int, cells: Sequence[Cell], styles: _Styles) -> str:
    inside = [_cell(f"{letter}{number}", cell, styles) for letter, cell in zip(_LETTERS, cells, strict=False)]
    return f'<row r="{number}">{"".join(inside)}</row>'


def _cell(place: str, value: Cell, styles: _Styles) -> str:
    if value is None or value == "":
        return f'<c r="{place}" s="{styles.text}"/>'
    if isinstance(value, str):
        style = styles.formula if value.startswith(_FORMULA) else styles.text
        text = f'<t xml:space="preserve">{_in_xml(value)}</t>'
        return f'<c r="{place}" s="{style}" t="inlineStr"><is>{text}</is></c>'
    if isinstance(value, Decimal):
        return f'<c r="{place}" s="{styles.yuan}"><v>{value.normalize():f}</v></c>'
    return f'<c r="{place}" s="{styles.text}"><v>{value}</v></c>'


@lru_cache(maxsize=4_096)
def _in_xml(text: str) -> str:
    """What XML cannot carry is written as spreadsheets write it: `_x0001_`."""
    escaped = escape(text)
    return escaped if text.isprintable() else _NOT_IN_XML.sub(lambda found: f"_x{ord(found[0]):04X}_", escaped)
