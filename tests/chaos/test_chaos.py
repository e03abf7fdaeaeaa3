"""Every part as a process of its own, on real PostgreSQL and real Kafka, killed at random while clerks work."""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.chaos import checks
from tests.chaos.clerks import Clerk
from tests.chaos.cluster import Cluster, cluster
from tests.chaos.trouble import Trouble

pytestmark = [pytest.mark.campaign, pytest.mark.postgres, pytest.mark.kafka]

CLERKS = 4
MONTHS = ("2021-01", "2021-03", "2021-06")
SAMPLE = 40


@pytest.mark.timeout(580)
def test_nothing_is_lost_doubled_or_miscounted_whatever_is_killed(tmp_path: Path) -> None:
    """P1, P2, P4, P6, P7, P9: eight kills, with freezes and absences between them."""
    tried(tmp_path, seed=20261124, kills=8, seconds=240)


@pytest.mark.prove
@pytest.mark.timeout(5_400)
def test_nothing_is_lost_doubled_or_miscounted_by_300_kills(tmp_path: Path) -> None:
    """P1, P2, P4, P6, P7, P9."""
    tried(tmp_path, seed=int(time.time()), kills=300, seconds=4_200)


def tried(folder: Path, *, seed: int, kills: int, seconds: float) -> None:
    """Work under trouble, heal, and hold everything against the log and the model."""
    print(f"seed {seed}")
    randomness = random.Random(seed)
    with cluster(folder) as town:
        clerks = [Clerk(number, town.ledger.url, random.Random(seed + number), pause=0.02) for number in range(CLERKS)]
        trouble = Trouble(town.processes, town.servers, randomness, pause=(0.3, 3.0))
        with working(clerks) as stop:
            trouble.make(kills, stop, time.monotonic() + seconds)
        assert [clerk.failure for clerk in clerks if clerk.failure] == []
        assert trouble.kills >= kills, f"only {trouble.kills} kills in {seconds} s"
        held(town, clerks, trouble.done)


def held(town: Cluster, clerks: list[Clerk], done: Counter[str]) -> None:
    """What must hold after healing, with its figures printed."""
    healing = town.wait_until_caught_up()
    log = town.log()
    acknowledged = [one for clerk in clerks for one in clerk.acknowledged]
    checks.check_log(log)
    checks.check_acknowledged(acknowledged, log, town.founded)
    repeats = checks.check_topic(town.topic(), log)
    checks.check_read_models(log, town.projections())
    workers = [worker_id for clerk in clerks for worker_id in clerk.workers]
    sample = random.Random(0).sample(workers, min(SAMPLE, len(workers)))
    amounts = checks.check_amounts(town.payroll.url, log, MONTHS, sample)
    assert len(acknowledged) > 50
    assert amounts > 5
    print(
        f"{sum(done.values())} strikes ({dict(sorted(done.items()))}); {len(acknowledged)} acknowledged in "
        f"{sum(clerk.tries for clerk in clerks)} tries, {sum(clerk.refused for clerk in clerks)} refused; "
        f"{len(log)} events, {repeats} sent again; healed after {healing:.1f} s; {amounts} amounts as the model"
    )


@contextmanager
def working(clerks: list[Clerk]) -> Iterator[threading.Event]:
    """The clerks at work for as long as the context lasts; each finishes what it has begun."""
    stop = threading.Event()
    threads = [threading.Thread(target=clerk.work, args=(stop,), daemon=True) for clerk in clerks]
    for thread in threads:
        thread.start()
    try:
        yield stop
    finally:
        stop.set()
        for thread in threads:
            thread.join(150)
