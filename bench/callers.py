"""The callers of the command bench as a process of its own: as many kept connections, each one command at a time.

It reads one JSON object from standard input (host, port, seconds, turn, callers) and writes one: milliseconds of every
answer, by_kind and statuses. HTTP is written and read by hand, so that the callers take little from the machine.
"""

import asyncio
import itertools
import json
import sys
from collections import Counter
from time import perf_counter
from typing import Any

from bench.town import BASIS, hiring

_T, _Q, _M, _H = "trainings", "qualifications", "transfers", "hires"
KINDS = (_H, _T, _Q, _M, _T, _Q, _T, _M, _Q, _T)
CERTIFICATES = ("assistant", "social_worker", "senior")
MOVES = ("2020-11-01", "2020-12-01")


class Calls:
    """What one caller sends, in order: somebody is hired, and what a working life brings them."""

    def __init__(self, given: dict[str, Any], turn: int) -> None:
        self._token = given["token"]
        self._places = given["communities"]
        self._name = f"{given['number']}-{turn}"
        # Nobody is hired twice, by whichever caller in whichever turn.
        self._people = itertools.count((turn * 256 + given["number"]) * 5_000)
        self._calls = itertools.count()
        self.hired = ""

    def next(self) -> tuple[str, bytes]:
        """(kind, whole request)."""
        ordinal = next(self._calls)
        kind, fields = self._act(*divmod(ordinal, len(KINDS)))
        name = f"{self._name}-{ordinal}"
        body = json.dumps({"effective_date": "2020-10-15", "basis": BASIS, **fields}).encode()
        head = (
            f"POST /ledger/v1/{kind} HTTP/1.1\r\nHost: ledger\r\nAuthorization: Bearer {self._token}\r\n"
            f"Content-Type: application/json\r\nIf-Match: *\r\nIdempotency-Key: {name}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return kind, head.encode() + body

    def _act(self, life: int, age: int) -> tuple[str, dict[str, Any]]:
        kind, before = KINDS[age], KINDS[:age].count(KINDS[age])
        if kind == "hires":
            return kind, hiring(self._places[0], next(self._people))
        if kind == "trainings":
            return kind, {"worker_id": self.hired, "course": "岗位培训", "hours": 8}
        if kind == "qualifications":
            number = f"Z-{self._name}-{life}-{before}"
            return kind, {"worker_id": self.hired, "certificate": CERTIFICATES[before], "certificate_number": number}
        moved = {"community_id": self._places[1 - before], "effective_date": MOVES[before]}
        return kind, {"worker_id": self.hired, **moved}


async def call(host: str, port: int, calls: Calls, ends_at: float, found: dict[str, Any]) -> None:
    """Send until the time is over."""
    reader, writer = await asyncio.open_connection(host, port)
    while perf_counter() < ends_at:
        kind, request = calls.next()
        began = perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n", 1)[0])
        body = await reader.readexactly(length)
        if kind == "hires":
            calls.hired = json.loads(body).get("worker_id", "")
        found["milliseconds"].append(round(1000 * (perf_counter() - began), 3))
        status = head[9:12].decode()
        found["statuses"][status] += 1
        found["by_kind"][kind] += 1
        if status != "201" and len(found["refused"]) < 3:
            found["refused"].append(body.decode())
    writer.close()


async def main() -> None:
    """Read the plan, call, write what was found."""
    given = json.load(sys.stdin)
    found: dict[str, Any] = {"milliseconds": [], "statuses": Counter(), "by_kind": Counter(), "refused": []}
    calls = [Calls(one, given["turn"]) for one in given["callers"]]
    began = perf_counter()
    ends_at = began + given["seconds"]
    await asyncio.gather(*(call(given["host"], given["port"], one, ends_at, found) for one in calls))
    json.dump({**found, "seconds": perf_counter() - began}, sys.stdout)


if __name__ == "__main__":
    asyncio.run(main())
