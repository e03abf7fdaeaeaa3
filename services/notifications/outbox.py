"""The outbox: every notice of the log exactly once, in whatever order, batch or number of repeats the events arrive."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from threading import Lock
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, Select, Table, and_, exists, func, insert, or_, select
from sqlalchemy.exc import IntegrityError

from notifications.notices import CHANNELS, Address, Entry, Page, notices
from notifications.places import Located, Place, Placed, Withdrawn, place
from notifications.rules import MESSAGES_AT_MOST
from notifications.tables import (
    LOCATED,
    METADATA,
    NOTICES,
    PLACED,
    PROJECTED,
    READS,
    TAKEN,
    WITHDRAWN,
    engine_in_memory,
    lay,
)
from shared.envelope import Recorded
from shared.feed import Feed
from shared.gathering import released
from shared.rebuilding import Rebuildable
from shared.receiving import Held, Parked, Taking
from shared.taking import Condition, Drift, fitting, put

BATCH = 500
_PLACE_TABLES: dict[type[Place], Table] = {Placed: PLACED, Located: LOCATED, Withdrawn: WITHDRAWN}
_NOTICES_AT_MOST = MESSAGES_AT_MOST * len(CHANNELS)


class Outbox:
    """Notices and the place in the log up to which they are complete. Safe between threads and processes.

    The `shared.receiving.Receiver` of notifications.
    """

    def __init__(self, engine: Engine) -> None:
        lay(engine)
        self._engine = engine
        self._lock = Lock()

    @property
    def engine(self) -> Engine:
        """The database, for what stands beside the outbox."""
        return self._engine

    @property
    def position(self) -> int:
        """Everything up to here is taken without a hole; -1 at the beginning."""
        with self._engine.connect() as connection:
            return TAKEN.position(connection)

    def apply(self, batch: Sequence[Recorded]) -> int:
        """Take in events in any order, known ones again, and advance, in one transaction; the position reached."""
        with self._writing() as connection:
            _take(connection, Taking(events=batch))
            return TAKEN.advance(connection)

    def held(self) -> Held:
        """As `Receiver.held`."""
        with self._engine.connect() as connection:
            return TAKEN.held(connection)

    def check(self, recorded: Recorded) -> None:
        """As `Receiver.check`: the event gives its messages and places."""
        notices(recorded)
        place(recorded)

    def take(self, taking: Taking) -> None:
        """As `Receiver.take`."""
        with fitting(), self._writing() as connection:
            _take(connection, taking)

    def advance(self) -> int:
        """As `Receiver.advance`."""
        with self._writing() as connection:
            return TAKEN.advance(connection)

    def parked(self) -> list[Parked]:
        """Events that could not be taken, and those behind them."""
        with self._engine.connect() as connection:
            return TAKEN.parked_events(connection)

    def release(self, stream: str) -> tuple[int, Parked | None]:
        """Take a stream's parked events in order; how many, and the first that still cannot be taken."""
        with fitting(), self._writing() as connection:
            ready, stuck = released(TAKEN.to_release(connection, stream), self)
            _take(connection, Taking(events=ready))
            TAKEN.unpark(connection, [recorded.position for recorded in ready])
            return len(ready), stuck

    def catch_up(self, feed: Feed, *, until: int | None = None) -> int:
        """Read the feed to its present head, or until a position; the position reached. Waits before a hole."""
        target = feed.head() if until is None else until
        reached = self.position
        while reached < target:
            self.apply([one for one in feed.read(reached, BATCH) if one.position <= target])
            before, reached = reached, self.position
            if reached == before:
                break
        return reached

    def digest(self, position: int | None = None) -> str:
        """SHA-256 over everything projected from the events up to a position, by default the present one."""
        found = sha256()
        with self._engine.connect() as connection:
            upto = TAKEN.position(connection) if position is None else position
            for table in PROJECTED:
                found.update(table.name.encode())
                rows = select(table).where(table.c.position <= upto).order_by(table.c.position, *table.primary_key)
                for row in connection.execution_options(yield_per=BATCH).execute(rows):
                    found.update(msgspec.json.encode(tuple(row)) + b"\n")
        return found.hexdigest()

    def drift(self) -> Drift | None:
        """What the last comparison with the log found wrong."""
        with self._engine.connect() as connection:
            return TAKEN.drifted(connection)

    def condition(self) -> Condition:
        """What an operator is alarmed by."""
        with self._engine.connect() as connection:
            return TAKEN.condition(connection)

    def count(self, position: int | None = None) -> int:
        """How many notices there are from the events up to a position, by default the present one."""
        with self._engine.connect() as connection:
            upto = TAKEN.position(connection) if position is None else position
            counted = select(func.count()).select_from(NOTICES).where(NOTICES.c.position <= upto)
            return int(connection.execute(counted).scalar_one())

    def inbox(
        self,
        recipients: Sequence[Address],
        *,
        reader: str,
        after: int = -1,
        limit: int = 100,
        unread_only: bool = False,
    ) -> Page:
        """The notices of these recipients after a position, oldest first.

        A page has `limit` notices, a few more where the last event has more: one event is never cut in two.
        """
        with self._engine.connect() as connection:
            position = TAKEN.position(connection)
            wanted = _entries(recipients, reader).where(NOTICES.c.position > after, NOTICES.c.position <= position)
            if unread_only:
                wanted = wanted.where(READS.c.at.is_(None))
            ordered = wanted.order_by(NOTICES.c.position, NOTICES.c.id).limit(limit + _NOTICES_AT_MOST)
            found = [_entry(row) for row in connection.execute(ordered)]
        page = [
            one
            for number, one in enumerate(found)
            if number < limit or one.position == found[limit - 1].position  # the rest of the last event
        ]
        following = page[-1].position if len(page) < len(found) else None
        return Page(position=position, notices=tuple(page), next=following)

    def mark_read(self, notice_id: str, recipients: Sequence[Address], *, reader: str, at: datetime) -> Entry | None:
        """Note that the reader has read it, the first time for good. None when it is not among the recipients'."""
        wanted = _entries(recipients, reader).where(NOTICES.c.id == notice_id)
        with self._engine.connect() as connection:
            row = connection.execute(wanted.where(NOTICES.c.position <= TAKEN.position(connection))).first()
        if row is None or row.at is not None:
            return None if row is None else _entry(row)
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(READS).values(notice_id=notice_id, reader=reader, at=at.isoformat()))
        except IntegrityError:
            pass  # The same reader was quicker on another connection.
        with self._engine.connect() as connection:
            return _entry(connection.execute(wanted).one())

    def audiences_of(self, worker_id: str) -> tuple[Address, ...]:
        """`workers/CITY` for every city the worker was placed in, each from that placement's position on.

        What was announced before somebody was known to serve there does not concern them; a void takes the
        placement away, in whatever order it arrives.
        """
        city = func.coalesce(LOCATED.c.city_id, PLACED.c.city_id)
        placed = PLACED.outerjoin(LOCATED, LOCATED.c.community_id == PLACED.c.community_id)
        wanted = (
            select(city, func.min(PLACED.c.position))
            .select_from(placed)
            .where(PLACED.c.worker_id == worker_id, city.is_not(None), ~_withdrawn(PLACED))
            .group_by(city)
            .order_by(city)
        )
        with self._engine.connect() as connection:
            return tuple(Address(f"workers/{city_id}", since) for city_id, since in connection.execute(wanted))

    def offices_in(self, kind: str, place_id: str) -> tuple[Address, ...]:
        """`community/ID` for every community of a city or street, closed ones too, and `street/ID` of their streets."""
        column = {"city": LOCATED.c.city_id, "street": LOCATED.c.street_id}[kind]
        there = select(LOCATED.c.community_id, LOCATED.c.street_id).where(column == place_id, ~_withdrawn(LOCATED))
        with self._engine.connect() as connection:
            found = connection.execute(there).all()
        offices = {f"community/{community_id}" for community_id, _ in found} | {
            f"street/{street_id}" for _, street_id in found
        }
        return tuple(map(Address, sorted(offices)))

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """A transaction; one at a time in this process."""
        with self._lock, self._engine.begin() as connection:
            yield connection


REBUILDABLE = Rebuildable("notifications", METADATA, TAKEN, PROJECTED, Outbox)
"""How the outbox is built anew beside the live one; who has read what stays."""


def rebuilt(feed: Feed, *, until: int) -> Outbox:
    """A scratch outbox of everything up to a position. It has nowhere to deliver to, so it sends nothing."""
    scratch = Outbox(engine_in_memory())
    scratch.catch_up(feed, until=until)
    return scratch


def _take(connection: Connection, taking: Taking) -> None:
    TAKEN.note(connection, taking)
    made = (notice for recorded in taking.events for notice in notices(recorded))
    put(connection, NOTICES, [msgspec.structs.astuple(notice) for notice in made])
    for kind, table in _PLACE_TABLES.items():
        put(connection, table, _places(taking.events, kind))


def _places(events: Iterable[Recorded], kind: type[Place]) -> list[tuple[Any, ...]]:
    """Rows of the table of this kind of place, values in the order of its columns."""
    found = ((recorded, place(recorded)) for recorded in events)
    return [_place_row(recorded, said) for recorded, said in found if isinstance(said, kind)]


def _place_row(recorded: Recorded, said: Place) -> tuple[Any, ...]:
    where = () if isinstance(said, Withdrawn) else (recorded.stream, recorded.command_id)
    return (recorded.position, *where, *msgspec.structs.astuple(said))


def _withdrawn(table: Table) -> Any:
    """Whether a void names the command that wrote this row on this stream."""
    return exists().where(WITHDRAWN.c.stream == table.c.stream, WITHDRAWN.c.command_id == table.c.command_id)


def _entries(recipients: Sequence[Address], reader: str) -> Select[Any]:
    """Every notice of the recipients beside when the reader read it."""
    always = [one.recipient for one in recipients if one.after < 0]
    later = [one for one in recipients if one.after >= 0]
    theirs = or_(
        NOTICES.c.recipient.in_(always),
        *(and_(NOTICES.c.recipient == one.recipient, NOTICES.c.position > one.after) for one in later),
    )
    read = and_(READS.c.notice_id == NOTICES.c.id, READS.c.reader == reader)
    return select(NOTICES, READS.c.at).select_from(NOTICES.outerjoin(READS, read)).where(theirs)


def _entry(row: Any) -> Entry:
    *content, at = row
    return Entry(**dict(zip(NOTICES.columns.keys(), content, strict=True)), read_at=at or "")
