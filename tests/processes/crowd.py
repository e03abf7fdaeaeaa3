"""Hundreds of callers of one service at once, each on a connection of its own, over HTTP written and read by hand."""

import asyncio
import json
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

PATIENCE_SECONDS = 25.0
"""An answer that takes longer counts as none."""
_CHUNK = 64 * 1024


@dataclass(frozen=True)
class Call:
    """One request; `content` is sent whole, or, where `chunks` says so, in as many parts of unknown number."""

    method: str
    path: str
    who: str
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""
    chunks: int = 0
    pause: float = 0.0
    """Seconds before the last byte is sent, and as many before the answer is read."""

    def head(self) -> bytes:
        """The request line and the headers."""
        length = {"Transfer-Encoding": "chunked"} if self.chunks else {"Content-Length": str(len(self.content))}
        lines = {"Host": "ledger", "Authorization": self.who, **length, **self.headers}
        told = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return f"{self.method} {self.path} HTTP/1.1\r\n{told}\r\n".encode()


@dataclass(frozen=True)
class Answer:
    """What came back, whole."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def code(self) -> str:
        """The problem's code, empty where it is none."""
        return str(json.loads(self.content).get("code", "")) if self.status >= 400 else ""


@dataclass
class Heard:
    """What the callers of one wave heard."""

    answers: Counter[str] = field(default_factory=Counter)
    without_retry_after: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    slowest: float = 0.0

    def note(self, call: Call, answer: Answer, seconds: float) -> None:
        said = f"{answer.status} {answer.code}".strip()
        self.answers[said] += 1
        self.slowest = max(self.slowest, seconds)
        if answer.status in (429, 503) and not answer.headers.get("retry-after", "").isdecimal():
            self.without_retry_after.append(f"{call.method} {call.path}: {said}")


Turn = Callable[[Answer | None], Call | None]
"""The next call after an answer; None when there is nothing more to ask."""


class Caller:
    """One who asks, on a connection that is kept or, where `kept` is false, opened for each call."""

    def __init__(self, port: int, heard: Heard, *, kept: bool = True) -> None:
        self._port = port
        self._heard = heard
        self._kept = kept
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def work(self, turn: Turn, ends_at: float) -> None:
        """Ask until the time is over; who is told to come again does so with the same call."""
        call, answer = turn(None), None
        while call is not None and time.monotonic() < ends_at:
            answer = await self.ask(call)
            if answer is None:
                break
            if answer.status in (429, 503):
                await asyncio.sleep(float(answer.headers.get("retry-after", "1")))
            else:
                call = turn(answer)
        await self.close()

    async def ask(self, call: Call) -> Answer | None:
        """The answer, noted; None, noted too, when there is none in time."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                answer = await self._exchange(call)
        except (TimeoutError, OSError, asyncio.IncompleteReadError) as error:
            self._heard.failures.append(f"{call.method} {call.path}: {type(error).__name__} {error}")
            await self.close()
            return None
        self._heard.note(call, answer, time.monotonic() - began)
        if not self._kept or answer.headers.get("connection") == "close":
            await self.close()
        return answer

    async def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _exchange(self, call: Call) -> Answer:
        if self._streams is None:
            # A small window, so that what is not read stays with whoever sends it.
            listening = socket.socket()
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _CHUNK)
            listening.setblocking(False)
            await asyncio.get_running_loop().sock_connect(listening, ("127.0.0.1", self._port))
            self._streams = await asyncio.open_connection(sock=listening, limit=_CHUNK)
        reader, writer = self._streams
        sending = asyncio.create_task(_send(writer, call))
        try:
            await asyncio.sleep(call.pause)
            head, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            named = (line.split(":", 1) for line in lines if line)
            headers = {name.lower(): value.strip() for name, value in named}
            content = b"".join([part async for part in _parts(reader, headers)])
            return Answer(int(head.split()[1]), headers, content)
        finally:
            await sending


async def _send(writer: asyncio.StreamWriter, call: Call) -> None:
    writer.write(call.head())
    if not call.chunks:
        for start in range(0, len(call.content) - 1, _CHUNK):
            writer.write(call.content[start : min(start + _CHUNK, len(call.content) - 1)])
            await writer.drain()
        await asyncio.sleep(call.pause)
        writer.write(call.content[-1:])
        return
    for _ in range(call.chunks):
        writer.write(f"{_CHUNK:x}\r\n".encode() + bytes(_CHUNK) + b"\r\n")
        await writer.drain()
    writer.write(b"0\r\n\r\n")


async def _parts(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> AsyncIterator[bytes]:
    if headers.get("transfer-encoding") != "chunked":
        yield await reader.readexactly(int(headers.get("content-length", "0")))
        return
    while size := int(await reader.readline(), 16):
        yield await reader.readexactly(size)
        await reader.readline()
    await reader.readline()


def wave(port: int, turns: Iterable[tuple[Turn, bool]], seconds: float) -> Heard:
    """All of them at once for so long, each kept on its connection or not; what they heard."""
    heard = Heard()

    async def all_at_once() -> None:
        ends_at = time.monotonic() + seconds
        await asyncio.gather(*(Caller(port, heard, kept=kept).work(turn, ends_at) for turn, kept in turns))

    asyncio.run(all_at_once())
    return heard


def always(calls: Iterator[Call]) -> Turn:
    """One call after the other, whatever is answered."""
    return lambda _: next(calls, None)


def posting(path: str, who: str, key: str, body: Mapping[str, Any]) -> Call:
    """A command."""
    sent = {"Content-Type": "application/json", "Idempotency-Key": key, "If-Match": "*"}
    return Call("POST", path, who, sent, json.dumps(body).encode())
