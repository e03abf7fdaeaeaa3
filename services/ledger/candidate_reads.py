"""What can be asked over HTTP about candidates."""

from datetime import date
from typing import Annotated

from fastapi import Query, Request, Response
from msgspec import Struct

from ledger.answers import HistoryPage
from ledger.asking import AfterVersion, Day, Id, IdQuery, Known, KnownListed, Limit
from ledger.desk import Desk
from ledger.domain.candidate import Application, Candidate
from ledger.execution import Ledger
from ledger.queries import Queries
from shared.events import CandidateRegistered
from shared.http import Route, answer, principal_of
from shared.preconditions import etag
from shared.principals import OFFICE


class CandidateAnswer(Struct, frozen=True, kw_only=True):
    """How far a candidate came by a day, as known at a position; `version` is the stream's, also as known then."""

    effective_on: date
    known_position: int
    version: int
    candidate: Application


class CandidatePage(Struct, frozen=True, kw_only=True):
    """Candidates in the order of their ids; `next_after` goes on where this page ends, null at the end."""

    effective_on: date
    known_position: int
    candidates: list[Application]
    next_after: str | None


def candidate_reads(ledger: Ledger, queries: Queries) -> list[Route]:
    """The table of questions about candidates."""

    def read_candidate(request: Request, candidate_id: Id, day: Day, known: Known) -> Response:
        found = _candidate(ledger.desk(principal_of(request)), candidate_id, day, known)
        return answer(found, headers={"ETag": etag(found.version), "Ledger-Position": str(known)})

    def list_candidates(
        request: Request,
        city_id: IdQuery,
        day: Day,
        known: KnownListed,
        after: Annotated[str, Query(pattern=r"^[a-z0-9-]{0,64}$")] = "",
        limit: Limit = 100,
    ) -> Response:
        desk = ledger.desk(principal_of(request))
        found = _candidates(queries, desk, city_id, day, known, after, limit)
        return answer(found, headers={"Ledger-Position": str(known)})

    def read_history(request: Request, candidate_id: Id, known: Known, after_version: AfterVersion = 0) -> Response:
        stream = ledger.desk(principal_of(request)).candidate(candidate_id).stream
        return answer(queries.history(stream, after_version, known), headers={"Ledger-Position": str(known)})

    one = "/candidates/{candidate_id}"
    return [
        Route("GET", "/candidates", OFFICE, list_candidates, "Candidates of a city on a day", answer=CandidatePage),
        Route("GET", one, OFFICE, read_candidate, "A candidate on a day, as known at a time", answer=CandidateAnswer),
        Route("GET", f"{one}/history", OFFICE, read_history, "Every event of a candidate", answer=HistoryPage),
    ]


def _candidate(desk: Desk, candidate_id: str, effective_on: date, known: int) -> CandidateAnswer:
    """Refused `not-found`: unknown, of another city, or not registered by then as known then."""
    then = desk.open(Candidate, desk.candidate(candidate_id).stream, upto=known)
    application = then.state.on(effective_on)
    if application is None:
        raise desk.unseen("candidate", candidate_id, "/candidate_id")
    return CandidateAnswer(effective_on=effective_on, known_position=known, version=then.version, candidate=application)


def _candidates(
    queries: Queries, desk: Desk, city_id: str, effective_on: date, known: int, after: str, limit: int
) -> CandidatePage:
    """Those who had applied by the day, as known then. Refused `not-found` for another city."""
    desk.city(city_id)
    found: list[Application] = []
    start = f"candidate/{after}"
    while True:
        founding = CandidateRegistered.name
        streams = queries.directory.streams(city_id, founding, upto=known, after=start, limit=limit)
        for start in streams:
            application = desk.open(Candidate, start, upto=known).state.on(effective_on)
            found += [application] if application is not None else []
            if len(found) == limit:
                return _page(found, effective_on, known, found[-1].candidate_id)
        if len(streams) < limit:
            return _page(found, effective_on, known, None)


def _page(found: list[Application], effective_on: date, known: int, next_after: str | None) -> CandidatePage:
    return CandidatePage(effective_on=effective_on, known_position=known, candidates=found, next_after=next_after)
