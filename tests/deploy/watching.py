"""Whether scaling, scraping, alarms and the dashboard ask for what the code counts, as Prometheus reads it."""

import json
import re
from collections.abc import Iterator
from typing import Any

import promql_parser as promql
from tests.deploy.facts import TARGET_LABELS, Facts
from tests.deploy.manifests import Object, by_name, called, of_kind, part, pods
from tests.deploy.reach import matches

ELSEWHERE = {"kube_cronjob_status_last_successful_time": frozenset({"cronjob"})}
"""What kube-state-metrics counts, with the labels that are asked for."""

SERVICES = frozenset({"ledger", "payroll", "notifications"})
CONSUMERS = frozenset({"payroll-consumer", "notifications-consumer"})
SEVERITIES = ("critical", "warning")
_LABEL = re.compile(r"\$labels\.(\w+)")


def faults(objects: list[Object], facts: Facts) -> Iterator[str]:
    """Everything that would stay silent, be scaled by nothing or show an empty panel."""
    yield from _of_scaling(objects, facts)
    yield from _of_scraping(objects, facts)
    yield from _of_alarms(objects, facts)
    yield from _of_dashboard(objects, facts)


def query_faults(query: str, facts: Facts) -> Iterator[str]:
    """Why the query asks for nothing; nothing when it asks for something."""
    try:
        parsed = promql.parse(query)
    except ValueError as error:
        yield f"cannot be read: {error}"
        return
    for name in _never_absent(parsed, facts):
        yield f"{name} is never absent: every process says it, most of them 0"
    for name, matchers in _selected(parsed):
        labels = facts.metrics.get(name, ELSEWHERE.get(name))
        if labels is None:
            yield f"nobody counts {name}"
            continue
        if not any(matcher.name == "namespace" for matcher in matchers):
            yield f"{name} is asked of every namespace"
        for matcher in matchers:
            yield from _of_matcher(name, matcher, labels | TARGET_LABELS, facts)
        for label in _grouped(parsed) - labels - TARGET_LABELS:
            yield f"{name} has no label {label}"


def _of_matcher(name: str, matcher: Any, labels: frozenset[str], facts: Facts) -> Iterator[str]:
    known = {"service": SERVICES, "code": facts.refusals}.get(matcher.name)
    if matcher.name not in labels:
        yield f"{name} has no label {matcher.name}"
    elif known is not None and str(matcher.op) == "MatchOp.Equal" and matcher.value not in known:
        yield f"{name} has no {matcher.name} {matcher.value}"


def _nodes(node: Any) -> Iterator[Any]:
    yield node
    for name in ("expr", "lhs", "rhs", "param", "vector_selector", "vs"):
        inner = getattr(node, name, None)
        if inner is not None and type(inner).__module__ == type(node).__module__:
            yield from _nodes(inner)
    for inner in getattr(node, "args", None) or ():
        yield from _nodes(inner)


def _selected(parsed: Any) -> Iterator[tuple[str, list[Any]]]:
    for node in _nodes(parsed):
        if isinstance(node, promql.VectorSelector):
            yield node.name, node.matchers.matchers


def _never_absent(parsed: Any, facts: Facts) -> Iterator[str]:
    """Metrics without a label of their own are there from the start, wherever the module is loaded."""
    for node in _nodes(parsed):
        if isinstance(node, promql.Call) and node.func.name == "absent":
            for name, matchers in _selected(node.args[0]):
                if facts.metrics.get(name) == frozenset() and not any(each.name == "pod" for each in matchers):
                    yield name


def _grouped(parsed: Any) -> frozenset[str]:
    modifiers = (getattr(node, "modifier", None) for node in _nodes(parsed))
    return frozenset(label for each in modifiers if isinstance(each, promql.AggModifier) for label in each.labels)


def _of_scaling(objects: list[Object], facts: Facts) -> Iterator[str]:
    targets = set()
    for scaled in of_kind(objects, "ScaledObject"):
        spec = scaled["spec"]
        target = by_name(objects, "Deployment").get(spec["scaleTargetRef"]["name"])
        targets.add(spec["scaleTargetRef"]["name"])
        if target is None:
            yield f"{called(scaled)}: scales nothing"
        elif target["spec"].get("replicas") is not None:
            yield f"{called(scaled)}: every release would set the number of {called(target)} back"
        if not 1 <= spec["minReplicaCount"] <= spec["maxReplicaCount"] <= facts.topic["partitions"]:
            yield f"{called(scaled)}: {spec['maxReplicaCount']} consumers share {facts.topic['partitions']} partitions"
        if part(spec, "fallback", "replicas") is None:
            yield f"{called(scaled)}: is lost without Prometheus"
        for trigger in spec["triggers"]:
            query = part(trigger, "metadata", "query") or ""
            yield from (f"{called(scaled)}: {fault}" for fault in query_faults(query, facts))
            service = spec["scaleTargetRef"]["name"].removesuffix("-consumer")
            if f'service="{service}"' not in query or "workforce_consumer_lag_events" not in query:
                yield f"{called(scaled)}: is not scaled by the lag of {service}"
            if float(part(trigger, "metadata", "threshold") or 0) <= 0:
                yield f"{called(scaled)}: has no threshold"
    if targets != CONSUMERS:
        yield f"{sorted(targets)} are scaled instead of the consumers"


def _of_scraping(objects: list[Object], facts: Facts) -> Iterator[str]:
    monitors = of_kind(objects, "PodMonitor")
    for pod in pods(objects):
        if not pod.runs_on or not pod.ours:
            continue
        chosen = [each for each in monitors if matches(each["spec"]["selector"], pod.labels)]
        ends = [end for each in chosen for end in each["spec"]["podMetricsEndpoints"]]
        if len(ends) != 1:
            yield f"{pod.name}: is scraped {len(ends)} times"
        for end in ends:
            if end["port"] not in {each["name"] for each in pod.ours[0]["ports"]}:
                yield f"{pod.name}: is scraped at port {end['port']}, which it has not"
            if end["path"] not in facts.paths or end["path"].startswith("/health"):
                yield f"{pod.name}: is scraped at {end['path']}, where it has no metrics"


def _of_alarms(objects: list[Object], facts: Facts) -> Iterator[str]:
    names = []
    for rules in of_kind(objects, "PrometheusRule"):
        for rule in (rule for group in rules["spec"]["groups"] for rule in group["rules"]):
            names.append(rule["alert"])
            yield from (f"{rule['alert']}: {fault}" for fault in query_faults(rule["expr"], facts))
            if part(rule, "labels", "severity") not in SEVERITIES:
                yield f"{rule['alert']}: nobody knows how bad it is"
            for text in ("summary", "runbook"):
                if len(part(rule, "annotations", text) or "") < 20:
                    yield f"{rule['alert']}: has no {text}"
            for label in _LABEL.findall(" ".join(rule.get("annotations", {}).values())):
                if label not in rule["expr"]:
                    yield f"{rule['alert']}: its words ask for {label}, which the query does not give"
    if not names or len(names) != len(set(names)):
        yield f"the alarms are {names}"


def _of_dashboard(objects: list[Object], facts: Facts) -> Iterator[str]:
    boards = [
        text
        for each in of_kind(objects, "ConfigMap")
        if part(each, "metadata", "labels", "grafana_dashboard")
        for text in each["data"].values()
    ]
    if len(boards) != 1:
        yield f"there are {len(boards)} dashboards"
    for board in boards:
        panels = json.loads(board)["panels"]
        if len({panel["id"] for panel in panels}) != len(panels) or not panels:
            yield "panels of the dashboard share a number"
        for panel in panels:
            for target in panel["targets"]:
                query = target["expr"].replace("$__rate_interval", "5m")
                yield from (f"panel {panel['title']!r}: {fault}" for fault in query_faults(query, facts))
