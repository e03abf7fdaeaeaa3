"""A relay or a consumer as a process of its own: `python -m tests.kafka.worker relay|consumer …`."""

import os
import signal
import sys
import threading
import time

from tests.kafka.parts import Shelf, log_at

from ledger.relay import Relay, Relayed
from ledger.relay_place import PostgresRelayPlace
from shared.consuming import Consumer
from shared.gathering import Step
from shared.kafka_feed import KafkaPublisher, KafkaSubscription
from shared.receiving import Taking
from workforce.stepping import consume_forever, relay_forever


class Pausing(Shelf):
    """A shelf that has its process stopped, once, with a batch at hand that is not written yet."""

    def take(self, taking: Taking) -> None:
        """As `Shelf.take`."""
        if taking.events and not os.environ.get("PAUSED"):
            os.environ["PAUSED"] = "1"
            say("pausing")
            os.kill(os.getpid(), signal.SIGSTOP)
        super().take(taking)


def say(what: str) -> None:
    print(what, flush=True)


def relay(log: str, servers: str, topic: str, *options: str) -> None:
    place = PostgresRelayPlace(log, topic)
    stop = threading.Event()
    if "unlocked" not in options:
        place.lock(stop)
    say("locked")
    publisher = KafkaPublisher(servers.split(","), topic)
    store = log_at(log)
    published = Relay(store, place, publisher, seconds=time.monotonic)

    def observe(relayed: Relayed) -> None:
        if relayed.events:
            say(f"published {relayed.position}")

    relay_forever(published, stop, chain=store.chain.advance, observe=observe)


def consumer(log: str, shelf: str, servers: str, topic: str, group: str, keeper: str, *options: str) -> None:
    receiver = (Pausing if "pausing" in options else Shelf)(shelf, keeper)

    def starts(partitions: object) -> dict[int, int]:
        return {partition: mark.next_offset for partition, mark in receiver.held().marks.items()}

    subscription = KafkaSubscription(servers.split(","), topic, group, starts)
    assigned: list[frozenset[int]] = [frozenset()]

    def observe(step: Step) -> None:
        if subscription.assigned != assigned[0]:
            assigned[0] = subscription.assigned
            say(f"assigned {sorted(assigned[0])}")
        if step.events or step.duplicates:
            say(f"step {step.events} {step.duplicates} {step.repaired} {step.position}")

    consume_forever(Consumer(subscription, receiver, log_at(log)), threading.Event(), observe=observe)


if __name__ == "__main__":
    try:
        {"relay": relay, "consumer": consumer}[sys.argv[1]](*sys.argv[2:])
    except Exception as error:
        say(f"left: {type(error).__name__}: {error}")
        sys.exit(3)
