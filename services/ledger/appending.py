"""One append and the group it is committed with: each judged on what the log, and those before it, hold by then."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from eventsourcing.persistence import IntegrityError, StoredEvent

from ledger.recorders import Entry, Locked, Making, Question, Row
from ledger.stored_form import NONCE_BYTES, Draft, Metadata, draft, microseconds, moment_of
from ledger.stored_form import stored as stored_event
from shared.calendar_day import calendar_day
from shared.events import Event


@dataclass(frozen=True)
class Change:
    """Events for one stream, decided on its `expected_version` (0: empty); none only guard that it has not moved.

    `dates`: from when each holds, where not all do from the command's effective date on.
    """

    stream: str
    expected_version: int
    events: Sequence[Event]
    dates: Sequence[date] = ()

    def dated(self, effective_date: date) -> Iterable[tuple[Event, date]]:
        """Each event with the day from which it holds: its own, else the command's."""
        return zip(self.events, self.dates or [effective_date] * len(self.events), strict=True)


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


class TooLate(Exception):
    """It would have been recorded after the last day on which it may be."""

    def __init__(self, until: date) -> None:
        super().__init__(f"nothing of it is recorded after {until}")
        self.until = until


@dataclass(frozen=True)
class Drafting:
    """The events of a command in stored form, of which each is made when it is asked for. May raise UnreadableEvent."""

    changes: Sequence[Change]
    metadata: Metadata
    randomness: Callable[[int], bytes]

    def __len__(self) -> int:
        return sum(len(change.events) for change in self.changes)

    def __iter__(self) -> Iterator[Draft]:
        metadata, randomness = self.metadata, self.randomness
        for change in self.changes:
            for version, (event, day) in enumerate(change.dated(metadata.effective_date), change.expected_version + 1):
                yield draft(change.stream, version, event, day, metadata, randomness(NONCE_BYTES))


@dataclass(frozen=True)
class Append:
    """Everything one command wants written. `key`: that of its answer where it is known before, else empty.

    `until`: the last calendar day in the jurisdictions on which it may be recorded.
    """

    changes: Sequence[Change]
    drafts: Sequence[Draft] | Drafting
    metadata: Metadata
    claims: Sequence[tuple[str, str]]
    releases: Sequence[str]
    answered: Callable[[Appended], Answered] | None
    key: str
    until: date | None = None

    @property
    def streams(self) -> list[str]:
        """All that it writes or guards."""
        return [change.stream for change in self.changes]


def conflict_of(error: Exception, group: Sequence[Append]) -> AnsweredBefore | None:
    """A key that exists is that of an answer or a command; every other error is nobody's conflict."""
    # Only the first line: what follows may quote a caller's key.
    reason = str(error).partition("\n")[0]
    if isinstance(error, IntegrityError) and ("log_answers" in reason or "log_commands" in reason):
        return AnsweredBefore(list({stream for append in group for stream in append.streams}))
    return None


def question_of(group: Sequence[Append]) -> Question:
    """All that these appends want to know under the lock."""
    return Question(
        streams=list({stream for append in group for stream in append.streams}),
        claims=list({claim for append in group for claim in append.claims}),
        keys=[append.key for append in group if append.key],
        command_ids=[append.metadata.command_id for append in group],
    )


class Pending:
    """The log under the lock, and what its transaction will add to it."""

    def __init__(self, locked: Locked, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._versions = dict(locked.versions)
        self._holders = dict(locked.holders)
        self._answered = set(locked.keys)
        self._command_ids = set(locked.command_ids)
        self._first_position = self._next_position = locked.next_position
        self._last_recorded_at = locked.last_recorded_at
        self._accepted = 0
        self._drafted: list[tuple[Sequence[Draft] | Drafting, datetime]] = []
        self._commands: list[Row] = []
        self._answers: list[Row] = []
        self._claims: dict[tuple[str, str], str] = {}
        self._releases: list[str] = []

    def accept(self, append: Append) -> Appended:
        """Take the append in, or raise VersionConflict, AnsweredBefore, ClaimTaken, TooLate and leave all as it was."""
        self._check(append)
        recorded_at = max(microseconds(self._clock()), self._last_recorded_at)
        if append.until is not None and calendar_day(moment_of(recorded_at)) > append.until:
            raise TooLate(append.until)
        versions = {change.stream: change.expected_version + len(change.events) for change in append.changes}
        last_position = self._next_position + len(append.drafts) - 1
        appended = Appended(self._next_position, last_position, moment_of(recorded_at), versions)
        answered = append.answered(appended) if append.answered is not None else None
        if answered is not None and answered.key in self._answered:
            raise AnsweredBefore(append.streams)
        self._add(append, appended, recorded_at, answered)
        return appended

    @property
    def entry(self) -> Entry | None:
        """What was accepted, to be written; None when nothing was."""
        if not self._accepted:
            return None
        return Entry(
            events=Making(self._next_position - self._first_position, self._events),
            first_position=self._first_position,
            recorded_at=self._last_recorded_at,
            commands=self._commands,
            claims=[(kind, key, command_id) for (kind, key), command_id in self._claims.items()],
            releases=self._releases,
            answers=self._answers,
        )

    def _events(self) -> Iterator[StoredEvent]:
        return (stored_event(one, recorded_at) for drafts, recorded_at in self._drafted for one in drafts)

    def _check(self, append: Append) -> None:
        if append.key in self._answered or (append.drafts and append.metadata.command_id in self._command_ids):
            raise AnsweredBefore(append.streams)
        changes = append.changes
        moved = [change.stream for change in changes if self._versions[change.stream] != change.expected_version]
        if moved:
            raise VersionConflict(moved)
        for claim in append.claims:
            holder = self._holders.get(claim)
            if holder is not None and holder not in append.releases:
                raise ClaimTaken(*claim, holder)

    def _add(self, append: Append, appended: Appended, recorded_at: int, answered: Answered | None) -> None:
        command_id = append.metadata.command_id
        span = (appended.first_position, appended.last_position, recorded_at)
        self._accepted += 1
        self._next_position = appended.last_position + 1
        self._last_recorded_at = recorded_at
        self._versions |= appended.versions
        self._drafted.append((append.drafts, appended.recorded_at))
        if append.drafts:
            self._command_ids.add(command_id)
            self._commands.append((command_id, *span))
        if answered is not None:
            self._answered.add(answered.key)
            self._answers.append((answered.key, answered.fingerprint, answered.answer, *span))
        self._release(append.releases)
        for claim in append.claims:
            self._holders[claim] = self._claims[claim] = command_id

    def _release(self, released: Sequence[str]) -> None:
        """The claims of these commands end, also where they were taken in this very transaction."""
        if not released:
            return
        self._releases += released
        for held in (self._holders, self._claims):
            for claim in [claim for claim, holder in held.items() if holder in released]:
                del held[claim]
