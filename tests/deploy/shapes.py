"""The fields of the operators' resources that we use, as their definitions have them: another one would be ignored."""

from collections.abc import Iterator
from typing import Any

from tests.deploy.manifests import Object, called

ANYTHING = object
"""Kubernetes' own shapes inside of an operator's."""

_RESOURCES = {"requests!": {"cpu!": str, "memory!": str}, "limits!": {"cpu!": str, "memory!": str}}
_ROLE = {"name!": str, "ensure": str, "login": bool, "passwordSecret": {"name!": str}}
_POLICIES = {"stabilizationWindowSeconds": int, "policies": [{"type!": str, "value!": int, "periodSeconds!": int}]}

SHAPES: dict[tuple[str, str], Any] = {
    ("kafka.strimzi.io/v1", "Kafka"): {
        "kafka!": {
            "listeners!": [{"name!": str, "port!": int, "type!": str, "tls!": bool, "networkPolicyPeers": ANYTHING}],
            "config": {"*": ANYTHING},
        },
        "entityOperator": {
            "topicOperator": {"resources": _RESOURCES},
            "template": {"topicOperatorContainer": {"securityContext": ANYTHING}},
        },
    },
    ("kafka.strimzi.io/v1", "KafkaNodePool"): {
        "replicas!": int,
        "roles!": [str],
        "storage!": {
            "type!": str,
            "volumes": [{"id!": int, "type!": str, "size": str, "kraftMetadata": str, "deleteClaim": bool}],
        },
        "resources": _RESOURCES,
        "jvmOptions": {"-Xms": str, "-Xmx": str},
        "template": {
            "pod": {"metadata": {"labels": {"*": str}}, "affinity": ANYTHING},
            "kafkaContainer": {"securityContext": ANYTHING},
        },
    },
    ("kafka.strimzi.io/v1", "KafkaTopic"): {
        "topicName": str,
        "partitions!": int,
        "replicas!": int,
        "config": {"*": ANYTHING},
    },
    ("postgresql.cnpg.io/v1", "Cluster"): {
        "instances!": int,
        "inheritedMetadata": {"labels": {"*": str}},
        "bootstrap": {
            "initdb": {
                "database!": str,
                "owner!": str,
                "secret": {"name!": str},
                "dataChecksums": bool,
                "encoding": str,
                "localeCollate": str,
                "localeCType": str,
            }
        },
        "postgresql": {
            "synchronous": {"method!": str, "number!": int, "dataDurability": str, "failoverQuorum": bool},
            "parameters": {"*": str},
        },
        "managed": {"roles": [_ROLE]},
        "resources": _RESOURCES,
        "storage": {"size!": str},
        "walStorage": {"size!": str},
        "affinity": {"enablePodAntiAffinity": bool, "podAntiAffinityType": str, "topologyKey": str},
    },
    ("postgresql.cnpg.io/v1", "Database"): {"cluster!": {"name!": str}, "name!": str, "owner!": str},
    ("keda.sh/v1alpha1", "ScaledObject"): {
        "scaleTargetRef!": {"apiVersion": str, "kind": str, "name!": str},
        "minReplicaCount": int,
        "maxReplicaCount": int,
        "pollingInterval": int,
        "fallback": {"failureThreshold!": int, "replicas!": int},
        "advanced": {"horizontalPodAutoscalerConfig": {"behavior": {"scaleUp": _POLICIES, "scaleDown": _POLICIES}}},
        "triggers!": [
            {
                "type!": str,
                "metadata!": {"serverAddress!": str, "query!": str, "threshold!": str, "ignoreNullValues": str},
            }
        ],
    },
    ("monitoring.coreos.com/v1", "PodMonitor"): {
        "selector!": ANYTHING,
        "podMetricsEndpoints!": [{"port!": str, "path": str, "interval": str, "scrapeTimeout": str}],
    },
    ("monitoring.coreos.com/v1", "PrometheusRule"): {
        "groups!": [
            {
                "name!": str,
                "rules!": [
                    {"alert!": str, "expr!": str, "for": str, "labels": {"*": str}, "annotations": {"*": str}},
                ],
            }
        ],
    },
}


def is_custom(thing: Object) -> bool:
    """Whether an operator, not Kubernetes itself, knows the kind."""
    group = thing["apiVersion"].rpartition("/")[0]
    return "." in group and not group.endswith(".k8s.io")


def faults(objects: list[Object]) -> Iterator[str]:
    """Every field that its definition does not have, lacks, or has as something else."""
    for thing in objects:
        if is_custom(thing):
            shape = SHAPES.get((thing["apiVersion"], thing["kind"]))
            if shape is None:
                yield f"{called(thing)}: nobody knows {thing['apiVersion']} {thing['kind']}"
            else:
                yield from (f"{called(thing)}: {fault}" for fault in _beside(thing["spec"], shape, "spec"))


def _beside(value: Any, shape: Any, where: str) -> Iterator[str]:
    if isinstance(shape, list):
        if not isinstance(value, list) or not value:
            yield f"{where} is no list of something"
            return
        for number, each in enumerate(value):
            yield from _beside(each, shape[0], f"{where}[{number}]")
    elif isinstance(shape, dict):
        if not isinstance(value, dict):
            yield f"{where} has no fields"
            return
        named = {name.rstrip("!"): inner for name, inner in shape.items()}
        yield from (f"{where} lacks {name[:-1]}" for name in shape if name.endswith("!") and name[:-1] not in value)
        for name, inner in value.items():
            known = named.get(name, named.get("*"))
            if known is None:
                yield f"{where} has no {name}"
            else:
                yield from _beside(inner, known, f"{where}.{name}")
    elif type(value) is not shape and shape is not ANYTHING:
        yield f"{where} is {value!r}"
