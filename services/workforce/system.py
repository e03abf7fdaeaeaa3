"""The one-process system: three services composed over one log, served by one web server."""

import asyncio
import contextlib
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import httpx
import sqlalchemy
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp

import ledger.api
import notifications.api
import payroll.api
from ledger.event_store import EventStore
from notifications.deliveries import Deliveries
from notifications.outbox import Outbox
from notifications.sending import Deliverer
from payroll.projection import Projection
from payroll.runs import Payroll
from shared.auth import seal, sealing_key
from shared.health import Health
from shared.settings import Settings, SettingsError
from workforce.data_folder import held
from workforce.databases import engine_of, migrated, reachable
from workforce.face import face
from workforce.following import following
from workforce.ledger_over import NOTHING_INJECTED, Injections, ledger_over


@dataclass(frozen=True)
class System:
    """The composed services and the application that serves them."""

    settings: Settings
    store: EventStore
    app: Starlette
    health: Health
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
        with reachable(settings):
            migrated(settings)
            store, app, health = _built(settings, injections, opened)
        return System(settings, store, app, health, opened.pop_all().close)


def _built(
    settings: Settings, injections: Injections, opened: contextlib.ExitStack
) -> tuple[EventStore, Starlette, Health]:
    store, ledger_app = ledger_over(settings, injections, opened)
    engines = {name: engine_of(settings, name) for name in ("payroll", "notifications")}
    for engine in engines.values():
        opened.callback(engine.dispose)
    client = httpx.Client(
        transport=InProcess(Starlette(routes=[Mount(ledger.api.PREFIX, ledger_app)])), base_url="http://ledger"
    )
    opened.callback(client.close)
    sealed = partial(seal, sealing_key(settings.keys.tokens))
    paying = Payroll(Projection(engines["payroll"]), store, client, injections.clock, seal=sealed)
    outbox = Outbox(engines["notifications"])
    projections: dict[str, Callable[[], int]] = {
        "payroll": lambda: paying.projection.catch_up(store),
        "notifications": lambda: outbox.catch_up(store),
        "the hash chain": store.chain.catch_up,
    }
    health = Health(live={}, ready={"database-away": lambda: min(store.head(), paying.projection.position) >= -1})
    apps: dict[str, ASGIApp] = {
        ledger.api.PREFIX: ledger_app,
        payroll.api.PREFIX: payroll.api.app(paying, token_key=settings.keys.tokens),
        notifications.api.PREFIX: notifications.api.app(outbox, store, token_key=settings.keys.tokens),
    }
    return store, face(apps, health, _running(projections, settings, outbox.engine)), health


def _running(
    projections: Mapping[str, Callable[[], object]], settings: Settings, engine: sqlalchemy.Engine
) -> Callable[[], contextlib.AbstractContextManager[object]]:
    """What goes on while the system serves: followers of the log and, where endpoints are configured, the sender."""
    if not settings.webhooks:
        return lambda: following(projections)
    deliverer = Deliverer(Deliveries(engine), settings.webhooks, chance=random.random)

    @contextlib.contextmanager
    def running() -> Iterator[None]:
        with following({**projections, **deliverer.lanes()}), deliverer.leaving():
            yield

    return running
