"""Whether each container can be called like this, is told what it reads, and is asked where it answers."""

from collections.abc import Iterator
from typing import Any

from tests.deploy.facts import Facts
from tests.deploy.manifests import IMAGE, Object, Pod, by_name, called, of_kind, part, pods

from workforce.needs import NEEDED as NEEDED_BY_THE_CODE

PROBES = {
    "startupProbe": "/health/started",
    "livenessProbe": "/health/live",
    "readinessProbe": "/health/ready",
}
MORE = {
    "serve ledger": ("WORKFORCE_KEYS_DATABASE",),
    "migrate ledger": ("WORKFORCE_KEYS_DATABASE", "WORKFORCE_APP_ROLE"),
    "migrate payroll": ("WORKFORCE_APP_ROLE",),
    "migrate notifications": ("WORKFORCE_APP_ROLE",),
}
"""What these could do without, and we do not: the keys apart from the log, and a role that cannot change it."""

NEEDED = {command: {*names, *MORE.get(command, ())} for command, names in NEEDED_BY_THE_CODE.items()}
"""What each process has to be told; a key or another secret that is not listed it does not get."""

ONLY_WHERE_NEEDED = {"WORKFORCE_KEYS", "WORKFORCE_KEYS_DATABASE", "WORKFORCE_WEBHOOKS", "WORKFORCE_APP_ROLE"}
BY_HAND = ("topic", "parked", "release")
CALLED_IN_PRODUCTION = frozenset(command for command in NEEDED if not command.startswith(BY_HAND))


def faults(objects: list[Object], secrets: dict[str, Object], facts: Facts) -> Iterator[str]:
    """Everything that is not as the code has it. `secrets`: those that an installation is given, by name."""
    for pod in pods(objects):
        for container in pod.ours:
            for fault in _of_container(pod, container, objects, secrets, facts):
                yield f"{pod.name}: {fault}"
    yield from _of_the_doors(objects, facts)
    missing = CALLED_IN_PRODUCTION - {pod.command for pod in pods(objects)}
    yield from (f"nothing runs workforce {command}" for command in sorted(missing))


def told(container: Object, objects: list[Object]) -> dict[str, Any]:
    """What the container finds in its environment: name → its value, or the reference it is taken from."""
    found: dict[str, Any] = {}
    maps = by_name(objects, "ConfigMap")
    for source in container.get("envFrom", ()):
        found |= part(maps, source["configMapRef"]["name"], "data") or {}
    for entry in container.get("env", ()):
        found[entry["name"]] = entry.get("value", entry.get("valueFrom"))
    return found


def _of_container(
    pod: Pod, container: Object, objects: list[Object], secrets: dict[str, Object], facts: Facts
) -> Iterator[str]:
    args = container.get("args", [])
    refused = facts.refuses(args)
    if refused:
        yield f"workforce {' '.join(args)} cannot be called: {refused}"
    if "command" in container:
        yield f"calls {container['command']}, the image says what is called"
    if container["image"] != f"{IMAGE}:{facts.version}":
        yield f"the image is {container['image']}, the project has version {facts.version}"
    yield from _of_settings(pod, container, objects, facts)
    yield from _of_references(container, objects, secrets)
    if pod.runs_on:
        yield from _of_port(container, facts)
        yield from _of_probes(container, facts)


def _of_settings(pod: Pod, container: Object, objects: list[Object], facts: Facts) -> Iterator[str]:
    environment = set(told(container, objects))
    for name in sorted(environment - facts.settings):
        yield f"the code reads no {name}"
    needed = NEEDED.get(pod.command)
    if needed is None:
        yield f"it is not said what workforce {pod.command} has to be told"
        return
    for name in sorted(needed - environment):
        yield f"workforce {pod.command} has to be told {name}"
    for name in sorted(environment & ONLY_WHERE_NEEDED - needed):
        yield f"workforce {pod.command} has no use for {name}"


def _of_references(container: Object, objects: list[Object], secrets: dict[str, Object]) -> Iterator[str]:
    maps = by_name(objects, "ConfigMap")
    for source in container.get("envFrom", ()):
        if part(source, "configMapRef", "name") not in maps:
            yield f"there is no ConfigMap for {source}"
    for entry in container.get("env", ()):
        wanted = part(entry, "valueFrom", "secretKeyRef")
        if wanted and wanted["key"] not in (part(secrets, wanted["name"], "stringData") or ()):
            yield f"{entry['name']} is taken from {wanted['name']}/{wanted['key']}, which nobody makes"
        elif not wanted and entry["name"] in ("WORKFORCE_DATABASE", "WORKFORCE_KEYS_DATABASE", "WORKFORCE_KEYS"):
            yield f"{entry['name']} is a secret and stands in a manifest"


def _of_port(container: Object, facts: Facts) -> Iterator[str]:
    (port,) = (each for each in container["ports"] if each["name"] == "http")
    if port["containerPort"] != facts.port:
        yield f"port http is {port['containerPort']}, the code serves on {facts.port}"
    args = container.get("args", [])
    if "--port" not in args or args[args.index("--port") + 1] != str(port["containerPort"]):
        yield f"{' '.join(args)} does not serve on port {port['containerPort']}"


def _of_probes(container: Object, facts: Facts) -> Iterator[str]:
    for probe, path in PROBES.items():
        asked = part(container, probe, "httpGet") or {}
        if asked.get("path") not in facts.paths:
            yield f"{probe} asks {asked.get('path')}, which the code does not answer"
        elif asked["path"] != path:
            yield f"{probe} asks {asked['path']} instead of {path}"
        if asked.get("port") != "http":
            yield f"{probe} asks at port {asked.get('port')} instead of http"


def _of_the_doors(objects: list[Object], facts: Facts) -> Iterator[str]:
    """Services find a container's port, and the ingress finds the services under the prefixes of the code."""
    services = by_name(objects, "Service")
    for service in services.values():
        chosen = [pod for pod in pods(objects) if service["spec"]["selector"].items() <= pod.labels.items()]
        if not chosen:
            yield f"{called(service)}: selects no pod"
        for port in service["spec"]["ports"]:
            for pod in chosen:
                names = {each["name"] for container in pod.containers for each in container.get("ports", ())}
                if port["targetPort"] not in names:
                    yield f"{called(service)}: {pod.name} has no port {port['targetPort']}"
    for ingress in of_kind(objects, "Ingress"):
        paths = [path for rule in ingress["spec"]["rules"] for path in rule["http"]["paths"]]
        for path in paths:
            name = part(path, "backend", "service", "name")
            ports = {port["name"] for port in part(services, name, "spec", "ports") or ()}
            if path["path"] != f"/{name}/v1" or part(path, "backend", "service", "port", "name") not in ports:
                yield f"{called(ingress)}: {path['path']} leads to {name}"
        for prefix in sorted(facts.prefixes ^ {path["path"] for path in paths}):
            yield f"{called(ingress)}: {prefix} is only one of a prefix of the code and a path"
