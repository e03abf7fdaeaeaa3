"""A founded town served by processes of their own."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from tests.ledger.given import Town
from tests.processes.apart import SERVICES, Apart, apart

import postgres


@pytest.fixture(scope="module")
def alone(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apart]:
    """The services over a town with a hundred dedicated seats in Xinhua, whose payroll opens in October 2020."""
    folder = tmp_path_factory.mktemp("apart")
    with ExitStack() as opened:
        databases = {name: opened.enter_context(postgres.database(postgres_server)) for name in SERVICES}
        town = Town(folder / "founding", databases["ledger"]).found()
        town.give("city-quotas", "2018-01-01", city_id="chibi", category="dedicated", seats=200)
        town.give("community-quotas", "2018-01-01", community_id="xinhua", category="dedicated", seats=100)
        town.give("payroll-openings", "2020-10-01", jurisdiction="chibi", first_month="2020-10")
        town.close()
        yield opened.enter_context(apart(folder, databases))
