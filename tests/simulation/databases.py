"""The databases of a simulation: the services' in memory, used for one seed after the other, and the log as a file."""

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy import Engine
from sqlalchemy.pool import StaticPool
from tests.simulation.lives import Life

from ledger.personal import PersonalStore
from notifications.outbox import Outbox
from payroll.projection import Projection

KEYS = (b"p" * 32, b"f" * 32)
"""What the keys of persons are wrapped by, and what fingerprints are made with."""

_IN_MEMORY = Path("/dev/shm")


class _Kept(sqlite3.Connection):
    """Who closes it only gives up what it has not committed: the database is gone with its one connection."""

    def close(self) -> None:
        self.rollback()


class Memory:
    """One database in memory. Whoever is the last of `running` may die at any of its statements."""

    def __init__(self, prepare: Callable[[Engine], object]) -> None:
        self.running: list[Life] = []
        self._connection = sqlite3.connect(":memory:", check_same_thread=False, factory=_Kept)
        self.engine = sqlalchemy.create_engine("sqlite://", poolclass=StaticPool, creator=lambda: self._connection)
        prepare(self.engine)
        self._fresh = sqlite3.connect(":memory:")
        self._connection.backup(self._fresh)
        sqlalchemy.event.listen(self.engine, "before_cursor_execute", self._before_statement)
        sqlalchemy.event.listen(self.engine, "commit", self._before_commit)

    def begin(self, running: list[Life]) -> None:
        """As it was when it was prepared; `running` are the lives under way."""
        self._fresh.backup(self._connection)
        self.running = running

    def _before_statement(self, *_: Any) -> None:
        if self.running:
            self.running[-1].moment("before a statement", between_transactions=False)

    def _before_commit(self, *_: Any) -> None:
        if self.running:
            self.running[-1].moment("before a commit", between_transactions=False)


@contextmanager
def folder() -> Iterator[Path]:
    """A folder for one file after the other, in memory where the machine has such a place."""
    fast = _IN_MEMORY if _IN_MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="workforce-simulation-", dir=fast) as made:
        yield Path(made)


class Databases:
    """What all simulations of this process use, one after the other."""

    def __init__(self, files: Path) -> None:
        self.files = files
        self.payroll, self.notifications = Memory(Projection), Memory(Outbox)
        self.keys = Memory(_prepare_keys)

    def begin(self, running: list[Life]) -> None:
        """Empty again."""
        for memory in (self.payroll, self.notifications, self.keys):
            memory.begin(running)


@contextmanager
def databases() -> Iterator[Databases]:
    """For as long as simulations run."""
    with folder() as files:
        yield Databases(files)


def _prepare_keys(engine: Engine) -> None:
    PersonalStore(engine, *KEYS, lambda count: b"r" * count)
