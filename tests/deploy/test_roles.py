"""What the manifests tell the processes works on a real PostgreSQL: owners migrate, the others change no event."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url
from tests.deploy.manifests import OVERLAYS, Object, pods
from tests.deploy.processes import told
from typer.testing import CliRunner

import postgres
from shared.settings import from_environment
from workforce.cli import app
from workforce.loops import consumer_loop, relay_loop
from workforce.needs import NEEDED, Api, Reader
from workforce.processes import process

pytestmark = pytest.mark.postgres

Environments = dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Dedicated]:
    """A server as the development overlay makes it: the roles and databases of databases.sql, and no passwords."""
    with postgres.dedicated() as started:
        statements = (OVERLAYS / "dev" / "databases.sql").read_text(encoding="utf-8").split(";")
        with psycopg.connect(started.address, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.strip().encode())
        yield started


@pytest.fixture
def environments(
    rendered: dict[str, list[Object]],
    secrets_of: Callable[[str], dict[str, Object]],
    server: postgres.Dedicated,
    tmp_path: Path,
) -> Environments:
    """Each command → what its pod would find in its environment, the server being where it is."""
    secrets = secrets_of("dev")
    found: Environments = {}
    for pod in pods(rendered["dev"]):
        if pod.ours:
            settings = told(pod.ours[0], rendered["dev"])
            for name, value in settings.items():
                if not isinstance(value, str):
                    secret = value["secretKeyRef"]
                    settings[name] = secrets[secret["name"]]["stringData"][secret["key"]]
                if name.endswith("DATABASE"):
                    url = make_url(settings[name]).set(host="127.0.0.1", port=server.port, password=None)
                    settings[name] = url.render_as_string()
            found[pod.command] = {**settings, "WORKFORCE_ENVIRONMENT": "production", "WORKFORCE_DATA": str(tmp_path)}
    return found


@pytest.fixture
def migrated(environments: Environments, monkeypatch: pytest.MonkeyPatch) -> Environments:
    """The environments, after the three Jobs have run; what was migrated before stays as it is."""
    for service in Api:
        with monkeypatch.context() as patched:
            for name, value in environments[f"migrate {service}"].items():
                patched.setenv(name, value)
            ended = CliRunner().invoke(app, ["migrate", service])
            assert ended.exit_code == 0, ended.output
    return environments


def test_each_service_starts_with_what_its_pod_is_told(migrated: Environments) -> None:
    for service in Api:
        served = process(service, from_environment(migrated[f"serve {service}"], needed=NEEDED[f"serve {service}"]))
        try:
            assert served.health.ready() in ("", "feed-away")
        finally:
            served.close()


def test_each_loop_starts_with_what_its_pod_is_told(migrated: Environments) -> None:
    loops = [(f"consume {reader}", partial(consumer_loop, reader)) for reader in Reader]
    for command, composed in [("relay", relay_loop), *loops]:
        loop = composed(from_environment(migrated[command], needed=NEEDED[command]))
        try:
            lacking = {name for name, holds in loop.ready.items() if not holds()}
            assert lacking == {"broker-away"}, "the loop is composed and not run: it has looked for no broker"
        finally:
            loop.close()


def test_before_its_migration_no_service_starts(environments: Environments, server: postgres.Dedicated) -> None:
    with psycopg.connect(server.address, autocommit=True) as connection:
        connection.execute("CREATE DATABASE fresh OWNER payroll_owner")
    environ = environments["serve payroll"]
    fresh = make_url(environ["WORKFORCE_DATABASE"]).set(database="fresh").render_as_string()
    with pytest.raises(Exception, match="workforce migrate payroll"):
        process(Api.PAYROLL, from_environment({**environ, "WORKFORCE_DATABASE": fresh}))


@pytest.mark.parametrize(
    ("command", "refused"),
    [
        ("serve ledger", "UPDATE stored_events SET state = state"),
        ("relay", "DELETE FROM stored_events"),
        ("serve payroll", "CREATE SCHEMA rebuilding_payroll"),
        ("consume notifications", "DROP TABLE alembic_version_notifications"),
    ],
)
def test_what_serves_may_not(migrated: Environments, command: str, refused: str) -> None:
    with (
        psycopg.connect(migrated[command]["WORKFORCE_DATABASE"]) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(refused.encode())


@pytest.mark.parametrize("command", ["shadow payroll", "rebuild notifications"])
def test_what_builds_anew_may_make_a_schema_of_its_own(migrated: Environments, command: str) -> None:
    with psycopg.connect(migrated[command]["WORKFORCE_DATABASE"]) as connection:
        connection.execute("CREATE SCHEMA rebuilding")
        connection.rollback()
