"""A slow second opinion on income tax: month by month, bracket by bracket, from the log and what runs paid.

It shares no code with the engine. Amounts are fen.
"""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from tests.oracle.careers import known, on_day
from tests.oracle.pay import ITEMS, Key, days_of, worked_days
from tests.oracle.rules import in_force, paid_post, rounded

from shared import events
from shared.envelope import Recorded
from shared.events import OUTSIDE
from shared.policy_document import IncomeTax

Run = tuple[str, Mapping[Key, int]]
"""The month of a closed run, and what it paid."""


def withheld(
    log: Sequence[Recorded], month: str, at_position: int, closed: Sequence[Run], owed: Mapping[Key, int]
) -> dict[Key, int]:
    """The lines of tax of a run of the month that pays `owed`, after the closed runs; each is negative."""
    facts = known(log, at_position)
    streets = {
        fact.event.community_id: fact.event.street_id
        for fact in facts
        if isinstance(fact.event, events.CommunityRegistered)
    }
    rules = [fact for fact in facts if fact.stream.startswith("policy/")]
    opened = {fact.position: fact.event.first_month for fact in rules if isinstance(fact.event, events.PayrollOpened)}
    first = opened[max(opened)]
    found = {}
    for worker in sorted({key.worker for key in owed}):
        acts = [fact for fact in facts if fact.stream == f"worker/{worker}"]
        now = {key: amount for key, amount in owed.items() if key.worker == worker}
        amount = _of_one(acts, rules, month, first, _mine(closed, worker, month), now)
        place = _last_place(acts, rules, streets, first, month)
        if amount and place is not None:
            found[Key(worker, month, month, "income_tax", *place, "worker")] = -amount
    return found


def _of_one(
    acts: Sequence[Recorded],
    rules: Sequence[Recorded],
    month: str,
    first: str,
    closed: Sequence[Run],
    now: Mapping[Key, int],
) -> int:
    runs = [*closed, (month, now)]
    most = _earned(now) - _insurance(now)
    rule = in_force(rules, on_day(acts, days_of(month)[-1]).scheme, days_of(month)[-1])
    if most <= 0 or rule is None or rule.document.income_tax is None:
        return 0
    income = sum(_earned(lines) - _insurance(lines) for _, lines in runs)
    for each in _months(max(first, f"{month[:4]}-01"), max(run_month for run_month, _ in runs)):
        states = [on_day(acts, day) for day in days_of(each)]
        if any(state.in_service and state.scheme != OUTSIDE for state in states):
            income -= int(rule.document.income_tax.monthly_deduction * 100) + states[-1].deducted_fen
    before = -sum(amount for _, lines in closed for key, amount in lines.items() if key.item == "income_tax")
    return min(max(_tax(max(income, 0), rule.document.income_tax) - before, 0), most)


def _tax(income: int, rule: IncomeTax) -> int:
    """Fen by fen in spirit: what of the income lies in each bracket, at its rate."""
    tax, bounds = Fraction(0), [Fraction(bracket.above) * 100 for bracket in rule.brackets]
    for bracket, low, high in zip(rule.brackets, bounds, [*bounds[1:], Fraction(max(income, 0))], strict=True):
        top = max(low, high) if bracket is rule.brackets[-1] else high
        tax += max(min(Fraction(income), top) - low, Fraction(0)) * Fraction(bracket.rate)
    return int(rounded(tax, rule.rounding))


def _mine(closed: Sequence[Run], worker: str, month: str) -> list[Run]:
    """What runs of the year paid to somebody."""
    mine = [(of, {key: amount for key, amount in lines.items() if key.worker == worker}) for of, lines in closed]
    return [(of, lines) for of, lines in mine if lines and of[:4] == month[:4]]


def _earned(lines: Mapping[Key, int]) -> int:
    return sum(amount for key, amount in lines.items() if key.item in ITEMS)


def _insurance(lines: Mapping[Key, int]) -> int:
    return -sum(amount for key, amount in lines.items() if key.item.endswith("_own"))


def _months(first: str, last: str) -> Iterator[str]:
    year, number = int(first[:4]), int(first[5:])
    while f"{year}-{number:02d}" <= last:
        yield f"{year}-{number:02d}"
        year, number = (year, number + 1) if number < 12 else (year + 1, 1)


def _last_place(
    acts: Sequence[Recorded], rules: Sequence[Recorded], streets: dict[str, str], first: str, month: str
) -> tuple[str, str] | None:
    """(post, community) of the last paid day up to the end of the month."""
    for each in reversed(list(_months(first, month))):
        days = list(worked_days(acts, rules, each, streets))
        if days:
            return paid_post(days[-1].seen, days[-1].rule), days[-1].state.community
    return None
