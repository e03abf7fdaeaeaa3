"""The sender of webhooks as a process: it says how it is, sends, leaves when asked, and tells nothing secret (F64)."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.notifications.samples import Log, hired
from tests.notifications.sink import SECRET, Sink, sink
from tests.processes.apart import Process, wait_until

from notifications.outbox import Outbox
from notifications.redelivery import Redelivery, Replay, asked
from shared.database import engine

pytestmark = [pytest.mark.campaign, pytest.mark.postgres]

OFFICE = "community/xinhua"


@pytest.fixture
def receiver() -> Iterator[Sink]:
    with sink() as made:
        yield made


def test_a_sender_sends_what_comes_and_what_is_asked_for_again_and_leaves_when_asked(
    postgres_address: str, receiver: Sink, tmp_path: Path
) -> None:
    """P21 of how it ends, P25 of what it writes."""
    office = {"name": "office", "url": receiver.url, "secret": SECRET, "recipients": [OFFICE]}
    told = {"WORKFORCE_ENVIRONMENT": "production", "WORKFORCE_WEBHOOKS": json.dumps([office])}
    sender = Process(["deliver"], {**told, "WORKFORCE_DATABASE": postgres_address}, tmp_path / "deliver.log")
    made = engine(postgres_address, "notifications")
    try:
        sender.until_ready()
        log = Log()
        Outbox(made).apply([log.record(f"worker/w-{number}", hired(f"w-{number}")) for number in range(5)])
        wait_until(lambda: len(receiver.ids) == 5, "the hires are told")
        wait_until(lambda: sender.metric('workforce_webhook_deliveries_total{outcome="sent"}') == 5, "they are counted")
        assert [sender.probe(name)[0] for name in ("live", "ready", "started")] == [200, 200, 200]

        replay = Replay(endpoint="office", from_position=1, to_position=2)
        Redelivery(made).replay(replay, [OFFICE], asked("li", "k-1", "/", b""))
        wait_until(lambda: len(receiver.ids) == 7, "the range is sent again")
        assert sorted(map(receiver.ids.count, set(receiver.ids))) == [1, 1, 1, 2, 2]
    finally:
        made.dispose()
        assert sender.stop() == 0
    first = sender.lines("webhook")[0]
    assert (first["endpoint"], first["attempt"], first["outcome"], first["became"]) == ("office", 1, "204", "sent")
    assert not [secret for secret in (SECRET, receiver.url) if secret in sender.text]
    assert receiver.unsigned == []


@pytest.mark.parametrize("said", ["", "[]", '[{"url": "http://a.example"}]'])
def test_a_sender_without_a_sound_endpoint_says_which_setting_and_ends(said: str) -> None:
    told = {"WORKFORCE_DATABASE": "postgresql://127.0.0.1:1/nowhere", "WORKFORCE_WEBHOOKS": said}
    command = [sys.executable, "-m", "workforce", "deliver", "--port", "0"]
    refused = subprocess.run(command, env={**os.environ, **told}, capture_output=True, text=True, timeout=60)
    assert refused.returncode == 1
    assert "WORKFORCE_WEBHOOKS" in refused.stderr
