"""How payroll has something written down by the ledger: under its seal, on behalf of whoever asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

import httpx
import msgspec

from shared.envelope import Basis
from shared.reaching import ledger_away

Seal = Callable[[str, str, bytes], str]
"""(path, what payroll was asked, body) → the seal by which the ledger knows that a request is payroll's own."""


class LedgerClient(Protocol):
    """What payroll needs of an HTTP client whose base is the ledger's host: httpx.Client, or Starlette's TestClient."""

    def post(self, url: str, *, content: bytes, headers: dict[str, str]) -> httpx.Response:
        """Send a command."""
        ...

    def get(self, url: str, *, params: Mapping[str, str], headers: dict[str, str]) -> httpx.Response:
        """Ask a question."""
        ...


class LedgerSaidNo(Exception):
    """The ledger refused; its answer is passed on as it is."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__(f"the ledger answered {response.status_code}")
        self.response = response


@dataclass(frozen=True)
class Caller:
    """On whose behalf and on which paper: the caller's own headers go to the ledger, which decides who may.

    `asked` is the SHA-256 of the caller's request: the same one sent again is known by it, whatever changed since.
    `if_match` is the version of the run that the caller looked at, or `*`; none for an act that needs none.
    """

    authorization: str
    idempotency_key: str
    asked: str
    effective_date: date
    basis: Basis
    if_match: str | None = "*"


@dataclass(frozen=True)
class Written:
    """Where the ledger wrote an act down; `replayed`: at an earlier call, and nothing at this one."""

    command_id: str
    position: int
    replayed: bool


@dataclass(frozen=True)
class LedgerActs:
    """The ledger as payroll speaks to it."""

    client: LedgerClient
    seal: Seal

    def ask(self, command: str, caller: Caller, body: Mapping[str, Any]) -> Written:
        """Have the command written down. Raises LedgerSaidNo, Refused `storage-unavailable`."""
        whole = {**body, "effective_date": caller.effective_date, "basis": caller.basis}
        content = msgspec.json.encode(whole, order="deterministic")
        path = f"/ledger/v1/{command}"
        headers = {
            "Authorization": caller.authorization,
            "Idempotency-Key": caller.idempotency_key,
            "Content-Type": "application/json",
            "Payroll-Request": caller.asked,
            "Payroll-Seal": self.seal(path, caller.asked, content),
        }
        if caller.if_match is not None:
            headers["If-Match"] = caller.if_match
        try:
            response = self.client.post(path, content=content, headers=headers)
        except httpx.HTTPError as error:
            raise ledger_away() from error
        if response.status_code >= 300:
            raise LedgerSaidNo(response)
        answered = msgspec.json.decode(response.content)
        replayed = response.headers.get("idempotency-replayed") == "true"
        return Written(answered["command_id"], answered["position"], replayed)

    def read(self, path: str, authorization: str, **params: str) -> Any:
        """What the ledger answers the caller. Raises LedgerSaidNo, Refused `storage-unavailable`."""
        try:
            response = self.client.get(f"/ledger/v1/{path}", params=params, headers={"Authorization": authorization})
        except httpx.HTTPError as error:
            raise ledger_away() from error
        if response.status_code >= 300:
            raise LedgerSaidNo(response)
        return msgspec.json.decode(response.content)
