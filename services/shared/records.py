"""An event as a record of the topic: CloudEvents in binary mode, chained by position within its partition."""

from dataclasses import dataclass
from datetime import UTC

import msgspec

from shared.envelope import Wire
from shared.topic import Delivery, Headers, Message, partition_of

SOURCE = "/workforce/ledger"
CONTENT_TYPE = "application/json"
WATERMARK_TYPE = "workforce.watermark.v1"
NOTHING = -1
"""The position before the first one."""


@dataclass(frozen=True)
class Heard:
    """What a record says of the log.

    `previous` is the position of the event before in the same partition, -1 for none. An event has `position` and
    `line`. A watermark has neither; it says that its partition holds every event of its own up to `complete_to`.
    """

    previous: int
    position: int | None
    complete_to: int | None
    line: bytes


def event_message(wire: Wire, chain: str, previous: int, partitions: int) -> Message:
    """The record of an event behind `previous`; `chain` is the running hash of the log at it, hex."""
    headers = {
        "ce_specversion": "1.0",
        "ce_id": str(wire.position),
        "ce_source": SOURCE,
        "ce_type": f"workforce.{wire.type}",
        "ce_time": wire.recorded_at.astimezone(UTC).isoformat(timespec="microseconds"),
        "ce_subject": wire.stream,
        "ce_dataschema": f"urn:workforce:event:{wire.type}",
        "content-type": CONTENT_TYPE,
        "ledger_position": str(wire.position),
        "ledger_prev": str(previous),
        "ledger_chain": chain,
    }
    if wire.traceparent:
        headers["traceparent"] = wire.traceparent
    partition = partition_of(wire.stream, partitions)
    return Message(partition, wire.stream.encode(), _encoded(headers), msgspec.json.encode(wire))


def watermark_message(partition: int, position: int, previous: int) -> Message:
    """Says that everything of the log up to `position` is published; the partition's last event is `previous`."""
    headers = {
        "ce_specversion": "1.0",
        "ce_id": f"watermark-{partition}-{position}",
        "ce_source": SOURCE,
        "ce_type": WATERMARK_TYPE,
        "ledger_watermark": str(position),
        "ledger_prev": str(previous),
    }
    return Message(partition, None, _encoded(headers), b"")


def heard(delivery: Delivery) -> Heard | None:
    """What the record says; None for one that nobody of ours can have written."""
    headers = dict(delivery.headers)
    try:
        previous = int(headers["ledger_prev"])
        if "ledger_watermark" in headers:
            return Heard(previous, None, int(headers["ledger_watermark"]), b"")
        return Heard(previous, int(headers["ledger_position"]), None, delivery.value)
    except (KeyError, ValueError):
        return None


def _encoded(headers: dict[str, str]) -> Headers:
    return tuple((name, value.encode()) for name, value in headers.items())
