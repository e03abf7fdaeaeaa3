"""What can be asked of the ledger over a span of days."""

from datetime import date
from typing import Annotated, Any

from fastapi import Query, Request, Response

from ledger.answers import CityCalendar, CommunityCalendar
from ledger.asking import Id, Known
from ledger.execution import Ledger
from ledger.queries import Queries
from ledger.seat_queries import city_calendar, community_calendar
from shared.http import Route, answer, principal_of
from shared.preconditions import etag
from shared.principals import OFFICE
from shared.refusal import Refused

From = Annotated[date | None, Query(alias="from", description="the first day; today without it")]
Until = Annotated[date | None, Query(description="the last day; without it every day to come")]


def seat_reads(ledger: Ledger, queries: Queries) -> list[Route]:
    """The table of questions: path, who may ask, what answers."""

    def city_seats(request: Request, city_id: Id, known: Known, since: From = None, until: Until = None) -> Response:
        first = _first(queries, since, until)
        return _versioned(city_calendar(ledger.desk(principal_of(request)), city_id, first, until, known))

    def community_seats(
        request: Request, community_id: Id, known: Known, since: From = None, until: Until = None
    ) -> Response:
        first = _first(queries, since, until)
        return _versioned(community_calendar(ledger.desk(principal_of(request)), community_id, first, until, known))

    city, community = "/cities/{city_id}/establishment", "/communities/{community_id}/establishment"
    said = "Heads against seats on every day on which they change"
    return [
        Route("GET", city, OFFICE, city_seats, f"{said}, of a city", answer=CityCalendar),
        Route("GET", community, OFFICE, community_seats, f"{said}, of a community", answer=CommunityCalendar),
    ]


def _first(queries: Queries, since: date | None, until: date | None) -> date:
    """The first day. Refused `invalid-parameter` for a last day before it."""
    first = since or queries.today()
    if until is not None and until < first:
        raise Refused(
            "invalid-parameter",
            f"the last day {until} lies before the first, {first}",
            pointer="/query/until",
            remedy="give a first day with from=, or a later last day",
        )
    return first


def _versioned(found: Any) -> Response:
    return answer(found, headers={"ETag": etag(found.version), "Ledger-Position": str(found.known_position)})
