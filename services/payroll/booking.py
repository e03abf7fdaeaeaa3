"""Which item of the budget a line books to, and the vouchers 记账凭证 that the lines of a run come to."""

from __future__ import annotations

from bisect import bisect_right
from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cached_property
from typing import Any

from payroll.engine import WORKER, EnactedPolicy, FactKind, day_number
from payroll.known import Known
from payroll.settlement import Line
from shared.refusal import Refused

PAYABLE = "payable"
"""应付: the other side of what is booked to items of the budget."""
WITHHELD = "withheld"
"""代扣: what is taken off a worker's pay for others; no budget bears it."""


class Booking:
    """The items of the budget as the policies known say them."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._found: dict[tuple[str | None, str, str], str] = {}

    def budget_item(self, line: Line) -> str:
        """That of the policy the worker was under in the service month; where it is silent, that of another in force.

        What is taken off a worker's pay is withheld. Raises Refused `budget-item-missing`.
        """
        if line.payer == WORKER:
            return WITHHELD
        key = (self._scheme(line.worker_id, line.service_month), line.service_month, line.item)
        if key not in self._found:
            self._found[key] = self._look_up(*key)
        return self._found[key]

    def _look_up(self, scheme: str | None, month: str, item: str) -> str:
        begun = (policy for policy in self._policies if policy.effective_date <= last_day(month))
        in_force = {policy.document.scheme: policy.document for policy in begun}
        own = [in_force[scheme]] if scheme in in_force else []
        for document in (*own, *reversed(in_force.values())):
            if item in document.budget_items:
                return document.budget_items[item]
        raise Refused(
            "budget-item-missing",
            f"no policy in force in {month} says to which item of the budget {item} is booked",
            remedy="enact a policy whose budget_items names it",
            extra={"item": item, "month": month},
        )

    def _scheme(self, worker_id: str, month: str) -> str | None:
        """The pay scheme that the worker was last under by the end of the month; None for whose hire was voided."""
        days, schemes = self._schemes.get(worker_id, ((), ()))
        at = bisect_right(days, day_number(last_day(month)))
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


def vouchers_of(lines: Iterable[Line], booking: Booking) -> list[dict[str, Any]]:
    """One voucher for each payer, in the order of payers, as the ledger takes it.

    Debit 借 of each item of the budget by street, credit 贷 of what is payable; what is taken back stands on the other
    side. Amounts are never negative, and the two sides are equal.
    """
    sums: dict[str, dict[tuple[str, str], int]] = defaultdict(lambda: defaultdict(int))
    for line in lines:
        sums[line.payer][booking.budget_item(line), line.street_id] += line.amount_fen
    return [
        {
            "payer": payer,
            "entries": [
                *(_entry(account, street, fen) for (account, street), fen in sorted(booked.items()) if fen),
                _entry(PAYABLE, "", -sum(booked.values())),
            ],
        }
        for payer, booked in sorted(sums.items())
    ]


def last_day(month: str) -> date:
    """2020-10 → 2020-10-31."""
    year, number = int(month[:4]), int(month[5:])
    return date(year, number, monthrange(year, number)[1])


def _entry(account: str, street_id: str, debit_fen: int) -> dict[str, Any]:
    """A negative debit is a credit."""
    return {
        "account": account,
        "street_id": street_id,
        "debit_fen": max(debit_fen, 0),
        "credit_fen": max(-debit_fen, 0),
    }
