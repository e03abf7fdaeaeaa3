"""Rows as CSV for a spreadsheet: UTF-8 with a byte-order mark, and no cell that could run as a formula."""

import csv
import io
from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Struct

AMOUNTS = frozenset({"due", "paid_before", "amount"})
_BYTE_ORDER_MARK = "\ufeff"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_ROWS_PER_CHUNK = 500


def csv_of(rows: Iterable[Struct], shape: type[Struct]) -> Iterator[bytes]:
    """The file in chunks of some hundred rows, a column for each field of the shape."""
    columns = shape.__struct_fields__
    amounts = [name in AMOUNTS for name in columns]
    buffer = io.StringIO(_BYTE_ORDER_MARK, newline="")
    buffer.seek(0, io.SEEK_END)
    writer = csv.writer(buffer)
    writer.writerow(columns)
    for number, row in enumerate(rows, 1):
        writer.writerow(map(_cell, msgspec.structs.astuple(row), amounts))
        if number % _ROWS_PER_CHUNK == 0:
            yield _taken(buffer)
    yield _taken(buffer)


def _cell(value: object, amount: bool) -> object:
    """A text that begins like a formula gets an apostrophe before it; an amount is a number, also a negative one."""
    return f"'{value}" if isinstance(value, str) and not amount and value.startswith(_FORMULA) else value


def _taken(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()
