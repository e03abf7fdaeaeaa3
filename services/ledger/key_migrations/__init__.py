"""How the table of persons' keys on PostgreSQL came to be; it may live in a database of its own."""

from pathlib import Path

from shared.migrations import Migrations

MIGRATIONS = Migrations("keys", Path(__file__).parent, {"person_keys": "SELECT, INSERT, UPDATE"})
