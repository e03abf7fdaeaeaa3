"""What closed runs paid, by the month it is for and by the run it is in: two views of the same sums (F07, F34)."""

from collections import Counter
from typing import Annotated

from fastapi import Query, Request, Response
from msgspec import Struct

from payroll.access import lines_within
from payroll.asking import ID, KnownAt, KnownPosition, OfJurisdiction, at, position_asked
from payroll.runs import Payroll
from payroll.soundness import check_nothing_parked, check_sound
from shared.http import Route, principal_of
from shared.money import yuan
from shared.principals import OFFICE

Sums = dict[str, str]
Payer = Annotated[str | None, Query(max_length=220, description="only of this payer")]
OfWorker = Annotated[str | None, Query(pattern=ID, description="only of this worker")]


class PeriodAnswer(Struct, frozen=True, kw_only=True):
    """What was paid for a month in the runs of a month: a correction stands against what it corrects, once."""

    service_month: str
    run_month: str
    amount: str


class PeriodsAnswer(Struct, frozen=True, kw_only=True):
    """What a jurisdiction's closed runs paid. Every view adds up to `total`: for the month, in the run, by payer."""

    jurisdiction: str
    known_position: int
    total: str
    by_service_month: Sums
    by_run_month: Sums
    by_payer: Sums
    periods: list[PeriodAnswer]


def period_routes(payroll: Payroll) -> list[Route]:
    """The one question."""

    def periods(
        request: Request,
        jurisdiction: OfJurisdiction,
        payer: Payer = None,
        worker_id: OfWorker = None,
        known_at: KnownAt = None,
        known_position: KnownPosition = None,
    ) -> Response:
        position = position_asked(payroll, request.headers, known_at, known_position)
        where = lines_within(principal_of(request), jurisdiction, payroll.projection)
        check_sound(payroll.projection)
        check_nothing_parked(payroll.projection, jurisdiction, position)
        asked = {"payer": payer, "worker_id": worker_id}
        where |= {name: value for name, value in asked.items() if value is not None}
        found = payroll.projection.periods(jurisdiction, position, where)
        cells, by = Counter[tuple[str, str]](), (Counter[str](), Counter[str](), Counter[str]())
        for service_month, run_month, whose, fen in found:
            cells[service_month, run_month] += fen
            for sums, name in zip(by, (service_month, run_month, whose), strict=True):
                sums[name] += fen
        shown = PeriodsAnswer(
            jurisdiction=jurisdiction,
            known_position=position,
            total=yuan(cells.total()),
            by_service_month=_yuan_of(by[0]),
            by_run_month=_yuan_of(by[1]),
            by_payer=_yuan_of(by[2]),
            periods=[
                PeriodAnswer(service_month=service_month, run_month=run_month, amount=yuan(fen))
                for (service_month, run_month), fen in sorted(cells.items())
            ],
        )
        return at(position, shown)

    told = "What closed runs paid, for which month and in which run"
    return [Route("GET", "/periods", OFFICE, periods, told, None, PeriodsAnswer)]


def _yuan_of(sums: Counter[str]) -> Sums:
    return {name: yuan(sums[name]) for name in sorted(sums)}
