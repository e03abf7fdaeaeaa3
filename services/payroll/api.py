"""Payroll over HTTP: a table of routes, and one small function for each."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import FastAPI, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from payroll.access import check_city, lines_within, not_found, worker_in_scope
from payroll.answers import (
    Act,
    ApprovalAct,
    ClosureAct,
    DraftAct,
    DueAnswer,
    LadderAnswer,
    LinesPage,
    Payslip,
    ProjectionAnswer,
    RebuildAnswer,
    RunAnswer,
    RunPage,
    RunsAnswer,
    line_answer,
    run_answer,
    totals_of,
)
from payroll.asking import caller_of, position_asked
from payroll.exports import csv_of
from payroll.ladders import ladder_on
from payroll.run_state import RunState, states_of
from payroll.runs import Caller, LedgerSaidNo, Payroll, Written, check_near, rebuilt_beside
from payroll.settlement import Line, month_alone, settle
from payroll.soundness import check_nothing_parked, check_rules_taken, check_runs_taken, check_sound
from shared.http import Route, answer, body_of, principal_of, service_app
from shared.principals import EVERYONE, OFFICE, Role

PREFIX = "/payroll/v1"
CSV = "text/csv"
_ROWS_PER_READ = 1_000

_ID = r"^[a-z0-9][a-z0-9-]{0,63}$"
Jurisdiction = Annotated[str, Path(pattern=_ID, description="the city whose policies and runs these are")]
OfJurisdiction = Annotated[str, Query(pattern=_ID, description="the city whose policies and runs these are")]
Month = Annotated[
    str, Path(pattern=r"^(19[7-9][0-9]|2[01][0-9]{2})-(0[1-9]|1[0-2])$", description="a calendar month, YYYY-MM")
]
Sequence = Annotated[int, Path(ge=1, le=99, description="1, or the number of a supplementary run")]
WorkerId = Annotated[str, Path(pattern=_ID, description="the worker's id")]
Scheme = Annotated[str, Query(pattern=_ID, description="the pay scheme")]
KnownAt = Annotated[datetime | None, Query(description="as known at this time, with its offset from UTC")]
KnownPosition = Annotated[int | None, Query(ge=0, le=2**53, description="as known at this position of the log")]
After = Annotated[int, Query(ge=0, le=2**31 - 1, description="lines with a greater number")]
Limit = Annotated[int, Query(ge=1, le=1000, description="at most this many lines")]
Format = Annotated[Literal["json", "csv"], Query(description="csv streams all lines after `after`")]


def app(payroll: Payroll, *, token_key: bytes) -> FastAPI:
    """The service, to be mounted at `PREFIX`."""
    desk = _Desk(payroll)
    run, of_worker = "/runs/{jurisdiction}/{month}/{sequence}", "/workers/{worker_id}"
    drafters, closers = frozenset({Role.FINANCE, Role.ADMIN}), frozenset({Role.FINANCE})
    approvers, auditors = frozenset({Role.APPROVER}), frozenset({Role.ADMIN, Role.AUDITOR})
    routes = (
        Route("POST", "/runs", drafters, desk.draft, "Draft a month's run", DraftAct, RunAnswer, 201),
        Route("GET", "/runs", OFFICE, desk.runs, "The runs of a city", None, RunsAnswer),
        Route("GET", run, OFFICE, desk.run, "A run with its totals", None, RunPage),
        Route("POST", run + "/approval", approvers, desk.approve, "Approve a draft", ApprovalAct, RunAnswer, 201),
        Route("POST", run + "/closure", closers, desk.close, "Close an approved run", ClosureAct, RunAnswer, 201),
        Route("GET", run + "/lines", OFFICE, desk.lines, "The lines of a run", None, LinesPage, media=(CSV,)),
        Route("GET", of_worker + "/payslips/{month}", EVERYONE, desk.payslip, "A payslip", None, Payslip),
        Route("GET", of_worker + "/due/{month}", EVERYONE, desk.due, "What a service month is due", None, DueAnswer),
        Route("GET", "/ladder", OFFICE, desk.ladder, "The pay ladder on a day", None, LadderAnswer),
        Route("GET", "/projection", OFFICE, desk.projection, "Position and digest", None, ProjectionAnswer),
        Route("POST", "/rebuild", auditors, desk.rebuild, "Build anew from the feed, compare", None, RebuildAnswer),
    )
    built = service_app("Workforce Ledger: payroll", PREFIX, routes, token_key=token_key)
    built.add_exception_handler(LedgerSaidNo, _pass_on)
    return built


class _Desk:
    """The endpoints; every one catches up with the feed before it answers, and names the position it answers at."""

    def __init__(self, payroll: Payroll) -> None:
        self._payroll = payroll
        self._projection = payroll.projection

    # --- acts of a run

    def draft(self, request: Request) -> Response:
        act = body_of(request, DraftAct)
        check_city(principal_of(request), act.jurisdiction)
        written = self._payroll.draft(act.jurisdiction, act.month, _caller(request, act))
        return self._written(act.jurisdiction, act.month, 1, written)

    def approve(self, request: Request, jurisdiction: Jurisdiction, month: Month, sequence: Sequence) -> Response:
        act = body_of(request, ApprovalAct)
        check_city(principal_of(request), jurisdiction)
        written = self._payroll.approve(jurisdiction, month, sequence, act.digest, _caller(request, act))
        return self._written(jurisdiction, month, sequence, written)

    def close(self, request: Request, jurisdiction: Jurisdiction, month: Month, sequence: Sequence) -> Response:
        act = body_of(request, ClosureAct)
        check_city(principal_of(request), jurisdiction)
        written = self._payroll.close(jurisdiction, month, sequence, _caller(request, act))
        return self._written(jurisdiction, month, sequence, written)

    # --- runs and lines

    def runs(self, request: Request, jurisdiction: OfJurisdiction) -> Response:
        check_city(principal_of(request), jurisdiction)
        position = self._position(request)
        check_runs_taken(self._projection, jurisdiction, position)
        states = states_of(self._projection.acts(jurisdiction, position))
        runs = [run_answer(states[key]) for key in sorted(states)]
        return _at(position, RunsAnswer(jurisdiction=jurisdiction, known_position=position, runs=runs))

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
        totals = totals_of(list(self._lines(state, {}, 0, None)), month)
        return _at(position, RunPage(known_position=position, run=run_answer(state), totals=totals))

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
            shown = (line_answer(line, month) for line in self._lines(state, where, after, None))
            name = f'attachment; filename="{jurisdiction}-{month}-{sequence}.csv"'
            headers = {"Ledger-Position": str(position), "Content-Disposition": name}
            return StreamingResponse(csv_of(shown), media_type=f"{CSV}; charset=utf-8", headers=headers)
        lines = list(self._lines(state, where, after, limit + 1))
        page = LinesPage(
            run_id=f"{jurisdiction}/{month}/{sequence}",
            status=state.status,
            at_position=run_answer(state).at_position,
            known_position=position,
            lines=[line_answer(line, month) for line in lines[:limit]],
            next_after=lines[limit - 1].number if len(lines) > limit else None,
        )
        return _at(position, page)

    # --- one worker

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
        closes = [state.closed_act.position for state in states if state.closed_act is not None]
        check_runs_taken(self._projection, known.jurisdiction, position, *([month] if closes else ()))
        where = {"worker_id": worker_id}
        blockers: tuple[str, ...] = ()
        if closes:
            lines = [line for close in closes for line in self._projection.closed_lines(close, where=where)]
        else:
            check_near(month, self._payroll.today())
            settlement = settle(known, month)
            lines, blockers = list(settlement.explained()), settlement.blockers
        slip = Payslip(
            worker_id=worker_id,
            month=month,
            status="closed" if closes else "open",
            known_position=position,
            lines=[line_answer(line, month) for line in lines],
            totals=totals_of(lines, month),
            blockers=blockers,
        )
        return _at(position, slip)

    def due(
        self,
        request: Request,
        worker_id: WorkerId,
        month: Month,
        known_at: KnownAt = None,
        known_position: KnownPosition = None,
    ) -> Response:
        position = self._position(request, known_at, known_position)
        known = worker_in_scope(principal_of(request), worker_id, position, self._projection, self._payroll.today)
        settlement = month_alone(known, month)
        lines = list(settlement.explained())
        shown = DueAnswer(
            worker_id=worker_id,
            service_month=month,
            known_position=position,
            lines=[line_answer(line, month) for line in lines],
            totals=totals_of(lines, month),
            blockers=settlement.blockers,
        )
        return _at(position, shown)

    # --- rules and the projection

    def ladder(
        self, request: Request, jurisdiction: OfJurisdiction, scheme: Scheme, on: date, known_at: KnownAt = None
    ) -> Response:
        position = self._position(request, known_at)
        lines_within(principal_of(request), jurisdiction, self._projection)
        check_rules_taken(self._projection, jurisdiction, position)
        return _at(position, ladder_on(self._projection.known(jurisdiction, position), scheme, on))

    def projection(self, request: Request) -> Response:
        position = self._position(request)
        return _at(position, ProjectionAnswer(position=position, digest=self._projection.digest()))

    def rebuild(self, request: Request) -> Response:
        position, live, rebuilt = rebuilt_beside(self._payroll)
        shown = RebuildAnswer(position=position, live_digest=live, rebuilt_digest=rebuilt, equal=live == rebuilt)
        return _at(position, shown)

    # --- small steps

    def _written(self, jurisdiction: str, month: str, sequence: int, written: Written) -> Response:
        """The run as the act left it, so that the same request sent again gets the same answer."""
        check_runs_taken(self._projection, jurisdiction, written.position, month, sequence)
        state = self._payroll.run(jurisdiction, month, sequence, written.position)
        response = _at(written.position, run_answer(state, written), status=201)
        if written.replayed:
            response.headers["Idempotency-Replayed"] = "true"
        return response

    def _state(self, jurisdiction: str, month: str, sequence: int, position: int) -> RunState:
        check_sound(self._projection)
        check_runs_taken(self._projection, jurisdiction, position, month, sequence)
        state = self._payroll.run(jurisdiction, month, sequence, position)
        if state.drafted is None:
            raise not_found(f"there is no run {jurisdiction}/{month}/{sequence}")
        if state.closed_act is None:
            check_nothing_parked(self._projection, jurisdiction, state.drafted.at_position)
        return state

    def _lines(self, state: RunState, where: dict[str, str], after: int, limit: int | None) -> Iterator[Line]:
        """The kept lines of a closed run, read in portions; those of a draft worked out again at its position."""
        if state.closed_act is not None:
            while limit is None or limit > 0:
                wanted = _ROWS_PER_READ if limit is None else min(limit, _ROWS_PER_READ)
                portion = self._projection.closed_lines(state.closed_act.position, after, wanted, where)
                yield from portion
                if len(portion) < wanted:
                    return
                after, limit = portion[-1].number, None if limit is None else limit - wanted
            return
        assert state.drafted is not None
        settlement = settle(self._projection.known(state.jurisdiction, state.drafted.at_position), state.month)
        lines = [
            line
            for line in settlement.lines[after:]
            if all(getattr(line, column) == value for column, value in where.items())
        ]
        yield from settlement.explained(lines[:limit])

    def _position(self, request: Request, known_at: datetime | None = None, known_position: int | None = None) -> int:
        return position_asked(self._payroll, request.headers, known_at, known_position)


def _caller(request: Request, act: Act) -> Caller:
    return caller_of(request.url.path, request.headers, request.state.body, act)


def _at(position: int, value: object, *, status: int = 200) -> Response:
    return answer(value, status=status, headers={"Ledger-Position": str(position)})


async def _pass_on(_: Request, error: Exception) -> Response:
    assert isinstance(error, LedgerSaidNo)
    kept = {name: error.response.headers[name] for name in ("etag", "retry-after") if name in error.response.headers}
    media_type = error.response.headers.get("content-type")
    return Response(error.response.content, error.response.status_code, media_type=media_type, headers=kept)
