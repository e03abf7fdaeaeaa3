"""A batch or a payment list as an XLSX workbook: typed cells, frozen headers, subtotals, and text that stays text."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any

from msgspec import Struct
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from payroll.batch import BatchLine, Head

MEDIA = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_YUAN = "#,##0.00"
_BOLD = Font(bold=True)
_WIDTHS = {"worked_out": 60, "worker_id": 38, "voucher_id": 28, "payer": 24}
_WIDTH = 16
SUBTOTAL, TOTAL = "小计", "合计"


def batch_workbook(head: Head, lines: Iterable[BatchLine]) -> bytes:
    """Sheets `control`, `vouchers` and `lines`; the lines stand by payer, each payer and the whole with its sum."""
    book = Workbook(write_only=True)
    _control(book, head)
    entries = _sheet(book, "vouchers", ("voucher_id", "payer", "entry", "account", "street_id", "debit", "credit"))
    for voucher in head.vouchers:
        for entry in voucher.entries:
            cells = (voucher.voucher_id, voucher.payer, entry.entry, entry.account, entry.street_id)
            _row(entries, [*cells, Decimal(entry.debit), Decimal(entry.credit)])
        sides = [Decimal(voucher.debit), Decimal(voucher.credit)]
        _row(entries, [SUBTOTAL, voucher.payer, None, None, None, *sides], font=_BOLD)
    columns = BatchLine.__struct_fields__
    _summed(_sheet(book, "lines", columns), columns, sorted(lines, key=lambda line: (line.payer, line.number)), "payer")
    return _bytes(book)


def list_workbook(title: str, rows: Sequence[Any], shape: type[Struct]) -> bytes:
    """One sheet of rows, with the sum of their amounts."""
    book = Workbook(write_only=True)
    columns = shape.__struct_fields__
    sheet = _sheet(book, title, columns)
    for row in rows:
        _row(sheet, [_typed(column, getattr(row, column)) for column in columns])
    total = sum((Decimal(row.amount) for row in rows), Decimal(0))
    _row(sheet, _sum_row(columns, TOTAL, total), columns=columns, font=_BOLD)
    return _bytes(book)


def _control(book: Workbook, head: Head) -> None:
    sheet = _sheet(book, "control", ("what", "which", "value"))
    for name in ("schema", "run_id", "engine", "at_position", "closed_position", "digest"):
        _row(sheet, [name, None, getattr(head, name)])
    _row(sheet, ["vouchers", None, head.control.vouchers])
    _row(sheet, ["lines", None, head.control.lines])
    for axis in ("by_payer", "by_street", "by_budget_item"):
        for name, amount in getattr(head.control, axis).items():
            _row(sheet, [axis, name, Decimal(amount)])
    _row(sheet, [TOTAL, None, Decimal(head.control.total)], font=_BOLD)


def _summed(sheet: Any, columns: Sequence[str], rows: Iterable[Any], by: str) -> None:
    """Rows with a subtotal after each group and the total at the end, in the column `amount`."""
    total = Decimal(0)
    for name, group in groupby(rows, key=lambda row: getattr(row, by)):
        subtotal = Decimal(0)
        for row in group:
            _row(sheet, [_typed(column, getattr(row, column)) for column in columns])
            subtotal += Decimal(row.amount)
        _row(sheet, _sum_row(columns, SUBTOTAL, subtotal) | {by: str(name)}, columns=columns, font=_BOLD)
        total += subtotal
    _row(sheet, _sum_row(columns, TOTAL, total), columns=columns, font=_BOLD)


def _sum_row(columns: Sequence[str], label: str, amount: Decimal) -> dict[str, Any]:
    return {columns[0]: label, "amount": amount}


def _typed(column: str, value: Any) -> Any:
    return Decimal(value) if column in ("due", "paid_before", "amount") else value


def _sheet(book: Workbook, title: str, columns: Sequence[str]) -> Any:
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for number, column in enumerate(columns):
        sheet.column_dimensions[_letter(number)].width = _WIDTHS.get(column, _WIDTH)
    _row(sheet, list(columns), font=_BOLD)
    return sheet


def _letter(number: int) -> str:
    return chr(ord("A") + number)


def _row(
    sheet: Any,
    values: Sequence[Any] | dict[str, Any],
    *,
    columns: Sequence[str] = (),
    font: Font | None = None,
) -> None:
    if isinstance(values, dict):
        values = [values.get(column) for column in columns]
    sheet.append([_cell(sheet, value, font) for value in values])


def _cell(sheet: Any, value: Any, font: Font | None) -> Any:
    """A number with its format; a text as text, also one that begins with `=`."""
    cell = WriteOnlyCell(sheet, value=value)
    if isinstance(value, str):
        cell.data_type = "s"
        cell.quotePrefix = value.startswith(("=", "+", "-", "@"))
    elif isinstance(value, Decimal):
        cell.number_format = _YUAN
    if font is not None:
        cell.font = font
    return cell


def _bytes(book: Workbook) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()
