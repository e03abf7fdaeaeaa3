"""The event store: streams, versions and dense positions over the library's recorders."""

import hashlib
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import msgspec
from eventsourcing.persistence import IntegrityError

from ledger.appending import Answered as Answered
from ledger.appending import AnsweredBefore as AnsweredBefore
from ledger.appending import Append, Pending, conflict_of, question_of
from ledger.appending import Appended as Appended
from ledger.appending import Change as Change
from ledger.appending import Claim as Claim
from ledger.appending import ClaimTaken as ClaimTaken
from ledger.appending import VersionConflict as VersionConflict
from ledger.chain import Chain
from ledger.committer import GROUP_SIZE, Committer, TooManyWaiting, Turn
from ledger.recorder_postgres import LedgerPostgresDatastore, LedgerPostgresRecorder
from ledger.recorder_sqlite import LedgerSQLiteDatastore, LedgerSQLiteRecorder
from ledger.recorders import Entry, Locked, LogReader, LogRecorder, reachable
from ledger.recorders import StoreUnavailable as StoreUnavailable
from ledger.stored_form import NONCE_BYTES, Draft, draft, microseconds, moment_of, wire
from ledger.stored_form import Metadata as Metadata
from ledger.stored_form import UnreadableEvent as UnreadableEvent
from ledger.stored_form import recorded as read_row
from ledger.stream_cache import StreamCache, up_to
from shared.calendar_day import utc_now
from shared.envelope import Linked, Recorded
from shared.settings import Settings
from shared.telemetry import COMMIT_GROUP_SIZE

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


class StoreBusy(StoreUnavailable):
    """Too many appends wait for the database; nothing of this one was written."""


class EventStore:
    """The log. Also the in-process `shared.feed.Feed`. Every method may raise StoreUnavailable."""

    def __init__(
        self,
        recorder: LogRecorder,
        *,
        clock: Callable[[], datetime],
        randomness: Callable[[int], bytes],
        group_size: int = GROUP_SIZE,
    ) -> None:
        self._recorder = recorder
        self._reader = LogReader(recorder)
        self.chain = Chain(recorder)
        self._clock = clock
        self._randomness = randomness
        self._streams = StreamCache()
        self._committer = Committer(self._commit, group_size=group_size)

    def append(
        self,
        changes: Sequence[Change],
        metadata: Metadata,
        *,
        claims: Sequence[Claim] = (),
        releases: Sequence[str] = (),
        answered: Callable[[Appended], Answered] | None = None,
        key: str = "",
    ) -> Appended:
        """Append the events of one command to all its streams, with its claims and its answer, or nothing at all.

        `releases` names commands whose claims end here. `answered` is called under the append lock, once positions
        and time are known; `key` is that of its answer where the caller knows it. A command id is appended once.
        Raises VersionConflict, AnsweredBefore, ClaimTaken, UnreadableEvent.
        """
        wish = self.wish(changes, metadata, claims=claims, releases=releases, answered=answered, key=key)
        try:
            return self._committer.run(wish)
        except TooManyWaiting:
            raise StoreBusy("too many appends are waiting for the database") from None
        except VersionConflict as conflict:
            self._forget(conflict)
            raise

    def wish(
        self,
        changes: Sequence[Change],
        metadata: Metadata,
        *,
        claims: Sequence[Claim] = (),
        releases: Sequence[str] = (),
        answered: Callable[[Appended], Answered] | None = None,
        key: str = "",
    ) -> Append:
        """What `append` would write, for `append_all`. Raises UnreadableEvent."""
        if len({change.stream for change in changes}) < len(changes):
            raise ValueError("a stream stands in one change only")
        drafts = [drafted for change in changes for drafted in self._drafts(change, metadata)]
        return Append(changes, drafts, metadata, [(claim.kind, claim.key) for claim in claims], releases, answered, key)

    def append_all(self, wishes: Sequence[Append]) -> list[Appended]:
        """Append many commands in one transaction, each judged after those before it, or nothing of any.

        Raises what `append` raises, for the first that cannot be. Others wait for the append lock meanwhile: some
        thousand events are a tenth of a second.
        """
        appended: list[Appended] = []

        def stamp(locked: Locked) -> Entry | None:
            pending = Pending(locked, self._clock)
            appended.extend(pending.accept(wish) for wish in wishes)
            return pending.entry

        try:
            with reachable():
                self._recorder.record_many(question_of(wishes), stamp)
        except VersionConflict as conflict:
            self._forget(conflict)
            raise
        except IntegrityError as error:
            raise conflict_of(error, wishes) or error from None
        return appended

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

    def close(self) -> None:
        """Let go of every connection."""
        self._recorder.close()

    def _forget(self, conflict: VersionConflict) -> None:
        for stream in conflict.streams:
            self._streams.forget(stream)

    def _drafts(self, change: Change, metadata: Metadata) -> list[Draft]:
        return [
            draft(
                change.stream,
                change.expected_version + ordinal,
                event,
                replace(metadata, effective_date=day),
                self._randomness(NONCE_BYTES),
            )
            for ordinal, (event, day) in enumerate(change.dated(metadata.effective_date), 1)
        ]

    def _commit(self, group: Sequence[Turn[Append, Appended]]) -> None:
        """One transaction for the group; where the database refuses its data, one for each, so that only one fails."""

        def stamp(locked: Locked) -> Entry | None:
            pending = Pending(locked, self._clock)
            for turn in group:
                try:
                    turn.done(pending.accept(turn.work))
                except Exception as refusal:
                    turn.failed(refusal)
            return pending.entry

        COMMIT_GROUP_SIZE.observe(len(group))
        try:
            with reachable():
                self._recorder.record(question_of([turn.work for turn in group]), stamp)
        except StoreUnavailable as error:
            for turn in group:
                turn.failed(StoreUnavailable(*error.args))
        except Exception as error:
            if len(group) == 1:
                group[0].failed(conflict_of(error, [group[0].work]) or error)
                return
            for turn in group:
                self._commit([turn])


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
    with reachable():
        if settings.database:
            recorder = LedgerPostgresRecorder(LedgerPostgresDatastore(settings.database))
        else:
            recorder = LedgerSQLiteRecorder(LedgerSQLiteDatastore(settings.data / "ledger.db"))
        recorder.create_table()
        if settings.production and isinstance(recorder, LedgerPostgresRecorder):
            recorder.check_rights()
    return EventStore(recorder, clock=clock, randomness=randomness, group_size=settings.group_size)
