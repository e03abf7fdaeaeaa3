"""Both overlays render offline, and every object in them is valid, bounded and as the code has it."""

from collections.abc import Callable

from tests.deploy import checks
from tests.deploy.facts import Facts
from tests.deploy.manifests import ROOT, Object, called, of_kind, pods
from tests.deploy.processes import CALLED_IN_PRODUCTION

ENDING = ("migrate", "shadow", "rebuild")


def test_an_overlay_is_what_the_code_expects(
    overlay: str, objects: list[Object], secrets: dict[str, Object], facts: Facts
) -> None:
    assert list(checks.faults(overlay, objects, secrets, facts)) == []


def test_nothing_stands_twice_in_an_overlay(objects: list[Object]) -> None:
    names = [f"{thing['apiVersion']} {called(thing)}" for thing in objects]
    assert sorted(names) == sorted(set(names))


def test_each_thing_that_runs_has_a_file_of_its_own() -> None:
    files = {path.stem for path in (ROOT / "deploy" / "k8s" / "base").glob("*.yaml")}
    running = {"ledger", "payroll", "notifications", "relay", "payroll-consumer", "notifications-consumer", "deliver"}
    assert running | {"migrate", "shadow", "rebuild", "namespace", "network", "ingress", "kustomization"} == files


def test_production_runs_two_of_whatever_answers_or_consumes(rendered: dict[str, list[Object]]) -> None:
    counted = {pod.command: pod.owner["spec"].get("replicas") for pod in pods(rendered["production"]) if pod.runs_on}
    assert set(counted) == {each for each in CALLED_IN_PRODUCTION if not each.startswith(ENDING)}
    assert {command: count for command, count in counted.items() if count != 2} == {
        "consume payroll": None,
        "consume notifications": None,
        "deliver": 0,
    }


def test_development_runs_one_of_each(rendered: dict[str, list[Object]]) -> None:
    counted = {pod.name: pod.owner["spec"]["replicas"] for pod in pods(rendered["dev"]) if pod.runs_on}
    assert {name: count for name, count in counted.items() if count != 1} == {"Deployment/deliver": 0}


def test_no_manifest_names_a_registry_or_a_host_outside(objects: list[Object]) -> None:
    images = {container["image"] for pod in pods(objects) for container in pod.containers}
    assert {image.partition(":")[0] for image in images} <= {"workforce-ledger", "postgres", "apache/kafka"}
    assert all(":" in image and not image.endswith(":latest") for image in images)


def test_the_ingress_bounds_bodies_and_the_time_they_may_take(objects: list[Object], facts: Facts) -> None:
    """The services' own bounds come first, so that a client reads problem details and not the proxy's page."""
    (ingress,) = of_kind(objects, "Ingress")
    said = {name.rpartition("/")[2]: value for name, value in ingress["metadata"]["annotations"].items()}
    assert int(said["proxy-body-size"].removesuffix("m")) * 1024 * 1024 > facts.body_bytes
    assert int(said["timeout-http-request"].removesuffix("s")) <= 15
    assert "http-buffer-request" in said["config-backend"]


def test_the_files_that_the_ledger_takes_in_fit_on_its_disk(objects: list[Object], facts: Facts) -> None:
    """A pod that writes more than its volume may hold is thrown out."""
    (ledger,) = (pod for pod in pods(objects) if pod.name == "Deployment/ledger")
    (tmp,) = (volume for volume in ledger.spec["volumes"] if volume["name"] == "tmp")
    assert int(tmp["emptyDir"]["sizeLimit"].removesuffix("Mi")) * 1024 * 1024 > facts.upload_bytes


def test_the_forbidden_setting_is_nowhere(
    objects: list[Object], secrets_of: Callable[[str], dict[str, Object]]
) -> None:
    assert "POSTGRES_ENABLE_DB_FUNCTIONS" not in str(objects) + str(secrets_of("production"))
