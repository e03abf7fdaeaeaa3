"""Every check of one overlay after the other; each finding names the object and what is wrong with it."""

import json
from collections.abc import Iterator
from functools import cache

import kubernetes_validate
from tests.deploy import hardening, processes, reach, shapes, stores, watching
from tests.deploy.facts import Facts
from tests.deploy.manifests import Object, called

KUBERNETES = "1.37"


def faults(overlay: str, objects: list[Object], secrets: dict[str, Object], facts: Facts) -> Iterator[str]:
    """Everything that is wrong with the rendered objects of an overlay."""
    yield from invalid(objects)
    yield from hardening.faults(objects)
    yield from processes.faults(objects, secrets, facts)
    yield from reach.faults(objects)
    yield from stores.faults_of_logins(objects, secrets)
    if overlay == "production":
        yield from shapes.faults(objects)
        yield from stores.faults(objects, secrets, facts)
        yield from watching.faults(objects, facts)


def invalid(objects: list[Object]) -> Iterator[str]:
    """What the API of Kubernetes would refuse, fields that it does not know included."""
    for thing in objects:
        if not shapes.is_custom(thing) and (fault := _refusal(json.dumps(thing, sort_keys=True))):
            yield f"{called(thing)}: {fault}"


@cache
def _refusal(text: str) -> str:
    """Most objects are the same in both overlays."""
    try:
        kubernetes_validate.validate(json.loads(text), KUBERNETES, strict=True)
    except kubernetes_validate.ValidationError as error:
        return f"{'.'.join(map(str, error.path))}: {error.message}"
    return ""
