"""A slow, plain second opinion on pay: what a prefix of the log makes due, day by day in exact fractions.

It shares no code with the engine: it reads the log itself, looks at every calendar day of every worker, and knows no
columns, tables or codes. Amounts are fen.
"""

from calendar import monthrange
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from fractions import Fraction
from itertools import groupby
from typing import NamedTuple

from tests.oracle.careers import Day, known, on_day
from tests.oracle.rules import InForce, full_month, in_force, paid_certificate, payers, rounded

from shared import events
from shared.envelope import Recorded
from shared.events import OUTSIDE


class Key(NamedTuple):
    """Under what an amount stands."""

    worker: str
    month: str
    item: str
    post: str
    community: str
    payer: str


class Worked(NamedTuple):
    """One paid day: what pay depends on, the rule in force, and a full month's items."""

    day: date
    state: Day
    rule: InForce
    items: dict[str, Fraction]


def due(log: Sequence[Recorded], jurisdiction: str, month: str, at_position: int) -> dict[Key, int]:
    """What everybody is due for a month, as known at a position; zero amounts are left out."""
    facts = known(log, at_position)
    streets = {
        fact.event.community_id: fact.event.street_id
        for fact in facts
        if isinstance(fact.event, events.CommunityRegistered)
    }
    rules = [fact for fact in facts if fact.stream == f"policy/{jurisdiction}"]
    opened = {fact.position: fact.event.first_month for fact in rules if isinstance(fact.event, events.PayrollOpened)}
    if not opened or month < opened[max(opened)]:
        return {}
    found: Counter[Key] = Counter()
    for worker in sorted({fact.subject_id for fact in facts if fact.stream.startswith("worker/")}):
        acts = [fact for fact in facts if fact.stream == f"worker/{worker}"]
        days = list(_worked_days(acts, rules, month))
        for item in ("basic", "performance", "allowance"):
            _settle(found, worker, month, item, days, streets)
    return {key: amount for key, amount in found.items() if amount}


def owed(due_now: dict[Key, int], paid: dict[Key, int]) -> dict[Key, int]:
    """Due − paid: what a run would pay or take back."""
    difference = {key: due_now.get(key, 0) - paid.get(key, 0) for key in {**due_now, **paid}}
    return {key: amount for key, amount in difference.items() if amount}


def _worked_days(acts: Sequence[Recorded], rules: Sequence[Recorded], month: str) -> Iterator[Worked]:
    year, number = int(month[:4]), int(month[5:])
    full_months: dict[tuple[object, ...], dict[str, Fraction]] = {}
    for day_of_month in range(1, monthrange(year, number)[1] + 1):
        day = date(year, number, day_of_month)
        state = on_day(acts, day)
        if not state.in_service or state.suspended or state.scheme == OUTSIDE:
            continue
        rule = in_force(rules, state.scheme, day)
        if rule is not None:
            same = (state, rule.position, rule.share, paid_certificate(state, rule, day))
            if same not in full_months:
                full_months[same] = full_month(state, rule, day)
            yield Worked(day, state, rule, full_months[same])


def _settle(
    found: Counter[Key], worker: str, month: str, item: str, days: list[Worked], streets: dict[str, str]
) -> None:
    """Add one line: exact over its days, rounded once, over its segments, each segment among its payers."""
    if not days:
        return
    length = monthrange(int(month[:4]), int(month[5:]))[1]
    segments = [list(group) for _, group in groupby(enumerate(days), key=lambda numbered: _segment(*numbered))]
    nothing = Fraction(0)
    exact = [sum((worked.items.get(item, nothing) / length for _, worked in group), nothing) for group in segments]
    line = int(rounded(sum(exact, nothing), days[-1].rule.document.line_rounding))
    for group, amount in zip(segments, parted(line, exact), strict=True):
        worked = group[0][1]
        shares = payers(worked.state, worked.rule, item, streets)
        names = sorted(shares)
        for payer, part in zip(names, parted(amount, [shares[name] for name in names]), strict=True):
            found[Key(worker, month, item, worked.state.post, worked.state.community, payer)] += part


def _segment(place: int, worked: Worked) -> tuple[object, ...]:
    """Equal for neighbouring days that belong together: without a gap, one place, one rate, one act in force."""
    state, rule = worked.state, worked.rule
    grade = state.grade if rule.document.ladder else None
    rating = state.rating if rule.document.performance else None
    certificate = paid_certificate(state, rule, worked.day)
    act = (rule.position, rule.share, rule.funding)
    return (worked.day.toordinal() - place, state.post, state.community, grade, rating, certificate, act)


def parted(amount: int, weights: Sequence[Fraction]) -> list[int]:
    """Whole parts of an amount by weight that add up to it: largest remainder, a tie to the one that comes first."""
    total = sum(weights, Fraction(0))
    if not total:
        return [amount, *[0] * (len(weights) - 1)]
    exact = [amount * weight / total for weight in weights]
    parts = [int(part // 1) for part in exact]
    neediest = sorted(range(len(parts)), key=lambda n: (parts[n] - exact[n], n))
    for n in neediest[: amount - sum(parts)]:
        parts[n] += 1
    return parts
