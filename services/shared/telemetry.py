"""What is counted and timed while a process works, under the names that dashboards and alarms ask for."""

from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_QUICK = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

disable_created_metrics()  # type: ignore[no-untyped-call]

# --- the relay

RELAY_POSITION = Gauge("workforce_relay_position", "Every event up to here is in the topic")
RELAY_LAG_EVENTS = Gauge("workforce_relay_lag_events", "Events of the log that are not in the topic yet")
OLDEST_UNPUBLISHED_SECONDS = Gauge(
    "workforce_relay_oldest_unpublished_seconds", "How long ago the oldest event outside the topic was recorded"
)
CHAIN_LAG_EVENTS = Gauge("workforce_chain_lag_events", "Events of the log that are not in the hash chain yet")

# --- the consumers, by service

CONSUMER_LAG_EVENTS = Gauge("workforce_consumer_lag_events", "Positions between the log's head and here", ["service"])
CONSUMER_LAG_SECONDS = Gauge(
    "workforce_consumer_lag_seconds", "How long ago the oldest event that is not here was recorded", ["service"]
)
BATCH_EVENTS = Histogram(
    "workforce_consumer_batch_events",
    "Events taken in one step",
    ["service"],
    buckets=(1, 2, 5, 10, 25, 50, 100, 250, 500, 1000),
)
HOLES_REPAIRED = Counter(
    "workforce_consumer_holes_repaired", "Events that the topic lacked and the log's feed gave", ["service"]
)
DUPLICATES = Counter("workforce_consumer_duplicates", "Records that were here before and were skipped", ["service"])
PARKED_EVENTS = Gauge("workforce_parked_events", "Events set aside, with their stream, until released", ["service"])
PROJECTION_DRIFT = Gauge("workforce_projection_drift", "1 while the nightly rebuild differs from here", ["service"])

# --- the ledger

COMMANDS = Counter("workforce_commands", "Commands by what became of them", ["command", "outcome"])
CONFLICTS = Counter("workforce_conflicts", "Appends that came second on a stream and were decided again")
COMMIT_GROUP_SIZE = Histogram(
    "workforce_commit_group_size", "Commands that were committed together", buckets=(1, 2, 4, 8, 16, 32, 64)
)

# --- every service

REFUSALS = Counter("workforce_refusals", "Refusals by code", ["code"])
POOL_WAIT_SECONDS = Histogram(
    "workforce_pool_wait_seconds", "How long a connection was waited for", ["pool"], buckets=_QUICK
)
HTTP_REQUEST_SECONDS = Histogram(
    "workforce_http_request_seconds",
    "From the first byte of a request to the last of its answer; the route is its template",
    ["service", "method", "route", "status"],
    buckets=_QUICK,
)
WEBHOOK_DELIVERIES = Counter("workforce_webhook_deliveries", "Attempts to deliver a webhook", ["outcome"])


def exposition(registry: CollectorRegistry = REGISTRY) -> bytes:
    """Every metric in the text form of Prometheus."""
    return generate_latest(registry)


def names() -> frozenset[str]:
    """The names of ours as they are asked for: a counter's ends in _total."""
    found = set()
    for family in REGISTRY.collect():
        if family.name.startswith("workforce_"):
            found.add(family.name + ("_total" if family.type == "counter" else ""))
    return frozenset(found)
