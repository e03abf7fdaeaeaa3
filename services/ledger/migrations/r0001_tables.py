"""The log, what is written with it, and the read table of lists."""

from alembic import op

revision = "ledger_0001"
down_revision = None

STATEMENTS = (
    "CREATE TABLE IF NOT EXISTS stored_events (originator_id text NOT NULL, originator_version bigint NOT NULL, "
    "topic text NOT NULL, state bytea NOT NULL, notification_id bigserial UNIQUE, position bigint NOT NULL UNIQUE, "
    "PRIMARY KEY (originator_id, originator_version))",
    "CREATE TABLE IF NOT EXISTS log_answers (key text PRIMARY KEY, fingerprint text NOT NULL, answer bytea NOT "
    "NULL, first_position bigint NOT NULL, last_position bigint NOT NULL, recorded_at bigint NOT NULL)",
    "CREATE TABLE IF NOT EXISTS log_commands (command_id text PRIMARY KEY, first_position bigint NOT NULL, "
    "last_position bigint NOT NULL, recorded_at bigint NOT NULL)",
    "CREATE INDEX IF NOT EXISTS log_commands_by_time ON log_commands (recorded_at, last_position)",
    "CREATE TABLE IF NOT EXISTS log_claims (kind text NOT NULL, key text NOT NULL, command_id text NOT NULL, "
    "PRIMARY KEY (kind, key))",
    "CREATE INDEX IF NOT EXISTS log_claims_by_command ON log_claims (command_id)",
    "CREATE TABLE IF NOT EXISTS log_head (only_row integer PRIMARY KEY CHECK (only_row = 0), next_position bigint "
    "NOT NULL, last_recorded_at bigint NOT NULL)",
    "INSERT INTO log_head VALUES (0, 0, 0) ON CONFLICT DO NOTHING",
    "CREATE TABLE IF NOT EXISTS log_chain (position bigint PRIMARY KEY, hash bytea NOT NULL)",
    "CREATE TABLE IF NOT EXISTS log_relay (topic text PRIMARY KEY, position bigint NOT NULL, previous text NOT "
    "NULL, partitions integer NOT NULL)",
    "CREATE OR REPLACE FUNCTION log_keeps_events() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION "
    "'nothing in the log is changed or deleted'; END $$",
    "CREATE OR REPLACE TRIGGER log_keeps_events BEFORE UPDATE OR DELETE OR TRUNCATE ON stored_events FOR EACH "
    "STATEMENT EXECUTE FUNCTION log_keeps_events()",
    "CREATE OR REPLACE TRIGGER log_keeps_chain BEFORE UPDATE OR DELETE OR TRUNCATE ON log_chain FOR EACH STATEMENT "
    "EXECUTE FUNCTION log_keeps_events()",
    "CREATE TABLE IF NOT EXISTS ledger_entries (position BIGINT NOT NULL, stream VARCHAR NOT NULL, version INTEGER "
    "NOT NULL, type VARCHAR NOT NULL, city_id VARCHAR NOT NULL, command_id VARCHAR NOT NULL, actor VARCHAR NOT "
    "NULL, document VARCHAR NOT NULL, effective_date DATE NOT NULL, PRIMARY KEY (position))",
    "CREATE INDEX IF NOT EXISTS ledger_entries_city ON ledger_entries (city_id, type, stream)",
    "CREATE INDEX IF NOT EXISTS ledger_entries_document ON ledger_entries (document)",
    "CREATE INDEX IF NOT EXISTS ledger_entries_stream ON ledger_entries (stream, position)",
)


def upgrade() -> None:
    """Make what is not there yet."""
    for statement in STATEMENTS:
        op.execute(statement)
