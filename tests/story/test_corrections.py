"""A correction is an entry of its own, found from both sides."""

from typing import Any

import pytest

pytestmark = pytest.mark.story


def test_a_void_names_what_it_corrects_and_the_corrected_command_names_its_void(running: Any) -> None:
    """F32: no event changes another; the certificate voided in March is still in the log, with its correction."""
    (void,) = [
        event
        for event in running.client.pages("/ledger/v1/events", "events", limit=500)
        if event["type"] == "command.voided.v1"
    ]
    correction = running.client.read(f"/ledger/v1/commands/{void['command_id']}")
    corrected = running.client.read(f"/ledger/v1/commands/{correction['voids']}")
    assert corrected["voided_by"] == correction["command_id"]
    assert [event["type"] for event in corrected["events"]] == ["worker.qualified.v1"]


def test_acts_are_found_by_the_document_they_rest_on(running: Any) -> None:
    """F38."""
    paper = "赤民培〔2020〕2号"
    events = list(running.client.pages("/ledger/v1/events", "events", document=paper, limit=50))
    assert len(events) == 169
    assert {event["basis"]["document"] for event in events} == {paper}


def test_the_pages_of_the_feed_join_without_gap_or_repeat(running: Any) -> None:
    """F65: page by page, each event once, in the order of the log."""
    positions = [event["position"] for event in running.client.pages("/ledger/v1/events", "events", limit=500)]
    assert positions == list(range(running.client.read("/ledger/v1/log")["position"] + 1))
