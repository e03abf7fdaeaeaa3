"""The one-process system: three services composed over one log, served by one web server."""

import asyncio
import contextlib
import secrets
import socket
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
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
from ledger.event_store import EventStore, StoreUnavailable, open_store
from ledger.execution import Ledger
from ledger.personal import PersonalStore
from ledger.queries import Queries
from notifications.outbox import Outbox
from payroll.projection import Projection
from payroll.runs import Payroll
from shared.auth import seal, sealing_key, utc_now
from shared.http import add_problem_handlers
from shared.settings import Settings, SettingsError
from workforce.data_folder import held
from workforce.following import following


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
    """Hold the folder, open every store, build the application.

    Raises SettingsError when production is given injections, the folder is in use or the database does not answer.
    """
    if settings.production and injections is not NOTHING_INJECTED:
        raise SettingsError("production takes no injected clock, randomness or ids")
    with contextlib.ExitStack() as opened:
        opened.enter_context(held(settings.data, shared=bool(settings.database)))
        try:
            store, app = _built(settings, injections, opened)
        except (StoreUnavailable, sqlite3.OperationalError, sqlalchemy.exc.OperationalError) as error:
            where = "WORKFORCE_DATABASE" if settings.database else settings.data
            raise SettingsError(f"{where}: the database does not answer or cannot write") from error
        return System(settings, store, app, opened.pop_all().close)


def _built(settings: Settings, injections: Injections, opened: contextlib.ExitStack) -> tuple[EventStore, Starlette]:
    """The log and the application over it; whatever is to be closed is left with `opened`."""
    engines = {name: _engine(settings, name) for name in ("keys", "directory", "payroll", "notifications")}
    for engine in engines.values():
        opened.callback(engine.dispose)
    store = open_store(settings, clock=injections.clock, randomness=injections.randomness)
    opened.callback(store.close)
    personal = PersonalStore(engines["keys"], settings.keys.personal, settings.keys.fingerprints, injections.randomness)
    executing = Ledger(store, personal, clock=injections.clock, new_id=injections.new_id)
    queries = Queries(store, Directory(engines["directory"]), injections.clock)
    ledger_app = ledger.api.app(executing, queries, token_key=settings.keys.tokens)
    client = httpx.Client(
        transport=InProcess(Starlette(routes=[Mount(ledger.api.PREFIX, ledger_app)])), base_url="http://ledger"
    )
    opened.callback(client.close)
    sealed = partial(seal, sealing_key(settings.keys.tokens))
    paying = Payroll(Projection(engines["payroll"]), store, client, injections.clock, seal=sealed)
    outbox = Outbox(engines["notifications"])
    app = _mounted(
        {
            ledger.api.PREFIX: ledger_app,
            payroll.api.PREFIX: payroll.api.app(paying, token_key=settings.keys.tokens),
            notifications.api.PREFIX: notifications.api.app(outbox, store, token_key=settings.keys.tokens),
        },
        {
            "payroll": lambda: paying.projection.catch_up(store),
            "notifications": lambda: outbox.catch_up(store),
        },
    )
    return store, app


def _engine(settings: Settings, name: str) -> sqlalchemy.Engine:
    if not settings.database:
        return sqlalchemy.create_engine(settings.sqlite(name))
    address = sqlalchemy.make_url(settings.database).set(drivername="postgresql+psycopg")
    return sqlalchemy.create_engine(address)


def _mounted(apps: dict[str, ASGIApp], projections: Mapping[str, Callable[[], object]]) -> Starlette:
    """One application over the three, with followers while it runs."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        with following(projections):
            yield

    def index(_: Request) -> JSONResponse:
        return JSONResponse({"services": {prefix: f"{prefix}/docs" for prefix in apps}})

    routes = [Route("/", index), *(Mount(prefix, app) for prefix, app in apps.items())]
    app = Starlette(routes=routes, lifespan=lifespan)
    add_problem_handlers(app)
    return app


@contextlib.contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """The address, taken for as long as the context lasts. Raises SettingsError when it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Only a socket that is named TCP has its answers sent at once; otherwise each waits 40 ms for an acknowledgement.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except (OSError, OverflowError) as error:
            reason = error.strerror if isinstance(error, OSError) else "a port is a number from 0 to 65535"
            raise SettingsError(f"{host} port {port} cannot be served on: {reason}") from error
        yield listener


@contextlib.contextmanager
def serving(system: System, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve in a thread for as long as the context lasts; gives the base address. Port 0: any free one."""
    with listening(host, port) as listener:
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


def serve(system: System, listener: socket.socket) -> None:
    """Serve until interrupted, finishing what was accepted."""
    config = uvicorn.Config(system.app, log_level="warning", access_log=False)
    try:
        uvicorn.Server(config).run(sockets=[listener])
    finally:
        system.close()
