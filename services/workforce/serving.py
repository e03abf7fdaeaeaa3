"""A system behind an address: the server under it, and how it leaves without cutting anybody off."""

import contextlib
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Protocol

import uvicorn
from starlette.types import ASGIApp

from shared import logs
from shared.health import Health
from shared.settings import SettingsError

GRACE_SECONDS = 20
"""How long accepted requests may take to end after the process was asked to stop."""
UNREAD_SECONDS = 30
"""How long an answer may lie unread with its reader before the connection is cut."""


class Servable(Protocol):
    """What can be served."""

    @property
    def app(self) -> ASGIApp:
        """The application."""
        ...

    @property
    def health(self) -> Health:
        """What it says when asked how it is."""
        ...


@contextlib.contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """The address, taken for as long as the context lasts. Raises SettingsError when it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Only a socket that is named TCP has its answers sent at once; otherwise each waits 40 ms for an acknowledgement.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if sys.platform == "linux":
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1000 * UNREAD_SECONDS)
        try:
            listener.bind((host, port))
        except (OSError, OverflowError) as error:
            reason = error.strerror if isinstance(error, OSError) else "a port is a number from 0 to 65535"
            raise SettingsError(f"{host} port {port} cannot be served on: {reason}") from error
        yield listener


@contextlib.contextmanager
def serving(system: Servable, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve in a thread for as long as the context lasts; gives the base address. Port 0: any free one."""
    with listening(host, port) as listener, served_beside(system, listener):
        yield f"http://{host}:{listener.getsockname()[1]}"


@contextlib.contextmanager
def served_beside(system: Servable, listener: socket.socket) -> Iterator[None]:
    """Serve on the listener in a thread for as long as the context lasts."""
    server = uvicorn.Server(_config(system.app))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        while not server.started:
            if not thread.is_alive():
                raise RuntimeError("the server did not start")
            time.sleep(0.01)
        yield
    finally:
        server.should_exit = True
        thread.join(10)


def serve(system: Servable, listener: socket.socket, *, linger: float = 0) -> None:
    """Serve until SIGINT or SIGTERM, finishing what was accepted.

    After SIGTERM readiness is refused at once, while requests are still taken for `linger` seconds: whoever sends them
    hears of it only then, and each answer closes its connection.
    """
    server = _Server(_config(system.app), system.health, linger)
    with signals(server.leave):
        server.run(sockets=[listener])


@contextlib.contextmanager
def signals(stop: Callable[[int], None]) -> Iterator[None]:
    """Call `stop` with the signal's number at SIGINT and SIGTERM for as long as the context lasts."""

    def on_signal(number: int, _: FrameType | None) -> None:
        stop(number)

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Server(uvicorn.Server):
    """The web server, whose end is told by signals that we take ourselves: it ends with 0."""

    def __init__(self, config: uvicorn.Config, health: Health, linger: float) -> None:
        super().__init__(config)
        self._health = health
        self._linger = linger
        self._ends_at: float | None = None

    def leave(self, number: int) -> None:
        """Refuse readiness, and end after the linger; the second time at once."""
        linger = self._linger if number == signal.SIGTERM and not self._health.leaving else 0
        self.force_exit = self._health.leaving and number == signal.SIGINT
        self._health.leaving = True
        self._ends_at = time.monotonic() + linger

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Not by the library, which would end the process by the signal."""
        yield

    async def on_tick(self, counter: int) -> bool:
        """Whether to end now."""
        self.should_exit = self.should_exit or (self._ends_at is not None and time.monotonic() >= self._ends_at)
        return bool(await super().on_tick(counter))


def _config(app: ASGIApp) -> uvicorn.Config:
    ours = {"log_config": None} if logs.wanted() else {"log_level": "warning"}
    return uvicorn.Config(
        app,
        access_log=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        # A request does not inherit the context of the one before on its connection, nor its span.
        reset_contextvars=True,
        **ours,
    )
