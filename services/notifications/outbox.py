"""The outbox: every notice of the log exactly once, in whatever order, batch or number of repeats the events arrive."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from threading import Lock
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, Select, Table, and_, delete, exists, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from notifications.notices import CHANNELS, Address, Entry, Notice, Page, notices
from notifications.places import Located, Place, Placed, Withdrawn, place
from notifications.rules import MESSAGES_AT_MOST
from notifications.tables import (
    LOCATED,
    NOTICES,
    PLACED,
    PROGRESS,
    PROJECTED,
    READS,
    STRAGGLERS,
    WITHDRAWN,
    engine_in_memory,
    lay,
)
from shared.envelope import Recorded
from shared.feed import Feed

BATCH = 500
_PLACE_TABLES: dict[type[Place], Table] = {Placed: PLACED, Located: LOCATED, Withdrawn: WITHDRAWN}
_NOTICES_AT_MOST = MESSAGES_AT_MOST * len(CHANNELS)

Deliver = Callable[[Notice], None]
"""Where a notice goes once it is committed: mail, a webhook; nothing for the inbox alone."""


class Outbox:
    """Notices and the place in the log up to which they are complete. Safe between threads and processes.

    `deliver` is called once for each notice that this outbox commits, after the commit; a rebuild has none.
    """

    def __init__(self, engine: Engine, deliver: Deliver | None = None) -> None:
        lay(engine)
        self._engine = engine
        self._deliver = deliver
        self._lock = Lock()

    @property
    def position(self) -> int:
        """Everything up to here is applied without a hole; -1 at the beginning."""
        with self._engine.connect() as connection:
            return _progress(connection)[0]

    def apply(self, batch: Sequence[Recorded]) -> int:
        """Take in events in any order, known ones again; the number of notices that are new."""
        by_position = {recorded.position: recorded for recorded in batch}
        with self._lock:
            committed = self._commit(by_position)
            while committed is None:
                committed = self._commit(by_position)
        if self._deliver is not None:
            for notice in committed:
                self._deliver(notice)
        return len(committed)

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
            upto = _progress(connection)[0] if position is None else position
            for table in PROJECTED:
                found.update(table.name.encode())
                rows = select(table).where(table.c.position <= upto).order_by(table.c.position, *table.primary_key)
                for row in connection.execution_options(yield_per=BATCH).execute(rows):
                    found.update(msgspec.json.encode(tuple(row)) + b"\n")
        return found.hexdigest()

    def count(self, position: int | None = None) -> int:
        """How many notices there are from the events up to a position, by default the present one."""
        with self._engine.connect() as connection:
            upto = _progress(connection)[0] if position is None else position
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
            position = _progress(connection)[0]
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
            row = connection.execute(wanted.where(NOTICES.c.position <= _progress(connection)[0])).first()
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
        """`community/ID` for every community of a city or street, closed ones too."""
        column = {"city": LOCATED.c.city_id, "street": LOCATED.c.street_id}[kind]
        wanted = select(LOCATED.c.community_id).where(column == place_id, ~_withdrawn(LOCATED)).distinct()
        with self._engine.connect() as connection:
            return tuple(Address(f"community/{one}") for one in sorted(connection.execute(wanted).scalars()))

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def _commit(self, batch: dict[int, Recorded]) -> list[Notice] | None:
        """One transaction: the rows and the place. None when another process committed in between."""
        with self._engine.connect() as connection:
            position, revision = _progress(connection)
            fresh = _unknown(connection, batch, position)
            reached, stragglers = _advance(connection, position, fresh)
        if not fresh:
            return []
        made = [notice for recorded in fresh for notice in notices(recorded)]
        with self._engine.begin() as connection:
            ours = PROGRESS.c.revision == revision
            moved = connection.execute(update(PROGRESS).where(ours).values(position=reached, revision=revision + 1))
            if moved.rowcount != 1:
                connection.rollback()
                return None
            connection.execute(delete(STRAGGLERS).where(STRAGGLERS.c.position <= reached))
            _insert(connection, STRAGGLERS, [{"position": one} for one in stragglers])
            _insert(connection, NOTICES, [msgspec.structs.asdict(notice) for notice in made])
            for kind, table in _PLACE_TABLES.items():
                _insert(connection, table, _places(fresh, kind))
        return made


def rebuilt(feed: Feed, *, until: int) -> Outbox:
    """A scratch outbox of everything up to a position. It has nowhere to deliver to, so it sends nothing."""
    scratch = Outbox(engine_in_memory())
    scratch.catch_up(feed, until=until)
    return scratch


def _progress(connection: Connection) -> tuple[int, int]:
    row = connection.execute(select(PROGRESS.c.position, PROGRESS.c.revision)).one()
    return int(row.position), int(row.revision)


def _unknown(connection: Connection, batch: dict[int, Recorded], position: int) -> list[Recorded]:
    """The events of the batch that were never applied, in log order."""
    beyond = sorted(one for one in batch if one > position)
    if not beyond:
        return []
    column = STRAGGLERS.c.position
    known = set(connection.execute(select(column).where(column.between(beyond[0], beyond[-1]))).scalars())
    return [batch[one] for one in beyond if one not in known]


def _advance(connection: Connection, position: int, fresh: Sequence[Recorded]) -> tuple[int, list[int]]:
    """How far the log is complete with these events, and which of them lie beyond the first hole."""
    arrived = {recorded.position for recorded in fresh}
    if position + 1 in arrived:
        arrived_before = connection.execute(select(STRAGGLERS.c.position)).scalars()
        present = arrived.union(arrived_before)
        while position + 1 in present:
            position += 1
    return position, sorted(one for one in arrived if one > position)


def _insert(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(table), rows)


def _places(fresh: Iterable[Recorded], kind: type[Place]) -> list[dict[str, Any]]:
    rows = []
    for recorded in fresh:
        found = place(recorded)
        if isinstance(found, kind):
            said = {"position": recorded.position, "stream": recorded.stream, "command_id": recorded.command_id}
            rows.append(said | msgspec.structs.asdict(found))
    return rows


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
