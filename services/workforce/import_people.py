"""Hire the people of a file: each row is checked, alone and beside the rows before it, before the first is hired."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.identity import canonical
from shared.events import WorkerJoined
from shared.principals import Role
from workforce.client import Client, RefusedByServer
from workforce.people_file import Row

HIRES = "/ledger/v1/hires"
_COLUMN_OF = {
    "/person/name": "name",
    "/person/identity_number": "identity_number",
    "/person/phone": "phone",
    "/person/bank_account": "bank_account",
    "/basis/document": "document",
    "/basis/date": "document_date",
    "/basis/clause": "clause",
}
_NOT_A_VERSION = 1
"""Somebody not hired yet has version 0. A hire over 1 is answered again where its key was used, else refused."""


@dataclass(frozen=True)
class Verdict:
    """What became of a row: hired, planned, or refused with code, column and remedy."""

    row: int
    outcome: str
    worker_id: str = ""
    column: str = ""
    code: str = ""
    detail: str = ""
    remedy: str = ""


def plan(client: Client, rows: Sequence[Row]) -> Iterator[Verdict]:
    """What each row would meet with after those before it; nobody is hired.

    A row that this same file hired earlier is hired, whatever the rules would say to it now.
    """
    beside = _Beside(client)
    for row in rows:
        yield beside.repeated(row) or _planned(client, row, beside)


def hire(client: Client, rows: Sequence[Row], *, go_on: bool) -> Iterator[Verdict]:
    """Hire row by row up to the first that is refused or, with `go_on`, beside those that are.

    The key of a row comes from the file's content, so the same file again hires nobody twice.
    """
    stopped = False
    for row in rows:
        verdict = Verdict(row.number, "planned") if stopped else _hired(client, row)
        stopped = stopped or (verdict.outcome == "refused" and not go_on)
        yield verdict


def _planned(client: Client, row: Row, beside: "_Beside") -> Verdict:
    try:
        answer = client.command(HIRES, row.command, plan=True)
    except RefusedByServer as refused:
        before = _hired(client, row, version=_NOT_A_VERSION)
        return before if before.outcome == "hired" else _refused(row, refused.problem)
    return beside.unseated(row, answer["events"]) or Verdict(row.number, "planned")


def _hired(client: Client, row: Row, version: int | None = None) -> Verdict:
    try:
        answer = client.command(HIRES, row.command, key=row.key, version=version)
    except RefusedByServer as refused:
        return _refused(row, refused.problem)
    return Verdict(row.number, "hired", worker_id=str(answer["worker_id"]))


def _refused(row: Row, problem: dict[str, Any]) -> Verdict:
    pointer = str(problem.get("pointer", ""))
    return Verdict(
        row.number,
        "refused",
        column=_COLUMN_OF.get(pointer, pointer.strip("/")),
        code=str(problem.get("code", "")),
        detail=str(problem.get("detail", "")),
        remedy=str(problem.get("remedy", "")),
    )


class _Beside:
    """What the rows before a row take from it: its identity number, and the seats of its community."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._first: dict[str, int] = {}
        self._taken: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        self._changes: dict[str, set[str]] = {}
        self._establishments: dict[tuple[str, str], dict[str, Any]] = {}

    def repeated(self, row: Row) -> Verdict | None:
        """The refusal of a row whose identity number stands in an earlier one; the number is never repeated."""
        first = self._first.setdefault(canonical(row.command["person"]["identity_number"]), row.number)
        if first == row.number:
            return None
        return Verdict(
            row.number,
            "refused",
            column="identity_number",
            code="identity-number-used",
            detail=f"row {first} of the file has the same identity number",
            remedy="keep one of the two rows, or correct the number",
        )

    def unseated(self, row: Row, events: Sequence[dict[str, Any]]) -> Verdict | None:
        """The refusal of a row for which those before it leave no seat; otherwise the row takes its seat."""
        category = next(event["data"]["seat"] for event in events if event["type"] == WorkerJoined.name)
        if category is None:
            return None
        community_id, since = row.command["community_id"], row.command["effective_date"]
        taken = self._taken[community_id, category]
        for day in self._days(community_id, since, taken):
            here = self._establishment(community_id, day)[category]
            before = sum(other <= day for other in taken)
            if here["vacant"] <= before:
                return Verdict(
                    row.number,
                    "refused",
                    column="community_id",
                    code="quota-full",
                    detail=f"{here['vacant']} of {here['seats']} {category} seats of {community_id} are vacant on "
                    f"{day}, and {before} rows before this one take them",
                    remedy="end an appointment, leave rows out, or raise the quota of the community",
                )
        taken.append(since)
        return None

    def _days(self, community_id: str, since: str, taken: Sequence[str]) -> list[str]:
        """The day itself and every later one on which seats or heads change, by the log or by the file."""
        if community_id not in self._changes:
            history = self._client.read(f"/ledger/v1/communities/{community_id}/history", role=Role.ADMIN)
            self._changes[community_id] = {event["effective_date"] for event in history["events"]}
        later = {day for day in self._changes[community_id].union(taken) if day > since}
        return sorted({since, *later})

    def _establishment(self, community_id: str, day: str) -> dict[str, Any]:
        if (community_id, day) not in self._establishments:
            found = self._client.read(f"/ledger/v1/communities/{community_id}", role=Role.ADMIN, effective_on=day)
            self._establishments[community_id, day] = found["establishment"]
        return self._establishments[community_id, day]
