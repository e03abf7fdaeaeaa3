"""A batch or a payment list as an XLSX workbook: which sheets it has, and what adds up on them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any

import msgspec
from msgspec import Struct

from payroll.batch import AMOUNTS, BatchLine, Head
from payroll.spreadsheet import Cell, Row, Sheet, workbook

MEDIA = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SUBTOTAL, TOTAL = "小计", "合计"
_AMOUNTS = AMOUNTS | {"earned", "recovered"}
_ENTRIES = ("voucher_id", "payer", "entry", "account", "street_id", "debit", "credit")


def batch_workbook(head: Head, lines: Iterable[BatchLine]) -> bytes:
    """Sheets `control`, `vouchers` and `lines`; the lines stand by payer, each payer and the whole with its sum."""
    return workbook(
        [
            Sheet("control", ("what", "which", "value"), _control(head)),
            Sheet("vouchers", _ENTRIES, _vouchers(head)),
            Sheet("lines", BatchLine.__struct_fields__, _lines(head, lines)),
        ]
    )


def list_workbook(title: str, rows: Iterable[Struct], shape: type[Struct]) -> bytes:
    """One sheet of rows, with the sum of their amounts."""
    columns = shape.__struct_fields__
    return workbook([Sheet(title, columns, _with_sum(rows, columns, TOTAL))])


def _control(head: Head) -> Iterator[Row]:
    for name in ("schema", "run_id", "engine", "at_position", "closed_position", "digest"):
        yield Row([name, None, getattr(head, name)])
    yield Row(["vouchers", None, head.control.vouchers])
    yield Row(["lines", None, head.control.lines])
    for axis in ("by_payer", "by_street", "by_budget_item"):
        for name, amount in getattr(head.control, axis).items():
            yield Row([axis, name, Decimal(amount)])
    yield Row([TOTAL, None, Decimal(head.control.total)], bold=True)


def _vouchers(head: Head) -> Iterator[Row]:
    for voucher in head.vouchers:
        for entry in voucher.entries:
            cells = (voucher.voucher_id, voucher.payer, entry.entry, entry.account, entry.street_id)
            yield Row([*cells, Decimal(entry.debit), Decimal(entry.credit)])
        sides = [Decimal(voucher.debit), Decimal(voucher.credit)]
        yield Row([SUBTOTAL, voucher.payer, None, None, None, *sides], bold=True)


def _lines(head: Head, lines: Iterable[BatchLine]) -> Iterator[Row]:
    columns = BatchLine.__struct_fields__
    by_payer = groupby(sorted(lines, key=lambda line: (line.payer, line.number)), lambda line: line.payer)
    for payer, group in by_payer:
        yield from _with_sum(group, columns, SUBTOTAL, payer=payer)
    yield _sum_row(columns, TOTAL, Decimal(head.control.total))


def _with_sum(rows: Iterable[Struct], columns: Sequence[str], label: str, **more: str) -> Iterator[Row]:
    """The rows, and below them the sum of their column `amount`."""
    amounts, amount = [columns.index(name) for name in columns if name in _AMOUNTS], columns.index("amount")
    total = Decimal(0)
    for row in rows:
        cells: list[Any] = list(msgspec.structs.astuple(row))
        for at in amounts:
            cells[at] = Decimal(cells[at])
        total += cells[amount]
        yield Row(cells)
    yield _sum_row(columns, label, total, **more)


def _sum_row(columns: Sequence[str], label: str, amount: Decimal, **more: str) -> Row:
    said: dict[str, Cell] = {columns[0]: label, "amount": amount, **more}
    return Row([said.get(column) for column in columns], bold=True)
