"""The short way to a command answers as the long one through the framework does."""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.ledger.given import ADMIN, Town, bearer, command

from shared import http
from shared.direct import DirectlyServed

pytestmark = pytest.mark.campaign

GOOD = {"Authorization": bearer(ADMIN), "Idempotency-Key": "k", "If-Match": "*"}
TRAINED = {"course": "岗位培训", "hours": 8}


def without(name: str) -> dict[str, str]:
    return {header: value for header, value in GOOD.items() if header != name}


REQUESTS: dict[str, tuple[str, dict[str, str], Any]] = {
    "no token": ("trainings", without("Authorization"), TRAINED),
    "another role": ("trainings", {**GOOD, "Authorization": bearer("finance city:chibi")}, TRAINED),
    "a role that may only read": ("hires", {**GOOD, "Authorization": bearer("auditor city:chibi")}, {}),
    "no key": ("trainings", without("Idempotency-Key"), TRAINED),
    "a key that is too long": ("trainings", {**GOOD, "Idempotency-Key": "x" * 201}, TRAINED),
    "no version": ("trainings", without("If-Match"), TRAINED),
    "a version that is none": ("trainings", {**GOOD, "If-Match": "seven"}, TRAINED),
    "a version that is too long": ("trainings", {**GOOD, "If-Match": "7" * 101}, TRAINED),
    "a stale version": ("trainings", {**GOOD, "If-Match": '"9"'}, TRAINED),
    "no JSON": ("trainings", GOOD, b"{"),
    "another shape": ("trainings", GOOD, {"hours": "eight"}),
    "nobody": ("trainings", GOOD, {"worker_id": "nobody", **TRAINED}),
    "too large a body": ("trainings", GOOD, b" " * (http.MAX_BODY_BYTES + 1)),
    "no seal": ("run-closures", {**GOOD, "Authorization": bearer("finance city:chibi")}, {}),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_refusal_is_the_same(town: Town, name: str) -> None:
    """P23, F58: only what the framework says of a header's length is in its own words."""
    worker_id = town.hire()
    path, headers, fields = REQUESTS[name]
    content: dict[str, Any] = (
        {"content": fields} if isinstance(fields, bytes) else {"json": command(**{"worker_id": worker_id, **fields})}
    )
    short = town.client.post(f"/ledger/v1/{path}", headers=headers, **content)
    long = town.client.post(f"/ledger/v1/{path}?through=the-framework", headers=headers, **content)
    assert short.status_code >= 400
    assert short.status_code == long.status_code
    for part in ("code", "pointer", "title"):
        assert short.json()[part] == long.json()[part]
    for header in ("content-type", "www-authenticate"):
        assert short.headers.get(header) == long.headers.get(header)


def test_a_command_that_is_done_is_the_same(town: Town) -> None:
    worker_id = town.hire()
    answers = [
        town.client.post(
            f"/ledger/v1/trainings{query}",
            headers={**GOOD, "Idempotency-Key": key},
            json=command(worker_id=worker_id, **TRAINED),
        )
        for query, key in (("", "k-1"), ("?through=the-framework", "k-2"), ("", "k-2"))
    ]
    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert [sorted(answer.json()) for answer in answers[:2]] == [sorted(answers[0].json())] * 2
    assert answers[2].content == answers[1].content
    assert town.store.version(f"worker/{worker_id}") == 3


def test_a_bug_is_answered_and_told(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its text is not shown, and the server hears of it."""

    def broken(*_: Any) -> None:
        raise RuntimeError("li's number is 42")

    monkeypatch.setattr(town.front.executing, "execute", broken)
    for query in ("", "?through=the-framework"):
        answer = town.client.post(f"/ledger/v1/trainings{query}", headers=GOOD, json=command(worker_id="w", **TRAINED))
        assert (answer.status_code, answer.json()["code"]) == (500, "internal")
        assert "42" not in answer.text


def test_every_command_has_a_short_way(town: Town) -> None:
    service: Any = town.service
    assert isinstance(service, DirectlyServed)
    commands = {("POST", route.path) for route in service.state.table if route.planned}
    assert set(service.direct) == commands


def test_64_callers_are_at_the_store_at_once(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise they would wait for each other's threads, and not for the commit that they can share."""
    meeting, arrivals, append = threading.Barrier(64, timeout=20), itertools.count(), town.store.append

    def met(*arguments: Any, **rest: Any) -> Any:
        if next(arrivals) < 64:
            meeting.wait()
        return append(*arguments, **rest)

    monkeypatch.setattr(town.store, "append", met)
    fields = {"city_id": "chibi", "title": "新街道"}
    bodies = [command(street_id=f"s-{number}", **fields) for number in range(64)]
    with ThreadPoolExecutor(64) as pool:
        assert {answer.status_code for answer in pool.map(lambda body: town.send("streets", body), bodies)} == {201}
