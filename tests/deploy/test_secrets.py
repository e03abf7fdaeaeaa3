"""secrets.sh gives an installation what the manifests name, each time something else, in a form that the code reads."""

import re
import subprocess
from collections.abc import Callable

import pytest
from tests.deploy.manifests import ROOT, Object, pods

from shared.settings import from_environment

SCRIPT = ROOT / "deploy" / "k8s" / "secrets.sh"


def references(objects: list[Object]) -> set[tuple[str, str]]:
    """Secret and key of every reference of our containers."""
    return {
        (entry["valueFrom"]["secretKeyRef"]["name"], entry["valueFrom"]["secretKeyRef"]["key"])
        for pod in pods(objects)
        for container in pod.ours
        for entry in container.get("env", ())
        if "valueFrom" in entry
    }


def test_every_secret_is_named_by_a_manifest(objects: list[Object], secrets: dict[str, Object]) -> None:
    assert {name for name, _ in references(objects)} == set(secrets)


def test_the_code_reads_every_secret(objects: list[Object], secrets: dict[str, Object]) -> None:
    for pod in pods(objects):
        for container in pod.ours:
            environ = {
                entry["name"]: entry.get("value")
                or secrets[entry["valueFrom"]["secretKeyRef"]["name"]]["stringData"][
                    entry["valueFrom"]["secretKeyRef"]["key"]
                ]
                for entry in container.get("env", ())
            }
            settings = from_environment(environ | {"WORKFORCE_ENVIRONMENT": "production"}, needed=environ)
            assert settings.database or "topic" in pod.name


def test_no_secret_is_ever_the_same_and_none_is_short(secrets_of: Callable[[str], dict[str, Object]]) -> None:
    drawn = [
        str(secrets_of(overlay)[name]["stringData"])
        for overlay in ("dev", "production")
        for name in ("workforce-keys",)
    ]
    passwords = [
        secret["stringData"]["password"]
        for overlay in ("dev", "production")
        for secret in secrets_of(overlay).values()
        if "password" in secret["stringData"]
    ]
    assert len(set(drawn + passwords)) == len(drawn + passwords)
    assert all(re.fullmatch(r"[0-9a-f]{48}", password) for password in passwords)


def test_in_production_the_database_has_to_prove_who_it_is(
    rendered: dict[str, list[Object]], secrets_of: Callable[[str], dict[str, Object]]
) -> None:
    for secret in secrets_of("production").values():
        assert "uri" not in secret["stringData"] or "sslmode=verify-full" in secret["stringData"]["uri"]
    mounted = set()
    for pod in pods(rendered["production"]):
        for volume in pod.spec["volumes"]:
            for source in volume.get("projected", {}).get("sources", ()):
                mounted |= {f"{item['path']} of {source['secret']['name']}" for item in source["secret"]["items"]}
        paths = {mount["mountPath"] for container in pod.containers for mount in container["volumeMounts"]}
        assert "/etc/workforce/authorities" in paths
    assert mounted == {"records.crt of records-ca", "keys.crt of keys-ca"}


@pytest.mark.parametrize("overlay", ["", "staging"])
def test_it_makes_nothing_for_an_overlay_that_is_not_there(overlay: str) -> None:
    said = subprocess.run([SCRIPT, overlay], capture_output=True, text=True)
    assert (said.returncode, said.stdout) == (2, "")
