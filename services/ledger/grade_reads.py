"""What can be asked over HTTP about grades."""

from datetime import date
from typing import Annotated

from fastapi import Query, Request, Response

from ledger.asking import Day, Id, IdQuery, Known, KnownListed, Limit
from ledger.drift_queries import Asked, drifts
from ledger.execution import Ledger
from ledger.grade_answers import DriftPage, GradeExplained
from ledger.grade_queries import explain_grade
from ledger.queries import Queries
from shared.http import Route, answer, principal_of
from shared.preconditions import etag
from shared.principals import EVERYONE, OFFICE


def grade_reads(ledger: Ledger, queries: Queries) -> list[Route]:
    """The table of questions about grades."""

    def explain(
        request: Request,
        worker_id: Id,
        known: Known,
        grade_on: Annotated[date | None, Query(description="the day of the grade; today without it")] = None,
    ) -> Response:
        desk = ledger.desk(principal_of(request))
        found = explain_grade(desk, worker_id, grade_on or queries.today(), known)
        return answer(found, headers={"ETag": etag(found.version), "Ledger-Position": str(known)})

    def list_drifts(
        request: Request,
        city_id: IdQuery,
        day: Day,
        known: KnownListed,
        street_id: IdQuery | None = None,
        community_id: IdQuery | None = None,
        after: Annotated[str, Query(pattern=r"^[a-z0-9-]{0,64}$")] = "",
        limit: Limit = 100,
    ) -> Response:
        asked = Asked(
            city_id=city_id,
            street_id=street_id,
            community_id=community_id,
            effective_on=day,
            known=known,
            after=after,
            limit=limit,
        )
        found = drifts(queries, ledger.desk(principal_of(request)), asked)
        return answer(found, headers={"Ledger-Position": str(known)})

    return [
        Route("GET", "/drifts", OFFICE, list_drifts, "Whose recorded grade is not the due one", answer=DriftPage),
        Route(
            "GET",
            "/workers/{worker_id}/explain",
            EVERYONE,
            explain,
            "How a grade comes about: its events and the policy's clauses",
            answer=GradeExplained,
        ),
    ]
