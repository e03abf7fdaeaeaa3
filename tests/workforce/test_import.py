"""The command line sends a sheet and prints the ledger's verdicts; what they are is tried in the ledger's room."""

from pathlib import Path
from typing import Any

import pytest
from tests.ledger.given import identity_number
from tests.ledger.importing import sheet, workbook
from tests.workforce.conftest import Run, Served, one_object
from tests.workforce.test_command_line import refusal

pytestmark = pytest.mark.story

COLUMNS = (
    *("community_id", "channel", "post", "education", "effective_date"),
    *("document", "document_date", "name", "identity_number"),
)


def row(sequence: int, community_id: str = "xinhua", **cells: str) -> dict[str, str]:
    given = [community_id, "exam", "dedicated", "college", "2020-10-01", "赤人社发〔2020〕9号", "2020-09-20", "张三"]
    return dict(zip(COLUMNS, [*given, identity_number(sequence=sequence)], strict=True)) | cells


def write(path: Path, *rows: dict[str, str]) -> Path:
    path.write_bytes(workbook(rows) if path.suffix == ".xlsx" else sheet(rows))
    return path


def imported(run: Run, served: Served, file: Path, *options: str) -> tuple[int, list[dict[str, Any]], dict[str, Any]]:
    """The exit code, what became of each row, and the summary."""
    result = run("import", str(file), "--token", served.token(), "--url", served.url, "--json", *options)
    found = one_object(result)
    return result.exit_code, found["rows"], found["summary"]


def outcomes(rows: list[dict[str, Any]]) -> list[tuple[int, str, str]]:
    return [(one["row"], one["outcome"], one.get("code", "")) for one in rows]


@pytest.mark.parametrize("name", ["people.csv", "people.xlsx"])
def test_a_sheet_of_people_is_hired_once_however_often_it_is_sent(
    run: Run, served: Served, tmp_path: Path, name: str
) -> None:
    file = write(tmp_path / name, row(1), row(2))
    code, rows, summary = imported(run, served, file)
    assert (code, outcomes(rows)) == (0, [(2, "accepted", ""), (3, "accepted", "")])
    assert summary["accepted"] == 2
    head = served.head()
    code, again, _ = imported(run, served, file)
    assert (code, outcomes(again)) == (0, [(2, "already-there", ""), (3, "already-there", "")])
    assert [one["worker_id"] for one in again] == [one["worker_id"] for one in rows]
    assert served.head() == head


def test_one_refused_row_keeps_all_out_and_with_continue_only_itself(run: Run, served: Served, tmp_path: Path) -> None:
    file = write(tmp_path / "people.csv", row(1), row(2, channel="nowhere"), row(1, "jinqiao"), row(3, "jinqiao"))
    head = served.head()
    code, rows, _ = imported(run, served, file)
    assert (code, [one["outcome"] for one in rows]) == (1, ["held-back", "refused", "refused", "held-back"])
    assert served.head() == head
    code, rows, summary = imported(run, served, file, "--continue")
    assert (code, [one["outcome"] for one in rows]) == (1, ["accepted", "refused", "refused", "accepted"])
    assert (summary["accepted"], summary["refused"]) == (2, 2)


def test_a_dry_run_says_the_verdicts_and_writes_nothing(run: Run, served: Served, tmp_path: Path) -> None:
    file = write(tmp_path / "people.csv", row(1), row(2), row(3))
    head = served.head()
    code, rows, summary = imported(run, served, file, "--dry-run", "--continue")
    assert (code, outcomes(rows)) == (1, [(2, "accepted", ""), (3, "accepted", ""), (4, "refused", "quota-full")])
    assert summary["planned"]
    assert served.head() == head


def test_a_sheet_of_courses_is_of_another_kind(run: Run, served: Served, tmp_path: Path) -> None:
    _, rows, _ = imported(run, served, write(tmp_path / "people.csv", row(1)))
    paper = {name: row(1)[name] for name in ("effective_date", "document", "document_date")}
    course = {"worker_id": rows[0]["worker_id"], "course": "初任培训", "hours": "40", **paper}
    code, rows, _ = imported(run, served, write(tmp_path / "courses.csv", course), "--kind", "training")
    assert (code, outcomes(rows)) == (0, [(2, "accepted", "")])


def test_the_table_names_row_column_and_way_out(run: Run, served: Served, tmp_path: Path) -> None:
    file = write(tmp_path / "people.csv", row(1, channel="nowhere"))
    shown = run("import", str(file), "--token", served.token(), "--url", served.url)
    assert shown.exit_code == 1
    assert all(text in shown.stdout for text in ("refused", "channel", "rows 1 accepted 0"))


def test_what_is_no_sheet_is_refused_before_it_is_sent_or_by_its_heading(
    run: Run, served: Served, tmp_path: Path
) -> None:
    given = ("--token", served.token(), "--url", served.url)
    (tmp_path / "people.pdf").write_bytes(b"%PDF")
    assert "neither CSV nor XLSX" in refusal(run, "import", str(tmp_path / "people.pdf"), *given)
    (tmp_path / "people.csv").write_text("name,shoe\n", encoding="utf-8")
    assert "column community_id is missing" in refusal(run, "import", str(tmp_path / "people.csv"), *given)
