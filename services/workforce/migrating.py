"""Which migrations belong to which service, and what a process does about them when it starts."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import ledger.key_migrations
import ledger.migrations
import notifications.migrations
import payroll.migrations
from shared.database import AWAY
from shared.migrations import Migrations
from shared.settings import Settings, SettingsError

LOG = "log"
"""The ledger's tables without those of the keys, whose database its relay is not told."""

_MIGRATIONS = {
    LOG: ledger.migrations.MIGRATIONS,
    "ledger": ledger.migrations.MIGRATIONS,
    "payroll": payroll.migrations.MIGRATIONS,
    "notifications": notifications.migrations.MIGRATIONS,
}


def migrate(service: str, settings: Settings) -> dict[str, str]:
    """Bring the service's databases to this version; the revision of each. Raises SettingsError."""
    if not settings.database:
        raise SettingsError("WORKFORCE_DATABASE is not set; SQLite files need no migration")
    with _answering():
        return {each.service: each.upgrade(address, settings.app_role) for each, address, _ in _of(service, settings)}


def at_start(settings: Settings, services: Sequence[str]) -> None:
    """In production refuse a database that is behind this version; elsewhere bring it there. Raises SettingsError."""
    if not settings.database:
        return
    for service in services:
        for each, address, variable in _of(service, settings):
            if settings.production:
                each.check(address, variable)
            else:
                each.upgrade(address)


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except AWAY as error:
        raise SettingsError("WORKFORCE_DATABASE: the database does not answer or cannot write") from error


def _of(service: str, settings: Settings) -> list[tuple[Migrations, str, str]]:
    """(migrations, address, variable that names it) of a service."""
    found = [(_MIGRATIONS[service], settings.database, "WORKFORCE_DATABASE")]
    if service == "ledger":
        variable = "WORKFORCE_KEYS_DATABASE" if settings.keys_database else "WORKFORCE_DATABASE"
        found.append((ledger.key_migrations.MIGRATIONS, settings.keys_database or settings.database, variable))
    return found
