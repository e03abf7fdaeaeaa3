"""The one-process system sends webhooks where endpoints are configured, and does nothing of the kind without (F64)."""

import dataclasses
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.ledger.given import KEYS, PAPER, identity_number
from tests.notifications.sink import SECRET, Sink, sink

from shared.principals import Role
from shared.settings import Settings
from shared.webhook_endpoints import Endpoint
from workforce.client import Client
from workforce.serving import serving
from workforce.system import compose
from workforce.tokens import office_tokens

pytestmark = pytest.mark.campaign

HIRE: dict[str, Any] = {
    "community_id": "xinhua",
    "channel": "exam",
    "post": "dedicated",
    "education": "college",
    "person": {"name": "张三", "identity_number": identity_number()},
    "effective_date": "2020-10-01",
    "basis": PAPER,
}


@pytest.fixture
def receiver() -> Iterator[Sink]:
    with sink() as made:
        yield made


@pytest.fixture
def town(founded: Path, tmp_path: Path) -> Settings:
    """A founded town without endpoints."""
    return Settings(shutil.copytree(founded, tmp_path / "town"), "", "development", KEYS)


def hire_in(settings: Settings, receiver: Sink, wanted: int) -> None:
    """Serve the system, hire somebody, and wait until so much has arrived."""
    system = compose(settings)
    try:
        with serving(system) as url:
            client = Client(url, office_tokens(settings, "chibi"))
            client.command("/ledger/v1/hires", HIRE, role=Role.ADMIN)
            deadline = time.monotonic() + 20
            while len(receiver.ids) < wanted and time.monotonic() < deadline:
                time.sleep(0.05)
            client.http.close()
    finally:
        system.close()


def test_a_hire_is_told_to_the_endpoint_of_its_office_and_named_nowhere(town: Settings, receiver: Sink) -> None:
    office = Endpoint(name="office", url=receiver.url, secret=SECRET, recipients=("community/xinhua",))
    hire_in(dataclasses.replace(town, webhooks=(office,)), receiver, wanted=1)
    ((_, headers, body),) = receiver.arrived
    assert headers["content-type"] == "application/json"
    assert "office-joined" in body.decode()
    assert "张三" not in body.decode()
    assert identity_number() not in body.decode()
    assert receiver.unsigned == []


def test_without_endpoints_nothing_is_sent_and_no_sender_runs(town: Settings, receiver: Sink) -> None:
    hire_in(town, receiver, wanted=0)
    assert receiver.arrived == []
    system = compose(town)
    try:
        with serving(system):
            assert not [one.name for one in threading.enumerate() if "webhooks" in one.name]
    finally:
        system.close()
