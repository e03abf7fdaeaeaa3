"""What-if: due as known at a position beside due with what the ledger would write of some commands, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Annotated, Any

import httpx
import msgspec
from msgspec import Meta, Struct

from payroll.engine import Comparison, Facts, Vocabulary, compare
from payroll.intake import Rows, rows_of
from payroll.known import Known, KnownFact, columns_of
from payroll.ledger_acts import LedgerClient, LedgerSaidNo
from payroll.lookup import rules_of
from payroll.projection import Projection
from shared.envelope import Basis, Recorded, decode_event
from shared.reaching import ledger_away

_PATH = "/ledger/v1/scenarios"
_RULES = ("policies", "bases", "street_of")
"""What of the known makes up the rules: a street pays where a community lies in it."""
_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)


class CommandToTry(Struct, frozen=True, forbid_unknown_fields=True):
    """A command as the ledger would be sent it: `path` in its table (`/bases`), and the body."""

    path: Annotated[str, Meta(max_length=100)]
    body: msgspec.Raw


class Drafted(Struct, frozen=True, kw_only=True):
    """What the ledger would write, and the digest under which it would promote it."""

    digest: str
    at_position: int
    events: list[_Event]


class _Event(Struct, frozen=True, kw_only=True):
    command: int
    stream: str
    type: str
    effective_date: date
    data: msgspec.Raw


@dataclass(frozen=True)
class Fork:
    """The baseline, the scenario, and what lies between the two: facts drafted, and positions that are voided."""

    baseline: Known
    scenario: Known
    drafted: Sequence[KnownFact]
    voided: Sequence[int]

    @cached_property
    def names(self) -> Vocabulary:
        """The names of both sides."""
        if self.scenario is self.baseline:
            return self.baseline.names
        return replace(self.scenario, facts=[*self.baseline.facts, *self.drafted]).names

    @cached_property
    def columns(self) -> tuple[Facts, Facts]:
        """The facts of the baseline and those drafted, in codes of these names, for whichever months are asked for."""
        return columns_of(self.baseline.facts, self.names), columns_of(self.drafted, self.names)


@dataclass(frozen=True)
class Compared:
    """Both sides summed, and the names behind their codes: the same codes, with the streets of each."""

    sums: Comparison
    names: tuple[Vocabulary, Vocabulary]
    fork: Fork


def drafted_by(ledger: LedgerClient, authorization: str, commands: Sequence[CommandToTry], at_position: int) -> Drafted:
    """The ledger's answer, asked as the caller. Raises LedgerSaidNo, Refused `storage-unavailable`."""
    body: dict[str, Any] = {"commands": commands, "at_position": at_position, "strict": True}
    headers = {"Authorization": authorization, "Content-Type": "application/json"}
    try:
        response = ledger.post(_PATH, content=msgspec.json.encode(body), headers=headers)
    except httpx.HTTPError as error:
        raise ledger_away() from error
    if response.status_code >= 300:
        raise LedgerSaidNo(response)
    return msgspec.json.decode(response.content, type=Drafted)


def fork_of(projection: Projection, jurisdiction: str, drafted: Drafted) -> Fork:
    """What is known at the position, and the same with the drafted events behind; the tables stay as they are."""
    baseline = projection.known(jurisdiction, drafted.at_position, paid_up_to=-1)
    rows = rows_of(_recorded(drafted))
    voided = projection.positions_of((worker_id, command_id) for _, worker_id, command_id in rows.voids)
    here = {fact.worker_id for fact in baseline.facts} if rows.facts else set()
    here |= {worker_id for _, _, _, worker_id, city_id, *_ in rows.facts if city_id == jurisdiction}
    facts = [
        KnownFact(worker_id, kind, day, position, ordinal, value)
        for position, ordinal, _, worker_id, _, kind, day, value in rows.facts
        if worker_id in here
    ]
    return Fork(baseline, _with_rows(baseline, rows, facts, voided), facts, sorted(voided))


def compared(fork: Fork, first_month: str, last_month: str) -> Compared:
    """Due of these service months on both sides."""
    baseline, scenario = fork.baseline, fork.scenario
    names = fork.names
    of_baseline = replace(names, street_of=baseline.street_of)
    rules = baseline.tables(first_month, last_month, of_baseline)
    ruled_alike = all(getattr(baseline, name) == getattr(scenario, name) for name in _RULES)
    sums = compare(
        *fork.columns,
        fork.voided,
        (rules, rules if ruled_alike else scenario.tables(first_month, last_month, names)),
    )
    return Compared(sums, (of_baseline, names), fork)


def _recorded(drafted: Drafted) -> list[Recorded]:
    """As the log would have them, behind the position."""
    return [
        Recorded(
            position=drafted.at_position + number,
            stream=event.stream,
            version=0,
            effective_date=event.effective_date,
            recorded_at=_NO_TIME,
            actor="",
            basis=Basis(document="-", date=event.effective_date),
            command_id=f"{drafted.digest}-{event.command}",
            event=decode_event(event.type, bytes(event.data)),
        )
        for number, event in enumerate(drafted.events, 1)
    ]


def _with_rows(known: Known, rows: Rows, facts: Sequence[KnownFact], voided: set[int]) -> Known:
    """As it would be known with these rows, too."""
    rules = rules_of(row for row in rows.rules if row[1] == known.jurisdiction)
    kept = [fact for fact in known.facts if fact.position not in voided] if voided else known.facts
    places = {community_id: street for _, community_id, city, street in rows.places if city == known.jurisdiction}
    return replace(
        known,
        facts=[*kept, *facts],
        policies=[*known.policies, *rules.policies],
        bases=[*known.bases, *rules.bases],
        street_of={**known.street_of, **places},
        budgets={**known.budgets, **rules.budgets},
        payroll_from=rules.payroll_from or known.payroll_from,
    )
