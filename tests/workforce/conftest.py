"""A founded town behind the whole system, and the command line that speaks to it."""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import Result
from tests.ledger.given import KEYS, Town
from typer.testing import CliRunner

from shared.principals import Principal, Role, parse_scope
from shared.settings import Settings
from workforce import terminal
from workforce.cli import app
from workforce.client import Client
from workforce.serving import serving
from workforce.system import compose
from workforce.tokens import development_token

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line in this process, on a wide screen."""
    for console in (terminal.screen, terminal.stderr):
        monkeypatch.setattr(console, "width", 300)

    def run(*arguments: str, env: Mapping[str, str] | None = None) -> Result:
        return CliRunner().invoke(app, arguments, env=env)

    return run


class Served(NamedTuple):
    """The town's system, and a client of its administrator."""

    client: Client
    url: str
    settings: Settings

    def token(self, role: Role = Role.ADMIN) -> str:
        """For the whole city."""
        return development_token(self.settings, Principal("clerk", role, parse_scope("city:chibi")))

    def give(self, path: str, **fields: Any) -> dict[str, Any]:
        """A command that is done."""
        return self.client.command(f"/ledger/v1/{path}", fields)

    def head(self) -> int:
        """The last position of the log."""
        return int(self.client.read("/ledger/v1/log")["position"])

    def seats(self, community_id: str, day: str) -> tuple[int, int]:
        """(seats, heads) of dedicated workers on the day."""
        found = self.client.read(f"/ledger/v1/communities/{community_id}", effective_on=day)
        return found["establishment"]["dedicated"]["seats"], found["establishment"]["dedicated"]["heads"]


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a founded town, to be copied: two dedicated seats in each community."""
    folder = tmp_path_factory.mktemp("founded")
    Town(folder).found().close()
    return folder


@pytest.fixture
def served(founded: Path, tmp_path: Path) -> Iterator[Served]:
    """The town behind a server of its own."""
    settings = Settings(shutil.copytree(founded, tmp_path / "town"), "", "development", KEYS)
    system = compose(settings)
    try:
        with serving(system) as url:
            client = Client(url, {})
            served = Served(client, url, settings)
            client.tokens = {role: served.token(role) for role in Role if role is not Role.WORKER}
            yield served
            client.http.close()
    finally:
        system.close()


def one_object(result: Result) -> dict[str, Any]:
    """The standard output as one JSON object."""
    found = json.loads(result.stdout)
    assert isinstance(found, dict)
    return found
