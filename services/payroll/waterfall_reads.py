"""Why it differs, over HTTP: a worker's or a place's months and known dates, and two runs (F70)."""

from datetime import datetime
from typing import Annotated

from fastapi import Query, Request, Response

from payroll.access import lines_within, not_found, worker_in_scope
from payroll.asking import (
    ID,
    MONTH,
    Jurisdiction,
    KnownAt,
    KnownPosition,
    Month,
    OfJurisdiction,
    Sequence,
    WorkerId,
    at,
    position_asked,
)
from payroll.reasons import lines_where
from payroll.run_state import RunState
from payroll.runs import Payroll, check_near
from payroll.settlement import first_month
from payroll.sides import Comparing, RunSide, Side, everything
from payroll.soundness import check_nothing_parked, check_runs_taken, check_sound
from payroll.waterfall import Seen
from payroll.waterfall_answers import WaterfallAnswer, waterfall_answer
from shared.http import Route, principal_of
from shared.principals import EVERYONE, OFFICE

AMonth = Annotated[str, Query(pattern=MONTH, description="the month, YYYY-MM")]
Against = Annotated[str | None, Query(pattern=MONTH, description="the month it is held against; the same")]
Other = Annotated[int, Query(ge=1, le=99, description="the other run's sequence")]
Of = Annotated[str | None, Query(pattern=ID, description="only of this worker")]


def waterfall_routes(payroll: Payroll) -> list[Route]:
    """The table of differences."""
    why, shape = _Differences(payroll), WaterfallAnswer
    worker, run = "/workers/{worker_id}/differences", "/runs/{jurisdiction}/{month}/{sequence}/differences"
    return [
        Route("GET", worker, EVERYONE, why.of_worker, "Why a worker's months differ, or what is known", None, shape),
        Route("GET", "/differences", OFFICE, why.of_place, "Why a place's months differ", None, shape),
        Route("GET", run, OFFICE, why.of_runs, "Why a run differs from another", None, shape),
    ]


class _Differences:
    """The endpoints. What a month comes to is what it itself makes payable, without differences of earlier months."""

    def __init__(self, payroll: Payroll) -> None:
        self._payroll = payroll
        self._projection = payroll.projection

    def of_worker(
        self,
        request: Request,
        worker_id: WorkerId,
        month: AMonth,
        against_month: Against = None,
        known_at: KnownAt = None,
        known_position: KnownPosition = None,
        against_known_at: KnownAt = None,
        against_known_position: KnownPosition = None,
    ) -> Response:
        after = self._side(request, month, known_at, known_position)
        before = self._other(request, after, against_month, against_known_at, against_known_position)
        last = max(before.at_position, after.at_position)
        known = worker_in_scope(principal_of(request), worker_id, last, self._projection, self._payroll.today)
        first_month(known, min(before.month, after.month))
        comparing = Comparing(self._projection, known.jurisdiction, worker_id, everything)
        return self._shown(comparing, before, after)

    def of_place(
        self,
        request: Request,
        jurisdiction: OfJurisdiction,
        month: AMonth,
        against_month: Against = None,
        known_at: KnownAt = None,
        known_position: KnownPosition = None,
        against_known_at: KnownAt = None,
        against_known_position: KnownPosition = None,
    ) -> Response:
        after = self._side(request, month, known_at, known_position)
        before = self._other(request, after, against_month, against_known_at, against_known_position)
        last = max(before.at_position, after.at_position)
        where = lines_within(principal_of(request), jurisdiction, self._projection)
        check_sound(self._projection)
        check_nothing_parked(self._projection, jurisdiction, last)
        first_month(self._projection.known(jurisdiction, last, ""), min(before.month, after.month))
        return self._shown(Comparing(self._projection, jurisdiction, None, _within(where)), before, after)

    def of_runs(
        self,
        request: Request,
        jurisdiction: Jurisdiction,
        month: Month,
        sequence: Sequence,
        against_month: AMonth,
        against_sequence: Other = 1,
        worker_id: Of = None,
        known_position: KnownPosition = None,
    ) -> Response:
        position = position_asked(self._payroll, request.headers, None, known_position)
        where = lines_within(principal_of(request), jurisdiction, self._projection)
        if worker_id is not None:
            where = {**where, "worker_id": worker_id}
        after = self._run(jurisdiction, month, sequence, position, where)
        before = self._run(jurisdiction, against_month, against_sequence, position, where)
        comparing = Comparing(self._projection, jurisdiction, worker_id, _within(where))
        shown = waterfall_answer(comparing.runs(before, after), before, after, self._payroll.feed)
        return at(position, shown)

    def _side(self, request: Request, month: str, known_at: datetime | None, known_position: int | None) -> Side:
        check_near(month, self._payroll.today())
        return Side(month, position_asked(self._payroll, request.headers, known_at, known_position))

    def _other(
        self, request: Request, after: Side, month: str | None, known_at: datetime | None, known_position: int | None
    ) -> Side:
        """What it is held against: the same month and position, unless another is named."""
        if known_at is None and known_position is None:
            return Side(month or after.month, after.at_position)
        return self._side(request, month or after.month, known_at, known_position)

    def _run(self, jurisdiction: str, month: str, sequence: int, position: int, where: dict[str, str]) -> RunSide:
        check_sound(self._projection)
        check_runs_taken(self._projection, jurisdiction, position, month, sequence)
        state = self._payroll.run(jurisdiction, month, sequence, position)
        at_position = _worked_out_at(state)
        if at_position is None:
            raise not_found(f"there is no run {jurisdiction}/{month}/{sequence}")
        check_nothing_parked(self._projection, jurisdiction, at_position)
        return RunSide(month, at_position, tuple(lines_where(self._projection, state, where)))

    def _shown(self, comparing: Comparing, before: Side, after: Side) -> Response:
        shown = waterfall_answer(comparing.months(before, after), before, after, self._payroll.feed)
        position = max(before.at_position, after.at_position)
        return at(position, shown)


def _worked_out_at(state: RunState) -> int | None:
    return state.drafted.at_position if state.drafted else None


def _within(where: dict[str, str]) -> Seen:
    return lambda line: all(getattr(line, name) == where[name] for name in where)
