"""A sheet is read row by row; what cannot be read is said with its row and column, and hides no other row."""

import io
import tracemalloc
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

import pytest
from openpyxl import Workbook
from tests.ledger.given import refused

from ledger import sheets, workbooks
from ledger.sheets import BrokenRow, Row, read_sheet

NEEDED, MORE = ("name", "identity_number"), ("phone", "effective_date")


def read(content: bytes) -> list[Row | BrokenRow]:
    return list(read_sheet(io.BytesIO(content), NEEDED, MORE))


def csv(*lines: str, encoding: str = "utf-8") -> bytes:
    return "\n".join(lines).encode(encoding)


def xlsx(*rows: Sequence[Any]) -> bytes:
    workbook = Workbook()
    for row in rows:
        workbook.active.append(list(row))
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()


def broken(content: bytes) -> list[tuple[int, str]]:
    """(row, column) of each row that cannot be read."""
    return [(row.number, row.column) for row in read(content) if isinstance(row, BrokenRow)]


def readable(content: bytes) -> list[int]:
    return [row.number for row in read(content) if isinstance(row, Row)]


def test_rows_are_numbered_as_a_spreadsheet_counts() -> None:
    """F60: the heading is row 1, and an empty row has its number."""
    lines = ("identity_number,name,phone", "1,王芳,", ",,", "", '2," 李娜 ",139')
    expected = [
        Row(2, {"identity_number": "1", "name": "王芳"}),
        Row(5, {"identity_number": "2", "name": "李娜", "phone": "139"}),
    ]
    assert read(csv(*lines)) == expected
    assert read(csv(*lines, encoding="utf-8-sig")) == expected
    assert read(csv(*lines).replace(b"\n", b"\r\n")) == expected


def test_a_workbook_says_the_same_as_the_csv() -> None:
    """F62: days, whole numbers and yes or no as they would be typed; columns left empty at the end are empty."""
    heading = ["name", "identity_number", "phone", "effective_date"]
    rows = ["王芳", "1", 13900000000, date(2020, 10, 1)], ["李娜", "2"], [], [True, 3.0, None, datetime(2020, 10, 2)]
    assert read(xlsx(heading, *rows)) == [
        Row(2, {"name": "王芳", "identity_number": "1", "phone": "13900000000", "effective_date": "2020-10-01"}),
        Row(3, {"name": "李娜", "identity_number": "2"}),
        Row(5, {"name": "yes", "identity_number": "3", "effective_date": "2020-10-02"}),
    ]


@pytest.mark.parametrize(
    ("lines", "pointer"),
    [
        ((), "/1"),
        (("",), "/1"),
        (("name,phone", "a,b"), "/1/identity_number"),
        (("name,identity_number,王芳", "a,b,c"), "/1"),
        (("name,identity_number,name", "a,b,c"), "/1"),
        (('name,"identity_number', "a,b"), "/1"),
    ],
)
def test_a_heading_that_is_not_ours_refuses_the_file(lines: Sequence[str], pointer: str) -> None:
    """F58: before any row; and whatever stands there, it may be a name, is not repeated."""
    with refused("broken-row", pointer) as caught:
        read(csv(*lines))
    assert "王芳" not in str(caught.value)


@pytest.mark.parametrize("content", [b"\xd0\xcf\x11\xe0 old", b"PK\x03\x04 not a workbook at all"])
def test_what_is_no_sheet_is_refused_with_a_way_out(content: bytes) -> None:
    """F58: an old or an encrypted workbook, and a torn one."""
    with refused("broken-row", "/1"):
        read(content)


def test_a_row_that_cannot_be_read_hides_no_other() -> None:
    """F60: too few cells, too many, a byte that is not UTF-8, a cell without end; the rows beside them are read."""
    lines = ("name,identity_number", "a,1", "b", "c,3,4", "d,4,", "赵?,5", f"{'e' * 1001},6", "f,7")
    content = csv(*lines).replace(b"?", b"\xff")
    assert broken(content) == [(3, ""), (4, ""), (6, "name"), (7, "name")]
    assert readable(content) == [2, 5, 8]


def test_a_cell_of_a_workbook_that_does_not_say_what_was_meant_is_broken() -> None:
    """F60: an identity number kept as a number has lost digits; a formula in error; a time."""
    rows = ["a", 421281199001010016], ["#N/A", "2"], ["c", "3", time(8, 0)], ["d", "4"], ["e", "5", "", "", "f"]
    content = xlsx(["name", "identity_number", "phone", "effective_date"], *rows)
    assert broken(content) == [(2, "identity_number"), (3, "name"), (4, "phone"), (6, "")]
    assert readable(content) == [5]


def test_a_formula_that_was_never_worked_out_is_not_called_empty() -> None:
    """F60: a program that writes workbooks keeps no value beside its formula; other cells are read as they are."""
    content = xlsx(["name", "identity_number", "phone"], ["a", "1", "=1+1"], ["b", "2", "3"], ["=A2", "4"])
    (first, second) = [row for row in read(content) if isinstance(row, BrokenRow)]
    assert (first.number, first.column, second.number, second.column) == (2, "phone", 4, "name")
    assert "formula" in first.detail
    assert readable(content) == [3]


def test_a_file_that_breaks_off_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    """F60: the rows before it are read, and nothing behind it is guessed at."""
    assert broken(csv("name,identity_number", "a,1", '"b,2', "c,3")) == [(3, "")]
    assert broken(csv("name,identity_number", "a,1", "b" * sheets.LONGEST_LINE, "c,3")) == [(3, "")]
    monkeypatch.setattr(sheets, "MOST_ROWS", 3)
    content = csv("name,identity_number", "a,1", "b,2", "c,3", "d,4")
    assert (readable(content), broken(content)) == ([2, 3], [(4, "")])


def test_a_workbook_that_is_torn_in_its_middle_says_where() -> None:
    """F60: the rows before the tear stand."""
    whole = io.BytesIO(xlsx(["name", "identity_number"], *([f"n{n}", str(n)] for n in range(2000))))
    torn = io.BytesIO()
    with zipfile.ZipFile(whole) as before, zipfile.ZipFile(torn, "w") as after:
        for part in before.infolist():
            content = before.read(part)
            after.writestr(part, content[: len(content) // 2] if "worksheets" in part.filename else content)
    rows = read(torn.getvalue())
    assert len(rows) > 100
    assert [isinstance(row, BrokenRow) for row in rows] == [False] * (len(rows) - 1) + [True]


def test_a_workbook_that_unpacks_to_too_much_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    """F62: what a small file would unfold to is looked up before it is."""
    content = xlsx(["name", "identity_number"], ["a", "1"])
    for bound in ("MOST_UNPACKED", "MOST_BESIDE"):
        with monkeypatch.context() as lower:
            lower.setattr(workbooks, bound, 1000)
            with refused("broken-row", "/1"):
                read(content)


@pytest.mark.campaign
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_long_sheet_is_never_held_whole(kind: str) -> None:
    """F62: 20,000 rows of a megabyte and more are read within a fraction of what they take together."""
    rows = [[f"王芳{n}{'芳' * 50}", f"{n:018d}"] for n in range(20_000)]
    made = csv("name,identity_number", *(",".join(row) for row in rows)) if kind == "csv" else None
    file = io.BytesIO(made or xlsx(["name", "identity_number"], *rows))
    del rows
    tracemalloc.start()
    try:
        count = sum(1 for _ in read_sheet(file, NEEDED, MORE))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 20_000
    assert peak < (2 if kind == "csv" else 14) * 1024 * 1024
