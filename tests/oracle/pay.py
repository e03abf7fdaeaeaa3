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
from tests.oracle.logs import policy
from tests.oracle.rules import (
    Counted,
    InForce,
    counted,
    full_month,
    in_force,
    paid_post,
    payers,
    performance_of,
    rounded,
)

from shared import events
from shared.envelope import Recorded
from shared.events import OUTSIDE
from shared.policy_document import Flat, PolicyDocument, Rounding

NOTHING_IN_FORCE = InForce(policy("chibi-legacy", flat=Flat(monthly={}), funding=()), Fraction(0), -1)
"""Days of service without a rule are days of the month, and pay nothing."""
ITEMS = ("basic", "performance", "allowance")


class Key(NamedTuple):
    """Under what an amount stands."""

    worker: str
    month: str
    payable: str
    item: str
    post: str
    community: str
    payer: str


class Worked(NamedTuple):
    """One paid day: what holds, what the rules look at of it, the rule in force, and a full month's items."""

    day: date
    state: Day
    seen: Counted
    rule: InForce
    items: dict[str, Fraction]


def due(log: Sequence[Recorded], jurisdiction: str, month: str, at_position: int) -> dict[Key, int]:
    """What everybody is due for a month of service, as known at a position; zero amounts are left out."""
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
        days = list(worked_days(acts, rules, month, streets))
        if days:
            _settle(found, {}, worker, month, days, streets)
        if month.endswith("-12") and any(_trues_up(rule.event) for rule in rules):
            since = max(opened[max(opened)], f"{month[:4]}-01")
            year = [f"{month[:4]}-{number:02d}" for number in range(int(since[5:]), 13)]
            _true_up(found, worker, acts, rules, year, streets)
    return {key: amount for key, amount in found.items() if amount}


def owed(due_now: dict[Key, int], paid: dict[Key, int]) -> dict[Key, int]:
    """Due − paid: what a run would pay or take back."""
    difference = {key: due_now.get(key, 0) - paid.get(key, 0) for key in {**due_now, **paid}}
    return {key: amount for key, amount in difference.items() if amount}


def _trues_up(event: object) -> bool:
    return isinstance(event, events.PolicyEnacted) and event.document.true_up != "never"


def _true_up(
    found: Counter[Key],
    worker: str,
    acts: Sequence[Recorded],
    rules: Sequence[Recorded],
    year: list[str],
    streets: dict[str, str],
) -> None:
    """With December each payer has given its exact part of the year, brought to whole units by largest remainder."""
    given: Counter[Key] = Counter()
    exact: dict[str, Fraction] = {}
    last = None
    for month in year:
        days = list(worked_days(acts, rules, month, streets))
        if days:
            last = days[-1]
            _settle(given, exact, worker, month, days, streets)
    at_the_end = in_force(rules, last.state.scheme, date(int(year[-1][:4]), 12, 31)) if last else None
    if last is None or at_the_end is None or at_the_end.document.true_up == "never":
        return
    payers = sorted(exact)
    unit = 100 if at_the_end.document.shares_to == "yuan" else 1
    gave = [sum(amount for key, amount in given.items() if key.payer == payer) for payer in payers]
    target = parted(sum(gave), [exact[payer] for payer in payers], unit)
    where = Key(
        worker, year[-1], year[-1], "year_end_true_up", paid_post(last.seen, last.rule), last.state.community, ""
    )
    for payer, before, after in zip(payers, gave, target, strict=True):
        found[where._replace(payer=payer)] += after - before


def worked_days(
    acts: Sequence[Recorded], rules: Sequence[Recorded], month: str, streets: dict[str, str]
) -> Iterator[Worked]:
    """The paid days of a month of service."""
    full_months: dict[tuple[object, ...], dict[str, Fraction]] = {}
    for day in days_of(month):
        state = on_day(acts, day)
        if not state.in_service or state.scheme == OUTSIDE:
            continue
        rule = in_force(rules, state.scheme, day) or NOTHING_IN_FORCE
        if state.suspended and not _pays_suspended(rule.document):
            continue
        seen = counted(state, rule, day, streets.get(state.community))
        same = (seen, rule.position, rule.share)
        if same not in full_months:
            full_months[same] = full_month(seen, rule)
        yield Worked(day, state, seen, rule, full_months[same])


def _pays_suspended(document: PolicyDocument) -> bool:
    return document.suspension is not None and document.suspension.pay_share > 0


def days_of(month: str) -> list[date]:
    """The calendar days of a month."""
    year, number = int(month[:4]), int(month[5:])
    return [date(year, number, day) for day in range(1, monthrange(year, number)[1] + 1)]


def _settle(
    found: Counter[Key],
    exactly: dict[str, Fraction],
    worker: str,
    month: str,
    days: list[Worked],
    streets: dict[str, str],
) -> None:
    """Add a month's lines: exact over its days, rounded once, over its segments, each segment among its payers.

    `exactly` gathers each payer's part before it is brought to whole fen.
    """
    segments = [
        [worked for _, worked in group]
        for _, group in groupby(enumerate(days), key=lambda numbered: _segment(*numbered))
    ]
    share = _parts([[worked.day for worked in group] for group in segments], month, days[-1].rule.document)
    last = days[-1]
    exact = {item: [group[0].items[item] * part for group, part in zip(segments, share, strict=True)] for item in ITEMS}
    lines = {item: int(rounded(sum(exact[item], Fraction(0)), last.rule.document.line_rounding)) for item in ITEMS}
    months = {item: _payable(month, item, last) for item in ITEMS}
    if last.rule.document.total_rounding is not None:
        lines = _with_round_totals(lines, last)
    if any(lines.values()):
        _add_contributions(found, exactly, worker, month, last, lines, streets)
    for item in ITEMS:
        for group, amount in zip(segments, parted(lines[item], exact[item]), strict=True):
            worked = group[0]
            post, community = paid_post(worked.seen, worked.rule), worked.state.community
            among = payers(post, worked.state, worked.rule, item, streets.get(community))
            key = Key(worker, month, months[item], item, post, community, "")
            _share_out(found, exactly, key, amount, among, worked.rule.document)


def _share_out(
    found: Counter[Key],
    exactly: dict[str, Fraction],
    key: Key,
    amount: int,
    among: Sequence[tuple[str, Fraction]],
    document: PolicyDocument,
) -> None:
    """Among payers, by largest remainder."""
    unit, whole = 100 if document.shares_to == "yuan" else 1, sum(ratio for _, ratio in among)
    for (payer, ratio), part in zip(among, parted(amount, [ratio for _, ratio in among], unit), strict=True):
        found[key._replace(payer=payer)] += part
        exactly[payer] = exactly.get(payer, Fraction(0)) + amount * ratio / whole


def contributed(document: PolicyDocument, lines: dict[str, int]) -> dict[str, int]:
    """What employers pay on top (`_unit`) and workers themselves (`_own`, taken off) for a month, fen."""
    found = {}
    for insurance, rule in document.contributions.items():
        base = Fraction(sum(amount for item, amount in lines.items() if not rule.items or item in rule.items))
        base = max(base, Fraction(rule.floor or 0) * 100)
        if rule.ceiling is not None:
            base = min(base, Fraction(rule.ceiling) * 100)
        found[f"{insurance}_unit"] = int(rounded(base * Fraction(rule.employer), rule.rounding))
        found[f"{insurance}_own"] = -int(rounded(base * Fraction(rule.personal), rule.rounding))
    return found


def _add_contributions(
    found: Counter[Key],
    exactly: dict[str, Fraction],
    worker: str,
    month: str,
    last: Worked,
    lines: dict[str, int],
    streets: dict[str, str],
) -> None:
    """By the rules and in the place of the last paid day; the employer's among those who pay the basic pay."""
    post, community = paid_post(last.seen, last.rule), last.state.community
    among = payers(post, last.state, last.rule, "basic", streets.get(community))
    for item, amount in contributed(last.rule.document, lines).items():
        if item.endswith("_own"):
            found[Key(worker, month, month, item, post, community, "worker")] += amount
            continue
        key = Key(worker, month, month, item, post, community, "")
        _share_out(found, exactly, key, amount, among, last.rule.document)


def _segment(place: int, worked: Worked) -> tuple[object, ...]:
    """Equal for neighbouring days that belong together: without a gap, one place, one rate, one act in force."""
    act = (worked.rule.position, worked.rule.share, worked.rule.come)
    return (worked.day.toordinal() - place, worked.state.community, worked.seen, act)


def _parts(segments: list[list[date]], month: str, document: PolicyDocument) -> list[Fraction]:
    """Which part of a full month each segment is, by the method of the rules in force on the last paid day."""
    days = days_of(month)
    if document.proration == "whole-month-from-next":
        return [Fraction(segment[0] == days[0]) for segment in segments]
    if document.proration == "calendar-days":
        return [Fraction(len(segment), len(days)) for segment in segments]
    worked = [sum(_works(day, document) for day in segment) for segment in segments]
    of_month = sum(_works(day, document) for day in days)
    if sum(worked) == of_month:
        return [Fraction(count, of_month or 1) for count in worked]
    calendar = document.working_calendar
    a_month = Fraction(calendar.days_a_month) if calendar else Fraction("21.75")
    return [Fraction(count) / max(a_month, sum(worked)) for count in worked]


def _works(day: date, document: PolicyDocument) -> bool:
    calendar = document.working_calendar
    if calendar is not None and day in (*calendar.rest_days, *calendar.made_up_days):
        return day in calendar.made_up_days
    return day.weekday() < 5


def _payable(month: str, item: str, last: Worked) -> str:
    """The performance part is paid in the first month it is paid in, from the last of its period on."""
    performance = performance_of(last.rule, last.seen.district)
    if item != "performance" or performance is None:
        return month
    year, number = int(month[:4]), int(month[5:])
    ends = {"monthly": range(1, 13), "half-yearly": (6, 12), "yearly": (12,)}[performance.rhythm]
    number = min(end for end in ends if end >= number)
    while performance.paid_in and number not in performance.paid_in:
        year, number = (year, number + 1) if number < 12 else (year + 1, 1)
    return f"{year}-{number:02d}"


def _with_round_totals(lines: dict[str, int], last: Worked) -> dict[str, int]:
    """The month's total to whole units, borne by the largest line; a performance part of another month alone."""
    performance = performance_of(last.rule, last.seen.district)
    ever_later = performance is not None and (performance.rhythm != "monthly" or 0 < len(set(performance.paid_in)) < 12)
    groups = [("basic", "allowance"), ("performance",)] if ever_later else [ITEMS]
    return {
        item: amount
        for group in groups
        for item, amount in _round_total(lines, group, last.rule.document.total_rounding).items()
    }


def _round_total(lines: dict[str, int], group: tuple[str, ...], rounding: Rounding | None) -> dict[str, int]:
    mine = {item: lines[item] for item in group}
    total = sum(mine.values())
    target = int(rounded(Fraction(total), rounding))
    largest = max(group, key=lambda item: mine[item])
    borne = {**mine, largest: mine[largest] + target - total}
    return borne if borne[largest] >= 0 else {**dict.fromkeys(group, 0), largest: target}


def parted(amount: int, weights: Sequence[Fraction], unit: int = 1) -> list[int]:
    """Whole parts of an amount by weight that add up to it: largest remainder, a tie to the one that comes first.

    Parts are cut to whole units, which go round by remainder; what lies below a unit goes to the next one.
    """
    total = sum(weights, Fraction(0))
    if not total:
        return [amount, *[0] * (len(weights) - 1)]
    exact = [amount * weight / total for weight in weights]
    parts = [int(part // unit) * unit for part in exact]
    left = amount - sum(parts)
    for n in sorted(range(len(parts)), key=lambda n: (parts[n] - exact[n], n)):
        parts[n] += min(left, unit)
        left -= min(left, unit)
    return parts
