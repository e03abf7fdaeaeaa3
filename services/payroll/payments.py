"""The payment list of a closed run: what each worker gets, and to which account for the role that pays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from payroll.engine import UNIT_ITEMS
from payroll.ledger_acts import LedgerActs
from payroll.settlement import Line
from shared.money import yuan

_ON_TOP = frozenset(item.name.lower() for item in UNIT_ITEMS.values())
"""What the employer pays into insurances, and no worker is paid."""


class Payment(Struct, frozen=True, kw_only=True):
    """What one worker gets. `name` and `bank_account` are null where they are withheld or not recorded."""

    worker_id: str
    name: str | None
    bank_account: str | None
    amount: str


class PaymentList(Struct, frozen=True, kw_only=True):
    """What the run pays to whom. `receivables`: who would get less than nothing owes it; nobody is paid that.

    `accounts`: shown, or withheld from a role that does not pay.
    """

    run_id: str
    known_position: int
    accounts: str
    payments: list[Payment]
    receivables: list[Payment]
    paid: str
    receivable: str
    total: str


def payment_list(
    run_id: str, position: int, lines: Iterable[Line], accounts: dict[str, tuple[str | None, str | None]] | None
) -> PaymentList:
    """The list from the lines of a run and, where they may be shown, worker → (name, account)."""
    sums: Counter[str] = Counter()
    for line in lines:
        if line.item not in _ON_TOP:
            sums[line.worker_id] += line.amount_fen
    known = accounts or {}
    rows = [
        (fen, Payment(worker_id=worker_id, name=name, bank_account=account, amount=yuan(fen)))
        for worker_id, fen in sorted(sums.items())
        for name, account in (known.get(worker_id, (None, None)),)
    ]
    return PaymentList(
        run_id=run_id,
        known_position=position,
        accounts="withheld" if accounts is None else "shown",
        payments=[payment for fen, payment in rows if fen > 0],
        receivables=[payment for fen, payment in rows if fen < 0],
        paid=yuan(sum(fen for fen, _ in rows if fen > 0)),
        receivable=yuan(sum(fen for fen, _ in rows if fen < 0)),
        total=yuan(sum(sums.values())),
    )


def accounts_of(ledger: LedgerActs, jurisdiction: str, authorization: str) -> dict[str, tuple[str | None, str | None]]:
    """Worker → (name, account), as the ledger shows them to who asks. Raises LedgerSaidNo."""
    found: dict[str, tuple[str | None, str | None]] = {}
    after: str | None = ""
    while after is not None:
        page: Any = ledger.read("payment-accounts", authorization, city_id=jurisdiction, limit="500", after=after)
        found |= {one["worker_id"]: (one["name"], one["bank_account"]) for one in page["accounts"]}
        after = page["next_after"]
    return found
