"""compose.yaml starts everything that production runs, on one machine, with no secret in it."""

import copy
from collections.abc import Callable

import pytest
from tests.deploy import laptop
from tests.deploy.facts import Facts
from tests.deploy.manifests import Object, pods

SLIPS: list[tuple[str, Callable[[Object], object]]] = [
    ("comand is no word of compose", lambda each: each["relay"].update(comand=[])),
    ("workforce relays cannot be called", lambda each: each["relay"].update(command=["relays"])),
    ("relay is only one of a service and a process", lambda each: each.pop("relay")),
    ("the code reads no WORKFORCE_DATABSE", lambda each: each["relay"]["environment"].update(WORKFORCE_DATABSE="")),
    ("has to be told WORKFORCE_KEYS", lambda each: each["payroll"].pop("volumes")),
    ("has no use for WORKFORCE_WEBHOOKS", lambda each: each["relay"]["environment"].update(WORKFORCE_WEBHOOKS="[]")),
    (
        "holds a password",
        lambda each: each["relay"]["environment"].update(WORKFORCE_DATABASE="postgresql://a:b@postgres/x"),
    ),
    ("names legder", lambda each: each["payroll"]["environment"].update(WORKFORCE_LEDGER_URL="http://legder:8000")),
    ("names kafak:9092", lambda each: each["relay"]["environment"].update(WORKFORCE_KAFKA="kafak:9092")),
    ("does not serve on 8000", lambda each: each["relay"].update(command=["relay", "--port", "8001"])),
    ("open to more than this machine", lambda each: each["ledger"].update(ports=["8000:8000"])),
    ("mounts instalation", lambda each: each["ledger"].update(volumes=["instalation:/data"])),
    ("which is not there", lambda each: each["postgres"].update(volumes=["./nothing.sql:/x:ro"])),
    ("may write to its root", lambda each: each["ledger"].pop("read_only")),
    ("the image is", lambda each: each["ledger"].update(image="workforce-ledger:latest")),
    ("waits for tpoic", lambda each: each["relay"]["depends_on"].update(tpoic={"condition": "service_healthy"})),
    ("which never ends", lambda each: each["topic"].update(restart="unless-stopped")),
]


def test_compose_starts_what_the_code_has(compose: Object, facts: Facts) -> None:
    assert list(laptop.faults(compose, facts)) == []


@pytest.mark.parametrize(("named", "slip"), SLIPS, ids=[named for named, _ in SLIPS])
def test_a_slip_in_compose_is_named(
    compose: Object, facts: Facts, named: str, slip: Callable[[Object], object]
) -> None:
    altered = copy.deepcopy(compose)
    slip(altered["services"])
    found = list(laptop.faults(altered, facts))
    assert any(named in fault for fault in found), found


def test_compose_and_the_development_overlay_stand_on_the_same_images(
    compose: Object, rendered: dict[str, list[Object]]
) -> None:
    inside = {container["image"] for pod in pods(rendered["dev"]) for container in pod.containers}
    assert {service["image"] for service in compose["services"].values()} == inside
