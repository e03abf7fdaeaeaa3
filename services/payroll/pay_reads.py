"""What one worker is paid, by which ladder, and how payroll's tables stand, as it is read over HTTP."""

from datetime import date, datetime
from typing import Annotated

from fastapi import Query, Request, Response

from payroll.access import lines_within, worker_in_scope
from payroll.answers import DueAnswer, Payslip, ProjectionAnswer, RebuildAnswer, engine_answer
from payroll.asking import (
    ID,
    KnownAt,
    KnownPosition,
    Month,
    OfJurisdiction,
    RulesAt,
    WorkerId,
    at,
    check_day,
    position_asked,
    written,
)
from payroll.engines import engine
from payroll.ladders import ladder_on
from payroll.line_answers import line_answer, totals_of
from payroll.rule_sets import rules_digest, under
from payroll.run_state import states_of
from payroll.runs import Payroll, check_near, rebuilt_beside
from payroll.settlement import month_alone
from payroll.soundness import check_rules_taken, check_runs_taken
from shared.http import principal_of

Scheme = Annotated[str, Query(pattern=ID, description="the pay scheme")]


class PayReads:
    """The endpoints; every one catches up with the feed before it answers."""

    def __init__(self, payroll: Payroll) -> None:
        self._payroll = payroll
        self._projection = payroll.projection

    def payslip(
        self,
        request: Request,
        worker_id: WorkerId,
        month: Month,
        known_at: KnownAt = None,
        known_position: KnownPosition = None,
    ) -> Response:
        position = self._position(request, known_at, known_position)
        known = worker_in_scope(principal_of(request), worker_id, position, self._projection, self._payroll.today)
        states = states_of(self._projection.acts(known.jurisdiction, position, month)).values()
        closes = {state.sequence: state.closed_act.position for state in states if state.closed_act is not None}
        check_runs_taken(self._projection, known.jurisdiction, position, *([month] if closes else ()))
        where = {"worker_id": worker_id}
        blockers: tuple[str, ...] = ()
        of_run: list[int | None]
        if closes:
            kept = {one: self._projection.closed_lines(close, where=where) for one, close in closes.items()}
            lines = [line for found in kept.values() for line in found]
            of_run = [one for one, found in kept.items() for _ in found]
        else:
            check_near(month, self._payroll.today())
            settle = engine(self._projection.engine(known.jurisdiction, position))
            settlement = settle(known, month)
            lines, blockers = list(settlement.explained()), settlement.blockers
            of_run = [None] * len(lines)
        slip = Payslip(
            worker_id=worker_id,
            month=month,
            status="closed" if closes else "open",
            known_position=position,
            lines=[line_answer(line, month, one) for line, one in zip(lines, of_run, strict=True)],
            totals=totals_of(lines, month),
            blockers=blockers,
        )
        return at(position, slip)

    def due(
        self,
        request: Request,
        worker_id: WorkerId,
        month: Month,
        known_at: KnownAt = None,
        known_position: KnownPosition = None,
        rules_at: RulesAt = None,
    ) -> Response:
        position = self._position(request, known_at, known_position)
        known = worker_in_scope(principal_of(request), worker_id, position, self._projection, self._payroll.today)
        rules_position = position
        if rules_at is not None:
            rules_position = written(rules_at, self._projection.position, "rules_at")
            check_rules_taken(self._projection, known.jurisdiction, rules_position)
            known = under(known, self._projection.rules(known.jurisdiction, rules_position))
        settlement = month_alone(known, month)
        lines = list(settlement.explained())
        shown = DueAnswer(
            worker_id=worker_id,
            service_month=month,
            known_position=position,
            rules_position=rules_position,
            rules_digest=rules_digest(known),
            lines=[line_answer(line, month) for line in lines],
            totals=totals_of(lines, month),
            blockers=settlement.blockers,
        )
        return at(position, shown)

    # --- rules and the projection

    def ladder(
        self, request: Request, jurisdiction: OfJurisdiction, scheme: Scheme, on: date, known_at: KnownAt = None
    ) -> Response:
        check_day(on, "on")
        position = self._position(request, known_at)
        lines_within(principal_of(request), jurisdiction, self._projection)
        check_rules_taken(self._projection, jurisdiction, position)
        return at(position, ladder_on(self._projection.known(jurisdiction, position), scheme, on))

    def engine(self, request: Request, jurisdiction: OfJurisdiction) -> Response:
        position = self._position(request)
        lines_within(principal_of(request), jurisdiction, self._projection)
        check_rules_taken(self._projection, jurisdiction, position)
        return at(position, engine_answer(jurisdiction, self._projection.engine(jurisdiction, position), position))

    def projection(self, request: Request) -> Response:
        position = self._position(request)
        return at(position, ProjectionAnswer(position=position, digest=self._projection.digest()))

    def rebuild(self, request: Request) -> Response:
        position, live, rebuilt = rebuilt_beside(self._payroll)
        shown = RebuildAnswer(position=position, live_digest=live, rebuilt_digest=rebuilt, equal=live == rebuilt)
        return at(position, shown)

    def _position(self, request: Request, known_at: datetime | None = None, known_position: int | None = None) -> int:
        return position_asked(self._payroll, request.headers, known_at, known_position)
