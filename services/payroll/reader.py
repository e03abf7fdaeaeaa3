"""What payroll's tables say: each question on a connection of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from threading import RLock

from sqlalchemy import Connection, Engine

from payroll import lookup
from payroll.engines import FIRST_ENGINE
from payroll.history import History
from payroll.known import Known
from payroll.lookup import Period, Rules
from payroll.recovering import Net
from payroll.run_acts import RunAct
from payroll.settlement import Line
from shared.database import IN_MEMORY


class Reader:
    """The questions to the tables; safe to ask from several threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = RLock()
        self._one_connection = str(engine.url) == IN_MEMORY

    def position_at(self, moment: datetime) -> int:
        """The position of the last event recorded at or before a moment; -1 when there is none."""
        with self._reading() as connection:
            return lookup.position_at(connection, moment)

    def known(
        self, jurisdiction: str, at_position: int, worker_id: str | None = None, *, paid_up_to: int | None = None
    ) -> Known:
        """What pay depends on as known at a position: of everybody in the jurisdiction, or of one worker.

        `paid_up_to`: count what runs closed up to this other position have paid; up to -1, nothing is.
        """
        before = (at_position if paid_up_to is None else paid_up_to) + 1
        with self._reading() as connection:
            return lookup.known(connection, jurisdiction, at_position, worker_id, before=before)

    def rules(self, jurisdiction: str, at_position: int) -> Rules:
        """The policies and bases of a city as known at a position, and what else counts for all of it."""
        with self._reading() as connection:
            return lookup.rules(connection, jurisdiction, at_position)

    def positions_of(self, commands: Iterable[tuple[str, str]]) -> set[int]:
        """Where the facts stand that these commands wrote, each given as (worker, command)."""
        with self._reading() as connection:
            return lookup.positions_of(connection, commands)

    def positions_of_command(self, command_id: str) -> set[int]:
        """Where the facts stand that a command wrote."""
        with self._reading() as connection:
            return lookup.positions_of_command(connection, command_id)

    def history(self, jurisdiction: str, at_position: int, worker_id: str | None = None) -> History:
        """The same with every fact and void behind it, and without what was paid."""
        with self._reading() as connection:
            return lookup.history(connection, jurisdiction, at_position, worker_id)

    def last_change(self, jurisdiction: str, up_to: int) -> int:
        """The last position ≤ `up_to` at which anything that could matter for this jurisdiction's pay was written."""
        with self._reading() as connection:
            return lookup.last_change(connection, jurisdiction, up_to)

    def engine(self, jurisdiction: str, at_position: int) -> str:
        """The version of the pay engine that new runs are worked out by, as known at a position."""
        with self._reading() as connection:
            return lookup.adopted_engine(connection, jurisdiction, at_position) or FIRST_ENGINE

    def city_of(self, worker_id: str, at_position: int) -> str | None:
        """The city in whose service the worker was hired; None for somebody unknown."""
        with self._reading() as connection:
            return lookup.city_of(connection, worker_id, at_position)

    def cities_of_places(self) -> list[tuple[str, str, str]]:
        """(community, street, city) of every registered community."""
        with self._reading() as connection:
            return lookup.cities_of_places(connection)

    def acts(self, jurisdiction: str, at_position: int, month: str | None = None) -> list[RunAct]:
        """The acts of runs up to a position, in order."""
        with self._reading() as connection:
            return lookup.acts(connection, jurisdiction, at_position, month)

    def closed_lines(
        self, closed_position: int, after: int = 0, limit: int | None = None, where: Mapping[str, str] | None = None
    ) -> list[Line]:
        """Lines of the run closed at a position, by number, from the one after `after` on; `where` column = value."""
        with self._reading() as connection:
            return lookup.closed_lines(connection, closed_position, after, limit, where or {})

    def periods(self, jurisdiction: str, at_position: int, where: Mapping[str, str]) -> list[Period]:
        """What the runs closed up to a position paid: for which month, in the run of which month."""
        with self._reading() as connection:
            return lookup.periods(connection, jurisdiction, at_position, where)

    def nets_of_debtors(self, jurisdiction: str, closed_position: int) -> list[Net]:
        """What each run closed up to a position came to for those who were due less than nothing in one of them."""
        with self._reading() as connection:
            return lookup.nets_of_debtors(connection, jurisdiction, closed_position)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        """A connection to read with; one at a time where there is only one."""
        if not self._one_connection:
            with self._engine.connect() as connection:
                yield connection
            return
        with self._lock, self._engine.connect() as connection:
            yield connection
