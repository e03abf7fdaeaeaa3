"""What one append writes under the lock of the log, said once for SQLite and PostgreSQL."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from eventsourcing.persistence import (
    ConnectionPoolClosedError,
    InterfaceError,
    InternalError,
    OperationalError,
    StoredEvent,
)

from shared.database import StorageAway

WAIT_SECONDS = 30
"""How long a writer waits for the append lock, and a reader for a connection."""

ADVANCE_HEAD = "UPDATE log_head SET next_position = ?, last_recorded_at = ?"
HEAD = "SELECT next_position, last_recorded_at FROM log_head"

_EVENT = "SELECT position, originator_id, originator_version, topic, state FROM stored_events"
_STREAM = f"{_EVENT} WHERE originator_id = ? AND originator_version > ? ORDER BY originator_version"
_STREAM_UPTO = (
    f"{_EVENT} WHERE originator_id = ? AND originator_version > ? AND position <= ? ORDER BY originator_version"
)
_AFTER = f"{_EVENT} WHERE position > ? ORDER BY position LIMIT ?"
_VERSION = "SELECT COALESCE(MAX(originator_version), 0) FROM stored_events WHERE originator_id = ?"
_COMMAND = "SELECT first_position, last_position FROM log_commands WHERE command_id = ?"
_KNOWN_AT = (
    "SELECT last_position FROM log_commands WHERE recorded_at <= ? "
    "ORDER BY recorded_at DESC, last_position DESC LIMIT 1"
)
_ANSWER = "SELECT fingerprint, answer, first_position, last_position, recorded_at FROM log_answers WHERE key = ?"
_AT_ONCE = 500
_MARKS = ", ".join("?" * _AT_ONCE)
_HOLDERS_OF = f"SELECT key, command_id FROM log_claims WHERE kind = ? AND key IN ({_MARKS})"
_FIRST_STREAMS = (
    "SELECT command_id, originator_id FROM log_commands JOIN stored_events ON position = first_position "
    f"WHERE command_id IN ({_MARKS})"
)
_BEGINNINGS = (
    "SELECT command_id, position, originator_id, originator_version, topic, state FROM log_commands "
    "JOIN stored_events ON position = first_position WHERE command_id > ? AND command_id < ? "
    "ORDER BY command_id LIMIT ?"
)
_HOLDER = "SELECT command_id FROM log_claims WHERE kind = ? AND key = ?"

_LAST_LINK = "SELECT position, hash FROM log_chain ORDER BY position DESC LIMIT 1"
_LINKS = "SELECT position, hash FROM log_chain WHERE position > ? ORDER BY position LIMIT ?"
_LINKED = (
    "SELECT position, originator_id, originator_version, topic, state, hash FROM log_chain "
    "JOIN stored_events USING (position) WHERE position > ? ORDER BY position LIMIT ?"
)
_BEYOND_HEAD = (
    "SELECT MIN(position) FROM (SELECT position FROM stored_events UNION SELECT position FROM log_chain) AS given "
    "WHERE position >= (SELECT next_position FROM log_head)"
)

Row = tuple[Any, ...]


class StoreUnavailable(StorageAway):
    """The database cannot be reached or cannot write now; an append may or may not have committed."""


@contextmanager
def reachable() -> Iterator[None]:
    """What the library raises when the database is away, as StoreUnavailable."""
    try:
        yield
    except (OperationalError, InterfaceError, InternalError, ConnectionPoolClosedError) as error:
        raise StoreUnavailable("the database of the log does not answer or cannot write") from error


@dataclass(frozen=True)
class Question:
    """What a group of appends wants to know under the lock: the versions of these streams, the holders of these
    claims, and which of these keys and command ids are in the log."""

    streams: Sequence[str] = ()
    claims: Sequence[tuple[str, str]] = ()
    keys: Sequence[str] = ()
    command_ids: Sequence[str] = ()


@dataclass(frozen=True)
class Locked:
    """What is true while the lock is held. `versions` has 0 for an empty stream; keys and ids are those found."""

    next_position: int
    last_recorded_at: int
    versions: Mapping[str, int]
    holders: Mapping[tuple[str, str], str]
    keys: Collection[str]
    command_ids: Collection[str]


@dataclass(frozen=True)
class Making:
    """Events of which each is made when it is asked for; `count` of them."""

    count: int
    events: Callable[[], Iterator[StoredEvent]]

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[StoredEvent]:
        return self.events()


@dataclass(frozen=True)
class Entry:
    """Everything one transaction writes, together or not at all.

    `commands`, `claims` and `answers` are rows of `log_commands`, `log_claims` and `log_answers`; `releases` are the
    commands whose claims end before those begin. `recorded_at` is the latest time in it.
    """

    events: Sequence[StoredEvent] | Making
    first_position: int
    recorded_at: int
    commands: Sequence[Row] = ()
    claims: Sequence[Row] = ()
    releases: Sequence[str] = ()
    answers: Sequence[Row] = ()

    @property
    def head_row(self) -> Row:
        """The new values of `log_head`."""
        return (self.first_position + len(self.events), self.recorded_at)

    @property
    def event_rows(self) -> Iterator[Row]:
        """Rows of `stored_events`, without the library's notification id; each is made when it is asked for."""
        for position, event in enumerate(self.events, self.first_position):
            yield (event.originator_id, event.originator_version, event.topic, event.state, position)


Stamp = Callable[[Locked], Entry | None]
"""Called under the lock; what it raises rolls everything back; with None there is nothing to write."""


def as_given(events: Sequence[StoredEvent]) -> Stamp:
    """The stamp of the library's own `insert_events`: the events as they are, at the next positions."""
    return lambda locked: Entry(events, locked.next_position, locked.last_recorded_at)


def locked_from(
    head: Sequence[Row],
    versions: Sequence[Row],
    holders: Sequence[Row],
    keys: Sequence[Row],
    command_ids: Sequence[Row],
) -> Locked:
    """The rows that answer a Question as one value."""
    ((next_position, last_recorded_at),) = head
    return Locked(
        next_position,
        last_recorded_at,
        {row[0]: row[1] for row in versions},
        {(row[0], row[1]): row[2] for row in holders},
        {row[0] for row in keys},
        {row[0] for row in command_ids},
    )


class LogRecorder(Protocol):
    """A recorder of either database, as the event store sees it."""

    def record(self, question: Question, stamp: Stamp) -> Sequence[int]:
        """Take the lock, ask, stamp, write, commit; the library's ids of the events. Raises IntegrityError."""
        ...

    def record_many(self, question: Question, stamp: Stamp) -> None:
        """As `record`, the fastest way for thousands of events at once."""
        ...

    def link(self, links: Sequence[Row]) -> None:
        """Write rows (position, hash) of `log_chain`, all or none. Raises IntegrityError for a position that exists."""
        ...

    def settle(self) -> None:
        """Wait for the append that is under way, if any."""
        ...

    def rows(self, sql: str, parameters: Row) -> list[Row]:
        """The rows of one SELECT with `?` for parameters."""
        ...

    def close(self) -> None:
        """Let go of every connection."""
        ...


class LogReader:
    """The reads of the log, one SELECT each, over a recorder's `rows`. An event row is
    (position, stream, version, stored name, state)."""

    def __init__(self, recorder: LogRecorder) -> None:
        self._rows = recorder.rows

    def stream(self, stream: str, after_version: int, upto: int | None) -> list[Row]:
        """Event rows of one stream after a version, in version order, up to a position."""
        if upto is None:
            return self._rows(_STREAM, (stream, after_version))
        return self._rows(_STREAM_UPTO, (stream, after_version, upto))

    def after(self, position: int, limit: int) -> list[Row]:
        """Event rows after the position, in position order, at most `limit`."""
        return self._rows(_AFTER, (position, limit))

    def version(self, stream: str) -> int:
        """The version of the stream, 0 when it is empty."""
        return int(self._rows(_VERSION, (stream,))[0][0])

    def head(self) -> int:
        """The greatest position, -1 when there is none."""
        return int(self._rows(HEAD, ())[0][0]) - 1

    def command(self, command_id: str) -> Row | None:
        """(first position, last position) of a command."""
        return self._one(_COMMAND, (command_id,))

    def known_at(self, recorded_at: int) -> int:
        """The greatest position written at or before the time, -1 when there is none."""
        row = self._one(_KNOWN_AT, (recorded_at,))
        return -1 if row is None else int(row[0])

    def answer(self, key: str) -> Row | None:
        """(fingerprint, answer, first position, last position, recorded_at)."""
        return self._one(_ANSWER, (key,))

    def holder(self, kind: str, key: str) -> str | None:
        """The command that holds the claim."""
        row = self._one(_HOLDER, (kind, key))
        return None if row is None else str(row[0])

    def holders(self, kind: str, keys: Sequence[str]) -> list[Row]:
        """(key, command) of those claims of the kind that are held."""
        return self._of_many(_HOLDERS_OF, keys, kind)

    def first_streams(self, command_ids: Sequence[str]) -> list[Row]:
        """(command, the stream it wrote first) of those that are in the log."""
        return self._of_many(_FIRST_STREAMS, command_ids)

    def beginnings(self, after: str, before: str, limit: int) -> list[Row]:
        """(command, its first event row) of the commands whose ids lie between, in their order."""
        return self._rows(_BEGINNINGS, (after, before, limit))

    def last_link(self) -> Row | None:
        """(position, hash) of the last position that is chained."""
        return self._one(_LAST_LINK, ())

    def links(self, after: int, limit: int) -> list[Row]:
        """(position, hash) after a position, in order."""
        return self._rows(_LINKS, (after, limit))

    def linked(self, after: int, limit: int) -> list[Row]:
        """Event rows after a position that are chained, in order, each followed by its hash."""
        return self._rows(_LINKED, (after, limit))

    def beyond_head(self) -> int | None:
        """The first position of an event or a link that the head has not given out yet."""
        (found,) = self._rows(_BEYOND_HEAD, ())
        return None if found[0] is None else int(found[0])

    def _of_many(self, sql: str, asked: Sequence[str], *before: str) -> list[Row]:
        """Some at a time, filled up to one length, so that there is one statement to prepare."""
        parts = [list(asked[at : at + _AT_ONCE]) for at in range(0, len(asked), _AT_ONCE)]
        filled = ((*before, *part, *part[-1:] * (_AT_ONCE - len(part))) for part in parts)
        return [row for parameters in filled for row in self._rows(sql, parameters)]

    def _one(self, sql: str, parameters: Row) -> Row | None:
        return next(iter(self._rows(sql, parameters)), None)
