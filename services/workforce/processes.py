"""Each service's API as a process of its own, over its own database; the log is the ledger's, and reached over HTTP.

A process loads its own service alone: the ledger is spared what the pay engine takes.
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from starlette.applications import Starlette
from starlette.types import ASGIApp

from shared.auth import seal, sealing_key
from shared.calendar_day import utc_now
from shared.feed import HttpFeed
from shared.health import Checks, Health
from shared.reaching import Awaiting
from shared.settings import Settings
from workforce.databases import engine_of, migrated, reachable
from workforce.face import face
from workforce.ledger_client import feed_client, ledger_client
from workforce.needs import Api


@dataclass(frozen=True)
class Process:
    """A service that can be served."""

    app: Starlette
    health: Health
    close: Callable[[], None]


def process(service: Api, settings: Settings) -> Process:
    """The service, opened. Raises SettingsError when its database does not answer."""
    composing = {
        Api.LEDGER: _ledger,
        Api.PAYROLL: _payroll,
        Api.NOTIFICATIONS: _notifications,
    }
    with contextlib.ExitStack() as opened, reachable(settings):
        migrated(settings, (service,))
        prefix, app, ready = composing[service](settings, opened)
        health = Health(live={}, ready=ready)
        return Process(face({prefix: app}, health, contextlib.nullcontext), health, opened.pop_all().close)
    raise AssertionError("an open stack swallows nothing")


def _ledger(settings: Settings, opened: contextlib.ExitStack) -> tuple[str, ASGIApp, Checks]:
    from ledger.api import PREFIX
    from workforce.ledger_over import NOTHING_INJECTED, ledger_over

    store, app = ledger_over(settings, NOTHING_INJECTED, opened)
    return PREFIX, app, {"database-away": lambda: store.head() >= -1}


def _payroll(settings: Settings, opened: contextlib.ExitStack) -> tuple[str, ASGIApp, Checks]:
    """Payroll without its follower: another process takes the events into the same database."""
    from payroll.api import PREFIX, app
    from payroll.projection import Projection
    from payroll.runs import Payroll

    engine = engine_of(settings, Api.PAYROLL)
    opened.callback(engine.dispose)
    projection = Projection(engine)
    feed = HttpFeed(opened.enter_context(feed_client(settings, Api.PAYROLL, utc_now)))
    paying = Payroll(
        projection,
        feed,
        opened.enter_context(ledger_client(settings)),
        utc_now,
        seal=partial(seal, sealing_key(settings.keys.tokens)),
        reach=Awaiting(lambda: projection.position, feed.head),
    )
    served = app(paying, token_key=settings.keys.tokens)
    return PREFIX, served, {"database-away": lambda: projection.position >= -1}


def _notifications(settings: Settings, opened: contextlib.ExitStack) -> tuple[str, ASGIApp, Checks]:
    """The inbox; another process takes the events into the same database."""
    from notifications.api import PREFIX, app
    from notifications.outbox import Outbox

    engine = engine_of(settings, Api.NOTIFICATIONS)
    opened.callback(engine.dispose)
    outbox = Outbox(engine)
    feed = HttpFeed(opened.enter_context(feed_client(settings, Api.NOTIFICATIONS, utc_now)))
    reach = Awaiting(lambda: outbox.position, feed.head)
    served = app(outbox, feed, token_key=settings.keys.tokens, reach=reach)
    return PREFIX, served, {"database-away": lambda: outbox.position >= -1}
