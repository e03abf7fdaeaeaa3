"""How a process comes to its databases: that they answer, that they have its tables, and the pool of each."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import sqlalchemy

from shared import database
from shared.settings import Settings, SettingsError
from workforce.needs import Api


def migrated(settings: Settings, services: Sequence[str] = tuple(Api)) -> None:
    """See that a database on PostgreSQL has every table of these services. Raises SettingsError."""
    if settings.database:
        # A system on SQLite has no use for the migrations, and starts sooner without them.
        from workforce.migrating import at_start

        at_start(settings, services)


@contextmanager
def reachable(settings: Settings) -> Iterator[None]:
    """Raise SettingsError where the database does not answer."""
    try:
        yield
    except (database.StorageAway, sqlite3.OperationalError, *database.AWAY) as error:
        where = "WORKFORCE_DATABASE" if settings.database else settings.data
        raise SettingsError(f"{where}: the database does not answer or cannot write") from error


def engine_of(settings: Settings, name: str) -> sqlalchemy.Engine:
    """A pool of connections to where `name` is kept: a SQLite file of its own, or the process's database."""
    address = (settings.keys_database if name == "keys" else "") or settings.database
    return database.engine(address or settings.sqlite(name), name)
