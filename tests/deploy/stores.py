"""Whether the databases and Kafka are made as the code expects them: the topic, the roles, what durable means."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from tests.deploy.facts import Facts
from tests.deploy.manifests import Object, by_name, called, of_kind, part, pods
from tests.deploy.processes import told

STRIMZI, CNPG = "kafka.strimzi.io/v1", "postgresql.cnpg.io/v1"
KINDS = {
    "Kafka": STRIMZI,
    "KafkaNodePool": STRIMZI,
    "KafkaTopic": STRIMZI,
    "Cluster": CNPG,
    "Database": CNPG,
}
RESTRICTED = {
    "runAsNonRoot": True,
    "allowPrivilegeEscalation": False,
    "seccompProfile": {"type": "RuntimeDefault"},
    "capabilities": {"drop": ["ALL"]},
}
"""What the namespace asks of every container; Strimzi does not give it by itself, CloudNativePG does."""

DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
BROKER = {
    "auto.create.topics.enable": False,
    "unclean.leader.election.enable": False,
    "default.replication.factor": 3,
    "min.insync.replicas": 2,
    "offsets.topic.replication.factor": 3,
}
LOGINS = {"ledger": "records", "payroll": "records", "notifications": "records", "keys": "keys"}


def faults(objects: list[Object], secrets: dict[str, Object], facts: Facts) -> Iterator[str]:
    """Everything of the operators' resources that does not fit the code, the secrets or one another."""
    for kind, version in KINDS.items():
        found = of_kind(objects, kind)
        if not found:
            yield f"there is no {kind}"
        yield from (f"{called(each)}: {each['apiVersion']}" for each in found if each["apiVersion"] != version)
    yield from _of_kafka(objects, facts)
    yield from _of_topic(objects, facts)
    yield from _of_clusters(objects, secrets)
    yield from _of_databases(objects)


def faults_of_logins(objects: list[Object], secrets: dict[str, Object]) -> Iterator[str]:
    """The secrets name users, servers and databases that are there; hosts that settings name are there, too."""
    hosts = set(_hosts(objects))
    for name, secret in secrets.items():
        uri = part(secret, "stringData", "uri")
        if uri is None:
            continue
        database, _, kind = name.rpartition("-")
        url = urlsplit(uri)
        if url.path != f"/{database}" or url.hostname != f"{LOGINS[database]}-rw" or url.hostname not in hosts:
            yield f"Secret/{name}: {url.hostname}{url.path} is not the database {database}"
        if url.username != secret["stringData"]["username"] or url.password != secret["stringData"]["password"]:
            yield f"Secret/{name}: its address has another login than itself"
        if not (url.username or "").endswith(f"_{kind}"):
            yield f"Secret/{name}: {url.username} is not the {kind}"
    for pod in pods(objects):
        for container in pod.ours:
            settings = told(container, objects)
            wanted = [server.partition(":")[0] for server in str(settings.get("WORKFORCE_KAFKA", "")).split(",")]
            wanted.append(urlsplit(str(settings.get("WORKFORCE_LEDGER_URL", ""))).hostname or "")
            yield from (f"{pod.name}: there is no host {host}" for host in wanted if host not in hosts)


def _hosts(objects: list[Object]) -> Iterator[str]:
    """Every name that a Service has, or that an operator gives one."""
    yield from by_name(objects, "Service")
    yield from (f"{name}-rw" for name in by_name(objects, "Cluster"))
    yield from (f"{name}-kafka-bootstrap" for name in by_name(objects, "Kafka"))


def _of_kafka(objects: list[Object], facts: Facts) -> Iterator[str]:
    clusters = by_name(objects, "Kafka")
    for kafka in clusters.values():
        config = part(kafka, "spec", "kafka", "config") or {}
        for name, wanted in BROKER.items():
            if config.get(name) != wanted:
                yield f"{called(kafka)}: {name} is {config.get(name)}"
        listeners = [(each["port"], each["type"]) for each in part(kafka, "spec", "kafka", "listeners") or ()]
        if listeners != [(9092, "internal")]:
            yield f"{called(kafka)}: listens at {listeners}"
        if part(kafka, "spec", "entityOperator", "topicOperator") is None:
            yield f"{called(kafka)}: nobody makes its topic"
        making = part(kafka, "spec", "entityOperator", "template", "topicOperatorContainer", "securityContext")
        if making != RESTRICTED:
            yield f"{called(kafka)}: the namespace refuses its topic operator"
    for pool in of_kind(objects, "KafkaNodePool"):
        if part(pool, "metadata", "labels", "strimzi.io/cluster") not in clusters:
            yield f"{called(pool)}: belongs to no Kafka"
        if pool["spec"]["replicas"] < facts.topic["replicas"] or set(pool["spec"]["roles"]) != {"controller", "broker"}:
            yield f"{called(pool)}: cannot hold {facts.topic['replicas']} copies"
        if any(volume.get("deleteClaim") is not False for volume in part(pool, "spec", "storage", "volumes")):
            yield f"{called(pool)}: its disks would go with it"
        if part(pool, "spec", "template", "kafkaContainer", "securityContext") != RESTRICTED:
            yield f"{called(pool)}: the namespace refuses its pods"


def _of_topic(objects: list[Object], facts: Facts) -> Iterator[str]:
    given = facts.topic["topicConfiguration"]
    expected = {**given, "cleanup.policy": ",".join(given["cleanup.policy"]), "max.message.bytes": facts.record_bytes}
    for topic in of_kind(objects, "KafkaTopic"):
        spec = topic["spec"]
        if part(topic, "metadata", "labels", "strimzi.io/cluster") not in by_name(objects, "Kafka"):
            yield f"{called(topic)}: belongs to no Kafka"
        if spec.get("topicName", topic["metadata"]["name"]) != facts.topic["name"]:
            yield f"{called(topic)}: the code's topic is {facts.topic['name']}"
        for name in ("partitions", "replicas"):
            if spec[name] != facts.topic[name]:
                yield f"{called(topic)}: has {spec[name]} {name}, the code expects {facts.topic[name]}"
        if spec["config"] != expected:
            yield f"{called(topic)}: {spec['config']} instead of {expected}"
    for pod in pods(objects):
        for container in pod.ours:
            if told(container, objects).get("WORKFORCE_TOPIC") != facts.topic["name"]:
                yield f"{pod.name}: is told another topic than {facts.topic['name']}"


def _of_clusters(objects: list[Object], secrets: dict[str, Object]) -> Iterator[str]:
    for name, cluster in by_name(objects, "Cluster").items():
        spec = cluster["spec"]
        synchronous = part(spec, "postgresql", "synchronous") or {}
        if spec["instances"] < 3 or not part(spec, "storage", "size"):
            yield f"{called(cluster)}: one lost instance stops it"
        if synchronous.get("number", 0) < 1 or synchronous.get("dataDurability") != "required":
            yield f"{called(cluster)}: acknowledges what is on one disk"
        if synchronous.get("failoverQuorum") is not True:
            yield f"{called(cluster)}: lets a standby take over that lacks what was acknowledged"
        for parameter, wanted in DURABLE.items():
            if part(spec, "postgresql", "parameters", parameter) != wanted:
                yield f"{called(cluster)}: {parameter} is {part(spec, 'postgresql', 'parameters', parameter)}"
        roles = {each["name"]: part(each, "passwordSecret", "name") for each in part(spec, "managed", "roles") or ()}
        for role, secret in roles.items():
            if part(secrets, secret, "stringData", "username") != role:
                yield f"{called(cluster)}: {role} takes its password from {secret}"
        needed = {
            secrets[f"{database}-{kind}"]["stringData"]["username"]
            for database, where in LOGINS.items()
            for kind in ("owner", "app")
            if where == name
        }
        for role in sorted(needed ^ set(roles)):
            yield f"{called(cluster)}: {role} is only one of a role and a login"
        initdb = spec["bootstrap"]["initdb"]
        if part(secrets, part(initdb, "secret", "name"), "stringData", "username") != initdb["owner"]:
            yield f"{called(cluster)}: begins with an owner that its secret does not name"


def _of_databases(objects: list[Object]) -> Iterator[str]:
    clusters = by_name(objects, "Cluster")
    found = {}
    for database in of_kind(objects, "Database"):
        spec = database["spec"]
        found[spec["name"]] = spec["cluster"]["name"]
        roles = part(clusters, spec["cluster"]["name"], "spec", "managed", "roles") or ()
        if spec["owner"] not in {role["name"] for role in roles}:
            yield f"{called(database)}: its owner {spec['owner']} is no role of {spec['cluster']['name']}"
        if not spec["owner"].endswith("_owner"):
            yield f"{called(database)}: belongs to the role that serves"
    if found != LOGINS:
        yield f"the databases are {found}"
