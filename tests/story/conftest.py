"""The demo's data, built once over HTTP, and the system that serves it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import postgres
from shared.settings import Settings, from_environment
from workforce.client import Client
from workforce.demo.city import CITY
from workforce.demo.telling import tell
from workforce.serving import serving
from workforce.system import compose
from workforce.tokens import office_tokens

POLICIES = Path(__file__).parents[2] / "policies"


class Told(NamedTuple):
    """The story's figures and the folder it was told into."""

    figures: dict[str, Any]
    data: Path


class Running(NamedTuple):
    """The demo's data, served again after the story."""

    client: Client
    settings: Settings
    url: str


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """The reform, told from an empty log to the twelfth closed month."""
    data = tmp_path_factory.mktemp("story") / "demo"
    return Told(tell(data, POLICIES, lambda line: None), data)


@pytest.fixture(scope="session")
def told_on_postgres(
    told: Told, tmp_path_factory: pytest.TempPathFactory, postgres_server: str
) -> Iterator[tuple[Told, str]]:
    """The same story, told again from the same seed into a database of PostgreSQL, and its address."""
    data = tmp_path_factory.mktemp("story-on-postgres") / "demo"
    with postgres.database(postgres_server) as address, pytest.MonkeyPatch.context() as patched:
        patched.setenv("WORKFORCE_DATABASE", address)
        again = Told(tell(data, POLICIES, lambda line: None), data)
        patched.undo()
        yield again, address


@pytest.fixture(scope="session")
def running(told: Told) -> Iterator[Running]:
    """The same data behind a server with the real clock."""
    settings = from_environment({}, data=told.data)
    system = compose(settings)
    with serving(system) as url:
        yield Running(Client(url, office_tokens(settings, CITY), key_prefix="story"), settings, url)
    system.close()
