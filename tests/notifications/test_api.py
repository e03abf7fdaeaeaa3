"""The inbox over HTTP: everybody sees what concerns them, and nobody anything else (P23)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import create_engine
from tests.notifications.samples import Log, exceeded, hired, story, transferred

from notifications.api import app
from notifications.outbox import Outbox
from shared.auth import mint
from shared.principals import Principal, Role, parse_scope

pytestmark = pytest.mark.campaign

KEY = b"k" * 32
NOW = datetime(2020, 12, 1, tzinfo=UTC)


class Desk:
    """The service over a log, and whoever asks it."""

    def __init__(self, folder: Path) -> None:
        self.log = story()
        self.outbox = Outbox(create_engine(f"sqlite:///{folder / 'notifications.db'}"))
        service = app(self.outbox, self.log, token_key=KEY, now=lambda: NOW)
        self.client = TestClient(service, raise_server_exceptions=False)

    def ask(self, method: str, path: str, who: str = "", subject: str = "li", **headers: str) -> httpx.Response:
        """One request as `role scope`, e.g. `worker worker:w-1`; nobody when it is empty."""
        if who:
            role, scope = who.split()
            principal = Principal(subject, Role(role), parse_scope(scope))
            token = mint(principal, KEY, now=datetime.now(UTC), lifetime=timedelta(minutes=5))
            headers["Authorization"] = f"Bearer {token}"
        response: httpx.Response = self.client.request(method, path, headers=headers)
        return response

    def inbox(self, who: str, query: str = "", subject: str = "li") -> dict[str, Any]:
        response = self.ask("GET", f"/inbox{query}", who, subject)
        assert response.status_code == 200, response.text
        return dict(response.json())

    def recipients(self, who: str) -> set[str]:
        return {notice["recipient"] for notice in self.inbox(who)["notices"]}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.client.close()
    made.outbox.close()


@pytest.fixture(scope="module")
def quiet_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One desk for the tests that change nothing."""
    made = Desk(tmp_path_factory.mktemp("desk"))
    yield made
    made.client.close()
    made.outbox.close()


OFFICES = {"community/xinhua", "community/dongzhou"}


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        ("worker worker:w-1", {"worker/w-1", "workers/chibi"}),
        ("worker worker:w-3", {"worker/w-3", "workers/jinzhou"}),
        ("worker worker:nobody", set()),
        ("worker city:chibi", set()),
        ("worker community:xinhua", set()),
        ("worker community:w-1", set()),
        ("admin worker:w-1", set()),
        ("admin community:xinhua", {"community/xinhua"}),
        ("finance community:xinhua", {"community/xinhua"}),
        ("admin street:puqi", {"community/xinhua"}),
        ("admin city:chibi", OFFICES | {"workers/chibi"}),
        ("approver city:chibi", OFFICES | {"finance/chibi"}),
        ("finance city:chibi", OFFICES | {"finance/chibi"}),
        ("auditor city:chibi", OFFICES | {"finance/chibi", "workers/chibi"}),
        ("finance city:jinzhou", {"community/binhe", "finance/jinzhou"}),
        ("auditor city:atlantis", set()),
    ],
)
def test_everybody_sees_the_recipients_of_the_table_and_no_other(quiet_desk: Desk, who: str, seen: set[str]) -> None:
    assert quiet_desk.recipients(who) == seen


@pytest.mark.parametrize(
    ("who", "payers"),
    [
        ("finance city:chibi", ["city/chibi", "street/puqi"]),
        ("supervisor city:chibi", ["city/chibi", "street/puqi"]),
        ("admin street:puqi", ["street/puqi"]),
        ("admin street:chimagang", []),
        ("admin city:jinzhou", []),
        ("worker worker:w-1", []),
    ],
)
def test_a_year_beyond_its_budget_is_read_by_finance_and_by_who_decides_where_the_payer_is(
    desk: Desk, who: str, payers: list[str]
) -> None:
    """F21."""
    for payer in ("city/chibi", "street/puqi"):
        desk.log.record("policy/chibi", exceeded(payer))
    notices = [one for one in desk.inbox(who)["notices"] if one["template"] == "budget-exceeded"]
    assert sorted({one["body"].split()[1] for one in notices}) == payers


def test_reading_catches_up_with_the_log_and_says_the_position(desk: Desk) -> None:
    before = desk.ask("GET", "/inbox", "worker worker:w-1")
    desk.log.record("worker/w-1", transferred(), "2021-01-01")
    after = desk.ask("GET", "/inbox", "worker worker:w-1")
    assert len(after.json()["notices"]) == len(before.json()["notices"]) + 1
    assert after.headers["Ledger-Position"] == str(desk.log.head()) == str(after.json()["position"])


def test_a_notice_says_what_when_and_under_which_number(quiet_desk: Desk) -> None:
    first = quiet_desk.inbox("worker worker:w-1")["notices"][0]
    assert first["subject"] == "任职通知"
    assert (first["effective_date"], first["recorded_at"]) == ("2020-10-01", "2020-09-20T00:00:03.000000+00:00")
    assert (first["urgency"], first["channel"], first["command_id"], first["read_at"]) == ("normal", "inbox", "c-3", "")


def test_pages_follow_one_another(quiet_desk: Desk) -> None:
    whole = quiet_desk.inbox("auditor city:chibi")["notices"]
    first = quiet_desk.inbox("auditor city:chibi", "?limit=3")
    rest = quiet_desk.inbox("auditor city:chibi", f"?after={first['next']}")
    assert first["notices"] + rest["notices"] == whole
    assert rest["next"] is None


def test_what_was_read_is_no_longer_unread_for_this_reader(desk: Desk) -> None:
    who = "admin community:xinhua"
    first = desk.inbox(who, "?unread=true")["notices"][0]
    marked = desk.ask("POST", f"/inbox/{first['id']}/read", who)
    assert (marked.status_code, marked.json()["read_at"]) == (200, NOW.isoformat())
    assert first["id"] not in {one["id"] for one in desk.inbox(who, "?unread=true")["notices"]}
    assert first["id"] in {one["id"] for one in desk.inbox(who)["notices"]}
    assert first["id"] in {one["id"] for one in desk.inbox(who, "?unread=true", "wu")["notices"]}


def test_a_notice_of_somebody_else_is_not_there(desk: Desk) -> None:
    theirs = desk.inbox("worker worker:w-2")["notices"][0]["id"]
    for who in ("worker worker:w-1", "admin city:chibi", "auditor city:chibi"):
        refused = desk.ask("POST", f"/inbox/{theirs}/read", who)
        assert (refused.status_code, refused.json()["code"]) == (404, "not-found")
    assert desk.inbox("worker worker:w-2")["notices"][0]["read_at"] == ""


@pytest.mark.parametrize("path", ["/inbox?limit=0", "/inbox?limit=501", "/inbox?after=-2", "/inbox?unread=perhaps"])
def test_a_parameter_out_of_bounds_is_refused_by_name(quiet_desk: Desk, path: str) -> None:
    refused = quiet_desk.ask("GET", path, "worker worker:w-1")
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid-parameter")
    assert refused.json()["pointer"] == "/query/" + path.partition("?")[2].partition("=")[0]


def test_an_id_that_is_none_is_refused(quiet_desk: Desk) -> None:
    assert quiet_desk.ask("POST", "/inbox/%00/read", "worker worker:w-1").status_code == 422


EVERY_ROUTE = [
    ("GET", "/inbox"),
    ("POST", f"/inbox/{'0' * 64}/read"),
    ("GET", "/projection"),
    ("POST", "/rebuild"),
    ("GET", "/webhooks"),
    ("POST", "/webhooks/replays"),
    ("POST", "/webhooks/redrives"),
]


@pytest.mark.parametrize(("method", "path"), EVERY_ROUTE)
def test_without_a_token_nothing_is_shown(quiet_desk: Desk, method: str, path: str) -> None:
    refused = quiet_desk.ask(method, path)
    assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize(("method", "path"), EVERY_ROUTE)
def test_a_route_lets_pass_exactly_the_roles_of_its_row(quiet_desk: Desk, role: Role, method: str, path: str) -> None:
    people = set(Role) - {Role.SERVICE}
    allowed = {
        "/projection": people - {Role.WORKER},
        "/rebuild": {Role.ADMIN, Role.AUDITOR},
        "/webhooks": {Role.ADMIN, Role.AUDITOR},
        "/webhooks/replays": {Role.ADMIN, Role.AUDITOR},
        "/webhooks/redrives": {Role.ADMIN, Role.AUDITOR},
    }.get(path, people)
    status = quiet_desk.ask(method, path, f"{role} worker:w-1").status_code
    assert (status != 403) == (role in allowed)


def test_F12_a_rebuild_gives_the_live_digest_and_sends_nothing(desk: Desk) -> None:
    live = desk.ask("GET", "/projection", "auditor city:chibi").json()
    assert live["notices"] > 0
    compared = desk.ask("POST", "/rebuild", "auditor city:chibi").json()
    assert compared == {
        "position": live["position"],
        "notices": live["notices"],
        "live_digest": live["digest"],
        "rebuilt_digest": live["digest"],
        "equal": True,
        "sent": 0,
    }
    assert desk.outbox.count() == live["notices"]


def test_a_rebuild_sees_that_the_log_is_not_what_was_projected(desk: Desk) -> None:
    desk.inbox("auditor city:chibi")
    other = Log()
    other.record("worker/w-9", hired("w-9"))
    desk.log.events[3] = other.events[0]
    compared = desk.ask("POST", "/rebuild", "auditor city:chibi").json()
    assert compared["equal"] is False


def test_a_ledger_that_is_away_leaves_the_inbox_readable(desk: Desk) -> None:
    known = desk.inbox("worker worker:w-1")

    def away() -> int:
        raise httpx.ConnectError("no ledger")

    desk.log.head = away  # type: ignore[method-assign]
    assert desk.inbox("worker worker:w-1") == known


@pytest.mark.parametrize(("wanted", "status"), [("0", 200), ("12", 200), ("13", 503), ("soon", 422), ("-2", 422)])
def test_P8_who_has_seen_a_later_position_is_asked_to_wait(quiet_desk: Desk, wanted: str, status: int) -> None:
    given = quiet_desk.ask("GET", "/inbox", "worker worker:w-1", **{"X-Min-Position": wanted})
    assert given.status_code == status
    assert ("Retry-After" in given.headers) == (status == 503)


def test_the_openapi_document_describes_every_route(quiet_desk: Desk) -> None:
    document = quiet_desk.client.get("/openapi.json").json()
    assert {(method.upper(), path) for path, item in document["paths"].items() for method in item} == {
        ("GET", "/inbox"),
        ("POST", "/inbox/{notice_id}/read"),
        ("GET", "/projection"),
        ("POST", "/rebuild"),
        ("GET", "/webhooks"),
        ("POST", "/webhooks/replays"),
        ("POST", "/webhooks/redrives"),
    }
