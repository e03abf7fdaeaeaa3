"""One trace leads from a command to the payslip lines that it made, through the headers of its records."""

import time
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tests.ledger.given import PAPER, command, identity_number
from tests.shared.scripted import LogLines, Scripted, topic_of
from tests.workforce.conftest import Served

from payroll.projection import Projection
from shared.consuming import Consumer
from shared.envelope import Recorded, from_wire
from shared.principals import WHOLE_LOG, Principal, Role, parse_scope
from workforce.loops import Observed
from workforce.needs import Reader
from workforce.tokens import development_token

pytestmark = pytest.mark.campaign

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TRACE, CALLER = (int(part, 16) for part in PARENT.split("-")[1:3])
CLOSURE = "/payroll/v1/runs/{jurisdiction}/{month}/{sequence}/closure"
NAME, NUMBER = "张三", identity_number()
SAID = {
    "http.request.method",
    "http.route",
    "http.response.status_code",
    "request_id",
    "command",
    "command_id",
    "outcome",
    "position",
    "events",
    "repaired",
    "month",
    "lines",
}
"""What a span may say."""


def act(served: Served, path: str, role: Role, body: dict[str, Any], parent: str = "") -> dict[str, Any]:
    """An act of the month, each role another person, in a trace of the caller's own."""
    token = development_token(served.settings, Principal(f"{role}-1", role, parse_scope("city:chibi")))
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": path, "If-Match": "*", "traceparent": parent}
    answer = served.client.http.post(path, json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def closed_month(served: Served) -> None:
    """Somebody is hired, and October is drafted, approved, and closed in the caller's trace."""
    person = {"name": NAME, "identity_number": NUMBER}
    hire = {"community_id": "xinhua", "channel": "exam", "post": "dedicated", "education": "college", "person": person}
    act(served, "/ledger/v1/hires", Role.ADMIN, command("2020-10-01", **hire))
    opening = command("2020-10-01", jurisdiction="chibi", first_month="2020-10")
    act(served, "/ledger/v1/payroll-openings", Role.ADMIN, opening)
    act_of = {"effective_date": "2020-10-31", "basis": PAPER}
    draft = act(served, "/payroll/v1/runs", Role.FINANCE, {"jurisdiction": "chibi", "month": "2020-10", **act_of})
    run = "/payroll/v1/runs/chibi/2020-10/1"
    act(served, f"{run}/approval", Role.APPROVER, {"digest": draft["digest"], **act_of})
    act(served, f"{run}/closure", Role.FINANCE, act_of, PARENT)


def log_of(served: Served) -> list[Recorded]:
    """Every event, as a service reads it."""
    service = Principal("test", Role.SERVICE, WHOLE_LOG)
    headers = {"Authorization": f"Bearer {development_token(served.settings, service)}"}
    answer = served.client.http.get("/ledger/v1/feed", headers=headers)
    return [from_wire(line) for line in answer.content.splitlines()]


def consumed(log: list[Recorded]) -> None:
    """Payroll's consumer, with an empty database, takes the topic."""
    step = Consumer(Scripted([topic_of(log)]), Projection(), LogLines(log)).step()
    assert step.position == len(log) - 1
    Observed(Reader.PAYROLL, lambda: None)(step)


def named(exported: InMemorySpanExporter, name: str, **attributes: str) -> list[ReadableSpan]:
    """The spans of that name which say this; a request's ends when its answer has just been sent."""
    for _ in range(200):
        spans = [span for span in exported.get_finished_spans() if span.name == name]
        found = [span for span in spans if attributes.items() <= dict(span.attributes or {}).items()]
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError(f"no span is called {name}")


def above(span: ReadableSpan) -> tuple[int, int]:
    """(trace, span) that it is under."""
    assert span.parent is not None
    return span.context.trace_id, span.parent.span_id


def test_a_close_is_one_trace_from_the_request_to_the_lines_that_a_consumer_keeps(
    served: Served, exported: InMemorySpanExporter
) -> None:
    """F77: request → payroll's figures → the ledger's command → its event → the record's header → the lines."""
    closed_month(served)
    (request,) = named(exported, "request", **{"http.route": CLOSURE})
    (written,) = named(exported, "command run-closures", outcome="done")
    assert above(request) == (TRACE, CALLER)
    assert above(written) == (TRACE, request.context.span_id)
    for name, under in (("work out payslip lines", request), ("decide", written), ("append", written)):
        assert (TRACE, under.context.span_id) in [above(span) for span in named(exported, name) if span.parent], name

    log = log_of(served)
    (close,) = [recorded for recorded in log if recorded.type == "run.closed.v1"]
    (of_record,) = [dict(one.headers)["traceparent"].decode() for one in topic_of(log) if b"run.closed" in one.value]
    assert close.traceparent == of_record == f"00-{TRACE:032x}-{written.context.span_id:016x}-01"

    named(exported, "keep payslip lines")  # The system has a projection of its own, which is in the same trace.
    exported.clear()
    consumed(log)
    (kept,) = named(exported, "keep payslip lines", month="2020-10")
    assert above(kept) == (TRACE, written.context.span_id)
    assert (kept.attributes or {})["lines"] == close.event.lines > 0
    (batch,) = named(exported, "take payroll")
    assert written.context.span_id in {link.context.span_id for link in batch.links}


def test_no_span_says_who_or_how_much(served: Served, exported: InMemorySpanExporter) -> None:
    """P25: ids, positions, counts and months alone."""
    closed_month(served)
    consumed(log_of(served))
    named(exported, "request", **{"http.route": "/ledger/v1/feed"})
    spans = exported.get_finished_spans()
    said = {name: value for span in spans for name, value in dict(span.attributes or {}).items()}
    assert set(said) == SAID
    assert {event.name for span in spans for event in span.events} == set()
    text = "".join(span.to_json(indent=None) for span in spans)
    for secret in (NAME, NAME.encode("unicode_escape").decode(), NUMBER, PAPER["document"], "finance-1", "Bearer"):
        assert secret not in text


def test_an_event_of_a_command_outside_any_trace_carries_none(served: Served) -> None:
    """Tracing is not set up: nothing of it is stored, whatever the caller sends."""
    closed_month(served)
    log = log_of(served)
    assert {recorded.traceparent for recorded in log} == {""}
    assert all("traceparent" not in dict(one.headers) for one in topic_of(log))
