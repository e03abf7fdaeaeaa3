"""Sheets for the tests: rows as a clerk fills them in, sent to a town, and the verdicts that come back."""

import csv
import io
import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
from openpyxl import Workbook
from tests.ledger.given import ADMIN, Town, bearer

PAPER = {"effective_date": "2020-10-01", "document": "赤办发〔2020〕5号", "document_date": "2020-09-18"}
Line = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What an import said: its verdicts, a row each, and the summary."""

    verdicts: list[Line]
    summary: Line

    def told(self) -> list[tuple[Any, ...]]:
        """The verdicts without the ids that only a real run gives."""
        parts = ("row", "outcome", "column", "code", "detail", "remedy")
        return [tuple(verdict.get(part, "") for part in parts) for verdict in self.verdicts]

    def refused(self) -> list[tuple[int, str, str]]:
        """(row, column, code) of the rows that are refused."""
        refused = [verdict for verdict in self.verdicts if verdict["outcome"] == "refused"]
        assert all(verdict["detail"] and verdict["remedy"] for verdict in refused), refused
        return [(verdict["row"], verdict.get("column", ""), verdict["code"]) for verdict in refused]

    def outcomes(self) -> list[str]:
        return [verdict["outcome"] for verdict in self.verdicts]

    def counts(self) -> tuple[int, int, int, int]:
        """(accepted, already there, refused, held back)."""
        names = ("accepted", "already_there", "refused", "held_back")
        return tuple(self.summary[name] for name in names)  # type: ignore[return-value]


def send(town: Town, content: bytes, kind: str = "people", *, key: str = "", **params: Any) -> httpx.Response:
    """A file to /imports."""
    who = params.pop("who", ADMIN)
    headers = {"Authorization": bearer(who), "Content-Type": "text/csv"}
    if params.get("mode") != "plan":
        headers["Idempotency-Key"] = key or secrets.token_hex(8)
    return town.client.post("/ledger/v1/imports", headers=headers, params={"kind": kind, **params}, content=content)


def imported(town: Town, content: bytes, kind: str = "people", **rest: Any) -> Answer:
    """A file that is taken; in the end it says how many rows there were."""
    response = send(town, content, kind, **rest)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("application/jsonl")
    *verdicts, summary = (json.loads(line) for line in response.text.splitlines())
    assert summary["rows"] == len(verdicts) == sum(Answer(verdicts, summary).counts())
    return Answer(verdicts, summary)


def planned_and_imported(town: Town, content: bytes, kind: str = "people", **rest: Any) -> Answer:
    """F61: a file that is planned, which writes nothing, then sent in earnest: every verdict is the same."""
    before = town.store.digest()
    planned = imported(town, content, kind, mode="plan", **rest)
    assert town.store.digest() == before
    done = imported(town, content, kind, **rest)
    assert done.told() == planned.told()
    assert done.counts() == planned.counts()
    return done


def sheet(rows: Iterable[dict[str, Any]], *, columns: Sequence[str] = ()) -> bytes:
    """A CSV of rows that may have different columns."""
    rows = list(rows)
    file = io.StringIO()
    writer = csv.DictWriter(file, columns or list(dict.fromkeys(name for row in rows for name in row)))
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode()


def workbook(rows: Sequence[dict[str, Any]]) -> bytes:
    """The same as XLSX."""
    made = Workbook()
    columns = list(dict.fromkeys(name for row in rows for name in row))
    made.active.append(columns)
    for row in rows:
        made.active.append([row.get(column) for column in columns])
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def person(town: Town, community_id: str = "xinhua", **cells: Any) -> dict[str, Any]:
    """A row of a new dedicated worker."""
    given = {"community_id": community_id, "channel": "exam", "post": "dedicated", "education": "college"}
    return {**given, **town.person(), **PAPER, **cells}


def people(town: Town, count: int, **cells: Any) -> list[dict[str, Any]]:
    """Rows of people for the three communities in turn."""
    places = ("xinhua", "jinqiao", "huangjia")
    return [person(town, places[number % 3], **cells) for number in range(count)]


def make_room(town: Town, seats: int = 1000) -> None:
    """So many dedicated seats in each of the three communities."""
    town.give("city-quotas", "2018-06-01", city_id="chibi", category="dedicated", seats=3 * seats)
    for community_id in ("xinhua", "jinqiao", "huangjia"):
        town.give("community-quotas", "2018-06-01", community_id=community_id, category="dedicated", seats=seats)
