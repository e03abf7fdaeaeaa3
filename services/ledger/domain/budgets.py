"""What each payer has for the pay of a year (F21)."""

from typing import Annotated

from msgspec import Meta

from ledger.domain.command import Command, Id
from ledger.domain.policy import Policies, YuanText
from shared.events import BudgetSet
from shared.patterns import END
from shared.refusal import Refused

Payer = Annotated[
    str,
    Meta(pattern=r"^(city|district|street|community)/[a-z0-9][a-z0-9-]{0,63}" + END, description="e.g. city/chibi"),
]

# --- command


class SetBudget(Command, frozen=True, kw_only=True):
    """A payer has so much for the pay of a year; set again, the later amount holds."""

    jurisdiction: Id
    payer: Payer
    year: Annotated[int, Meta(ge=1970, le=2199)]
    amount: YuanText


# --- decision


def budget_of(policies: Policies, command: SetBudget, amount_fen: int) -> BudgetSet:
    """Refused `already-there`."""
    event = BudgetSet(payer=command.payer, year=command.year, amount_fen=amount_fen)
    written = sorted(policies.timeline, key=lambda act: act.version)
    budgets = [act.event for act in written if isinstance(act.event, BudgetSet)]
    of_payer = [one for one in budgets if (one.payer, one.year) == (event.payer, event.year)]
    if of_payer[-1:] == [event]:
        raise Refused("already-there", "that budget is already set", pointer="/amount", remedy="nothing needs doing")
    return event
