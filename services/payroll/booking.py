"""Which item of the budget a line books to, and the vouchers 记账凭证 that the lines of a run come to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from payroll.engine import WORKER
from payroll.in_force import InForce
from payroll.known import TAX, Known
from payroll.settlement import Line
from shared.refusal import Refused

PAYABLE = "payable"
"""应付: the other side of what is booked to items of the budget."""
WITHHELD = "withheld"
"""代扣: what is taken off a worker's pay for insurances; no budget bears it."""
TAX_WITHHELD = "tax-withheld"
"""代扣代缴个人所得税: what is owed to the tax office."""


class Booking:
    """The items of the budget as the policies known say them."""

    def __init__(self, known: Known) -> None:
        self._in_force = InForce(known)
        self._found: dict[tuple[str | None, str, str], str] = {}

    def budget_item(self, line: Line) -> str:
        """That of the policy the worker was under in the service month; where it is silent, that of another in force.

        What is taken off a worker's pay is withheld. Raises Refused `budget-item-missing`.
        """
        if line.payer == WORKER:
            return TAX_WITHHELD if line.item == TAX else WITHHELD
        key = (self._in_force.scheme(line.worker_id, line.service_month), line.service_month, line.item)
        if key not in self._found:
            self._found[key] = self._look_up(*key)
        return self._found[key]

    def _look_up(self, scheme: str | None, month: str, item: str) -> str:
        for document in self._in_force.documents(scheme, month):
            if item in document.budget_items:
                return document.budget_items[item]
        raise Refused(
            "budget-item-missing",
            f"no policy in force in {month} says to which item of the budget {item} is booked",
            remedy="enact a policy whose budget_items names it",
            extra={"item": item, "month": month},
        )


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


def _entry(account: str, street_id: str, debit_fen: int) -> dict[str, Any]:
    """A negative debit is a credit."""
    return {
        "account": account,
        "street_id": street_id,
        "debit_fen": max(debit_fen, 0),
        "credit_fen": max(-debit_fen, 0),
    }
