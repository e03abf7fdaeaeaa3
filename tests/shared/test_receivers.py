"""Payroll and notifications take the topic into their own databases, each event once, whoever is beside them."""

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import Engine, create_engine, make_url
from tests.oracle.story import story
from tests.shared.scripted import PARTITIONS, LogLines, Scripted, of_partitions, topic_of

from notifications.outbox import Outbox
from notifications.tables import engine_in_memory
from payroll.projection import Projection
from shared.consuming import Consumer
from shared.receiving import BEGINNING, Mark, Move, Overtaken, Taking, Unfit
from shared.topic import Delivery

EVENTS = story().events
TOPIC = topic_of(EVENTS)
HEAD = EVENTS[-1].position
KINDS: dict[str, Callable[[Engine], Any]] = {"payroll": Projection, "notifications": Outbox}

pytestmark = pytest.mark.campaign


@pytest.fixture
def engine(each_database: str, tmp_path: Path) -> Iterator[Engine]:
    """A database of the service's own: a SQLite file, then PostgreSQL."""
    address = make_url(each_database or f"sqlite:///{tmp_path / 'own.db'}")
    made = create_engine(address.set(drivername="postgresql+psycopg") if each_database else address)
    yield made
    made.dispose()


@pytest.fixture(params=sorted(KINDS))
def receiver(request: pytest.FixtureRequest, engine: Engine) -> Any:
    """Payroll's and notifications' own database."""
    return KINDS[request.param](engine)


def read_straight(receiver: Any) -> str:
    """The digest of the same kind of database that has read the log directly, in order."""
    straight = type(receiver)(engine_in_memory())
    straight.apply(EVENTS)
    return str(straight.digest())


def consumed(receiver: Any, batches: Sequence[Sequence[Delivery]], assigned: Sequence[int] = range(PARTITIONS)) -> None:
    """Step through the batches, and once more."""
    consumer = Consumer(Scripted(batches, assigned), receiver, LogLines(EVENTS))
    for _ in range(len(batches) + 1):
        consumer.step()


def test_the_topic_gives_what_the_log_gives(receiver: Any) -> None:
    """P14."""
    consumed(receiver, [TOPIC[start : start + 7] for start in range(0, len(TOPIC), 7)])
    assert receiver.position == HEAD
    assert receiver.digest() == read_straight(receiver)


def test_two_consumers_share_the_partitions_with_repeats_and_rewinds(receiver: Any) -> None:
    """P7: each takes its own partitions, in portions of its own, some of them again and again, both at once."""
    failures: list[BaseException] = []

    def work(assigned: Sequence[int], seed: int) -> None:
        randomness, mine, at, batches = random.Random(seed), of_partitions(TOPIC, assigned), 0, []
        while at < len(mine):
            size = randomness.randint(1, 9)
            batches.append(mine[at : at + size])
            at = max(0, at - randomness.randint(0, 4)) if randomness.random() < 0.3 else at + size
        try:
            consumed(receiver, batches, assigned)
        except BaseException as failure:
            failures.append(failure)

    shares = (range(0, PARTITIONS, 2), range(1, PARTITIONS, 2))
    threads = [threading.Thread(target=work, args=(share, number)) for number, share in enumerate(shares)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    receiver.advance()
    assert receiver.position == HEAD
    assert receiver.digest() == read_straight(receiver)


def test_a_zombie_cannot_move_a_mark_that_another_has_moved(receiver: Any) -> None:
    """P7."""
    receiver.take(Taking(moves=[Move(3, BEGINNING, Mark(5, 40, -1))]))
    with pytest.raises(Overtaken):
        receiver.take(Taking(moves=[Move(3, BEGINNING, Mark(2, 20, -1))], events=EVENTS[:1]))
    assert receiver.held().marks == {3: Mark(5, 40, -1)}
    assert receiver.advance() == -1, "nothing of the zombie's batch was written"


def test_a_hole_is_filled_from_the_log(receiver: Any) -> None:
    """P9."""
    torn = [delivery for number, delivery in enumerate(TOPIC) if number % 5]
    log = LogLines(EVENTS)
    consumer = Consumer(Scripted([torn]), receiver, log)
    step = consumer.step()
    assert step.repaired > 0
    assert receiver.position == HEAD
    assert receiver.digest() == read_straight(receiver)


@pytest.mark.postgres
def test_an_event_that_the_database_refuses_is_unfit(postgres_address: str) -> None:
    engine = create_engine(make_url(postgres_address).set(drivername="postgresql+psycopg"))
    projection = Projection(engine)
    hired = next(recorded for recorded in EVENTS if recorded.type == "worker.hired.v1")
    with pytest.raises(Unfit):
        projection.take(Taking(events=[replace(hired, command_id="c" * 300)]))
    engine.dispose()
