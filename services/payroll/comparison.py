"""A scenario beside its baseline as it is shown: rows by payer or place and by month or year, and who is touched."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from payroll.budgets import Overspent, YearChange, YearsCompared
from payroll.engine import BASELINE, SCENARIO, month_name
from payroll.scenarios import CommandToTry, Compared, Drafted
from payroll.wishes import Jurisdiction
from shared.events import Month
from shared.money import yuan

MOST_ROWS, MOST_COMMANDS, MOST_MONTHS = 1000, 500, 120


class By(StrEnum):
    """What a row is about."""

    CITY = "city"
    STREET = "street"
    COMMUNITY = "community"
    PAYER = "payer"


class Per(StrEnum):
    """How long a row lasts."""

    MONTH = "month"
    YEAR = "year"


class ScenarioQuestion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What these commands would change in the due of the service months from `first_month` to `last_month`, inclusive.

    Without them: from the first payroll month to this one. `after_row`, `after_worker` go on where a page ended.
    `within_budget`: refuse it where a payer has less for a year of these months than that would come to by its end.
    """

    jurisdiction: Jurisdiction
    commands: Annotated[tuple[CommandToTry, ...], Meta(min_length=1, max_length=MOST_COMMANDS)]
    first_month: Month | None = None
    last_month: Month | None = None
    known_at: datetime | None = None
    known_position: Annotated[int, Meta(ge=0, le=2**53)] | None = None
    by: By = By.PAYER
    per: Per = Per.YEAR
    after_row: Annotated[int, Meta(ge=0, le=2**31)] = 0
    rows: Annotated[int, Meta(ge=0, le=MOST_ROWS)] = 200
    after_worker: Annotated[str, Meta(max_length=200)] = ""
    workers: Annotated[int, Meta(ge=0, le=MOST_ROWS)] = 100
    within_budget: bool = False


class ComparedRow(Struct, frozen=True, kw_only=True):
    """Due of one payer or place in a month or year on both sides, and their difference.

    `head_months`: people in paid service there, counted anew each month; for a payer there is no such number (0).
    """

    name: str
    period: str
    baseline: str
    scenario: str
    difference: str
    baseline_head_months: int
    scenario_head_months: int


class TouchedWorker(Struct, frozen=True, kw_only=True):
    """Somebody whose due differs under some key, and by how much over all months; it may add up to nothing."""

    worker_id: str
    baseline: str
    scenario: str
    difference: str


class ScenarioComparison(Struct, frozen=True, kw_only=True):
    """The scenario beside the baseline. `digest` and `at_position` are what the ledger's /promotions asks for.

    The years in which the months lie are worked out to their ends: `years` of the payers for whom they change, and
    `overspent` those, changed or not, that come to more than their budget. `notes`: what of the scenario's policies is
    not worked out, and service that no rule covers.
    """

    jurisdiction: str
    digest: str
    at_position: int
    events: int
    first_month: str
    last_month: str
    baseline: str
    scenario: str
    difference: str
    rows: list[ComparedRow]
    next_row: int | None
    touched: int
    workers: list[TouchedWorker]
    next_worker: str | None
    years: list[YearChange]
    overspent: list[Overspent]
    notes: tuple[str, ...]


Key = tuple[str, str]
"""(period, name)"""


def comparison_of(
    question: ScenarioQuestion, drafted: Drafted, found: Compared, months: tuple[str, str]
) -> ScenarioComparison:
    """The page that was asked for."""
    rows = list(_rows(found, question.by, question.per))
    shown = rows[question.after_row : question.after_row + question.rows]
    more = question.after_row + len(shown) < len(rows)
    touched = found.sums.touched()
    workers = list(_workers(found, touched, question.after_worker, question.workers + 1))
    years = YearsCompared(found, months)
    before, after = (int(found.sums.worker_fen[side].sum()) for side in (BASELINE, SCENARIO))
    return ScenarioComparison(
        jurisdiction=question.jurisdiction,
        digest=drafted.digest,
        at_position=drafted.at_position,
        events=len(drafted.events),
        first_month=months[0],
        last_month=months[1],
        baseline=yuan(before),
        scenario=yuan(after),
        difference=yuan(after - before),
        rows=shown,
        next_row=question.after_row + len(shown) if more else None,
        touched=len(touched),
        workers=workers[: question.workers],
        next_worker=workers[question.workers - 1].worker_id if 0 < question.workers < len(workers) else None,
        years=list(years.changed()),
        overspent=list(years.overspent()),
        notes=tuple(_notes(found)),
    )


def _rows(found: Compared, by: By, per: Per) -> Iterator[ComparedRow]:
    """By period, then name."""
    amounts: dict[Key, list[int]] = defaultdict(lambda: [0, 0])
    heads: dict[Key, list[int]] = defaultdict(lambda: [0, 0])
    for month, code, *fen in found.sums.by_payer() if by is By.PAYER else found.sums.by_place():
        for side, amount_fen in enumerate(fen):
            if amount_fen:
                amounts[_period(month, per), _name(found, side, by, code)][side] += amount_fen
    for month, code, *counted in found.sums.people() if by is not By.PAYER else ():
        for side, count in enumerate(counted):
            if count:
                heads[_period(month, per), _name(found, side, by, code)][side] += count
    for key in sorted(amounts.keys() | heads.keys()):
        (before, after), (heads_before, heads_after) = amounts[key], heads[key]
        yield ComparedRow(
            name=key[1],
            period=key[0],
            baseline=yuan(before),
            scenario=yuan(after),
            difference=yuan(after - before),
            baseline_head_months=heads_before,
            scenario_head_months=heads_after,
        )


def _period(month: int, per: Per) -> str:
    name = month_name(month)
    return name if per is Per.MONTH else name[:4]


def _name(found: Compared, side: int, by: By, code: int) -> str:
    """The name of a payer's or a community's code, or of the street or city that the community belongs to."""
    names = found.names[side]
    if by is By.CITY:
        return names.jurisdiction
    if by is By.PAYER:
        return names.payers[code]
    community_id = names.communities[code]
    return community_id if by is By.COMMUNITY else names.street_of.get(community_id, "")


def _workers(found: Compared, touched: Sequence[int], after: str, limit: int) -> Iterator[TouchedWorker]:
    """In the order of ids, which is that of their codes."""
    names, fen = found.names[SCENARIO].workers, found.sums.worker_fen
    for worker in touched:
        if limit <= 0:
            return
        if names[worker] > after:
            before, will = int(fen[BASELINE, worker]), int(fen[SCENARIO, worker])
            yield TouchedWorker(
                worker_id=names[worker], baseline=yuan(before), scenario=yuan(will), difference=yuan(will - before)
            )
            limit -= 1


def _notes(found: Compared) -> Iterator[str]:
    before, after = found.sums.unruled
    if before or after:
        yield f"no-rule: {after} part(s) of months that no rule covers, {before} in the baseline"
