"""A receiver of webhooks on this machine: notes what arrives, checks every signature, answers as it is told."""

import json
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook

SECRET = "whsec_" + b64encode(b"s" * 32).decode()

Answer = Callable[[str, int], int]
"""(webhook-id, how many times it came) → the status to answer with."""


@dataclass
class Sink:
    """What arrived, in order of arrival: (webhook-id, headers, body)."""

    url: str = ""
    arrived: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    unsigned: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def ids(self) -> list[str]:
        """The webhook-id of everything that arrived."""
        with self.lock:
            return [one for one, _, _ in self.arrived]

    @property
    def notices(self) -> list[str]:
        """The notice id of everything that arrived."""
        with self.lock:
            return [json.loads(body)["data"]["notice_id"] for _, _, body in self.arrived]

    def note(self, headers: dict[str, str], body: bytes, secret: str) -> int:
        """Note a request; the how manyth of its id it is."""
        webhook_id = headers.get("webhook-id", "")
        with self.lock:
            try:
                Webhook(secret).verify(body, headers)
            except Exception:
                self.unsigned.append(webhook_id)
            self.arrived.append((webhook_id, headers, body))
            return sum(one == webhook_id for one, _, _ in self.arrived)


@contextmanager
def sink(
    answer: Answer = lambda _id, _times: 204, *, secret: str = SECRET, seconds: Callable[[], float] = lambda: 0.0
) -> Iterator[Sink]:
    """A receiver for as long as the context lasts; it takes `seconds` before it answers."""
    made = Sink()

    class Receiving(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            if len(body := self.rfile.read(length)) < length:
                return  # The sender was killed half-way: this never arrived.
            times = made.note({name.lower(): value for name, value in self.headers.items()}, body, secret)
            time.sleep(seconds())
            try:
                self.send_response(answer(self.headers["webhook-id"], times))
                self.send_header("location", made.url)
                self.send_header("content-length", "0")
                self.end_headers()
            except OSError:
                pass  # The sender was killed meanwhile.

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiving)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    made.url = f"http://127.0.0.1:{server.server_port}/hook"
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
