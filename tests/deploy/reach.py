"""Who may open a connection to whom: the network policies worked out, beside what each process needs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.deploy.manifests import Object, by_name, of_kind, part, pods

OURS = "workforce"
DNS, RECORDS, KEYS, EVENTS, LEDGER = "DNS", "records", "keys", "events", "Deployment/ledger"
PORTS = {RECORDS: 5432, KEYS: 5432, EVENTS: 9092}
NEEDED = {
    "serve ledger": {RECORDS, KEYS},
    "serve payroll": {RECORDS, LEDGER},
    "serve notifications": {RECORDS, LEDGER},
    "relay": {RECORDS, EVENTS},
    "consume payroll": {RECORDS, EVENTS, LEDGER},
    "consume notifications": {RECORDS, EVENTS, LEDGER},
    "deliver": {RECORDS, "elsewhere"},
    "migrate ledger": {RECORDS, KEYS},
    "migrate payroll": {RECORDS},
    "migrate notifications": {RECORDS},
    "shadow payroll": {RECORDS, LEDGER},
    "shadow notifications": {RECORDS, LEDGER},
    "rebuild payroll": {RECORDS, LEDGER},
    "rebuild notifications": {RECORDS, LEDGER},
    "topic": {EVENTS},
}


@dataclass(frozen=True, eq=False)
class End:
    """One end of a connection: a pod, or what is outside. `ports`: where it may be asked; `serves`: as which stores."""

    name: str
    namespace: str
    labels: dict[str, str]
    ports: tuple[int, ...]
    command: str = ""
    serves: frozenset[str] = frozenset()


OUTSIDE = [
    End(DNS, "kube-system", {"k8s-app": "kube-dns"}, (53,)),
    End("the ingress", "ingress", {"app": "controller"}, (8000,)),
    End("Prometheus", "monitoring", {"app": "prometheus"}, (9090,)),
    End("the collector of traces", "monitoring", {"app": "collector"}, (4318,)),
    End("a neighbour", "default", {"app.kubernetes.io/name": "ledger"}, (8000, 5432, 9092)),
    End("elsewhere", "", {}, (443,)),
]


def faults(objects: list[Object]) -> Iterator[str]:
    """Every connection that is needed and forbidden, or allowed and not needed."""
    policies = [*of_kind(objects, "NetworkPolicy"), *_made_by_strimzi(objects)]
    inside = [*_processes(objects), *_stores(objects)]
    for source in inside:
        wanted = NEEDED.get(source.command)
        if wanted is None:
            continue
        wanted = wanted | {DNS} | ({"the collector of traces"} if _traced(objects) else set())
        for target in (*inside, *OUTSIDE):
            for port in target.ports:
                reached = allowed(policies, source, target, port)
                if reached != bool(wanted & {target.name, *target.serves}) and source.name != target.name:
                    yield f"{source.name} {'can' if reached else 'cannot'} reach {target.name} at {port}"
    yield from _of_those_outside(policies, inside)


def _of_those_outside(policies: list[Object], inside: list[End]) -> Iterator[str]:
    for source in OUTSIDE:
        for target in inside:
            for port in target.ports:
                wanted = (source.name == "the ingress" and target.command.startswith("serve")) or (
                    source.namespace == "monitoring" and 8000 in target.ports
                )
                if allowed(policies, source, target, port) != wanted:
                    yield f"{source.name} {'cannot' if wanted else 'can'} reach {target.name} at {port}"


def allowed(policies: list[Object], source: End, target: End, port: int) -> bool:
    """Whether the policies let a TCP connection through (UDP to port 53)."""
    protocol = "UDP" if port == 53 else "TCP"
    out = [rule for policy in _of(policies, source, "Egress") for rule in policy["spec"].get("egress") or ()]
    into = [rule for policy in _of(policies, target, "Ingress") for rule in policy["spec"].get("ingress") or ()]
    return (not _of(policies, source, "Egress") or _passes(out, "to", target, source, port, protocol)) and (
        not _of(policies, target, "Ingress") or _passes(into, "from", source, target, port, protocol)
    )


def _of(policies: list[Object], end: End, direction: str) -> list[Object]:
    return [
        policy
        for policy in policies
        if end.namespace == OURS
        and direction in policy["spec"]["policyTypes"]
        and matches(policy["spec"]["podSelector"], end.labels)
    ]


def _passes(rules: list[Any], side: str, other: End, own: End, port: int, protocol: str) -> bool:
    for rule in rules:
        ports, peers = rule.get("ports"), rule.get(side)
        through = not ports or any(
            each.get("port") == port and each.get("protocol", "TCP") == protocol for each in ports
        )
        if through and (not peers or any(_is(peer, other, own) for peer in peers)):
            return True
    return False


def _is(peer: Object, end: End, own: End) -> bool:
    if "ipBlock" in peer:
        return end.namespace == ""
    spaces = peer.get("namespaceSelector")
    in_space = (
        end.namespace == own.namespace
        if spaces is None
        else matches(spaces, {"kubernetes.io/metadata.name": end.namespace}) and end.namespace != ""
    )
    return in_space and matches(peer.get("podSelector", {}), end.labels)


def matches(selector: Object, labels: dict[str, str]) -> bool:
    """Whether a label selector chooses these labels; an empty one chooses everything."""
    wanted = selector.get("matchLabels", {}).items() <= labels.items()
    return wanted and all(_holds(each, labels) for each in selector.get("matchExpressions", ()))


def _holds(expression: Object, labels: dict[str, str]) -> bool:
    assert expression["operator"] == "In", "worked out for In alone"
    return labels.get(expression["key"]) in expression["values"]


def _processes(objects: list[Object]) -> Iterator[End]:
    for pod in pods(objects):
        if pod.ours:
            ports = tuple(each["containerPort"] for each in pod.ours[0].get("ports", ()))
            yield End(pod.name, OURS, pod.labels, ports, pod.command)


def _stores(objects: list[Object]) -> Iterator[End]:
    """The databases and Kafka: pods that stand here, or such as their operators make. One may serve for two."""
    found = {}
    for labels in _labels_of_stores(objects):
        serves = frozenset(name for name in PORTS if labels.get(f"workforce/{name}") == "server")
        ports = tuple({PORTS[name] for name in serves})
        found[serves] = End(" and ".join(sorted(serves)), OURS, labels, ports, serves=serves)
    missing = set(PORTS).difference(*found)
    assert not missing, f"nothing serves {missing}"
    yield from found.values()


def _labels_of_stores(objects: list[Object]) -> Iterator[dict[str, str]]:
    yield from (pod.labels for pod in pods(objects) if not pod.ours)
    for name, cluster in by_name(objects, "Cluster").items():
        yield {"cnpg.io/cluster": name, **(part(cluster, "spec", "inheritedMetadata", "labels") or {})}
    for pool in of_kind(objects, "KafkaNodePool"):
        given = part(pool, "spec", "template", "pod", "metadata", "labels") or {}
        yield {"strimzi.io/cluster": pool["metadata"]["labels"]["strimzi.io/cluster"], **given}


def _made_by_strimzi(objects: list[Object]) -> Iterator[Object]:
    """The policies of the listeners, as the operator makes them of their peers."""
    for name, kafka in by_name(objects, "Kafka").items():
        for listener in kafka["spec"]["kafka"]["listeners"]:
            rule: Object = {"ports": [{"port": listener["port"]}]}
            if "networkPolicyPeers" in listener:
                rule["from"] = listener["networkPolicyPeers"]
            yield {
                "spec": {
                    "podSelector": {"matchLabels": {"strimzi.io/cluster": name}},
                    "policyTypes": ["Ingress"],
                    "ingress": [rule],
                }
            }


def _traced(objects: list[Object]) -> bool:
    return any("OTEL_EXPORTER_OTLP_ENDPOINT" in (each.get("data") or {}) for each in of_kind(objects, "ConfigMap"))
