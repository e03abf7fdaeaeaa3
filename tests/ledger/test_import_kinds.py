"""Assignments, appraisals step by step, training and certificates come in as sheets, too, each by one command."""

from typing import Any

import pytest
from tests.ledger.given import Town
from tests.ledger.importing import PAPER, Line, imported, make_room, planned_and_imported, sheet

from ledger.sheet_kinds import KINDS

DAY = {**PAPER, "effective_date": "2020-12-01"}
GOOD: dict[str, Line] = {
    "assignments": {"community_id": "jinqiao", "grid_id": "jinqiao-g1"},
    "appraisal-proposals": {"year": "2020", "rating": "competent"},
    "appraisal-publications": {"year": "2020"},
    "appraisals": {"year": "2020", "rating": "competent"},
    "training": {"course": "岗前培训", "hours": "40", "initial": "yes"},
    "certificates": {"certificate": "assistant", "certificate_number": "SW-2020-{n}"},
}
BAD: dict[str, list[tuple[Line, str, str]]] = {
    "assignments": [
        ({"community_id": "nowhere"}, "community_id", "unknown-place"),
        ({"grid_id": "xinhua-g1"}, "grid_id", "unknown-place"),
        ({"community_id": "xinhua", "grid_id": ""}, "community_id", "already-there"),
    ],
    "appraisal-proposals": [
        ({"year": "2021"}, "year", "future-year"),
        ({"rating": ""}, "rating", "broken-row"),
        ({"effective_date": "2019-01-01"}, "effective_date", "not-in-service"),
    ],
    "appraisal-publications": [
        ({"year": "2021"}, "year", "appraisal-stage"),
        ({"year": ""}, "year", "broken-row"),
        ({"effective_date": "2019-01-01"}, "effective_date", "not-in-service"),
    ],
    "appraisals": [
        ({"year": "2021"}, "year", "future-year"),
        ({"rating": "好"}, "rating", "broken-row"),
        ({"year": "twenty"}, "year", "broken-row"),
    ],
    "training": [
        ({"hours": "0"}, "hours", "invalid-body"),
        ({"initial": "perhaps"}, "initial", "broken-row"),
        ({"effective_date": "2019-01-01"}, "effective_date", "not-in-service"),
    ],
    "certificates": [
        ({"certificate_number": "SW-2020-0"}, "certificate_number", "certificate-number-used"),
        ({"certificate_number": "§"}, "certificate_number", "invalid-body"),
        ({"certificate": "doctor"}, "certificate", "broken-row"),
    ],
}
"""Kind → what is wrong in a row, and the verdict."""
WRITES = {kind: 3 if kind == "assignments" else 1 for kind in GOOD}
"""Kind → the events of a row."""
FIRST = {"appraisal-publications": "appraisal-proposals"}
"""Kind → the sheet that has to be in before it."""


def rows_for(kind: str, workers: list[str]) -> list[Line]:
    return [
        {"worker_id": worker_id, **{name: cell.format(n=n) for name, cell in GOOD[kind].items()}, **DAY}
        for n, worker_id in enumerate(workers)
    ]


def hired(town: Town, count: int) -> list[str]:
    make_room(town)
    return [town.hire("xinhua") for _ in range(count)]


@pytest.mark.parametrize("kind", GOOD)
def test_each_kind_is_planned_and_written_with_the_same_verdicts(each_town: Town, kind: str) -> None:
    """F60, F61, rules 9, 12, 14 and 24: three good rows, three bad ones, one of nobody's; only the good are written."""
    workers = hired(each_town, 6)
    rows = rows_for(kind, workers)
    for row, (cells, _, _) in zip(rows[3:], BAD[kind], strict=True):
        row |= cells
    rows.append({**rows[0], "worker_id": "nobody"})
    if kind in FIRST:
        imported(each_town, sheet(rows_for(FIRST[kind], workers)), FIRST[kind])
    head = each_town.store.head()
    answer = planned_and_imported(each_town, sheet(rows), kind, on_error="continue")
    expected = [(number, column, code) for number, (_, column, code) in enumerate(BAD[kind], 5)]
    assert answer.refused() == [*expected, (8, "worker_id", "not-found")]
    assert [verdict["worker_id"] for verdict in answer.verdicts[:3]] == workers[:3]
    assert each_town.store.head() == head + 3 * WRITES[kind]
    again = imported(each_town, sheet(rows[:3]), kind)
    assert again.outcomes() == ["already-there"] * 3
    assert [verdict["worker_id"] for verdict in again.verdicts] == workers[:3]


def test_what_was_imported_is_to_be_read(town: Town) -> None:
    """F62: as if each had been recorded by hand; a certificate's number is the person's own."""
    workers = hired(town, 2)
    for kind in GOOD:
        assert imported(town, sheet(rows_for(kind, workers)), kind).counts() == (2, 0, 0, 0)
    found = town.worker(workers[1])
    assert (found["community_id"], found["grid_id"], found["certificate"]) == ("jinqiao", "jinqiao-g1", "assistant")
    assert found["ratings"] == {"2020": "competent"}
    assert town.read(f"workers/{workers[1]}/personal")["certificate_numbers"] == ["SW-2020-1"]
    assert town.seats("jinqiao")[1] == 2


def test_a_year_is_appraised_by_three_sheets_and_no_step_is_left_out(town: Town) -> None:
    """Rule 9: proposed, published, final; a sheet of results before its publication is refused row by row."""
    workers = hired(town, 3)
    steps = ("appraisal-proposals", "appraisal-publications", "appraisals")
    assert imported(town, sheet(rows_for(steps[0], workers)), steps[0]).counts() == (3, 0, 0, 0)
    early = imported(town, sheet(rows_for(steps[2], workers)), steps[2], on_error="continue")
    assert early.refused() == [(row, "year", "appraisal-stage") for row in (2, 3, 4)]
    for kind in steps[1:]:
        assert imported(town, sheet(rows_for(kind, workers)), kind).counts() == (3, 0, 0, 0)
    assert [town.worker(worker_id)["appraisals"]["2020"]["stage"] for worker_id in workers] == ["final"] * 3


def test_many_rows_of_one_worker_are_decided_one_after_the_other(each_town: Town) -> None:
    """F61, rule 9: the second appraisal of a year is refused, the third row is the first once more."""
    (worker_id,) = hired(each_town, 1)
    day = {**DAY, "effective_date": "2021-12-01"}
    rows: list[dict[str, Any]] = [{"worker_id": worker_id, "rating": "competent", **day} for _ in range(4)]
    for row, year in zip(rows, ("2020", "2020", "2020", "2021"), strict=True):
        row["year"] = year
    rows[1]["rating"] = "excellent"
    answer = planned_and_imported(each_town, sheet(rows), "appraisals", on_error="continue")
    assert answer.outcomes() == ["accepted", "refused", "already-there", "accepted"]
    assert answer.refused() == [(3, "year", "already-there")]
    assert each_town.worker(worker_id, "2021-12-31")["ratings"] == {"2020": "competent", "2021": "competent"}


def test_every_kind_of_sheet_is_tried_here() -> None:
    """People have a file of their own."""
    assert {"people", *GOOD} == set(KINDS)
