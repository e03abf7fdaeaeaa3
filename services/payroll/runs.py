"""The monthly run: payroll computes, the ledger decides and writes it down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol

import httpx
import msgspec

from payroll.engine import ENGINE_VERSION, month_name, month_number
from payroll.known import Known
from payroll.projection import Projection
from payroll.run_state import RunState, states_of
from payroll.settlement import Settlement, settle
from payroll.soundness import check_nothing_parked, check_sound
from shared import traces
from shared.envelope import Basis
from shared.events import RunClosed, RunDrafted
from shared.feed import Feed
from shared.money import yuan
from shared.reaching import Reach, ReadingAlong, ledger_away
from shared.refusal import Refused

MONTHS_AHEAD = 12

Seal = Callable[[str, str, bytes], str]
"""(path, what payroll was asked, body) → the seal by which the ledger knows that a request is payroll's own."""


class LedgerClient(Protocol):
    """What payroll needs of an HTTP client whose base is the ledger's host: httpx.Client, or Starlette's TestClient."""

    def post(self, url: str, *, content: bytes, headers: dict[str, str]) -> httpx.Response:
        """Send a command."""
        ...


class LedgerSaidNo(Exception):
    """The ledger refused; its answer is passed on as it is."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__(f"the ledger answered {response.status_code}")
        self.response = response


@dataclass(frozen=True)
class Caller:
    """On whose behalf and on which paper: the caller's own headers go to the ledger, which decides who may.

    `asked` is the SHA-256 of the caller's request: the same one sent again is known by it, whatever changed since.
    `if_match` is the version of the run that the caller looked at, or `*`; none for an act that needs none.
    """

    authorization: str
    idempotency_key: str
    asked: str
    effective_date: date
    basis: Basis
    if_match: str | None = "*"


@dataclass(frozen=True)
class Written:
    """Where the ledger wrote an act down; `replayed`: at an earlier call, and nothing at this one."""

    command_id: str
    position: int
    replayed: bool


class Payroll:
    """Payroll as one thing: its projection, the feed it follows, the ledger it asks under its seal, and the clock.

    `reach`: how the projection comes to the head of the log, by default by reading the feed along.
    """

    def __init__(
        self,
        projection: Projection,
        feed: Feed,
        ledger_client: LedgerClient,
        clock: Callable[[], datetime],
        *,
        seal: Seal,
        reach: Reach | None = None,
    ) -> None:
        self.projection = projection
        self.feed = feed
        self.ledger_client = ledger_client
        self.clock = clock
        self.seal = seal
        self.reach = reach or ReadingAlong(lambda: projection.catch_up(feed), lambda: projection.position)

    def today(self) -> date:
        """The calendar date in the jurisdictions (China, UTC+8 without daylight saving)."""
        return (self.clock() + timedelta(hours=8)).date()

    def run(self, jurisdiction: str, month: str, sequence: int, at_position: int) -> RunState:
        """The run's state as known at a position."""
        states = states_of(self.projection.acts(jurisdiction, at_position, month))
        return states.get((month, sequence), RunState(jurisdiction, month, sequence))

    def draft(self, jurisdiction: str, month: str, caller: Caller) -> Written:
        """Compute the month as known now and have the draft written down.

        The draft names the last position that can matter for pay, so that the same request sent again says the same.
        """
        state = self.run(jurisdiction, month, 1, self._sound_head(jurisdiction))
        if state.closed_act is not None and state.drafted is not None:
            return self._ask("run-drafts", caller, msgspec.to_builtins(state.drafted))
        check_near(month, self.today())
        last_change = self.projection.last_change(jurisdiction, self.projection.position)
        known = self.projection.known(jurisdiction, last_change)
        settlement = _settled(known, month)
        blockers = (*self._month_before(known.payroll_from, settlement), *settlement.blockers)
        body = _figures(settlement) | {"suspense_fen": settlement.suspense_fen, "blockers": blockers}
        return self._ask("run-drafts", caller, body)

    def approve(self, jurisdiction: str, month: str, sequence: int, digest: str, caller: Caller) -> Written:
        """Have the draft with this digest approved. Raises Refused `run-moved` when it would be another today."""
        head = self._sound_head(jurisdiction)
        state = self.run(jurisdiction, month, sequence, head)
        drafted = _drafted(state)
        if (state.status, digest) == ("drafted", drafted.digest):
            known = self.projection.known(jurisdiction, self.projection.last_change(jurisdiction, head))
            _check_same(drafted, _settled(known, month))
        body = {"jurisdiction": jurisdiction, "month": month, "sequence": sequence, "digest": digest}
        return self._ask("run-approvals", caller, body)

    def close(self, jurisdiction: str, month: str, sequence: int, caller: Caller) -> Written:
        """Have the approved draft closed, and keep its lines.

        Raises Refused `run-not-drafted`, `run-not-approved`, `run-blocked`, and `run-moved` when what was paid since
        changes the lines.
        """
        head = self._sound_head(jurisdiction)
        state = self.run(jurisdiction, month, sequence, head)
        drafted = _drafted(state)
        if state.closed_act is None:
            _check_closable(state, drafted)
            known = self.projection.known(jurisdiction, drafted.at_position, paid_up_to=head)
            _check_same(drafted, _settled(known, month))
        plain = msgspec.to_builtins(drafted)
        body = {name: plain[name] for name in RunClosed.__struct_fields__}
        return self._ask("run-closures", caller, body)

    def _sound_head(self, jurisdiction: str) -> int:
        """The head of the log, reached by tables that may be built on. Raises what `soundness` refuses."""
        head = self.reach.head()
        check_sound(self.projection)
        check_nothing_parked(self.projection, jurisdiction, head)
        return head

    def _ask(self, command: str, caller: Caller, body: Mapping[str, Any]) -> Written:
        whole = {**body, "effective_date": caller.effective_date, "basis": caller.basis}
        content = msgspec.json.encode(whole, order="deterministic")
        path = f"/ledger/v1/{command}"
        headers = {
            "Authorization": caller.authorization,
            "Idempotency-Key": caller.idempotency_key,
            "Content-Type": "application/json",
            "Payroll-Request": caller.asked,
            "Payroll-Seal": self.seal(path, caller.asked, content),
        }
        if caller.if_match is not None:
            headers["If-Match"] = caller.if_match
        try:
            response = self.ledger_client.post(path, content=content, headers=headers)
        except httpx.HTTPError as error:
            raise ledger_away() from error
        if response.status_code >= 300:
            raise LedgerSaidNo(response)
        answered = msgspec.json.decode(response.content)
        self.reach.beyond(answered["position"])
        replayed = response.headers.get("idempotency-replayed") == "true"
        return Written(answered["command_id"], answered["position"], replayed)

    def _month_before(self, payroll_from: str | None, settlement: Settlement) -> list[str]:
        before = month_name(month_number(settlement.month) - 1)
        if payroll_from is None or before < payroll_from:
            return []
        jurisdiction = settlement.known.jurisdiction
        closed = self.run(jurisdiction, before, 1, self.projection.position).closed_act
        return [] if closed else [f"months-in-order: {before} is not closed"]


def check_near(month: str, today: date) -> None:
    """Every month up to this one is worked out, so it lies at most a year ahead. Raises Refused `months-in-order`."""
    latest = month_name(month_number(f"{today:%Y-%m}") + MONTHS_AHEAD)
    if month > latest:
        raise Refused("months-in-order", f"{month} is too far ahead", remedy=f"ask for {latest} or an earlier month")


def rebuilt_beside(payroll: Payroll) -> tuple[int, str, str]:
    """(position, live digest, digest of a projection built anew from the feed up to there); nothing is sent."""
    scratch = Projection()
    try:
        while (position := payroll.projection.catch_up(payroll.feed)) != scratch.catch_up(payroll.feed):
            continue
        return position, payroll.projection.digest(), scratch.digest()
    finally:
        scratch.close()


def _settled(known: Known, month: str) -> Settlement:
    with traces.span("work out payslip lines", month=month, position=known.at_position) as attributes:
        settlement = settle(known, month)
        attributes["lines"] = len(settlement.rows)
        return settlement


def _figures(settlement: Settlement) -> dict[str, Any]:
    return {
        "jurisdiction": settlement.known.jurisdiction,
        "month": settlement.month,
        "sequence": 1,
        "at_position": settlement.known.at_position,
        "engine": settlement.engine,
        "digest": settlement.digest,
        "lines": len(settlement.rows),
        "total_fen": settlement.total_fen,
        "payers": settlement.payers,
    }


def _drafted(state: RunState) -> RunDrafted:
    if state.drafted is None:
        raise Refused(
            "run-not-drafted",
            f"there is no draft {state.sequence} of {state.month}",
            remedy="draft the month first",
        )
    return state.drafted


def _check_closable(state: RunState, drafted: RunDrafted) -> None:
    if state.approved_act is None:
        raise Refused(
            "run-not-approved",
            f"the draft of {state.month} is not approved",
            remedy="have a second person approve it, with the digest that was shown",
        )
    if drafted.blockers or drafted.suspense_fen:
        named = drafted.blockers or (f"suspense: {yuan(drafted.suspense_fen)}",)
        raise Refused(
            "run-blocked",
            f"{len(named)} in the way of closing {state.month}, first: {named[0]}",
            remedy="resolve what the blockers name, then draft and approve again",
            extra={"blockers": list(named), "suspense": yuan(drafted.suspense_fen)},
        )


def _check_same(drafted: RunDrafted, now: Settlement) -> None:
    if (drafted.engine, drafted.digest) == (ENGINE_VERSION, now.digest):
        return
    raise Refused(
        "run-moved",
        f"the draft of {drafted.month} had {drafted.lines} lines of {yuan(drafted.total_fen)}; it would now have "
        f"{len(now.rows)} of {yuan(now.total_fen)}",
        remedy="draft the month again and look at it as it is now",
        extra={
            "drafted": {"lines": drafted.lines, "total": yuan(drafted.total_fen), "digest": drafted.digest},
            "now": {"lines": len(now.rows), "total": yuan(now.total_fen), "digest": now.digest},
            "difference": {
                "lines": len(now.rows) - drafted.lines,
                "total": yuan(now.total_fen - drafted.total_fen),
            },
        },
    )
