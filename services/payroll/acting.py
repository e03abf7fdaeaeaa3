"""The acts of a run as they are asked for over HTTP; each answers with the run as the act left it."""

from fastapi import Request, Response

from payroll.access import check_city
from payroll.answers import Act, ApprovalAct, ClosureAct, DraftAct, run_answer
from payroll.asking import Jurisdiction, Month, Sequence, at, caller_of
from payroll.runs import Caller, Payroll, Written
from payroll.soundness import check_runs_taken
from shared.http import body_of, principal_of


class Acting:
    """The endpoints; the same request sent again gets the same answer."""

    def __init__(self, payroll: Payroll) -> None:
        self._payroll = payroll
        self._projection = payroll.projection

    def draft(self, request: Request) -> Response:
        act = body_of(request, DraftAct)
        check_city(principal_of(request), act.jurisdiction)
        written = self._payroll.draft(act.jurisdiction, act.month, _caller(request, act, guarded=False))
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

    def _written(self, jurisdiction: str, month: str, sequence: int, written: Written) -> Response:
        """The run as the act left it, so that the same request sent again gets the same answer."""
        check_runs_taken(self._projection, jurisdiction, written.position, month, sequence)
        state = self._payroll.run(jurisdiction, month, sequence, written.position)
        response = at(written.position, run_answer(state, written), status=201, version=state.version)
        if written.replayed:
            response.headers["Idempotency-Replayed"] = "true"
        return response


def _caller(request: Request, act: Act, *, guarded: bool = True) -> Caller:
    return caller_of(request.url.path, request.headers, request.state.body, act, guarded=guarded)
