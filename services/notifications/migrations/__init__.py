"""How the notifications' tables on PostgreSQL came to be."""

from pathlib import Path

from notifications.tables import METADATA
from shared.migrations import EVERYTHING, Migrations

MIGRATIONS = Migrations("notifications", Path(__file__).parent, dict.fromkeys(METADATA.tables, EVERYTHING))
