"""A sheet of people is hired row by row by the rules of a single hire, with a verdict for every row."""

import json
from typing import Any

import pytest
from tests.ledger.given import ADMIN, Town, bearer, problem, refused
from tests.ledger.importing import (
    PAPER,
    imported,
    make_room,
    people,
    person,
    planned_and_imported,
    send,
    sheet,
    workbook,
)

from ledger import importing
from ledger.event_store import StoreUnavailable
from shared import uploads

BAD: dict[int, tuple[dict[str, Any], str, str]] = {
    100: ({"identity_number": "421281199001010017"}, "identity_number", "invalid-identity-number"),
    200: ({"community_id": "nowhere"}, "community_id", "unknown-place"),
    300: ({"post": "队长"}, "post", "broken-row"),
    400: ({"name": ""}, "name", "broken-row"),
    500: ({"education": "high_school"}, "education", "diploma-too-low"),
    600: ({"effective_date": "2020-13-01"}, "effective_date", "broken-row"),
    700: ({"counted_years": "many"}, "counted_years", "broken-row"),
}
"""Row of the sheet → what is wrong in it, and the verdict."""


def with_bad_rows(town: Town) -> bytes:
    """F60: a thousand rows, seven of them bad."""
    rows = people(town, 1000)
    for number, (cells, _, _) in BAD.items():
        rows[number - 2] |= cells
    return sheet(rows, columns=[*person(town), "counted_years"])


def expected() -> list[tuple[int, str, str]]:
    return [(number, column, code) for number, (_, column, code) in BAD.items()]


@pytest.mark.campaign
def test_of_a_thousand_rows_seven_are_bad_and_the_others_are_hired(each_town: Town) -> None:
    """F60, F61: continue hires 993 and lists the seven with row, column and code; the dry run said the same."""
    make_room(each_town)
    head = each_town.store.head()
    answer = planned_and_imported(each_town, with_bad_rows(each_town), on_error="continue")
    assert answer.counts() == (993, 0, 7, 0)
    assert answer.refused() == expected()
    assert each_town.store.head() == head + 2 * 993
    assert sum(each_town.seats(place)[1] for place in ("xinhua", "jinqiao", "huangjia")) == 993
    hired = answer.verdicts[0]
    assert each_town.worker(hired["worker_id"])["community_id"] == "xinhua"
    assert {event.command_id for event in each_town.store.stream(f"worker/{hired['worker_id']}")} == {
        hired["command_id"]
    }


@pytest.mark.campaign
def test_one_bad_row_keeps_all_out_of_an_atomic_import(each_town: Town) -> None:
    """F60, F61: nothing is hired; the seven are listed, and the others are held back."""
    make_room(each_town)
    before = each_town.store.digest()
    answer = planned_and_imported(each_town, with_bad_rows(each_town))
    assert answer.counts() == (0, 0, 7, 993)
    assert answer.refused() == expected()
    assert each_town.store.digest() == before


def test_a_workbook_hires_the_same_people_as_the_csv(town: Town) -> None:
    """F62: and the second file finds every row there."""
    make_room(town)
    rows = people(town, 5)
    first = imported(town, workbook(rows))
    again = imported(town, sheet(rows))
    assert (first.counts(), again.counts()) == ((5, 0, 0, 0), (0, 5, 0, 0))
    ids = [(verdict["row"], verdict["worker_id"], verdict["command_id"]) for verdict in first.verdicts]
    assert [(verdict["row"], verdict["worker_id"], verdict["command_id"]) for verdict in again.verdicts] == ids


def test_an_import_is_to_the_log_what_its_hires_would_be(town: Town) -> None:
    """F61: the same events under the same envelope as hire by hire, keys and times aside."""
    make_room(town)
    row = person(town, grid_id="xinhua-g1", counted_years="3", phone="13900000000", clause="三")
    hire = {
        "effective_date": row["effective_date"],
        "basis": {"document": row["document"], "date": row["document_date"], "clause": "三"},
        "grid_id": "xinhua-g1",
        "counted_years": 3,
        "person": {**town.person(), "phone": "13900000000"},
        **{name: row[name] for name in ("community_id", "channel", "post", "education")},
    }
    assert imported(town, sheet([row])).counts() == (1, 0, 0, 0)
    assert town.send("hires", hire).status_code == 201
    first, second = town.store.read(town.store.head() - 4, 2), town.store.read(town.store.head() - 2, 2)
    for one, other in zip(first, second, strict=True):
        assert (one.type, one.actor, one.basis, one.effective_date) == (
            other.type,
            other.actor,
            other.basis,
            other.effective_date,
        )
        changing = {"worker_id", "personal"}
        fields = {name for name in one.event.__struct_fields__ if name not in changing}
        assert all(getattr(one.event, name) == getattr(other.event, name) for name in fields)


def test_what_was_imported_can_be_read_by_who_may(town: Town) -> None:
    """F62: each person's data is sealed under their own key, kept before the row was written."""
    make_room(town)
    rows = people(town, 3)
    answer = imported(town, sheet(rows))
    for row, verdict in zip(rows, answer.verdicts, strict=True):
        found = town.read(f"workers/{verdict['worker_id']}/personal")
        assert (found["name"], found["identity_number"]) == (row["name"], row["identity_number"])


def test_a_row_finds_what_the_rows_before_it_took(each_town: Town) -> None:
    """F61, rule 6: two seats, three rows; a number that stands twice; the same row twice is there already."""
    first, second = person(each_town), person(each_town)
    twice = {**person(each_town, "jinqiao"), "identity_number": first["identity_number"]}
    rows = [first, second, person(each_town), twice, dict(second)]
    answer = planned_and_imported(each_town, sheet(rows), on_error="continue")
    assert answer.outcomes() == ["accepted", "accepted", "refused", "refused", "already-there"]
    assert answer.refused() == [(4, "community_id", "quota-full"), (5, "identity_number", "identity-number-used")]
    assert answer.verdicts[4]["worker_id"] == answer.verdicts[1]["worker_id"]


def test_a_chunk_finds_what_the_chunks_before_it_took(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """F61: also in a plan, of which nothing is in the log."""
    monkeypatch.setattr(importing, "CHUNK_ROWS", 2)
    rows = [person(town) for _ in range(3)]
    rows.append({**person(town, "jinqiao"), "identity_number": rows[0]["identity_number"]})
    rows.append(dict(rows[1]))
    answer = planned_and_imported(town, sheet(rows), on_error="continue")
    assert answer.outcomes() == ["accepted", "accepted", "refused", "refused", "already-there"]


def test_dates_and_paper_may_be_given_once_for_the_file(town: Town) -> None:
    """F62: a cell of a row's own comes first."""
    rows = [{name: cell for name, cell in person(town).items() if name not in PAPER} for _ in range(2)]
    rows[1]["effective_date"] = "2020-11-01"
    answer = imported(town, sheet(rows), **PAPER)
    hired = [town.store.stream(f"worker/{verdict['worker_id']}")[0] for verdict in answer.verdicts]
    assert [str(event.effective_date) for event in hired] == ["2020-10-01", "2020-11-01"]
    assert {event.basis.document for event in hired} == {PAPER["document"]}
    assert problem(send(town, sheet(rows)))["pointer"] == "/1/document"


def test_a_file_sent_again_after_mending_hires_only_what_was_mended(each_town: Town) -> None:
    """F62: rows that were accepted are there already, with their ids, and nothing is written for them."""
    make_room(each_town)
    rows = people(each_town, 6)
    bad = [dict(row) for row in rows]
    bad[2]["community_id"] = bad[4]["education"] = "?"
    first = imported(each_town, sheet(bad), on_error="continue")
    head = each_town.store.head()
    second = imported(each_town, sheet(rows), on_error="continue")
    third = imported(each_town, sheet(rows))
    assert (first.counts(), second.counts(), third.counts()) == ((4, 0, 2, 0), (2, 4, 0, 0), (0, 6, 0, 0))
    assert each_town.store.head() == head + 4
    assert [verdict["worker_id"] for verdict in third.verdicts] == [verdict["worker_id"] for verdict in second.verdicts]


def test_an_import_is_sent_twice_under_one_key(town: Town) -> None:
    """F54: the same file under the same key is the same import; another file under it is refused."""
    make_room(town)
    rows = people(town, 2)
    first, again = (imported(town, sheet(rows), key="k") for _ in range(2))
    assert first.summary["import_id"] == again.summary["import_id"]
    assert again.counts() == (0, 2, 0, 0)
    head = town.store.head()
    found = problem(send(town, sheet(people(town, 2)), key="k"))
    assert (found["code"], found["pointer"]) == ("idempotency-key-reused", "/headers/idempotency-key")
    assert problem(send(town, sheet(rows), key="k", on_error="continue"))["code"] == "idempotency-key-reused"
    assert town.store.head() == head
    response = town.client.post("/ledger/v1/imports?kind=people", headers={"Authorization": bearer(ADMIN)})
    assert problem(response)["code"] == "idempotency-key-missing"


def test_a_row_whose_hire_was_voided_is_hired_anew(town: Town) -> None:
    """F62: a voided row is not there; its claim ended with it."""
    make_room(town)
    content = sheet(people(town, 2))
    first = imported(town, content)
    town.give("voids", command_id=first.verdicts[0]["command_id"], reason="录入错误")
    second = imported(town, content)
    assert second.outcomes() == ["accepted", "already-there"]
    assert second.verdicts[0]["worker_id"] != first.verdicts[0]["worker_id"]


def test_an_atomic_import_has_an_end(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """F60: one transaction holds everybody else up, so it is bounded; the refusal says what to do instead."""
    monkeypatch.setattr(importing, "MOST_ATOMIC_ROWS", 2)
    head = town.store.head()
    found = problem(send(town, sheet(people(town, 3))))
    assert (found["code"], found["pointer"]) == ("too-many-rows", "/on_error")
    assert town.store.head() == head


def test_a_file_of_another_place_is_refused_row_by_row(town: Town) -> None:
    """F58: what is not yours is as if it were not there."""
    answer = imported(town, sheet([person(town)]), who="admin city:jinzhou", on_error="continue")
    assert answer.refused() == [(2, "community_id", "not-found")]
    assert problem(send(town, b"", who="auditor city:chibi"))["code"] == "forbidden"


def test_a_file_that_is_too_large_or_comes_with_too_many_others_is_refused(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F58: by what it says it has, or by what it turns out to have; and a place that was taken is free again."""
    content = sheet(people(town, 2))
    monkeypatch.setattr(uploads, "MAX_UPLOAD_BYTES", len(content) - 1)
    assert problem(send(town, content))["code"] == "body-too-large"
    assert problem(send(town, iter([content])))["code"] == "body-too-large"  # type: ignore[arg-type]
    monkeypatch.setattr(uploads, "MAX_UPLOAD_BYTES", len(content))
    with monkeypatch.context() as few:
        few.setattr(uploads, "MOST_UPLOADS", 0)
        assert problem(send(town, content))["code"] == "busy"
    for _ in range(2 * uploads.MOST_UPLOADS):
        assert imported(town, content, mode="plan").counts() == (2, 0, 0, 0)
        assert problem(send(town, b"not a heading"))["code"] == "broken-row"
        assert problem(send(town, content, "horses"))["code"] == "invalid-parameter"
    assert uploads.Upload._open == 0


def test_what_the_store_cannot_say_ends_the_answer_with_a_word(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """F62: rows that were written before stand; sent again, they are there already."""
    make_room(town)
    monkeypatch.setattr(importing, "CHUNK_ROWS", 2)
    content = sheet(people(town, 4))
    write, asked = town.store.append_all, []

    def away(wishes: Any) -> Any:
        asked.append(wishes)
        if len(asked) == 2:
            write(wishes)
            raise StoreUnavailable("the connection was lost")
        return write(wishes)

    with monkeypatch.context() as lost:
        lost.setattr(town.store, "append_all", away)
        response = send(town, content, on_error="continue")
    *verdicts, summary = (json.loads(line) for line in response.text.splitlines())
    assert (len(verdicts), summary["accepted"], summary["code"]) == (2, 2, "storage-unavailable")
    again = imported(town, content, on_error="continue")
    assert again.counts() == (0, 4, 0, 0)
    assert town.read(f"workers/{again.verdicts[3]['worker_id']}/personal")["name"]


def test_a_writer_in_between_makes_a_chunk_be_decided_again(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """P5, F57: whoever takes the last seat first has it; the row is refused, and no key of it is left to be used."""
    content = sheet([person(town), person(town)])
    write = town.store.append_all

    lost: list[str] = []

    def second(wishes: Any) -> Any:
        lost.extend(change.stream.partition("/")[2] for wish in wishes for change in wish.changes[:1])
        monkeypatch.setattr(town.store, "append_all", write)
        town.hire("xinhua")
        return write(wishes)

    monkeypatch.setattr(town.store, "append_all", second)
    answer = imported(town, content, on_error="continue")
    assert answer.outcomes() == ["accepted", "refused"]
    assert answer.refused() == [(3, "community_id", "quota-full")]
    assert town.seats("xinhua") == (2, 2)
    for worker_id in lost:
        with refused("erased"):
            town.personal.seal(worker_id, b"")


def test_chunks_that_keep_losing_are_halved_until_they_get_through(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """P5: a busy town delays an import but does not end it."""
    make_room(town)
    write, sizes = town.store.append_all, []

    def losing(wishes: Any) -> Any:
        sizes.append(len(wishes))
        if len(wishes) > 1:
            town.hire("xinhua")
        return write(wishes)

    monkeypatch.setattr(town.store, "append_all", losing)
    answer = imported(town, sheet(person(town) for _ in range(4)), on_error="continue")
    assert answer.counts() == (4, 0, 0, 0)
    assert sizes == [4, 4, 4, 2, 2, 2, 1, 1, 2, 2, 2, 1, 1]


@pytest.mark.parametrize("day", ["2020-10-01", "2020/10/1", "2020-10-1", "2020年10月1日", "2020.10.1", "44105"])
def test_a_day_is_read_as_it_is_written_in_china(town: Town, day: str) -> None:
    """F60: also as the number that a spreadsheet keeps for it."""
    row = person(town, effective_date=day, probation_until="2021年3月31日")
    answer = imported(town, sheet([row]))
    found = town.worker(answer.verdicts[0]["worker_id"], "2020-10-01")
    assert (found["hired_on"], found["probation_until"]) == ("2020-10-01", "2021-03-31")


def test_words_of_the_office_are_read_as_codes_and_others_are_answered_with_what_may_be_written(town: Town) -> None:
    """F60: post, channel, education; what is refused names the cell, and the way to type it."""
    row = person(town, post="专职", channel="公开招聘", education="大专")
    wrong = [row | {"post": "书记员"}, row | {"education": "小学"}, row | {"effective_date": "2020-13-01"}]
    wrong += [row | {"effective_date": "明天"}, row | {"document_date": "2099-01-01"}]
    answer = imported(town, sheet([*wrong, row]), on_error="continue")
    columns = ["post", "education", "effective_date", "effective_date"]
    assert answer.refused() == [
        *((number, column, "broken-row") for number, column in enumerate(columns, 2)),
        (6, "document_date", "invalid-body"),
    ]
    assert "委员" in answer.verdicts[0]["remedy"]
    assert "2021年1月5日" in answer.verdicts[2]["remedy"]
    found = town.worker(answer.verdicts[5]["worker_id"], "2020-10-01")
    assert (found["post"], found["channel"], found["education"]) == ("dedicated", "exam", "college")
