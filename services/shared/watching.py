"""Every request of a process, seen from outside the application: bounded, counted, timed, told and traced."""

import re
from collections.abc import Callable, MutableMapping
from time import perf_counter
from typing import Any
from uuid import uuid4

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import logs, traces
from shared.health import Health
from shared.problems import MEDIA_TYPE, encode
from shared.refusal import Refused
from shared.telemetry import HTTP_REQUEST_SECONDS, REFUSALS

MOST_AT_ONCE = 128
"""Requests in one process at a time; what is small of each is bounded by their number."""
MOST_BYTES_HELD = 8 * 1024 * 1024
"""What all requests of a process together hold beyond `_LARGE` each: of bodies that came, of answers not taken yet.

What is made of a body while it is worked on may be ten times as large. Who alone holds more than `_LARGE` has room for
whatever it is, so that no answer is too large for ever.
"""
_LARGE = 64 * 1024
"""What a request holds up to here is not counted, so that a large answer, slowly read, keeps nobody from a command.

A smaller answer is out of our hands as soon as it is sent; what is left of a larger one waits for its reader.
"""

UNMATCHED = "unmatched"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_REQUEST_ID = re.compile(r"(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\Z")
"""Forms that ingresses make; anything freer could carry a name into the log."""

_LETTING_GO = "workforce.letting_go"
_UNWATCHED = ("/health/", "/metrics")


def told(scope: MutableMapping[str, Any], **fields: str | int) -> None:
    """Have the line about the request of this scope say these fields, too: ids, positions, counts."""
    scope.setdefault("state", {}).setdefault("told", {}).update(fields)


def let_go(scope: MutableMapping[str, Any], size: int) -> None:
    """So many bytes of the body of this scope's request are held no longer: they were written to a file."""
    letting_go: Callable[[int], None] | None = scope.get(_LETTING_GO)
    if letting_go is not None:
        letting_go(size)


class Watched:
    """The application with at most so many requests, and bytes of them, at once; beyond them 503, and come again."""

    def __init__(
        self, app: ASGIApp, health: Health, most_at_once: int = MOST_AT_ONCE, most_bytes: int = MOST_BYTES_HELD
    ) -> None:
        self._app = app
        self._health = health
        self._most = most_at_once
        self._most_bytes = most_bytes
        self._under_way = 0
        self._bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(_UNWATCHED):
            await self._app(scope, receive, send)
            return
        seen = _Seen(scope)
        self._under_way += 1
        try:
            if traces.on():
                with traces.span("request", parent=seen.header(b"traceparent")) as attributes:
                    await self._answer(seen, receive, send)
                    attributes |= {"http.request.method": seen.method, "http.route": seen.route}
                    attributes |= {"http.response.status_code": seen.status, "request_id": seen.request_id}
            else:
                await self._answer(seen, receive, send)
        finally:
            self._under_way -= 1
            self._bytes -= seen.large
            seen.over()

    async def _answer(self, seen: "_Seen", receive: Receive, send: Send) -> None:
        async def receiving() -> Message:
            message = await receive()
            if not self._holds(seen, len(message.get("body", b""))):
                raise _too_many("bodies")
            return message

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.start = message
            elif message["type"] == "http.response.body" and not seen.replaced:
                await self._send(seen, message, send)

        def letting_go(size: int) -> None:
            self._bytes -= seen.large
            seen.bytes -= size
            self._bytes += seen.large

        seen.scope[_LETTING_GO] = letting_go
        if self._under_way > self._most:
            for part in _parts_of(_too_many("requests")):
                await sending(part)
        else:
            await self._app(seen.scope, receiving, sending)

    async def _send(self, seen: "_Seen", message: Message, send: Send) -> None:
        """A part of the answer, after its beginning; a large last part is ours until its reader has taken it."""
        waited_for = len(message.get("body", b"")) > _LARGE and not message.get("more_body", False)
        if seen.start is not None:
            if waited_for and not self._holds(seen, len(message["body"])):
                seen.start, message = _parts_of(_too_many("answers"))
                seen.replaced, waited_for = True, False
            await send(self._begun(seen, seen.start))
            seen.start = None
        if waited_for:
            await send({**message, "more_body": True})
            message = {"type": "http.response.body", "body": b""}
        await send(message)

    def _begun(self, seen: "_Seen", start: Message) -> Message:
        seen.status = start["status"]
        headers = [*start.get("headers", ()), (b"x-request-id", seen.request_id.encode())]
        if self._health.leaving:
            headers.append((b"connection", b"close"))
        seen.position = _value(headers, b"ledger-position")
        return {**start, "headers": headers}

    def _holds(self, seen: "_Seen", size: int) -> bool:
        """Whether there is room for so many bytes more, which then are this request's until it is over."""
        of_others = self._bytes - seen.large
        grown = max(0, seen.bytes + size - _LARGE)
        if of_others and grown and of_others + grown > self._most_bytes:
            return False
        seen.bytes += size
        self._bytes = of_others + grown
        return True


class _Seen:
    """What is known of one request."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.began = perf_counter()
        self.method = scope["method"] if scope["method"] in _METHODS else "other"
        self.status = 500
        self.position = ""
        self.bytes = 0
        self.start: Message | None = None
        self.replaced = False
        given = self.header(b"x-request-id").lower()
        self.request_id = given if _REQUEST_ID.match(given) else uuid4().hex

    def header(self, name: bytes) -> str:
        """A header of the request, empty when it is not there."""
        return _value(self.scope["headers"], name)

    @property
    def large(self) -> int:
        """The bytes it holds that are counted."""
        return max(0, self.bytes - _LARGE)

    @property
    def route(self) -> str:
        """The template of the route, known once it has been found."""
        route = getattr(self.scope.get("route"), "path", None)
        return UNMATCHED if route is None else f"{self.scope.get('root_path', '')}{route}"

    def over(self) -> None:
        """Count, time and tell it."""
        route, seconds = self.route, perf_counter() - self.began
        service = "none" if route == UNMATCHED else route.split("/")[1] or "none"
        HTTP_REQUEST_SECONDS.labels(service, self.method, route, self.status).observe(seconds)
        if logs.wanted():
            more = self.scope.get("state", {}).get("told", {})
            logs.tell(
                "request",
                request_id=self.request_id,
                method=self.method,
                route=route,
                status=self.status,
                ms=round(seconds * 1000, 1),
                position=int(self.position) if self.position.isdecimal() else None,
                **more,
            )


def _value(headers: Any, name: bytes) -> str:
    for each, value in headers:
        if each == name:
            return str(value.decode("latin-1"))
    return ""


def _too_many(what: str) -> Refused:
    return Refused("busy", f"too many {what} at once", remedy="send the same request again shortly")


def _parts_of(refused: Refused) -> tuple[Message, Message]:
    """The refusal's answer as ASGI sends it."""
    status, body = encode(refused)
    REFUSALS.labels(refused.code).inc()
    headers: list[tuple[bytes, bytes]] = [
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"retry-after", b"1"),
    ]
    return (
        {"type": "http.response.start", "status": status, "headers": headers},
        {"type": "http.response.body", "body": body},
    )
