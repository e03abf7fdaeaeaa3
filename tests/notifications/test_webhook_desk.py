"""Webhooks over HTTP: where each endpoint stands, a range sent again, the dead tried again (F64, F74, P23)."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, create_engine, make_url
from tests.notifications.samples import story
from tests.notifications.sending_world import LEASE, World, endpoint

from notifications import redelivery
from notifications.api import app
from notifications.deliveries import Deliveries
from notifications.redelivery import Redelivery
from notifications.webhooks import ATTEMPTS_AT_MOST
from shared.auth import mint
from shared.principals import Principal, Role, parse_scope

KEY = b"k" * 32
ADMIN = "admin city:chibi"
ENDPOINTS = (
    endpoint("finance", "finance/chibi"),
    endpoint("province", "finance/chibi", "finance/jinzhou", "worker/w-1", "worker/w-3", "community/binhe"),
    endpoint("jinzhou", "workers/jinzhou"),
)


class Desk:
    """A service with three endpoints, before a log of two cities."""

    def __init__(self, engine: Engine) -> None:
        self.world = World(engine, *ENDPOINTS)
        self.world.log = story()
        self.keys = iter(range(1000))
        service = app(
            self.world.outbox,
            self.world.log,
            token_key=KEY,
            redelivery=Redelivery(engine, self.world.clock),
        )
        self.client = TestClient(service, raise_server_exceptions=False)
        self.world.outbox.catch_up(self.world.log)
        self.world.work()

    def ask(
        self, method: str, path: str, who: str = ADMIN, body: object = None, key: str = "", subject: str = "li"
    ) -> httpx.Response:
        """One request as `role scope` under a key of its own, or the given one."""
        role, scope = who.split()
        token = mint(Principal(subject, Role(role), parse_scope(scope)), KEY, now=datetime.now(UTC))
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key or f"key-{next(self.keys)}"}
        content = None if body is None else json.dumps(body)
        response: httpx.Response = self.client.request(method, path, headers=headers, content=content)
        return response

    def replay(self, name: str = "finance", first: int = 0, last: int = 100, **asked: Any) -> httpx.Response:
        body = {"endpoint": name, "from_position": first, "to_position": last}
        return self.ask("POST", "/webhooks/replays", body=body, **asked)

    def states(self, who: str = ADMIN) -> dict[str, dict[str, Any]]:
        answer = self.ask("GET", "/webhooks", who)
        assert answer.status_code == 200, answer.text
        return {one["name"]: one for one in answer.json()}


@pytest.fixture
def desk(each_database: str, tmp_path: Path) -> Iterator[Desk]:
    """Over a SQLite file, then PostgreSQL."""
    address = make_url(each_database or f"sqlite:///{tmp_path / 'notifications.db'}")
    engine = create_engine(address.set(drivername="postgresql+psycopg") if each_database else address)
    made = Desk(engine)
    yield made
    made.client.close()
    engine.dispose()


def test_each_city_sees_the_endpoints_and_the_recipients_that_are_its_own(desk: Desk) -> None:
    def seen(who: str) -> dict[str, list[str]]:
        return {name: state["recipients"] for name, state in desk.states(who).items()}

    assert seen(ADMIN) == {"finance": ["finance/chibi"], "province": ["finance/chibi", "worker/w-1"]}
    assert seen("auditor city:jinzhou") == {
        "jinzhou": ["workers/jinzhou"],
        "province": ["community/binhe", "finance/jinzhou", "worker/w-3"],
    }
    for who in ("admin city:atlantis", "auditor street:chibi", "admin community:chibi", "admin worker:chibi"):
        assert seen(who) == {}


def test_a_state_says_what_is_pending_since_when_what_is_dead_and_why_and_nothing_secret(desk: Desk) -> None:
    assert desk.states()["finance"] == {
        "name": "finance",
        "recipients": ["finance/chibi"],
        "pending": 0,
        "dead": 0,
        "oldest_pending_at": None,
        "outcomes": {},
    }
    desk.world.answers = {"finance": "503", "province": "timeout"}
    queued = desk.world.now
    desk.world.close_months("2020-12", "2021-01")
    desk.world.work()
    for _ in range(ATTEMPTS_AT_MOST):
        desk.world.work(hours=12)
    later = desk.world.now
    desk.world.close_months("2021-02")
    desk.world.work()
    state = desk.states()["finance"]
    assert (state["pending"], state["dead"], state["outcomes"]) == (1, 2, {"503": 3})
    assert datetime.fromisoformat(state["oldest_pending_at"]) == later > queued
    text = desk.ask("GET", "/webhooks").text
    assert not any(one.secret in text or one.url in text for one in ENDPOINTS)


def test_F64_a_range_is_sent_again_under_the_same_ids_and_nothing_beside_it(desk: Desk) -> None:
    first = [one for one in desk.world.sent if one[0] == "finance"]
    assert len(first) == 2
    desk.world.sent.clear()
    answer = desk.replay(first=0, last=5)
    assert (answer.status_code, answer.json()) == (200, {"endpoint": "finance", "queued": 1})
    desk.world.work()
    assert desk.world.sent == first[:1]
    assert desk.replay(first=6, last=10).json()["queued"] == 0
    assert desk.replay(first=5, last=11).json()["queued"] == 2
    assert desk.replay(first=5, last=11).json()["queued"] == 0, "what is pending is not queued twice"
    desk.world.work()
    assert sorted(desk.world.sent) == sorted([first[0], *first])
    assert {state for state, _, _ in desk.world.states()} == {"sent"}


def test_F64_an_endpoint_gets_by_replay_what_was_before_it(desk: Desk) -> None:
    desk.world.endpoints = (endpoint("late", "workers/chibi"),)
    desk.world.deliverer = desk.world.sender()
    desk.world.work()
    assert desk.world.rows("late") == []
    assert desk.replay("late").json()["queued"] == 2
    desk.world.work()
    assert [row.position for row in desk.world.rows("late")] == [5, 11]


def test_a_city_sends_its_own_notices_again_and_no_others(desk: Desk) -> None:
    desk.world.sent.clear()
    assert desk.replay("province", who="auditor city:jinzhou").json()["queued"] == 3
    desk.world.work()
    again = {one for _, one in desk.world.sent}
    assert {row.recipient for row in desk.world.rows("province") if row.id in again} == {
        "community/binhe",
        "finance/jinzhou",
        "worker/w-3",
    }


@pytest.mark.parametrize("path", ["/webhooks/replays", "/webhooks/redrives"])
def test_P23_an_endpoint_of_another_city_is_not_there(desk: Desk, path: str) -> None:
    body: dict[str, Any] = {"endpoint": "jinzhou"}
    if path.endswith("replays"):
        body |= {"from_position": 0, "to_position": 100}
    for who in (ADMIN, "auditor street:taihe", "admin community:binhe"):
        refused = desk.ask("POST", path, who, body)
        assert (refused.status_code, refused.json()["code"]) == (404, "not-found")
        unknown = desk.ask("POST", path, who, body | {"endpoint": "nobody"})
        assert (unknown.status_code, unknown.json()) == (404, refused.json())


def test_F74_the_dead_are_tried_again_with_all_their_attempts_before_them(desk: Desk) -> None:
    desk.world.answers["finance"] = "500"
    desk.replay()
    for _ in range(ATTEMPTS_AT_MOST + 1):
        desk.world.work(hours=12)
    assert desk.states()["finance"]["dead"] == 2
    desk.world.answers.clear()
    answer = desk.ask("POST", "/webhooks/redrives", body={"endpoint": "finance"})
    assert (answer.status_code, answer.json()) == (200, {"endpoint": "finance", "queued": 2})
    assert {row.attempts for row in desk.world.rows("finance")} == {0}
    desk.world.work()
    assert desk.states()["finance"] == desk.states()["finance"] | {"dead": 0, "pending": 0}
    assert {state for state, _, _ in desk.world.states("finance")} == {"sent"}


def test_the_same_key_gives_the_same_answer_and_one_effect(desk: Desk) -> None:
    once, again = desk.replay(key="k-1"), desk.replay(key="k-1")
    assert once.json() == again.json() == {"endpoint": "finance", "queued": 2}
    assert "Idempotency-Replayed" not in once.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    desk.world.work()
    assert desk.replay(key="k-1").json()["queued"] == 2
    assert {state for state, _, _ in desk.world.states("finance")} == {"sent"}
    assert desk.replay(key="k-1", subject="wu").json()["queued"] == 2, "a key is one's own"


def test_a_key_with_another_request_is_refused_and_a_refusal_is_not_kept(desk: Desk) -> None:
    assert desk.replay(key="k-1").status_code == 200
    other = desk.replay(last=5, key="k-1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert desk.replay(first=5, last=4, key="k-2").status_code == 422
    assert desk.replay(first=4, last=5, key="k-2").status_code == 200


def test_a_request_without_a_key_is_refused(desk: Desk) -> None:
    token = mint(Principal("li", Role.ADMIN, parse_scope("city:chibi")), KEY, now=datetime.now(UTC))
    body = json.dumps({"endpoint": "finance"})
    refused = desk.client.post("/webhooks/redrives", headers={"Authorization": f"Bearer {token}"}, content=body)
    assert (refused.status_code, refused.json()["code"]) == (400, "idempotency-key-missing")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"endpoint": "finance", "from_position": 5, "to_position": 4}, "/to_position"),
        ({"endpoint": "finance", "from_position": -1, "to_position": 4}, "/from_position"),
        ({"endpoint": "finance", "from_position": 0}, "/to_position"),
        ({"endpoint": "finance", "from_position": 0, "to_position": 2**60}, "/to_position"),
        ({"endpoint": "../x", "from_position": 0, "to_position": 4}, "/endpoint"),
        ({"endpoint": "finance", "from_position": 0, "to_position": 4, "url": "http://x"}, "/url"),
    ],
)
def test_a_range_that_is_none_is_refused_by_name(desk: Desk, body: dict[str, Any], pointer: str) -> None:
    refused = desk.ask("POST", "/webhooks/replays", body=body)
    assert (refused.status_code, refused.json()["pointer"]) == (422, pointer)


def test_a_range_with_too_many_notices_is_refused_with_a_shorter_one(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redelivery, "REPLAYED_AT_MOST", 1)
    refused = desk.replay()
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid-body")
    assert "ask up to 10 first" in refused.json()["remedy"]
    assert desk.replay(last=10).json()["queued"] == 1


def test_an_attempt_from_before_a_replay_decides_nothing_after_it(desk: Desk) -> None:
    desk.replay()
    slow = Deliveries(desk.world.engine, desk.world.clock)
    claimed = slow.claim("finance", lease_seconds=LEASE)
    assert claimed is not None
    desk.world.work(seconds=LEASE)
    assert desk.replay().json()["queued"] == 2
    assert slow.claim("finance", lease_seconds=LEASE) is not None
    assert slow.settle(claimed, "dead", "too late") is False
    assert {state for state, _, _ in desk.world.states("finance")} == {"pending"}
