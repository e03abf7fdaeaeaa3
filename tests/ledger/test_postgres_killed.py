"""P2: PostgreSQL is killed under load again and again; what was acknowledged is there, whole, and once."""

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.ledger.given import Town, command

import postgres
from shared.events import WorkerHired, WorkerTrained

WRITERS = 10
RETRY_SECONDS = 60.0


@dataclass
class Figures:
    """What happened, over all rounds."""

    acknowledged: dict[str, dict[str, Any]] = field(default_factory=dict)
    unknown: int = 0
    had_committed: int = 0


class Writer:
    """One clerk: a command after the other, each sent with its key until it is known to be done."""

    def __init__(self, town: Town, name: str, worker_id: str, figures: Figures) -> None:
        self.town = town
        self.name = name
        self.worker_id = worker_id
        self.figures = figures
        self.refused = 0
        """How often the command it is at was refused."""

    def write(self, stop: threading.Event) -> None:
        """Until `stop`; the last command is brought to its end."""
        for number in range(10**6):
            if stop.is_set():
                return
            self._bring_to_end(f"{self.name}-{number}", hires=number % 5 == 4)

    def _bring_to_end(self, key: str, *, hires: bool) -> None:
        training = {"worker_id": self.worker_id, "course": key, "hours": 8}
        path, fields = ("hires", self.town.hiring("huangjia")) if hires else ("trainings", training)
        body, deadline = command(**fields), time.monotonic() + RETRY_SECONDS
        self.refused = 0
        while True:
            response = self.town.send(path, body, key=key)
            if response.status_code == 201:
                break
            assert (response.status_code, response.headers.get("retry-after")) == (503, "1"), response.text
            assert time.monotonic() < deadline, "it did not come back"
            self.refused += 1
            time.sleep(0.05)
        self.figures.acknowledged[key] = {"hires": hires, **response.json()}
        replayed = "idempotency-replayed" in response.headers
        self.figures.unknown += bool(self.refused) or replayed
        self.figures.had_committed += replayed


@pytest.mark.postgres
@pytest.mark.parametrize(
    "rounds",
    [
        pytest.param(10, marks=pytest.mark.campaign),
        pytest.param(60, marks=[pytest.mark.prove, pytest.mark.timeout(1800)]),
    ],
)
def test_killed_under_load_it_loses_nothing_and_does_nothing_twice(rounds: int, tmp_path: Path) -> None:
    """P1, P2, P3, P6: kill -9 of the server and all its children at random moments; every command that was not
    answered is sent again with its key."""
    dice, figures = random.Random(rounds), Figures()
    with postgres.dedicated() as server, postgres.database(server.address) as address:
        town = Town(tmp_path, f"{address}?connect_timeout=1").found()
        quota = {"community_id": "huangjia", "category": "dedicated"}
        town.give("city-quotas", "2018-01-02", city_id="chibi", category="dedicated", seats=100_000)
        town.give("community-quotas", "2018-01-02", **quota, seats=90_000)
        workers = [town.hire("huangjia") for _ in range(WRITERS)]
        for number in range(rounds):
            one_round(town, server, workers, figures, f"r{number}", dice.uniform(0.2, 0.9))
        events = check(town, figures)
        town.close()
    print(
        f"\nPostgreSQL killed {rounds} times under {WRITERS} writers:",
        f"{len(figures.acknowledged)} commands acknowledged and in the log ({events} events);",
        f"{figures.unknown} without an answer at first, of which {figures.had_committed} had committed;",
        "0 lost, 0 torn, 0 twice",
    )


def one_round(
    town: Town, server: postgres.Dedicated, workers: list[str], figures: Figures, name: str, seconds: float
) -> None:
    """Load, kill, start again; ends when every writer has heard that its last command is done."""
    stop, raised = threading.Event(), []

    def write(writer: Writer) -> None:
        try:
            writer.write(stop)
        except BaseException as error:
            raised.append(error)

    writers = [Writer(town, f"{name}-{n}", worker_id, figures) for n, worker_id in enumerate(workers)]
    threads = [threading.Thread(target=write, args=(writer,)) for writer in writers]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    server.kill()
    server.start()
    stop.set()
    for thread in threads:
        thread.join(RETRY_SECONDS + 30)
    assert raised == []
    assert not any(thread.is_alive() for thread in threads)


def check(town: Town, figures: Figures) -> int:
    """Every acknowledged command is in the log, whole, in one place and once; the number of events."""
    store = town.store
    events = []
    while batch := store.read(events[-1].position if events else -1, 1000):
        events += batch
    assert [event.position for event in events] == list(range(len(events)))
    versions: Counter[str] = Counter()
    for event in events:
        versions[event.stream] += 1
        assert event.version == versions[event.stream]
    of_command = Counter(event.command_id for event in events)
    for key, answer in figures.acknowledged.items():
        assert of_command[answer["command_id"]] == (2 if answer["hires"] else 1), key
        assert events[answer["position"]].command_id == answer["command_id"]
    trained = Counter(event.event.course for event in events if isinstance(event.event, WorkerTrained))
    assert trained == Counter(key for key, answer in figures.acknowledged.items() if not answer["hires"])
    hired = Counter(event.event.worker_id for event in events if isinstance(event.event, WorkerHired))
    assert set(hired.values()) == {1}
    wanted = {answer["worker_id"] for answer in figures.acknowledged.values() if answer["hires"]}
    assert wanted <= set(hired)
    assert len(hired) == len(wanted) + WRITERS
    store.chain.catch_up()
    assert store.chain.verify(store.head()) is None
    return len(events)
