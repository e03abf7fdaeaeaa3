"""The event store: streams, versions and dense positions over the library's recorders."""

import hashlib
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from eventsourcing.persistence import (
    ConnectionPoolClosedError,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
)

from ledger.recorder_postgres import LedgerPostgresDatastore, LedgerPostgresRecorder
from ledger.recorder_sqlite import LedgerSQLiteDatastore, LedgerSQLiteRecorder
from ledger.recorders import Entry, Locked, LogReader, LogRecorder, Question
from ledger.stored_form import NONCE_BYTES, Draft, draft, microseconds, moment_of
from ledger.stored_form import Metadata as Metadata
from ledger.stored_form import UnreadableEvent as UnreadableEvent
from ledger.stored_form import recorded as read_row
from ledger.stored_form import stored as stored_event
from shared.auth import utc_now
from shared.envelope import Recorded
from shared.events import Event
from shared.settings import Settings

_JUST_PAST = timedelta(minutes=1)
_DIGEST_BATCH = 1000


@dataclass(frozen=True)
class Change:
    """Events for one stream, decided on its `expected_version` (0: empty); none only guard that it has not moved."""

    stream: str
    expected_version: int
    events: Sequence[Event]


@dataclass(frozen=True)
class Claim:
    """Something one command at a time may hold, e.g. ("identity", fingerprint)."""

    kind: str
    key: str


@dataclass(frozen=True)
class Answered:
    """The idempotency record of a command: its key, the keyed fingerprint of its body, and its answer."""

    key: str
    fingerprint: str
    answer: bytes

    @property
    def row(self) -> tuple[str, str, bytes]:
        """As the recorders take it."""
        return self.key, self.fingerprint, self.answer


@dataclass(frozen=True)
class StoredAnswer:
    """An idempotency record as found, with where the command stands in the log."""

    fingerprint: str
    answer: bytes
    first_position: int
    last_position: int
    recorded_at: datetime


@dataclass(frozen=True)
class Appended:
    """Where a command stands in the log: positions first to last, and each stream's version after it.

    Nothing was appended when `last_position` is below `first_position`.
    """

    first_position: int
    last_position: int
    recorded_at: datetime
    versions: dict[str, int]


class VersionConflict(Exception):
    """Somebody appended to one of the `streams` since it was read: read and decide again."""

    def __init__(self, streams: Sequence[str]) -> None:
        super().__init__(f"moved since it was read: {', '.join(streams)}")
        self.streams = tuple(streams)


class AnsweredBefore(VersionConflict):
    """The idempotency key or the command id is in the log already: look its answer up."""


class ClaimTaken(Exception):
    """Another command, `command_id`, holds the claim."""

    def __init__(self, kind: str, key: str, command_id: str) -> None:
        super().__init__(f"the {kind} claim is held by command {command_id}")
        self.kind = kind
        self.key = key
        self.command_id = command_id


class StoreUnavailable(Exception):
    """The database cannot be reached or cannot write now; an append may or may not have committed."""


class EventStore:
    """The log. Also the in-process `shared.feed.Feed`. Every method may raise StoreUnavailable."""

    def __init__(
        self, recorder: LogRecorder, *, clock: Callable[[], datetime], randomness: Callable[[int], bytes]
    ) -> None:
        self._recorder = recorder
        self._reader = LogReader(recorder)
        self._clock = clock
        self._randomness = randomness

    def append(
        self,
        changes: Sequence[Change],
        metadata: Metadata,
        *,
        claims: Sequence[Claim] = (),
        releases: Sequence[str] = (),
        answered: Callable[[Appended], Answered] | None = None,
    ) -> Appended:
        """Append the events of one command to all its streams, with its claims and its answer, or nothing at all.

        `releases` names commands whose claims end here. `answered` is called under the append lock, once positions
        and time are known. A command id is appended once. Raises VersionConflict, AnsweredBefore, ClaimTaken,
        UnreadableEvent.
        """
        streams = [change.stream for change in changes]
        if len(set(streams)) < len(streams):
            raise ValueError("a stream stands in one change only")
        drafts = [drafted for change in changes for drafted in self._drafts(change, metadata)]
        wanted = [(claim.kind, claim.key) for claim in claims]
        result: list[Appended] = []

        def stamp(locked: Locked) -> Entry:
            _assert_unmoved(changes, locked)
            _assert_free(wanted, releases, locked)
            appended = self._stamped(changes, len(drafts), locked)
            result.append(appended)
            return Entry(
                events=[stored_event(drafted, appended.recorded_at) for drafted in drafts],
                first_position=appended.first_position,
                recorded_at=microseconds(appended.recorded_at),
                command_id=metadata.command_id,
                claims=wanted,
                releases=releases,
                answer=answered(appended).row if answered is not None else None,
            )

        with _reachable(), _conflicts_of(streams):
            self._recorder.record(Question(streams, wanted), stamp)
        return result[-1]

    def stream(self, stream: str, *, upto: int | None = None) -> list[Recorded]:
        """The events of a stream in version order; with `upto`, those with a position of at most that."""
        with _reachable():
            return [read_row(row) for row in self._reader.stream(stream, upto)]

    def version(self, stream: str) -> int:
        """How many events the stream has."""
        with _reachable():
            return self._reader.version(stream)

    def read(self, after: int, limit: int) -> Sequence[Recorded]:
        """As `Feed.read`."""
        with _reachable():
            return [read_row(row) for row in self._reader.after(after, limit)]

    def head(self) -> int:
        """As `Feed.head`."""
        with _reachable():
            return self._reader.head()

    def answered(self, key: str) -> StoredAnswer | None:
        """The idempotency record under the key, None when no command has it."""
        with _reachable():
            row = self._reader.answer(key)
        return None if row is None else StoredAnswer(row[0], bytes(row[1]), row[2], row[3], moment_of(row[4]))

    def claim_holder(self, kind: str, key: str) -> str | None:
        """The id of the command that holds the claim."""
        with _reachable():
            return self._reader.holder(kind, key)

    def events_of(self, command_id: str) -> list[Recorded]:
        """All events of a command, over all its streams, in position order; empty for an unknown one."""
        with _reachable():
            span = self._reader.command(command_id)
            rows = self._reader.after(span[0] - 1, span[1] - span[0] + 1) if span is not None else []
        return [read_row(row) for row in rows]

    def position_at(self, known_at: datetime) -> int:
        """The greatest position recorded at or before the (aware) time, -1 when there is none."""
        with _reachable():
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

    def digest(self) -> str:
        """SHA-256 over stream, version, stored name and stored bytes of every event, length-prefixed, hex."""
        total, after = hashlib.sha256(), -1
        with _reachable():
            while rows := self._reader.after(after, _DIGEST_BATCH):
                for _, *parts in rows:
                    for part in parts:
                        stored = part if isinstance(part, bytes) else str(part).encode()
                        total.update(len(stored).to_bytes(8, "big") + stored)
                after = rows[-1][0]
        return total.hexdigest()

    def close(self) -> None:
        """Let go of every connection."""
        self._recorder.close()

    def _drafts(self, change: Change, metadata: Metadata) -> list[Draft]:
        return [
            draft(change.stream, change.expected_version + ordinal, event, metadata, self._randomness(NONCE_BYTES))
            for ordinal, event in enumerate(change.events, 1)
        ]

    def _stamped(self, changes: Sequence[Change], count: int, locked: Locked) -> Appended:
        recorded_at = max(microseconds(self._clock()), locked.last_recorded_at)
        versions = {change.stream: change.expected_version + len(change.events) for change in changes}
        return Appended(locked.next_position, locked.next_position + count - 1, moment_of(recorded_at), versions)


def open_store(
    settings: Settings,
    *,
    clock: Callable[[], datetime] = utc_now,
    randomness: Callable[[int], bytes] = secrets.token_bytes,
) -> EventStore:
    """The log of an installation: the file ledger.db, or PostgreSQL when there is an address.

    Raises SettingsError for a database that would lose events, StoreUnavailable when it does not answer.
    """
    recorder: LedgerPostgresRecorder | LedgerSQLiteRecorder
    with _reachable():
        if settings.database:
            recorder = LedgerPostgresRecorder(LedgerPostgresDatastore(settings.database))
        else:
            recorder = LedgerSQLiteRecorder(LedgerSQLiteDatastore(settings.data / "ledger.db"))
        recorder.create_table()
    return EventStore(recorder, clock=clock, randomness=randomness)


def _assert_unmoved(changes: Sequence[Change], locked: Locked) -> None:
    moved = [change.stream for change in changes if locked.versions[change.stream] != change.expected_version]
    if moved:
        raise VersionConflict(moved)


def _assert_free(wanted: Sequence[tuple[str, str]], releases: Sequence[str], locked: Locked) -> None:
    for kind, key in wanted:
        holder = locked.holders.get((kind, key))
        if holder is not None and holder not in releases:
            raise ClaimTaken(kind, key, holder)


@contextmanager
def _conflicts_of(streams: Sequence[str]) -> Iterator[None]:
    """Versions and claims are asked under the lock, so a key that exists is that of an answer or a command."""
    try:
        yield
    except IntegrityError as error:
        # Only the first line: what follows may quote a caller's key.
        reason = str(error).partition("\n")[0]
        if "log_answers" in reason or "log_commands" in reason:
            raise AnsweredBefore(streams) from error
        raise


@contextmanager
def _reachable() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError, InternalError, ConnectionPoolClosedError) as error:
        raise StoreUnavailable("the database of the log does not answer or cannot write") from error
