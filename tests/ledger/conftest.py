"""A founded town for every test of the ledger's rules over HTTP."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from sqlalchemy import make_url
from tests.ledger.given import Front, Town

import postgres


@pytest.fixture(scope="session")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """One HTTP face for all towns that come one after the other."""
    first = Town(tmp_path_factory.mktemp("front"))
    yield first.front
    first.close()


@pytest.fixture(scope="session")
def founded(front: Front, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a founded town, to be copied."""
    folder = tmp_path_factory.mktemp("founded")
    Town(folder, front=front).found().close()
    return folder


@pytest.fixture
def town(founded: Path, front: Front, tmp_path: Path) -> Iterator[Town]:
    """A founded town on SQLite, the clerk's clock at 20 September 2020."""
    shutil.copytree(founded, tmp_path / "data")
    opened = Town(tmp_path / "data", front=front)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def founded_database(postgres_server: str, front: Front, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A founded town on PostgreSQL, to be copied."""
    with postgres.database(postgres_server) as address:
        Town(tmp_path_factory.mktemp("founded"), address, front=front).found().close()
        yield address


@pytest.fixture
def copied_database(founded_database: str, postgres_server: str) -> Iterator[str]:
    """A founded town on PostgreSQL, for one test."""
    original = make_url(founded_database)
    copy = original.set(database=f"copy_{uuid4().hex}")
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        names = Identifier(copy.database or ""), Identifier(original.database or "")
        connection.execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
        yield copy.render_as_string(hide_password=False)
        connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(names[0]))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def each_address(request: pytest.FixtureRequest) -> str:
    """`Settings.database` of a founded town: empty for SQLite, the address of a copy on PostgreSQL."""
    return "" if request.param == "sqlite" else str(request.getfixturevalue("copied_database"))


@pytest.fixture
def each_town(each_address: str, founded: Path, front: Front, tmp_path: Path) -> Iterator[Town]:
    """A founded town, once on SQLite and once on PostgreSQL."""
    if not each_address:
        shutil.copytree(founded, tmp_path / "data")
    opened = Town(tmp_path / "data", each_address, front=front)
    yield opened
    opened.close()
