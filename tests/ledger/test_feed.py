"""The log as our other services read it: every event, in order, whoever knows its type."""

from collections.abc import Iterator

import httpx
import pytest
from tests.ledger.given import Town, bearer, problem

from ledger.stored_form import wire
from shared.envelope import wire_of
from shared.feed import HttpFeed
from shared.principals import WHOLE_LOG, Role

pytestmark = pytest.mark.campaign

SERVICE = f"{Role.SERVICE} {WHOLE_LOG}"


def feed_of(town: Town) -> HttpFeed:
    """The feed as a service of ours reads it."""
    town.client.headers["authorization"] = bearer(SERVICE)
    return HttpFeed(town.client)


@pytest.fixture(autouse=True)
def nobody_stays(town: Town) -> Iterator[None]:
    """The client is shared."""
    yield
    town.client.headers.pop("authorization", None)


def test_a_service_reads_the_whole_log_page_by_page(town: Town) -> None:
    town.hire()
    feed, found = feed_of(town), []
    assert feed.head() == town.store.head()
    while page := feed.read(found[-1].position if found else -1, 7):
        found += page
    assert found == town.store.read(-1, 1000)
    assert feed.read(feed.head(), 7) == []


def test_nobody_else_reads_it(town: Town) -> None:
    """P23: neither another role, nor a service that is meant for one city."""
    for path in ("feed", "feed/head"):
        for role in set(Role) - {Role.SERVICE}:
            assert problem(town.ask(path, who=f"{role} city:chibi"))["code"] == "forbidden"
        assert problem(town.ask(path, who=f"{Role.SERVICE} city:chibi"))["code"] == "not-found"
        assert town.ask(path, who=SERVICE).status_code == 200


def test_a_service_may_do_nothing_else(town: Town) -> None:
    """P23."""
    others = [route for route in town.service.state.table if not route.path.startswith("/feed")]
    assert all(Role.SERVICE not in route.roles for route in others)


def test_the_feed_is_bounded(town: Town) -> None:
    """P19."""
    assert problem(town.ask("feed", limit=501, who=SERVICE))["code"] == "invalid-parameter"
    assert len(feed_of(town).lines(-1, 10_000)) <= 500


def test_an_event_of_a_later_version_passes_through(town: Town) -> None:
    """P21: what another version wrote is handed on as it is."""
    stored = (
        b'{"effective_date":"2030-01-01","recorded_at":"2030-01-01T00:00:00Z","actor":"li","basis":{"document":"d",'
        b'"date":"2030-01-01","clause":""},"command_id":"c","nonce":"","data":{"moons":2},"later":1}'
    )
    line = wire((7, "worker/w", 3, "worker.promoted-to-the-moon.v1", stored))
    assert (line.type, bytes(line.data)) == ("worker.promoted-to-the-moon.v1", b'{"moons":2}')


def test_a_refused_feed_is_no_empty_feed(town: Town) -> None:
    town.client.headers["authorization"] = bearer("admin city:chibi")
    with pytest.raises(httpx.HTTPStatusError):
        HttpFeed(town.client).head()


def test_a_line_is_the_wire_form(town: Town) -> None:
    (line,) = feed_of(town).lines(2, 1)
    assert wire_of(line).position == 3
