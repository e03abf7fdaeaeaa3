"""What a process is not for it does not import: the command line is quick to say what there is."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.campaign

HEAVY = {"alembic", "cryptography", "eventsourcing", "fastapi", "httpx", "kafka", "numpy", "psycopg", "sqlalchemy"}


def imported(module: str) -> set[str]:
    """Which of the heavy libraries a new process has once it has imported the module."""
    script = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    return HEAVY & set(done.stdout.split())


def test_the_command_line_names_its_commands_without_what_they_need() -> None:
    assert imported("workforce.cli") == set()


def test_a_sender_of_webhooks_knows_neither_the_log_nor_the_broker_nor_the_web_framework() -> None:
    assert imported("workforce.delivering").isdisjoint({"eventsourcing", "fastapi", "kafka", "numpy"})


def test_relay_and_consumers_know_no_web_framework() -> None:
    assert "fastapi" not in imported("workforce.loops")
    assert "fastapi" in imported("workforce.processes"), "and an API does"
