"""Whether the Dockerfile makes the image that the manifests and the code speak of, read without building it."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from tests.deploy.facts import Facts
from tests.deploy.manifests import ROOT

SLIM = re.compile(r"python:3\.\d+-slim\Z")
ADDRESS = re.compile(r"\b[a-z][a-z0-9+]*://(?!127\.0\.0\.1)|\b[\w-]+(\.[\w-]+)+/[\w-]+/[\w-]+")
SECRET = re.compile(r"PASSWORD|TOKEN|SECRET|_KEYS?\b", re.IGNORECASE)
USER = re.compile(r"[1-9]\d{3,}(:[1-9]\d{3,})?\Z")


@dataclass(frozen=True)
class Step:
    """One instruction, on one line: `FROM`, its words, and the number of the stage it belongs to."""

    word: str
    text: str
    stage: int


def steps(text: str) -> list[Step]:
    """The instructions of a Dockerfile, comments left out and continued lines joined."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    found, stage = [], -1
    for line in re.sub(r"\\\n", " ", "\n".join(lines)).splitlines():
        if line.strip():
            word, _, rest = line.strip().partition(" ")
            stage += word == "FROM"
            found.append(Step(word, re.sub(r"\s+", " ", rest.strip()), stage))
    return found


def faults(text: str, ignored: str, facts: Facts) -> Iterator[str]:
    """Everything that would not build, or would build another image than ours. `ignored`: the text of .dockerignore."""
    found = steps(text)
    stages = [step for step in found if step.word == "FROM"]
    last = [step for step in found if step.stage == len(stages) - 1]
    if len(stages) < 2:
        yield "what builds the image stays in it"
    yield from (f"FROM {each.text}: not a slim Python" for each in stages if not SLIM.match(each.text.split(" ")[0]))
    yield from (f"{each.word} names an address: {each.text}" for each in found if ADDRESS.search(each.text))
    yield from _of_copies(found, stages, ignored)
    yield from _of_packages(found)
    yield from _of_environment(last, facts)
    yield from _of_start(last, facts)


def _one(part: list[Step], word: str) -> str:
    found = [step.text for step in part if step.word == word]
    return found[-1] if found else ""


def _of_copies(found: list[Step], stages: list[Step], ignored: str) -> Iterator[str]:
    names = [each.text.rpartition(" AS ")[2] if " AS " in each.text else "" for each in stages]
    for step in (each for each in found if each.word in ("COPY", "ADD")):
        *options, target = step.text.split(" ")
        origin = next((each.removeprefix("--from=") for each in options if each.startswith("--from=")), "")
        sources = [each for each in options if not each.startswith("--")]
        if step.word == "ADD" or not target:
            yield f"ADD {step.text}: copy it"
        elif origin:
            if origin not in names[: step.stage]:
                yield f"COPY {step.text}: there is no stage {origin} before"
        else:
            yield from (f"COPY {each}: there is no such path" for each in sources if not (ROOT / each).exists())
            yield from (f"COPY {each}: .dockerignore keeps it out" for each in sources if kept_out(each, ignored))


def kept_out(path: str, ignored: str) -> bool:
    """Whether the builder is not sent the path: the last line that speaks of it, or of a folder above, holds."""
    out = False
    for line in ignored.splitlines():
        pattern = line.strip()
        if pattern and not pattern.startswith("#"):
            wanted = pattern.removeprefix("!").removeprefix("**/").rstrip("/")
            places = [Path(path), *Path(path).parents] if not pattern.removeprefix("!").startswith("**/") else []
            names = [str(place) for place in places] if places else list(Path(path).parts)
            if any(fnmatch(name, wanted) for name in names if name != "."):
                out = not pattern.startswith("!")
    return out


def _of_packages(found: list[Step]) -> Iterator[str]:
    installs = [step.text for step in found if step.word == "RUN" and re.search(r"\bpip\b.*\binstall\b", step.text)]
    if not any("--require-hashes" in each and "-r requirements-image.lock" in each for each in installs):
        yield "nothing is installed from requirements-image.lock with its hashes"
    for each in installs:
        if "--require-hashes" not in each and not ("--no-deps" in each and "--no-build-isolation" in each):
            yield f"RUN {each}: takes what is in no lock"


def _of_environment(last: list[Step], facts: Facts) -> Iterator[str]:
    given: dict[str, str] = {}
    for step in (each for each in last if each.word in ("ENV", "ARG")):
        given |= dict(pair.partition("=")[::2] for pair in step.text.split(" "))
    for name in given:
        if name.startswith("WORKFORCE_") and name not in facts.settings:
            yield f"ENV {name}: the code reads no such setting"
        if SECRET.search(name):
            yield f"ENV {name}: a secret stays in the image"
    for name, wanted in (
        ("PYTHONDONTWRITEBYTECODE", "1"),
        ("WORKFORCE_ENVIRONMENT", "production"),
        ("WORKFORCE_HOST", "0.0.0.0"),
    ):
        if given.get(name) != wanted:
            yield f"ENV {name} is {given.get(name)}"
    if given.get("VERSION") != facts.version:
        yield f"ARG VERSION is {given.get('VERSION')}, the project has {facts.version}"
    labels = " ".join(each.text for each in last if each.word == "LABEL")
    for label in ("title", "description", "version"):
        if f"org.opencontainers.image.{label}=" not in labels:
            yield f"LABEL says no {label}"


def _of_start(last: list[Step], facts: Facts) -> Iterator[str]:
    if not USER.match(_one(last, "USER")):
        yield f"USER {_one(last, 'USER')}: not a number other than root's"
    if _one(last, "EXPOSE") != str(facts.port):
        yield f"EXPOSE {_one(last, 'EXPOSE')}: the code serves on {facts.port}"
    try:
        start, arguments = json.loads(_one(last, "ENTRYPOINT")), json.loads(_one(last, "CMD"))
    except ValueError:
        yield "ENTRYPOINT and CMD: written for a shell"
    else:
        if len(start) != 1 or start[0] not in facts.scripts:
            yield f"ENTRYPOINT {start}: the project installs {sorted(facts.scripts)}"
        if not isinstance(arguments, list):
            yield "CMD: no list of arguments"
    asked = re.search(r"http://127\.0\.0\.1:(\d+)([\w/]*)", _one(last, "HEALTHCHECK"))
    if asked is None or int(asked[1]) != facts.port or asked[2] != "/health/live" or asked[2] not in facts.paths:
        yield f"HEALTHCHECK asks {asked and asked[0]}"
