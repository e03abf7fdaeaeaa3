"""The commands of production: each starts one process of its own, or does one thing for a cluster and ends."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from shared.settings import Settings, SettingsError, from_environment
from workforce.needs import NEEDED, Api, Reader
from workforce.terminal import print_fields, refusals

if TYPE_CHECKING:
    from workforce.looping import Loop

app = typer.Typer()

Host = Annotated[str, typer.Option(help="The address to listen on.", envvar="WORKFORCE_HOST")]
Port = Annotated[int, typer.Option(help="The port to listen on.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Linger = Annotated[float, typer.Option(help="Seconds to go on answering after SIGTERM.")]


@app.command("serve")
def serve_one(service: Api, host: Host = "127.0.0.1", port: Port = 8000, linger: Linger = 2) -> None:
    """Serve the API of one service over its own database."""
    from shared import logs, traces
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


@app.command()
def relay(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Chain the log and publish it to the topic; of several one works and the others stand by."""
    from workforce.loops import relay_loop

    _loop("relay", relay_loop, host, port)


@app.command()
def consume(reader: Reader, host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Take the topic into the database of one service; several share the partitions."""
    from workforce.loops import consumer_loop

    _loop(f"consume {reader}", partial(consumer_loop, reader), host, port)


@app.command()
def deliver(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Send the notices of the configured endpoints as signed webhooks; several share the work."""
    from workforce.delivering import deliver_loop

    _loop("deliver", deliver_loop, host, port)


@app.command()
def topic(
    partitions: Annotated[int, typer.Option(help="It never changes.")] = 12,
    replication: Annotated[int, typer.Option(help="How many brokers keep a record.")] = 3,
) -> None:
    """Make the topic where it is missing."""
    from shared.kafka_feed import make_topic
    from shared.topic import TopicFailed

    with refusals():
        settings = from_environment(needed=NEEDED["topic"])
        try:
            made = make_topic(settings.kafka, settings.topic, partitions=partitions, replication=replication)
        except TopicFailed as error:
            raise SettingsError(f"WORKFORCE_KAFKA: {error}") from error
        print(f"{settings.topic} {'was made' if made else 'is there'}")


def _loop(command: str, composed: Callable[[Settings], "Loop"], host: str, port: int) -> None:
    from workforce.looping import run
    from workforce.serving import listening

    with refusals():
        settings = _told(command)
        with listening(host, port) as listener:
            run(composed(settings), listener)


def _told(command: str) -> Settings:
    """The settings of a process, which says from now on what it does."""
    from shared import logs, traces

    settings = from_environment(needed=NEEDED[command])
    logs.configure(settings.log)
    traces.configure(command.replace(" ", "-"))
    return settings
