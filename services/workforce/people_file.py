"""A CSV of people, read whole into one command a row."""

import csv
import io
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from shared.refusal import Refused

REQUIRED = (
    "community_id",
    "channel",
    "post",
    "education",
    "effective_date",
    "document",
    "document_date",
    "name",
    "identity_number",
)
OPTIONAL = ("grid_id", "counted_years", "grade", "paid_outside", "phone", "bank_account", "clause")
_WHOLE_NUMBERS = ("counted_years", "grade")
_YES, _NO = ("yes", "true", "1"), ("no", "false", "0", "")


@dataclass(frozen=True)
class Row:
    """One person of the file; `number` counts as a spreadsheet does, the heading being row 1."""

    number: int
    command: dict[str, Any]
    key: str


def read_rows(path: Path) -> list[Row]:
    """Every row as a command. Raises Refused `broken-row` naming row and column; then nothing was sent."""
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = csv.reader(io.StringIO(content[: error.start].decode("utf-8-sig") + "?", newline=""))
        row = sum(1 for _ in before)
        raise _broken(row, "", f"byte {error.start} is not UTF-8", "save the file as CSV in UTF-8") from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    file_key = sha256(content).hexdigest()[:16]
    rows: list[Row] = []
    heading: list[str] | None = None
    number = 0
    try:
        for number, cells in enumerate(reader, 1):
            if heading is None:
                heading = _heading(cells)
            elif any(cell.strip() for cell in cells):
                rows.append(_row(number, heading, cells, f"{file_key}-{number}"))
    except csv.Error as error:
        raise _broken(number + 1, "", str(error), "close every quotation mark") from None
    if heading is None:
        raise _broken(1, "", "the file is empty", f"begin with a heading: {', '.join(REQUIRED)}")
    return rows


def _heading(cells: list[str]) -> list[str]:
    heading = [cell.strip() for cell in cells]
    missing = [name for name in REQUIRED if name not in heading]
    unknown = [name for name in heading if name not in (*REQUIRED, *OPTIONAL)]
    if missing:
        raise _broken(1, missing[0], f"the column {missing[0]} is missing", f"columns: {', '.join(REQUIRED)}")
    if unknown or len(set(heading)) != len(heading):
        extra = unknown[0] if unknown else "twice the same name"
        raise _broken(1, extra, f"the heading has {extra!r}", f"columns: {', '.join((*REQUIRED, *OPTIONAL))}")
    return heading


def _row(number: int, heading: list[str], cells: list[str], key: str) -> Row:
    if len(cells) != len(heading):
        raise _broken(number, "", f"{len(cells)} cells under {len(heading)} columns", "give every column one cell")
    given = {name: cell.strip() for name, cell in zip(heading, cells, strict=True)}
    empty = next((name for name in REQUIRED if not given[name]), None)
    if empty is not None:
        raise _broken(number, empty, f"{empty} is empty", "fill it in")
    numbers = {name: _whole_number(number, name, given[name]) for name in _WHOLE_NUMBERS if given.get(name)}
    person = {name: given.get(name, "") for name in ("name", "identity_number", "phone", "bank_account")}
    command: dict[str, Any] = {
        **{name: given[name] for name in ("community_id", "channel", "post", "education", "effective_date")},
        "grid_id": given.get("grid_id") or None,
        "paid_outside": _yes_or_no(number, given.get("paid_outside", "")),
        "basis": {"document": given["document"], "date": given["document_date"], "clause": given.get("clause", "")},
        "person": person,
        **numbers,
    }
    return Row(number, command, key)


def _whole_number(row: int, column: str, text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise _broken(row, column, f"{column} is not a whole number", "write digits only")
    return int(text)


def _yes_or_no(row: int, text: str) -> bool:
    if text.lower() not in (*_YES, *_NO):
        raise _broken(row, "paid_outside", "paid_outside is yes or no", "write yes or no")
    return text.lower() in _YES


def _broken(row: int, column: str, detail: str, remedy: str) -> Refused:
    where = f"row {row}" + (f", column {column}" if column else "")
    return Refused("broken-row", f"{where}: {detail}", pointer=f"/{row}/{column}".rstrip("/"), remedy=remedy)
