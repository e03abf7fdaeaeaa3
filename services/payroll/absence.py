"""Why a change is not in a run: recorded after it, effective later, pending, beyond the limit, superseded; or it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from payroll.engine import first_day, month_name, month_number
from payroll.evidence import day_of
from payroll.history import EVERYBODY, History
from payroll.known import Known
from payroll.settlement import settle_service
from payroll.waterfall import Seen

_MONTHS_LOOKED_AHEAD = 13


class Reason(StrEnum):
    """Where a change is, seen from a run.

    `included`, or `settled-before`: an earlier run paid all that it does. Otherwise it was `recorded-after` the run was
    worked out, is `effective-later` than the month, was `voided` or `superseded` by then, lies `before-limit`: before
    the first month of payroll, is `pending`: another act has to follow, has `no-effect` on any amount, or is
    `not-for-pay` at all.
    """

    INCLUDED = "included"
    SETTLED_BEFORE = "settled-before"
    RECORDED_AFTER = "recorded-after"
    EFFECTIVE_LATER = "effective-later"
    VOIDED = "voided"
    SUPERSEDED = "superseded"
    BEFORE_LIMIT = "before-limit"
    PENDING = "pending"
    NO_EFFECT = "no-effect"
    NOT_FOR_PAY = "not-for-pay"


class RunAt(NamedTuple):
    """A run: which, of which month, and as known at which position it was worked out."""

    run_id: str
    month: str
    at_position: int


class Owed(NamedTuple):
    """Under what an amount stands, as far as a change is followed through runs."""

    worker_id: str
    payer: str
    service_month: str
    payable_month: str


@dataclass(frozen=True)
class Found:
    """Where the change is. `amounts`: what it does in the run; `by_position`: the act that voided or superseded it.

    `run_id` is the earlier run that settled it; `pays_from` the month from which it is felt.
    """

    reason: Reason
    amounts: Counter[Owed]
    by_position: int | None = None
    run_id: str | None = None
    pays_from: str | None = None


@dataclass(frozen=True)
class Change:
    """The events of a change, seen beside a run and the closed runs before it."""

    history: History
    positions: frozenset[int]
    run: RunAt
    earlier: Sequence[RunAt]
    seen: Seen

    def found(self) -> Found:
        """Where it is."""
        run, kept = self.run, self.positions & self.history.causes.keys()
        if min(self.positions) > run.at_position:
            return Found(Reason.RECORDED_AFTER, Counter())
        if not kept:
            return Found(Reason.NOT_FOR_PAY, Counter())
        void = self._voided_by(kept)
        if void is not None:
            return Found(Reason.VOIDED, Counter(), by_position=void)
        amounts, settled = self._followed()
        if amounts:
            return Found(Reason.INCLUDED, amounts)
        if settled is not None:
            return Found(Reason.SETTLED_BEFORE, Counter(), run_id=settled)
        later = self._felt_from(kept)
        if later is not None:
            return Found(Reason.EFFECTIVE_LATER, Counter(), pays_from=later)
        return self._replaced(kept)

    def _followed(self) -> tuple[Counter[Owed], str | None]:
        """What it does in the run, and the last earlier run in which it did anything."""
        paid: Counter[Owed] = Counter()
        settled = None
        for run in (*self.earlier, self.run):
            effect = self._effect(run.at_position, run.month)
            reached = {key for key in {*effect, *paid} if key.payable_month <= run.month}
            moved = Counter({key: effect[key] - paid[key] for key in reached if effect[key] != paid[key]})
            if run == self.run:
                return moved, settled
            settled = run.run_id if moved else settled
            paid.update(moved)
        raise AssertionError("the run is the last of them")

    def _effect(self, at_position: int, month: str) -> Counter[Owed]:
        """What is due up to a month, less what would be if the change had not been recorded."""
        known = {position for position in self.history.causes if position <= at_position}
        if not known & self.positions:
            return Counter()
        workers = self._workers()
        with_it = owed(self.history.world(known, workers), month, self.seen)
        without = owed(self.history.world(known - self.positions, workers), month, self.seen)
        return Counter(
            {key: with_it[key] - without[key] for key in {*with_it, *without} if with_it[key] != without[key]}
        )

    def _workers(self) -> Collection[str]:
        """Whom it is about: everybody, for a rule."""
        about = {cause.worker_id for position, cause in self.history.causes.items() if position in self.positions}
        return self.history.workers if EVERYBODY in about else about

    def _voided_by(self, kept: Collection[int]) -> int | None:
        """The void that took all of it out by then."""
        facts = {fact.position: fact.worker_id for fact, _ in self.history.facts if fact.position in kept}
        if not facts or facts.keys() != set(kept):
            return None
        voids = [self.history.void_of(position, self.run.at_position) for position in facts]
        found = [void for void in voids if void is not None]
        return max(found) if len(found) == len(facts) else None

    def _felt_from(self, kept: Iterable[int]) -> str | None:
        """The month after the run's from which it is felt: that of its day, or the first in which it does anything."""
        end = first_day(month_number(self.run.month) + 1)
        days = [self.history.causes[position].effective_day for position in kept]
        if min(days) >= end:
            return f"{day_of(min(days)):%Y-%m}"
        if not any(self.history.felt_later(self.history.causes[position]) for position in kept):
            return None
        number = month_number(self.run.month)
        months = [month_name(number + ahead) for ahead in range(1, _MONTHS_LOOKED_AHEAD + 1)]
        return next((month for month in months if self._effect(self.run.at_position, month)), None)

    def _replaced(self, kept: Collection[int]) -> Found:
        """It does nothing: another act took its place, perhaps before the first month of payroll; or nothing moved."""
        after = self.history.taking_its_place(kept, self.run.at_position)
        if after is None or after.effective_day >= first_day(month_number(self.run.month) + 1):
            return Found(Reason.NO_EFFECT, Counter())
        since = self.history.known.payroll_from
        begins = first_day(month_number(since)) if since else after.effective_day
        if after.effective_day <= begins > max(self.history.causes[position].effective_day for position in kept):
            return Found(Reason.BEFORE_LIMIT, Counter(), by_position=after.position, pays_from=since)
        return Found(Reason.SUPERSEDED, Counter(), by_position=after.position)


def owed(known: Known, month: str, seen: Seen) -> Counter[Owed]:
    """What is due up to a month, whatever was paid; nothing before the first month of payroll."""
    found: Counter[Owed] = Counter()
    if known.payroll_from is None or month < known.payroll_from:
        return found
    for line in settle_service(known, month).lines:
        if seen(line):
            found[Owed(line.worker_id, line.payer, line.service_month, line.payable_month)] += line.amount_fen
    return found
