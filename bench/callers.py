"""The callers of the command bench as a process of its own: as many kept connections, each one command at a time.

It reads one JSON object from standard input (host, port, seconds, turn, callers) and writes one: milliseconds of every
answer, by_kind and statuses. HTTP is written and read by hand, so that the callers take little from the machine.
"""

import asyncio
import itertools
import json
import sys
from collections import Counter
from datetime import date, timedelta
from time import perf_counter
from typing import Any

from bench.town import BASIS, hiring

_T, _Q, _M, _H = "trainings", "qualifications", "transfers", "hires"
KINDS = (_H, _T, _Q, _M, _T, _Q, _T, _M, _Q, _T)
CERTIFICATES = ("assistant", "social_worker", "senior")
_FIRST_MOVE = date(2020, 11, 1)


class Calls:
    """What one caller sends, in order."""

    def __init__(self, given: dict[str, Any], turn: int) -> None:
        self._number = given["number"]
        self._places = given["communities"]
        self._workers = itertools.cycle(given["workers"][turn])
        self._turn = turn
        self._token = given["token"]
        self._ordinal = itertools.count()
        self._moves: Counter[str] = Counter()
        self._certificates = itertools.cycle(range(len(CERTIFICATES)))
        self.hired = ""

    def next(self) -> tuple[str, bytes]:
        """(kind, whole request)."""
        ordinal = next(self._ordinal)
        kind = KINDS[ordinal % len(KINDS)]
        name = f"{self._number}-{self._turn}-{ordinal}"
        body = json.dumps(
            {"effective_date": "2020-10-15", "basis": BASIS, **self._fields(kind, name, ordinal)}
        ).encode()
        head = (
            f"POST /ledger/v1/{kind} HTTP/1.1\r\nHost: ledger\r\nAuthorization: Bearer {self._token}\r\n"
            f"Content-Type: application/json\r\nIf-Match: *\r\nIdempotency-Key: {name}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return kind, head.encode() + body

    def _fields(self, kind: str, name: str, ordinal: int) -> dict[str, Any]:
        if kind == "hires":
            # Beyond the staff that was hired when the town was founded.
            return hiring(self._places[0], 20_000 + (self._turn * 64 + self._number) * 10_000 + ordinal)
        if kind == "qualifications":
            certificate = CERTIFICATES[next(self._certificates)]
            return {"worker_id": self.hired, "certificate": certificate, "certificate_number": f"Z-{name}"}
        worker_id = next(self._workers)
        if kind == "trainings":
            return {"worker_id": worker_id, "course": "岗位培训", "hours": 8}
        self._moves[worker_id] += 1
        moved = self._moves[worker_id]
        day = _FIRST_MOVE + timedelta(days=moved)
        return {"worker_id": worker_id, "community_id": self._places[moved % 2], "effective_date": day.isoformat()}


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
