"""Runs and their lines as they are read over HTTP, each answer at the position it names."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query, Request, Response
from fastapi.responses import StreamingResponse

from payroll.access import check_city, lines_within, not_found
from payroll.answers import LinesPage, Readiness, RunPage, RunsAnswer, run_answer
from payroll.asking import (
    Jurisdiction,
    KnownAt,
    KnownPosition,
    Month,
    OfJurisdiction,
    Sequence,
    at,
    position_asked,
)
from payroll.exports import csv_of
from payroll.line_answers import LineAnswer, line_answer, totals_of
from payroll.readiness import blockers_of
from payroll.run_lines import lines_of
from payroll.run_state import RunState, states_of
from payroll.runs import Payroll, check_near
from payroll.soundness import check_nothing_parked, check_runs_taken, check_sound
from shared.http import principal_of

CSV = "text/csv"
After = Annotated[int, Query(ge=0, le=2**31 - 1, description="lines with a greater number")]
Limit = Annotated[int, Query(ge=1, le=1000, description="at most this many lines")]
Format = Annotated[Literal["json", "csv"], Query(description="csv streams all lines after `after`")]


class RunReads:
    """The endpoints; every one catches up with the feed before it answers."""

    def __init__(self, payroll: Payroll) -> None:
        self._payroll = payroll
        self._projection = payroll.projection

    def runs(self, request: Request, jurisdiction: OfJurisdiction) -> Response:
        check_city(principal_of(request), jurisdiction)
        position = self._position(request)
        check_runs_taken(self._projection, jurisdiction, position)
        states = states_of(self._projection.acts(jurisdiction, position))
        runs = [run_answer(states[key], self._payroll.today()) for key in sorted(states)]
        return at(position, RunsAnswer(jurisdiction=jurisdiction, known_position=position, runs=runs))

    def run(
        self,
        request: Request,
        jurisdiction: Jurisdiction,
        month: Month,
        sequence: Sequence,
        known_at: KnownAt = None,
        known_position: KnownPosition = None,
    ) -> Response:
        check_city(principal_of(request), jurisdiction)
        position = self._position(request, known_at, known_position)
        state = self._state(jurisdiction, month, sequence, position)
        totals = totals_of(list(lines_of(self._projection, state, {}, 0, None)), month)
        return at(
            position,
            RunPage(known_position=position, run=run_answer(state, self._payroll.today()), totals=totals),
            version=state.version,
        )

    def readiness(self, request: Request, jurisdiction: Jurisdiction, month: Month, sequence: Sequence) -> Response:
        check_city(principal_of(request), jurisdiction)
        check_near(month, self._payroll.today())
        position, who = self._position(request), request.headers["authorization"]
        blockers = list(blockers_of(self._payroll, jurisdiction, month, sequence, who))
        shown = Readiness(
            run_id=f"{jurisdiction}/{month}/{sequence}",
            known_position=position,
            ready=not any(blocker.blocks for blocker in blockers),
            blockers=blockers,
        )
        return at(position, shown)

    def lines(
        self,
        request: Request,
        jurisdiction: Jurisdiction,
        month: Month,
        sequence: Sequence,
        after: After = 0,
        limit: Limit = 200,
        format: Format = "json",
        known_position: KnownPosition = None,
    ) -> Response:
        position = self._position(request, None, known_position)
        where = lines_within(principal_of(request), jurisdiction, self._projection)
        state = self._state(jurisdiction, month, sequence, position)
        if format == "csv":
            shown = (
                line_answer(line, month, sequence) for line in lines_of(self._projection, state, where, after, None)
            )
            name = f'attachment; filename="{jurisdiction}-{month}-{sequence}.csv"'
            headers = {"Ledger-Position": str(position), "Content-Disposition": name}
            return StreamingResponse(csv_of(shown, LineAnswer), media_type=f"{CSV}; charset=utf-8", headers=headers)
        lines = list(lines_of(self._projection, state, where, after, limit + 1))
        page = LinesPage(
            run_id=f"{jurisdiction}/{month}/{sequence}",
            status=state.stage().value,
            at_position=state.drafted.at_position if state.drafted else -1,
            known_position=position,
            lines=[line_answer(line, month, sequence) for line in lines[:limit]],
            next_after=lines[limit - 1].number if len(lines) > limit else None,
        )
        return at(position, page)

    def _state(self, jurisdiction: str, month: str, sequence: int, position: int) -> RunState:
        check_sound(self._projection)
        check_runs_taken(self._projection, jurisdiction, position, month, sequence)
        state = self._payroll.run(jurisdiction, month, sequence, position)
        if not state.acts:
            raise not_found(f"there is no run {state.run_id}")
        if state.drafted is not None and state.closed_act is None:
            check_nothing_parked(self._projection, jurisdiction, state.drafted.at_position)
        return state

    def _position(self, request: Request, known_at: datetime | None = None, known_position: int | None = None) -> int:
        return position_asked(self._payroll, request.headers, known_at, known_position)
