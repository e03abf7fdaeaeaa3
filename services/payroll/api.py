"""Payroll over HTTP: a table of routes."""

from fastapi import FastAPI, Request, Response

from payroll.acting import Acting
from payroll.answers import (
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
)
from payroll.pay_reads import PayReads
from payroll.run_reads import CSV, RunReads
from payroll.runs import LedgerSaidNo, Payroll
from shared.http import Route, service_app
from shared.principals import EVERYONE, OFFICE, Role

PREFIX = "/payroll/v1"


def app(payroll: Payroll, *, token_key: bytes) -> FastAPI:
    """The service, to be mounted at `PREFIX`."""
    acts, runs, pay = Acting(payroll), RunReads(payroll), PayReads(payroll)
    run, of_worker = "/runs/{jurisdiction}/{month}/{sequence}", "/workers/{worker_id}"
    drafters, closers = frozenset({Role.FINANCE, Role.ADMIN}), frozenset({Role.FINANCE})
    approvers, auditors = frozenset({Role.APPROVER}), frozenset({Role.ADMIN, Role.AUDITOR})
    routes = (
        Route("POST", "/runs", drafters, acts.draft, "Draft a month's run", DraftAct, RunAnswer, 201),
        Route("GET", "/runs", OFFICE, runs.runs, "The runs of a city", None, RunsAnswer),
        Route("GET", run, OFFICE, runs.run, "A run with its totals", None, RunPage),
        Route("POST", run + "/approval", approvers, acts.approve, "Approve a draft", ApprovalAct, RunAnswer, 201),
        Route("POST", run + "/closure", closers, acts.close, "Close an approved run", ClosureAct, RunAnswer, 201),
        Route("GET", run + "/lines", OFFICE, runs.lines, "The lines of a run", None, LinesPage, media=(CSV,)),
        Route("GET", of_worker + "/payslips/{month}", EVERYONE, pay.payslip, "A payslip", None, Payslip),
        Route("GET", of_worker + "/due/{month}", EVERYONE, pay.due, "What a service month is due", None, DueAnswer),
        Route("GET", "/ladder", OFFICE, pay.ladder, "The pay ladder on a day", None, LadderAnswer),
        Route("GET", "/projection", OFFICE, pay.projection, "Position and digest", None, ProjectionAnswer),
        Route("POST", "/rebuild", auditors, pay.rebuild, "Build anew from the feed, compare", None, RebuildAnswer),
    )
    built = service_app("Workforce Ledger: payroll", PREFIX, routes, token_key=token_key)
    built.add_exception_handler(LedgerSaidNo, _pass_on)
    return built


async def _pass_on(_: Request, error: Exception) -> Response:
    assert isinstance(error, LedgerSaidNo)
    kept = {name: error.response.headers[name] for name in ("etag", "retry-after") if name in error.response.headers}
    media_type = error.response.headers.get("content-type")
    return Response(error.response.content, error.response.status_code, media_type=media_type, headers=kept)
