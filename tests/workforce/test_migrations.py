"""Tables on PostgreSQL are made by migrations alone, and a service's own role can do what it needs and no more."""

import json
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import MetaData, make_url
from starlette.testclient import TestClient
from tests.ledger.given import KEYS, Town, bearer
from tests.workforce.conftest import Run

import ledger.directory
import ledger.key_migrations
import ledger.migrations
import ledger.personal
import notifications.migrations
import notifications.tables
import payroll.migrations
import payroll.tables
import postgres
from ledger.event_store import open_store
from ledger.personal import PersonalStore
from shared.database import engine
from shared.migrations import Migrations
from shared.settings import Settings, SettingsError
from workforce.migrating import at_start, migrate
from workforce.needs import Api
from workforce.system import compose

pytestmark = [pytest.mark.postgres, pytest.mark.campaign]

EACH: dict[str, tuple[Migrations, MetaData]] = {
    "ledger": (ledger.migrations.MIGRATIONS, ledger.directory.METADATA),
    "keys": (ledger.key_migrations.MIGRATIONS, ledger.personal.METADATA),
    "payroll": (payroll.migrations.MIGRATIONS, payroll.tables.METADATA),
    "notifications": (notifications.migrations.MIGRATIONS, notifications.tables.METADATA),
}
SERVICES = tuple(Api)


def settings(address: str, folder: Path = Path(), environment: str = "development", **rest: Any) -> Settings:
    return Settings(folder, address, environment, KEYS, **rest)


def differences(address: str, metadata: MetaData) -> list[Any]:
    """What a migrated database lacks of the tables in code, or has too much of."""
    made = engine(address, "compared")

    def ours(name: str | None, kind: str, _: Any) -> bool:
        return kind != "table" or name in metadata.tables

    with made.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": ours, "compare_type": True})
        found = list(compare_metadata(context, metadata))
    made.dispose()
    return found


@pytest.mark.parametrize("name", EACH)
def test_migrations_make_exactly_the_tables_that_the_code_knows(empty_address: str, name: str) -> None:
    migrations, metadata = EACH[name]
    assert differences(empty_address, metadata)
    assert migrations.upgrade(empty_address) == migrations.head
    assert differences(empty_address, metadata) == []


def schema(address: str) -> list[tuple[str, ...]]:
    """Columns, indexes, constraints and triggers as the database has them."""
    with psycopg.connect(address) as connection:
        found = connection.execute(
            """
            SELECT 'column', table_name, column_name, data_type || ' ' || is_nullable || ' '
                || COALESCE(character_maximum_length::text, '') FROM information_schema.columns
                WHERE table_schema = 'public'
            UNION ALL SELECT 'index', tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
            UNION ALL SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid)
                FROM pg_constraint WHERE connamespace = 'public'::regnamespace
            UNION ALL SELECT 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid)
                FROM pg_trigger WHERE NOT tgisinternal
            ORDER BY 1, 2, 3
            """
        ).fetchall()
    return [tuple(row) for row in found]


BEFORE = (
    "CREATE TABLE stored_events (originator_id text NOT NULL, originator_version bigint NOT NULL, topic text NOT NULL, "
    "state bytea NOT NULL, notification_id bigserial UNIQUE, position bigint NOT NULL UNIQUE, "
    "PRIMARY KEY (originator_id, originator_version))",
    "CREATE TABLE log_answers (key text PRIMARY KEY, fingerprint text NOT NULL, answer bytea NOT NULL, "
    "first_position bigint NOT NULL, last_position bigint NOT NULL, recorded_at bigint NOT NULL)",
    "CREATE FUNCTION log_keeps_events() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'nothing in the log is changed or deleted'; END $$",
    "CREATE TRIGGER log_keeps_events BEFORE UPDATE OR DELETE OR TRUNCATE ON stored_events "
    "FOR EACH STATEMENT EXECUTE FUNCTION log_keeps_events()",
    "CREATE TABLE log_head (only_row INTEGER PRIMARY KEY CHECK (only_row = 0), "
    "next_position BIGINT NOT NULL, last_recorded_at BIGINT NOT NULL)",
    "INSERT INTO log_head VALUES (0, 1, 7)",
    "CREATE TABLE log_commands (command_id TEXT PRIMARY KEY, first_position BIGINT NOT NULL, "
    "last_position BIGINT NOT NULL, recorded_at BIGINT NOT NULL)",
    "CREATE INDEX log_commands_by_time ON log_commands (recorded_at, last_position)",
    "CREATE TABLE log_claims (kind TEXT NOT NULL, key TEXT NOT NULL, command_id TEXT NOT NULL, "
    "PRIMARY KEY (kind, key))",
    "CREATE INDEX log_claims_by_command ON log_claims (command_id)",
    "INSERT INTO stored_events VALUES ('worker/li', 1, 'worker.trained.v1', '{}', 1, 0)",
)
"""The log as it was made before there were migrations, with one event in it."""


def test_a_database_from_before_the_migrations_is_taken_over(empty_address: str, postgres_address: str) -> None:
    """What is there stays, what is missing comes, and the result is that of a new one."""
    with psycopg.connect(empty_address) as connection:
        for statement in BEFORE:
            connection.execute(statement)
    made = engine(empty_address, "before")
    for _, metadata in EACH.values():
        metadata.create_all(made)
    made.dispose()
    for service in SERVICES:
        migrate(service, settings(empty_address))
    assert schema(empty_address) == schema(postgres_address)
    store = open_store(settings(empty_address))
    assert (store.head(), store.version("worker/li"), store.chain.advance()) == (0, 1, 1)
    store.close()


def test_migrating_again_changes_nothing_also_by_several_at_once(empty_address: str) -> None:
    """A Job that runs twice, or processes that start together."""
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: migrate("ledger", settings(empty_address)), range(8)))
    assert found == [{"ledger": "ledger_0001", "keys": "keys_0001"}] * 8
    assert open_store(settings(empty_address)).head() == -1


def test_the_command_line_migrates_one_service(empty_address: str, run: Run) -> None:
    environment = {"WORKFORCE_DATABASE": empty_address}
    done = run("migrate", "payroll", "--json", env=environment)
    assert (done.exit_code, json.loads(done.stdout)) == (0, {"payroll": "payroll_0001"})
    with psycopg.connect(empty_address) as connection:
        row = connection.execute("SELECT to_regclass('payroll_facts'), to_regclass('stored_events')").fetchone()
    assert row == ("payroll_facts", None)
    refused = run("migrate", "payroll", env={"WORKFORCE_DATABASE": "postgresql://127.0.0.1:1/nowhere"})
    assert refused.exit_code == 1
    assert "does not answer" in refused.stderr


def test_a_process_in_production_refuses_a_database_that_is_behind(empty_address: str) -> None:
    """The way out is named; a database that is ahead is one that the next version has migrated already."""
    production = settings(empty_address, environment="production")
    for service in SERVICES:
        with pytest.raises(SettingsError, match=f"run: workforce migrate {service}"):
            at_start(production, [service])
        migrate(service, settings(empty_address))
        at_start(production, [service])
    with psycopg.connect(empty_address) as connection:
        connection.execute("UPDATE alembic_version_ledger SET version_num = 'ledger_9999'")
    at_start(production, ["ledger"])
    assert migrate("ledger", settings(empty_address)) == {"ledger": "ledger_9999", "keys": "keys_0001"}


def test_an_empty_database_says_what_is_missing(empty_address: str) -> None:
    with pytest.raises(SettingsError, match="run: workforce migrate ledger"):
        open_store(settings(empty_address))


def test_the_keys_of_persons_live_in_a_database_of_their_own(
    empty_address: str, postgres_server: str, tmp_path: Path
) -> None:
    """F27: and nowhere else."""
    with postgres.database(postgres_server, empty=True) as keys:
        apart = settings(empty_address, tmp_path, keys_database=keys)
        compose(apart).close()
        PersonalStore(engine(keys, "keys"), KEYS.personal, KEYS.fingerprints, secrets.token_bytes).new_key("li")
        for address, expected in ((keys, ("person_keys", None)), (empty_address, (None, "stored_events"))):
            with psycopg.connect(address) as connection:
                found = connection.execute("SELECT to_regclass('person_keys'), to_regclass('stored_events')").fetchone()
            assert found == expected


# --- the role that the services log in with


class AsRole(NamedTuple):
    """A database whose rights were given to a role, and its address for that role."""

    role: str
    owner: str
    address: str


@pytest.fixture
def as_role(postgres_address: str) -> Iterator[AsRole]:
    role = f"app_{uuid4().hex}"
    with psycopg.connect(postgres_address, autocommit=True) as owner:
        owner.execute(f"CREATE ROLE {role} LOGIN")
        for service in SERVICES:
            migrate(service, settings(postgres_address, app_role=role))
        address = make_url(postgres_address).set(username=role).render_as_string(hide_password=False)
        yield AsRole(role, postgres_address, address)
        owner.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


def test_the_whole_ledger_works_as_that_role(as_role: AsRole, tmp_path: Path) -> None:
    """F27: commands of every kind that write, void, correct and read; then the chain."""
    town = Town(tmp_path, as_role.address).found()
    worker_id, other = town.hire("xinhua"), town.hire("jinqiao")
    town.give("trainings", worker_id=worker_id, course="初任培训", hours=40)
    qualified = town.give("qualifications", worker_id=worker_id, certificate="assistant", certificate_number="Z-2020-1")
    town.give("voids", command_id=qualified["command_id"], reason="误录")
    town.give("transfers", "2020-11-01", worker_id=other, community_id="huangjia")
    assert len(town.read("workers", city_id="chibi", effective_on="2020-12-31")["workers"]) == 2
    assert town.read("events", limit=500)["events"]
    assert town.read("log")["position"] == town.store.head()
    assert town.store.chain.catch_up() == town.store.head()
    assert town.store.chain.verify(town.store.head()) is None
    town.personal.destroy(worker_id)
    town.close()


def test_the_three_services_start_in_production_as_that_role(as_role: AsRole, tmp_path: Path) -> None:
    system = compose(settings(as_role.address, tmp_path, "production"))
    client = TestClient(system.app)
    for path in ("/ledger/v1/log", "/payroll/v1/projection", "/notifications/v1/projection"):
        answer = client.get(path, headers={"Authorization": bearer("auditor city:chibi")})
        assert answer.status_code == 200, answer.text
    system.close()


@pytest.mark.parametrize("table", ["stored_events", "log_chain", "log_commands", "log_answers"])
@pytest.mark.parametrize("act", ["UPDATE {} SET {}", "DELETE FROM {}", "TRUNCATE {}"])
def test_that_role_cannot_change_or_delete_what_is_written(as_role: AsRole, table: str, act: str) -> None:
    """F27."""
    column = {"stored_events": "topic = ''", "log_chain": "hash = ''"}.get(table, "recorded_at = 0")
    with psycopg.connect(as_role.address) as clerk, pytest.raises(psycopg.errors.InsufficientPrivilege):
        clerk.execute(act.format(table, column))


def test_a_role_that_could_is_refused_in_production(as_role: AsRole, tmp_path: Path) -> None:
    """F27: the owner, and an ordinary role that was given too much; the way out is named."""
    for address in (as_role.owner, as_role.address):
        with pytest.raises(SettingsError, match="WORKFORCE_APP_ROLE"):
            open_store(settings(address, tmp_path, "production"))
        with psycopg.connect(as_role.owner) as owner:
            owner.execute(f"GRANT DELETE ON log_answers TO {as_role.role}")
    migrate("ledger", settings(as_role.owner, app_role=as_role.role))
    open_store(settings(as_role.address, tmp_path, "production")).close()


def test_a_role_that_is_not_there_is_named(empty_address: str) -> None:
    with pytest.raises(SettingsError, match="nobody_of_that_name"):
        migrate("payroll", settings(empty_address, app_role="nobody_of_that_name"))
