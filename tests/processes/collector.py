"""Where processes send their spans: an OpenTelemetry collector in small, which keeps what it is sent."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from tests.processes.apart import wait_until


class Collector:
    """Listens on a port of its own; `spans` are of which process, `bodies` what was sent, byte by byte."""

    def __init__(self) -> None:
        self.spans: list[tuple[str, Span]] = []
        self.bodies: list[bytes] = []
        collector = self

        class Receiving(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()
                collector.bodies.append(body)
                for of_process in ExportTraceServiceRequest.FromString(body).resource_spans:
                    named = {one.key: one.value.string_value for one in of_process.resource.attributes}
                    spans = (span for scope in of_process.scope_spans for span in scope.spans)
                    collector.spans.extend((named["service.name"], span) for span in spans)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Receiving)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def environment(self) -> dict[str, str]:
        """What a process is told to send its spans here, soon."""
        address = f"http://127.0.0.1:{self._server.server_port}"
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": address, "OTEL_BSP_SCHEDULE_DELAY": "100"}

    def until(self, trace_id: str, name: str, process: str, route: str = "") -> Span:
        """The one span of that name, and of that route, that the process sent of the trace; it sends when it likes."""

        def found() -> list[Span]:
            of_process = [span for service, span in self.spans if service == f"workforce-{process}"]
            of_name = [span for span in of_process if (span.trace_id.hex(), span.name) == (trace_id, name)]
            return [span for span in of_name if not route or _says(span, "http.route", route)]

        wait_until(lambda: bool(found()), f"{process} sent {name}", 20)
        (one,) = found()
        return one

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _says(span: Span, name: str, value: str) -> bool:
    return any((one.key, one.value.string_value) == (name, value) for one in span.attributes)


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector, until the context ends."""
    collector = Collector()
    try:
        yield collector
    finally:
        collector.close()
