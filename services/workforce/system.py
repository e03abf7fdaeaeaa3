"""The one-process system: three services composed over one log, served by one web server."""

import asyncio
import contextlib
import secrets
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import httpx
import sqlalchemy
import uuid_utils
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

import ledger.api
import notifications.api
import payroll.api
from ledger.directory import Directory
from ledger.event_store import EventStore, open_store
from ledger.execution import Ledger
from ledger.personal import PersonalStore
from ledger.queries import Queries
from notifications.outbox import Outbox
from payroll.projection import Projection
from payroll.runs import Payroll
from shared.auth import seal, sealing_key, utc_now
from shared.http import add_problem_handlers
from shared.settings import Settings, SettingsError


@dataclass(frozen=True)
class Injections:
    """What enters from outside: the clock, randomness, new ids. A replay gives its own; production refuses them."""

    clock: Callable[[], datetime] = utc_now
    randomness: Callable[[int], bytes] = secrets.token_bytes
    new_id: Callable[[], str] = lambda: str(uuid_utils.uuid7())


NOTHING_INJECTED = Injections()


@dataclass(frozen=True)
class System:
    """The composed services and the application that serves them."""

    settings: Settings
    store: EventStore
    app: ASGIApp
    close: Callable[[], None]


class InProcess(httpx.BaseTransport):
    """A transport that hands a request straight to an application of the same process, on a loop of its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The answer of the application."""
        return asyncio.run(self._call(request))

    async def _call(self, request: httpx.Request) -> httpx.Response:
        transport = httpx.ASGITransport(app=self._app)
        forwarded = httpx.Request(request.method, request.url, headers=request.headers, content=request.read())
        response = await transport.handle_async_request(forwarded)
        return httpx.Response(response.status_code, headers=response.headers, content=await response.aread())


def compose(settings: Settings, injections: Injections = NOTHING_INJECTED) -> System:
    """Open every store and build the application. Raises SettingsError when production is given injections."""
    if settings.production and injections is not NOTHING_INJECTED:
        raise SettingsError("production takes no injected clock, randomness or ids")
    settings.data.mkdir(parents=True, exist_ok=True)
    store = open_store(settings, clock=injections.clock, randomness=injections.randomness)
    engines = {name: _engine(settings, name) for name in ("keys", "directory", "payroll", "notifications")}
    personal = PersonalStore(engines["keys"], settings.keys.personal, settings.keys.fingerprints, injections.randomness)
    executing = Ledger(store, personal, clock=injections.clock, new_id=injections.new_id)
    queries = Queries(store, Directory(engines["directory"]), injections.clock)
    ledger_app = ledger.api.app(executing, queries, token_key=settings.keys.tokens)
    client = httpx.Client(
        transport=InProcess(Starlette(routes=[Mount(ledger.api.PREFIX, ledger_app)])), base_url="http://ledger"
    )
    sealed = partial(seal, sealing_key(settings.keys.tokens))
    paying = Payroll(Projection(engines["payroll"]), store, client, injections.clock, seal=sealed)
    outbox = Outbox(engines["notifications"])
    app = _mounted(
        {
            ledger.api.PREFIX: ledger_app,
            payroll.api.PREFIX: payroll.api.app(paying, token_key=settings.keys.tokens),
            notifications.api.PREFIX: notifications.api.app(outbox, store, token_key=settings.keys.tokens),
        },
        follow=lambda: (paying.projection.catch_up(store), outbox.catch_up(store)),
    )

    def close() -> None:
        client.close()
        store.close()
        for engine in engines.values():
            engine.dispose()

    return System(settings, store, app, close)


def _engine(settings: Settings, name: str) -> sqlalchemy.Engine:
    if not settings.database:
        return sqlalchemy.create_engine(settings.sqlite(name))
    address = sqlalchemy.make_url(settings.database).set(drivername="postgresql+psycopg")
    return sqlalchemy.create_engine(address)


def _mounted(apps: dict[str, ASGIApp], follow: Callable[[], object]) -> Starlette:
    """One application over the three, with a follower that keeps the projections near the head of the log."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        stop = threading.Event()
        thread = threading.Thread(target=_follow, args=(follow, stop), name="follower", daemon=True)
        thread.start()
        yield
        stop.set()
        await asyncio.to_thread(thread.join, 10)

    def index(_: Request) -> JSONResponse:
        return JSONResponse({"services": {prefix: f"{prefix}/docs" for prefix in apps}})

    routes = [Route("/", index), *(Mount(prefix, app) for prefix, app in apps.items())]
    app = Starlette(routes=routes, lifespan=lifespan)
    add_problem_handlers(app)
    return app


def _follow(follow: Callable[[], object], stop: threading.Event) -> None:
    while not stop.wait(0.5):
        follow()


@contextlib.contextmanager
def serving(system: System, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve in a thread for as long as the context lasts; gives the base address. Port 0: any free one."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        config = uvicorn.Config(system.app, log_level="warning", access_log=False)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            while not server.started:
                if not thread.is_alive():
                    raise RuntimeError("the server did not start")
                time.sleep(0.01)
            yield f"http://{host}:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)


def serve(system: System, *, host: str, port: int) -> None:
    """Serve until interrupted, finishing what was accepted."""
    config = uvicorn.Config(system.app, host=host, port=port, log_level="warning", access_log=False)
    try:
        uvicorn.Server(config).run()
    finally:
        system.close()
