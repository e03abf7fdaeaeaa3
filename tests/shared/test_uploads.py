"""A file that comes in is on disk, not in memory, and no sender of one can keep the place of others."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from shared import uploads
from shared.health import Health
from shared.refusing import add_problem_handlers
from shared.uploads import spool
from shared.watching import Watched

PART = b"x" * 64 * 1024
Parts = Callable[[], AsyncIterator[bytes]]


async def take(request: Request) -> PlainTextResponse:
    async with asynccontextmanager(spool)(request):
        return PlainTextResponse(str(len(request.state.upload.file.read())))


async def hold(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


def watched(most_bytes: int) -> Watched:
    app = Starlette(routes=[Route("/take", take, methods=["POST"]), Route("/hold", hold, methods=["POST"])])
    add_problem_handlers(app)
    return Watched(app, Health(live={}, ready={}), most_bytes=most_bytes)


async def post(app: Watched, path: str, parts: AsyncIterator[bytes]) -> tuple[int, bytes]:
    """One request as a server hands it over; its status and body."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        part = await anext(parts, None)
        return {"type": "http.request", "body": part or b"", "more_body": part is not None}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": [], "state": {}}
    await app({**scope, "http_version": "1.1", "root_path": "", "scheme": "http"}, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


async def some(count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield PART


def test_a_file_may_be_larger_than_all_bodies_together() -> None:
    """P19: what is on disk is held by nobody; a body that stays in memory is, and has its bound beside it."""

    async def both(path: str) -> tuple[int, bytes]:
        app, go_on = watched(8 * len(PART)), asyncio.Event()

        async def dawdling() -> AsyncIterator[bytes]:
            yield PART
            yield PART
            await go_on.wait()

        other = asyncio.create_task(post(app, "/hold", dawdling()))
        await asyncio.sleep(0.01)
        answer = await post(app, path, some(32))
        go_on.set()
        assert (await other)[0] == 200
        assert app._bytes == 0
        return answer

    assert asyncio.run(both("/take")) == (200, str(32 * len(PART)).encode())
    assert asyncio.run(both("/hold"))[0] == 503


def test_a_sender_who_stops_gives_the_place_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """P19: after a while without a byte, or when it takes too long in all."""

    async def never() -> AsyncIterator[bytes]:
        yield PART
        await asyncio.sleep(60)

    async def dripping() -> AsyncIterator[bytes]:
        while True:
            yield b"x"
            await asyncio.sleep(0.01)

    for bound, parts in (("IDLE_SECONDS", never), ("UPLOAD_SECONDS", dripping)):
        with monkeypatch.context() as sooner:
            sooner.setattr(uploads, bound, 0.05)
            status, body = asyncio.run(post(watched(2**20), "/take", parts()))
        assert (status, b"body-timeout" in body) == (408, True)
    assert uploads.Upload._open == 0


def test_a_file_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """P19: also where nothing said before how large it is."""
    monkeypatch.setattr(uploads, "MAX_UPLOAD_BYTES", 3 * len(PART))
    assert asyncio.run(post(watched(2**20), "/take", some(3)))[0] == 200
    status, body = asyncio.run(post(watched(2**20), "/take", some(4)))
    assert (status, b"body-too-large" in body) == (413, True)
    assert uploads.Upload._open == 0
