"""Payroll in front of the real ledger: what it is asked twice is done once, and only it can say what a run comes to."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient
from tests.ledger.given import KEYS, Town, bearer, command, problem

import payroll.api
from payroll.projection import Projection
from payroll.runs import Payroll
from shared.auth import seal, sealing_key

FINANCE, APPROVER = "finance city:chibi fang", "approver city:chibi pan"
RUN = "runs/chibi/2020-10/1"
Ask = Callable[..., httpx.Response]


@pytest.fixture
def ask(town: Town) -> Iterator[Ask]:
    with asking(town) as opened:
        yield opened


@contextmanager
def asking(town: Town) -> Iterator[Ask]:
    """Ask payroll for an act, as somebody under a key over a version; one worker is in service and payroll is open.

    Without a body, and with no key, it is a question.
    """
    town.give("payroll-openings", jurisdiction="chibi", first_month="2020-10")
    town.hire()
    projection = Projection()
    sealed = partial(seal, sealing_key(KEYS.tokens))
    app = payroll.api.app(Payroll(projection, town.store, town.client, town.clock, seal=sealed), token_key=KEYS.tokens)
    client = TestClient(Starlette(routes=[Mount(payroll.api.PREFIX, app)]))

    def post(path: str, who: str, key: str = "", if_match: str | None = "*", **fields: Any) -> httpx.Response:
        if not key:
            return client.get(f"{payroll.api.PREFIX}/{path}", headers={"Authorization": bearer(who)}, params=fields)
        headers = {"Authorization": bearer(who), "Idempotency-Key": key}
        if if_match is not None:
            headers["If-Match"] = if_match
        return client.post(f"{payroll.api.PREFIX}/{path}", json=command("2020-11-01", **fields), headers=headers)

    yield post
    projection.close()


def same(first: httpx.Response, again: httpx.Response) -> None:
    """The first answer once more, and it says so."""
    assert (first.status_code, again.status_code) == (201, 201), again.text
    assert again.content == first.content
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Ledger-Position"] == first.headers["Ledger-Position"]


def test_an_act_asked_for_again_after_a_hire_is_not_done_again(town: Town, ask: Ask) -> None:
    """F54, for payroll: the same key and the same body are the same request, although other figures would be sent."""
    draft = partial(ask, "runs", FINANCE, "d", jurisdiction="chibi", month="2020-10")
    first_draft = draft()
    approve = partial(ask, f"{RUN}/approval", APPROVER, "a", digest=first_draft.json()["digest"])
    first_approval = approve()
    town.hire()
    close = partial(ask, f"{RUN}/closure", FINANCE, "c")
    first_close = close()
    town.hire("jinqiao")
    head = town.store.head()
    for first, act in ((first_draft, draft), (first_approval, approve), (first_close, close)):
        same(first, act())
    assert town.store.head() == head


def test_a_draft_asked_for_again_before_anything_was_approved_is_the_first_one(town: Town, ask: Ask) -> None:
    draft = partial(ask, "runs", FINANCE, "d", jurisdiction="chibi", month="2020-10")
    first = draft()
    town.hire()
    same(first, draft())
    fresh = ask("runs", FINANCE, "d-2", jurisdiction="chibi", month="2020-10")
    assert fresh.json()["lines"] > first.json()["lines"]


def test_the_same_key_for_another_wish_is_refused(ask: Ask) -> None:
    ask("runs", FINANCE, "d", jurisdiction="chibi", month="2020-10")
    found = problem(ask("runs", FINANCE, "d", jurisdiction="chibi", month="2020-11"))
    assert (found["status"], found["code"]) == (422, "idempotency-key-reused")


def test_a_forged_run_is_refused_and_payroll_goes_on(town: Town, ask: Ask) -> None:
    """What the ledger was told by somebody else could never be worked out again, and payroll would stop at it."""
    which = {"jurisdiction": "chibi", "month": "2020-10", "sequence": 1, "digest": "a" * 64}
    figures = {"at_position": 7, "engine": "1", "lines": 2, "total_fen": 1, "payers": {"city/chibi": 1}}
    forged = command(**which, **figures, suspense_fen=0, blockers=[])
    unsealed = {"Payroll-Seal": ""}
    for path, who in (("run-drafts", FINANCE), ("run-approvals", APPROVER), ("run-closures", FINANCE)):
        assert problem(town.send(path, forged, who=who, headers=unsealed))["code"] == "forbidden"
    assert ask("runs", FINANCE, "d", jurisdiction="chibi", month="2020-10").status_code == 201


def test_a_run_is_read_with_its_version_and_acted_on_over_it(ask: Ask) -> None:
    """F56: the ETag of a run is the version of its stream; each act answers the next one."""
    drafted = ask("runs", FINANCE, "d", None, jurisdiction="chibi", month="2020-10")
    read = ask(RUN, FINANCE)
    assert (drafted.headers["ETag"], read.headers["ETag"], read.json()["run"]["version"]) == ('"1"', '"1"', 1)
    approved = ask(f"{RUN}/approval", APPROVER, "a", read.headers["ETag"], digest=drafted.json()["digest"])
    closed = ask(f"{RUN}/closure", FINANCE, "c", approved.headers["ETag"])
    assert (approved.headers["ETag"], closed.headers["ETag"], closed.status_code) == ('"2"', '"3"', 201)
    assert ask(f"{RUN}/closure", FINANCE, "c", approved.headers["ETag"]).content == closed.content


@pytest.mark.parametrize(("if_match", "code"), [(None, "precondition-required"), ("seven", "invalid-parameter")])
def test_an_act_on_a_run_says_which_version_it_was_decided_on(
    town: Town, ask: Ask, if_match: str | None, code: str
) -> None:
    """F56: 428 without If-Match, also for whoever is sent by payroll."""
    digest = ask("runs", FINANCE, "d", jurisdiction="chibi", month="2020-10").json()["digest"]
    head = town.store.head()
    found = problem(ask(f"{RUN}/approval", APPROVER, "a", if_match, digest=digest))
    assert (found["code"], found["pointer"]) == (code, "/headers/if-match")
    which = command(jurisdiction="chibi", month="2020-10", sequence=1, digest=digest)
    assert problem(town.send("run-approvals", which, who=APPROVER, if_match=if_match))["code"] == code
    assert town.store.head() == head


def test_a_run_that_moved_since_it_was_looked_at_is_shown_as_it_is_now(town: Town, ask: Ask) -> None:
    """F56: 412 with the current version and where to see what changed since, although the figures are the same."""
    first = ask("runs", FINANCE, "d", jurisdiction="chibi", month="2020-10")
    ask("runs", "finance city:chibi gao", "d-2", jurisdiction="chibi", month="2020-10")
    found = problem(ask(f"{RUN}/approval", APPROVER, "a", first.headers["ETag"], digest=first.json()["digest"]))
    assert (found["status"], found["code"], found["extra"]["current_version"]) == (412, "stale-version", 2)
    since = town.client.get(found["extra"]["changes"], headers={"Authorization": bearer(APPROVER)}).json()["events"]
    assert [(event["type"], event["version"]) for event in since] == [("run.drafted.v1", 2)]
