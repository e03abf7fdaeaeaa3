"""A service's projection in its own database, as an operator's commands open it, and what of it is measured."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Engine

from notifications.outbox import REBUILDABLE as NOTICES
from payroll.keeping import ProjectionStopped
from payroll.projection import REBUILDABLE as PAY
from shared import database
from shared.calendar_day import utc_now
from shared.feed import HttpFeed, Lines
from shared.rebuilding import Projected, Rebuildable, RebuildUnderWay
from shared.receiving import Parked, Unfit
from shared.refusal import Refused
from shared.settings import Settings, from_environment
from shared.telemetry import PARKED_EVENTS, PROJECTION_DRIFT
from workforce.databases import migrated, reachable
from workforce.ledger_client import feed_client
from workforce.needs import NEEDED, Reader

KINDS: dict[Reader, Rebuildable] = {Reader.PAYROLL: PAY, Reader.NOTIFICATIONS: NOTICES}


def measure(service: Reader, kept: Projected) -> None:
    """Set the metrics of what waits for an operator."""
    parked, drifted = kept.condition()
    PARKED_EVENTS.labels(service.value).set(parked)
    PROJECTION_DRIFT.labels(service.value).set(drifted)


@dataclass(frozen=True)
class Opened:
    """A service's projection in its database."""

    settings: Settings
    kind: Rebuildable
    engine: Engine
    projection: Projected


@contextmanager
def opened(command: str, service: Reader) -> Iterator[Opened]:
    """What the command works on, as the environment says. Raises SettingsError."""
    settings = from_environment(needed=NEEDED[f"{command} {service}"])
    # A rebuild takes as long as it takes.
    engine = database.engine(settings.database, service.value, statement_seconds=0)
    try:
        with reachable(settings):
            migrated(settings, (service,))
            yield Opened(settings, KINDS[service], engine, KINDS[service].opened(engine))
    finally:
        engine.dispose()


@contextmanager
def log_of(found: Opened) -> Iterator[Lines]:
    """The log at the ledger, for one rebuild at a time. Raises Refused `busy`."""
    try:
        with feed_client(found.settings, found.kind.name, utc_now) as client:
            yield HttpFeed(client)
    except RebuildUnderWay as error:
        raise Refused("busy", str(error), remedy="wait for it to end, then say it again") from error


def released(projection: Projected, stream: str) -> tuple[int, Parked | None]:
    """As `Projected.release`. Raises Refused `stream-parked`, `not-found`."""
    try:
        count, stuck = projection.release(stream)
    except (ProjectionStopped, Unfit) as error:
        raise Refused(
            "stream-parked", str(error), remedy="mend that first; nothing of the stream is released"
        ) from error
    if not count and stuck is None:
        raise Refused("not-found", f"nothing of {stream} is parked", remedy="see `workforce parked`")
    return count, stuck


def plain(parked: Parked) -> dict[str, str | int]:
    """Without the event itself."""
    return {name: value for name, value in parked._asdict().items() if name != "line"}
