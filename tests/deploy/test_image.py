"""The image is what the manifests start: built from locked packages, run as nobody, asked where it answers."""

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tests.deploy import image
from tests.deploy.facts import Facts
from tests.deploy.manifests import ROOT

DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
IGNORED = (ROOT / ".dockerignore").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
BUILDING = ("telemetry", "build")
"""The extras that the image has beside what the project needs; what builds it is taken out again."""

MUTATIONS = [
    ("FROM python:3.12-slim\n", "FROM ubuntu:latest\n", "FROM ubuntu:latest"),
    ('ENTRYPOINT ["workforce"]', "ENTRYPOINT workforce", "ENTRYPOINT"),
    ('ENTRYPOINT ["workforce"]', 'ENTRYPOINT ["workforces"]', "ENTRYPOINT ['workforces']"),
    ("USER 10001:10001", "USER root", "USER root"),
    ("EXPOSE 8000", "EXPOSE 8080", "EXPOSE 8080"),
    ("127.0.0.1:8000/health/live", "127.0.0.1:8001/health/live", "HEALTHCHECK asks http://127.0.0.1:8001"),
    ("/health/live'", "/health/alive'", "/health/alive"),
    ("WORKFORCE_DATA=/data", "WORKFORCE_FOLDER=/data", "ENV WORKFORCE_FOLDER"),
    ("PYTHONUNBUFFERED=1", "WORKFORCE_KEYS=abc", "ENV WORKFORCE_KEYS: a secret"),
    (
        "WORKFORCE_ENVIRONMENT=production",
        "WORKFORCE_ENVIRONMENT=development",
        "ENV WORKFORCE_ENVIRONMENT is development",
    ),
    ("PYTHONDONTWRITEBYTECODE=1", "PYTHONOPTIMIZE=0", "ENV PYTHONDONTWRITEBYTECODE"),
    ("--require-hashes -r requirements-image.lock", "-r requirements-image.lock", "takes what is in no lock"),
    ("requirements-image.lock\n", "requirements.lock\n", "nothing is installed from requirements-image.lock"),
    ("--no-deps --no-build-isolation .", ".", "takes what is in no lock"),
    ("COPY policies ./policies", "COPY policy ./policies", "COPY policy: there is no such path"),
    ("COPY services ./services", "COPY tests ./tests", ".dockerignore keeps it out"),
    ("COPY --from=build", "COPY --from=builder", "there is no stage builder"),
    ("ARG VERSION=0.1.0", "ARG VERSION=0.0.9", "ARG VERSION is 0.0.9"),
    ("org.opencontainers.image.title=", "title=", "LABEL says no title"),
    ("WORKDIR /build", "RUN curl https://example.org", "names an address"),
]


def locked(name: str) -> dict[str, str]:
    """Package and version → its hashes, of a lock."""
    text = (ROOT / name).read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=[a-z0-9])", text.strip())
    return {block.split(" ")[0]: " ".join(sorted(re.findall(r"sha256:[0-9a-f]{64}", block))) for block in blocks}


def needed() -> Iterator[str]:
    """The name of every package that the image needs on this platform, worked out from the installed ones."""
    waiting = [Requirement(each) for each in PROJECT["dependencies"]]
    waiting += [Requirement(each) for extra in BUILDING for each in PROJECT["optional-dependencies"][extra]]
    seen: set[tuple[str, str]] = set()
    while waiting:
        one = waiting.pop()
        for extra in (*one.extras, ""):
            name = canonicalize_name(one.name)
            if (name, extra) not in seen:
                seen.add((name, extra))
                yield name
                waiting += [
                    each for each in _required(name) if not each.marker or each.marker.evaluate({"extra": extra})
                ]


def _required(name: str) -> list[Requirement]:
    try:
        return [Requirement(each) for each in requires(name) or ()]
    except PackageNotFoundError:
        pytest.fail(f"{name} is needed and not installed here")


def test_the_dockerfile_makes_the_image_that_the_code_expects(facts: Facts) -> None:
    assert list(image.faults(DOCKERFILE, IGNORED, facts)) == []


@pytest.mark.parametrize(("old", "new", "named"), MUTATIONS, ids=[new.strip() for _, new, _ in MUTATIONS])
def test_a_dockerfile_with_a_slip_is_named(facts: Facts, old: str, new: str, named: str) -> None:
    altered = DOCKERFILE.replace(old, new)
    assert altered != DOCKERFILE
    found = list(image.faults(altered, IGNORED, facts))
    assert any(named in fault for fault in found), found


def test_hadolint_has_nothing_to_say_and_is_told_to_overlook_nothing() -> None:
    assert "hadolint" not in DOCKERFILE
    hadolint = Path(sys.executable).parent / "hadolint"
    said = subprocess.run([hadolint, "--no-color", ROOT / "deploy" / "Dockerfile"], capture_output=True, text=True)
    assert (said.returncode, said.stdout) == (0, "")


def test_the_builder_is_sent_nothing_that_the_image_does_not_take() -> None:
    assert all(image.kept_out(path, IGNORED) for path in (".git", ".venv", "var", "tests", "services/__pycache__"))
    assert not any(image.kept_out(path, IGNORED) for path in ("services", "services/ledger/api.py", "policies"))


def test_the_image_takes_packages_that_were_tested_and_none_of_the_developers() -> None:
    runs, tested = locked("requirements-image.lock"), locked("requirements.lock")
    assert {name: tested.get(name) for name in runs} == runs
    names = {name.partition("==")[0] for name in runs}
    developers = {canonicalize_name(Requirement(each).name) for each in PROJECT["optional-dependencies"]["dev"]}
    assert sorted(names & developers) == []
    assert sorted(set(needed()) - names) == []


def test_the_wheel_holds_every_file_of_the_services(tmp_path: Path) -> None:
    listing = subprocess.run(["git", "ls-files", "services"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in (*listing.stdout.split(), "pyproject.toml"):
        target = tmp_path / "source" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, target)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps"]
    build += ["--no-build-isolation", "--wheel-dir", str(tmp_path), str(tmp_path / "source")]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    assert sorted(name for name in listing.stdout.split() if name.removeprefix("services/") not in held) == []
