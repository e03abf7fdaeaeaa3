"""A service's tables on PostgreSQL: made and changed by its migrations, and by nothing else."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from shared.database import engine
from shared.settings import SettingsError

EVERYTHING = "SELECT, INSERT, UPDATE, DELETE"
_WAIT = "SET LOCAL lock_timeout = '60s'"
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext('workforce migrations'))")
_ROLE = text("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = :role)")


class Migrations:
    """The revisions in one folder, each a file; `rights` is what a service's own role may do with each table.

    A revision only adds, so that a process of the version before runs on beside one of the version after.
    """

    def __init__(self, service: str, folder: Path, rights: Mapping[str, str], *, sequences: Sequence[str] = ()) -> None:
        self.service = service
        self._scripts = ScriptDirectory(str(folder), version_locations=[str(folder)])
        self._version_table = f"alembic_version_{service}"
        self._rights = {**rights, self._version_table: "SELECT"}
        self._sequences = sequences

    @property
    def head(self) -> str:
        """The last revision that this version knows."""
        return str(self._scripts.get_current_head())

    def upgrade(self, address: str, role: str = "") -> str:
        """Bring the database to the head, one process at a time, and give the role its rights; the revision it has.

        A database that is further than this version knows stays as it is. Raises SettingsError for an unknown role.
        """
        owner = engine(address, "migrations", statement_seconds=0)
        try:
            with owner.begin() as connection:
                connection.execute(text(_WAIT))
                connection.execute(_ONE_AT_A_TIME)
                if self._is_behind(self._revision(connection)):
                    self._run(connection)
                if role:
                    self._grant(connection, role)
                return self._revision(connection)
        finally:
            owner.dispose()

    def check(self, address: str, variable: str = "WORKFORCE_DATABASE") -> None:
        """Raises SettingsError when the database has not all tables of this version; a newer one is well."""
        asking = engine(address, "migrations")
        try:
            with asking.connect() as connection:
                revision = self._revision(connection)
        finally:
            asking.dispose()
        if self._is_behind(revision):
            command = "ledger" if self.service == "keys" else self.service
            raise SettingsError(
                f"{variable} is at revision {revision or 'none'} of {self.service}, not at {self.head}; "
                f"run: workforce migrate {command}"
            )

    def _is_behind(self, revision: str) -> bool:
        known = [script.revision for script in self._scripts.walk_revisions()]
        return not revision or (revision in known and revision != self.head)

    def _revision(self, connection: Connection) -> str:
        return (
            MigrationContext.configure(connection, opts={"version_table": self._version_table}).get_current_revision()
            or ""
        )

    def _run(self, connection: Connection) -> None:
        environment = EnvironmentContext(
            Config(), self._scripts, fn=lambda revision, _: self._scripts._upgrade_revs("head", revision)
        )
        with environment:
            environment.configure(connection=connection, version_table=self._version_table)
            environment.run_migrations()

    def _grant(self, connection: Connection, role: str) -> None:
        if not connection.scalar(_ROLE, {"role": role}):
            raise SettingsError(f"WORKFORCE_APP_ROLE: the database knows no role {role}")
        named = connection.dialect.identifier_preparer.quote(role)
        connection.execute(text(f"GRANT USAGE ON SCHEMA public TO {named}"))
        for table, rights in self._rights.items():
            connection.execute(text(f"REVOKE ALL ON {table} FROM {named}"))
            connection.execute(text(f"GRANT {rights} ON {table} TO {named}"))
        for sequence in self._sequences:
            connection.execute(text(f"GRANT USAGE ON SEQUENCE {sequence} TO {named}"))
