"""Why it differs: the causes one after the other, and what each of them adds; the parts are the whole difference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from payroll.engine import first_day, month_name, month_number
from payroll.history import EVERYBODY, Cause, CauseKind, History, rounds
from payroll.known import Known
from payroll.settlement import Line, settle_service

Amounts = Counter[tuple[str, str]]
"""(worker, payer) → fen."""
Terms = Mapping[str, int]
"""Month → how often what is due up to it counts."""
Seen = Callable[[Line], bool]
"""Which lines are asked about."""
_A_YEAR_AND_A_MONTH = 13


class PartKind(StrEnum):
    """What a part of a difference comes from.

    An `act` of somebody, a `rule` enacted or published; `calendar`: time alone, as the days of a month, years served,
    what is paid in some months only, dates that a rule names itself. Between runs also `months` that only the later one
    pays, `arrears` that the earlier one paid, what other runs `paid`, and the income `tax` that each withholds.
    """

    ACT = "act"
    RULE = "rule"
    CALENDAR = "calendar"
    MONTHS = "months"
    ARREARS = "arrears"
    PAID = "paid"
    TAX = "tax"


@dataclass(frozen=True)
class Part:
    """A part of a difference, by worker and payer; `causes` are the events of an act or a rule, in their order."""

    kind: PartKind
    amounts: Amounts
    causes: tuple[Cause, ...] = ()
    says: str = ""

    @property
    def amount_fen(self) -> int:
        """What it adds."""
        return sum(self.amounts.values())


def level(month: str) -> Terms:
    """What a month itself makes payable: what is due up to it, less what is due up to the month before."""
    return {month: 1, month_before(month): -1}


def month_before(month: str) -> str:
    """The month before."""
    return month_name(month_number(month) - 1)


def plus(*terms: Terms) -> Terms:
    """Terms together."""
    found: Counter[str] = Counter()
    for each in terms:
        found.update(each)
    return {month: times for month, times in found.items() if times}


def minus(terms: Terms) -> Terms:
    """The same the other way round."""
    return {month: -times for month, times in terms.items()}


def measured(known: Known, terms: Terms, seen: Seen) -> Amounts:
    """What is due of what is known, whatever was paid; nothing before the first month of payroll."""
    unpaid, found = replace(known, paid=[]), Amounts()
    for month, times in terms.items():
        if known.payroll_from is None or month < known.payroll_from:
            continue
        for line in settle_service(unpaid, month).lines:
            if seen(line):
                found[line.worker_id, line.payer] += times * line.amount_fen
    return found


def by_position(history: History, since: int, terms: Terms, seen: Seen) -> list[Part]:
    """What the events after a position change in the terms, in the order in which they were recorded."""
    before = {position for position in history.causes if position <= since}
    causes = [cause for cause in history.causes.values() if cause.position > since]
    causes.sort(key=lambda cause: cause.position)
    return _applied(history, before, causes, terms, seen)


def by_month(history: History, earlier: str, later: str, seen: Seen) -> list[Part]:
    """From the level of a month to that of a later one: time, then each event by its effective day and position.

    An event's part is what it does to the later month less what it does to the earlier one.
    """
    terms = plus(level(later), minus(level(earlier)))
    start, voided = first_day(month_number(earlier)), history.voided()
    long_ago = first_day(month_number(earlier) - _A_YEAR_AND_A_MONTH)
    causes = [cause for cause in history.causes.values() if cause.position not in voided]
    causes.sort(key=lambda cause: (cause.effective_day, cause.position))
    steps = [cause for cause in causes if cause.effective_day > (long_ago if history.felt_later(cause) else start)]
    before = {cause.position for cause in causes} - {cause.position for cause in steps}
    time = measured(history.world(before, history.workers), terms, seen)
    return [*kept([Part(PartKind.CALENDAR, time)]), *_applied(history, before, steps, terms, seen)]


def _applied(history: History, before: Iterable[int], causes: Sequence[Cause], terms: Terms, seen: Seen) -> list[Part]:
    """Apply the causes to what is there, round by round; the events of one act are one part."""
    positions, concerned = set(before), _concerned(history, causes)
    now = measured(history.world(positions, concerned), terms, seen)
    amounts: dict[tuple[str, str], Amounts] = {}
    events: dict[tuple[str, str], dict[int, Cause]] = {}
    for together in rounds(causes):
        positions |= {cause.position for cause in together}
        of_worker = {cause.worker_id: cause for cause in together}
        touched = concerned if EVERYBODY in of_worker else frozenset(of_worker)
        then = measured(history.world(positions, touched), terms, seen)
        for worker_id, payer in sorted({key for key in now if key[0] in touched} | set(then)):
            moved = then[worker_id, payer] - now[worker_id, payer]
            if moved:
                cause = of_worker[EVERYBODY if EVERYBODY in of_worker else worker_id]
                act = (cause.kind.value, cause.act)
                amounts.setdefault(act, Amounts())[worker_id, payer] += moved
                events.setdefault(act, {})[cause.position] = cause
                now[worker_id, payer] += moved
    return kept(Part(_part_of(events[act]), amounts[act], _ordered(events[act])) for act in amounts)


def _part_of(events: Mapping[int, Cause]) -> PartKind:
    kinds = {cause.kind for cause in events.values()}
    return PartKind.ACT if kinds <= {CauseKind.FACTS, CauseKind.VOID} else PartKind.RULE


def _ordered(events: Mapping[int, Cause]) -> tuple[Cause, ...]:
    return tuple(events[position] for position in sorted(events))


def _concerned(history: History, causes: Sequence[Cause]) -> frozenset[str]:
    """Everybody where a rule changes; else those that an act is about."""
    workers = frozenset(cause.worker_id for cause in causes)
    return history.workers if EVERYBODY in workers else workers


def kept(parts: Iterable[Part]) -> list[Part]:
    """The parts that move anything for anybody."""
    return [part for part in parts if any(part.amounts.values())]


def turned(parts: Iterable[Part]) -> list[Part]:
    """The parts of the difference the other way round."""
    return [replace(part, amounts=difference(Amounts(), part.amounts)) for part in parts]


def difference(after: Amounts, before: Amounts) -> Amounts:
    """After less before, where that is not nothing."""
    found = Amounts({key: after[key] - before[key] for key in {*after, *before}})
    return Amounts({key: fen for key, fen in found.items() if fen})
