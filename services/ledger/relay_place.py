"""The relay's place in PostgreSQL, kept on one direct connection whose lock lets one relay work at a time."""

import json
import threading
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from ledger.relay import Published
from shared.receiving import Overtaken
from shared.records import NOTHING
from shared.settings import SettingsError

STANDBY_SECONDS = 0.5
"""How long a relay that waits for another's end waits between two tries."""

_ALIVE: dict[str, Any] = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3}
_OPTIONS = " ".join(f"-c tcp_{name}={value}" for name, value in _ALIVE.items())
_OPTIONS += " -c tcp_user_timeout=10s -c statement_timeout=10s -c search_path=public"
"""Each side notices in seconds that the other's machine is gone; by default a server would keep the lock for hours."""

_LOCK = "SELECT pg_try_advisory_lock(hashtextextended('workforce relay to ' || %s, 0))"
_BEGIN = "INSERT INTO log_relay VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING"
_READ = "SELECT position, previous, partitions FROM log_relay WHERE topic = %s"
_ADVANCE = "UPDATE log_relay SET position = %s, previous = %s WHERE topic = %s AND position = %s AND previous = %s"


class PostgresRelayPlace:
    """`ledger.relay.RelayPlace` for one topic. Raises psycopg.Error when the database is away: leave, and begin again.

    The place is read and moved on the connection that holds the lock: who has lost it can do neither.
    """

    def __init__(self, address: str, topic: str) -> None:
        self._topic = topic
        self._connection: psycopg.Connection[tuple[Any, ...]] = psycopg.connect(
            address,
            autocommit=True,
            connect_timeout=5,
            tcp_user_timeout=10000,
            options=_OPTIONS,
            row_factory=tuple_row,
            **_ALIVE,
        )

    def lock(self, stop: threading.Event) -> bool:
        """Wait until no other relay works on the topic; False when `stop` came before."""
        while not self._only(_LOCK, self._topic):
            if stop.wait(STANDBY_SECONDS):
                return False
        return True

    def read(self, partitions: int) -> Published:
        """As `RelayPlace.read`. Raises SettingsError for a topic with another number of partitions."""
        row = self._connection.execute(_READ, (self._topic,)).fetchone()
        if row is None:
            self._connection.execute(_BEGIN, (self._topic, NOTHING, _text((NOTHING,) * partitions), partitions))
            return self.read(partitions)
        position, previous, kept = row
        if kept != partitions:
            raise SettingsError(
                f"topic {self._topic} has {partitions} partitions, but was published to with {kept}, and a stream must "
                "not change its partition; name a new topic in WORKFORCE_TOPIC and rebuild payroll and notifications"
            )
        return Published(position, tuple(json.loads(previous)))

    def advance(self, before: Published, after: Published) -> None:
        """As `RelayPlace.advance`."""
        values = (after.position, _text(after.previous), self._topic, before.position, _text(before.previous))
        if self._connection.execute(_ADVANCE, values).rowcount != 1:
            raise Overtaken("another relay moved the place")

    def close(self) -> None:
        """Let go of the lock and the connection."""
        self._connection.close()

    def _only(self, query: str, *parameters: str) -> bool:
        row = self._connection.execute(query, parameters).fetchone()
        return row is not None and bool(row[0])


def _text(previous: tuple[int, ...]) -> str:
    return json.dumps(previous)
