"""The hash chain over the log: each position sealed together with everything before it."""

from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import NamedTuple

from eventsourcing.persistence import IntegrityError

from ledger.recorders import LogReader, LogRecorder, Row, reachable
from ledger.stored_form import wire
from shared.envelope import Linked

START = bytes(32)
"""The hash before the first position."""
BATCH = 500
_BEFORE_ALL = -(2**62)


class ChainHead(NamedTuple):
    """The last chained position, -1 when there is none, and the hash there (hex): a checkpoint of all before it."""

    position: int
    hash: str


class HoleInLog(Exception):
    """The log lacks a position that was written: somebody removed it. Nothing is chained beyond it."""


def link(before: bytes, row: Row) -> bytes:
    """The hash at an event row: SHA-256 over the hash before it and each of position, stream, version, stored name
    and stored bytes behind its length (8 bytes, big-endian); numbers in decimal."""
    digest = sha256(before)
    for part in row:
        written = part if isinstance(part, bytes) else str(part).encode()
        digest.update(len(written).to_bytes(8, "big") + written)
    return digest.digest()


class Chain:
    """Follows the log in a table of its own, (position, hash), by whoever calls `advance`. May raise StoreUnavailable.

    The stored bytes of an event carry a random nonce, so that no hash says anything about what it covers.
    """

    def __init__(self, recorder: LogRecorder) -> None:
        self._recorder = recorder
        self._reader = LogReader(recorder)

    def head(self) -> ChainHead:
        """How far the log is chained."""
        position, found = self._last()
        return ChainHead(position, found.hex())

    def advance(self, limit: int = BATCH) -> int:
        """Chain the next positions in one transaction; how many. Raises HoleInLog.

        Whoever is second at a position finds it taken and writes nothing, and what both would write is the same; so
        two at once, or one that ends in the middle, are harmless.
        """
        last, before = self._last()
        with reachable():
            rows = self._reader.after(last, limit)
        links: list[Row] = []
        for position, row in enumerate(rows, last + 1):
            if row[0] != position:
                raise HoleInLog(f"the log has no position {position}")
            before = link(before, row)
            links.append((position, before))
        try:
            with reachable():
                self._recorder.link(links)
        except IntegrityError:
            return 0
        return len(links)

    def catch_up(self) -> int:
        """Chain all there is now; the position reached."""
        while self.advance():
            pass
        return self.head().position

    def verify(self, upto: int) -> int | None:
        """The first position up to `upto` where log and chain are not as they were sealed; None when all are.

        A position that was never given out is broken, too: one below 0 or beyond the head of the log.
        """
        expected, before = 0, START
        links = _all(self._reader.links)
        for row in _all(self._reader.after):
            if row[0] < 0:
                return int(row[0])
            if expected > upto:
                break
            before = link(before, row)
            if row[0] != expected or next(links, None) != (expected, before):
                return expected
            expected += 1
        with reachable():
            return expected if expected <= upto else self._reader.beyond_head()

    def linked(self, after: int, limit: int) -> list[Linked]:
        """Events behind a position in order, as far as they are chained; at most `limit`."""
        with reachable():
            rows = self._reader.linked(after, limit)
        return [Linked(wire(row[:-1]), row[-1].hex()) for row in rows]

    def _last(self) -> tuple[int, bytes]:
        with reachable():
            row = self._reader.last_link()
        return (-1, START) if row is None else (row[0], row[1])


def _all(read: Callable[[int, int], list[Row]]) -> Iterator[Row]:
    """Every row there is, read in batches, in the order of positions."""
    after = _BEFORE_ALL
    while True:
        with reachable():
            rows = read(after, BATCH)
        if not rows:
            return
        yield from rows
        after = rows[-1][0]
