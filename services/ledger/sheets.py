"""A sheet as it comes in, CSV or XLSX, read row by row under its heading, with a word for each row that cannot be."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, TextIO

from ledger.workbooks import BrokenCell, BrokenWorkbook, Cells, open_workbook
from shared.refusal import Refused

MOST_ROWS = 200_000
"""Rows of one sheet, with the heading and those that are empty."""
LONGEST_LINE, LONGEST_CELL = 64 * 1024, 1000
_WORKBOOK, _OLD_WORKBOOK = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True)
class Row:
    """Column → text of its cell, trimmed, without empty ones; `number` as a spreadsheet counts, the heading being 1."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True)
class BrokenRow:
    """A row that cannot be read: what is wrong, in which column where that can be said, and what to do."""

    number: int
    column: str
    detail: str
    remedy: str


def read_sheet(file: BinaryIO, required: Sequence[str], optional: Sequence[str]) -> Iterator[Row | BrokenRow]:
    """The rows of a CSV in UTF-8, or of the first sheet of a workbook; those without any text are left out.

    Where the file itself breaks off, the last word is a BrokenRow. Raises Refused `broken-row` for a file or a heading
    that says nothing about any row.
    """
    beginning = file.read(4)
    file.seek(0)
    if beginning == _OLD_WORKBOOK:
        raise _unfit(
            "", "it is an old or an encrypted workbook", "save it as XLSX without a password, or as CSV in UTF-8"
        )
    numbered = _numbered(open_workbook(file) if beginning == _WORKBOOK else _csv(file))
    first = next(numbered, (1, []))
    heading = _heading(first, required, optional)
    return _under(heading, numbered)


def _numbered(rows: Iterator[Cells]) -> Iterator[tuple[int, Cells | BrokenRow]]:
    """Each row with its number, to the end or to where the file breaks."""
    number = 0
    try:
        for number, cells in enumerate(rows, 1):
            if number > MOST_ROWS:
                yield number, BrokenRow(number, "", f"the sheet goes on after {MOST_ROWS} rows", "send it in parts")
                return
            yield number, cells
    except csv.Error as error:
        yield number + 1, BrokenRow(number + 1, "", f"the file breaks here: {error}", "close every quotation mark")
    except BrokenWorkbook:
        yield number + 1, BrokenRow(number + 1, "", "the workbook cannot be read from here on", "save it again as XLSX")


def _heading(first: tuple[int, Cells | BrokenRow], required: Sequence[str], optional: Sequence[str]) -> list[str]:
    _, cells = first
    if isinstance(cells, BrokenRow):
        raise _unfit("", cells.detail, cells.remedy)
    wanted = f"columns: {', '.join(required)}; and if you like: {', '.join(optional)}"
    heading = [cell.strip() if isinstance(cell, str) else "" for cell in cells]
    while heading and not heading[-1]:
        heading.pop()
    if not heading:
        raise _unfit("", "the sheet is empty", wanted)
    if any(_is_torn(name) for name in heading):
        raise _unfit("", "the heading is not UTF-8", "save the file as CSV in UTF-8, or as XLSX")
    missing = next((name for name in required if name not in heading), None)
    if missing is not None:
        raise _unfit(missing, f"the column {missing} is missing", wanted)
    # A heading that is not ours may be somebody's name: it is not repeated.
    strange = next((at for at, name in enumerate(heading, 1) if name not in (*required, *optional)), None)
    if strange is not None:
        raise _unfit("", f"column {strange} has a heading that is not known here", wanted)
    if len(set(heading)) < len(heading):
        raise _unfit("", "two columns have the same heading", wanted)
    return heading


def _under(heading: list[str], numbered: Iterable[tuple[int, Cells | BrokenRow]]) -> Iterator[Row | BrokenRow]:
    for number, cells in numbered:
        if isinstance(cells, BrokenRow):
            yield cells
        elif any(not isinstance(cell, str) or cell.strip() for cell in cells):
            yield _row(number, heading, cells)


def _row(number: int, heading: list[str], cells: Cells) -> Row | BrokenRow:
    beyond = cells[len(heading) :]
    if len(cells) < len(heading) or any(not isinstance(cell, str) or cell.strip() for cell in beyond):
        detail = f"{len(cells)} cells under {len(heading)} columns"
        return BrokenRow(number, "", detail, "give every column one cell")
    texts: dict[str, str] = {}
    for name, cell in zip(heading, cells, strict=False):
        if isinstance(cell, BrokenCell):
            return BrokenRow(number, name, cell.detail, cell.remedy)
        text = cell.strip()
        if len(text) > LONGEST_CELL:
            return BrokenRow(number, name, f"the cell has more than {LONGEST_CELL} characters", "shorten it")
        if _is_torn(text):
            return BrokenRow(number, name, "the cell is not UTF-8", "save the file as CSV in UTF-8")
        if text:
            texts[name] = text
    return Row(number, texts)


def _is_torn(text: str) -> bool:
    """Whether a byte of it was not UTF-8."""
    return not text.isprintable() and any("\udc80" <= letter <= "\udcff" for letter in text)


def _csv(file: BinaryIO) -> Iterator[Cells]:
    # A byte that is not UTF-8 is kept as it is, so that only its row is refused.
    text = io.TextIOWrapper(file, "utf-8-sig", errors="surrogateescape", newline="")
    try:
        yield from csv.reader(_lines(text), strict=True)
    finally:
        if not file.closed:
            text.detach()


def _lines(text: TextIO) -> Iterator[str]:
    while line := text.readline(LONGEST_LINE):
        if len(line) == LONGEST_LINE:
            raise csv.Error(f"a line has {LONGEST_LINE} characters or more")
        yield line


def _unfit(column: str, detail: str, remedy: str) -> Refused:
    return Refused("broken-row", f"row 1: {detail}", pointer=f"/1/{column}".rstrip("/"), remedy=remedy)
