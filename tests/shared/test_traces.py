"""Spans belong together over processes by their traceparent."""

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared import traces

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_a_span_is_under_the_one_that_is_open_or_under_the_parent_given(exported: InMemorySpanExporter) -> None:
    with traces.span("request", parent=PARENT), traces.span("command") as attributes:
        attributes["position"] = 7
        inside = traces.traceparent()
    command, request = exported.get_finished_spans()
    assert request.parent is not None
    assert command.parent is not None
    assert f"{request.parent.span_id:016x}" == "b7ad6b7169203331"
    assert command.parent.span_id == request.context.span_id
    assert f"{command.context.trace_id:032x}" == "0af7651916cd43dd8448eb211c80319c"
    assert inside == f"00-0af7651916cd43dd8448eb211c80319c-{command.context.span_id:016x}-01"
    assert dict(command.attributes or {}) == {"position": 7}


def test_a_span_is_linked_to_what_it_is_about(exported: InMemorySpanExporter) -> None:
    with traces.span("batch", links=[PARENT, "nothing", PARENT.replace("b7ad", "00ad")]):
        pass
    (batch,) = exported.get_finished_spans()
    assert [f"{link.context.span_id:016x}" for link in batch.links] == ["b7ad6b7169203331", "00ad6b7169203331"]


def test_an_exception_is_told_by_its_kind_alone(exported: InMemorySpanExporter) -> None:
    """P25."""
    with pytest.raises(ValueError, match="canary"), traces.span("command"):
        raise ValueError("canary")
    (span,) = exported.get_finished_spans()
    assert "canary" not in span.to_json()
    assert span.status.description == "ValueError"


def test_without_being_set_up_there_are_no_spans() -> None:
    with traces.span("request", parent=PARENT) as attributes:
        attributes["position"] = 1
        assert traces.traceparent() == ""
    assert not traces.on()


def test_spans_are_sent_only_where_somebody_named_a_place() -> None:
    assert not traces.configure("ledger", {})
    assert not traces.on()
