"""An import is read again with its ids, and undone as a batch: all of it, or nothing and a reason for each row."""

import csv
import io
import json
from typing import Any

import pytest
from tests.ledger.given import PAPER, Town, problem
from tests.ledger.importing import Answer, Line, imported, make_room, people, person, sheet

from ledger import importing, undoing
from shared.envelope import Recorded

AUDITOR = "auditor city:chibi"
SEATS = ("xinhua", "jinqiao", "huangjia")


def undo(town: Town, import_id: str, **rest: Any) -> Answer:
    """An undo that is taken: a verdict a row, and the summary."""
    wish = {"import_id": import_id, "reason": "整批录入错误", "effective_date": "2020-12-01", "basis": PAPER}
    response = town.send("import-undos", wish, **rest)
    assert response.status_code == 200, response.text
    *verdicts, summary = (json.loads(line) for line in response.text.splitlines())
    assert summary["rows"] == len(verdicts)
    return Answer(verdicts, summary)


def download(town: Town, import_id: str, **rest: Any) -> list[Line]:
    response = town.ask(f"imports/{import_id}", **rest)
    assert response.status_code == 200, response.text
    return list(csv.DictReader(io.StringIO(response.text)))


def heads(town: Town) -> list[int]:
    return [town.seats(place)[1] for place in SEATS]


def test_an_import_is_undone_as_a_batch(each_town: Town) -> None:
    """F62, rule 6: every command of it is voided, the seats are free and the numbers may be used again."""
    make_room(each_town)
    others = each_town.hire("xinhua")
    rows = people(each_town, 30)
    done = imported(each_town, sheet(rows))
    before, head = each_town.store.digest(), each_town.store.head()
    planned = undo(each_town, done.summary["import_id"], plan=True)
    assert (each_town.store.digest(), planned.summary["planned"]) == (before, True)
    undone = undo(each_town, done.summary["import_id"])
    assert undone.told() == planned.told()
    assert undone.counts() == (30, 0, 0, 0)
    assert each_town.store.head() == head + 2 * 30
    assert heads(each_town) == [1, 0, 0]
    assert each_town.worker(others)["community_id"] == "xinhua"
    assert undo(each_town, done.summary["import_id"]).counts() == (0, 30, 0, 0)
    assert each_town.store.head() == head + 2 * 30
    again = imported(each_town, sheet(rows))
    assert again.counts() == (30, 0, 0, 0)
    assert heads(each_town) == [11, 10, 10]


def test_each_row_that_cannot_be_undone_says_why_and_nothing_is(each_town: Town) -> None:
    """F62: a later act rests on two of the rows; the others are held back. A refused row names it and its worker."""
    make_room(each_town)
    done = imported(each_town, sheet(people(each_town, 6)))
    later = [
        each_town.give("appraisals", worker_id=done.verdicts[number]["worker_id"], year=2020, rating="competent")
        for number in (1, 4)
    ]
    before = each_town.store.digest()
    planned = undo(each_town, done.summary["import_id"], plan=True)
    answer = undo(each_town, done.summary["import_id"])
    assert answer.told() == planned.told()
    assert answer.refused() == [(3, "", "void-breaks-later-act"), (6, "", "void-breaks-later-act")]
    assert answer.counts() == (0, 0, 2, 4)
    named = [(each["acts"], each["worker_id"]) for each in answer.verdicts if each["outcome"] == "refused"]
    assert named == [
        ([act["command_id"]], done.verdicts[at]["worker_id"]) for at, act in zip((1, 4), later, strict=True)
    ]
    assert each_town.store.digest() == before


def test_rows_that_rest_on_one_another_are_undone_the_last_first(town: Town) -> None:
    """F62, rule 12: three moves of one worker in one sheet; in between the worker was nowhere else."""
    make_room(town)
    worker_id = town.hire("xinhua")
    days = ("2020-11-01", "2020-11-02", "2020-11-03")
    rows = [
        {
            "worker_id": worker_id,
            "community_id": place,
            "effective_date": day,
            "document": "文",
            "document_date": "2020-09-18",
        }
        for place, day in zip(("jinqiao", "huangjia", "jinqiao"), days, strict=True)
    ]
    done = imported(town, sheet(rows), "assignments")
    assert done.counts() == (3, 0, 0, 0)
    assert undo(town, done.summary["import_id"]).counts() == (3, 0, 0, 0)
    assert (town.worker(worker_id)["community_id"], heads(town)) == ("xinhua", [1, 0, 0])


def test_a_large_import_is_undone_in_parts_after_all_of_it_was_decided(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F62: nothing is written while any row of the whole cannot be undone; what is left is undone by sending again."""
    monkeypatch.setattr(importing, "CHUNK_ROWS", 4)
    monkeypatch.setattr(undoing, "MOST_ATOMIC_ROWS", 4)
    make_room(town)
    done = imported(town, sheet(people(town, 10)), on_error="continue")
    act = town.give("appraisals", worker_id=done.verdicts[0]["worker_id"], year=2020, rating="competent")
    head = town.store.head()
    assert undo(town, done.summary["import_id"]).counts() == (0, 0, 1, 9)
    assert town.store.head() == head
    town.give("voids", command_id=act["command_id"], reason="误")
    answer = undo(town, done.summary["import_id"])
    assert answer.counts() == (10, 0, 0, 0)
    assert [verdict["row"] for verdict in answer.verdicts] == list(range(2, 12))
    assert heads(town) == [0, 0, 0]


def test_a_writer_in_between_makes_an_undo_be_decided_again(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """P5: an act that came in meanwhile keeps the whole batch as it is."""
    make_room(town)
    done = imported(town, sheet(people(town, 3)))
    write = town.store.append_all

    def second(wishes: Any) -> Any:
        monkeypatch.setattr(town.store, "append_all", write)
        town.give("appraisals", worker_id=done.verdicts[0]["worker_id"], year=2020, rating="competent")
        return write(wishes)

    monkeypatch.setattr(town.store, "append_all", second)
    answer = undo(town, done.summary["import_id"])
    assert answer.counts() == (0, 0, 1, 2)
    assert heads(town) == [1, 1, 1]


def test_the_accepted_rows_are_downloaded_again_with_their_ids(each_town: Town) -> None:
    """F62: what is in the log of each; what only the person may read is not in it; undone ones are marked."""
    make_room(each_town)
    rows = [person(each_town, clause="=1+1", counted_years="3"), person(each_town, "nowhere"), person(each_town)]
    done = imported(each_town, sheet(rows), on_error="continue")
    each_town.give("voids", command_id=done.verdicts[2]["command_id"], reason="误")
    found = download(each_town, done.summary["import_id"])
    assert [(line["row"], line["worker_id"], line["command_id"]) for line in found] == [
        (str(verdict["row"]), verdict["worker_id"], verdict["command_id"]) for verdict in done.verdicts[::2]
    ]
    assert [line["undone"] for line in found] == ["no", "yes"]
    first: Recorded = each_town.store.stream(f"worker/{found[0]['worker_id']}")[0]
    assert (found[0]["position"], found[0]["recorded_at"]) == (str(first.position), first.recorded_at.isoformat())
    assert (found[0]["community_id"], found[0]["post"], found[0]["counted_years"]) == ("xinhua", "dedicated", "3")
    assert (found[0]["effective_date"], found[0]["clause"]) == ("2020-10-01", "'=1+1")
    text = str(found)
    assert not any(row[name] in text for row in rows for name in ("name", "identity_number"))


def test_a_long_import_is_downloaded_page_by_page(town: Town) -> None:
    """F62: in the order of rows, none twice and none left out, rows written anew after a void behind the first."""
    make_room(town)
    content = sheet(people(town, 620))
    done = imported(town, content, key="k")
    town.give("voids", command_id=done.verdicts[0]["command_id"], reason="误")
    imported(town, content, key="k")
    found = download(town, done.summary["import_id"])
    assert [int(line["row"]) for line in found] == [2, *range(2, 622)]
    assert sorted(line["undone"] for line in found[:2]) == ["no", "yes"]


def test_an_import_of_another_place_or_of_no_kind_is_not_to_be_found(town: Town) -> None:
    """F58: neither to be read nor to be undone; an undo is no import."""
    make_room(town)
    done = imported(town, sheet(people(town, 1)))
    import_id = done.summary["import_id"]
    assert len(download(town, import_id, who=AUDITOR)) == 1
    assert problem(town.ask(f"imports/{import_id}", who="admin city:jinzhou"))["code"] == "not-found"
    assert problem(town.ask("imports/nothing"))["code"] == "not-found"
    wish = {"import_id": import_id, "reason": "误", "effective_date": "2020-12-01", "basis": PAPER}
    assert problem(town.send("import-undos", wish, who="admin city:jinzhou"))["code"] == "not-found"
    assert problem(town.send("import-undos", wish, key=None))["code"] == "idempotency-key-missing"
    assert problem(town.send("import-undos", {**wish, "effective_date": "1900-01-01"}))["code"] == "invalid-body"
    undone = undo(town, import_id, key="k")
    void = next(town.store.events_of(event.command_id) for event in town.store.read(town.store.head() - 1, 1))
    undo_id = void[0].command_id.split("-")[0]
    assert undone.counts() == (1, 0, 0, 0)
    assert problem(town.ask(f"imports/{undo_id}"))["code"] == "not-found"
    changed = {**wish, "reason": "别的"}
    assert problem(town.send("import-undos", changed, key="k"))["code"] == "idempotency-key-reused"
