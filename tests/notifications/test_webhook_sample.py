"""The receiver of docs/webhooks.md, as it stands there, before the real sender (F64)."""

import json
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine
from tests.notifications.samples import story
from tests.notifications.sink import SECRET

from notifications.deliveries import Deliveries
from notifications.outbox import Outbox
from notifications.redelivery import Redelivery, Replay, asked
from notifications.sending import Deliverer
from notifications.webhooks import Payload, signed
from shared.telemetry import WEBHOOK_DELIVERIES
from shared.webhook_endpoints import Endpoint, read_endpoints
from workforce.schemas import schema_of

DOCUMENT = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text(encoding="utf-8")
FINANCE = "finance/chibi"


def block(language: str, number: int = 0) -> str:
    """A piece of code of the document."""
    found: list[str] = re.findall(rf"^```{language}\n(.*?)^```", DOCUMENT, flags=re.MULTILINE | re.DOTALL)
    return found[number]


@pytest.fixture
def receive(tmp_path: Path) -> Callable[[dict[str, str], bytes], int]:
    """The document's receiver, which begins anew with every message and has its database alone to remember by."""
    named: dict[str, Any] = {}
    exec(compile(block("python"), "docs/webhooks.md", "exec"), named)

    def received(headers: dict[str, str], body: bytes) -> int:
        receiver = named["Receiver"](SECRET, tmp_path / "receiver.db")
        with closing(receiver.database):
            return int(receiver.receive(headers, body))

    return received


@contextmanager
def served(receive: Callable[[dict[str, str], bytes], int], arrived: list[str]) -> Iterator[str]:
    """The receiver behind HTTP. Each message is taken the first time, and the connection lost before the answer."""

    class Serving(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status = receive(dict(self.headers), self.rfile.read(int(self.headers["content-length"])))
            arrived.append(self.headers["webhook-id"])
            if arrived.count(self.headers["webhook-id"]) > 1:
                self.send_response(status)
                self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Serving)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join(5)


def taken(folder: Path) -> list[tuple[int, str]]:
    """What the receiver acted on."""
    with closing(sqlite3.connect(folder / "receiver.db")) as database:
        return database.execute("SELECT position, subject FROM inbox ORDER BY position").fetchall()


def test_F64_the_receiver_of_the_document_takes_each_notice_once_though_answers_are_lost_and_a_range_is_sent_again(
    receive: Callable[[dict[str, str], bytes], int], tmp_path: Path
) -> None:
    engine, ahead = create_engine(f"sqlite:///{tmp_path / 'notifications.db'}"), [timedelta()]

    def clock(_: Connection) -> datetime:
        return datetime.now(UTC) + ahead[0]

    outbox, log, arrived = Outbox(engine), story(), list[str]()
    with served(receive, arrived) as url:
        endpoints = [Endpoint(name="finance", url=url, secret=SECRET, recipients=(FINANCE,))]
        deliverer = Deliverer(Deliveries(engine, clock), endpoints, chance=lambda: 0.0)
        outbox.catch_up(log)
        assert [deliverer.step(), deliverer.step(), deliverer.step()] == [1, 1, 0]
        first = taken(tmp_path)
        assert [position for position, _ in first] == [5, 11]
        ahead[0] = timedelta(seconds=10)
        assert [deliverer.step(), deliverer.step(), deliverer.step()] == [1, 1, 0]
        replay = Replay(endpoint="finance", from_position=0, to_position=11)
        queued, _ = Redelivery(engine, clock).replay(replay, [FINANCE], asked("li", "k-1", "/", b""))
        assert queued.queued == 2
        assert [deliverer.step(), deliverer.step(), deliverer.step()] == [1, 1, 0]
    assert len(arrived) == 6
    assert len(set(arrived)) == 2
    assert taken(tmp_path) == first
    engine.dispose()


def test_the_receiver_of_the_document_refuses_what_is_not_signed_or_old(
    receive: Callable[[dict[str, str], bytes], int],
) -> None:
    now, body = datetime.now(UTC), b'{"data": {"position": 1, "subject": "x"}}'
    right = signed("an-id", now, body, [SECRET])
    other = "whsec_" + "A" * 32
    for headers in (
        {},
        right | {"webhook-signature": "v1"},
        right | {"webhook-signature": "v1,%%%"},
        signed("an-id", now, body, [other]),
        signed("an-id", now - timedelta(minutes=6), body, [SECRET]),
    ):
        assert receive(headers, body) == 401
    assert receive(right, body + b" ") == 401
    assert receive({name.title(): value for name, value in right.items()}, body) == 204


def test_what_the_document_shows_of_a_message_is_its_shape_and_what_it_shows_of_settings_can_be_set() -> None:
    shown = json.loads(block("json", 1))
    assert list(shown) == list(Payload.__struct_fields__)
    assert list(shown["data"]) == list(schema_of(Payload, "webhook")["$defs"]["NoticeTold"]["properties"])
    (endpoint,) = read_endpoints(block("json", 0).replace("whsec_…", SECRET))
    assert endpoint.recipients == (FINANCE, "workers/chibi")


def test_the_document_names_the_outcomes_that_are_counted() -> None:
    assert f"{WEBHOOK_DELIVERIES._name}_total{{outcome}}" in DOCUMENT
