"""Payroll's facts, its closed lines, and how far it has taken the log."""

from alembic import op

revision = "payroll_0001"
down_revision = None

STATEMENTS = (
    "CREATE TABLE IF NOT EXISTS payroll_drift (position BIGINT NOT NULL, live_digest VARCHAR(64) NOT NULL, "
    "rebuilt_digest VARCHAR(64) NOT NULL, found_at VARCHAR(32) NOT NULL, PRIMARY KEY (position))",
    "CREATE TABLE IF NOT EXISTS payroll_facts (position BIGINT NOT NULL, ordinal INTEGER NOT NULL, command_id "
    "VARCHAR(200) NOT NULL, worker_id VARCHAR(200) NOT NULL, city_id VARCHAR(200), kind INTEGER NOT NULL, day "
    "INTEGER NOT NULL, value VARCHAR(200) NOT NULL, PRIMARY KEY (position, ordinal))",
    "CREATE INDEX IF NOT EXISTS ix_payroll_facts_city_id ON payroll_facts (city_id)",
    "CREATE INDEX IF NOT EXISTS ix_payroll_facts_worker_id ON payroll_facts (worker_id)",
    "CREATE TABLE IF NOT EXISTS payroll_lines (closed_position BIGINT NOT NULL, number INTEGER NOT NULL, "
    "jurisdiction VARCHAR(200) NOT NULL, month VARCHAR(7) NOT NULL, sequence INTEGER NOT NULL, worker_id "
    "VARCHAR(200) NOT NULL, service_month VARCHAR(7) NOT NULL, payable_month VARCHAR(7) NOT NULL, item VARCHAR(20) "
    "NOT NULL, post VARCHAR(20) NOT NULL, community_id VARCHAR(200) NOT NULL, street_id VARCHAR(200) NOT NULL, "
    "payer VARCHAR(220) NOT NULL, due_fen BIGINT NOT NULL, paid_fen BIGINT NOT NULL, amount_fen BIGINT NOT NULL, "
    "worked_out TEXT NOT NULL, PRIMARY KEY (closed_position, number))",
    "CREATE INDEX IF NOT EXISTS ix_payroll_lines_jurisdiction ON payroll_lines (jurisdiction)",
    "CREATE INDEX IF NOT EXISTS ix_payroll_lines_worker_id ON payroll_lines (worker_id)",
    "CREATE TABLE IF NOT EXISTS payroll_marks (partition INTEGER NOT NULL, next_offset BIGINT NOT NULL, position "
    "BIGINT NOT NULL, complete_to BIGINT NOT NULL, PRIMARY KEY (partition))",
    "CREATE TABLE IF NOT EXISTS payroll_moments (position BIGINT NOT NULL, recorded_at VARCHAR(32) NOT NULL, "
    "PRIMARY KEY (position))",
    "CREATE INDEX IF NOT EXISTS ix_payroll_moments_recorded_at ON payroll_moments (recorded_at)",
    "CREATE TABLE IF NOT EXISTS payroll_parked (position BIGINT NOT NULL, stream VARCHAR(220) NOT NULL, version "
    "BIGINT NOT NULL, type VARCHAR(200) NOT NULL, reason TEXT NOT NULL, line TEXT NOT NULL, PRIMARY KEY (position))",
    "CREATE INDEX IF NOT EXISTS ix_payroll_parked_stream ON payroll_parked (stream)",
    "CREATE TABLE IF NOT EXISTS payroll_places (position BIGINT NOT NULL, community_id VARCHAR(200) NOT NULL, "
    "city_id VARCHAR(200) NOT NULL, street_id VARCHAR(200) NOT NULL, PRIMARY KEY (position))",
    "CREATE INDEX IF NOT EXISTS ix_payroll_places_city_id ON payroll_places (city_id)",
    "CREATE INDEX IF NOT EXISTS ix_payroll_places_community_id ON payroll_places (community_id)",
    "CREATE TABLE IF NOT EXISTS payroll_rules (position BIGINT NOT NULL, jurisdiction VARCHAR(200) NOT NULL, "
    "effective_date VARCHAR(10) NOT NULL, kind VARCHAR(20) NOT NULL, content TEXT NOT NULL, PRIMARY KEY (position))",
    "CREATE INDEX IF NOT EXISTS ix_payroll_rules_jurisdiction ON payroll_rules (jurisdiction)",
    "CREATE TABLE IF NOT EXISTS payroll_runs (position BIGINT NOT NULL, jurisdiction VARCHAR(200) NOT NULL, month "
    "VARCHAR(7) NOT NULL, sequence INTEGER NOT NULL, act VARCHAR(20) NOT NULL, actor VARCHAR(200) NOT NULL, content "
    "TEXT NOT NULL, PRIMARY KEY (position))",
    "CREATE INDEX IF NOT EXISTS ix_payroll_runs_jurisdiction ON payroll_runs (jurisdiction)",
    "CREATE TABLE IF NOT EXISTS payroll_voids (position BIGINT NOT NULL, worker_id VARCHAR(200) NOT NULL, "
    "command_id VARCHAR(200) NOT NULL, PRIMARY KEY (position))",
    "CREATE INDEX IF NOT EXISTS ix_payroll_voids_worker_id ON payroll_voids (worker_id)",
    "CREATE TABLE IF NOT EXISTS payroll_watermark (id INTEGER NOT NULL, position BIGINT NOT NULL, PRIMARY KEY (id))",
)


def upgrade() -> None:
    """Make what is not there yet."""
    for statement in STATEMENTS:
        op.execute(statement)
