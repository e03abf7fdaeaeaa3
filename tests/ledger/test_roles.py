"""P23: who may do what is what the table says; everything else is denied, and another's place is not there."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from tests.ledger.given import KEYS, Front, Town, bearer, command, problem, seals

from shared.principals import Role

pytestmark = pytest.mark.campaign


@pytest.fixture(scope="module")
def quiet(front: Front, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A town that only has to answer; nothing is done in it."""
    opened = Town(tmp_path_factory.mktemp("quiet"), front=front)
    yield opened
    opened.close()


def path_of(template: str) -> str:
    return template.replace("{", "").replace("}", "").replace("_", "-")


def asked(town: Town, method: str, template: str, authorization: str | None) -> Any:
    headers = {} if authorization is None else {"Authorization": authorization}
    url = f"/ledger/v1{path_of(template)}"
    content = b"{" if method == "POST" else b""
    headers |= {"Idempotency-Key": "k", **seals(template.strip("/"), content)}
    return town.client.request(method, url, headers=headers, content=content)


def test_the_table_is_every_route_of_the_application(quiet: Town) -> None:
    """A route without a row fails the build; only the documentation stands outside."""
    rows = {(route.method, route.path) for route in quiet.service.state.table}
    served = {
        (method, route.path)
        for route in quiet.service.routes
        for method in getattr(route, "methods", None) or ()
        if method != "HEAD"
    }
    assert served - rows == {("GET", "/openapi.json"), ("GET", "/docs")}
    assert rows <= served
    assert len(rows) == len(quiet.service.state.table)


def test_every_row_lets_exactly_its_roles_through(quiet: Town) -> None:
    """P23: every route × every role; whoever passes the guard meets the next refusal, never 401 or 403."""
    walked = 0
    for route in quiet.service.state.table:
        assert route.roles
        for role in Role:
            response = asked(quiet, route.method, route.path, bearer(f"{role} city:nowhere"))
            if role in route.roles:
                assert response.status_code not in (401, 403), (route.path, role)
            else:
                assert problem(response)["code"] == "forbidden", (route.path, role)
            walked += 1
    assert walked == len(quiet.service.state.table) * len(Role)


def test_the_table_says_what_the_offices_are_for(quiet: Town) -> None:
    """P23: the published matrix, written down a second time."""
    runs = {
        "/run-drafts": {"finance", "admin"},
        "/run-approvals": {"approver"},
        "/run-closures": {"finance"},
        "/run-hand-overs": {"finance"},
        "/run-acknowledgements": {"finance"},
        "/run-reopenings": {"finance", "approver"},
        "/run-reopening-confirmations": {"approver"},
        "/run-engines": {"supervisor"},
    }
    others = {
        **runs,
        "/rebuild": {"admin", "auditor"},
        "/retro-limits": {"supervisor"},
        "/review-requests": {"admin", "supervisor", "worker"},
    }
    for route in quiet.service.state.table:
        roles = {str(role) for role in route.roles}
        if route.method == "POST":
            assert roles == others.get(route.path, {"admin", "supervisor"}), route.path
        elif route.path.endswith("/personal"):
            assert roles == {"admin", "worker"}
        elif route.path == "/payment-accounts":
            assert roles == {"finance"}
        elif route.path in ("/events", "/log"):
            assert roles == {"admin", "auditor"}
        elif route.path in ("/feed", "/feed/head"):
            assert roles == {"service"}
        elif route.path.startswith("/workers/"):
            assert roles == set(map(str, Role)) - {"service"}
        else:
            assert "worker" not in roles, route.path


def claims(**other: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    given = {
        "sub": "li",
        "role": "admin",
        "scope": "city:chibi",
        "iss": "workforce-ledger",
        "aud": "workforce",
        "iat": now,
        "exp": now + timedelta(minutes=5),
    }
    return {name: value for name, value in {**given, **other}.items() if value is not None}


def signed(key: bytes = KEYS.tokens, algorithm: str = "HS256", **other: Any) -> str:
    return "Bearer " + jwt.encode(claims(**other), key, algorithm=algorithm)


def none_algorithm() -> str:
    parts = [json.dumps({"alg": "none", "typ": "JWT"}), json.dumps(claims(iat=0, exp=2**31))]
    return "Bearer " + ".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts) + "."


TOKENS: dict[str, str | None] = {
    "none at all": None,
    "empty": "",
    "no token": "Bearer ",
    "garbage": "Bearer garbage",
    "three parts of garbage": "Bearer a.b.c",
    "bytes beyond ASCII": "Bearer \xe9\xff",
    "basic": "Basic bGk6bGk=",
    "the algorithm none": none_algorithm(),
    "another key": signed(b"x" * 32),
    "another algorithm": signed(KEYS.tokens * 2, "HS512"),
    "expired": signed(exp=datetime.now(UTC) - timedelta(seconds=1)),
    "from tomorrow": signed(iat=datetime.now(UTC) + timedelta(days=1)),
    "another audience": signed(aud="elsewhere"),
    "no audience": signed(aud=None),
    "another issuer": signed(iss="elsewhere"),
    "no expiry": signed(exp=None),
    "no subject": signed(sub=None),
    "a subject that is a number": signed(sub=7),
    "no role": signed(role=None),
    "an unknown role": signed(role="root"),
    "several roles": signed(role=["admin"]),
    "no scope": signed(scope=None),
    "an unknown scope": signed(scope="world:all"),
    "a scope without a place": signed(scope="city:"),
    "a scope that is a list": signed(scope=["city:chibi"]),
}


@pytest.mark.parametrize("token", TOKENS)
def test_without_a_valid_token_no_route_says_anything(quiet: Town, token: str) -> None:
    """P23: default deny, on every route, and the answer never says which part failed."""
    authorization = TOKENS[token]
    answers = set()
    for route in quiet.service.state.table:
        headers = {} if authorization is None else {"Authorization": authorization.encode("latin-1")}
        url = f"/ledger/v1{path_of(route.path)}"
        response = quiet.client.request(route.method, url, headers=headers, content=b"{")
        assert problem(response)["code"] == "unauthenticated", (token, route.path)
        assert response.headers["www-authenticate"] == "Bearer"
        answers.add(response.content)
    assert len(answers) == 1


# --- scope

OTHERS = ["admin city:jinzhou", "admin street:pufang", "admin community:jinqiao", "worker worker:nobody"]
THEIRS = ["admin city:chibi", "admin street:chimaguan", "admin community:xinhua"]


@pytest.mark.parametrize("who", OTHERS)
def test_a_worker_of_another_place_is_not_there(town: Town, who: str) -> None:
    """P23: another's scope is 404, in the words of what does not exist."""
    worker_id = town.hire("xinhua")
    for path in ("", "/history", "/personal"):
        missing = problem(town.ask(f"workers/nobody{path}", who=who, effective_on="2020-12-31"))
        found = problem(town.ask(f"workers/{worker_id}{path}", who=who, effective_on="2020-12-31"))
        assert found["status"] == 404
        if "worker:" not in who:
            assert {**missing, "detail": ""} == {**found, "detail": ""}
    if who.startswith("admin"):
        town.refuse("not-found", "regrades", worker_id=worker_id, grade=2, reason="晋级", who=who)
        town.refuse("not-found", "transfers", worker_id=worker_id, community_id="jinqiao", who=who)
        assert town.read("workers", city_id="chibi", effective_on="2020-12-31", who=who)["workers"] == []


@pytest.mark.parametrize("who", THEIRS)
def test_a_worker_of_ones_own_place_is_there(town: Town, who: str) -> None:
    worker_id = town.hire("xinhua")
    assert town.worker(worker_id, who=who)["worker_id"] == worker_id
    town.give("trainings", worker_id=worker_id, course="初任培训", hours=8, who=who)
    listed = town.read("workers", city_id="chibi", effective_on="2020-12-31", who=who)["workers"]
    assert [worker["worker_id"] for worker in listed] == [worker_id]


def test_a_worker_sees_only_themselves(town: Town) -> None:
    me, other = town.hire("xinhua"), town.hire("xinhua")
    who = f"worker worker:{me}"
    for path in ("", "/history", "/personal"):
        assert town.ask(f"workers/{me}{path}", who=who, effective_on="2020-12-31").status_code == 200
        assert town.ask(f"workers/{other}{path}", who=who, effective_on="2020-12-31").status_code == 404
    for path in ("workers", "communities/xinhua", "cities/chibi", "policies/chibi", "events", "log"):
        assert problem(town.ask(path, who=who, city_id="chibi"))["code"] == "forbidden"


@pytest.mark.parametrize("scope", ["city:chibi", "street:chimaguan", "community:xinhua"])
def test_the_role_of_a_worker_opens_no_place(town: Town, scope: str) -> None:
    """A token that gives a worker the scope of a place shows nobody: it says of no worker that it is them."""
    worker_id = town.hire("xinhua")
    for path in ("", "/history", "/personal"):
        assert town.ask(f"workers/{worker_id}{path}", who=f"worker {scope}").status_code == 404


def test_who_is_transferred_is_seen_by_the_new_place(town: Town) -> None:
    worker_id = town.hire("xinhua")
    town.give("transfers", "2020-11-01", worker_id=worker_id, community_id="huangjia")
    town.clock.pass_(days=60)
    assert town.worker(worker_id, who="admin community:huangjia")["community_id"] == "huangjia"
    assert town.ask(f"workers/{worker_id}", who="admin community:xinhua").status_code == 404


@pytest.mark.parametrize("who", ["admin street:chimaguan", "admin community:xinhua"])
def test_the_log_and_the_city_are_for_the_city(town: Town, who: str) -> None:
    for path in ("events", "log", "cities/chibi", "policies/chibi"):
        assert problem(town.ask(path, who=who))["code"] == "not-found"
    quota = {"category": "dedicated", "seats": 9}
    town.refuse("not-found", "city-quotas", city_id="chibi", **quota, who=who)
    town.refuse("not-found", "community-quotas", community_id="xinhua", **quota, who=who)
    town.refuse("not-found", "redraws", city_id="chibi", opened=[], closed=[], who=who)


def test_a_city_reads_its_own_events_only(town: Town) -> None:
    town.hire("xinhua")
    streams = {event["stream"] for event in town.read("events", limit=500, who="auditor city:jinzhou")["events"]}
    assert streams == {"city/jinzhou", "policy/jinzhou", "community/tianan"}


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("streets", {"city_id": "jinzhou", "street_id": "new", "title": "x"}),
        ("city-quotas", {"city_id": "jinzhou", "category": "dedicated", "seats": 99}),
        ("community-quotas", {"community_id": "tianan", "category": "dedicated", "seats": 3}),
        ("grids", {"community_id": "tianan", "grid_id": "new", "title": "x", "households": 1}),
        ("redraws", {"city_id": "jinzhou", "opened": [], "closed": []}),
        ("bases", {"jurisdiction": "jinzhou", "scheme": "ladder", "average_annual_wage": "1.00"}),
        ("payroll-openings", {"jurisdiction": "jinzhou", "first_month": "2020-10"}),
    ],
)
def test_nothing_is_done_in_another_city(town: Town, path: str, fields: dict[str, Any]) -> None:
    town.refuse("not-found", path, **fields)


def test_nobody_is_hired_into_or_moved_to_another_city(town: Town) -> None:
    town.refuse("not-found", "hires", **town.hiring("tianan"))
    town.refuse("not-found", "transfers", worker_id=town.hire(), community_id="tianan")


@pytest.mark.parametrize("path", ["run-drafts", "run-approvals", "run-closures"])
def test_a_run_of_another_city_is_not_there(town: Town, path: str) -> None:
    role = {"run-drafts": "finance", "run-approvals": "approver", "run-closures": "finance"}[path]
    which = {"jurisdiction": "jinzhou", "month": "2020-10", "sequence": 1, "digest": "a" * 64}
    figures = {"at_position": 1, "engine": "1", "lines": 0, "total_fen": 0, "payers": {}}
    given: dict[str, Any] = {"run-approvals": {}, "run-closures": figures}.get(
        path, {**figures, "suspense_fen": 0, "blockers": []}
    )
    response = town.send(path, command(**which, **given), who=f"{role} city:chibi")
    assert problem(response)["code"] == "not-found"


def test_a_street_id_is_one_street_for_everybody(town: Town) -> None:
    """P23: a token names its street by the id alone."""
    fields = {"city_id": "jinzhou", "street_id": "chimaguan", "title": "同名街道"}
    town.refuse("already-registered", "streets", **fields, who="admin city:jinzhou")


def test_a_transfer_to_come_opens_nothing_today(town: Town) -> None:
    """P23: the scope asks where somebody is today, not where they will be."""
    worker_id = town.hire(day="2020-09-19")
    town.give("transfers", "2099-01-01", worker_id=worker_id, community_id="huangjia")
    assert town.ask(f"workers/{worker_id}/personal", who="admin community:huangjia").status_code == 404
    assert town.ask(f"workers/{worker_id}/personal", who="admin community:xinhua").status_code == 200
