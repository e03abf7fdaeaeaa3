"""No port, probe path, setting, command or metric in the manifests can be mistyped unseen: each is, one at a time."""

import copy
import re
from collections.abc import Callable, Iterator
from typing import Any

from tests.deploy import processes, watching
from tests.deploy.facts import Facts
from tests.deploy.manifests import Object, called, of_kind, pods

METRIC = re.compile(r"\bworkforce_\w+")
Place = tuple[str, Any, Any]
"""What it is called, what holds it, and under which key."""


def names(objects: list[Object]) -> Iterator[Place]:
    """Every command word, setting, port and probe path of our own containers."""
    for pod in pods(objects):
        for container in pod.ours:
            args = container.get("args", ())
            yield from ((f"{pod.name} args {n}", args, n) for n, arg in enumerate(args))
            yield from ((f"{pod.name} env {entry['name']}", entry, "name") for entry in container.get("env", ()))
            yield from ((f"{pod.name} port", port, "containerPort") for port in container.get("ports", ()))
            for probe in processes.PROBES:
                if probe in container:
                    yield from (
                        (f"{pod.name} {probe} {key}", container[probe]["httpGet"], key) for key in ("path", "port")
                    )


def queries(objects: list[Object]) -> Iterator[Place]:
    """Every query of alarms and scaling."""
    for thing in of_kind(objects, "PrometheusRule"):
        yield from ((rule["alert"], rule, "expr") for group in thing["spec"]["groups"] for rule in group["rules"])
    for thing in of_kind(objects, "ScaledObject"):
        yield from ((called(thing), trigger["metadata"], "query") for trigger in thing["spec"]["triggers"])


def mistyped(value: Any) -> Any:
    """A slip of the finger."""
    return value + 1 if isinstance(value, int) else f"{value[:-1]}{'1' if value[-1] == '0' else ''}x"


def unseen(places: list[Place], found: Callable[[], list[str]], slip: Callable[[Any], Any]) -> Iterator[str]:
    """The places where a slip changes nothing that is found."""
    assert found() == []
    for name, holder, key in places:
        right = holder[key]
        holder[key] = slip(right)
        if not found():
            yield f"{name}: {holder[key]}"
        holder[key] = right


def test_no_name_can_be_mistyped_unseen(objects: list[Object], secrets: dict[str, Object], facts: Facts) -> None:
    altered = copy.deepcopy(objects)
    places = list(names(altered))
    assert len(places) > 80
    assert list(unseen(places, lambda: list(processes.faults(altered, secrets, facts)), mistyped)) == []


def test_no_metric_can_be_mistyped_unseen(production: list[Object], facts: Facts) -> None:
    places = list(queries(production))
    assert len(places) > 15

    def slip(query: str) -> str:
        return METRIC.sub(lambda match: match[0][:-1], query) if METRIC.search(query) else f"x{query}"

    assert list(unseen(places, lambda: list(watching.faults(production, facts)), slip)) == []


def test_no_metric_of_the_dashboard_can_be_mistyped_unseen(production: list[Object], facts: Facts) -> None:
    (board,) = (thing for thing in of_kind(production, "ConfigMap") if "workforce.json" in thing["data"])
    asked = sorted(set(METRIC.findall(board["data"]["workforce.json"])))
    right = board["data"]["workforce.json"]
    assert list(watching.faults(production, facts)) == []
    for metric in asked:
        board["data"]["workforce.json"] = re.sub(rf"\b{metric}\b", metric[:-1], right)
        assert any(metric[:-1] in fault for fault in watching.faults(production, facts)), metric


def test_every_metric_is_shown_or_alarmed_about(production: list[Object], facts: Facts) -> None:
    asked = set(METRIC.findall(str(production)))
    series = {re.sub(r"_(bucket|sum|count)$", "", metric) for metric in facts.metrics}
    assert sorted(series - {re.sub(r"_(bucket|sum|count)$", "", metric) for metric in asked}) == []
