"""Two answers beside each other, and what lies between: of two months, of two known dates, of two runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from payroll.known import TAX
from payroll.projection import Projection
from payroll.settlement import Line
from payroll.waterfall import (
    Amounts,
    Part,
    PartKind,
    Seen,
    Terms,
    by_month,
    by_position,
    difference,
    kept,
    level,
    measured,
    month_before,
    plus,
    turned,
)


@dataclass(frozen=True)
class Waterfall:
    """Two amounts and the parts of their difference, which leave no rest for any worker and payer."""

    before: Amounts
    after: Amounts
    parts: list[Part]

    def __post_init__(self) -> None:
        together = Amounts()
        for part in self.parts:
            together.update(part.amounts)
        assert difference(together, difference(self.after, self.before)) == Amounts()


@dataclass(frozen=True)
class Side:
    """One of the two: a month, as known at a position."""

    month: str
    at_position: int


@dataclass(frozen=True)
class RunSide(Side):
    """One of two runs: its month, the position it was worked out at, its lines."""

    lines: tuple[Line, ...]

    def amounts(self, seen: Seen) -> Amounts:
        """What the run pays."""
        return _summed(self.lines, seen)

    def service(self, seen: Seen) -> Amounts:
        """What it pays for service."""
        return _summed((line for line in self.lines if line.item != TAX), seen)

    def tax(self, seen: Seen) -> Amounts:
        """What it withholds of income tax."""
        return _summed((line for line in self.lines if line.item == TAX), seen)


def _summed(lines: Iterable[Line], seen: Seen) -> Amounts:
    found = Amounts()
    for line in lines:
        if seen(line):
            found[line.worker_id, line.payer] += line.amount_fen
    return found


class Comparing:
    """What is compared: the pay of a jurisdiction or of one worker, of the lines that are seen."""

    def __init__(self, projection: Projection, jurisdiction: str, worker_id: str | None, seen: Seen) -> None:
        self._projection = projection
        self._jurisdiction = jurisdiction
        self._worker_id = worker_id
        self._seen = seen

    def months(self, before: Side, after: Side) -> Waterfall:
        """What each month itself makes payable: first the events between the positions, then those between months."""
        acts = self._recorded(before.at_position, after.at_position, level(before.month))
        parts = [*acts, *self._between(before.month, after.month, after.at_position)]
        amounts = (self._due(before, level(before.month)), self._due(after, level(after.month)))
        return Waterfall(*amounts, merged(parts))

    def runs(self, before: RunSide, after: RunSide) -> Waterfall:
        """What two runs pay: events, months, and what was paid meanwhile."""
        if after.month < before.month:
            turning = self.runs(after, before)
            return Waterfall(turning.after, turning.before, turned(turning.parts))
        whole = before.amounts(self._seen), after.amounts(self._seen)
        first, second = before.service(self._seen), after.service(self._seen)
        tax = Part(PartKind.TAX, difference(after.tax(self._seen), before.tax(self._seen)))
        paid_before = difference(self._due(before, {before.month: 1}), first)
        paid_after = difference(self._due(after, {after.month: 1}), second)
        if before.month == after.month:
            acts = self._recorded(before.at_position, after.at_position, {before.month: 1})
            paid = Part(PartKind.PAID, difference(paid_before, paid_after))
            return Waterfall(*whole, merged([*acts, paid, tax]))
        own = self._due(before, level(before.month))
        between = plus({month_before(after.month): 1}, {before.month: -1})
        meanwhile = [
            Part(PartKind.MONTHS, self._due(after, between)),
            Part(PartKind.ARREARS, difference(own, first)),
            Part(PartKind.PAID, difference(first, difference(paid_after, paid_before))),
            tax,
        ]
        acts = self._recorded(before.at_position, after.at_position, plus({before.month: 1}, level(before.month)))
        months = self._between(before.month, after.month, after.at_position)
        return Waterfall(*whole, merged([*acts, *months, *meanwhile]))

    def _due(self, side: Side, terms: Terms) -> Amounts:
        known = self._projection.known(self._jurisdiction, side.at_position, self._worker_id)
        return measured(known, terms, self._seen)

    def _recorded(self, since: int, until: int, terms: Terms) -> list[Part]:
        """What was recorded from one position to the other, in either direction."""
        history = self._projection.history(self._jurisdiction, max(since, until), self._worker_id)
        parts = by_position(history, min(since, until), terms, self._seen)
        return parts if since <= until else turned(parts)

    def _between(self, before: str, after: str, at_position: int) -> list[Part]:
        """From the one month to the other, in either direction."""
        if before == after:
            return []
        history = self._projection.history(self._jurisdiction, at_position, self._worker_id)
        parts = by_month(history, min(before, after), max(before, after), self._seen)
        return parts if before < after else turned(parts)


def everything(_: Line) -> bool:
    """All lines are seen."""
    return True


def merged(parts: Iterable[Part]) -> list[Part]:
    """The parts with those of one act together: what it does to earlier months, and from month to month."""
    found: dict[tuple[str, str, tuple[str, str] | None], Part] = {}
    for part in parts:
        act = (part.causes[0].kind.value, part.causes[0].act) if part.causes else None
        key = (part.kind.value, part.says, act)
        if key not in found:
            found[key] = part
            continue
        amounts = Amounts(found[key].amounts)
        amounts.update(part.amounts)
        causes = {cause.position: cause for cause in (*found[key].causes, *part.causes)}
        found[key] = Part(part.kind, amounts, tuple(causes[position] for position in sorted(causes)), part.says)
    return kept(found.values())
