"""What can be asked over HTTP about grades."""

from datetime import date
from typing import Annotated

from fastapi import Query, Request, Response

from ledger.asking import Id, Known
from ledger.execution import Ledger
from ledger.grade_answers import GradeExplained
from ledger.grade_queries import explain_grade
from ledger.queries import Queries
from shared.http import Route, answer, principal_of
from shared.principals import EVERYONE


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
        return answer(found, headers={"ETag": f'"{found.version}"', "Ledger-Position": str(known)})

    return [
        Route(
            "GET",
            "/workers/{worker_id}/explain",
            EVERYONE,
            explain,
            "How a grade comes about: its events and the policy's clauses",
            answer=GradeExplained,
        ),
    ]
