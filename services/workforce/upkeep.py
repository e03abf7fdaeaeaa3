"""The commands that keep a projection right: what is parked and its release, the rebuild, the nightly comparison."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from shared.calendar_day import utc_now
from workforce.needs import Reader
from workforce.terminal import print_fields, print_json, refusals, screen

app = typer.Typer()

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Stream = Annotated[str, typer.Argument(help="The stream as `workforce parked` names it, e.g. worker/w-1.")]


@app.command("parked")
def show_parked(service: Reader, as_json: AsJson = False) -> None:
    """The events that could not be taken, and those that wait behind them."""
    from workforce.projections import opened, plain

    with refusals(as_json), opened("parked", service) as kept:
        found = kept.projection.parked()
    if as_json:
        print_json({"parked": [plain(one) for one in found]})
        return
    table = Table("position", "stream", "version", "event", "why")
    for one in found:
        table.add_row(str(one.position), one.stream, str(one.version), one.type, one.reason)
    screen.print(table)


@app.command("release")
def release_stream(service: Reader, stream: Stream, as_json: AsJson = False) -> None:
    """Take a stream's parked events in order, once their cause is mended. Exit code 1 when one still cannot be."""
    from workforce.projections import opened, plain, released

    with refusals(as_json), opened("release", service) as kept:
        count, stuck = released(kept.projection, stream)
    print_fields({"stream": stream, "released": count, "stuck": stuck and plain(stuck)}, as_json)
    if stuck is not None:
        raise typer.Exit(1)


@app.command("rebuild")
def rebuild_projection(service: Reader, as_json: AsJson = False) -> None:
    """Build the projection anew from the log beside the live one, and switch to it at once."""
    from shared.rebuilding import rebuild
    from workforce.projections import log_of, opened

    with refusals(as_json), opened("rebuild", service) as kept, log_of(kept) as log:
        position = rebuild(kept.kind, kept.engine, log)
    print_fields({"service": service.value, "position": position}, as_json)


@app.command("shadow")
def shadow_projection(service: Reader, as_json: AsJson = False) -> None:
    """Build it anew beside the live one and compare. Exit code 1 on drift, which stops finance until it is cleared."""
    from shared.rebuilding import shadow
    from workforce.projections import log_of, opened

    with refusals(as_json), opened("shadow", service) as kept, log_of(kept) as log:
        found = shadow(kept.kind, kept.engine, log, utc_now())
    print_fields({"service": service.value, **asdict(found), "equal": found.equal}, as_json)
    if not found.equal:
        raise typer.Exit(1)
