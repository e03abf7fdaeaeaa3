"""What one append writes under the lock of the log, said once for SQLite and PostgreSQL."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from eventsourcing.persistence import StoredEvent

WAIT_SECONDS = 30
"""How long a writer waits for the append lock, and a reader for a connection."""

LOG_TABLES = (
    "CREATE TABLE IF NOT EXISTS log_head (only_row INTEGER PRIMARY KEY CHECK (only_row = 0), "
    "next_position BIGINT NOT NULL, last_recorded_at BIGINT NOT NULL)",
    "INSERT INTO log_head VALUES (0, 0, 0) ON CONFLICT DO NOTHING",
    "CREATE TABLE IF NOT EXISTS log_commands (command_id TEXT PRIMARY KEY, first_position BIGINT NOT NULL, "
    "last_position BIGINT NOT NULL, recorded_at BIGINT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS log_commands_by_time ON log_commands (recorded_at, last_position)",
    "CREATE TABLE IF NOT EXISTS log_claims (kind TEXT NOT NULL, key TEXT NOT NULL, command_id TEXT NOT NULL, "
    "PRIMARY KEY (kind, key))",
    "CREATE INDEX IF NOT EXISTS log_claims_by_command ON log_claims (command_id)",
)
"""The tables beside the events. Times are whole microseconds since 1970 in UTC."""

INSERT_CLAIM = "INSERT INTO log_claims (kind, key, command_id) VALUES (?, ?, ?)"
INSERT_COMMAND = "INSERT INTO log_commands VALUES (?, ?, ?, ?)"
INSERT_ANSWER = "INSERT INTO log_answers VALUES (?, ?, ?, ?, ?, ?)"
ADVANCE_HEAD = "UPDATE log_head SET next_position = ?, last_recorded_at = ?"
HEAD = "SELECT next_position, last_recorded_at FROM log_head"

_EVENT = "SELECT position, originator_id, originator_version, topic, state FROM stored_events"
_STREAM = f"{_EVENT} WHERE originator_id = ? ORDER BY originator_version"
_STREAM_UPTO = f"{_EVENT} WHERE originator_id = ? AND position <= ? ORDER BY originator_version"
_AFTER = f"{_EVENT} WHERE position > ? ORDER BY position LIMIT ?"
_VERSION = "SELECT COALESCE(MAX(originator_version), 0) FROM stored_events WHERE originator_id = ?"
_COMMAND = "SELECT first_position, last_position FROM log_commands WHERE command_id = ?"
_KNOWN_AT = (
    "SELECT last_position FROM log_commands WHERE recorded_at <= ? "
    "ORDER BY recorded_at DESC, last_position DESC LIMIT 1"
)
_ANSWER = "SELECT fingerprint, answer, first_position, last_position, recorded_at FROM log_answers WHERE key = ?"
_HOLDER = "SELECT command_id FROM log_claims WHERE kind = ? AND key = ?"

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Question:
    """What an append wants to know under the lock: the versions of these streams, the holders of these claims."""

    streams: Sequence[str] = ()
    claims: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Locked:
    """What is true while the lock is held. `versions` has 0 for an empty stream."""

    next_position: int
    last_recorded_at: int
    versions: Mapping[str, int]
    holders: Mapping[tuple[str, str], str]


@dataclass(frozen=True)
class Entry:
    """Everything one append writes, together or not at all. `releases` are the commands whose claims end.

    `answer` is (key, fingerprint, answer); without a `command_id` only events and positions are written.
    """

    events: Sequence[StoredEvent]
    first_position: int
    recorded_at: int
    command_id: str = ""
    claims: Sequence[tuple[str, str]] = ()
    releases: Sequence[str] = ()
    answer: tuple[str, str, bytes] | None = None

    @property
    def next_position(self) -> int:
        """The position of the next append."""
        return self.first_position + len(self.events)

    @property
    def command_row(self) -> Row:
        """The row of `log_commands`."""
        return (self.command_id, self.first_position, self.next_position - 1, self.recorded_at)

    @property
    def answer_row(self) -> Row:
        """The row of `log_answers`; only when there is an answer."""
        assert self.answer is not None
        return (*self.answer, self.first_position, self.next_position - 1, self.recorded_at)


Stamp = Callable[[Locked], Entry]
"""Called under the lock; what it raises rolls everything back."""


def as_given(events: Sequence[StoredEvent]) -> Stamp:
    """The stamp of the library's own `insert_events`: the events as they are, at the next positions."""
    return lambda locked: Entry(events, locked.next_position, locked.last_recorded_at)


def question_about(question: Question, head: str, each: str, listed: object) -> list[tuple[str, Row]]:
    """The statements that answer a question under the lock: head, versions, and holders when claims are asked for.

    `head` is the dialect's way to read the head and keep it, `each` its FROM clause that lists the streams as
    `asked.value`, `listed` its one parameter.
    """
    versions = (
        "SELECT asked.value, COALESCE((SELECT MAX(originator_version) FROM stored_events "
        f"WHERE originator_id = asked.value), 0) FROM {each}"
    )
    pairs = ", ".join(["(?, ?)"] * len(question.claims))
    holders = f"SELECT kind, key, command_id FROM log_claims WHERE (kind, key) IN (VALUES {pairs})"
    found: list[tuple[str, Row]] = [(head, ()), (versions, (listed,))]
    if question.claims:
        found.append((holders, tuple(part for claim in question.claims for part in claim)))
    return found


def locked_from(head: Sequence[Row], versions: Sequence[Row], holders: Sequence[Row] = ()) -> Locked:
    """The rows of the statements of `question_about`, in their order, as one value."""
    ((next_position, last_recorded_at),) = head
    return Locked(
        next_position,
        last_recorded_at,
        {row[0]: row[1] for row in versions},
        {(row[0], row[1]): row[2] for row in holders},
    )


class LogRecorder(Protocol):
    """A recorder of either database, as the event store sees it."""

    def record(self, question: Question, stamp: Stamp) -> Sequence[int]:
        """Take the lock, ask, stamp, write, commit. Raises IntegrityError for a key that exists."""
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

    def stream(self, stream: str, upto: int | None) -> list[Row]:
        """Event rows of one stream in version order, up to a position."""
        return self._rows(_STREAM, (stream,)) if upto is None else self._rows(_STREAM_UPTO, (stream, upto))

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

    def _one(self, sql: str, parameters: Row) -> Row | None:
        return next(iter(self._rows(sql, parameters)), None)
