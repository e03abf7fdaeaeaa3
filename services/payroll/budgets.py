"""What each payer has for a year beside what the year comes to: paid, still to come, and what is left (F21)."""

from collections import Counter
from collections.abc import Iterator

from msgspec import Struct

from payroll.engine import BASELINE, SCENARIO, month_name
from payroll.known import Known
from payroll.scenarios import Compared, Fork, compared
from shared.money import yuan


class PayerYear(Struct, frozen=True, kw_only=True):
    """A payer's year by what is known: `forecast` is due for its service months, of which closed runs paid `paid`.

    `budget` and `left` are null where none is set; what is left is negative where the year comes to more.
    """

    payer: str
    budget: str | None
    paid: str
    to_come: str
    forecast: str
    left: str | None


class Overspent(Struct, frozen=True, kw_only=True):
    """A payer who has less for a year than it comes to in the scenario, and `over` by how much."""

    payer: str
    year: str
    budget: str
    baseline: str
    scenario: str
    over: str


def year_of(known: Known, year: int) -> list[PayerYear]:
    """Every payer who has a budget for the year or pays in it, by name. The year is worked out to its end."""
    months = f"{year}-01", f"{year}-12"
    first = max(months[0], known.payroll_from or months[0])
    found = compared(Fork(known, known, (), ()), first, months[1]) if first <= months[1] else None
    forecast: Counter[str] = Counter()
    for _, payer, before, _ in found.sums.by_payer() if found is not None else ():
        assert found is not None
        forecast[found.names[BASELINE].payers[payer]] += before
    paid: Counter[str] = Counter()
    for line in known.paid:
        if months[0] <= line.service_month <= months[1]:
            paid[line.payer] += line.amount_fen
    budgets = {payer: amount_fen for (payer, of_year), amount_fen in known.budgets.items() if of_year == year}
    return [
        PayerYear(
            payer=payer,
            budget=yuan(budgets[payer]) if payer in budgets else None,
            paid=yuan(paid[payer]),
            to_come=yuan(forecast[payer] - paid[payer]),
            forecast=yuan(forecast[payer]),
            left=yuan(budgets[payer] - forecast[payer]) if payer in budgets else None,
        )
        for payer in sorted({*budgets, *forecast, *paid})
    ]


def overspent(found: Compared, months: tuple[str, str]) -> Iterator[Overspent]:
    """Of the years that are asked for whole, those that come to more than is set in the scenario, by year and payer."""
    known = found.fork.scenario
    sums: dict[tuple[str, str], list[int]] = {}
    for month, code, *fen in found.sums.by_payer():
        for side, amount_fen in enumerate(fen):
            if amount_fen:
                key = month_name(month)[:4], found.names[side].payers[code]
                sums.setdefault(key, [0, 0])[side] += amount_fen
    for (year, payer), fen in sorted(sums.items()):
        budget_fen = known.budgets.get((payer, int(year)))
        if budget_fen is None or fen[SCENARIO] <= budget_fen or not _whole(int(year), months, known.payroll_from):
            continue
        before, after = fen
        yield Overspent(
            payer=payer,
            year=year,
            budget=yuan(budget_fen),
            baseline=yuan(before),
            scenario=yuan(after),
            over=yuan(after - budget_fen),
        )


def _whole(year: int, months: tuple[str, str], payroll_from: str | None) -> bool:
    first = max(f"{year}-01", payroll_from or "")
    return months[0] <= first and f"{year}-12" <= months[1]
