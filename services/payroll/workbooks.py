"""A batch or a payment list as an XLSX workbook: typed cells, frozen headers, subtotals, and text that stays text."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any

from msgspec import Struct

from payroll.batch import AMOUNTS, BatchLine, Head

MEDIA = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SUBTOTAL, TOTAL = "小计", "合计"
_AMOUNTS = AMOUNTS | {"earned", "recovered"}
_YUAN = "#,##0.00"
_FORMULA = ("=", "+", "-", "@")
_ELSE = (*_FORMULA, "#")
"""What else than text the library would take for a formula or an error."""
_WIDTHS = {"worked_out": 60, "worker_id": 38, "voucher_id": 28, "payer": 24}
_WIDTH = 16
_ENTRIES = ("voucher_id", "payer", "entry", "account", "street_id", "debit", "credit")


def batch_workbook(head: Head, lines: Iterable[BatchLine]) -> bytes:
    """Sheets `control`, `vouchers` and `lines`; the lines stand by payer, each payer and the whole with its sum."""
    book = _Book()
    _control(book, head)
    entries = book.sheet("vouchers", _ENTRIES)
    for voucher in head.vouchers:
        for entry in voucher.entries:
            cells = (voucher.voucher_id, voucher.payer, entry.entry, entry.account, entry.street_id)
            book.row(entries, [*cells, Decimal(entry.debit), Decimal(entry.credit)])
        sides = [Decimal(voucher.debit), Decimal(voucher.credit)]
        book.row(entries, [SUBTOTAL, voucher.payer, None, None, None, *sides], bold=True)
    columns = BatchLine.__struct_fields__
    sheet = book.sheet("lines", columns)
    for payer, group in groupby(sorted(lines, key=lambda line: (line.payer, line.number)), lambda line: line.payer):
        subtotal = _rows(book, sheet, columns, group)
        book.row(sheet, _sum_row(columns, SUBTOTAL, subtotal, payer=payer), bold=True)
    book.row(sheet, _sum_row(columns, TOTAL, Decimal(head.control.total)), bold=True)
    return book.bytes()


def list_workbook(title: str, rows: Iterable[Struct], shape: type[Struct]) -> bytes:
    """One sheet of rows, with the sum of their amounts."""
    book = _Book()
    columns = shape.__struct_fields__
    sheet = book.sheet(title, columns)
    total = _rows(book, sheet, columns, rows)
    book.row(sheet, _sum_row(columns, TOTAL, total), bold=True)
    return book.bytes()


def _control(book: _Book, head: Head) -> None:
    sheet = book.sheet("control", ("what", "which", "value"))
    for name in ("schema", "run_id", "engine", "at_position", "closed_position", "digest"):
        book.row(sheet, [name, None, getattr(head, name)])
    book.row(sheet, ["vouchers", None, head.control.vouchers])
    book.row(sheet, ["lines", None, head.control.lines])
    for axis in ("by_payer", "by_street", "by_budget_item"):
        for name, amount in getattr(head.control, axis).items():
            book.row(sheet, [axis, name, Decimal(amount)])
    book.row(sheet, [TOTAL, None, Decimal(head.control.total)], bold=True)


def _rows(book: _Book, sheet: Any, columns: Sequence[str], rows: Iterable[Any]) -> Decimal:
    """Write the rows; the sum of their column `amount`."""
    total = Decimal(0)
    for row in rows:
        values = {column: getattr(row, column) for column in columns}
        book.row(sheet, [Decimal(value) if name in _AMOUNTS else value for name, value in values.items()])
        total += Decimal(row.amount)
    return total


def _sum_row(columns: Sequence[str], label: str, amount: Decimal, **more: str) -> list[Any]:
    said = {columns[0]: label, "amount": amount, **more}
    return [said.get(column) for column in columns]


class _Book:
    """A workbook that is written row by row, and the library that does it."""

    def __init__(self) -> None:
        # It takes its time and memory, and nothing else needs it.
        from openpyxl import Workbook
        from openpyxl.cell import WriteOnlyCell
        from openpyxl.styles import Font

        self._book = Workbook(write_only=True)
        self._cell_of = WriteOnlyCell
        self._bold = Font(bold=True)

    def sheet(self, title: str, columns: Sequence[str]) -> Any:
        """A sheet with a header that stays in sight."""
        sheet = self._book.create_sheet(title)
        sheet.freeze_panes = "A2"
        for letter, column in zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", columns, strict=False):
            sheet.column_dimensions[letter].width = _WIDTHS.get(column, _WIDTH)
        self.row(sheet, columns, bold=True)
        return sheet

    def row(self, sheet: Any, values: Iterable[Any], *, bold: bool = False) -> None:
        """Append a row."""
        sheet.append([self._cell(sheet, value, bold) for value in values])

    def bytes(self) -> bytes:
        """The file."""
        buffer = io.BytesIO()
        self._book.save(buffer)
        return buffer.getvalue()

    def _cell(self, sheet: Any, value: Any, bold: bool) -> Any:
        """A number with its format; a text as text, also one that begins with `=`. What needs neither stays bare."""
        bare = not value.startswith(_ELSE) if isinstance(value, str) else not isinstance(value, Decimal)
        if bare and not bold:
            return value
        cell = self._cell_of(sheet, value=value)
        if isinstance(value, str):
            cell.data_type = "s"
            cell.quotePrefix = value.startswith(_FORMULA)
        elif isinstance(value, Decimal):
            cell.number_format = _YUAN
        if bold:
            cell.font = self._bold
        return cell
