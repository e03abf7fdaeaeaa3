"""Payroll over HTTP: a table of routes."""

from fastapi import FastAPI, Request, Response

from payroll.absence_reads import absence_routes
from payroll.acting import Acting
from payroll.answers import (
    Acknowledgements,
    DueAnswer,
    EngineAnswer,
    LadderAnswer,
    LinesPage,
    Payslip,
    ProjectionAnswer,
    Readiness,
    RebuildAnswer,
    RunAnswer,
    RunPage,
    RunsAnswer,
)
from payroll.batch import Batch
from payroll.budget_reads import budgets
from payroll.columnar import MEDIA as PARQUET
from payroll.explanation_reads import explanation_routes
from payroll.hand_over_reads import HandOverReads
from payroll.ledger_acts import LedgerSaidNo
from payroll.pay_reads import PayReads
from payroll.payments import PaymentList
from payroll.period_reads import period_routes
from payroll.run_reads import CSV, RunReads
from payroll.runs import Payroll
from payroll.scenario_reads import scenarios
from payroll.waterfall_reads import waterfall_routes
from payroll.wishes import (
    AcknowledgementAct,
    ApprovalAct,
    ClosureAct,
    DraftAct,
    EngineAct,
    HandOverAct,
    ReopeningAct,
    ReopeningConfirmationAct,
)
from payroll.workbooks import MEDIA as XLSX
from shared.http import Route, service_app
from shared.principals import EVERYONE, OFFICE, Role

PREFIX = "/payroll/v1"
_RUN = "/runs/{jurisdiction}/{month}/{sequence}"


def app(payroll: Payroll, *, token_key: bytes) -> FastAPI:
    """The service, to be mounted at `PREFIX`."""
    routes = (
        *_acts(Acting(payroll)),
        *_runs(RunReads(payroll)),
        *_pay(PayReads(payroll)),
        *_hand_overs(HandOverReads(payroll)),
        *scenarios(payroll),
        *budgets(payroll),
        *explanation_routes(payroll),
        *waterfall_routes(payroll),
        *absence_routes(payroll),
        *period_routes(payroll),
    )
    built = service_app("Workforce Ledger: payroll", PREFIX, routes, token_key=token_key)
    built.add_exception_handler(LedgerSaidNo, _pass_on)
    return built


def _acts(acts: Acting) -> tuple[Route, ...]:
    drafters, finance = frozenset({Role.FINANCE, Role.ADMIN}), frozenset({Role.FINANCE})
    second, supervisors = frozenset({Role.APPROVER}), frozenset({Role.SUPERVISOR})
    reopening, confirming = f"{_RUN}/reopening", f"{_RUN}/reopening-confirmation"
    handing, saying, agreed = f"{_RUN}/hand-over", f"{_RUN}/acknowledgements", ReopeningConfirmationAct
    return (
        Route("POST", "/runs", drafters, acts.draft, "Draft a month's run", DraftAct, RunAnswer, 201),
        Route("POST", f"{_RUN}/approval", second, acts.approve, "Approve a draft", ApprovalAct, RunAnswer, 201),
        Route("POST", f"{_RUN}/closure", finance, acts.close, "Close an approved run", ClosureAct, RunAnswer, 201),
        Route(
            "POST",
            reopening,
            finance | second,
            acts.propose_reopening,
            "Propose a supplementary run of a closed month",
            ReopeningAct,
            RunAnswer,
            201,
        ),
        Route("POST", confirming, second, acts.confirm_reopening, "Agree to a reopening", agreed, RunAnswer, 201),
        Route("POST", handing, finance, acts.hand_over, "Hand a closed run over", HandOverAct, RunAnswer, 201),
        Route("POST", saying, finance, acts.acknowledge, "Say what was booked", AcknowledgementAct, RunAnswer, 201),
        Route("POST", "/engines", supervisors, acts.adopt_engine, "Adopt a pay engine", EngineAct, EngineAnswer, 201),
    )


def _runs(runs: RunReads) -> tuple[Route, ...]:
    return (
        Route("GET", "/runs", OFFICE, runs.runs, "The runs of a city", None, RunsAnswer),
        Route("GET", _RUN, OFFICE, runs.run, "A run with its totals", None, RunPage),
        Route("GET", f"{_RUN}/readiness", OFFICE, runs.readiness, "What is in the way of the close", None, Readiness),
        Route("GET", f"{_RUN}/lines", OFFICE, runs.lines, "The lines of a run", None, LinesPage, media=(CSV,)),
    )


def _hand_overs(reads: HandOverReads) -> tuple[Route, ...]:
    readers = OFFICE - {Role.APPROVER}
    batch, acknowledged = f"{_RUN}/hand-over", f"{_RUN}/acknowledgements"
    said = "What finance said of each voucher"
    return (
        Route("GET", batch, readers, reads.batch, "The batch of a run", None, Batch, media=(CSV, XLSX, PARQUET)),
        Route("GET", acknowledged, OFFICE, reads.acknowledgements, said, None, Acknowledgements),
        Route(
            "GET", f"{_RUN}/payments", readers, reads.payments, "Who gets what", None, PaymentList, media=(CSV, XLSX)
        ),
    )


def _pay(pay: PayReads) -> tuple[Route, ...]:
    of_worker, auditors = "/workers/{worker_id}", frozenset({Role.ADMIN, Role.AUDITOR})
    return (
        Route("GET", of_worker + "/payslips/{month}", EVERYONE, pay.payslip, "A payslip", None, Payslip),
        Route("GET", of_worker + "/due/{month}", EVERYONE, pay.due, "What a service month is due", None, DueAnswer),
        Route("GET", "/ladder", OFFICE, pay.ladder, "The pay ladder on a day", None, LadderAnswer),
        Route("GET", "/engines", OFFICE, pay.engine, "The pay engine of a city", None, EngineAnswer),
        Route("GET", "/projection", OFFICE, pay.projection, "Position and digest", None, ProjectionAnswer),
        Route("POST", "/rebuild", auditors, pay.rebuild, "Build anew from the feed, compare", None, RebuildAnswer),
    )


async def _pass_on(_: Request, error: Exception) -> Response:
    assert isinstance(error, LedgerSaidNo)
    kept = {name: error.response.headers[name] for name in ("etag", "retry-after") if name in error.response.headers}
    media_type = error.response.headers.get("content-type")
    return Response(error.response.content, error.response.status_code, media_type=media_type, headers=kept)
