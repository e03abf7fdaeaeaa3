"""The ledger over its stores, with the clock, randomness and ids it is given."""

import contextlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import uuid_utils
from starlette.types import ASGIApp

import ledger.api
from ledger.directory import Directory
from ledger.event_store import EventStore, open_store
from ledger.execution import Ledger
from ledger.personal import PersonalStore
from ledger.queries import Queries
from shared.calendar_day import utc_now
from shared.settings import Settings
from workforce.databases import engine_of


@dataclass(frozen=True)
class Injections:
    """What enters from outside: the clock, randomness, new ids. A replay gives its own; production refuses them."""

    clock: Callable[[], datetime] = utc_now
    randomness: Callable[[int], bytes] = secrets.token_bytes
    new_id: Callable[[], str] = lambda: str(uuid_utils.uuid7())


NOTHING_INJECTED = Injections()


def ledger_over(settings: Settings, injections: Injections, opened: contextlib.ExitStack) -> tuple[EventStore, ASGIApp]:
    """The log and the ledger's application over it; whatever is to be closed is left with `opened`."""
    engines = {name: engine_of(settings, name) for name in ("keys", "directory")}
    for engine in engines.values():
        opened.callback(engine.dispose)
    store = open_store(settings, clock=injections.clock, randomness=injections.randomness)
    opened.callback(store.close)
    personal = PersonalStore(engines["keys"], settings.keys.personal, settings.keys.fingerprints, injections.randomness)
    executing = Ledger(store, personal, clock=injections.clock, new_id=injections.new_id)
    queries = Queries(store, Directory(engines["directory"]), injections.clock)
    return store, ledger.api.app(executing, queries, token_key=settings.keys.tokens)
