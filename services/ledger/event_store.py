"""The event store: streams, versions and dense positions over the library's recorders."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime

from eventsourcing.persistence import IntegrityError

from ledger.appending import Answered as Answered
from ledger.appending import AnsweredBefore as AnsweredBefore
from ledger.appending import Append, Drafting, Pending, conflict_of, question_of
from ledger.appending import Appended as Appended
from ledger.appending import Change as Change
from ledger.appending import Claim as Claim
from ledger.appending import ClaimTaken as ClaimTaken
from ledger.appending import TooLate as TooLate
from ledger.appending import VersionConflict as VersionConflict
from ledger.committer import GROUP_SIZE, Committer, TooManyWaiting, Turn
from ledger.event_reads import EventReads
from ledger.event_reads import StoredAnswer as StoredAnswer
from ledger.recorder_postgres import LedgerPostgresDatastore, LedgerPostgresRecorder
from ledger.recorder_sqlite import LedgerSQLiteDatastore, LedgerSQLiteRecorder
from ledger.recorders import Entry, Locked, LogRecorder, reachable
from ledger.recorders import StoreUnavailable as StoreUnavailable
from ledger.stored_form import Metadata as Metadata
from ledger.stored_form import UnreadableEvent as UnreadableEvent
from shared.calendar_day import utc_now
from shared.settings import Settings
from shared.telemetry import COMMIT_GROUP_SIZE


class StoreBusy(StoreUnavailable):
    """Too many appends wait for the database; nothing of this one was written."""


class EventStore(EventReads):
    """The log. Also the in-process `shared.feed.Feed`. Every method may raise StoreUnavailable."""

    def __init__(
        self,
        recorder: LogRecorder,
        *,
        clock: Callable[[], datetime],
        randomness: Callable[[int], bytes],
        group_size: int = GROUP_SIZE,
    ) -> None:
        super().__init__(recorder, clock=clock)
        self._randomness = randomness
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
        until: date | None = None,
    ) -> Appended:
        """Append the events of one command to all its streams, with its claims and its answer, or nothing at all.

        `releases` names commands whose claims end here. `answered` is called under the append lock, once positions
        and time are known; `key` is that of its answer where the caller knows it. A command id is appended once;
        nothing is recorded after the day `until`. Raises VersionConflict, AnsweredBefore, ClaimTaken, TooLate,
        UnreadableEvent.
        """
        wish = self.wish(changes, metadata, claims=claims, releases=releases, answered=answered, key=key, until=until)
        try:
            return self._committer.run(replace(wish, drafts=list(wish.drafts)))
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
        until: date | None = None,
    ) -> Append:
        """What `append` would write, for `append_all`, which makes the stored form of each event as it writes it."""
        if len({change.stream for change in changes}) < len(changes):
            raise ValueError("a stream stands in one change only")
        drafts = Drafting(changes, metadata, self._randomness)
        wanted = [(claim.kind, claim.key) for claim in claims]
        return Append(changes, drafts, metadata, wanted, releases, answered, key, until)

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

    def close(self) -> None:
        """Let go of every connection."""
        self._recorder.close()

    def _forget(self, conflict: VersionConflict) -> None:
        for stream in conflict.streams:
            self._streams.forget(stream)

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
