"""How the ledger's tables on PostgreSQL came to be, and what the role that it logs in with may do to them."""

from pathlib import Path

from shared.migrations import Migrations

MIGRATIONS = Migrations(
    "ledger",
    Path(__file__).parent,
    {
        "stored_events": "SELECT, INSERT",
        "log_answers": "SELECT, INSERT",
        "log_commands": "SELECT, INSERT",
        "log_chain": "SELECT, INSERT",
        "log_claims": "SELECT, INSERT, DELETE",
        "log_head": "SELECT, UPDATE",
        "log_relay": "SELECT, INSERT, UPDATE",
        "ledger_entries": "SELECT, INSERT",
    },
    sequences=("stored_events_notification_id_seq",),
)
