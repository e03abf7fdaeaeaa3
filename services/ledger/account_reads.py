"""What can be asked over HTTP about where people are paid to, by the role that pays them."""

from typing import Annotated

from fastapi import Query, Request, Response
from msgspec import Struct

from ledger.asking import IdQuery, Limit, Listed
from ledger.desk import Desk
from ledger.execution import Ledger
from ledger.queries import Queries
from shared.events import WorkerHired
from shared.http import Route, answer, principal_of
from shared.principals import Role
from shared.refusal import Refused

PAYERS = frozenset({Role.FINANCE})


class PaymentAccount(Struct, frozen=True, kw_only=True):
    """Whose account; null where none is recorded, both null once the person's data was erased."""

    worker_id: str
    name: str | None
    bank_account: str | None


class PaymentAccounts(Struct, frozen=True, kw_only=True):
    """Accounts in the order of worker ids; `next_after` goes on where this page ends, null at the end."""

    city_id: str
    accounts: list[PaymentAccount]
    next_after: str | None


def account_reads(ledger: Ledger, queries: Queries) -> list[Route]:
    """The table of questions about accounts."""

    def list_accounts(
        request: Request,
        city_id: IdQuery,
        listed: Listed,
        after: Annotated[str, Query(pattern=r"^[a-z0-9-]{0,64}$")] = "",
        limit: Limit = 500,
    ) -> Response:
        desk = ledger.desk(principal_of(request))
        desk.city(city_id)
        start = f"worker/{after}"
        streams = queries.directory.streams(city_id, WorkerHired.name, upto=listed, after=start, limit=limit)
        workers = [stream.partition("/")[2] for stream in streams]
        page = PaymentAccounts(
            city_id=city_id,
            accounts=[_account(queries, desk, worker_id, listed) for worker_id in workers],
            next_after=workers[-1] if len(workers) == limit else None,
        )
        return answer(page, headers={"Ledger-Position": str(listed)})

    told = "To which accounts the workers of a city are paid"
    return [Route("GET", "/payment-accounts", PAYERS, list_accounts, told, answer=PaymentAccounts)]


def _account(queries: Queries, desk: Desk, worker_id: str, known: int) -> PaymentAccount:
    """As of today, as known at the position."""
    try:
        person = queries.personal(desk, worker_id, desk.today, known)
    except Refused as refused:
        if refused.code not in ("erased", "not-found"):
            raise
        return PaymentAccount(worker_id=worker_id, name=None, bank_account=None)
    return PaymentAccount(worker_id=worker_id, name=person.name, bank_account=person.bank_account or None)
