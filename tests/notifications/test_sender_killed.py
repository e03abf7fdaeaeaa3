"""A real sender process, killed at random moments: nothing lost, one row each, one duplicate a crash (F73, P7)."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, func, make_url, select
from tests.notifications.samples import Log, hired
from tests.notifications.sender import NAME
from tests.notifications.sink import SECRET, Sink, sink

from notifications.deliveries import SENT, Deliveries
from notifications.outbox import Outbox
from notifications.tables import NOTICES, WEBHOOK_DELIVERIES
from notifications.webhooks import delivery_id
from shared.webhook_endpoints import Endpoint

pytestmark = pytest.mark.campaign

SENDER = Path(__file__).with_name("sender.py")
OFFICE = "community/xinhua"
KILLS = 12
BATCH = 25
LEASE_SECONDS = 0.5
DEADLINE_SECONDS = 60.0


class Killed:
    """An outbox that fills, a receiver, and senders that start and are killed."""

    def __init__(self, address: str, receiver: Sink) -> None:
        self.receiver = receiver
        self.engine: Engine = create_engine(address)
        self.outbox = Outbox(self.engine)
        self.log = Log()
        endpoint = Endpoint(name=NAME, url=receiver.url, secret=SECRET, recipients=(OFFICE,))
        Deliveries(self.engine).announce([endpoint])
        command = [sys.executable, str(SENDER), address, receiver.url, SECRET, OFFICE, str(LEASE_SECONDS)]
        self._starter = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._senders: list[int] = []
        assert self._said() == "ready"

    def tell(self, count: int) -> None:
        """So many more notices to the office."""
        for _ in range(count):
            number = len(self.log.events)
            self.log.record(f"worker/w-{number}", hired(f"w-{number}"))
        self.outbox.catch_up(self.log)

    def start(self) -> None:
        """One more sender."""
        assert self._starter.stdin is not None
        print("start", file=self._starter.stdin, flush=True)
        self._senders.append(int(self._said()))

    def kill(self) -> None:
        """SIGKILL to the one that has run longest."""
        os.kill(self._senders.pop(0), signal.SIGKILL)

    def sent(self) -> int:
        """How many rows say so."""
        wanted = select(func.count()).where(WEBHOOK_DELIVERIES.c.state == SENT)
        with self.engine.connect() as connection:
            return int(connection.execute(wanted).scalar_one())

    def wait(self, until: Callable[[], bool]) -> None:
        """Until it is so."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not until():
            assert time.monotonic() < deadline, f"{self.sent()} of {len(self.log.events)} sent"
            time.sleep(0.02)

    def check(self, *, duplicates_at_most: int) -> None:
        """Every notice to the office has one row, arrived signed, and hardly any arrived twice."""
        offices = select(NOTICES.c.id).where(NOTICES.c.recipient == OFFICE)
        with self.engine.connect() as connection:
            wanted = {delivery_id(one, NAME) for one in connection.execute(offices).scalars()}
            rows = list(connection.execute(select(WEBHOOK_DELIVERIES.c.id)).scalars())
        arrived = self.receiver.ids
        assert sorted(rows) == sorted(wanted)
        assert set(arrived) == wanted
        assert len(wanted) == len(self.log.events)
        assert len(arrived) - len(wanted) <= duplicates_at_most
        assert self.receiver.unsigned == []

    def close(self) -> None:
        """End every sender that still runs."""
        while self._senders:
            self.kill()
        self._starter.communicate(timeout=10)
        self.engine.dispose()

    def _said(self) -> str:
        assert self._starter.stdout is not None
        return self._starter.stdout.readline().strip()


def address_of(database: str, folder: Path) -> str:
    """As SQLAlchemy takes it."""
    if not database:
        return f"sqlite:///{folder / 'notifications.db'}"
    return make_url(database).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def test_F73_a_sender_killed_at_random_loses_nothing_and_repeats_one_notice_a_crash_at_most(
    each_database: str, tmp_path: Path
) -> None:
    moments = random.Random(20200918)
    with sink(seconds=lambda: moments.uniform(0.0, 0.02)) as receiver:
        killed = Killed(address_of(each_database, tmp_path), receiver)
        try:
            for _ in range(KILLS):
                killed.tell(BATCH)
                before = len(receiver.ids)
                killed.start()
                killed.wait(lambda before=before: len(receiver.ids) > before)  # type: ignore[misc]
                time.sleep(moments.uniform(0.0, 0.3))
                killed.kill()
            killed.start()
            killed.wait(lambda: killed.sent() == len(killed.log.events))
            killed.check(duplicates_at_most=KILLS)
        finally:
            killed.close()


@pytest.mark.postgres
def test_F73_two_senders_at_once_send_nothing_twice_and_one_that_is_killed_repeats_one_notice_at_most(
    postgres_address: str, tmp_path: Path
) -> None:
    moments = random.Random(20201001)
    with sink(seconds=lambda: moments.uniform(0.0, 0.01)) as receiver:
        killed = Killed(address_of(postgres_address, tmp_path), receiver)
        try:
            killed.start()
            killed.start()
            killed.tell(200)
            killed.wait(lambda: killed.sent() == 200)
            killed.check(duplicates_at_most=0)
            for _ in range(3):
                killed.tell(100)
                time.sleep(moments.uniform(0.2, 0.8))
                killed.kill()
                killed.start()
            killed.wait(lambda: killed.sent() == len(killed.log.events))
            killed.check(duplicates_at_most=3)
        finally:
            killed.close()
