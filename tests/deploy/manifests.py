"""The manifests as they are sent to a cluster: rendered, and looked at pod by pod."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent.parent
OVERLAYS = ROOT / "deploy" / "k8s" / "overlays"
IMAGE = "workforce-ledger"
PART_OF = "workforce"

Object = dict[str, Any]
_TEMPLATE = {
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}


def render(overlay: str) -> list[Object]:
    """Every object of an overlay, as kustomize makes them."""
    kubectl = Path(sys.executable).parent / "kubectl"
    made = subprocess.run([kubectl, "kustomize", OVERLAYS / overlay], capture_output=True, text=True, check=True)
    return [found for found in yaml.safe_load_all(made.stdout) if found]


def called(thing: Object) -> str:
    """Kind and name, as kubectl takes them: Deployment/ledger."""
    return f"{thing['kind']}/{thing['metadata']['name']}"


def of_kind(objects: list[Object], *kinds: str) -> list[Object]:
    """The objects of these kinds."""
    return [thing for thing in objects if thing["kind"] in kinds]


def by_name(objects: list[Object], kind: str) -> dict[str, Object]:
    """The objects of a kind under their names."""
    return {thing["metadata"]["name"]: thing for thing in of_kind(objects, kind)}


def part(thing: Any, *path: Any) -> Any:
    """What is found down the path, None where it ends."""
    for step in path:
        try:
            thing = thing[step]
        except (KeyError, IndexError, TypeError):
            return None
    return thing


@dataclass(frozen=True)
class Pod:
    """What an object would start."""

    owner: Object
    template: Object

    @property
    def name(self) -> str:
        """As the object is called."""
        return called(self.owner)

    @property
    def labels(self) -> dict[str, str]:
        """Of each pod."""
        return dict(self.template["metadata"].get("labels", {}))

    @property
    def spec(self) -> Object:
        """Of each pod."""
        return dict(self.template["spec"])

    @property
    def containers(self) -> list[Object]:
        """All of them, those that run first included."""
        return [*self.spec.get("initContainers", ()), *self.spec["containers"]]

    @property
    def runs_on(self) -> bool:
        """Whether it is meant never to end."""
        return self.owner["kind"] in ("Deployment", "StatefulSet")

    @property
    def ours(self) -> list[Object]:
        """The containers of our image."""
        return [each for each in self.containers if each["image"].partition(":")[0] == IMAGE]

    @property
    def command(self) -> str:
        """What the container of our image does, without options: serve ledger, relay."""
        return " ".join(_words(self.ours[0].get("args", ()))) if self.ours else ""


def pods(objects: list[Object]) -> Iterator[Pod]:
    """A pod of each object that starts some."""
    for thing in objects:
        if thing["kind"] in _TEMPLATE:
            yield Pod(thing, part(thing, *_TEMPLATE[thing["kind"]]))


def _words(args: list[str]) -> Iterator[str]:
    for arg in args:
        if arg.startswith("-"):
            return
        yield arg
