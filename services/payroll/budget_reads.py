"""The budgets of a year over HTTP: what each payer has, has paid and has still to pay."""

from typing import Annotated

from fastapi import Query, Request, Response
from msgspec import Struct

from payroll.access import check_city
from payroll.asking import KnownAt, KnownPosition, OfJurisdiction, at, position_asked
from payroll.budgets import PayerYear, year_of
from payroll.runs import Payroll
from payroll.soundness import check_nothing_parked, check_sound
from shared.http import Route, principal_of
from shared.principals import OFFICE

Year = Annotated[int, Query(ge=1970, le=2199, description="the calendar year of the service months")]


class BudgetsAnswer(Struct, frozen=True, kw_only=True):
    """The payers of a year."""

    jurisdiction: str
    year: int
    known_position: int
    payers: list[PayerYear]


def budgets(payroll: Payroll) -> tuple[Route, ...]:
    """The table of routes."""

    def year(
        request: Request,
        jurisdiction: OfJurisdiction,
        year: Year,
        known_at: KnownAt = None,
        known_position: KnownPosition = None,
    ) -> Response:
        check_city(principal_of(request), jurisdiction)
        position = position_asked(payroll, request.headers, known_at, known_position)
        check_sound(payroll.projection)
        check_nothing_parked(payroll.projection, jurisdiction, position)
        payers = year_of(payroll.projection.known(jurisdiction, position), year)
        return at(position, BudgetsAnswer(jurisdiction=jurisdiction, year=year, known_position=position, payers=payers))

    said = "What each payer has for a year, has paid of it, and has still to pay"
    return (Route("GET", "/budgets", OFFICE, year, said, None, BudgetsAnswer),)
