"""The acts of a run as they are asked for over HTTP; each answers with the run as the act left it."""

from datetime import date

from fastapi import Request, Response

from payroll.access import check_city
from payroll.answers import engine_answer, run_answer
from payroll.asking import Jurisdiction, Month, Sequence, at, caller_of
from payroll.hand_overs import acknowledge, hand_over
from payroll.ledger_acts import Caller, Written
from payroll.run_state import RunState
from payroll.runs import Payroll
from payroll.soundness import check_runs_taken
from payroll.wishes import (
    AcknowledgementAct,
    Act,
    ApprovalAct,
    ClosureAct,
    DraftAct,
    EngineAct,
    HandOverAct,
    ReopeningAct,
    ReopeningConfirmationAct,
)
from shared.http import body_of, principal_of
from shared.money import fen


class Acting:
    """The endpoints; the same request sent again gets the same answer."""

    def __init__(self, payroll: Payroll) -> None:
        self._payroll = payroll
        self._projection = payroll.projection

    def draft(self, request: Request) -> Response:
        act = body_of(request, DraftAct)
        check_city(principal_of(request), act.jurisdiction)
        written = self._payroll.draft(
            act.jurisdiction, act.month, _caller(request, act, guarded=False), sequence=act.sequence
        )
        return self._written(act.jurisdiction, act.month, act.sequence, written)

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

    def propose_reopening(
        self, request: Request, jurisdiction: Jurisdiction, month: Month, sequence: Sequence
    ) -> Response:
        act = body_of(request, ReopeningAct)
        check_city(principal_of(request), jurisdiction)
        caller = _caller(request, act, guarded=False)
        written = self._payroll.propose_reopening(jurisdiction, month, sequence, act.reason, act.lapses_on, caller)
        return self._written(jurisdiction, month, sequence, written)

    def confirm_reopening(
        self, request: Request, jurisdiction: Jurisdiction, month: Month, sequence: Sequence
    ) -> Response:
        act = body_of(request, ReopeningConfirmationAct)
        check_city(principal_of(request), jurisdiction)
        written = self._payroll.confirm_reopening(jurisdiction, month, sequence, _caller(request, act))
        return self._written(jurisdiction, month, sequence, written)

    def hand_over(self, request: Request, jurisdiction: Jurisdiction, month: Month, sequence: Sequence) -> Response:
        act = body_of(request, HandOverAct)
        check_city(principal_of(request), jurisdiction)
        written = hand_over(self._payroll, jurisdiction, month, sequence, _caller(request, act))
        return self._written(jurisdiction, month, sequence, written)

    def acknowledge(self, request: Request, jurisdiction: Jurisdiction, month: Month, sequence: Sequence) -> Response:
        act = body_of(request, AcknowledgementAct)
        check_city(principal_of(request), jurisdiction)
        state = RunState(jurisdiction, month, sequence)
        booked = [{"entry": line.entry, "booked_fen": fen(line.booked), "reason": line.reason} for line in act.entries]
        written = acknowledge(self._payroll, state, act.voucher_id, booked, _caller(request, act))
        return self._written(jurisdiction, month, sequence, written)

    def adopt_engine(self, request: Request) -> Response:
        act = body_of(request, EngineAct)
        check_city(principal_of(request), act.jurisdiction)
        written = self._payroll.adopt_engine(act.jurisdiction, act.engine, _caller(request, act, guarded=False))
        adopted = self._projection.engine(act.jurisdiction, written.position)
        shown = engine_answer(act.jurisdiction, adopted, written.position)
        return _replayed(at(written.position, shown, status=201), written)

    def _written(self, jurisdiction: str, month: str, sequence: int, written: Written) -> Response:
        """The run as the act left it, so that the same request sent again gets the same answer."""
        check_runs_taken(self._projection, jurisdiction, written.position, month, sequence)
        state = self._payroll.run(jurisdiction, month, sequence, written.position)
        shown = run_answer(state, date.min, written)
        return _replayed(at(written.position, shown, status=201, version=state.version), written)


def _replayed(response: Response, written: Written) -> Response:
    if written.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return response


def _caller(request: Request, act: Act, *, guarded: bool = True) -> Caller:
    return caller_of(request.url.path, request.headers, request.state.body, act, guarded=guarded)
