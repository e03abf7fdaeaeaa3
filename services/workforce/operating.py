"""The commands of production: each starts one process of its own, or does one thing for a cluster and ends."""

from typing import Annotated

import typer

from shared import logs, traces
from shared.settings import Settings, from_environment
from workforce.needs import NEEDED, Api
from workforce.terminal import print_fields, refusals

app = typer.Typer()

Host = Annotated[str, typer.Option(help="The address to listen on.", envvar="WORKFORCE_HOST")]
Port = Annotated[int, typer.Option(help="The port to listen on.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Linger = Annotated[float, typer.Option(help="Seconds to go on answering after SIGTERM.")]


@app.command("serve")
def serve_one(service: Api, host: Host = "127.0.0.1", port: Port = 8000, linger: Linger = 2) -> None:
    """Serve the API of one service over its own database."""
    from workforce.processes import process
    from workforce.serving import listening, serve

    with refusals():
        settings = _told(f"serve {service}")
        with listening(host, port) as listener:
            served = process(service, settings)
            logs.tell("serving", service=service.value, port=listener.getsockname()[1])
            try:
                serve(served, listener, linger=linger)
            finally:
                served.close()
                traces.flush()
        logs.tell("ended", service=service.value)


@app.command("migrate")
def migrate_one(service: Api, as_json: AsJson = False) -> None:
    """Bring a service's database to this version, and give WORKFORCE_APP_ROLE its rights there."""
    from workforce.migrating import migrate

    with refusals(as_json):
        print_fields(migrate(service, from_environment(needed=NEEDED[f"migrate {service}"])), as_json)


def _told(command: str) -> Settings:
    """The settings of a process, which says from now on what it does."""
    settings = from_environment(needed=NEEDED[command])
    logs.configure(settings.log)
    traces.configure(command.replace(" ", "-"))
    return settings
