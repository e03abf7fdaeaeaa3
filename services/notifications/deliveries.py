"""Which notice goes to which endpoint, and what became of it: one row for each, in the outbox's own database.

The notice is what must not be lost, and it is committed with its event. The sender makes the rows from the notices: an
endpoint's mark says up to which position it has them, and moves in the transaction that writes them. A row's key is
the notice and the endpoint, so what is looked at again is not sent again.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    Select,
    Table,
    and_,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from notifications.notices import INBOX, Notice
from notifications.tables import (
    NOTICES,
    TAKEN,
    WEBHOOK_DELIVERIES,
    WEBHOOK_ENDPOINTS,
    WEBHOOK_GAPS,
    WEBHOOK_SUBSCRIPTIONS,
    lay,
)
from notifications.webhooks import LONGEST_WAIT_SECONDS, delivery_id
from shared.calendar_day import utc_now
from shared.webhook_endpoints import Endpoint

PENDING, SENT, DEAD = "pending", "sent", "dead"
BATCH = 500
GAPS_AT_ONCE = 100

Clock = Callable[[Connection], datetime]
"""The time as the database has it (UTC), which is one for all its senders."""

_MARK = WEBHOOK_ENDPOINTS.c
_WANTED = WEBHOOK_SUBSCRIPTIONS.c
_ROW = WEBHOOK_DELIVERIES.c
_PARKED = TAKEN.parked.c


class Claimed(NamedTuple):
    """A delivery that this sender attempts now, for the `attempts`th time; `notice` is None when there is none of it.

    The claim holds as long as `revision` is that of the row.
    """

    id: str
    notice: Notice | None
    attempts: int
    revision: int
    at: datetime


def database_clock(connection: Connection) -> datetime:
    """The server's clock on PostgreSQL, on SQLite that of this machine."""
    if connection.dialect.name != "postgresql":
        return utc_now()
    at: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
    return at.astimezone(UTC)


class Deliveries:
    """The rows and how they change. Safe between threads and, on PostgreSQL, between processes."""

    def __init__(self, engine: Engine, clock: Clock = database_clock) -> None:
        lay(engine)
        self._engine = engine
        self._clock = clock

    def announce(self, endpoints: Iterable[Endpoint]) -> None:
        """Have each endpoint get the notices of its recipients from now on; a replay gives the earlier ones."""
        for endpoint in endpoints:
            with self._engine.begin() as connection:
                now = TAKEN.position(connection)
                insert_new(connection, WEBHOOK_ENDPOINTS, [{"name": endpoint.name, "position": now}])
                theirs = _WANTED.endpoint == endpoint.name
                gone = _WANTED.recipient.not_in(endpoint.recipients)
                connection.execute(delete(WEBHOOK_SUBSCRIPTIONS).where(theirs, gone))
                wanted = [{"endpoint": endpoint.name, "recipient": one, "since": now} for one in endpoint.recipients]
                insert_new(connection, WEBHOOK_SUBSCRIPTIONS, wanted)

    def fan_out(self, endpoint: str) -> int:
        """Give every notice that the endpoint gets its row, up to where the outbox is complete; the number of them."""
        seen = self._released(endpoint)
        while True:
            with self._engine.begin() as connection:
                behind = select(_MARK.position).where(_MARK.name == endpoint)
                if connection.execute(behind).scalar_one() >= TAKEN.position(connection):
                    return seen
                mark, complete = held_mark(connection, endpoint), TAKEN.position(connection)
                # Before the notices: what is released in between is then seen now, and looked at again.
                ranged = select(_PARKED.position).where(_PARKED.position.between(mark + 1, complete))
                parked = connection.execute(ranged).scalars().all()
                rows = connection.execute(_wanted_by(endpoint, notices_between(mark, complete))).all()
                # A full batch may end within an event, whose rest comes with the next one.
                reached = rows[-1].position - 1 if len(rows) == BATCH else complete
                insert_new(connection, WEBHOOK_DELIVERIES, fresh(endpoint, rows, self._clock(connection)))
                gaps = [{"endpoint": endpoint, "position": one} for one in parked if one <= reached]
                insert_new(connection, WEBHOOK_GAPS, gaps)
                connection.execute(update(WEBHOOK_ENDPOINTS).where(_MARK.name == endpoint).values(position=reached))
            seen += len(rows)

    def _released(self, endpoint: str) -> int:
        """The same for the notices of events that were parked when the mark passed them, and are no longer."""
        gap = WEBHOOK_GAPS.c
        closed = select(gap.position).where(gap.endpoint == endpoint, ~exists().where(_PARKED.position == gap.position))
        with self._engine.begin() as connection:
            positions = connection.execute(closed.order_by(gap.position).limit(GAPS_AT_ONCE)).scalars().all()
            if not positions:
                return 0
            held_mark(connection, endpoint)
            late = notices_between(positions[0] - 1, positions[-1]).where(NOTICES.c.position.in_(positions))
            rows = connection.execute(_wanted_by(endpoint, late)).all()
            insert_new(connection, WEBHOOK_DELIVERIES, fresh(endpoint, rows, self._clock(connection)))
            connection.execute(delete(WEBHOOK_GAPS).where(gap.endpoint == endpoint, gap.position.in_(positions)))
            return len(rows)

    def claim(self, endpoint: str, *, lease_seconds: float) -> Claimed | None:
        """One delivery of the endpoint that is due, for this sender alone until the lease is over; None without one.

        The attempt is counted before it is made: what kills its sender each time is dead one day, too.
        """
        with self._engine.begin() as connection:
            at = self._clock(connection)
            row = connection.execute(_due(endpoint, at)).first()
            if row is None:
                return None
            revision, attempts = row.revision + 1, row.attempts + 1
            later = milliseconds(at + timedelta(seconds=lease_seconds))
            taken = {"revision": revision, "attempts": attempts, "next_attempt_ms": later}
            as_seen = and_(_ROW.id == row.id, _ROW.revision == row.revision)
            if connection.execute(update(WEBHOOK_DELIVERIES).where(as_seen).values(taken)).rowcount != 1:
                return None
            told = connection.execute(select(NOTICES).where(NOTICES.c.id == row.notice_id)).first()
        return Claimed(row.id, None if told is None else Notice(**told._mapping), attempts, revision, at)

    def settle(self, claimed: Claimed, state: str, outcome: str, *, wait_seconds: float = 0) -> bool:
        """Write down what became of the attempt. False when it was claimed again meanwhile: that attempt decides."""
        with self._engine.begin() as connection:
            later = milliseconds(self._clock(connection) + timedelta(seconds=wait_seconds))
            ours = and_(_ROW.id == claimed.id, _ROW.revision == claimed.revision, _ROW.state == PENDING)
            became = {"state": state, "outcome": outcome, "next_attempt_ms": later, "revision": claimed.revision + 1}
            return connection.execute(update(WEBHOOK_DELIVERIES).where(ours).values(became)).rowcount == 1


def held_mark(connection: Connection, endpoint: str) -> int:
    """The endpoint's mark, which nobody else moves before the end of the transaction."""
    held = update(WEBHOOK_ENDPOINTS).where(_MARK.name == endpoint).values(position=_MARK.position)
    return int(connection.execute(held.returning(_MARK.position)).scalar_one())


def insert_new(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> int:
    """Insert the rows whose key is not there yet; how many these were."""
    if not rows:
        return 0
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    key = next(iter(table.primary_key))
    return len(connection.execute(dialect.insert(table).on_conflict_do_nothing().returning(key), rows).all())


def fresh(endpoint: str, notices: Iterable[Row[Any]], at: datetime) -> list[dict[str, Any]]:
    """A new delivery for each of the notices (id, position, recipient), due at once."""
    now = milliseconds(at)
    return [
        {
            "id": delivery_id(notice.id, endpoint),
            "endpoint": endpoint,
            "notice_id": notice.id,
            "position": notice.position,
            "recipient": notice.recipient,
            "state": PENDING,
            "attempts": 0,
            "revision": 0,
            "queued_ms": now,
            "next_attempt_ms": now,
            "outcome": "",
        }
        for notice in notices
    ]


def milliseconds(at: datetime) -> int:
    """Unix time."""
    return round(at.timestamp() * 1000)


def notices_between(after: int, until: int) -> Select[Any]:
    """The notices of a range of positions (id, position, recipient) in log order, each once whatever its channels."""
    columns = select(NOTICES.c.id, NOTICES.c.position, NOTICES.c.recipient)
    ranged = columns.where(NOTICES.c.channel == INBOX, NOTICES.c.position > after, NOTICES.c.position <= until)
    return ranged.order_by(NOTICES.c.position, NOTICES.c.id)


def _wanted_by(endpoint: str, notices: Select[Any]) -> Select[Any]:
    wanted = and_(_WANTED.endpoint == endpoint, _WANTED.recipient == NOTICES.c.recipient)
    theirs = notices.join(WEBHOOK_SUBSCRIPTIONS, wanted)
    return theirs.where(NOTICES.c.position > _WANTED.since).limit(BATCH)


def _due(endpoint: str, at: datetime) -> Select[Any]:
    """The delivery that has waited longest. One that would wait longer than any wait does was written by a clock that
    has been set back since: it is due."""
    now = milliseconds(at)
    due: ColumnElement[bool] = or_(
        _ROW.next_attempt_ms <= now, _ROW.next_attempt_ms > now + 2 * LONGEST_WAIT_SECONDS * 1000
    )
    pending = select(WEBHOOK_DELIVERIES).where(_ROW.endpoint == endpoint, _ROW.state == PENDING, due)
    return pending.order_by(_ROW.next_attempt_ms, _ROW.position, _ROW.id).limit(1).with_for_update(skip_locked=True)
