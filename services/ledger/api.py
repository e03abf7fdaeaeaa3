"""The ledger over HTTP: a table of who may call what, and one way to send a command."""

from typing import Annotated, Any, Literal

from fastapi import FastAPI, Header, Query, Request, Response

from ledger.answers import (
    CityAnswer,
    CommandHistory,
    CommunityAnswer,
    HistoryPage,
    LogAnswer,
    PersonalAnswer,
    PoliciesAnswer,
    RebuildAnswer,
    WorkerAnswer,
    WorkerPage,
)
from ledger.asking import AfterVersion, Day, Id, IdQuery, Known, Limit, key_of, version_of
from ledger.commands import careers, places, policies, runs, voids
from ledger.domain import career, city, community, policy, run, void
from ledger.domain.command import Command
from ledger.event_store import StoreUnavailable
from ledger.execution import CommandAnswer, Decide, Ledger, Sent
from ledger.queries import Queries
from shared.auth import EVERYONE, OFFICE, Role
from shared.envelope import plain, to_wire
from shared.http import Route, answer, body_of, principal_of, problem_response, service_app
from shared.refusal import Refused

PREFIX = "/ledger/v1"
ADMIN = frozenset({Role.ADMIN})
DRAFTERS = frozenset({Role.FINANCE, Role.ADMIN})
APPROVERS = frozenset({Role.APPROVER})
CLOSERS = frozenset({Role.FINANCE})
READERS_OF_THE_LOG = frozenset({Role.AUDITOR, Role.ADMIN})
PERSONAL = frozenset({Role.ADMIN, Role.WORKER})

GUARDED, OPEN = True, False
COMMANDS: tuple[tuple[str, type[Command], Decide, frozenset[Role], bool, str], ...] = (
    ("/cities", city.RegisterCity, places.register_city, ADMIN, OPEN, "Register a city"),
    ("/streets", city.RegisterStreet, places.register_street, ADMIN, OPEN, "Register a street or a unit like one"),
    ("/communities", community.RegisterCommunity, places.register_community, ADMIN, OPEN, "Register a community"),
    ("/grids", community.RegisterGrid, places.register_grid, ADMIN, OPEN, "Register a grid of a community"),
    ("/city-quotas", city.SetCityQuota, places.set_city_quota, ADMIN, GUARDED, "Set the establishment of a city"),
    (
        "/community-quotas",
        community.SetCommunityQuota,
        places.set_community_quota,
        ADMIN,
        GUARDED,
        "Set the establishment of a community",
    ),
    ("/redraws", city.RedrawCommunities, places.redraw_communities, ADMIN, GUARDED, "Redraw communities"),
    ("/policies", policy.EnactPolicy, policies.enact_policy, ADMIN, OPEN, "Enact a policy document"),
    ("/bases", policy.PublishBase, policies.publish_base, ADMIN, GUARDED, "Publish the average wage behind a base"),
    ("/payroll-openings", policy.OpenPayroll, policies.open_payroll, ADMIN, GUARDED, "Set the first payroll month"),
    ("/hires", career.HireWorker, careers.hire_worker, ADMIN, OPEN, "Hire a worker"),
    ("/conversions", career.ConvertWorker, careers.convert_worker, ADMIN, GUARDED, "Convert to the new scheme"),
    ("/transfers", career.TransferWorker, careers.transfer_worker, ADMIN, GUARDED, "Transfer to a community or grid"),
    ("/post-changes", career.ChangePost, careers.change_post, ADMIN, GUARDED, "Move to another post"),
    ("/regrades", career.RegradeWorker, careers.regrade_worker, ADMIN, GUARDED, "Change the grade"),
    ("/appraisals", career.AppraiseWorker, careers.appraise_worker, ADMIN, GUARDED, "Record the appraisal of a year"),
    ("/trainings", career.TrainWorker, careers.train_worker, ADMIN, GUARDED, "Record a completed course"),
    ("/qualifications", career.QualifyWorker, careers.qualify_worker, ADMIN, GUARDED, "Register a certificate"),
    ("/educations", career.EducateWorker, careers.educate_worker, ADMIN, GUARDED, "Recognise a higher diploma"),
    ("/separations", career.SeparateWorker, careers.separate_worker, ADMIN, GUARDED, "End the service"),
    ("/voids", void.VoidCommand, voids.void_command, ADMIN, OPEN, "Void a whole command across its streams"),
    ("/run-drafts", run.DraftRun, runs.draft_run, DRAFTERS, OPEN, "Write down a drafted run (called by payroll)"),
    ("/run-approvals", run.ApproveRun, runs.approve_run, APPROVERS, OPEN, "Approve a run (called by payroll)"),
    ("/run-closures", run.CloseRun, runs.close_run, CLOSERS, OPEN, "Close a run (called by payroll)"),
)
"""Path, command, function, roles, whether If-Match is asked for, and what it does."""


def app(ledger: Ledger, queries: Queries, *, token_key: bytes) -> FastAPI:
    """The ledger's application, to be mounted at /ledger/v1."""
    commands = [_command(ledger, *row) for row in COMMANDS]
    built = service_app("Workforce Ledger", PREFIX, [*commands, *_reads(ledger, queries)], token_key=token_key)
    built.state.queries = queries
    built.add_exception_handler(StoreUnavailable, _on_unavailable)
    return built


async def _on_unavailable(request: Request, error: Exception) -> Response:
    return problem_response(
        Refused(
            "storage-unavailable", "the log cannot be reached", remedy="send the same request with the same key again"
        )
    )


def _command(
    ledger: Ledger,
    path: str,
    shape: type[Command],
    decide: Decide,
    roles: frozenset[Role],
    guarded: bool,
    summary: str,
) -> Route:
    def endpoint(
        request: Request,
        idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
        if_match: Annotated[str | None, Header(max_length=100)] = None,
        mode: Annotated[Literal["plan"] | None, Query(description="plan: run every rule, append nothing")] = None,
    ) -> Response:
        command = body_of(request, shape)
        sent = Sent(
            principal=principal_of(request),
            path=path,
            body=request.state.body,
            key=key_of(idempotency_key, planning=mode == "plan"),
            if_match=version_of(if_match, guarded=guarded and mode is None),
            planning=mode == "plan",
        )
        outcome = ledger.execute(decide, command, sent)
        headers = {"ETag": f'"{outcome.version}"', "Ledger-Position": str(outcome.position)}
        if outcome.replayed:
            headers["Idempotency-Replayed"] = "true"
        status = 200 if sent.planning else 201
        return Response(outcome.body, status, media_type="application/json", headers=headers)

    return Route("POST", path, roles, endpoint, summary, body=shape, answer=CommandAnswer, status=201, planned=True)


def _reads(ledger: Ledger, queries: Queries) -> list[Route]:
    return [*_place_reads(ledger, queries), *_worker_reads(ledger, queries), *_log_reads(ledger, queries)]


def _place_reads(ledger: Ledger, queries: Queries) -> list[Route]:
    def read_city(
        request: Request,
        city_id: Id,
        day: Day,
        known: Known,
    ) -> Response:
        desk = ledger.desk(principal_of(request))
        return _versioned(queries.city(desk, city_id, day, known))

    def read_community(
        request: Request,
        community_id: Id,
        day: Day,
        known: Known,
    ) -> Response:
        desk = ledger.desk(principal_of(request))
        return _versioned(queries.community(desk, community_id, day, known))

    def read_policies(request: Request, jurisdiction: Id, known: Known) -> Response:
        return _versioned(queries.policies(ledger.desk(principal_of(request)), jurisdiction, known))

    def history_of_city(request: Request, city_id: Id, known: Known, after_version: AfterVersion = 0) -> Response:
        stream = ledger.desk(principal_of(request)).city(city_id).stream
        return answer(queries.history(stream, after_version, known))

    def history_of_community(
        request: Request, community_id: Id, known: Known, after_version: AfterVersion = 0
    ) -> Response:
        stream = ledger.desk(principal_of(request)).community(community_id).stream
        return answer(queries.history(stream, after_version, known))

    def history_of_policies(
        request: Request, jurisdiction: Id, known: Known, after_version: AfterVersion = 0
    ) -> Response:
        desk = ledger.desk(principal_of(request))
        desk.city(jurisdiction)
        return answer(queries.history(desk.policies(jurisdiction).stream, after_version, known))

    city, community, policies = "/cities/{city_id}", "/communities/{community_id}", "/policies/{jurisdiction}"
    histories = (
        (city, history_of_city, "Every event of a city"),
        (community, history_of_community, "Every event of a community"),
        (policies, history_of_policies, "Every event of a jurisdiction's policies"),
    )
    return [
        *(Route("GET", f"{path}/history", OFFICE, read, told, answer=HistoryPage) for path, read, told in histories),
        Route("GET", "/cities/{city_id}", OFFICE, read_city, "A city on a day", answer=CityAnswer),
        Route(
            "GET", "/communities/{community_id}", OFFICE, read_community, "A community on a day", answer=CommunityAnswer
        ),
        Route(
            "GET",
            "/policies/{jurisdiction}",
            OFFICE,
            read_policies,
            "What was enacted, and when",
            answer=PoliciesAnswer,
        ),
    ]


def _worker_reads(ledger: Ledger, queries: Queries) -> list[Route]:
    def read_worker(
        request: Request,
        worker_id: Id,
        day: Day,
        known: Known,
    ) -> Response:
        desk = ledger.desk(principal_of(request))
        return _versioned(queries.worker(desk, worker_id, day, known))

    def list_workers(
        request: Request,
        city_id: IdQuery,
        day: Day,
        known: Known,
        community_id: IdQuery | None = None,
        after: Annotated[str, Query(pattern=r"^[a-z0-9-]{0,64}$")] = "",
        limit: Limit = 100,
    ) -> Response:
        desk = ledger.desk(principal_of(request))
        return answer(queries.workers(desk, city_id, community_id, day, known, after, limit))

    def read_history(
        request: Request,
        worker_id: Id,
        known: Known,
        after_version: AfterVersion = 0,
    ) -> Response:
        stream = ledger.desk(principal_of(request)).worker(worker_id).stream
        return answer(queries.history(stream, after_version, known))

    def read_personal(request: Request, worker_id: Id) -> Response:
        return answer(queries.personal(ledger.desk(principal_of(request)), worker_id))

    one = "/workers/{worker_id}"
    return [
        Route("GET", "/workers", OFFICE, list_workers, "Workers of a city on a day", answer=WorkerPage),
        Route("GET", one, EVERYONE, read_worker, "A worker on a day, as known at a time", answer=WorkerAnswer),
        Route("GET", f"{one}/history", EVERYONE, read_history, "Every event of a worker", answer=HistoryPage),
        Route(
            "GET", f"{one}/personal", PERSONAL, read_personal, "A person's own data in the clear", answer=PersonalAnswer
        ),
    ]


def _log_reads(ledger: Ledger, queries: Queries) -> list[Route]:
    def read_events(
        request: Request,
        after: Annotated[int, Query(ge=-1, le=2**62)] = -1,
        limit: Limit = 100,
        document: Annotated[str | None, Query(max_length=200, pattern=r"^[^\x00]*$")] = None,
        format: Literal["json", "lines"] = "json",
    ) -> Response:
        events = queries.feed(_city_scope(request), document, after, limit)
        if format == "lines":
            lines = b"".join(to_wire(recorded) + b"\n" for recorded in events)
            return Response(lines, media_type="application/jsonl")
        next_after = events[-1].position if len(events) == limit else None
        page = HistoryPage(
            events=[plain(recorded) for recorded in events], next_after=next_after, head=queries.store.head()
        )
        return answer(page)

    def read_command(request: Request, command_id: Id) -> Response:
        return answer(queries.command(ledger.desk(principal_of(request)), _city_scope(request), command_id))

    def read_log(request: Request) -> Response:
        _city_scope(request)
        return answer(queries.log())

    def rebuild(request: Request) -> Response:
        _city_scope(request)
        return answer(queries.rebuild())

    return [
        Route(
            "GET",
            "/events",
            READERS_OF_THE_LOG,
            read_events,
            "The feed: events in the order of the log",
            answer=HistoryPage,
            media=("application/json", "application/jsonl"),
        ),
        Route(
            "GET",
            "/commands/{command_id}",
            READERS_OF_THE_LOG,
            read_command,
            "What a command wrote, what it voids, what voided it",
            answer=CommandHistory,
        ),
        Route("GET", "/log", READERS_OF_THE_LOG, read_log, "The head of the log and its digest", answer=LogAnswer),
        Route(
            "POST",
            "/rebuild",
            READERS_OF_THE_LOG,
            rebuild,
            "Build the directory again from the log and compare; writes nothing",
            answer=RebuildAnswer,
        ),
    ]


def _versioned(found: Any) -> Response:
    headers = {"ETag": f'"{found.version}"', "Ledger-Position": str(found.known_position)}
    return answer(found, headers=headers)


def _city_scope(request: Request) -> str:
    scope = principal_of(request).scope
    if scope.kind != "city":
        raise Refused("not-found", "the log is read by city", remedy="ask with a token for the city")
    return scope.place_id
