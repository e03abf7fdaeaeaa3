"""A file of people: checked whole, hired once, and what was hired before is said to be so."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from tests.ledger.given import identity_number, number_ending_in_x
from tests.workforce.conftest import Run, Served, one_object

from shared.refusal import Refused
from workforce.import_people import hire, plan
from workforce.people_file import REQUIRED, read_rows

pytestmark = pytest.mark.story


def row(sequence: int, community_id: str = "xinhua", *, day: str = "2020-10-01", **fields: str) -> dict[str, str]:
    given = [community_id, "exam", "dedicated", "college", day, "赤人社发〔2020〕9号", "2020-09-20", "张三"]
    return dict(zip(REQUIRED, [*given, identity_number(sequence=sequence)], strict=True)) | fields


def write(path: Path, *rows: dict[str, str]) -> Path:
    text = io.StringIO(newline="")
    sheet = csv.DictWriter(text, REQUIRED)
    sheet.writeheader()
    sheet.writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    return path


def imported(run: Run, served: Served, file: Path, *options: str) -> tuple[int, list[dict[str, Any]]]:
    """The exit code and what became of each row."""
    result = run("import", str(file), "--token", served.token(), "--url", served.url, "--json", *options)
    return result.exit_code, one_object(result)["rows"]


def allot(served: Served, seats: int, day: str) -> None:
    """So many dedicated seats for Xinhua from the day on."""
    quota = {"community_id": "xinhua", "category": "dedicated", "seats": seats, "effective_date": day}
    paper = {"document": "赤政发〔2020〕12号", "date": "2020-09-18"}
    served.client.command("/ledger/v1/community-quotas", {**quota, "basis": paper}, subject="community/xinhua")


def outcomes(rows: list[dict[str, Any]]) -> list[tuple[int, str, str]]:
    return [(one["row"], one["outcome"], one["code"]) for one in rows]


def test_a_number_that_stands_twice_is_refused_in_the_later_row_before_anybody_is_hired(
    run: Run, served: Served, tmp_path: Path
) -> None:
    file = write(tmp_path / "people.csv", row(1), row(2), row(1, "jinqiao"))
    head = served.head()
    code, rows = imported(run, served, file)
    assert code == 1
    assert outcomes(rows) == [(2, "planned", ""), (3, "planned", ""), (4, "refused", "identity-number-used")]
    assert (rows[2]["column"], rows[2]["detail"]) == (
        "identity_number",
        "row 2 of the file has the same identity number",
    )
    assert identity_number(sequence=1) not in str(rows)
    assert served.head() == head


def test_a_small_x_is_the_same_number(served: Served, tmp_path: Path) -> None:
    number = number_ending_in_x()
    people = [row(1, identity_number=number), row(2, identity_number=number.lower())]
    verdicts = list(plan(served.client, read_rows(write(tmp_path / "people.csv", *people))))
    assert [verdict.code for verdict in verdicts] == ["", "identity-number-used"]


def test_rows_beyond_the_seats_are_refused_before_anybody_is_hired(run: Run, served: Served, tmp_path: Path) -> None:
    """Two dedicated seats in each community."""
    file = write(tmp_path / "people.csv", row(1), row(2), row(3), row(4, "jinqiao"))
    head = served.head()
    code, rows = imported(run, served, file)
    assert code == 1
    assert [one["outcome"] for one in rows] == ["planned", "planned", "refused", "planned"]
    assert (rows[2]["code"], rows[2]["column"]) == ("quota-full", "community_id")
    assert "2 of 2 dedicated seats of xinhua are vacant on 2020-10-01" in rows[2]["detail"]
    assert served.head() == head


@pytest.mark.parametrize(
    ("quotas", "days", "expected"),
    [
        ([("2020-11-01", 1)], ["2020-10-01", "2020-10-05"], ["planned", "refused"]),
        ([("2020-11-01", 3)], ["2020-11-02", "2020-11-03", "2020-11-04"], ["planned"] * 3),
        ([("2020-11-01", 3)], ["2020-10-01", "2020-10-02", "2020-11-01", "2020-10-31"], ["planned"] * 3 + ["refused"]),
        ([("2020-11-01", 3)], ["2020-11-01", "2020-10-02", "2020-10-01", "2020-10-01"], ["planned"] * 3 + ["refused"]),
        ([], ["2020-11-01", "2020-12-01", "2020-10-01"], ["planned", "planned", "refused"]),
    ],
)
def test_the_check_of_seats_says_what_the_ledger_will_say(
    served: Served, tmp_path: Path, quotas: list[tuple[str, int]], days: list[str], expected: list[str]
) -> None:
    """On every day from the row's own on, whatever order the rows stand in."""
    for day, seats in quotas:
        allot(served, seats, day)
    rows = read_rows(write(tmp_path / "people.csv", *(row(one, day=day) for one, day in enumerate(days, 1))))
    planned = [verdict.outcome for verdict in plan(served.client, rows)]
    hired = [verdict.outcome.replace("hired", "planned") for verdict in hire(served.client, rows, go_on=True)]
    assert planned == hired == expected


def test_the_same_file_sent_again_says_who_was_hired_and_hires_nobody(run: Run, served: Served, tmp_path: Path) -> None:
    """Also dry, and when the community is full by now."""
    file = write(tmp_path / "people.csv", row(1), row(2))
    first = imported(run, served, file)
    head = served.head()
    assert first[0] == 0
    assert all(one["outcome"] == "hired" and one["worker_id"] for one in first[1])
    assert imported(run, served, file) == first
    assert imported(run, served, file, "--dry-run") == first
    assert served.head() == head


def test_a_dry_run_hires_nobody_whose_number_is_used(run: Run, served: Served, tmp_path: Path) -> None:
    imported(run, served, write(tmp_path / "people.csv", row(1)))
    head = served.head()
    other = write(tmp_path / "other.csv", row(1), row(2))
    code, rows = imported(run, served, other, "--dry-run")
    assert (code, outcomes(rows)) == (1, [(2, "refused", "identity-number-used"), (3, "planned", "")])
    assert served.head() == head


def test_a_file_that_another_clerk_came_before_stops_there_and_goes_on_when_sent_again(
    served: Served, tmp_path: Path
) -> None:
    rows = read_rows(write(tmp_path / "people.csv", row(1), row(2), row(3, "jinqiao")))
    assert [verdict.outcome for verdict in plan(served.client, rows)] == ["planned"] * 3
    other = read_rows(write(tmp_path / "other.csv", row(9)))
    assert [verdict.outcome for verdict in hire(served.client, other, go_on=False)] == ["hired"]
    done = list(hire(served.client, rows, go_on=False))
    assert [verdict.outcome for verdict in done] == ["hired", "refused", "planned"]
    assert served.seats("xinhua", "2020-10-01") == (2, 2)
    allot(served, 3, "2020-10-01")
    again = list(plan(served.client, rows))
    assert [verdict.outcome for verdict in again] == ["hired", "planned", "planned"]
    assert again[0] == done[0]
    assert [verdict.outcome for verdict in hire(served.client, rows, go_on=False)] == ["hired"] * 3


def test_with_continue_the_good_rows_are_hired_beside_refused_ones(run: Run, served: Served, tmp_path: Path) -> None:
    file = write(tmp_path / "people.csv", row(1, channel="nowhere"), row(2), row(2), row(3), row(4))
    code, rows = imported(run, served, file, "--continue")
    assert code == 1
    assert [one["outcome"] for one in rows] == ["refused", "hired", "refused", "hired", "refused"]
    assert [one["code"] for one in rows][1:] == ["", "identity-number-used", "", "quota-full"]
    assert outcomes(imported(run, served, file, "--continue")[1]) == outcomes(rows)


def test_rows_are_counted_as_a_spreadsheet_does(tmp_path: Path) -> None:
    """A cell of two lines is one row, and an empty row counts."""
    file = write(tmp_path / "people.csv", row(1, document="赤人社发\n〔2020〕9号"), row(2))
    assert [one.number for one in read_rows(file)] == [2, 3]
    file.write_bytes(file.read_bytes().replace(b"\r\nxinhua", b"\r\n\r\nxinhua"))
    assert [one.number for one in read_rows(file)] == [3, 5]
    broken = write(tmp_path / "broken.csv", row(1, document="赤人社发\n〔2020〕9号"), row(2, name=""))
    with pytest.raises(Refused, match="row 3, column name"):
        read_rows(broken)


def test_a_byte_that_is_not_utf_8_is_placed_in_the_row_a_spreadsheet_would_name(tmp_path: Path) -> None:
    file = write(tmp_path / "people.csv", row(1, document="赤人社发\n〔2020〕9号"), row(2))
    file.write_bytes(file.read_bytes().rstrip() + b"\r\n\xff,")
    with pytest.raises(Refused, match=r"row 4: byte \d+ is not UTF-8"):
        read_rows(file)
