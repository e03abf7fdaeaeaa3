"""What can be asked of the ledger over HTTP: places, workers, the log itself."""

from typing import Annotated, Any, Literal

from fastapi import Query, Request, Response

from ledger.answers import (
    CityAnswer,
    CommandHistory,
    CommunityAnswer,
    FeedHead,
    HistoryPage,
    LogAnswer,
    PersonalAnswer,
    PoliciesAnswer,
    RebuildAnswer,
    WorkerAnswer,
    WorkerPage,
)
from ledger.asking import AfterVersion, Day, Head, Id, IdQuery, Known, KnownListed, Limit, Listed
from ledger.execution import Ledger
from ledger.queries import Queries
from shared.envelope import plain, to_wire
from shared.http import Route, answer, principal_of
from shared.preconditions import etag
from shared.principals import EVERYONE, OFFICE, WHOLE_LOG, Role
from shared.refusal import Refused

LINES = "application/jsonl"
READERS_OF_THE_LOG = frozenset({Role.AUDITOR, Role.ADMIN})
PERSONAL = frozenset({Role.ADMIN, Role.WORKER})
SERVICES = frozenset({Role.SERVICE})


def reads(ledger: Ledger, queries: Queries) -> list[Route]:
    """The table of questions: path, who may ask, what answers."""
    asked = (_place_reads(ledger, queries), _worker_reads(ledger, queries), _log_reads(ledger, queries))
    return [*(route for routes in asked for route in routes), *_feed_reads(queries)]


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
        return _at(known, queries.history(stream, after_version, known))

    def history_of_community(
        request: Request, community_id: Id, known: Known, after_version: AfterVersion = 0
    ) -> Response:
        stream = ledger.desk(principal_of(request)).community(community_id).stream
        return _at(known, queries.history(stream, after_version, known))

    def history_of_policies(
        request: Request, jurisdiction: Id, known: Known, after_version: AfterVersion = 0
    ) -> Response:
        desk = ledger.desk(principal_of(request))
        desk.city(jurisdiction)
        return _at(known, queries.history(desk.policies(jurisdiction).stream, after_version, known))

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
        known: KnownListed,
        community_id: IdQuery | None = None,
        after: Annotated[str, Query(pattern=r"^[a-z0-9-]{0,64}$")] = "",
        limit: Limit = 100,
    ) -> Response:
        desk = ledger.desk(principal_of(request))
        return _at(known, queries.workers(desk, city_id, community_id, day, known, after, limit))

    def read_history(
        request: Request,
        worker_id: Id,
        known: Known,
        after_version: AfterVersion = 0,
    ) -> Response:
        stream = ledger.desk(principal_of(request)).worker(worker_id).stream
        return _at(known, queries.history(stream, after_version, known))

    def read_personal(request: Request, worker_id: Id, day: Day, known: Known) -> Response:
        return _at(known, queries.personal(ledger.desk(principal_of(request)), worker_id, day, known))

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
        head: Listed,
        after: Annotated[int, Query(ge=-1, le=2**62)] = -1,
        limit: Limit = 100,
        document: Annotated[str | None, Query(max_length=200, pattern=r"^[^\x00]*$")] = None,
        format: Literal["json", "lines"] = "json",
    ) -> Response:
        events = queries.feed(_city_scope(request), document, after, limit)
        if format == "lines":
            lines = b"".join(to_wire(recorded) + b"\n" for recorded in events)
            return Response(lines, media_type=LINES, headers=_position(head))
        next_after = events[-1].position if len(events) == limit else None
        page = HistoryPage(
            events=[plain(recorded) for recorded in events], next_after=next_after, head=queries.store.head()
        )
        return _at(head, page)

    def read_command(request: Request, command_id: Id, head: Listed) -> Response:
        return _at(head, queries.command(ledger.desk(principal_of(request)), _city_scope(request), command_id, head))

    def read_log(request: Request, head: Listed) -> Response:
        _city_scope(request)
        return _at(head, queries.log(head))

    def rebuild(request: Request, head: Listed) -> Response:
        _city_scope(request)
        return _at(head, queries.rebuild(head))

    return [
        Route(
            "GET",
            "/events",
            READERS_OF_THE_LOG,
            read_events,
            "The feed: events in the order of the log",
            answer=HistoryPage,
            media=("application/json", LINES),
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


def _feed_reads(queries: Queries) -> list[Route]:
    """The log for our other services, which need every event, of types that this version may not know, too."""

    def read_feed(
        request: Request, head: Head, after: Annotated[int, Query(ge=-1, le=2**62)] = -1, limit: Limit = 500
    ) -> Response:
        _whole_log(request)
        lines = b"".join(line + b"\n" for line in queries.store.lines(after, limit))
        return Response(lines, media_type=LINES, headers=_position(head))

    def read_head(request: Request, head: Head) -> Response:
        _whole_log(request)
        return _at(head, FeedHead(position=head))

    return [
        Route("GET", "/feed", SERVICES, read_feed, "Every event, a line each", answer=None, media=(LINES,)),
        Route("GET", "/feed/head", SERVICES, read_head, "The last position of the log", answer=FeedHead),
    ]


def _versioned(found: Any) -> Response:
    headers = {"ETag": etag(found.version), **_position(found.known_position)}
    return answer(found, headers=headers)


def _at(position: int, found: Any) -> Response:
    return answer(found, headers=_position(position))


def _position(position: int) -> dict[str, str]:
    return {"Ledger-Position": str(position)}


def _whole_log(request: Request) -> None:
    if principal_of(request).scope != WHOLE_LOG:
        raise Refused("not-found", "the whole log is read by services", remedy=f"ask with the scope {WHOLE_LOG}")


def _city_scope(request: Request) -> str:
    scope = principal_of(request).scope
    if scope.kind != "city":
        raise Refused("not-found", "the log is read by city", remedy="ask with a token for the city")
    return scope.place_id
