"""A line between a client and a server on this machine that is cut where a test says."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from sqlalchemy import make_url
from starlette.types import ASGIApp

ASKED, ANSWERED = "asked", "answered"

Cut = Callable[[str, bytes], int | None]
"""For each line: told a direction and what is about to pass, how many bytes of it still pass before it is cut; None for
all of it, and no cut."""


def never(direction: str, chunk: bytes) -> int | None:
    """A line that is not cut."""
    return None


def after(direction: str, count: int) -> Cut:
    """Cut once so many bytes have passed in a direction."""
    passed = 0

    def cut(way: str, chunk: bytes) -> int | None:
        nonlocal passed
        if way != direction:
            return None
        passed += len(chunk)
        return None if passed <= count else len(chunk) - (passed - count)

    return cut


@dataclass
class Nth:
    """Cut on any line instead of letting a word pass the nth time: who said it has said it, who waits waits in vain."""

    direction: str
    word: bytes
    left: int = -1

    def cut(self, way: str, chunk: bytes) -> int | None:
        """As `Cut`."""
        if way != self.direction or self.word not in chunk:
            return None
        self.left -= 1
        return 0 if self.left == 0 else None


@dataclass
class Line:
    """Clients reach the server at `port`; each new connection asks `next_cut` how it ends."""

    target: tuple[str, int]
    next_cut: Callable[[], Cut] = lambda: never
    cuts: int = 0
    port: int = 0
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)
    _connections: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self, ready: threading.Event, done: asyncio.Event) -> None:
        """Until `done`; then every connection ends."""
        server = await asyncio.start_server(self._accepted, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await done.wait()
        server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        await asyncio.gather(*self._connections)

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.create_task(self._connected(reader, writer))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        cut = self.next_cut()
        with contextlib.suppress(OSError):
            asked, answers = await self._reached()
            ends = (writer, answers)
            self._writers.update(ends)
            await asyncio.gather(
                self._pass(ASKED, reader, answers, cut, ends), self._pass(ANSWERED, asked, writer, cut, ends)
            )
            self._writers.difference_update(ends)

    async def _reached(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, port = self.target
        if host.startswith("/"):
            return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        return await asyncio.open_connection(host, port)

    async def _pass(
        self,
        direction: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        cut: Cut,
        ends: tuple[asyncio.StreamWriter, asyncio.StreamWriter],
    ) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(65536):
                allowed = cut(direction, chunk)
                writer.write(chunk if allowed is None else chunk[:allowed])
                await writer.drain()
                if allowed is not None:
                    self.cuts += 1
                    break
        for end in ends:
            end.transport.abort() if end.transport.is_closing() else end.close()


@contextmanager
def line_to(target: tuple[str, int]) -> Iterator[Line]:
    """A line to a server, in a thread of its own."""
    line, ready, ended = Line(target), threading.Event(), asyncio.Event()
    with _looping(lambda: line.serve(ready, ended)) as loop:
        ready.wait(10)
        try:
            yield line
        finally:
            loop.call_soon_threadsafe(ended.set)


@contextmanager
def line_to_database(address: str) -> Iterator[tuple[Line, str]]:
    """A line to a PostgreSQL, and the address by which it is reached over it."""
    url = make_url(address)
    folder = url.query.get("host")
    host = folder if isinstance(folder, str) else url.host or "127.0.0.1"
    with line_to((host, url.port or 5432)) as line:
        over = url.difference_update_query(["host"]).set(host="127.0.0.1", port=line.port)
        yield line, over.render_as_string(hide_password=False)


@contextmanager
def served(app: ASGIApp) -> Iterator[tuple[str, int]]:
    """The application behind a real socket, in a thread."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, lifespan="off"))
    with _looping(server.serve):
        while not server.started:
            threading.Event().wait(0.01)
        try:
            yield server.servers[0].sockets[0].getsockname()[:2]
        finally:
            server.should_exit = True


@contextmanager
def _looping(main: Callable[[], Coroutine[Any, Any, None]]) -> Iterator[asyncio.AbstractEventLoop]:
    """A coroutine that runs on its own loop in a thread and is waited for."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=lambda: loop.run_until_complete(main()), daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        thread.join(30)
        loop.close()
