"""The keys of persons, which may live in a database of their own."""

from alembic import op

revision = "keys_0001"
down_revision = None

STATEMENTS = (
    "CREATE TABLE IF NOT EXISTS person_keys (person_id TEXT NOT NULL, wrapped BYTEA NOT NULL, destroyed_at BIGINT, "
    "PRIMARY KEY (person_id))",
)


def upgrade() -> None:
    """Make what is not there yet."""
    for statement in STATEMENTS:
        op.execute(statement)
