"""The ledger over HTTP: a table of who may give which command, and one way to send it."""

from typing import Annotated, Literal

import msgspec
from fastapi import FastAPI, Header, Query, Request, Response

from ledger.asking import LONGEST_ETAG, LONGEST_KEY, key_of, version_of
from ledger.candidate_reads import candidate_reads
from ledger.commands import (
    advancements,
    appraisals,
    candidates,
    careers,
    places,
    policies,
    qualifications,
    redraws,
    runs,
    voids,
)
from ledger.difference_reads import difference_reads
from ledger.domain import (
    advancement,
    appraisal,
    candidate,
    career,
    certificates,
    city,
    community,
    policy,
    probation,
    quotas,
    redraw,
    rehire,
    renaming,
    retro_limit,
    run,
    second_post,
    suspension,
    void,
)
from ledger.domain.command import Command
from ledger.execution import CommandAnswer, Decide, Ledger, Outcome, Sent
from ledger.grade_reads import grade_reads
from ledger.imports import imports
from ledger.queries import Queries
from ledger.reads import reads
from ledger.seat_reads import seat_reads
from shared import telemetry, traces
from shared.auth import check_seal, sealing_key
from shared.database import AWAY, StorageAway
from shared.http import Route, body_of, principal_of, service_app
from shared.principals import Role
from shared.refusal import Refused
from shared.watching import told

PREFIX = "/ledger/v1"
ADMIN = frozenset({Role.ADMIN, Role.SUPERVISOR})
SUPERVISORS = frozenset({Role.SUPERVISOR})
DRAFTERS = frozenset({Role.FINANCE, Role.ADMIN})
APPROVERS = frozenset({Role.APPROVER})
CLOSERS = frozenset({Role.FINANCE})

GUARDED, OPEN, SEALED = "guarded", "open", "sealed"
COMMANDS: tuple[tuple[str, type[Command], Decide, frozenset[Role], str, str], ...] = (
    ("/cities", city.RegisterCity, places.register_city, ADMIN, OPEN, "Register a city"),
    ("/streets", city.RegisterStreet, places.register_street, ADMIN, OPEN, "Register a street or a unit like one"),
    ("/communities", community.RegisterCommunity, places.register_community, ADMIN, OPEN, "Register a community"),
    ("/grids", community.RegisterGrid, places.register_grid, ADMIN, OPEN, "Register a grid of a community"),
    ("/renames", renaming.RenameCommunity, places.rename_community, ADMIN, GUARDED, "Rename a community or a grid"),
    ("/city-quotas", city.SetCityQuota, places.set_city_quota, ADMIN, GUARDED, "Set the establishment of a city"),
    (
        "/community-quotas",
        quotas.SetCommunityQuota,
        places.set_community_quota,
        ADMIN,
        GUARDED,
        "Set the establishment of a community",
    ),
    ("/seat-moves", quotas.MoveSeats, places.move_seats, ADMIN, GUARDED, "Move seats to another community"),
    ("/redraws", redraw.RedrawCommunities, redraws.redraw_communities, ADMIN, GUARDED, "Redraw communities"),
    ("/policies", policy.EnactPolicy, policies.enact_policy, ADMIN, OPEN, "Enact a policy document"),
    ("/bases", policy.PublishBase, policies.publish_base, ADMIN, GUARDED, "Publish the average wage behind a base"),
    ("/payroll-openings", policy.OpenPayroll, policies.open_payroll, ADMIN, GUARDED, "Set the first payroll month"),
    (
        "/retro-limits",
        retro_limit.SetRetroLimit,
        policies.set_retro_limit,
        SUPERVISORS,
        GUARDED,
        "Set how far back acts may be dated",
    ),
    ("/candidates", candidate.RegisterCandidate, candidates.register_candidate, ADMIN, OPEN, "Register a candidate"),
    ("/exams", candidate.ExamineCandidate, candidates.examine_candidate, ADMIN, GUARDED, "Record the mark of an exam"),
    ("/checks", candidate.CheckCandidate, candidates.check_candidate, ADMIN, GUARDED, "Record what the check found"),
    (
        "/withdrawals",
        candidate.WithdrawCandidate,
        candidates.withdraw_candidate,
        ADMIN,
        GUARDED,
        "End an application without a hire",
    ),
    ("/hires", career.HireWorker, careers.hire_worker, ADMIN, OPEN, "Hire a worker"),
    (
        "/probation-confirmations",
        probation.ConfirmProbation,
        careers.confirm_probation,
        ADMIN,
        GUARDED,
        "Confirm a probation",
    ),
    ("/rehires", rehire.RehireWorker, careers.rehire_worker, ADMIN, GUARDED, "Hire somebody again who left"),
    ("/conversions", career.ConvertWorker, careers.convert_worker, ADMIN, GUARDED, "Convert to the new scheme"),
    ("/transfers", career.TransferWorker, careers.transfer_worker, ADMIN, GUARDED, "Transfer to a community or grid"),
    ("/post-changes", career.ChangePost, careers.change_post, ADMIN, GUARDED, "Move to another post"),
    (
        "/second-posts",
        second_post.TakeSecondPost,
        careers.take_second_post,
        ADMIN,
        GUARDED,
        "Take on a second post in the same seat",
    ),
    (
        "/second-post-ends",
        second_post.LeaveSecondPost,
        careers.leave_second_post,
        ADMIN,
        GUARDED,
        "Give up the second post",
    ),
    ("/regrades", career.RegradeWorker, careers.regrade_worker, ADMIN, GUARDED, "Change the grade"),
    (
        "/advancements",
        advancement.AdvanceWorkers,
        advancements.advance_workers,
        ADMIN,
        OPEN,
        "Record the steps due in a place, as one act",
    ),
    (
        "/appraisal-proposals",
        appraisal.ProposeAppraisal,
        appraisals.propose_appraisal,
        ADMIN,
        GUARDED,
        "Propose a rating for a year",
    ),
    (
        "/appraisal-publications",
        appraisal.PublishAppraisal,
        appraisals.publish_appraisal,
        ADMIN,
        GUARDED,
        "Make a proposed rating known",
    ),
    (
        "/review-requests",
        appraisal.RequestReview,
        appraisals.request_review,
        ADMIN | {Role.WORKER},
        GUARDED,
        "Ask for a review of a published rating",
    ),
    (
        "/appraisal-corrections",
        appraisal.CorrectAppraisal,
        appraisals.correct_appraisal,
        ADMIN,
        GUARDED,
        "Correct a final rating",
    ),
    (
        "/appraisals",
        appraisal.AppraiseWorker,
        appraisals.appraise_worker,
        ADMIN,
        GUARDED,
        "Record the appraisal of a year",
    ),
    ("/trainings", career.TrainWorker, careers.train_worker, ADMIN, GUARDED, "Record a completed course"),
    (
        "/qualifications",
        certificates.QualifyWorker,
        qualifications.qualify_worker,
        ADMIN,
        GUARDED,
        "Register a certificate",
    ),
    ("/educations", career.EducateWorker, careers.educate_worker, ADMIN, GUARDED, "Recognise a higher diploma"),
    ("/suspensions", suspension.SuspendWorker, careers.suspend_worker, ADMIN, GUARDED, "Suspend a worker"),
    ("/returns", suspension.ReturnWorker, careers.return_worker, ADMIN, GUARDED, "Take back a suspended worker"),
    ("/separations", career.SeparateWorker, careers.separate_worker, ADMIN, GUARDED, "End the service"),
    ("/voids", void.VoidCommand, voids.void_command, ADMIN, OPEN, "Void a whole command across its streams"),
    ("/run-drafts", run.DraftRun, runs.draft_run, DRAFTERS, SEALED, "Write down a drafted run (called by payroll)"),
    ("/run-approvals", run.ApproveRun, runs.approve_run, APPROVERS, SEALED, "Approve a run (called by payroll)"),
    ("/run-closures", run.CloseRun, runs.close_run, CLOSERS, SEALED, "Close a run (called by payroll)"),
)
"""Path, command, function, roles, what it does; guarded: If-Match is asked for; sealed: only payroll can send it."""


def app(ledger: Ledger, queries: Queries, *, token_key: bytes) -> FastAPI:
    """The ledger's application, to be mounted at /ledger/v1."""
    seal_key = sealing_key(token_key)
    commands = [_command(ledger, seal_key, *row) for row in COMMANDS]
    tables = (reads, candidate_reads, difference_reads, grade_reads, seat_reads)
    asked = [route for table in tables for route in table(ledger, queries)]
    built = service_app("Workforce Ledger", PREFIX, [*commands, *imports(ledger), *asked], token_key=token_key)
    built.state.queries = queries
    return built


def _command(
    ledger: Ledger,
    seal_key: bytes,
    path: str,
    shape: type[Command],
    decide: Decide,
    roles: frozenset[Role],
    guard: str,
    summary: str,
) -> Route:
    def answered(request: Request, given_key: str | None, if_match: str | None, planning: bool) -> Response:
        known_by = _asked_of_payroll(request, seal_key, path) if guard == SEALED else request.state.body
        command = body_of(request, shape)
        sent = Sent(
            principal=principal_of(request),
            path=path,
            body=known_by,
            key=key_of(given_key, planning=planning),
            if_match=version_of(if_match, guarded=guard == GUARDED and not planning),
            planning=planning,
        )
        outcome = _executed(ledger, decide, command, sent, request)
        headers = {"ETag": f'"{outcome.version}"', "Ledger-Position": str(outcome.position)}
        if outcome.replayed:
            headers["Idempotency-Replayed"] = "true"
        status = 200 if sent.planning else 201
        return Response(outcome.body, status, media_type="application/json", headers=headers)

    def endpoint(
        request: Request,
        idempotency_key: Annotated[str | None, Header(max_length=LONGEST_KEY)] = None,
        if_match: Annotated[str | None, Header(max_length=LONGEST_ETAG)] = None,
        mode: Annotated[Literal["plan"] | None, Query(description="plan: run every rule, append nothing")] = None,
    ) -> Response:
        return answered(request, idempotency_key, if_match, mode == "plan")

    def direct(request: Request) -> Response:
        return answered(request, request.headers.get("idempotency-key"), request.headers.get("if-match"), False)

    return Route(
        "POST",
        path,
        roles,
        endpoint,
        summary,
        body=shape,
        answer=CommandAnswer,
        status=201,
        planned=True,
        direct=direct,
    )


def _executed(ledger: Ledger, decide: Decide, command: Command, sent: Sent, request: Request) -> Outcome:
    """The outcome, counted by what became of the command, and told in the request's line."""
    name, became = sent.path.strip("/"), "failed"
    try:
        with traces.span(f"command {name}") as attributes:
            outcome = ledger.execute(decide, command, sent)
            answered = msgspec.json.decode(outcome.body, type=CommandAnswer)
            became = "planned" if sent.planning else "replayed" if outcome.replayed else "done"
            about = {"command": name, "command_id": answered.command_id, "outcome": became}
            attributes |= {**about, "position": outcome.position}
            told(request.scope, **about)
            return outcome
    except Refused:
        became = "refused"
        raise
    except (StorageAway, *AWAY):
        became = "unavailable"
        raise
    finally:
        telemetry.COMMANDS.labels(name, became).inc()


def _asked_of_payroll(request: Request, seal_key: bytes, path: str) -> bytes:
    """By what a repeated run command is known: not payroll's figures, which move, but what payroll itself was asked."""
    asked = request.headers.get("payroll-request", "")
    check_seal(request.headers.get("payroll-seal", ""), seal_key, PREFIX + path, asked, request.state.body)
    return asked.encode()
