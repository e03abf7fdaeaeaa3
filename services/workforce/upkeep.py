"""The commands that keep a projection right: what is parked and its release, the rebuild, the nightly comparison."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Annotated

import typer
from rich.table import Table
from sqlalchemy import Engine

from notifications.outbox import REBUILDABLE as NOTICES
from payroll.projection import REBUILDABLE as PAY
from payroll.projection import ProjectionStopped
from shared import database
from shared.auth import utc_now
from shared.feed import HttpFeed, Lines
from shared.rebuilding import Projected, Rebuildable, RebuildUnderWay, rebuild, shadow
from shared.receiving import Parked, Unfit
from shared.refusal import Refused
from shared.settings import Settings, from_environment
from shared.telemetry import PARKED_EVENTS, PROJECTION_DRIFT
from workforce.ledger_client import feed_client
from workforce.needs import NEEDED, Reader
from workforce.system import migrated, reachable
from workforce.terminal import print_fields, print_json, refusals, screen

app = typer.Typer()

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Stream = Annotated[str, typer.Argument(help="The stream as `workforce parked` names it, e.g. worker/w-1.")]

_KINDS: dict[Reader, Rebuildable] = {Reader.PAYROLL: PAY, Reader.NOTIFICATIONS: NOTICES}


def measure(service: Reader, kept: Projected) -> None:
    """Set the metrics of what waits for an operator."""
    parked, drifted = kept.condition()
    PARKED_EVENTS.labels(service.value).set(parked)
    PROJECTION_DRIFT.labels(service.value).set(drifted)


@app.command("parked")
def show_parked(service: Reader, as_json: AsJson = False) -> None:
    """The events that could not be taken, and those that wait behind them."""
    with refusals(as_json), _opened("parked", service) as opened:
        found = opened.projection.parked()
    if as_json:
        print_json({"parked": [_plain(one) for one in found]})
        return
    table = Table("position", "stream", "version", "event", "why")
    for one in found:
        table.add_row(str(one.position), one.stream, str(one.version), one.type, one.reason)
    screen.print(table)


@app.command("release")
def release_stream(service: Reader, stream: Stream, as_json: AsJson = False) -> None:
    """Take a stream's parked events in order, once their cause is mended. Exit code 1 when one still cannot be."""
    with refusals(as_json), _opened("release", service) as opened:
        count, stuck = _released(opened.projection, stream)
    print_fields({"stream": stream, "released": count, "stuck": stuck and _plain(stuck)}, as_json)
    if stuck is not None:
        raise typer.Exit(1)


@app.command("rebuild")
def rebuild_projection(service: Reader, as_json: AsJson = False) -> None:
    """Build the projection anew from the log beside the live one, and switch to it at once."""
    with refusals(as_json), _opened("rebuild", service) as opened, _log(opened) as log:
        position = rebuild(opened.kind, opened.engine, log)
    print_fields({"service": service.value, "position": position}, as_json)


@app.command("shadow")
def shadow_projection(service: Reader, as_json: AsJson = False) -> None:
    """Build it anew beside the live one and compare. Exit code 1 on drift, which stops finance until it is cleared."""
    with refusals(as_json), _opened("shadow", service) as opened, _log(opened) as log:
        found = shadow(opened.kind, opened.engine, log, utc_now())
    print_fields({"service": service.value, **asdict(found), "equal": found.equal}, as_json)
    if not found.equal:
        raise typer.Exit(1)


@dataclass(frozen=True)
class _Opened:
    """A service's projection in its database."""

    settings: Settings
    kind: Rebuildable
    engine: Engine
    projection: Projected


@contextmanager
def _opened(command: str, service: Reader) -> Iterator[_Opened]:
    settings = from_environment(needed=NEEDED[f"{command} {service}"])
    # A rebuild takes as long as it takes.
    engine = database.engine(settings.database, service.value, statement_seconds=0)
    try:
        with reachable(settings):
            migrated(settings, (service,))
            yield _Opened(settings, _KINDS[service], engine, _KINDS[service].opened(engine))
    finally:
        engine.dispose()


@contextmanager
def _log(opened: _Opened) -> Iterator[Lines]:
    """The log at the ledger, for one rebuild at a time."""
    try:
        with feed_client(opened.settings, opened.kind.name, utc_now) as client:
            yield HttpFeed(client)
    except RebuildUnderWay as error:
        raise Refused("busy", str(error), remedy="wait for it to end, then say it again") from error


def _released(projection: Projected, stream: str) -> tuple[int, Parked | None]:
    try:
        count, stuck = projection.release(stream)
    except (ProjectionStopped, Unfit) as error:
        raise Refused(
            "stream-parked", str(error), remedy="mend that first; nothing of the stream is released"
        ) from error
    if not count and stuck is None:
        raise Refused("not-found", f"nothing of {stream} is parked", remedy="see `workforce parked`")
    return count, stuck


def _plain(parked: Parked) -> dict[str, str | int]:
    """Without the event itself."""
    return {name: value for name, value in parked._asdict().items() if name != "line"}
