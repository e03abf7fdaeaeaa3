"""Whether compose.yaml starts what the code has, in an order that can work, with nothing secret in it."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from tests.deploy.facts import Facts
from tests.deploy.manifests import IMAGE, ROOT, Object
from tests.deploy.processes import CALLED_IN_PRODUCTION, NEEDED, ONLY_WHERE_NEEDED

WORDS = (
    *(
        "image",
        "build",
        "command",
        "environment",
        "restart",
        "stop_grace_period",
        "depends_on",
        "healthcheck",
        "volumes",
        "ports",
    ),
    *("profiles", "read_only", "tmpfs", "cap_drop", "security_opt"),
)
BY_CLOCK = ("shadow", "rebuild")
CONDITIONS = frozenset({"service_healthy", "service_completed_successfully"})
KEPT_IN_DATA = frozenset({"WORKFORCE_KEYS"})
"""Made at first run in the installation's volume, which is mounted wherever they are needed."""


def faults(compose: Object, facts: Facts) -> Iterator[str]:
    """Everything that would not start, or start something else."""
    services = compose["services"]
    called = set()
    for name, service in services.items():
        yield from (f"{name}: {word} is no word of compose" for word in sorted(set(service) - set(WORDS)))
        yield from (f"{name}: {fault}" for fault in _of_order(service, services))
        yield from (f"{name}: {fault}" for fault in _of_volumes(service, compose))
        if service["image"].partition(":")[0] == IMAGE:
            called.add(" ".join(word for word in service["command"][:2] if not word.startswith("-")))
            yield from (f"{name}: {fault}" for fault in _of_process(service, services, facts))
    wanted = {command for command in CALLED_IN_PRODUCTION | {"topic"} if not command.startswith(BY_CLOCK)}
    yield from (f"{command} is only one of a service and a process" for command in sorted(called ^ wanted))


def _of_order(service: Object, services: Object) -> Iterator[str]:
    for other, how in (service.get("depends_on") or {}).items():
        if other not in services or how["condition"] not in CONDITIONS:
            yield f"waits for {other} to be {how['condition']}"
        elif how["condition"] == "service_healthy" and not (
            "healthcheck" in services[other] or services[other]["image"].startswith(IMAGE)
        ):
            yield f"waits for {other}, which nobody asks how it is"
        elif how["condition"] == "service_completed_successfully" and services[other]["restart"] != "on-failure":
            yield f"waits for {other}, which never ends"


def _of_volumes(service: Object, compose: Object) -> Iterator[str]:
    for volume in service.get("volumes", ()):
        source = volume.partition(":")[0]
        if source.startswith("."):
            if not (ROOT / "deploy" / source).exists():
                yield f"mounts {source}, which is not there"
        elif source not in compose["volumes"]:
            yield f"mounts {source}, which is not declared"


def _of_process(service: Object, services: Object, facts: Facts) -> Iterator[str]:
    command, environment = service["command"], service["environment"]
    if refused := facts.refuses(command):
        yield f"workforce {' '.join(command)} cannot be called: {refused}"
    if service["image"] != f"{IMAGE}:{facts.version}":
        yield f"the image is {service['image']}"
    if not (ROOT / "deploy" / service["build"]["context"] / service["build"]["dockerfile"]).exists():
        yield "is built from nothing"
    if service.get("read_only") is not True or service.get("cap_drop") != ["ALL"] or service.get("tmpfs") != ["/tmp"]:
        yield "may write to its root or keeps capabilities"
    if "--port" in command and command[command.index("--port") + 1] != str(facts.port):
        yield f"does not serve on {facts.port}, where its health is asked"
    yield from _of_settings(" ".join(word for word in command[:2] if not word.startswith("-")), service, facts)
    yield from _of_addresses(environment, services)
    for port in service.get("ports", ()):
        if not re.fullmatch(rf"127\.0\.0\.1:\d+:{facts.port}", port):
            yield f"is open to more than this machine: {port}"


def _of_settings(process: str, service: Object, facts: Facts) -> Iterator[str]:
    environment = set(service["environment"])
    mounted = {volume.partition(":")[2] for volume in service.get("volumes", ())}
    if service["environment"]["WORKFORCE_DATA"] in mounted:
        environment |= KEPT_IN_DATA
    yield from (f"the code reads no {name}" for name in sorted(environment - facts.settings))
    needed = NEEDED.get(process, set())
    yield from (f"workforce {process} has to be told {name}" for name in sorted(needed - environment))
    unneeded = environment & ONLY_WHERE_NEEDED - needed
    yield from (f"workforce {process} has no use for {name}" for name in sorted(unneeded))


def _of_addresses(environment: Object, services: Object) -> Iterator[str]:
    for name in ("WORKFORCE_DATABASE", "WORKFORCE_KEYS_DATABASE", "WORKFORCE_LEDGER_URL"):
        url = urlsplit(environment.get(name, ""))
        if url.hostname and url.hostname not in services:
            yield f"{name} names {url.hostname}, which is no service"
        if url.password:
            yield f"{name} holds a password"
    if environment["WORKFORCE_KAFKA"].partition(":")[0] not in services:
        yield f"WORKFORCE_KAFKA names {environment['WORKFORCE_KAFKA']}, which is no service"
