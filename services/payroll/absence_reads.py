"""Why a change is not in a run, over HTTP: a typed answer with a sentence, for an event or a whole command (F71)."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Annotated

from fastapi import Query, Request, Response

from payroll.absence import Change, Found, Reason, RunAt
from payroll.absence_answers import ChangeAnswer, change_answer
from payroll.access import lines_within, not_found, worker_in_scope
from payroll.asking import Jurisdiction, KnownPosition, Month, Sequence, at, position_asked
from payroll.engine import FactKind
from payroll.history import History
from payroll.intake import kept
from payroll.run_state import RunState, states_of
from payroll.runs import Payroll
from payroll.settlement import Line
from payroll.soundness import check_nothing_parked, check_runs_taken, check_sound
from payroll.trees import papers, recorded_at
from payroll.waterfall import Seen
from shared.envelope import Recorded
from shared.events import AppraisalProposed, AppraisalPublished, ReviewRequested
from shared.http import Route, principal_of
from shared.principals import EVERYONE, Principal, Role
from shared.refusal import Refused

Position = Annotated[int | None, Query(ge=0, le=2**53, description="the position of an event")]
CommandId = Annotated[str | None, Query(pattern=r"^[A-Za-z0-9-]{1,200}$", description="or the id of a command")]
_PENDING = (AppraisalProposed, AppraisalPublished, ReviewRequested)


def absence_routes(payroll: Payroll) -> list[Route]:
    """Where a change is, seen from a run."""
    run, where = "/runs/{jurisdiction}/{month}/{sequence}", _Absence(payroll).where
    return [Route("GET", f"{run}/changes", EVERYONE, where, "Why a change is not in a run", None, ChangeAnswer)]


class _Absence:
    """The endpoint."""

    def __init__(self, payroll: Payroll) -> None:
        self._payroll = payroll
        self._projection = payroll.projection

    def where(
        self,
        request: Request,
        jurisdiction: Jurisdiction,
        month: Month,
        sequence: Sequence,
        position: Position = None,
        command_id: CommandId = None,
        known_position: KnownPosition = None,
    ) -> Response:
        known = position_asked(self._payroll, request.headers, None, known_position)
        principal = principal_of(request)
        seen = self._seen(principal, jurisdiction, known)
        run, earlier, later = self._runs(jurisdiction, month, sequence, known)
        events = self._events(request, position, command_id, known)
        events = [one for one in events if self._may_see(principal, jurisdiction, one, known)]
        if not events:
            raise not_found(f"there is no such change in {jurisdiction}")
        found = self._found(jurisdiction, run, earlier, events, seen)
        begins = f"{min(one.effective_date for one in events):%Y-%m}"
        if found.reason is Reason.RECORDED_AFTER and begins > month:
            found = replace(found, reason=Reason.EFFECTIVE_LATER, pays_from=begins)
        elif found.reason is Reason.RECORDED_AFTER:
            last = max(one.position for one in events)
            for number, each in enumerate(later):
                if each.at_position >= last:
                    there = self._found(jurisdiction, each, [*earlier, run, *later[:number]], events, seen)
                    found = replace(found, run_id=each.run_id) if there.reason is Reason.INCLUDED else there
                    break
        of_change = papers(self._payroll.feed, {one.position for one in events})
        act = papers(self._payroll.feed, {found.by_position} if found.by_position is not None else ())
        return at(known, change_answer(run, found, of_change, act[0] if act else None))

    def _found(self, jurisdiction: str, run: RunAt, earlier: list[RunAt], events: list[Recorded], seen: Seen) -> Found:
        """Where the events are: what pay keeps of them is followed through the runs."""
        of_pay = frozenset(one.position for one in events if kept(one))
        workers = {one.subject_id for one in events if one.stream.startswith("worker/")}
        only = next(iter(workers)) if len(workers) == 1 and all(_of_worker(one) for one in events) else None
        history = self._projection.history(jurisdiction, run.at_position, only)
        if of_pay:
            return Change(history, of_pay, run, earlier, seen).found()
        pending = [one for one in events if isinstance(one.event, _PENDING)]
        if pending:
            return Found(Reason.PENDING, Counter(), by_position=_final(history, pending[0]))
        return Found(Reason.NOT_FOR_PAY, Counter())

    def _runs(
        self, jurisdiction: str, month: str, sequence: int, position: int
    ) -> tuple[RunAt, list[RunAt], list[RunAt]]:
        """The run, the closed ones that had paid before it, and those worked out after it, each in their order."""
        check_sound(self._projection)
        check_runs_taken(self._projection, jurisdiction, position)
        states = states_of(self._projection.acts(jurisdiction, position))
        state = states.get((month, sequence))
        run = _run_at(state) if state else None
        if state is None or run is None:
            raise not_found(f"there is no run {jurisdiction}/{month}/{sequence}")
        check_nothing_parked(self._projection, jurisdiction, run.at_position)
        before = state.closed_act.position if state.closed_act else run.at_position + 1
        closed = [(one.closed_act.position, _run_at(one)) for one in states.values() if one.closed_act is not None]
        earlier = [one for closed_at, one in sorted(closed) if one is not None and closed_at < before]
        others = [one for one in map(_run_at, states.values()) if one is not None]
        later = sorted((one for one in others if one.at_position > run.at_position), key=lambda one: one.at_position)
        return run, earlier, later

    def _events(self, request: Request, position: int | None, command_id: str | None, known: int) -> list[Recorded]:
        """The event at the position, or those of the command: as far as pay knows it, else as the ledger says."""
        if (position is None) == (command_id is None):
            raise Refused(
                "invalid-parameter",
                "a change is named by its position or by its command",
                pointer="/query/position",
                remedy="give one of position and command_id",
            )
        if position is not None:
            positions = {position}
        else:
            assert command_id is not None
            positions = self._projection.positions_of_command(command_id)
            if not positions:
                told = self._payroll.ledger.read(f"commands/{command_id}", request.headers["authorization"])
                positions = {one["position"] for one in told["events"]}
        return recorded_at(self._payroll.feed, {one for one in positions if one <= known})

    def _seen(self, principal: Principal, jurisdiction: str, position: int) -> Seen:
        """Which lines the principal may see. Raises Refused `not-found` for another city's."""
        if principal.role is Role.WORKER:
            if self._projection.city_of(principal.scope.place_id, position) != jurisdiction:
                raise not_found(f"nothing to see of {jurisdiction}")
            where = {"worker_id": principal.scope.place_id}
        else:
            where = lines_within(principal, jurisdiction, self._projection)
        return lambda line: _is(line, where)

    def _may_see(self, principal: Principal, jurisdiction: str, one: Recorded, position: int) -> bool:
        """A worker's own event where the worker is in scope; of other streams those of the city's rules and places."""
        kind, _, name = one.stream.partition("/")
        if kind == "policy":
            return name == jurisdiction
        if kind == "worker":
            try:
                known = worker_in_scope(principal, name, position, self._projection, self._payroll.today)
            except Refused as refused:
                if refused.code != "not-found":
                    raise
                return False
            return known.jurisdiction == jurisdiction
        return principal.role is not Role.WORKER and name == jurisdiction


def _is(line: Line, where: dict[str, str]) -> bool:
    return all(getattr(line, name) == where[name] for name in where)


def _run_at(state: RunState) -> RunAt | None:
    return RunAt(state.run_id, state.month, state.drafted.at_position) if state.drafted else None


def _of_worker(one: Recorded) -> bool:
    return one.stream.startswith("worker/") or not kept(one)


def _final(history: History, pending: Recorded) -> int | None:
    """Where the rating of the year became final, if it did."""
    year = str(getattr(pending.event, "year", ""))
    finals = [
        fact.position
        for fact, _ in history.facts
        if fact.kind == FactKind.RATING and fact.position > pending.position and fact.value.startswith(f"{year} ")
    ]
    return min(finals, default=None)
