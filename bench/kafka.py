"""The Kafka bench: working lives through a real broker into payroll's database, beside a bare loop of the client.

Keys of the result, whole numbers unless said otherwise:
    bench                       "kafka"
    workers, events             how many working lives of five events each, and the length of the log
    partitions                  of the topic
    publisher_events_per_second, publisher_cpu_microseconds_per_event
                                chained records by the relay's publisher, 500 at a time, each batch acknowledged
    bare                        the client alone, with the settings of our consumers: records are counted only
    one                         payroll's consumer in one process
    two                         the same in two processes that share the partitions; the seconds of the slower one
        events_per_second           from the word to begin to the last event
        cpu_microseconds_per_event  of the reading processes, without broker and database
        shares                      events by process
    ratio                       one against bare, by events a second (decimal string)
    two_against_one             by events a second (decimal string)
    digests_equal               true when one, two, and the log read directly come to the same content
Broker and database run on the same machine and are started for the bench. Not timed: joining the group.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter, process_time
from typing import Any
from uuid import uuid4

from tests import kafka_broker, postgres

from bench.lives import COMMUNITIES, EVENTS_OF_A_LIFE, lives
from bench.options import positive
from payroll.projection import Projection
from shared.envelope import Recorded, wire_form
from shared.kafka_feed import KafkaPublisher, make_topic
from shared.records import NOTHING, event_message
from shared.topic import PARTITIONS, Message, partition_of

BATCH = 500
_ROOT = Path(__file__).parents[1]


def add_options(parser: argparse.ArgumentParser) -> None:
    """What this bench can be told."""
    parser.add_argument("--workers", type=positive, default=10_000, help="people in the log (10000)")


def agrees(result: dict[str, Any]) -> bool:
    """Whether everybody came to the same content."""
    return bool(result["digests_equal"])


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Measure all three; see the keys above."""
    log = list(lives(COMMUNITIES + options.workers * EVENTS_OF_A_LIFE))
    with kafka_broker.broker() as broker, postgres.server() as server:
        publishing: list[tuple[float, float]] = []
        bare, _ = _read(broker, server, log, "bare", 1, publishing)
        one, digest_of_one = _read(broker, server, log, "payroll", 1, publishing)
        two, digest_of_two = _read(broker, server, log, "payroll", 2, publishing)
        direct = _directly(server, log)
    seconds, cpu_seconds = min(publishing)
    return {
        "bench": "kafka",
        "workers": options.workers,
        "events": len(log),
        "partitions": PARTITIONS,
        "publisher_events_per_second": int(len(log) / seconds),
        "publisher_cpu_microseconds_per_event": int(cpu_seconds / len(log) * 10**6),
        "bare": bare,
        "one": one,
        "two": two,
        "ratio": f"{one['events_per_second'] / bare['events_per_second']:.2f}",
        "two_against_one": f"{two['events_per_second'] / one['events_per_second']:.2f}",
        "digests_equal": digest_of_one == digest_of_two == direct,
    }


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    lines = [
        f"{result['events']:,} events of {result['workers']:,} workers on {result['partitions']} partitions",
        f"{'':24}{'events / s':>12}{'CPU µs / event':>18}  shares",
        f"{'publisher':24}{result['publisher_events_per_second']:>12,}"
        f"{result['publisher_cpu_microseconds_per_event']:>18}",
    ]
    for name, kind in (("bare loop", "bare"), ("one consumer", "one"), ("two consumers", "two")):
        one = result[kind]
        shares = " ".join(f"{share:,}" for share in one["shares"])
        lines.append(f"{name:24}{one['events_per_second']:>12,}{one['cpu_microseconds_per_event']:>18}  {shares}")
    equal = "equal" if result["digests_equal"] else "DIFFERENT"
    lines.append(f"one / bare {result['ratio']}, two / one {result['two_against_one']}, digests {equal}")
    return "\n".join(lines)


def _read(
    broker: kafka_broker.Broker,
    server: str,
    log: Sequence[Recorded],
    kind: str,
    processes: int,
    publishing: list[tuple[float, float]],
) -> tuple[dict[str, Any], str]:
    """What so many readers took of a new topic, and the digest of what they made of it."""
    topic = f"bench-{uuid4().hex[:12]}"
    make_topic(broker.servers, topic, replication=1)
    with postgres.database(server) as address:
        arguments = (kind, broker.bootstrap, topic, topic, str(PARTITIONS // processes), str(len(log) - 1), address)
        command = [sys.executable, "-m", "bench.kafka_reader", *arguments]
        readers = [
            subprocess.Popen(command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(processes)
        ]
        try:
            for reader in readers:
                assert _said(reader) == "ready"
            publishing.append(_publish(broker, topic, log))
            for reader in readers:
                assert reader.stdin is not None
                reader.stdin.write("begin\n")
                reader.stdin.flush()
            taken = [json.loads(_said(reader)) for reader in readers]
        finally:
            for reader in readers:
                reader.kill()
                reader.communicate()
        digest = _digest(address) if kind == "payroll" else ""
    return {
        "events_per_second": int(len(log) / max(one["seconds"] for one in taken)),
        "cpu_microseconds_per_event": int(sum(one["cpu_seconds"] for one in taken) / len(log) * 10**6),
        "shares": [one["events"] for one in taken],
    }, digest


def _said(reader: "subprocess.Popen[str]") -> str:
    assert reader.stdout is not None
    return reader.stdout.readline().strip()


def _publish(broker: kafka_broker.Broker, topic: str, log: Sequence[Recorded]) -> tuple[float, float]:
    """The seconds, and those of the CPU, that publishing took; wire forms and hashes are not its work."""
    wires = [wire_form(recorded) for recorded in log]
    publisher = KafkaPublisher(broker.servers, topic)
    began, cpu_began = perf_counter(), process_time()
    previous = [NOTHING] * PARTITIONS
    for at in range(0, len(wires), BATCH):
        messages: list[Message] = []
        for wire in wires[at : at + BATCH]:
            partition = partition_of(wire.stream, PARTITIONS)
            messages.append(event_message(wire, "0" * 64, previous[partition], PARTITIONS))
            previous[partition] = wire.position
        publisher.publish(messages)
    took = perf_counter() - began, process_time() - cpu_began
    publisher.close()
    return took


def _directly(server: str, log: Sequence[Recorded]) -> str:
    with postgres.database(server) as address:
        projection = Projection(address)
        for at in range(0, len(log), BATCH):
            projection.apply(log[at : at + BATCH])
        projection.close()
        return _digest(address)


def _digest(address: str) -> str:
    projection = Projection(address)
    try:
        return projection.digest()
    finally:
        projection.close()
