"""Whether each pod may do as little as it needs, is bounded, and is replaced without being missed."""

from collections.abc import Iterator
from typing import Any

from tests.deploy.manifests import PART_OF, Object, Pod, by_name, called, of_kind, part, pods

Rule = tuple[str, tuple[Any, ...], Any]

POD_RULES: list[Rule] = [
    ("runs as anybody", ("securityContext", "runAsNonRoot"), True),
    ("has no seccomp profile", ("securityContext", "seccompProfile", "type"), "RuntimeDefault"),
    ("is given a token", ("automountServiceAccountToken",), False),
    ("is told every Service", ("enableServiceLinks",), False),
]
CONTAINER_RULES: list[Rule] = [
    ("may gain privileges", ("securityContext", "allowPrivilegeEscalation"), False),
    ("may write to its root", ("securityContext", "readOnlyRootFilesystem"), True),
    ("keeps capabilities", ("securityContext", "capabilities", "drop"), ["ALL"]),
]
FORBIDDEN = ("hostNetwork", "hostPID", "hostIPC")


def faults(objects: list[Object]) -> Iterator[str]:
    """Everything that is looser than it has to be."""
    for pod in pods(objects):
        for fault in (*_of_pod(pod), *_of_identity(pod, objects), *_of_network(pod, objects)):
            yield f"{pod.name}: {fault}"
        if pod.owner["kind"] == "Deployment":
            yield from (f"{pod.name}: {fault}" for fault in _of_deployment(pod, objects))
        if pod.owner["kind"] in ("Job", "CronJob"):
            yield from (f"{pod.name}: {fault}" for fault in _of_job(pod))
    yield from _of_namespace(objects)
    for secret in of_kind(objects, "Secret"):
        yield f"{called(secret)}: a secret stands in a manifest"


def _of_pod(pod: Pod) -> Iterator[str]:
    for words, path, wanted in POD_RULES:
        if part(pod.spec, *path) != wanted:
            yield words
    if not (part(pod.spec, "securityContext", "runAsUser") or 0) > 0:
        yield "has no number of a user"
    yield from (f"has {name}" for name in FORBIDDEN if pod.spec.get(name))
    if any("hostPath" in volume for volume in pod.spec.get("volumes", ())):
        yield "mounts a folder of its node"
    unbounded = [each for each in pod.spec.get("volumes", ()) if "emptyDir" in each and not each["emptyDir"]]
    yield from (f"{volume['name']} has no bound" for volume in unbounded)
    for container in pod.containers:
        yield from _of_container(pod, container)


def _of_container(pod: Pod, container: Object) -> Iterator[str]:
    for words, path, wanted in CONTAINER_RULES:
        if part(container, *path) != wanted:
            yield words
    for kind in ("requests", "limits"):
        for what in ("cpu", "memory"):
            if not part(container, "resources", kind, what):
                yield f"has no {kind} of {what}"
    if "/tmp" not in {mount["mountPath"] for mount in container.get("volumeMounts", ())}:
        yield "has no /tmp"
    volumes = {each["name"] for each in pod.spec.get("volumes", ())}
    volumes |= {each["metadata"]["name"] for each in part(pod.owner, "spec", "volumeClaimTemplates") or ()}
    for mount in container.get("volumeMounts", ()):
        if mount["name"] not in volumes:
            yield f"mounts {mount['name']}, which it has not"
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        if pod.runs_on and probe not in container:
            yield f"has no {probe}"


def _of_identity(pod: Pod, objects: list[Object]) -> Iterator[str]:
    name = pod.spec.get("serviceAccountName")
    account = by_name(objects, "ServiceAccount").get(name or "")
    if account is None or name != pod.owner["metadata"]["name"]:
        yield f"runs as {name} instead of an account of its own"
    elif account.get("automountServiceAccountToken") is not False:
        yield "its account gives tokens away"


def _of_network(pod: Pod, objects: list[Object]) -> Iterator[str]:
    name = pod.owner["metadata"]["name"]
    policy = by_name(objects, "NetworkPolicy").get(name)
    if policy is None or part(policy, "spec", "podSelector", "matchLabels", "app.kubernetes.io/name") != name:
        yield "has no network policy of its own"
    elif sorted(policy["spec"]["policyTypes"]) != ["Egress", "Ingress"]:
        yield "its network policy leaves a direction open"
    if pod.labels.get("app.kubernetes.io/name") != name or pod.labels.get("app.kubernetes.io/part-of") != PART_OF:
        yield "its labels do not say what it is"


def _of_deployment(pod: Pod, objects: list[Object]) -> Iterator[str]:
    spec, name = pod.owner["spec"], pod.owner["metadata"]["name"]
    if part(spec, "strategy", "rollingUpdate", "maxUnavailable") != 0:
        yield "is missed while it is replaced"
    if not spec["selector"]["matchLabels"].items() <= pod.labels.items():
        yield "selects other pods than its own"
    spreads = {
        spread["topologyKey"]
        for spread in pod.spec.get("topologySpreadConstraints", ())
        if part(spread, "labelSelector", "matchLabels", "app.kubernetes.io/part-of") == PART_OF
        and "app.kubernetes.io/name" in spread.get("matchLabelKeys", ())
    }
    if spreads != {"kubernetes.io/hostname", "topology.kubernetes.io/zone"}:
        yield "is not spread over nodes and zones"
    budget = by_name(objects, "PodDisruptionBudget").get(name)
    if budget is None or budget["spec"]["selector"]["matchLabels"] != spec["selector"]["matchLabels"]:
        yield "has no disruption budget"
    elif budget["spec"].get("maxUnavailable") != 1:
        yield "its disruption budget would keep a node from being emptied, or all of it from running"
    if (pod.spec.get("terminationGracePeriodSeconds") or 0) < 30:
        yield "is killed before it has ended what it accepted"


def _of_job(pod: Pod) -> Iterator[str]:
    nightly = pod.owner["kind"] == "CronJob"
    spec = part(pod.owner, "spec", "jobTemplate", "spec") if nightly else pod.owner["spec"]
    if "name" not in pod.owner["metadata"] or "generateName" in pod.owner["metadata"]:
        yield "has a name that nobody knows beforehand"
    if pod.spec.get("restartPolicy") != "Never" or "backoffLimit" not in spec or "activeDeadlineSeconds" not in spec:
        yield "may be tried for ever"
    if nightly and pod.owner["spec"].get("concurrencyPolicy") != "Forbid":
        yield "may run beside itself"
    if nightly and pod.owner["spec"].get("timeZone") != "Asia/Shanghai":
        yield "has another night"
    if not nightly and "ttlSecondsAfterFinished" not in spec:
        yield "stays for ever once it has ended, and cannot be made anew"


def _of_namespace(objects: list[Object]) -> Iterator[str]:
    (namespace,) = of_kind(objects, "Namespace")
    for mode in ("enforce", "audit", "warn"):
        if part(namespace, "metadata", "labels", f"pod-security.kubernetes.io/{mode}") != "restricted":
            yield f"{called(namespace)}: does not {mode} the restricted profile"
    for thing in objects:
        inside = thing["metadata"].get("namespace")
        if thing["kind"] != "Namespace" and inside != namespace["metadata"]["name"]:
            yield f"{called(thing)}: is in namespace {inside}"
