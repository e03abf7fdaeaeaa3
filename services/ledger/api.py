"""The ledger over HTTP: a table of who may give which command, and one way to send it."""

from typing import Annotated, Literal

import msgspec
from fastapi import FastAPI, Header, Query, Request, Response

from ledger.account_reads import account_reads
from ledger.asking import LONGEST_KEY, key_of
from ledger.candidate_reads import candidate_reads
from ledger.command_table import COMMANDS, GUARDED, SEALED, SEALED_GUARDED
from ledger.difference_reads import difference_reads
from ledger.domain.command import Command
from ledger.execution import CommandAnswer, Decide, Ledger, Outcome, Sent
from ledger.grade_reads import grade_reads
from ledger.imports import imports
from ledger.queries import Queries
from ledger.reads import reads
from ledger.run_reads import run_reads
from ledger.scenarios import scenarios
from ledger.seat_reads import seat_reads
from ledger.training_reads import training_reads
from shared import telemetry, traces
from shared.auth import check_seal, sealing_key
from shared.database import AWAY, StorageAway
from shared.http import Route, body_of, principal_of, service_app
from shared.preconditions import LONGEST_ETAG, etag, version_of
from shared.principals import Role
from shared.refusal import Refused
from shared.watching import told

PREFIX = "/ledger/v1"
QUESTIONS = (
    reads,
    account_reads,
    candidate_reads,
    difference_reads,
    grade_reads,
    run_reads,
    seat_reads,
    training_reads,
)


def app(ledger: Ledger, queries: Queries, *, token_key: bytes) -> FastAPI:
    """The ledger's application, to be mounted at /ledger/v1."""
    seal_key = sealing_key(token_key)
    commands = [_command(ledger, seal_key, *row) for row in COMMANDS]
    tables = (
        reads,
        account_reads,
        candidate_reads,
        difference_reads,
        grade_reads,
        run_reads,
        seat_reads,
        training_reads,
    )
    asked = [route for table in tables for route in table(ledger, queries)]
    routes = [*commands, *imports(ledger), *scenarios(ledger), *asked]
    built = service_app("Workforce Ledger", PREFIX, routes, token_key=token_key)
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
        known_by = (
            _asked_of_payroll(request, seal_key, path) if guard in (SEALED, SEALED_GUARDED) else request.state.body
        )
        command = body_of(request, shape)
        sent = Sent(
            principal=principal_of(request),
            path=path,
            body=known_by,
            key=key_of(given_key, planning=planning),
            if_match=version_of(if_match, guarded=guard in (GUARDED, SEALED_GUARDED) and not planning),
            planning=planning,
        )
        outcome = _executed(ledger, decide, command, sent, request)
        headers = {"ETag": etag(outcome.version), "Ledger-Position": str(outcome.position)}
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
