"""The sender of webhooks as a process."""

import random
import threading
from collections.abc import Callable

from notifications.deliveries import Deliveries
from notifications.outbox import Outbox
from notifications.sending import Deliverer
from shared.settings import Settings, SettingsError
from workforce.databases import engine_of, migrated, reachable
from workforce.following import following
from workforce.looping import Loop
from workforce.needs import Api


def deliver_loop(settings: Settings) -> Loop:
    """Every endpoint on a lane of its own; several of these share the deliveries. Raises SettingsError."""
    if not settings.webhooks:
        raise SettingsError("WORKFORCE_WEBHOOKS names no endpoint; there is nothing to send to")
    engine = engine_of(settings, Api.NOTIFICATIONS)
    with reachable(settings):
        migrated(settings, (Api.NOTIFICATIONS,))
        outbox = Outbox(engine)
        deliverer = Deliverer(Deliveries(engine), settings.webhooks, chance=random.random)

    def work(stop: threading.Event, beat: Callable[[], None]) -> None:
        with following(deliverer.lanes(beat)), deliverer.leaving():
            stop.wait()

    ready = {"database-away": lambda: outbox.position >= -1}
    return Loop("deliver", work, lambda: None, ready, outbox.close)
