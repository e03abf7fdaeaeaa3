"""A served system from outside: each request is told, counted and bounded, and nobody's words are in it."""

import io
import json
import logging
import re
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from tests.ledger.given import PAPER, identity_number
from tests.processes.apart import wait_until
from tests.workforce.conftest import Served

import workforce.serving
from shared import logs
from shared.health import Health
from shared.refusing import add_problem_handlers
from shared.watching import Watched
from workforce.serving import serving
from workforce.system import System

pytestmark = pytest.mark.campaign

REQUEST_ID = "0af76519-16cd-43dd-8448-eb211c80319c"


@pytest.fixture
def told() -> Iterator[io.BytesIO]:
    """What is written about the requests of one test."""
    root, level = logging.getLogger(), logging.getLogger().level
    kept, stream = list(root.handlers), io.BytesIO()
    logs.configure("json", stream=stream)
    yield stream
    logs.quiet()
    root.handlers, root.level = kept, level


def lines(stream: io.BytesIO, count: int) -> list[dict[str, Any]]:
    """That many lines about requests; a line is written when the answer has just been sent."""
    found: list[dict[str, Any]] = []
    for _ in range(200):
        found = [one for one in map(json.loads, stream.getvalue().splitlines()) if one["event"] == "request"]
        if len(found) >= count:
            break
        time.sleep(0.01)
    assert len(found) == count
    return found


def hire(name: str = "张三") -> dict[str, Any]:
    """A body that hires somebody."""
    person = {"name": name, "identity_number": identity_number()}
    fields = {"community_id": "xinhua", "channel": "exam", "post": "dedicated", "education": "college"}
    return {**fields, "person": person, "effective_date": "2020-10-01", "basis": PAPER}


def test_a_command_is_one_line_that_says_what_became_of_it(told: io.BytesIO, served: Served) -> None:
    headers = {"Authorization": f"Bearer {served.token()}", "Idempotency-Key": "k-1", "X-Request-Id": REQUEST_ID}
    answers = [served.client.http.post("/ledger/v1/hires", json=hire(), headers=headers) for _ in range(2)]
    done, again = lines(told, 2)
    assert done.pop("ms") > 0
    assert done.pop("timestamp")
    assert done == {
        "level": "info",
        "event": "request",
        "request_id": REQUEST_ID,
        "method": "POST",
        "route": "/ledger/v1/hires",
        "status": 201,
        "position": int(answers[0].headers["ledger-position"]),
        "command": "hires",
        "command_id": answers[0].json()["command_id"],
        "outcome": "done",
    }
    assert (again["outcome"], again["command_id"]) == ("replayed", done["command_id"])
    assert {answer.headers["x-request-id"] for answer in answers} == {REQUEST_ID}


def test_a_request_id_that_is_none_is_replaced(told: io.BytesIO, served: Served) -> None:
    """P25: whatever else is sent there could be a name."""
    for sent in ("canary", identity_number(), "", "a" * 31, "g" * 32):
        answer = served.client.http.get("/ledger/v1/log", headers={"X-Request-Id": sent})
        assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])
    assert len({line["request_id"] for line in lines(told, 5)}) == 5
    assert b"canary" not in told.getvalue()


def test_nothing_that_anybody_wrote_is_told_or_counted(told: io.BytesIO, served: Served) -> None:
    """P25: canaries in body, path, query and headers, with every kind of answer."""
    canary = "canary0f"
    http, token = served.client.http, served.token()
    planted = {
        **dict.fromkeys(("Cookie", "X-Forwarded-For", "Traceparent", "User-Agent"), f"Bearer {canary}"),
        "Idempotency-Key": canary,
        "If-Match": canary,
        "X-Min-Position": canary,
        "X-Request-Id": canary,
    }
    for authorization in (f"Bearer {token}", f"Bearer {canary}", ""):
        headers = {**planted, "Authorization": authorization}
        http.get(f"/ledger/v1/workers/{canary}?effective_on={canary}", headers=headers)
        http.get(f"/ledger/v1/workers/{canary}", headers={"Authorization": authorization})
        http.get(f"/payroll/v1/workers/{canary}/payslips/2020-11?known_at={canary}", headers=headers)
        http.get(f"/{canary}/{canary}?{canary}", headers=headers)
        http.get(f"/ledger/v1/static/{canary}", headers=headers)
        http.request("CANARY0F", "/ledger/v1/hires", headers=headers)
        http.post("/ledger/v1/hires", content=f'{{"{canary}": 1}}', headers=headers)
        http.post("/ledger/v1/hires", json=hire(canary), headers={**headers, "If-Match": "*"})
    assert {line["status"] for line in lines(told, 24)} == {201, 401, 404, 405, 422}
    counted = http.get("/metrics").text
    for text in (told.getvalue().decode(), counted):
        assert canary not in text.lower()
        assert identity_number() not in text
        assert token not in text


def test_requests_are_counted_by_the_template_of_their_route(served: Served) -> None:
    http, headers = served.client.http, {"Authorization": f"Bearer {served.token()}"}
    http.get("/ledger/v1/communities/xinhua", headers=headers)
    http.get("/payroll/v1/runs/chibi/2020-10/1", headers=headers)
    http.get("/nowhere/at/all")
    counted = http.get("/metrics").text
    for labels in (
        'method="GET",route="/ledger/v1/communities/{community_id}",service="ledger",status="200"',
        'method="GET",route="/payroll/v1/runs/{jurisdiction}/{month}/{sequence}",service="payroll",status="404"',
        'method="GET",route="unmatched",service="none",status="404"',
    ):
        assert f"workforce_http_request_seconds_count{{{labels}}}" in counted
    assert "xinhua" not in counted
    assert 'workforce_refusals_total{code="not-found"}' in counted


def test_probes_and_metrics_ask_for_no_token_and_are_not_told(told: io.BytesIO, served: Served) -> None:
    for probe in ("live", "ready", "started"):
        answer = served.client.http.get(f"/health/{probe}")
        assert (answer.status_code, answer.json()) == (200, {"status": "well"})
    assert served.client.http.get("/metrics").status_code == 200
    time.sleep(0.05)
    assert lines(told, 0) == []


def test_more_requests_than_a_process_holds_are_told_to_come_again() -> None:
    """P19: 503 with Retry-After, while the probes go on, and all is well once the others have ended."""
    go_on, arrived = threading.Event(), threading.Semaphore(0)

    def slow(_: Request) -> PlainTextResponse:
        arrived.release()
        go_on.wait(10)
        return PlainTextResponse("done")

    health = Health(live={}, ready={})
    bounded = Starlette(routes=[Mount("/x", Watched(Starlette(routes=[Route("/slow", slow)]), health, 3))])
    system = System(None, None, bounded, health, lambda: None)  # type: ignore[arg-type]
    with serving(system) as url, httpx.Client(base_url=url) as client, ThreadPoolExecutor(3) as pool:
        under_way = [pool.submit(client.get, "/x/slow") for _ in range(3)]
        for _ in under_way:
            assert arrived.acquire(timeout=10)
        refused = client.get("/x/slow")
        assert (refused.status_code, refused.headers["retry-after"], refused.json()["code"]) == (503, "1", "busy")
        go_on.set()
        assert [one.result(10).status_code for one in under_way] == [200, 200, 200]
        assert client.get("/x/slow").status_code == 200


def bounded_to(most_bytes: int) -> System:
    """A system that holds no more bytes, and answers what it was sent, or eight mebibytes."""

    async def echo(request: Request) -> PlainTextResponse:
        return PlainTextResponse(await request.body())

    routes = [Route("/echo", echo, methods=["POST"]), Route("/large", lambda _: PlainTextResponse("x" * 2**23))]
    health = Health(live={}, ready={})
    app = Starlette(routes=routes)
    add_problem_handlers(app)
    watched = Starlette(routes=[Mount("/x", Watched(app, health, most_bytes=most_bytes))])
    return System(None, None, watched, health, lambda: None)  # type: ignore[arg-type]


def unread(url: str) -> socket.socket:
    """Somebody who asks for the large answer, and does not read on when it begins."""
    idle = socket.socket()
    idle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    idle.connect(("127.0.0.1", int(url.rpartition(":")[2])))
    idle.sendall(b"GET /x/large HTTP/1.1\r\nHost: x\r\n\r\n")
    assert idle.recv(12) == b"HTTP/1.1 200"
    return idle


def test_more_bytes_than_a_process_holds_are_told_to_come_again() -> None:
    """P19: bodies on their way in and answers on their way out are counted while they are held, and no longer."""
    with serving(bounded_to(2**23 + 2**20)) as url, httpx.Client(base_url=url) as client:
        for _ in range(3):
            with unread(url):
                assert client.post("/x/echo", content=b"y" * 2**18).content == b"y" * 2**18
                for refused in (client.post("/x/echo", content=b"y" * (2**20 + 1)), client.get("/x/large")):
                    assert (refused.status_code, refused.json()["code"]) == (503, "busy")
                    assert refused.headers["retry-after"] == "1"
            wait_until(lambda: client.get("/x/large").status_code == 200, "it to be let go")


def test_a_request_alone_has_room_for_whatever_it_takes() -> None:
    """P19: no answer is too large for ever; an export waits for the others to be over."""
    with serving(bounded_to(2**20)) as url, httpx.Client(base_url=url) as client:
        for _ in range(3):
            assert len(client.get("/x/large").content) == 2**23
            assert client.post("/x/echo", content=b"y" * (2**20 + 1)).status_code == 200


def test_a_large_answer_that_is_read_slowly_keeps_nobody_from_an_ordinary_command() -> None:
    """P19: what is no larger than a command or a page of a few lines is bounded by the number of requests."""
    with serving(bounded_to(2**20)) as url, httpx.Client(base_url=url) as client, unread(url):
        for _ in range(3):
            assert client.post("/x/echo", content=b"y" * 2**15).status_code == 200
            assert client.post("/x/echo", content=b"y" * 2**17).status_code == 503


def test_an_answer_that_nobody_reads_is_let_go_with_its_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """P19: there is room for one; it is held until its reader has it, or has not touched it for too long."""
    monkeypatch.setattr(workforce.serving, "UNREAD_SECONDS", 1)
    with serving(bounded_to(2**23 + 2**22)) as url, httpx.Client(base_url=url) as client, unread(url):
        began, statuses = time.monotonic(), []
        time.sleep(0.2)
        while time.monotonic() < began + 20 and statuses[-1:] != [200]:
            time.sleep(0.1)
            statuses.append(client.get("/x/large").status_code)
        assert (statuses[0], statuses[-1]) == (503, 200)


def test_a_process_that_leaves_closes_the_connections_it_answers_on(served: Served) -> None:
    """P21: whoever keeps one open hears of it with the answer."""
    health = Health(live={}, ready={})
    app = Starlette(
        routes=[Route("/", lambda _: PlainTextResponse("here"))], middleware=[Middleware(Watched, health=health)]
    )
    with serving(System(None, None, app, health, lambda: None)) as url:  # type: ignore[arg-type]
        assert "connection" not in httpx.get(url).headers
        health.leaving = True
        assert httpx.get(url).headers["connection"] == "close"
