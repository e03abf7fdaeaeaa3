"""P20: a database that is away, full, read-only or held by another refuses writes whole; reads go on where they can."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from sqlalchemy import text
from starlette.testclient import TestClient
from tests.ledger.given import KEYS, Town, bearer, command, problem

import postgres
from ledger.event_store import Change, Metadata, StoreUnavailable, open_store
from shared import database
from shared.database import AWAY, engine
from shared.envelope import Basis
from shared.events import WorkerTrained
from shared.settings import Settings
from workforce.system import compose

pytestmark = [pytest.mark.postgres, pytest.mark.campaign]


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Dedicated]:
    """A server of this file's own, to be killed and set."""
    with postgres.dedicated() as started:
        yield started


@pytest.fixture
def address(server: postgres.Dedicated) -> Iterator[str]:
    with postgres.database(server.address) as made:
        yield made


@pytest.fixture
def away_town(address: str, tmp_path: Path) -> Iterator[Town]:
    """A founded town that waits for a lock no longer than 0.3 s, and for a connection no longer than 1 s."""
    opened = Town(tmp_path, f"{address}?connect_timeout=1&options=-c%20lock_timeout%3D300ms").found()
    yield opened
    opened.close()


def hire(town: Town, key: str) -> tuple[httpx.Response, dict[str, Any]]:
    body = command(**town.hiring())
    return town.send("hires", body, key=key), body


def assert_away(response: httpx.Response) -> None:
    assert problem(response)["code"] == "storage-unavailable", response.text
    assert response.headers["retry-after"] == "1"


def counts(address: str) -> list[int]:
    """How many rows each table of the log has."""
    tables = ("stored_events", "log_commands", "log_answers", "log_claims")
    with psycopg.connect(address) as connection:
        found = [connection.execute(f"SELECT count(*) FROM {table}").fetchone() for table in tables]
    return [row[0] for row in found if row is not None]


def within(seconds: float, town: Town, body: dict[str, Any], key: str) -> httpx.Response:
    """The same command again and again until it is done."""
    deadline = time.monotonic() + seconds
    while True:
        response = town.send("hires", body, key=key)
        if response.status_code == 201 or time.monotonic() > deadline:
            return response
        time.sleep(0.1)


def test_a_server_that_is_killed_and_comes_back(away_town: Town, address: str, server: postgres.Dedicated) -> None:
    """P20, P6: 503 while it is away, then the same key again: one effect, within seconds and unaided."""
    town = away_town
    town.hire()
    before = counts(address)
    server.kill()
    began = time.monotonic()
    try:
        response, body = hire(town, "k-1")
        assert_away(response)
        assert_away(town.ask("workers", city_id="chibi"))
    finally:
        server.start()
    assert time.monotonic() - began < 10
    assert counts(address) == before
    assert within(15, town, body, "k-1").status_code == 201
    assert town.read("workers", city_id="chibi", effective_on="2020-12-31")["workers"][-1]["community_id"] == "xinhua"
    assert counts(address) == [before[0] + 2, *(count + 1 for count in before[1:])]


@contextmanager
def setting(address: str, name: str, value: str) -> Iterator[None]:
    """The whole server with another setting."""
    sure = psycopg.connect(address, autocommit=True, options="-c default_transaction_read_only=off")
    with sure as connection:
        connection.execute(f"ALTER SYSTEM SET {name} = {value}")
        connection.execute("SELECT pg_reload_conf()")
        time.sleep(0.3)
        try:
            yield
        finally:
            connection.execute(f"ALTER SYSTEM RESET {name}")
            connection.execute("SELECT pg_reload_conf()")
            time.sleep(0.3)


def test_a_database_that_only_reads(away_town: Town, address: str) -> None:
    """P20: questions are answered, also those as known just now, which wait for the append under way."""
    town = away_town
    worker_id = town.hire()
    assert len(town.read("workers", city_id="chibi", effective_on="2020-12-31")["workers"]) == 1
    pause = town.clock.pass_(seconds=1)
    before = counts(address)
    with setting(address, "default_transaction_read_only", "on"):
        response, body = hire(town, "k-1")
        assert_away(response)
        assert town.worker(worker_id, known_at=pause)["worker_id"] == worker_id
        assert len(town.read("workers", city_id="chibi", effective_on="2020-12-31")["workers"]) == 1
        assert counts(address) == before
    assert town.send("hires", body, key="k-1").status_code == 201


def test_a_lock_that_somebody_else_holds(away_town: Town, address: str) -> None:
    """P20: it is waited for as long as the connection says, and no longer; reads do not ask for it."""
    town = away_town
    worker_id = town.hire()
    before = counts(address)
    with psycopg.connect(address) as holder:
        holder.execute("SELECT * FROM log_head FOR UPDATE")
        began = time.monotonic()
        response, body = hire(town, "k-1")
        assert_away(response)
        assert 0.25 < time.monotonic() - began < 3
        assert town.worker(worker_id)["worker_id"] == worker_id
        holder.rollback()
    assert counts(address) == before
    assert town.send("hires", body, key="k-1").status_code == 201


@pytest.mark.parametrize("table", ["log_claims", "log_commands", "log_answers", "log_head", "stored_events"])
def test_a_disk_that_is_full_at_any_write(away_town: Town, address: str, table: str) -> None:
    """P20, P3: whichever table the disk ends at, nothing of the command is there, and the key works afterwards."""
    town = away_town
    before = counts(address)
    with psycopg.connect(address, autocommit=True) as owner:
        owner.execute(
            "CREATE FUNCTION disk_ends() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = '53100'; END $$"
        )
        owner.execute(f"CREATE TRIGGER disk_ends BEFORE INSERT OR UPDATE ON {table} EXECUTE FUNCTION disk_ends()")
        response, body = hire(town, "k-1")
        assert_away(response)
        assert counts(address) == before
        assert len(town.read("communities/xinhua", effective_on="2020-12-31")["workers"]) == 0
        owner.execute(f"DROP TRIGGER disk_ends ON {table}")
    assert town.send("hires", body, key="k-1").status_code == 201


SQLSTATES = ["53100", "53200", "53300", "25006", "55P03", "57014", "57P01", "57P03", "08006", "40001", "40P01", "58030"]


@pytest.mark.parametrize("state", SQLSTATES)
def test_every_way_of_being_away_is_known_as_such(address: str, tmp_path: Path, state: str) -> None:
    """P20: full, out of memory or of connections, read-only, held, cancelled, shutting down; from either driver."""
    settings = Settings(tmp_path, address, "development", KEYS)
    store = open_store(settings)
    basis = Basis(document="x", date=date(2020, 9, 18))
    with psycopg.connect(address, autocommit=True) as owner:
        owner.execute(
            "CREATE FUNCTION away() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION 'away' USING ERRCODE = '{state}'; END $$"
        )
        owner.execute("CREATE TRIGGER away BEFORE INSERT ON stored_events EXECUTE FUNCTION away()")
    trained = [WorkerTrained(course="岗前培训", hours=40)]
    with pytest.raises(StoreUnavailable):
        store.append([Change("worker/li", 0, trained)], Metadata("c-1", "clerk", basis, date(2020, 10, 1)))
    with pytest.raises(AWAY), engine(address, "x").connect() as connection:
        connection.execute(text("INSERT INTO stored_events VALUES ('a', 1, 'b', '', 1, 1)"))
    store.close()


def test_a_pool_without_a_free_connection(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """P19, P20: it is waited for, not for ever."""
    monkeypatch.setattr(database, "POOL_SECONDS", 0.2)
    crowded = engine(address, "crowded")
    held = [crowded.connect() for _ in range(database.POOL_SIZE + database.POOL_OVERFLOW)]
    with pytest.raises(AWAY):
        crowded.connect()
    for connection in held:
        connection.close()
    crowded.connect().close()
    crowded.dispose()


def test_a_new_connection_is_told_how_long_to_wait(address: str) -> None:
    """What an address gives by itself prevails."""
    asked = text("SELECT current_setting('lock_timeout'), current_setting('statement_timeout')")
    for given, told in (("", ("5s", "1min")), ("?options=-c%20lock_timeout%3D7s", ("7s", "1min"))):
        with engine(f"{address}{given}", "x").connect() as connection:
            assert connection.execute(asked).one() == told


class Services:
    """All three over one database, and an office of finance."""

    def __init__(self, folder: Path, address: str) -> None:
        self.system = compose(Settings(folder, f"{address}?connect_timeout=1", "development", KEYS))
        self.client = TestClient(self.system.app, raise_server_exceptions=False)

    def ask(self, path: str, **headers: str) -> httpx.Response:
        """A question of an auditor of the city."""
        return self.client.get(path, headers={"Authorization": bearer("auditor city:chibi"), **headers})


QUESTIONS = ["/ledger/v1/log", "/payroll/v1/runs?jurisdiction=chibi", "/notifications/v1/inbox"]


def test_each_service_says_that_its_database_is_away(address: str, server: postgres.Dedicated, tmp_path: Path) -> None:
    """P20: 503 and Retry-After while it is away; answers again after, unaided."""
    Town(tmp_path, address).found().close()
    services = Services(tmp_path, address)
    whole = [services.ask(path).status_code for path in QUESTIONS]
    server.kill()
    try:
        for path in QUESTIONS:
            assert_away(services.ask(path))
    finally:
        server.start()
    deadline = time.monotonic() + 15
    while [services.ask(path).status_code for path in QUESTIONS] != whole:
        assert time.monotonic() < deadline
    assert whole == [200, 200, 200]
    services.system.close()


LISTS = ["/ledger/v1/workers?city_id=chibi", "/ledger/v1/events", *QUESTIONS]


def test_what_cannot_be_written_into_a_read_table_is_not_missed_by_what_can_be_read(
    address: str, tmp_path: Path
) -> None:
    """P20, P8: every service answers up to where its tables came, says so, and asks whoever has seen more to wait."""
    town = Town(tmp_path, address).found()
    services = Services(tmp_path, address)
    before = [services.ask(path) for path in LISTS]
    seen = town.give("hires", **town.hiring())["position"]
    with setting(address, "default_transaction_read_only", "on"):
        while_held = [services.ask(path) for path in LISTS]
        assert [answer.status_code for answer in while_held] == [200] * len(LISTS)
        for path, then, answer in zip(LISTS, before, while_held, strict=True):
            assert answer.headers["ledger-position"] == then.headers["ledger-position"] < str(seen), path
            waiting = services.ask(path, **{"X-Min-Position": str(seen)})
            assert (waiting.status_code, waiting.headers["retry-after"]) == (503, "1"), path
    assert [services.ask(path).headers["ledger-position"] for path in LISTS] == [str(seen)] * len(LISTS)
    services.system.close()
    town.close()
