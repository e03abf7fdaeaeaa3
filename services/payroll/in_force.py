"""Which policies hold for whom in a month: that of the scheme a worker is under, and the others of the city."""

from __future__ import annotations

from bisect import bisect_right
from calendar import monthrange
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from functools import cache, cached_property

from payroll.engine import EnactedPolicy, FactKind, day_number
from payroll.known import Known
from shared.policy_document import PolicyDocument


class InForce:
    """The policies known, by scheme and month."""

    def __init__(self, known: Known) -> None:
        self._known = known

    def documents(self, scheme: str | None, month: str) -> list[PolicyDocument]:
        """That of the scheme at the month's end, then those of other schemes, the latest first."""
        begun = (policy for policy in self._policies if policy.effective_date <= last_day(month))
        found = {policy.document.scheme: policy.document for policy in begun}
        own = [found[scheme]] if scheme in found else []
        return [*own, *reversed(found.values())]

    def scheme(self, worker_id: str, month: str) -> str | None:
        """The pay scheme that the worker was last under by the end of the month; None for whose hire was voided."""
        days, schemes = self._schemes.get(worker_id, ((), ()))
        at = bisect_right(days, _last_day_number(month))
        return schemes[at - 1] if at else None

    @cached_property
    def _policies(self) -> list[EnactedPolicy]:
        return sorted(self._known.policies, key=lambda policy: (policy.effective_date, policy.position))

    @cached_property
    def _schemes(self) -> Mapping[str, tuple[tuple[int, ...], tuple[str, ...]]]:
        of_worker: dict[str, list[tuple[int, int, int, str]]] = defaultdict(list)
        for fact in self._known.facts:
            if fact.kind == FactKind.SCHEME:
                of_worker[fact.worker_id].append((fact.day, fact.position, fact.ordinal, fact.value))
        ordered = {worker_id: sorted(facts) for worker_id, facts in of_worker.items()}
        return {
            worker_id: (tuple(fact[0] for fact in facts), tuple(fact[3] for fact in facts))
            for worker_id, facts in ordered.items()
        }


def last_day(month: str) -> date:
    """2020-10 → 2020-10-31."""
    year, number = int(month[:4]), int(month[5:])
    return date(year, number, monthrange(year, number)[1])


@cache
def _last_day_number(month: str) -> int:
    return day_number(last_day(month))
