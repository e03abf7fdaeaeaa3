"""The payment list of a closed run: what each worker gets, and to which account for the role that pays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from payroll.in_force import InForce
from payroll.ledger_acts import LedgerActs
from payroll.reader import Reader
from payroll.recovering import Net, Owing, owing
from payroll.settlement import ON_TOP, Line
from shared.money import yuan
from shared.policy_document import Recovery


class Payment(Struct, frozen=True, kw_only=True):
    """What one worker gets: what the run's lines come to, `earned`, less what is kept back of it.

    `name` and `bank_account` are null where they are withheld or not recorded.
    """

    worker_id: str
    name: str | None
    bank_account: str | None
    amount: str
    earned: str
    recovered: str


class Receivable(Struct, frozen=True, kw_only=True):
    """What one worker owes: from earlier runs, what arose in this one, what was kept back in it, and what is left."""

    worker_id: str
    name: str | None
    before: str
    arisen: str
    recovered: str
    owed: str


class PaymentList(Struct, frozen=True, kw_only=True):
    """What the run pays to whom, and who owes what: whom its lines come to less than nothing for is not paid.

    `paid` = `total` of the lines + `arisen` − `recovered`; `owed` is what is left. `accounts`: shown, or withheld from
    a role that does not pay.
    """

    run_id: str
    known_position: int
    accounts: str
    payments: list[Payment]
    receivables: list[Receivable]
    paid: str
    arisen: str
    recovered: str
    owed: str
    total: str


def payment_list(
    run_id: str,
    position: int,
    lines: Iterable[Line],
    owing: Mapping[str, Owing],
    accounts: Mapping[str, tuple[str | None, str | None]] | None,
) -> PaymentList:
    """The list from the lines of a run, who owes what around it, and, where they may be shown, the accounts."""
    sums: Counter[str] = Counter()
    for line in lines:
        if line.item not in ON_TOP:
            sums[line.worker_id] += line.amount_fen
    known = accounts or {}
    payments, paid_fen = [], 0
    for worker_id, fen in sorted(sums.items()):
        recovered_fen = owing[worker_id].recovered_fen if worker_id in owing else 0
        name, account = known.get(worker_id, (None, None))
        if fen > 0:
            paid_fen += fen - recovered_fen
            amounts = {"amount": fen - recovered_fen, "earned": fen, "recovered": recovered_fen}
            payments.append(Payment(worker_id=worker_id, name=name, bank_account=account, **_in_yuan(amounts)))
    return PaymentList(
        run_id=run_id,
        known_position=position,
        accounts="withheld" if accounts is None else "shown",
        payments=payments,
        receivables=[_receivable(worker_id, one, known) for worker_id, one in sorted(owing.items())],
        paid=yuan(paid_fen),
        arisen=yuan(sum(one.arisen_fen for one in owing.values())),
        recovered=yuan(sum(one.recovered_fen for one in owing.values())),
        owed=yuan(sum(one.owed_fen for one in owing.values())),
        total=yuan(sum(sums.values())),
    )


def _receivable(worker_id: str, owing: Owing, known: Mapping[str, tuple[str | None, str | None]]) -> Receivable:
    name, _ = known.get(worker_id, (None, None))
    amounts = {name: getattr(owing, f"{name}_fen") for name in ("before", "arisen", "recovered", "owed")}
    return Receivable(worker_id=worker_id, name=name, **_in_yuan(amounts))


def _in_yuan(amounts: Mapping[str, int]) -> dict[str, str]:
    return {name: yuan(fen) for name, fen in amounts.items()}


def owing_around(reader: Reader, jurisdiction: str, closed_position: int) -> dict[str, Owing]:
    """Worker → what is owed around the run closed at a position, by the policies known when it was closed."""
    nets = reader.nets_of_debtors(jurisdiction, closed_position)
    if not nets:
        return {}
    in_force = InForce(reader.known(jurisdiction, closed_position))

    def most_fen(net: Net) -> int:
        documents = in_force.documents(in_force.scheme(net.worker_id, net.month), net.month)
        return (documents[0].recovery if documents else Recovery()).most_fen(net.net_fen)

    return owing(nets, closed_position, most_fen)


def accounts_of(ledger: LedgerActs, jurisdiction: str, authorization: str) -> dict[str, tuple[str | None, str | None]]:
    """Worker → (name, account), as the ledger shows them to who asks. Raises LedgerSaidNo."""
    found: dict[str, tuple[str | None, str | None]] = {}
    after: str | None = ""
    while after is not None:
        page: Any = ledger.read("payment-accounts", authorization, city_id=jurisdiction, limit="500", after=after)
        found |= {one["worker_id"]: (one["name"], one["bank_account"]) for one in page["accounts"]}
        after = page["next_after"]
    return found
