"""A projection built anew from the log beside the live one: to be switched to, or to be compared with."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, MetaData, Table, create_engine, text
from sqlalchemy.event import listens_for
from sqlalchemy.exc import OperationalError

from shared.feed import Lines
from shared.gathering import take_log
from shared.receiving import Parked, Receiver
from shared.taking import Condition, Drift, Taken, moment_text

SWITCH_SECONDS = 60.0
_PAUSE = 0.01


class Projected(Receiver, Protocol):
    """A receiver whose content has a digest, and which says and releases what is parked."""

    def digest(self, upto: int | None = None) -> str:
        """Of everything from events up to a position, by default the watermark."""
        ...

    def parked(self) -> list[Parked]:
        """Events that could not be taken, and those behind them, in the order of the log."""
        ...

    def release(self, stream: str) -> tuple[int, Parked | None]:
        """Take a stream's parked events in order; how many, and the first that still cannot be taken."""
        ...

    def condition(self) -> Condition:
        """What an operator is alarmed by."""
        ...


@dataclass(frozen=True)
class Rebuildable:
    """One service's projection: its tables, and how it is opened over a database."""

    name: str
    metadata: MetaData
    taken: Taken
    content: Sequence[Table]
    opened: Callable[[Engine], Projected]

    @property
    def switched(self) -> list[Table]:
        """The tables that follow from the log, in the order in which they are locked."""
        return [self.taken.marks, self.taken.moments, self.taken.watermark, self.taken.parked, *self.content]


@dataclass(frozen=True)
class Compared:
    """The live projection beside one built anew, both up to the same position."""

    position: int
    live_digest: str
    rebuilt_digest: str

    @property
    def equal(self) -> bool:
        """Whether the live one is what the log makes of it."""
        return self.live_digest == self.rebuilt_digest


class RebuildUnderWay(Exception):
    """Somebody else is rebuilding this projection now. Nothing was changed."""


def rebuild(kind: Rebuildable, engine: Engine, log: Lines) -> int:
    """Build the projection anew on PostgreSQL and switch to it in one transaction; the position it then had.

    Readers see the old one until then and the new one after; consumers wait for the moment of the switch and go on by
    their marks, which stay. Killed half-way it leaves the live one as it was. Raises RebuildUnderWay.
    """
    with _alone(kind, engine), _beside(kind, engine) as (schema, shadow):
        take_log(log, shadow)
        with engine.begin() as connection:
            tables = [table.name for table in kind.switched]
            # Writers wait from here on; whoever reads goes on reading.
            connection.execute(text(f"LOCK TABLE {kind.taken.marks.name}, {kind.taken.moments.name} IN EXCLUSIVE MODE"))
            position = take_log(log, shadow)
            marks = kind.taken.marks.name
            connection.execute(text(f"INSERT INTO {schema}.{marks} SELECT * FROM {marks}"))
            _lock_all(connection, tables)
            for name in tables:
                _switch(connection, schema, name)
        return position


def compare(kind: Rebuildable, engine: Engine, log: Lines) -> Compared:
    """Build the projection anew up to where the live one is, compare, and leave nothing behind."""
    with engine.connect() as connection:
        position = kind.taken.position(connection)
    with _alone(kind, engine), _beside(kind, engine) as (_, shadow):
        take_log(log, shadow, upto=position)
        return Compared(position, kind.opened(engine).digest(position), shadow.digest(position))


def shadow(kind: Rebuildable, engine: Engine, log: Lines, now: datetime) -> Compared:
    """`compare`, and write down what was found: a projection that has drifted gives no figures to finance."""
    found = compare(kind, engine, log)
    with engine.begin() as connection:
        drift = Drift(found.position, found.live_digest, found.rebuilt_digest, moment_text(now))
        kind.taken.set_drift(connection, None if found.equal else drift)
    return found


@contextmanager
def _alone(kind: Rebuildable, engine: Engine) -> Iterator[None]:
    """Hold the right to rebuild for as long as the context or the connection lasts."""
    with engine.connect() as connection:
        right = {"name": f"rebuild {kind.name}"}
        if not connection.scalar(text("SELECT pg_try_advisory_lock(hashtext(:name))"), right):
            raise RebuildUnderWay(f"the projection of {kind.name} is being rebuilt already")
        connection.commit()
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(hashtext(:name))"), right)


@contextmanager
def _beside(kind: Rebuildable, engine: Engine) -> Iterator[tuple[str, Projected]]:
    """An empty projection in a schema of its own, which is dropped at the end with whatever is in it."""
    schema = f"rebuilding_{kind.name}"
    drop = text(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
    with engine.begin() as connection:
        connection.execute(drop)
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    own = create_engine(engine.url, pool=engine.pool.recreate())

    @listens_for(own, "connect")
    def look_there_only(connection: Any, _: Any) -> None:
        connection.execute(f"SET search_path = {schema}")
        connection.commit()

    try:
        kind.metadata.create_all(own)
        yield schema, kind.opened(own)
    finally:
        own.dispose()
        with engine.begin() as connection:
            connection.execute(drop)


def _lock_all(connection: Connection, tables: Sequence[str]) -> None:
    """Take all of them at one moment when nobody reads: never waiting for one while another is held."""
    deadline = time.monotonic() + SWITCH_SECONDS
    while True:
        try:
            with connection.begin_nested():
                connection.execute(text(f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE NOWAIT"))
            return
        except OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE)


def _switch(connection: Connection, schema: str, name: str) -> None:
    """Put the table of the schema in the place of the live one, with the live one's grants."""
    granted = connection.execute(
        text(
            "SELECT grantee, privilege_type FROM information_schema.role_table_grants "
            "WHERE table_schema = current_schema() AND table_name = :name AND grantee <> grantor"
        ),
        {"name": name},
    ).all()
    here = connection.scalar(text("SELECT current_schema()"))
    connection.execute(text(f"DROP TABLE {name}"))
    connection.execute(text(f"ALTER TABLE {schema}.{name} SET SCHEMA {here}"))
    for grantee, privilege in granted:
        connection.execute(text(f'GRANT {privilege} ON {name} TO "{grantee}"'))
