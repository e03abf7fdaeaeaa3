"""One thing altered in the manifests, and the checks name it: they can fail."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.deploy import checks, hardening, processes, reach, shapes, stores, watching
from tests.deploy.facts import Facts
from tests.deploy.manifests import Object, called, part, pods

Objects = list[Object]
Secrets = dict[str, Object]
Slip = Callable[[Objects], object]


def at(objects: Objects, name: str) -> Object:
    """The object that is called so: Deployment/ledger."""
    (found,) = (thing for thing in objects if called(thing) == name)
    return found


def of(name: str, *path: Any) -> Callable[[Objects], Any]:
    """What is down the path in an object."""
    return lambda objects: part(at(objects, name), *path)


def inside(name: str, *path: Any) -> Callable[[Objects], Any]:
    """What is down the path in the only container of an object."""

    def found(objects: Objects) -> Any:
        (pod,) = (pod for pod in pods(objects) if pod.name == name)
        return part(pod.containers[0], *path) if path else pod.containers[0]

    return found


def pod_of(name: str) -> Callable[[Objects], Any]:
    """The pod of an object."""
    return lambda objects: next(pod.template["spec"] for pod in pods(objects) if pod.name == name)


def put(where: Callable[[Objects], Any], key: Any, value: Any) -> Slip:
    """Set one value."""
    return lambda objects: where(objects).__setitem__(key, value)


def drop(where: Callable[[Objects], Any], key: Any) -> Slip:
    """Take one value away."""
    return lambda objects: where(objects).pop(key)


def gone(name: str) -> Slip:
    """Take an object away."""
    return lambda objects: objects.remove(at(objects, name))


def setting(name: str, value: str) -> Slip:
    """Have a ConfigMap tell all processes another value."""

    def slip(objects: Objects) -> None:
        (settings,) = (thing for thing in objects if called(thing).startswith("ConfigMap/settings"))
        settings["data"][name] = value

    return slip


def rule(name: str) -> Callable[[Objects], Any]:
    """An alarm."""

    def found(objects: Objects) -> Any:
        groups = at(objects, "PrometheusRule/workforce")["spec"]["groups"]
        return next(each for group in groups for each in group["rules"] if each["alert"] == name)

    return found


def opened_keys(objects: Objects) -> None:
    """Let payroll ask the keys' database, at both ends."""
    at(objects, "NetworkPolicy/payroll")["spec"]["egress"] = [{}]
    at(objects, "NetworkPolicy/keys")["spec"]["ingress"] = [{}]


LEDGER, RELAY, NIGHT = "Deployment/ledger", "Deployment/relay", "CronJob/payroll-shadow"
TOPIC, RECORDS, SCALED = "KafkaTopic/workforce.events", "Cluster/records", "ScaledObject/payroll-consumer"
ROLES = of(RECORDS, "spec", "managed", "roles")
SYNCHRONOUS = of(RECORDS, "spec", "postgresql", "synchronous")
FOREIGN = [{"from": [{"namespaceSelector": {}}]}]

CALLING = {
    "port http is 8001": put(inside(LEDGER, "ports", 0), "containerPort", 8001),
    "does not serve on port 8000": put(inside(RELAY, "args"), -1, "8001"),
    "workforce serve ledgers": put(inside(LEDGER, "args"), 1, "ledgers"),
    "workforce relays": put(inside(RELAY, "args"), 0, "relays"),
    "workforce relay --prot": put(inside(RELAY, "args"), 1, "--prot"),
    "the image says what is called": put(inside(RELAY), "command", ["sh"]),
    "the image is workforce-ledger:0.0.9": put(inside(RELAY), "image", "workforce-ledger:0.0.9"),
    "asks /health/alive, which the code does not answer": put(
        inside(LEDGER, "livenessProbe", "httpGet"), "path", "/health/alive"
    ),
    "asks /health/live instead of /health/ready": put(
        inside(RELAY, "readinessProbe", "httpGet"), "path", "/health/live"
    ),
    "asks at port web": put(inside(RELAY, "startupProbe", "httpGet"), "port", "web"),
    "the code reads no WORKFORCE_DATABSE": put(inside(RELAY, "env", 0), "name", "WORKFORCE_DATABSE"),
    "relay has to be told WORKFORCE_DATABASE": put(inside(RELAY, "env", 0), "name", "WORKFORCE_DATA"),
    "the code reads no WORKFORCE_KAFKAS": setting("WORKFORCE_KAFKAS", "events-kafka-bootstrap:9092"),
    "relay has no use for WORKFORCE_KEYS": lambda objects: inside(RELAY, "env")(objects).append(
        inside(LEDGER, "env", 2)(objects)
    ),
    "ledger-app/url, which nobody makes": put(inside(LEDGER, "env", 0, "valueFrom", "secretKeyRef"), "key", "url"),
    "legder-app/uri, which nobody makes": put(
        inside(LEDGER, "env", 0, "valueFrom", "secretKeyRef"), "name", "legder-app"
    ),
    "WORKFORCE_DATABASE is a secret": put(inside(LEDGER, "env"), 0, {"name": "WORKFORCE_DATABASE", "value": "x"}),
    "there is no ConfigMap": put(inside(LEDGER, "envFrom", 0, "configMapRef"), "name", "setings"),
    "nothing runs workforce relay": gone(RELAY),
    "Service/ledger: Deployment/ledger has no port web": put(
        of("Service/ledger", "spec", "ports", 0), "targetPort", "web"
    ),
    "Service/ledger: selects no pod": put(of("Service/ledger", "spec", "selector"), "app.kubernetes.io/name", "legder"),
    "/ledger/v2": put(of("Ingress/workforce", "spec", "rules", 0, "http", "paths", 0), "path", "/ledger/v2"),
    "/payroll/v1 leads to ledger": put(
        of("Ingress/workforce", "spec", "rules", 0, "http", "paths", 1, "backend", "service"), "name", "ledger"
    ),
    "there is no host kafka": setting("WORKFORCE_KAFKA", "kafka:9092"),
    "there is no host legder": setting("WORKFORCE_LEDGER_URL", "http://legder:8000"),
    "is told another topic": setting("WORKFORCE_TOPIC", "workforce.event"),
}
BOUNDING = {
    "runs as anybody": put(pod_of(LEDGER), "securityContext", {"runAsUser": 10001}),
    "has no number of a user": lambda objects: pod_of(LEDGER)(objects)["securityContext"].pop("runAsUser"),
    "has no seccomp profile": lambda objects: pod_of(NIGHT)(objects)["securityContext"].pop("seccompProfile"),
    "is given a token": put(pod_of(RELAY), "automountServiceAccountToken", True),
    "has hostNetwork": put(pod_of(RELAY), "hostNetwork", True),
    "mounts a folder of its node": put(pod_of(RELAY), "volumes", [{"name": "tmp", "hostPath": {"path": "/"}}]),
    "tmp has no bound": put(pod_of(RELAY), "volumes", [{"name": "tmp", "emptyDir": {}}]),
    "may gain privileges": put(inside("Job/migrate-ledger", "securityContext"), "allowPrivilegeEscalation", True),
    "may write to its root": put(inside(NIGHT, "securityContext"), "readOnlyRootFilesystem", False),
    "keeps capabilities": put(inside(LEDGER, "securityContext", "capabilities"), "drop", ["NET_RAW"]),
    "has no limits of memory": drop(inside("Deployment/deliver", "resources", "limits"), "memory"),
    "has no requests of cpu": drop(inside(NIGHT, "resources", "requests"), "cpu"),
    "has no /tmp": put(inside(LEDGER), "volumeMounts", []),
    "mounts spool, which it has not": put(inside(LEDGER, "volumeMounts", 0), "name", "spool"),
    "has no startupProbe": drop(inside(LEDGER), "startupProbe"),
    "has no readinessProbe": drop(inside(RELAY), "readinessProbe"),
    "runs as default": put(pod_of(LEDGER), "serviceAccountName", "default"),
    "its account gives tokens away": put(of("ServiceAccount/relay"), "automountServiceAccountToken", True),
    "has no network policy of its own": gone("NetworkPolicy/deliver"),
    "leaves a direction open": put(of("NetworkPolicy/deliver", "spec"), "policyTypes", ["Ingress"]),
    "has no disruption budget": gone("PodDisruptionBudget/payroll"),
    "is missed while it is replaced": put(of(LEDGER, "spec", "strategy", "rollingUpdate"), "maxUnavailable", 1),
    "is not spread over nodes and zones": put(pod_of(LEDGER), "topologySpreadConstraints", []),
    "is killed before": put(pod_of(LEDGER), "terminationGracePeriodSeconds", 5),
    "may be tried for ever": drop(of("Job/migrate-payroll", "spec"), "backoffLimit"),
    "stays for ever": drop(of("Job/migrate-payroll", "spec"), "ttlSecondsAfterFinished"),
    "may run beside itself": put(of(NIGHT, "spec"), "concurrencyPolicy", "Allow"),
    "has another night": drop(of(NIGHT, "spec"), "timeZone"),
    "does not enforce the restricted profile": put(
        of("Namespace/workforce", "metadata", "labels"), "pod-security.kubernetes.io/enforce", "baseline"
    ),
    "is in namespace default": put(of("Service/ledger", "metadata"), "namespace", "default"),
    "a secret stands in a manifest": lambda objects: objects.append(
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x", "namespace": "workforce"}}
    ),
}
REACHING = {
    "a neighbour can reach Deployment/payroll at 8000": put(of("NetworkPolicy/payroll", "spec"), "ingress", FOREIGN),
    "Deployment/relay can reach elsewhere at 443": put(of("NetworkPolicy/relay", "spec"), "egress", [{}]),
    "Deployment/relay cannot reach events": put(of("NetworkPolicy/relay", "spec"), "egress", []),
    "cannot reach Deployment/ledger": put(of("NetworkPolicy/ledger", "spec"), "ingress", []),
    "cannot reach DNS": gone("NetworkPolicy/ask-for-names"),
    "Prometheus cannot reach": gone("NetworkPolicy/be-scraped"),
    "cannot reach the collector": gone("NetworkPolicy/send-traces"),
    "Deployment/ledger cannot reach records": gone("NetworkPolicy/records"),
    "Deployment/relay cannot reach records": put(
        of("NetworkPolicy/relay", "spec", "egress", 0, "ports", 0), "port", 5433
    ),
    "Deployment/payroll can reach keys": opened_keys,
    "a neighbour can reach events at 9092": lambda objects: at(objects, "Kafka/events")["spec"]["kafka"]["listeners"][
        0
    ].pop("networkPolicyPeers"),
}
STORING = {
    "has 11 partitions, the code expects 12": put(of(TOPIC, "spec"), "partitions", 11),
    "the code's topic is workforce.events": put(of(TOPIC, "spec"), "topicName", "workforce.event"),
    "'retention.ms': 1": put(of(TOPIC, "spec", "config"), "retention.ms", 1),
    "'message.timestamp.type': 'CreateTime'": put(of(TOPIC, "spec", "config"), "message.timestamp.type", "CreateTime"),
    "KafkaTopic/workforce.events: belongs to no Kafka": put(of(TOPIC, "metadata", "labels"), "strimzi.io/cluster", "x"),
    "KafkaNodePool/nodes: belongs to no Kafka": put(
        of("KafkaNodePool/nodes", "metadata", "labels"), "strimzi.io/cluster", "x"
    ),
    "the namespace refuses its pods": drop(of("KafkaNodePool/nodes", "spec", "template"), "kafkaContainer"),
    "the namespace refuses its topic operator": drop(of("Kafka/events", "spec", "entityOperator"), "template"),
    "cannot hold 3 copies": put(of("KafkaNodePool/nodes", "spec"), "replicas", 2),
    "min.insync.replicas is 1": put(of("Kafka/events", "spec", "kafka", "config"), "min.insync.replicas", 1),
    "KafkaTopic/workforce.events: kafka.strimzi.io/v1beta2": put(of(TOPIC), "apiVersion", "kafka.strimzi.io/v1beta2"),
    "one lost instance stops it": put(of(RECORDS, "spec"), "instances", 2),
    "acknowledges what is on one disk": put(SYNCHRONOUS, "dataDurability", "preferred"),
    "lets a standby take over": drop(SYNCHRONOUS, "failoverQuorum"),
    "synchronous_commit is local": put(of(RECORDS, "spec", "postgresql", "parameters"), "synchronous_commit", "local"),
    "ledger_app takes its password from payroll-app": put(
        of(RECORDS, "spec", "managed", "roles", 1, "passwordSecret"), "name", "payroll-app"
    ),
    "payroll_app is only one of a role and a login": lambda objects: ROLES(objects).pop(3),
    "belongs to the role that serves": put(of("Database/payroll", "spec"), "owner", "payroll_app"),
    "is no role of keys": put(of("Database/payroll", "spec", "cluster"), "name", "keys"),
    "begins with an owner": put(of(RECORDS, "spec", "bootstrap", "initdb", "secret"), "name", "ledger-app"),
}
WATCHING = {
    "nobody counts workforce_chain_lag": put(
        rule("WorkforceChainBehind"), "expr", 'workforce_chain_lag{namespace="x"} > 1'
    ),
    "WorkforceChainBehind: cannot be read": put(rule("WorkforceChainBehind"), "expr", "max(workforce_chain_lag_events"),
    "workforce_relay_position is never absent": put(
        rule("WorkforceNobodyRelays"), "expr", 'absent(workforce_relay_position{namespace="workforce"})'
    ),
    "is asked of every namespace": put(rule("WorkforceChainBehind"), "expr", "workforce_chain_lag_events > 1"),
    "has no label servce": put(
        rule("WorkforceConsumerBehind"), "expr", 'max by (servce) (workforce_consumer_lag_seconds{namespace="x"})'
    ),
    "has no service pay": put(
        rule("WorkforceConsumerBehind"), "expr", 'workforce_consumer_lag_seconds{namespace="x", service="pay"}'
    ),
    "has no code storage-away": put(
        rule("WorkforceDatabaseAway"), "expr", 'workforce_refusals_total{namespace="x", code="storage-away"} > 0'
    ),
    "WorkforceStreamParked: has no runbook": drop(
        rule(
            "WorkforceStreamParked",
        ),
        "annotations",
    ),
    "its words ask for pool": lambda objects: rule("WorkforceStreamParked")(objects)["annotations"].update(
        summary="{{ $labels.pool }} has set events aside"
    ),
    "nobody knows how bad it is": put(rule("WorkforceStreamParked"), "labels", {"severity": "sad"}),
    "ScaledObject/payroll-consumer: scales nothing": put(of(SCALED, "spec", "scaleTargetRef"), "name", "consumer"),
    "13 consumers share 12 partitions": put(of(SCALED, "spec"), "maxReplicaCount", 13),
    "set the number of Deployment/payroll-consumer back": put(of("Deployment/payroll-consumer", "spec"), "replicas", 2),
    "is not scaled by the lag of payroll": put(
        of(SCALED, "spec", "triggers", 0, "metadata"), "query", 'workforce_relay_lag_events{namespace="workforce"}'
    ),
    "is scraped at /metric,": put(of("PodMonitor/workforce", "spec", "podMetricsEndpoints", 0), "path", "/metric"),
    "is scraped at port web": put(of("PodMonitor/workforce", "spec", "podMetricsEndpoints", 0), "port", "web"),
    "Deployment/relay: is scraped 0 times": lambda objects: at(objects, "PodMonitor/workforce")["spec"]["selector"][
        "matchExpressions"
    ][0]["values"].remove("relay"),
}
SHAPING = {
    "spec has no minReplicas": put(of(SCALED, "spec"), "minReplicas", 2),
    "spec.groups[0].rules[0] has no exp": put(
        of("PrometheusRule/workforce", "spec", "groups", 0, "rules", 0), "exp", "1"
    ),
    "spec lacks partitions": drop(of(TOPIC, "spec"), "partitions"),
    "spec.instances is '3'": put(of(RECORDS, "spec"), "instances", "3"),
    "nobody knows keda.sh/v1": put(of(SCALED), "apiVersion", "keda.sh/v1"),
}


def found_by(check: str, objects: Objects, secrets: Secrets, facts: Facts) -> Iterator[str]:
    """What one of the checks finds."""
    yield from {
        "calling": lambda: called_and_told(objects, secrets, facts),
        "bounding": lambda: hardening.faults(objects),
        "reaching": lambda: reach.faults(objects),
        "storing": lambda: stores.faults(objects, secrets, facts),
        "watching": lambda: watching.faults(objects, facts),
        "shaping": lambda: shapes.faults(objects),
    }[check]()


def called_and_told(objects: Objects, secrets: Secrets, facts: Facts) -> Iterator[str]:
    """What is found of the processes, and of the hosts and the topic that they are told."""
    yield from processes.faults(objects, secrets, facts)
    yield from stores.faults_of_logins(objects, secrets)
    yield from stores.faults(objects, secrets, facts)


TABLES = {
    "calling": CALLING,
    "bounding": BOUNDING,
    "reaching": REACHING,
    "storing": STORING,
    "watching": WATCHING,
    "shaping": SHAPING,
}


@pytest.mark.parametrize(
    ("check", "named", "slip"),
    [pytest.param(check, named, slip, id=named) for check, table in TABLES.items() for named, slip in table.items()],
)
def test_a_slip_is_named(
    production: Objects, secrets_of: Callable[[str], Secrets], facts: Facts, check: str, named: str, slip: Slip
) -> None:
    slip(production)
    found = list(found_by(check, production, secrets_of("production"), facts))
    assert any(named in fault for fault in found), found


@pytest.mark.parametrize(
    ("named", "slip"),
    [
        ("'readinesProbe' was unexpected", lambda each: inside(LEDGER)(each).update(readinesProbe={})),
        ("'web' is not of type", lambda each: inside(LEDGER, "ports", 0)(each).update(containerPort="web")),
        ("'schedule' is a required property", lambda each: at(each, NIGHT)["spec"].pop("schedule")),
    ],
)
def test_a_field_that_kubernetes_would_refuse_is_named(production: Objects, named: str, slip: Slip) -> None:
    slip(production)
    altered = [at(production, LEDGER), at(production, NIGHT)]
    assert any(named in fault for fault in checks.invalid(altered)), list(checks.invalid(altered))
