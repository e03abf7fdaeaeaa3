"""The topic of events as an AsyncAPI document: one message per event type, CloudEvents in binary mode."""

from typing import Any

from shared.events import EVENT_TYPES

TOPIC = "workforce.events"
CONTENT_TYPE = "application/json"
DRAFT = "application/schema+json;version=draft-2020-12"


def document() -> dict[str, Any]:
    """AsyncAPI 3; the payloads are the schemas beside it."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Workforce Ledger: events",
            "version": "1",
            "description": "Every recorded event in the order of its stream. The topic is a transport: a consumer that "
            "starts late reads GET /ledger/v1/events and joins where it ends.",
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": {"events": _channel()},
        "operations": {"publish": {"action": "send", "channel": {"$ref": "#/channels/events"}}},
        "components": {
            "messages": {name: _message(name) for name in EVENT_TYPES},
            "messageTraits": {"recorded": _trait()},
        },
    }


def _channel() -> dict[str, Any]:
    return {
        "address": TOPIC,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in EVENT_TYPES},
        "bindings": {
            "kafka": {
                "bindingVersion": "0.5.0",
                "partitions": 12,
                "replicas": 3,
                "topicConfiguration": {"cleanup.policy": ["delete"], "retention.ms": 14 * 24 * 60 * 60 * 1000},
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
        "ledger_prev": _text("position of the record before in the same partition, -1 for none"),
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


def _text(description: str) -> dict[str, Any]:
    return {"type": "string", "description": description}
