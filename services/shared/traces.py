"""Spans of what is done, from a command to the payslip line; nothing at all where tracing is not set up."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor
    from opentelemetry.trace import Link, SpanContext, Tracer

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})\Z")
_MOST_LINKS = 64


def _nothing() -> bool:
    return True


_tracer: Tracer | None = None
_flushed: Callable[[], bool] = _nothing


def configure(service: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Send spans to where OTEL_EXPORTER_OTLP_ENDPOINT says; whether they are, which takes the extra `telemetry`."""
    if not environ.get(ENDPOINT):
        return False
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        return False
    record_to(BatchSpanProcessor(OTLPSpanExporter()), service)
    return True


def record_to(processor: SpanProcessor, service: str) -> None:
    """Give every span of this process to the processor from now on."""
    global _tracer, _flushed
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider

    flush()
    provider = TracerProvider(resource=Resource.create({"service.name": f"workforce-{service}"}))
    provider.add_span_processor(processor)
    _tracer, _flushed = provider.get_tracer("workforce"), provider.force_flush


def flush() -> None:
    """Have everything sent that is recorded."""
    _flushed()


def stop() -> None:
    """Record nothing any more."""
    global _tracer, _flushed
    flush()
    _tracer, _flushed = None, _nothing


def on() -> bool:
    """Whether spans are recorded."""
    return _tracer is not None


@contextmanager
def span(
    name: str, *, parent: str = "", links: Iterable[str] = (), **attributes: str | int
) -> Iterator[dict[str, str | int]]:
    """A span around the context, under the `parent` traceparent or the span that is open here.

    What is put into the dictionary it gives becomes attributes, too: ids, positions, counts, never content. `links`
    are the traceparents of what it is about. An exception is recorded by its kind alone.
    """
    if _tracer is None:
        yield {}
        return
    from opentelemetry import trace

    above = trace.set_span_in_context(trace.NonRecordingSpan(found)) if (found := _context_of(parent)) else None
    with _tracer.start_as_current_span(
        name, above, links=_links(links), attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as opened:
        added: dict[str, str | int] = {}
        try:
            yield added
        except BaseException as error:
            opened.set_status(trace.Status(trace.StatusCode.ERROR, type(error).__name__))
            raise
        finally:
            opened.set_attributes(added)


def past(name: str, began_ns: int, links: Iterable[str], **attributes: str | int) -> None:
    """A span from then (nanoseconds since 1970) until now, known only afterwards; `links` as in `span`."""
    if _tracer is not None:
        opened = _tracer.start_span(name, links=_links(links), attributes=attributes, start_time=began_ns)
        opened.end()


def traceparent() -> str:
    """The W3C form of the span that is open here; empty without one."""
    if _tracer is None:
        return ""
    from opentelemetry import trace

    here = trace.get_current_span().get_span_context()
    return f"00-{here.trace_id:032x}-{here.span_id:016x}-{here.trace_flags:02x}" if here.is_valid else ""


def _links(traceparents: Iterable[str]) -> list[Link]:
    from opentelemetry.trace import Link

    found = map(_context_of, dict.fromkeys(traceparents))
    return [Link(one) for one in found if one is not None][:_MOST_LINKS]


def _context_of(text: str) -> SpanContext | None:
    match = TRACEPARENT.match(text)
    if match is None:
        return None
    from opentelemetry.trace import SpanContext, TraceFlags

    trace_id, span_id, flags = (int(part, 16) for part in match.groups())
    return SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(flags))
