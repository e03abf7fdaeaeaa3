"""What each payer has for the pay of a year, and whether the year comes to more (F21)."""

from collections.abc import Iterable, Iterator
from typing import Annotated

from msgspec import Meta

from ledger.domain.command import Command, Id
from ledger.domain.policy import Policies, YuanText
from ledger.domain.run import YearForecast
from shared.events import BudgetExceeded, BudgetKept, BudgetSet
from shared.patterns import END
from shared.refusal import Refused

Payer = Annotated[
    str,
    Meta(pattern=r"^(city|district|street|community)/[a-z0-9][a-z0-9-]{0,63}" + END, description="e.g. city/chibi"),
]
Judged = BudgetExceeded | BudgetKept

# --- command


class SetBudget(Command, frozen=True, kw_only=True):
    """A payer has so much for the pay of a year; set again, the later amount holds."""

    jurisdiction: Id
    payer: Payer
    year: Annotated[int, Meta(ge=1970, le=2199)]
    amount: YuanText


# --- state


class Budgets:
    """Of each payer and year what was written last: the budget, and how the year was judged."""

    def __init__(self, policies: Policies) -> None:
        self.set: dict[tuple[str, int], BudgetSet] = {}
        self._judged: dict[tuple[str, int], Judged] = {}
        told = [act for act in policies.timeline if isinstance(act.event, BudgetSet | BudgetExceeded | BudgetKept)]
        for act in sorted(told, key=lambda act: act.version):
            if isinstance(act.event, BudgetSet):
                self.set[act.event.payer, act.event.year] = act.event
            elif isinstance(act.event, BudgetExceeded | BudgetKept):
                self._judged[act.event.payer, act.event.year] = act.event

    @property
    def exceeded(self) -> list[BudgetExceeded]:
        """The years that come to more than their budgets."""
        return [event for event in self._judged.values() if isinstance(event, BudgetExceeded)]

    def judge(self, budget: BudgetSet, forecast_fen: int) -> Iterator[Judged]:
        """The year as exceeded where that is new or another amount, as kept where it was exceeded before."""
        payer, year, budget_fen = budget.payer, budget.year, budget.amount_fen
        last = self._judged.get((payer, year))
        over = forecast_fen > budget_fen
        kind = BudgetExceeded if over else BudgetKept
        event = kind(payer=payer, year=year, budget_fen=budget_fen, forecast_fen=forecast_fen)
        if event != last and (over or isinstance(last, BudgetExceeded)):
            yield event


# --- decisions


def set_budget(policies: Policies, command: SetBudget, amount_fen: int) -> list[BudgetSet | Judged]:
    """The budget, and what it makes of a year that is exceeded. Refused `already-there`."""
    event = BudgetSet(payer=command.payer, year=command.year, amount_fen=amount_fen)
    budgets = Budgets(policies)
    if budgets.set.get((event.payer, event.year)) == event:
        raise Refused("already-there", "that budget is already set", pointer="/amount", remedy="nothing needs doing")
    known = [one.forecast_fen for one in budgets.exceeded if (one.payer, one.year) == (event.payer, event.year)]
    return [event, *(judged for forecast_fen in known for judged in budgets.judge(event, forecast_fen))]


def judge(policies: Policies, forecasts: Iterable[YearForecast]) -> list[Judged]:
    """What is new of the years that payroll worked out; the budgets are those set last."""
    budgets = Budgets(policies)
    told = [(budgets.set.get((one.payer, one.year)), one.forecast_fen) for one in forecasts]
    return [judged for budget, fen in told if budget is not None for judged in budgets.judge(budget, fen)]
