"""Who gets webhooks of whom, and what became of each."""

from alembic import op

revision = "notifications_0002"
down_revision = "notifications_0001"

STATEMENTS = (
    "CREATE TABLE IF NOT EXISTS webhook_deliveries (id VARCHAR(64) NOT NULL, endpoint VARCHAR NOT NULL, notice_id "
    "VARCHAR(64) NOT NULL, position BIGINT NOT NULL, recipient VARCHAR NOT NULL, state VARCHAR NOT NULL, attempts "
    "INTEGER NOT NULL, revision BIGINT NOT NULL, queued_ms BIGINT NOT NULL, next_attempt_ms BIGINT NOT NULL, "
    "outcome VARCHAR NOT NULL, PRIMARY KEY (id))",
    "CREATE INDEX IF NOT EXISTS webhook_deliveries_by_position ON webhook_deliveries (endpoint, position)",
    "CREATE INDEX IF NOT EXISTS webhook_deliveries_due ON webhook_deliveries (endpoint, state, next_attempt_ms)",
    "CREATE TABLE IF NOT EXISTS webhook_endpoints (name VARCHAR NOT NULL, position BIGINT NOT NULL, PRIMARY KEY "
    "(name))",
    "CREATE TABLE IF NOT EXISTS webhook_gaps (endpoint VARCHAR NOT NULL, position BIGINT NOT NULL, PRIMARY KEY "
    "(endpoint, position))",
    "CREATE TABLE IF NOT EXISTS webhook_requests (subject VARCHAR NOT NULL, key VARCHAR NOT NULL, fingerprint "
    "VARCHAR(64) NOT NULL, answer TEXT NOT NULL, PRIMARY KEY (subject, key))",
    "CREATE TABLE IF NOT EXISTS webhook_subscriptions (endpoint VARCHAR NOT NULL, recipient VARCHAR NOT NULL, "
    "since BIGINT NOT NULL, PRIMARY KEY (endpoint, recipient))",
)


def upgrade() -> None:
    """Make what is not there yet."""
    for statement in STATEMENTS:
        op.execute(statement)
