"""A log, its outbox, two endpoints and a sender whose clock, chance and network the test holds in its hand."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, select
from tests.notifications.samples import Log, closed

from notifications.deliveries import Deliveries
from notifications.outbox import Outbox
from notifications.sending import Deliverer
from notifications.tables import WEBHOOK_DELIVERIES
from shared.webhook_endpoints import Endpoint

LEASE = 60


def endpoint(name: str, *recipients: str, url: str = "") -> Endpoint:
    """An endpoint with a secret of its own."""
    secret = "whsec_" + b64encode(name.encode().ljust(32, b"-")).decode()
    return Endpoint(name=name, url=url or f"http://{name}.example/hook", secret=secret, recipients=recipients)


FINANCE = endpoint("finance", "finance/chibi")
PEOPLE = endpoint("people", "workers/chibi", "finance/chibi")


class World:
    """`answers` gives each endpoint's outcome; `sent` is what arrived: (endpoint, webhook-id)."""

    def __init__(self, engine: Engine, *endpoints: Endpoint) -> None:
        self.engine = engine
        self.endpoints = endpoints or (FINANCE, PEOPLE)
        self.now = datetime(2020, 12, 1, tzinfo=UTC)
        self.log = Log()
        self.outbox = Outbox(engine)
        self.sent: list[tuple[str, str]] = []
        self.bodies: list[bytes] = []
        self.answers: dict[str, str] = {}
        self.deliverer = self.sender()

    def clock(self, _connection: Connection) -> datetime:
        return self.now

    def sender(self) -> Deliverer:
        """Another sender, as after a restart."""
        deliveries = Deliveries(self.engine, self.clock)
        return Deliverer(deliveries, self.endpoints, chance=lambda: 0.0, post=self.post, lease_seconds=LEASE)

    def post(self, url: str, headers: dict[str, str], body: bytes) -> str:
        name = url.removeprefix("http://").partition(".")[0]
        self.sent.append((name, headers["webhook-id"]))
        self.bodies.append(body)
        return self.answers.get(name, "204")

    def close_months(self, *months: str) -> None:
        """Each month's close is told to the finance office and to the workers."""
        for month in months:
            self.log.record(f"run/chibi/{month}/1", closed(month))
        self.outbox.catch_up(self.log)

    def work(self, **passed: float) -> None:
        """Let time pass, then attempt everything that is due."""
        self.now += timedelta(**passed)
        while self.deliverer.step():
            pass

    def rows(self, name: str = "") -> list[Any]:
        """The deliveries in log order."""
        found = select(WEBHOOK_DELIVERIES).order_by(WEBHOOK_DELIVERIES.c.position, WEBHOOK_DELIVERIES.c.id)
        with self.engine.connect() as connection:
            return [row for row in connection.execute(found) if row.endpoint == name or not name]

    def states(self, name: str = "") -> list[tuple[str, int, str]]:
        """(state, attempts, outcome) of the deliveries in log order."""
        return [(row.state, row.attempts, row.outcome) for row in self.rows(name)]
