"""What can be asked of the log: streams, positions, answers, claims, and the digest over all of it."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from ledger.appending import Claim
from ledger.chain import Chain
from ledger.recorders import LogReader, LogRecorder, reachable
from ledger.stored_form import microseconds, moment_of, wire
from ledger.stored_form import recorded as read_row
from ledger.stream_cache import StreamCache, up_to
from shared.envelope import Linked, Recorded

_JUST_PAST = timedelta(minutes=1)
_DIGEST_BATCH = 1000


@dataclass(frozen=True)
class StoredAnswer:
    """An idempotency record as found, with where the command stands in the log."""

    fingerprint: str
    answer: bytes
    first_position: int
    last_position: int
    recorded_at: datetime


class EventReads:
    """The reading half of the event store. Every method may raise StoreUnavailable."""

    def __init__(self, recorder: LogRecorder, *, clock: Callable[[], datetime]) -> None:
        self._recorder = recorder
        self._reader = LogReader(recorder)
        self.chain = Chain(recorder)
        self._clock = clock
        self._streams = StreamCache()

    def stream(self, stream: str, *, upto: int | None = None) -> list[Recorded]:
        """The events of a stream in version order; with `upto`, those with a position of at most that."""
        known = self._streams.prefix(stream)
        if upto is not None and known and known[-1].position >= upto:
            return list(up_to(known, upto))
        with reachable():
            rows = self._reader.stream(stream, len(known), upto)
        events = (*known, *(read_row(row) for row in rows))
        self._streams.keep(stream, events)
        return list(events)

    def version(self, stream: str) -> int:
        """How many events the stream has."""
        with reachable():
            return self._reader.version(stream)

    def read(self, after: int, limit: int) -> Sequence[Recorded]:
        """As `Feed.read`."""
        with reachable():
            return [read_row(row) for row in self._reader.after(after, limit)]

    def lines(self, after: int, limit: int) -> Sequence[bytes]:
        """As `shared.feed.Lines.lines`."""
        with reachable():
            return [msgspec.json.encode(wire(row)) for row in self._reader.after(after, limit)]

    def linked(self, after: int, limit: int) -> Sequence[Linked]:
        """Events behind a position in wire form with the hash there, in order, as far as they are chained."""
        return self.chain.linked(after, limit)

    def head(self) -> int:
        """As `Feed.head`."""
        with reachable():
            return self._reader.head()

    def answered(self, key: str) -> StoredAnswer | None:
        """The idempotency record under the key, None when no command has it."""
        with reachable():
            row = self._reader.answer(key)
        return None if row is None else StoredAnswer(row[0], bytes(row[1]), row[2], row[3], moment_of(row[4]))

    def claim_holder(self, kind: str, key: str) -> str | None:
        """The id of the command that holds the claim."""
        with reachable():
            return self._reader.holder(kind, key)

    def claim_holders(self, claims: Iterable[Claim]) -> dict[Claim, str]:
        """Those of the claims that are held, each with the command that holds it."""
        asked: dict[str, list[str]] = {}
        for claim in claims:
            asked.setdefault(claim.kind, []).append(claim.key)
        with reachable():
            found = [(kind, row) for kind, keys in asked.items() for row in self._reader.holders(kind, keys)]
        return {Claim(kind, key): command_id for kind, (key, command_id) in found}

    def first_streams(self, command_ids: Iterable[str]) -> dict[str, str]:
        """Command → the stream it wrote first, of those that are in the log."""
        with reachable():
            return dict(self._reader.first_streams(list(command_ids)))

    def beginnings(self, after: str, before: str, limit: int) -> list[Recorded]:
        """The first event of each command whose id lies between the two, in the order of ids."""
        with reachable():
            return [read_row(row[1:]) for row in self._reader.beginnings(after, before, limit)]

    def events_of(self, command_id: str) -> list[Recorded]:
        """All events of a command, over all its streams, in position order; empty for an unknown one."""
        with reachable():
            span = self._reader.command(command_id)
            rows = self._reader.after(span[0] - 1, span[1] - span[0] + 1) if span is not None else []
        return [read_row(row) for row in rows]

    def position_at(self, known_at: datetime) -> int:
        """The greatest position recorded at or before the (aware) time, -1 when there is none."""
        with reachable():
            known = microseconds(known_at)
            if known > microseconds(self._clock() - _JUST_PAST):
                self._recorder.settle()  # An append under way may already carry an earlier time.
            return self._reader.known_at(known)

    def recorded_at(self, position: int) -> datetime:
        """When the event at the position was written. Raises LookupError beyond the log."""
        found = self.read(position - 1, 1)
        if not found or found[0].position != position:
            raise LookupError(f"the log has no position {position}")
        return found[0].recorded_at

    def digest(self, *, upto: int | None = None) -> str:
        """SHA-256 over stream, version, stored name and stored bytes of every event up to a position, length-prefixed,
        hex."""
        total, after = hashlib.sha256(), -1
        with reachable():
            last = self._reader.head() if upto is None else upto
            while rows := self._reader.after(after, min(_DIGEST_BATCH, last - after)):
                for _, *parts in rows:
                    for part in parts:
                        stored = part if isinstance(part, bytes) else str(part).encode()
                        total.update(len(stored).to_bytes(8, "big") + stored)
                after = rows[-1][0]
        return total.hexdigest()
