"""What each payer has for a year beside what the year comes to: paid, still to come, and what is left (F21)."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from payroll.engine import BASELINE, WORKER, month_name, month_number
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


class YearChange(Struct, frozen=True, kw_only=True):
    """A payer's year, worked out to its end, without and with the acts; `left` of the budget with them.

    `budget` and `left` are those of the scenario, null where none is set; what is left is negative where the year comes
    to more.
    """

    payer: str
    year: str
    budget: str | None
    baseline: str
    scenario: str
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
    forecast = _forecast(_alone(known), year)
    paid: Counter[str] = Counter()
    for line in known.paid:
        if line.service_month[:4] == str(year) and line.payer != WORKER:
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


def forecasts(known: Known, month: str) -> dict[str, Any]:
    """What a draft tells the ledger where there are budgets: what the month's year and the next one come to of each.

    Somebody hired at a year's end costs the next one, which is worked out as soon as there is a budget for it.
    """
    found, fork = [], _alone(known)
    for year in (int(month[:4]), int(month[:4]) + 1):
        payers = sorted(payer for payer, of_year in known.budgets if of_year == year)
        forecast = _forecast(fork, year) if payers else {}
        found += [{"payer": payer, "year": year, "forecast_fen": forecast.get(payer, 0)} for payer in payers]
    return {"forecasts": found} if found else {}


def _alone(known: Known) -> Fork:
    """Beside nothing but itself."""
    return Fork(known, known, (), ())


def _forecast(fork: Fork, year: int) -> Counter[str]:
    """Payer → fen of the year's service months to its end."""
    first = max(f"{year}-01", fork.baseline.payroll_from or "")
    if first > f"{year}-12":
        return Counter()
    sums = _by_year([compared(fork, first, f"{year}-12")])
    return Counter({payer: fen[BASELINE] for (_, payer), fen in sums.items()})


class YearsCompared:
    """The years that the months of a scenario lie in, each worked out to its end."""

    def __init__(self, found: Compared, months: tuple[str, str]) -> None:
        self._known = found.fork.scenario
        first, last = max(f"{months[0][:4]}-01", self._known.payroll_from or ""), f"{months[1][:4]}-12"
        before, after = (first, _beside(months[0], -1)), (_beside(months[1], 1), last)
        rest = [compared(found.fork, *span) for span in (before, after) if span[0] <= span[1]]
        self._sums = sorted(_by_year([found, *rest]).items())

    def changed(self) -> Iterator[YearChange]:
        """Of the payers and years that come to something else with the acts: the forecast, the budget, what is left."""
        for (year, payer), (before, after) in self._sums:
            if before != after:
                budget_fen = self._known.budgets.get((payer, int(year)))
                yield YearChange(
                    payer=payer,
                    year=year,
                    budget=None if budget_fen is None else yuan(budget_fen),
                    baseline=yuan(before),
                    scenario=yuan(after),
                    left=None if budget_fen is None else yuan(budget_fen - after),
                )

    def overspent(self) -> Iterator[Overspent]:
        """The years that come to more than is set in the scenario, by year and payer."""
        for (year, payer), (before, after) in self._sums:
            budget_fen = self._known.budgets.get((payer, int(year)))
            if budget_fen is not None and after > budget_fen:
                yield Overspent(
                    payer=payer,
                    year=year,
                    budget=yuan(budget_fen),
                    baseline=yuan(before),
                    scenario=yuan(after),
                    over=yuan(after - budget_fen),
                )


def _by_year(parts: Iterable[Compared]) -> dict[tuple[str, str], list[int]]:
    """(year, payer) → fen of both sides, summed over spans of months that do not overlap."""
    sums: dict[tuple[str, str], list[int]] = {}
    for part in parts:
        for month, code, *fen in part.sums.by_payer():
            for side, amount_fen in enumerate(fen):
                if amount_fen:
                    key = month_name(month)[:4], part.names[side].payers[code]
                    sums.setdefault(key, [0, 0])[side] += amount_fen
    return sums


def _beside(month: str, months: int) -> str:
    return month_name(month_number(month) + months)
