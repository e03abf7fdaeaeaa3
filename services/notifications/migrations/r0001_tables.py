"""The notices, the places they are found by, and how far the log is taken."""

from alembic import op

revision = "notifications_0001"
down_revision = None

STATEMENTS = (
    "CREATE TABLE IF NOT EXISTS notice_drift (position BIGINT NOT NULL, live_digest VARCHAR(64) NOT NULL, "
    "rebuilt_digest VARCHAR(64) NOT NULL, found_at VARCHAR(32) NOT NULL, PRIMARY KEY (position))",
    "CREATE TABLE IF NOT EXISTS notice_located (position BIGINT NOT NULL, stream VARCHAR NOT NULL, command_id "
    "VARCHAR NOT NULL, community_id VARCHAR NOT NULL, street_id VARCHAR NOT NULL, city_id VARCHAR NOT NULL, PRIMARY "
    "KEY (position))",
    "CREATE INDEX IF NOT EXISTS ix_notice_located_city_id ON notice_located (city_id)",
    "CREATE INDEX IF NOT EXISTS ix_notice_located_community_id ON notice_located (community_id)",
    "CREATE INDEX IF NOT EXISTS ix_notice_located_street_id ON notice_located (street_id)",
    "CREATE TABLE IF NOT EXISTS notice_marks (partition INTEGER NOT NULL, next_offset BIGINT NOT NULL, position "
    "BIGINT NOT NULL, complete_to BIGINT NOT NULL, PRIMARY KEY (partition))",
    "CREATE TABLE IF NOT EXISTS notice_moments (position BIGINT NOT NULL, recorded_at VARCHAR(32) NOT NULL, PRIMARY "
    "KEY (position))",
    "CREATE INDEX IF NOT EXISTS ix_notice_moments_recorded_at ON notice_moments (recorded_at)",
    "CREATE TABLE IF NOT EXISTS notice_parked (position BIGINT NOT NULL, stream VARCHAR(220) NOT NULL, version "
    "BIGINT NOT NULL, type VARCHAR(200) NOT NULL, reason TEXT NOT NULL, line TEXT NOT NULL, PRIMARY KEY (position))",
    "CREATE INDEX IF NOT EXISTS ix_notice_parked_stream ON notice_parked (stream)",
    "CREATE TABLE IF NOT EXISTS notice_placed (position BIGINT NOT NULL, stream VARCHAR NOT NULL, command_id "
    "VARCHAR NOT NULL, worker_id VARCHAR NOT NULL, community_id VARCHAR NOT NULL, city_id VARCHAR, PRIMARY KEY "
    "(position))",
    "CREATE INDEX IF NOT EXISTS ix_notice_placed_worker_id ON notice_placed (worker_id)",
    "CREATE TABLE IF NOT EXISTS notice_reads (notice_id VARCHAR(64) NOT NULL, reader VARCHAR NOT NULL, at VARCHAR "
    "NOT NULL, PRIMARY KEY (notice_id, reader))",
    "CREATE TABLE IF NOT EXISTS notice_watermark (id INTEGER NOT NULL, position BIGINT NOT NULL, PRIMARY KEY (id))",
    "CREATE TABLE IF NOT EXISTS notice_withdrawn (position BIGINT NOT NULL, stream VARCHAR NOT NULL, command_id "
    "VARCHAR NOT NULL, PRIMARY KEY (position))",
    "CREATE INDEX IF NOT EXISTS notice_withdrawn_by_command ON notice_withdrawn (stream, command_id)",
    "CREATE TABLE IF NOT EXISTS notices (id VARCHAR(64) NOT NULL, position BIGINT NOT NULL, recipient VARCHAR NOT "
    "NULL, channel VARCHAR NOT NULL, urgency VARCHAR NOT NULL, template VARCHAR NOT NULL, effective_date DATE NOT "
    "NULL, recorded_at VARCHAR NOT NULL, command_id VARCHAR NOT NULL, subject TEXT NOT NULL, body TEXT NOT NULL, "
    "PRIMARY KEY (id))",
    "CREATE INDEX IF NOT EXISTS notices_by_position ON notices (position)",
    "CREATE INDEX IF NOT EXISTS notices_by_recipient ON notices (recipient, position)",
)


def upgrade() -> None:
    """Make what is not there yet."""
    for statement in STATEMENTS:
        op.execute(statement)
