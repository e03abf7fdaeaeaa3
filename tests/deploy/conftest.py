"""What the tests look at, made once: the rendered overlays, the secrets of an installation, what the code says."""

import copy
import json
import subprocess
from base64 import b64encode
from collections.abc import Callable

import pytest
import yaml
from tests.deploy.facts import Facts, of_the_code
from tests.deploy.manifests import ROOT, Object, by_name, render

OVERLAYS = ("dev", "production")
Secrets = dict[str, Object]
RECEIVER = {
    "name": "finance",
    "url": "https://finance.example/hooks",
    "secret": f"whsec_{b64encode(bytes(32)).decode()}",
    "recipients": ["finance/chibi"],
}
GIVEN: Secrets = {"webhooks": {"stringData": {"webhooks": json.dumps([RECEIVER])}}}
"""What nobody can draw: an installation that has receivers writes them down."""


@pytest.fixture(scope="session")
def rendered() -> dict[str, list[Object]]:
    """Every object of each overlay."""
    return {overlay: render(overlay) for overlay in OVERLAYS}


@pytest.fixture(params=OVERLAYS)
def overlay(request: pytest.FixtureRequest) -> str:
    """Each overlay's name."""
    return str(request.param)


@pytest.fixture
def objects(rendered: dict[str, list[Object]], overlay: str) -> list[Object]:
    """The objects of each overlay."""
    return rendered[overlay]


@pytest.fixture
def production(rendered: dict[str, list[Object]]) -> list[Object]:
    """The objects of production, to be altered."""
    return copy.deepcopy(rendered["production"])


@pytest.fixture(scope="session")
def secrets_of() -> Callable[[str], Secrets]:
    """The secrets of an overlay by name: those that secrets.sh makes, and the receivers of webhooks."""
    made: dict[str, Secrets] = {}

    def given(overlay: str) -> Secrets:
        if overlay not in made:
            script = [ROOT / "deploy" / "k8s" / "secrets.sh", overlay]
            text = subprocess.run(script, capture_output=True, text=True, check=True).stdout
            made[overlay] = {**GIVEN, **by_name([each for each in yaml.safe_load_all(text) if each], "Secret")}
        return made[overlay]

    return given


@pytest.fixture
def secrets(secrets_of: Callable[[str], Secrets], overlay: str) -> Secrets:
    """The secrets of each overlay."""
    return secrets_of(overlay)


@pytest.fixture(scope="session")
def facts() -> Facts:
    """What the code says of itself."""
    return of_the_code()


@pytest.fixture(scope="session")
def compose() -> Object:
    """compose.yaml, its anchors resolved."""
    text = (ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))
