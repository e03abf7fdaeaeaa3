"""Whatever is killed, frozen, doubled or lost: at the consumer every event once, each stream in order."""

import random
import time
from collections.abc import Callable

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from tests.kafka.appending import appending
from tests.kafka.parts import World, append, figures, named, wait_until

from shared.kafka_feed import make_topic
from shared.topic import PARTITIONS

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.campaign]


def positions_on_topic(world: World) -> list[int]:
    """The position of every event's record, by a plain client from the beginning."""
    reader = KafkaConsumer(bootstrap_servers=list(world.broker.servers), auto_offset_reset="earliest")
    places = [TopicPartition(world.topic, partition) for partition in range(PARTITIONS)]
    reader.assign(places)
    ends = reader.end_offsets(places)
    found: list[int] = []
    while any(reader.position(place) < ends[place] for place in places):
        for records in reader.poll(1000, max_records=5000).values():
            found += [int(value) for one in records for name, value in one.headers if name == "ledger_position"]
    reader.close()
    return found


def failing(world: World, times: int, seed: int) -> None:
    """Two relays without a lock and two consumers, killed at random; the broker is frozen, killed and started."""
    chance = random.Random(seed)
    acts = times * (["kill a relay"] * 10 + ["freeze"] * 2 + ["kill a consumer", "kill the broker"])
    chance.shuffle(acts)
    relays = [world.relay("unlocked"), world.relay("unlocked")]
    consumers = [world.consumer("one"), world.consumer("two")]
    with appending(world.store, 100, each=3):
        wait_until(lambda: world.shelf.position() > 0, 60)
        for act in acts:
            time.sleep(chance.uniform(0.2, 1))
            if act == "kill a relay":
                chance.choice(relays).kill()
            elif act == "kill a consumer":
                chance.choice(consumers).kill()
            elif act == "freeze":
                world.broker.freeze()
                time.sleep(chance.uniform(0.5, 4))
                world.broker.thaw()
            else:
                world.broker.kill()
                world.broker.start()
    after = world.awaited(60)
    world.assert_each_event_once_in_order()
    records = positions_on_topic(world)
    assert set(records) == set(range(world.store.head() + 1))
    figures(
        seed=seed,
        events=world.store.head() + 1,
        records=len(records),
        relay_starts=sum(one.starts for one in relays),
        consumer_starts=sum(one.starts for one in consumers),
        acts=len(acts),
        whole_after_seconds=round(after, 1),
    )
    assert len(records) > len(set(records)), "no record came twice: this run has shown nothing"


def test_relays_without_a_lock_killed_at_random_and_a_failing_broker_lose_and_double_nothing(
    frail_world: World,
) -> None:
    """P1, P7."""
    failing(frail_world, 1, seed=7)


@pytest.mark.prove
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(5))
def test_longer_runs_of_the_same_lose_and_double_nothing(frail_world: World, seed: int) -> None:
    """P1, P7: some two minutes each."""
    failing(frail_world, 7, seed)


def recreate(world: World) -> None:
    """The topic is gone with everything in it, and is there again, empty."""
    admin = KafkaAdminClient(bootstrap_servers=list(world.broker.servers))
    admin.delete_topics([world.topic])
    wait_until(lambda: world.topic not in admin.list_topics(), 20)
    admin.close()
    assert make_topic(world.broker.servers, world.topic, replication=1)


def expire(world: World) -> None:
    """Retention has passed: every record so far is gone, and offsets go on."""
    admin = KafkaAdminClient(bootstrap_servers=list(world.broker.servers))
    admin.delete_records({TopicPartition(world.topic, partition): -1 for partition in range(PARTITIONS)})
    admin.close()


@pytest.mark.parametrize(
    ("lost", "more"),
    [(recreate, 0), (expire, 3)],
    ids=["the topic begins again, and nothing comes after", "retention has passed, and events come after"],
)
def test_what_the_topic_has_lost_is_taken_from_the_log(
    quiet_world: World, lost: Callable[[World], None], more: int
) -> None:
    """P1, P9: the consumer was away, the topic lost all that it had not taken, and some that it had."""
    world = quiet_world
    relay, consumer = world.relay(), world.consumer("before")
    streams = [f"worker/w-{number}" for number in range(30)]
    for stream in streams:
        append(world.store, stream, 0, 10)
    world.awaited(20)
    consumer.end()
    for stream in streams:
        append(world.store, stream, 10, 10)
    published = f"published {world.store.head()}"
    wait_until(lambda: published in relay.said, 10)
    relay.end()
    lost(world)
    assert positions_on_topic(world) == []
    for stream in streams[:more]:
        append(world.store, stream, 20, 1)
    world.relay()
    world.group = named("group")  # Nobody waits for the session of the one that is gone.
    after = world.consumer("after")
    world.awaited(30)
    world.assert_each_event_once_in_order()
    repaired = sum(int(said.split()[3]) for said in after.said if said.startswith("step"))
    figures(repaired=repaired, of=world.store.head() + 1)
    assert repaired >= 300
