"""How payroll's tables on PostgreSQL came to be."""

from pathlib import Path

from payroll.tables import METADATA
from shared.migrations import EVERYTHING, Migrations

MIGRATIONS = Migrations("payroll", Path(__file__).parent, dict.fromkeys(METADATA.tables, EVERYTHING))
