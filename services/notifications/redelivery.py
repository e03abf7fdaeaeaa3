"""What an office asks of webhooks: where each endpoint stands, a range sent again, the dead tried again."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated

import msgspec
from msgspec import Meta, Struct
from sqlalchemy import ColumnElement, Connection, Engine, and_, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from notifications.deliveries import (
    DEAD,
    PENDING,
    SENT,
    Clock,
    database_clock,
    fresh,
    held_mark,
    insert_new,
    milliseconds,
    notices_between,
)
from notifications.tables import (
    NOTICES,
    WEBHOOK_DELIVERIES,
    WEBHOOK_ENDPOINTS,
    WEBHOOK_REQUESTS,
    WEBHOOK_SUBSCRIPTIONS,
    lay,
)
from shared.refusal import Refused
from shared.webhook_endpoints import Name

REPLAYED_AT_MOST = 10_000
"""Notices of one request."""

Position = Annotated[int, Meta(ge=0, le=2**53)]
_ROW = WEBHOOK_DELIVERIES.c


class Replay(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Send the notices of these positions, the first and the last among them, again to the endpoint."""

    endpoint: Name
    from_position: Position
    to_position: Position


class Redrive(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Try again what an endpoint did not take until its last attempt."""

    endpoint: Name


class Queued(Struct, frozen=True, kw_only=True):
    """How many deliveries are due again, each under the webhook-id it had; those still pending are not counted."""

    endpoint: str
    queued: int


class EndpointState(Struct, frozen=True, kw_only=True):
    """What an endpoint has still to take and what it did not, of the recipients that the asker is in charge of.

    `outcomes`: of these, how many ended last with which status or failure. `oldest_pending_at` is when it was queued.
    """

    name: str
    recipients: tuple[str, ...]
    pending: int
    dead: int
    oldest_pending_at: datetime | None
    outcomes: dict[str, int]


class Asked(Struct, frozen=True, kw_only=True):
    """Who asks under which key; `fingerprint` is that of what is asked."""

    subject: str
    key: str
    fingerprint: str


def asked(subject: str, key: str, path: str, body: bytes) -> Asked:
    """A request by its key."""
    return Asked(subject=subject, key=key, fingerprint=sha256(path.encode() + b"\n" + body).hexdigest())


class Redelivery:
    """Reads the rows of the sender, and queues them again. Each request has one effect and one answer."""

    def __init__(self, engine: Engine, clock: Clock = database_clock) -> None:
        lay(engine)
        self._engine = engine
        self._clock = clock

    def recipients(self) -> dict[str, tuple[str, ...]]:
        """Endpoint → whose notices it gets, of every endpoint that a sender announced."""
        columns = WEBHOOK_ENDPOINTS.c.name, WEBHOOK_SUBSCRIPTIONS.c.recipient
        joined = WEBHOOK_ENDPOINTS.join(
            WEBHOOK_SUBSCRIPTIONS, WEBHOOK_SUBSCRIPTIONS.c.endpoint == WEBHOOK_ENDPOINTS.c.name
        )
        found: dict[str, tuple[str, ...]] = {}
        with self._engine.connect() as connection:
            for name, recipient in connection.execute(select(*columns).select_from(joined).order_by(*columns)):
                found[name] = (*found.get(name, ()), recipient)
        return found

    def state(self, endpoint: str, recipients: Sequence[str]) -> EndpointState:
        """Where the endpoint stands with the notices of these recipients."""
        unsent = and_(_theirs(endpoint, recipients), _ROW.state.in_((PENDING, DEAD)))
        counted = select(_ROW.state, _ROW.outcome, func.count(), func.min(_ROW.queued_ms)).where(unsent)
        with self._engine.connect() as connection:
            rows = connection.execute(counted.group_by(_ROW.state, _ROW.outcome)).all()
        oldest = min((queued for state, _, _, queued in rows if state == PENDING), default=None)
        outcomes: dict[str, int] = {}
        for _, outcome, count, _ in rows:
            if outcome:
                outcomes[outcome] = outcomes.get(outcome, 0) + count
        return EndpointState(
            name=endpoint,
            recipients=tuple(recipients),
            pending=sum(count for state, _, count, _ in rows if state == PENDING),
            dead=sum(count for state, _, count, _ in rows if state == DEAD),
            oldest_pending_at=None if oldest is None else datetime.fromtimestamp(oldest / 1000, UTC),
            outcomes=dict(sorted(outcomes.items())),
        )

    def replay(self, replay: Replay, recipients: Sequence[str], request: Asked) -> tuple[Queued, bool]:
        """Queue what was sent or is dead, and what the endpoint never got; whether it was answered before.

        Raises Refused `invalid-body` for a range that ends before it begins or is too long, `idempotency-key-reused`.
        """
        if replay.to_position < replay.from_position:
            raise _unfit("the range ends before it begins", "put from_position first")

        def queue(connection: Connection) -> int:
            ranged = notices_between(replay.from_position - 1, replay.to_position)
            theirs = ranged.where(NOTICES.c.recipient.in_(recipients)).limit(REPLAYED_AT_MOST + 1)
            found = connection.execute(theirs).all()
            if len(found) > REPLAYED_AT_MOST:
                last = found[REPLAYED_AT_MOST].position - 1
                raise _unfit(
                    f"the range has more than {REPLAYED_AT_MOST} notices", f"ask up to {last} first, then for the rest"
                )
            new = insert_new(connection, WEBHOOK_DELIVERIES, fresh(replay.endpoint, found, self._clock(connection)))
            within = _ROW.position.between(replay.from_position, replay.to_position)
            over = _ROW.state.in_((SENT, DEAD))
            return new + self._requeue(connection, and_(_theirs(replay.endpoint, recipients), within, over))

        return self._once(request, replay.endpoint, queue)

    def redrive(self, redrive: Redrive, recipients: Sequence[str], request: Asked) -> tuple[Queued, bool]:
        """Queue what is dead; whether it was answered before. Raises Refused `idempotency-key-reused`."""
        dead = and_(_theirs(redrive.endpoint, recipients), _ROW.state == DEAD)
        return self._once(request, redrive.endpoint, lambda connection: self._requeue(connection, dead))

    def _requeue(self, connection: Connection, which: ColumnElement[bool]) -> int:
        now = milliseconds(self._clock(connection))
        again = {
            "state": PENDING,
            "attempts": 0,
            "revision": _ROW.revision + 1,
            "queued_ms": now,
            "next_attempt_ms": now,
        }
        return connection.execute(update(WEBHOOK_DELIVERIES).where(which).values(again)).rowcount

    def _once(self, request: Asked, endpoint: str, queue: Callable[[Connection], int]) -> tuple[Queued, bool]:
        answered = self._answered(request)
        while answered is None:
            try:
                with self._engine.begin() as connection:
                    # As the sender does: the endpoint first, then its rows, so that nobody waits in a circle.
                    held_mark(connection, endpoint)
                    done = Queued(endpoint=endpoint, queued=queue(connection))
                    stored = msgspec.structs.asdict(request) | {"answer": msgspec.json.encode(done).decode()}
                    connection.execute(insert(WEBHOOK_REQUESTS).values(stored))
                return done, False
            except IntegrityError:
                answered = self._answered(request)  # The same key came first on another connection.
        return answered, True

    def _answered(self, request: Asked) -> Queued | None:
        columns = WEBHOOK_REQUESTS.c
        same = and_(columns.subject == request.subject, columns.key == request.key)
        with self._engine.connect() as connection:
            row = connection.execute(select(columns.fingerprint, columns.answer).where(same)).first()
        if row is None:
            return None
        if row.fingerprint != request.fingerprint:
            raise Refused(
                "idempotency-key-reused",
                "this Idempotency-Key belongs to another request of yours",
                pointer="/headers/idempotency-key",
                remedy="send a new key with a new request",
            )
        return msgspec.json.decode(row.answer, type=Queued)


def _theirs(endpoint: str, recipients: Sequence[str]) -> ColumnElement[bool]:
    return and_(_ROW.endpoint == endpoint, _ROW.recipient.in_(recipients))


def _unfit(detail: str, remedy: str) -> Refused:
    return Refused("invalid-body", detail, pointer="/to_position", remedy=remedy)
