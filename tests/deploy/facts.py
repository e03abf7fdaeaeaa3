"""What the code says of itself: what it is called with, reads, answers and counts. Manifests are held to this."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import typer
from prometheus_client.metrics import MetricWrapperBase
from starlette.routing import Route
from tests.deploy.manifests import ROOT
from typer.exceptions import TyperException

import ledger.api
import notifications.api
import payroll.api
from shared import telemetry
from shared.health import Health, health_routes
from shared.http import MAX_BODY_BYTES
from shared.kafka_feed import LARGEST_BYTES
from shared.problems import CATALOGUE
from shared.settings import VARIABLES
from shared.uploads import MAX_UPLOAD_BYTES, MOST_UPLOADS
from workforce.asyncapi import TOPIC, document
from workforce.cli import app

TARGET_LABELS = frozenset({"namespace", "pod", "container", "endpoint", "job", "instance"})
"""Set by Prometheus on everything that it scrapes."""


@dataclass(frozen=True)
class Facts:
    """`metrics`: the name of each series with its labels. `topic`: what AsyncAPI says of it for Kafka."""

    version: str
    scripts: frozenset[str]
    settings: frozenset[str]
    paths: frozenset[str]
    prefixes: frozenset[str]
    port: int
    metrics: dict[str, frozenset[str]]
    refusals: frozenset[str]
    topic: dict[str, Any]
    body_bytes: int
    upload_bytes: int
    record_bytes: int

    def refuses(self, args: Sequence[str]) -> str:
        """Why the command line cannot be called like this; empty when it can."""
        return _refusal(tuple(args))


@cache
def of_the_code() -> Facts:
    """What is so in this repository."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return Facts(
        version=project["version"],
        scripts=frozenset(project["scripts"]),
        settings=frozenset(VARIABLES),
        paths=frozenset(route.path for route in health_routes(Health(live={}, ready={})) if isinstance(route, Route)),
        prefixes=frozenset({ledger.api.PREFIX, payroll.api.PREFIX, notifications.api.PREFIX}),
        port=_default_port(),
        metrics=_metrics(),
        refusals=frozenset(CATALOGUE),
        topic={"name": TOPIC, **document()["channels"]["events"]["bindings"]["kafka"]},
        body_bytes=max(MAX_BODY_BYTES, MAX_UPLOAD_BYTES),
        upload_bytes=MOST_UPLOADS * MAX_UPLOAD_BYTES,
        record_bytes=LARGEST_BYTES,
    )


def _default_port() -> int:
    """The one port that every command serves on without being told."""
    commands = typer.main.get_command(app).commands.values()
    (port,) = {option.default for command in commands for option in command.params if option.name == "port"}
    return int(port)


def _metrics() -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for metric in vars(telemetry).values():
        if not isinstance(metric, MetricWrapperBase):
            continue
        (family,) = metric.describe()
        labels = frozenset(metric._labelnames)
        if family.type == "histogram":
            found[f"{family.name}_bucket"] = labels | {"le"}
            found |= {f"{family.name}_{end}": labels for end in ("sum", "count")}
        else:
            found[family.name + ("_total" if family.type == "counter" else "")] = labels
    return found


@cache
def _refusal(args: tuple[str, ...]) -> str:
    """Read the arguments as the command line would, and stop before anything is done."""
    command: Any = typer.main.get_command(app)
    context: Any = None
    name, rest = "workforce", list(args)
    try:
        while hasattr(command, "commands"):
            context = command.make_context(name, rest, parent=context)
            name, command, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        command.make_context(name, rest, parent=context)
    except TyperException as error:
        return getattr(error, "message", "") or type(error).__name__
    except typer.Exit:
        return "it would only print its help"
    return ""
