"""A founded town for every test of the ledger's rules over HTTP."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.ledger.given import Front, Town


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


@pytest.fixture
def each_town(each_database: str, founded: Path, front: Front, tmp_path: Path) -> Iterator[Town]:
    """A founded town, once on SQLite and once on PostgreSQL."""
    if not each_database:
        shutil.copytree(founded, tmp_path / "data")
    opened = Town(tmp_path / "data", each_database, front=front)
    if each_database:
        opened.found()
    yield opened
    opened.close()
