"""The topic of events as an AsyncAPI document: one message per event type, CloudEvents in binary mode."""

from typing import Any

from shared.events import EVENT_TYPES
from shared.records import CONTENT_TYPE, WATERMARK_TYPE
from shared.settings import TOPIC
from shared.topic import IN_SYNC, PARTITIONS, REPLICATION, RETENTION_DAYS

_PREVIOUS = "position of the event before in the same partition, -1 for none"
DRAFT = "application/schema+json;version=draft-2020-12"


def document() -> dict[str, Any]:
    """AsyncAPI 3; the payloads are the schemas beside it."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Workforce Ledger: events",
            "version": "1",
            "description": "Every recorded event in the order of its stream, in the partition of the stream's hash. "
            "Records may repeat and, after a failure, lack some: ledger_position at or below the partition's last one "
            "says skip, another ledger_prev than the last one says that events are missing, which "
            "GET /ledger/v1/feed has. The topic is a transport: a consumer that starts late reads the feed, too.",
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": {"events": _channel()},
        "operations": {"publish": {"action": "send", "channel": {"$ref": "#/channels/events"}}},
        "components": {
            "messages": {**{name: _message(name) for name in EVENT_TYPES}, "watermark": _watermark()},
            "messageTraits": {"recorded": _trait()},
        },
    }


def _channel() -> dict[str, Any]:
    return {
        "address": TOPIC,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in (*EVENT_TYPES, "watermark")},
        "bindings": {
            "kafka": {
                "bindingVersion": "0.5.0",
                "partitions": PARTITIONS,
                "replicas": REPLICATION,
                "topicConfiguration": {
                    "cleanup.policy": ["delete"],
                    "retention.ms": RETENTION_DAYS * 24 * 60 * 60 * 1000,
                    "min.insync.replicas": IN_SYNC,
                    "message.timestamp.type": "LogAppendTime",
                },
            }
        },
    }


def _message(name: str) -> dict[str, Any]:
    description = (EVENT_TYPES[name].__doc__ or "").splitlines()[0]
    data = {
        "properties": {"type": {"const": name}, "data": {"$ref": f"events/{name}.json"}},
    }
    return {
        "name": f"workforce.{name}",
        "title": EVENT_TYPES[name].__name__,
        "summary": description,
        "contentType": CONTENT_TYPE,
        "traits": [{"$ref": "#/components/messageTraits/recorded"}],
        "payload": {"schemaFormat": DRAFT, "schema": {"allOf": [{"$ref": "envelope.json"}, data]}},
    }


def _trait() -> dict[str, Any]:
    headers = {
        "ce_specversion": {"const": "1.0"},
        "ce_id": _text("identifies the event in the log of its source"),
        "ce_source": _text("the ledger that recorded it"),
        "ce_type": _text("workforce. and the stored name of the event with its version"),
        "ce_subject": _text("the stream"),
        "ce_time": _text("recorded_at, RFC 3339 in UTC") | {"format": "date-time"},
        "ce_dataschema": _text("the $id of the event's schema"),
        "content-type": {"const": CONTENT_TYPE},
        "ledger_position": _text("position in the log, decimal digits"),
        "ledger_prev": _text(_PREVIOUS),
        "ledger_chain": _text("running hash of the log at this position, hex"),
        "traceparent": _text("W3C trace context of the command, where it had one"),
    }
    optional = {"traceparent"}
    return {
        "headers": {
            "type": "object",
            "properties": headers,
            "required": [name for name in headers if name not in optional],
        },
        "bindings": {"kafka": {"bindingVersion": "0.5.0", "key": _text("the stream")}},
    }


def _watermark() -> dict[str, Any]:
    headers = {
        "ce_specversion": {"const": "1.0"},
        "ce_id": _text("watermark, partition and position"),
        "ce_source": _text("the ledger"),
        "ce_type": {"const": WATERMARK_TYPE},
        "ledger_watermark": _text("everything of the log up to this position is published, decimal digits"),
        "ledger_prev": _text(_PREVIOUS),
    }
    return {
        "name": WATERMARK_TYPE,
        "title": "Watermark",
        "summary": "Says that this partition lacks no event up to a position of the log; sent to each partition.",
        "headers": {"type": "object", "properties": headers, "required": list(headers)},
        "payload": {"const": "", "description": "no bytes; it has no key either"},
    }


def _text(description: str) -> dict[str, Any]:
    return {"type": "string", "description": description}
