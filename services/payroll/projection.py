"""Payroll's projection: apply the feed to the tables in any order, and say what is known at a position."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date, datetime
from hashlib import sha256
from itertools import takewhile
from threading import RLock
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, Engine, Select, func, select, update

from payroll import tables
from payroll.engine import ENGINE_VERSION, EnactedPolicy, PublishedBase
from payroll.intake import moment_text, rows_of
from payroll.known import ACTS, Known, KnownFact, Paid, RunAct
from payroll.settlement import Line, digest_of, settle
from payroll.tables import FACTS, LINES, MOMENTS, PLACES, RULES, RUNS, VOIDS, WATERMARK
from shared.envelope import Recorded
from shared.events import BasePublished, Event, PayrollOpened, PolicyEnacted, RunClosed
from shared.feed import Feed

BATCH = 500
_E = TypeVar("_E", bound=Event)


class ProjectionStopped(Exception):
    """The log says something that cannot be reproduced; nothing of the batch was applied. The message says what."""


class OvertakenError(Exception):
    """Another process moved the watermark in the meantime; the batch was rolled back and can be applied again."""


class Projection:
    """Facts, rules, places, runs and the lines of closed runs, kept under their positions.

    Events may arrive in any order and more than once. `position` is the watermark: every event up to it is applied.
    One writer at a time; safe to call from several threads.
    """

    def __init__(self, database: str | Engine = tables.IN_MEMORY) -> None:
        self._engine = tables.open_database(database) if isinstance(database, str) else database
        self._lock = RLock()
        self._one_connection = str(self._engine.url) == tables.IN_MEMORY
        tables.create(self._engine)
        with self._engine.begin() as connection:
            tables.put(connection, WATERMARK, [(1, -1)])

    @property
    def position(self) -> int:
        """The position up to which every event is applied; -1 at the beginning."""
        with self._reading() as connection:
            return _watermark(connection)

    def apply(self, batch: Sequence[Recorded]) -> None:
        """Apply a batch in one transaction. Raises ProjectionStopped when a close cannot be reproduced."""
        with self._lock, self._engine.begin() as connection:
            rows = rows_of(batch)
            for table, kept in (
                (FACTS, rows.facts),
                (VOIDS, rows.voids),
                (RULES, rows.rules),
                (PLACES, rows.places),
                (RUNS, rows.runs),
                (MOMENTS, rows.moments),
            ):
                tables.put(connection, table, kept)
            before = _watermark(connection)
            after = _advanced(connection, before)
            if after > before:
                _move(connection, before, after)
                _materialise(connection, before, after)

    def catch_up(self, feed: Feed) -> int:
        """Apply all that the feed has now; the position reached."""
        with self._lock:
            while batch := feed.read(self.position, BATCH):
                before = self.position
                with suppress(OvertakenError):
                    self.apply(batch)
                if self.position == before:
                    raise ProjectionStopped(f"the feed gave nothing that follows position {before}")
            return self.position

    def digest(self) -> str:
        """SHA-256 over all content in key order; the same whatever the order and size of the batches."""
        digest = sha256()
        with self._reading() as connection:
            for table in tables.CONTENT:
                digest.update(table.name.encode() + b"\n")
                for row in connection.execute(select(table).order_by(*table.primary_key.columns)):
                    digest.update(msgspec.json.encode(tuple(row)) + b"\n")
        return digest.hexdigest()

    def position_at(self, moment: datetime) -> int:
        """The position of the last event recorded at or before a moment; -1 when there is none."""
        query = select(func.max(MOMENTS.c.position)).where(MOMENTS.c.recorded_at <= moment_text(moment))
        with self._reading() as connection:
            found = connection.execute(query).scalar()
            return min(-1 if found is None else int(found), _watermark(connection))

    def known(
        self, jurisdiction: str, at_position: int, worker_id: str | None = None, *, paid_up_to: int | None = None
    ) -> Known:
        """What pay depends on as known at a position: of everybody in the jurisdiction, or of one worker.

        `paid_up_to`: count what runs closed up to this later position have paid, too.
        """
        with self._reading() as connection:
            return _known(connection, jurisdiction, at_position, worker_id, before=(paid_up_to or at_position) + 1)

    def last_change(self, jurisdiction: str, up_to: int) -> int:
        """The last position ≤ `up_to` at which anything that could matter for this jurisdiction's pay was written."""
        queries = [
            select(func.max(FACTS.c.position)).where(FACTS.c.position <= up_to),
            select(func.max(VOIDS.c.position)).where(VOIDS.c.position <= up_to),
            select(func.max(PLACES.c.position)).where(PLACES.c.position <= up_to),
            select(func.max(RULES.c.position)).where(RULES.c.position <= up_to),
            select(func.max(RUNS.c.position)).where(
                RUNS.c.position <= up_to, RUNS.c.act == "closed", RUNS.c.jurisdiction == jurisdiction
            ),
        ]
        with self._reading() as connection:
            found = [connection.execute(query).scalar() for query in queries]
        return max(-1 if position is None else int(position) for position in found)

    def city_of(self, worker_id: str, at_position: int) -> str | None:
        """The city in whose service the worker was hired; None for somebody unknown."""
        query = select(FACTS.c.city_id).where(FACTS.c.worker_id == worker_id, FACTS.c.city_id.is_not(None))
        query = query.where(FACTS.c.position <= at_position).order_by(FACTS.c.position.desc()).limit(1)
        with self._reading() as connection:
            return connection.execute(query).scalar()

    def cities_of_places(self) -> list[tuple[str, str, str]]:
        """(community, street, city) of every registered community."""
        query = select(PLACES.c.community_id, PLACES.c.street_id, PLACES.c.city_id).order_by(PLACES.c.position)
        with self._reading() as connection:
            return [(row.community_id, row.street_id, row.city_id) for row in connection.execute(query)]

    def acts(self, jurisdiction: str, at_position: int, month: str | None = None) -> list[RunAct]:
        """The acts of runs up to a position, in order."""
        query = select(RUNS).where(RUNS.c.jurisdiction == jurisdiction, RUNS.c.position <= at_position)
        if month is not None:
            query = query.where(RUNS.c.month == month)
        with self._reading() as connection:
            return [
                RunAct(
                    position=row.position,
                    jurisdiction=row.jurisdiction,
                    month=row.month,
                    sequence=row.sequence,
                    actor=row.actor,
                    event=msgspec.json.decode(row.content, type=ACTS[row.act]),
                )
                for row in connection.execute(query.order_by(RUNS.c.position))
            ]

    def closed_lines(
        self, closed_position: int, after: int = 0, limit: int | None = None, where: Mapping[str, str] | None = None
    ) -> list[Line]:
        """Lines of the run closed at a position, by number, from the one after `after` on; `where` column = value."""
        query = select(LINES).where(LINES.c.closed_position == closed_position, LINES.c.number > after)
        query = query.where(*(LINES.c[column] == value for column, value in (where or {}).items()))
        with self._reading() as connection:
            return [_line(row) for row in connection.execute(query.order_by(LINES.c.number).limit(limit))]

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        """A connection to read with; one at a time where there is only one."""
        if not self._one_connection:
            with self._engine.connect() as connection:
                yield connection
            return
        with self._lock, self._engine.connect() as connection:
            yield connection


def _line(row: Any) -> Line:
    return Line(**{name: getattr(row, name) for name in Line.__struct_fields__})


def _watermark(connection: Connection) -> int:
    return int(connection.execute(select(WATERMARK.c.position)).scalar_one())


def _advanced(connection: Connection, before: int) -> int:
    """The last position of the unbroken sequence that begins after the watermark."""
    query = select(MOMENTS.c.position).where(MOMENTS.c.position > before).order_by(MOMENTS.c.position)
    positions = enumerate(connection.execute(query).scalars(), before + 1)
    return before + len(list(takewhile(lambda pair: pair[0] == pair[1], positions)))


def _move(connection: Connection, before: int, after: int) -> None:
    """Compare and set, so that two processes on one database cannot apply the same stretch twice."""
    statement = update(WATERMARK).where(WATERMARK.c.position == before).values(position=after)
    if connection.execute(statement).rowcount != 1:
        raise OvertakenError("another process moved the watermark")


def _materialise(connection: Connection, before: int, after: int) -> None:
    """Write the lines of every run whose close is now behind the watermark, in the order of the closes."""
    query = select(RUNS).where(RUNS.c.act == "closed", RUNS.c.position > before, RUNS.c.position <= after)
    for row in connection.execute(query.order_by(RUNS.c.position)).all():
        closed = msgspec.json.decode(row.content, type=RunClosed)
        if closed.engine != ENGINE_VERSION:
            raise ProjectionStopped(f"the run of {row.month} was closed by engine {closed.engine}, which is not here")
        known = _known(connection, row.jurisdiction, closed.at_position, None, before=row.position)
        lines = list(settle(known, row.month).explained())
        if digest_of(lines) != closed.digest:
            raise ProjectionStopped(
                f"the run of {row.month} closed at position {row.position} has the digest {closed.digest}, but its "
                f"lines as known at {closed.at_position} have {digest_of(lines)}"
            )
        head = (row.position, row.jurisdiction, row.month, row.sequence)
        tables.put(connection, LINES, [_line_row(head, line) for line in lines])


def _line_row(head: tuple[int, str, str, int], line: Line) -> tuple[Any, ...]:
    position, jurisdiction, month, sequence = head
    number, *rest = (getattr(line, name) for name in Line.__struct_fields__)
    return (position, number, jurisdiction, month, sequence, *rest)


def _known(connection: Connection, jurisdiction: str, at_position: int, worker_id: str | None, *, before: int) -> Known:
    """What is known at a position, with what runs closed before the position `before` have paid."""
    rules = select(RULES).where(RULES.c.jurisdiction == jurisdiction, RULES.c.position <= at_position)
    policies, bases, payroll_from = [], [], None
    for row in connection.execute(rules.order_by(RULES.c.position)):
        effective_date = date.fromisoformat(row.effective_date)
        if row.kind == "policy":
            document = _content(row.content, PolicyEnacted).document
            policies.append(EnactedPolicy(effective_date, row.position, document))
        elif row.kind == "base":
            published = _content(row.content, BasePublished)
            wage_fen = published.average_annual_wage_fen
            bases.append(PublishedBase(effective_date, row.position, published.scheme, wage_fen))
        else:
            payroll_from = _content(row.content, PayrollOpened).first_month
    places = select(PLACES).where(PLACES.c.city_id == jurisdiction, PLACES.c.position <= at_position)
    return Known(
        jurisdiction=jurisdiction,
        at_position=at_position,
        facts=_facts(connection, jurisdiction, at_position, worker_id),
        policies=policies,
        bases=bases,
        street_of={row.community_id: row.street_id for row in connection.execute(places.order_by(PLACES.c.position))},
        payroll_from=payroll_from,
        paid=_paid(connection, jurisdiction, worker_id, before),
    )


def _content(text: str, kind: type[_E]) -> _E:
    return msgspec.json.decode(text, type=kind)


def _facts(connection: Connection, jurisdiction: str, at_position: int, worker_id: str | None) -> list[KnownFact]:
    """Facts that hold: a void takes out what its command wrote before on the worker's stream."""
    hired = select(FACTS.c.worker_id).where(FACTS.c.city_id == jurisdiction, FACTS.c.position <= at_position)
    query: Select[Any] = select(FACTS).where(FACTS.c.position <= at_position, FACTS.c.worker_id.in_(hired))
    voids: Select[Any] = select(VOIDS).where(VOIDS.c.position <= at_position)
    if worker_id is not None:
        query, voids = query.where(FACTS.c.worker_id == worker_id), voids.where(VOIDS.c.worker_id == worker_id)
    voided = {(row.worker_id, row.command_id): row.position for row in connection.execute(voids)}
    order = (FACTS.c.worker_id, FACTS.c.day, FACTS.c.position, FACTS.c.ordinal)
    return [
        KnownFact(row.worker_id, row.kind, row.day, row.position, row.ordinal, row.value)
        for row in connection.execute(query.order_by(*order))
        if voided.get((row.worker_id, row.command_id), -1) < row.position
    ]


def _paid(connection: Connection, jurisdiction: str, worker_id: str | None, before: int) -> list[Paid]:
    columns = [LINES.c[name] for name in Paid._fields]
    query: Select[Any] = select(*columns).where(LINES.c.jurisdiction == jurisdiction, LINES.c.closed_position < before)
    if worker_id is not None:
        query = query.where(LINES.c.worker_id == worker_id)
    return [Paid(*row) for row in connection.execute(query)]
