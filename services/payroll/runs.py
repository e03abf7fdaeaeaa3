"""The monthly run: payroll computes, the ledger decides and writes it down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from payroll.budgets import forecasts
from payroll.engine import month_name, month_number
from payroll.engines import engine
from payroll.known import Known
from payroll.ledger_acts import Caller, LedgerActs, LedgerClient, Seal, Written
from payroll.moves import moved_by
from payroll.projection import Projection
from payroll.run_state import RunState, states_of
from payroll.settlement import Settlement
from payroll.soundness import check_nothing_parked, check_sound
from shared import traces
from shared.events import RunClosed, RunDrafted
from shared.feed import Feed
from shared.money import yuan
from shared.reaching import Reach, ReadingAlong
from shared.refusal import Refused
from shared.run_stages import FINAL, Stage, not_open, open_acts

MONTHS_AHEAD = 12


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
        self.clock = clock
        self.reach = reach or ReadingAlong(lambda: projection.catch_up(feed), lambda: projection.position)
        self.ledger = LedgerActs(ledger_client, seal)

    def today(self) -> date:
        """The calendar date in the jurisdictions (China, UTC+8 without daylight saving)."""
        return (self.clock() + timedelta(hours=8)).date()

    def run(self, jurisdiction: str, month: str, sequence: int, at_position: int) -> RunState:
        """The run's state as known at a position."""
        states = states_of(self.projection.acts(jurisdiction, at_position, month))
        return states.get((month, sequence), RunState(jurisdiction, month, sequence))

    def draft(self, jurisdiction: str, month: str, caller: Caller, *, sequence: int = 1) -> Written:
        """Compute the month as known now and have the draft written down.

        The draft names the last position that can matter for pay, so that the same request sent again says the same.
        """
        state = self.run(jurisdiction, month, sequence, self.sound_head(jurisdiction))
        if state.closed_act is not None and state.drafted is not None:
            return self.ask("run-drafts", caller, msgspec.to_builtins(state.drafted))
        check_near(month, self.today())
        worked_out = self.worked_out(jurisdiction, month, self.projection.position)
        blockers = (*self.months_before(worked_out, sequence), *worked_out.settlement.blockers)
        body = worked_out.figures(sequence) | {
            "suspense_fen": worked_out.settlement.suspense_fen,
            "blockers": blockers,
        }
        body |= forecasts(worked_out.settlement.known, month)
        return self.ask("run-drafts", caller, body)

    def approve(self, jurisdiction: str, month: str, sequence: int, digest: str, caller: Caller) -> Written:
        """Have the draft with this digest approved. Raises Refused `run-moved` when it would be another today.

        A draft is worked out from what was known at its position: where nothing that matters was written since, it is
        the same. Its close works it out again, whatever was written.
        """
        head = self.sound_head(jurisdiction)
        state = self.run(jurisdiction, month, sequence, head)
        drafted = drafted_of(state)
        moved = self.projection.last_change(jurisdiction, head) != drafted.at_position
        if moved and (state.stage(), digest) == (Stage.DRAFTED, drafted.digest):
            self._check_same(drafted, self.worked_out(jurisdiction, month, head))
        body = {"jurisdiction": jurisdiction, "month": month, "sequence": sequence, "digest": digest}
        return self.ask("run-approvals", caller, body)

    def close(self, jurisdiction: str, month: str, sequence: int, caller: Caller) -> Written:
        """Have the approved draft closed, and keep its lines.

        Raises Refused `run-not-drafted`, `run-not-approved`, `run-blocked`, and `run-moved` when what was paid since
        changes the lines.
        """
        head = self.sound_head(jurisdiction)
        state = self.run(jurisdiction, month, sequence, head)
        drafted = drafted_of(state)
        plain = msgspec.to_builtins(drafted)
        body = {name: plain[name] for name in RunClosed.__struct_fields__}
        if state.closed_act is not None:
            return self.ask("run-closures", caller, body)
        _check_closable(state, drafted)
        known = self.projection.known(jurisdiction, drafted.at_position, paid_up_to=head)
        now = WorkedOut.of(drafted.engine, known, month)
        self._check_same(drafted, now)
        with self.projection.expecting(now.engine, sequence, now.settlement):
            return self.ask("run-closures", caller, body)

    def propose_reopening(
        self, jurisdiction: str, month: str, sequence: int, reason: str, lapses_on: date, caller: Caller
    ) -> Written:
        """Have it written down that somebody wants this supplementary run; what is closed stays as it is."""
        which = {"jurisdiction": jurisdiction, "month": month, "sequence": sequence}
        return self.ask("run-reopenings", caller, which | {"reason": reason, "lapses_on": lapses_on})

    def confirm_reopening(self, jurisdiction: str, month: str, sequence: int, caller: Caller) -> Written:
        """Have it written down that a second person agrees."""
        which = {"jurisdiction": jurisdiction, "month": month, "sequence": sequence}
        return self.ask("run-reopening-confirmations", caller, which)

    def adopt_engine(self, jurisdiction: str, version: str, caller: Caller) -> Written:
        """Have the version adopted. Raises Refused `unknown-engine` for one that is not here."""
        engine(version)
        return self.ask("run-engines", caller, {"jurisdiction": jurisdiction, "engine": version})

    def ask(self, command: str, caller: Caller, body: Mapping[str, Any]) -> Written:
        """Have the command written down, and wait until payroll knows of it. Raises what `LedgerActs.ask` does."""
        written = self.ledger.ask(command, caller, body)
        self.reach.beyond(written.position)
        return written

    def sound_head(self, jurisdiction: str) -> int:
        """The head of the log, reached by tables that may be built on. Raises what `soundness` refuses."""
        head = self.reach.head()
        check_sound(self.projection)
        check_nothing_parked(self.projection, jurisdiction, head)
        return head

    def worked_out(self, jurisdiction: str, month: str, head: int) -> WorkedOut:
        """The month by the engine adopted, as known where anything was written last that matters for pay."""
        last_change = self.projection.last_change(jurisdiction, head)
        version = self.projection.engine(jurisdiction, last_change)
        return WorkedOut.of(version, self.projection.known(jurisdiction, last_change), month)

    def months_before(self, worked_out: WorkedOut, sequence: int) -> list[str]:
        """In words, what of the month before is not closed, or is reopened; a supplementary run has none before it."""
        before = month_name(month_number(worked_out.settlement.month) - 1)
        known = worked_out.settlement.known
        if sequence > 1 or known.payroll_from is None or before < known.payroll_from:
            return []
        states = states_of(self.projection.acts(known.jurisdiction, self.projection.position, before))
        if (before, 1) not in states or states[before, 1].closed_act is None:
            return [f"months-in-order: {before} is not closed"]
        waiting = (Stage.SHUT, Stage.PROPOSED, *FINAL)
        return [
            f"months-in-order: {before} is reopened, and run {number} not closed"
            for (_, number), state in sorted(states.items())
            if state.stage(self.today()) not in waiting
        ]

    def _check_same(self, drafted: RunDrafted, now: WorkedOut) -> None:
        """Raises Refused `run-moved` with what differs, payer by payer and worker by worker."""
        if (drafted.engine, drafted.digest) == (now.engine, now.settlement.digest):
            return
        known = self.projection.known(now.settlement.known.jurisdiction, drafted.at_position)
        then = WorkedOut.of(drafted.engine, known, drafted.month)
        raise moved_by(drafted, then.settlement, now.settlement)


@dataclass(frozen=True)
class WorkedOut:
    """A month as one version of the engine settles it."""

    engine: str
    settlement: Settlement

    @staticmethod
    def of(version: str, known: Known, month: str) -> WorkedOut:
        """Raises Refused `unknown-engine`, and what `settle` does."""
        settle = engine(version)
        with traces.span("work out payslip lines", month=month, position=known.at_position) as attributes:
            settlement = settle(known, month)
            attributes["lines"] = len(settlement.rows)
            return WorkedOut(version, settlement)

    def figures(self, sequence: int) -> dict[str, Any]:
        """What a draft says of its lines."""
        settlement = self.settlement
        return {
            "jurisdiction": settlement.known.jurisdiction,
            "month": settlement.month,
            "sequence": sequence,
            "at_position": settlement.known.at_position,
            "engine": self.engine,
            "digest": settlement.digest,
            "lines": len(settlement.rows),
            "total_fen": settlement.total_fen,
            "payers": settlement.payers,
        }


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


def drafted_of(state: RunState) -> RunDrafted:
    """The last draft. Raises Refused `run-not-drafted`."""
    if state.drafted is None:
        raise Refused(
            "run-not-drafted",
            f"there is no draft {state.sequence} of {state.month}",
            remedy="draft the month first",
            extra=open_acts(state.stage()),
        )
    return state.drafted


def _check_closable(state: RunState, drafted: RunDrafted) -> None:
    if state.approved_act is None:
        raise not_open(Stage.DRAFTED, state.month, state.sequence)
    if drafted.blockers or drafted.suspense_fen:
        named = drafted.blockers or (f"suspense: {yuan(drafted.suspense_fen)}",)
        raise Refused(
            "run-blocked",
            f"{len(named)} in the way of closing {state.month}, first: {named[0]}",
            remedy="resolve what the blockers name, then draft and approve again",
            extra={"blockers": list(named), "suspense": yuan(drafted.suspense_fen)},
        )
