"""What stands on the topic is what schemas/asyncapi.json says: CloudEvents in binary mode, chained."""

import json
from collections.abc import Iterator, Sequence

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from tests.kafka.parts import ROOT, append, headers_of, log_at, named, topic_on, wait_until

from kafka_broker import Broker
from ledger.event_store import EventStore
from ledger.relay import Relay
from ledger.relay_place import PostgresRelayPlace
from shared.kafka_feed import KafkaPublisher, KafkaSubscription
from shared.topic import PARTITIONS, Delivery, partition_of

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.campaign]

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
STREAMS = [f"worker/w-{number}" for number in range(40)]


@pytest.fixture
def store(postgres_address: str) -> Iterator[EventStore]:
    """A small log, chained."""
    store = log_at(postgres_address)
    for ordinal, stream in enumerate(STREAMS):
        append(store, stream, 0, 2, TRACE if ordinal % 2 else "")
    store.chain.catch_up()
    yield store
    store.close()


@pytest.fixture
def deliveries(kafka_broker: Broker, postgres_address: str, store: EventStore) -> Sequence[Delivery]:
    """Everything that a relay published of the log, watermarks included."""
    topic = topic_on(kafka_broker)
    publisher = KafkaPublisher(kafka_broker.servers, topic)
    relay = Relay(store, PostgresRelayPlace(postgres_address, topic), publisher, seconds=lambda: 0.0)
    assert [relay.step().events for _ in range(3)] == [2 * len(STREAMS), 0, 0]
    subscription = KafkaSubscription(kafka_broker.servers, topic, named("group"), lambda _: {})
    found: list[Delivery] = []

    def all_there() -> bool:
        found.extend(subscription.poll())
        return len(found) >= 2 * len(STREAMS) + PARTITIONS

    wait_until(all_there, 20)
    for opened in (subscription, publisher):
        opened.close()
    return found


def schema(message: str) -> Draft202012Validator:
    """The schema of a message's headers, which may have no others."""
    components = json.loads((ROOT / "schemas" / "asyncapi.json").read_text(encoding="utf-8"))["components"]
    described = components["messages"][message]
    headers = described.get("headers") or components["messageTraits"]["recorded"]["headers"]
    return Draft202012Validator({**headers, "additionalProperties": False}, format_checker=FormatChecker())


def test_an_event_is_a_cloud_event_whose_headers_are_those_of_the_schema(
    store: EventStore, deliveries: Sequence[Delivery]
) -> None:
    """F77."""
    chain = [link.chain for link in store.linked(-1, 500)]
    events = [one for one in deliveries if one.value]
    for one in events:
        headers, body = headers_of(one.headers), json.loads(one.value)
        schema("worker.trained.v1").validate(headers)
        assert headers["ce_id"] == headers["ledger_position"] == str(body["position"])
        assert (headers["ce_type"], headers["ce_subject"]) == ("workforce.worker.trained.v1", body["stream"])
        assert headers["ce_time"][:26] == body["recorded_at"][:26]
        assert headers["ledger_chain"] == chain[body["position"]]
        assert headers.get("traceparent") == body.get("traceparent")
        assert one.partition == partition_of(body["stream"], PARTITIONS)
    assert sum("traceparent" in headers_of(one.headers) for one in events) == len(STREAMS)


def test_each_record_names_the_one_before_it_and_a_watermark_says_that_there_is_nothing_more(
    deliveries: Sequence[Delivery],
) -> None:
    for partition in range(PARTITIONS):
        *events, last = sorted((one for one in deliveries if one.partition == partition), key=lambda one: one.offset)
        previous = "-1"
        for one in events:
            headers = headers_of(one.headers)
            assert headers["ledger_prev"] == previous
            previous = headers["ledger_position"]
        watermark = headers_of(last.headers)
        schema("watermark").validate(watermark)
        assert (watermark["ledger_prev"], watermark["ledger_watermark"]) == (previous, str(2 * len(STREAMS) - 1))
