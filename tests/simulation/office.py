"""The payroll office: closes month after month through payroll's own runs, which ask the ledger."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import httpx
import msgspec
from tests.simulation.clients import Acknowledged
from tests.simulation.town import execute
from tests.simulation.wishes import CITY, PAPER, Wish

from ledger.event_store import StoreUnavailable
from ledger.execution import Ledger
from payroll.ledger_acts import Caller, LedgerSaidNo, Written
from payroll.runs import Payroll
from shared.auth import seal
from shared.envelope import Basis
from shared.principals import Principal, Role, parse_scope
from shared.refusal import Refused

_SCOPE = parse_scope(f"city:{CITY}")
PEOPLE = {
    "finance": Principal("finance-1", Role.FINANCE, _SCOPE),
    "approver": Principal("approver-1", Role.APPROVER, _SCOPE),
}
_BASIS = Basis(PAPER["document"], date.fromisoformat(PAPER["date"]))
_PATHS = {"draft": "run-drafts", "approve": "run-approvals", "close": "run-closures"}

Through = Callable[[Callable[[Ledger], Any]], Any]


class Desk:
    """The ledger as payroll reaches it: an HTTP client in small. A process that dies under it gives no answer."""

    def __init__(self, through: Through) -> None:
        self._through = through

    def post(self, url: str, *, content: bytes, headers: dict[str, str]) -> httpx.Response:
        """As `LedgerClient.post`."""
        wish = Wish(
            key=headers["Idempotency-Key"],
            path=url.removeprefix("/ledger/v1/"),
            fields=msgspec.json.decode(content),
            who=PEOPLE[headers["Authorization"]],
        )
        response = self._through(lambda ledger: _answer(ledger, wish, headers["Payroll-Request"].encode()))
        if response is None:
            raise httpx.ConnectError("the connection was closed")
        assert isinstance(response, httpx.Response)
        return response


def _answer(ledger: Ledger, wish: Wish, known_by: bytes) -> httpx.Response:
    try:
        outcome = execute(ledger, wish, known_by=known_by)
    except StoreUnavailable:
        return httpx.Response(503, json={"code": "storage-unavailable"})
    except Refused as refused:
        return httpx.Response(409, json={"code": refused.code})
    replayed = {"Idempotency-Replayed": "true"} if outcome.replayed else {}
    return httpx.Response(201, content=outcome.body, headers=replayed)


def sealed(path: str, asked: str, body: bytes) -> str:
    """Payroll's seal."""
    return seal(b"s" * 32, path, asked, body)


@dataclass(frozen=True)
class Ask:
    """What is asked of payroll: an act on a month, by its key again until it is answered."""

    act: str
    month: str
    number: int
    digest: str = ""

    @property
    def key(self) -> str:
        """Its idempotency key."""
        return f"{self.act}-{self.month}-{self.number}"

    @property
    def who(self) -> str:
        """Whose act it is."""
        return "approver" if self.act == "approve" else "finance"

    @property
    def wish(self) -> Wish:
        """As the model counts it."""
        fields = {"effective_date": f"{self.month}-28", "basis": PAPER, "month": self.month}
        return Wish(self.key, _PATHS[self.act], fields, PEOPLE[self.who])


_NEXT = {"draft": "approve", "approve": "close"}
_AGAIN = frozenset({"storage-unavailable", "busy", "stream-parked", "months-in-order"})
"""Answers upon which the same request is sent again; the last comes while the clock says another decade."""


class Office:
    """Drafts, approves and closes one month after the other, up to a last one; drafts again when something moved."""

    def __init__(self, acknowledged: Acknowledged, clock: Callable[[], datetime], first_month: str) -> None:
        self.closed: list[tuple[str, int]] = []
        self._acknowledged, self._clock = acknowledged, clock
        self._asks = 0
        self._open = Ask("draft", first_month, 0)

    @property
    def month(self) -> str:
        """The month it is at."""
        return self._open.month

    def move(self, payroll: Payroll, requests: int) -> str:
        """Some requests, one after the other, as long as they are answered and the month is not closed."""
        said, month = [], self.month
        for _ in range(requests):
            number = self._asks
            said.append(self._request(payroll))
            if self._asks == number or self.month != month:
                break
        return ", ".join(said)

    def _request(self, payroll: Payroll) -> str:
        ask = self._open
        try:
            if ask.act == "approve" and not ask.digest:
                ask = self._open = replace(ask, digest=_drafted_digest(payroll, ask.month))
            written = self._send(payroll, ask)
        except Refused as refused:
            return self._refused(ask, refused.code)
        except LedgerSaidNo as no:
            return self._refused(ask, no.response.json()["code"])
        return self._written(ask, written)

    def _send(self, payroll: Payroll, ask: Ask) -> Written:
        caller = Caller(ask.who, ask.key, f"asked {ask.key}", date.fromisoformat(f"{ask.month}-28"), _BASIS)
        if ask.act == "draft":
            return payroll.draft(CITY, ask.month, caller)
        if ask.act == "approve":
            return payroll.approve(CITY, ask.month, 1, ask.digest, caller)
        return payroll.close(CITY, ask.month, 1, caller)

    def _refused(self, ask: Ask, code: str) -> str:
        if code not in _AGAIN:
            self._asks += 1
            self._open = Ask("draft", ask.month, self._asks)
        return f"{ask.key} {code}"

    def _written(self, ask: Ask, written: Written) -> str:
        answer = {"command_id": written.command_id, "position": written.position}
        self._acknowledged.note(ask.wish, msgspec.json.encode(answer))
        self._asks += 1
        if ask.act == "close":
            self.closed.append((ask.month, written.position))
            self._open = Ask("draft", _month_after(ask.month), self._asks)
        else:
            self._open = Ask(_NEXT[ask.act], ask.month, self._asks)
        return f"{ask.key} {written.position}{' again' if written.replayed else ''}"


def _drafted_digest(payroll: Payroll, month: str) -> str:
    drafted = payroll.run(CITY, month, 1, payroll.reach.head()).drafted
    return drafted.digest if drafted is not None else "0" * 64


def _month_after(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year + 1:04d}-01" if number == 12 else f"{year:04d}-{number + 1:02d}"
