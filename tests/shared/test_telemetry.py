"""The names of the metrics are a contract with dashboards, alarms and scalers."""

from shared import telemetry


def test_the_metrics_have_exactly_the_names_that_are_asked_for() -> None:
    assert telemetry.names() == {
        "workforce_relay_position",
        "workforce_relay_lag_events",
        "workforce_relay_oldest_unpublished_seconds",
        "workforce_chain_lag_events",
        "workforce_consumer_lag_events",
        "workforce_consumer_lag_seconds",
        "workforce_consumer_batch_events",
        "workforce_consumer_holes_repaired_total",
        "workforce_consumer_duplicates_total",
        "workforce_parked_events",
        "workforce_projection_drift",
        "workforce_commands_total",
        "workforce_refusals_total",
        "workforce_conflicts_total",
        "workforce_commit_group_size",
        "workforce_pool_wait_seconds",
        "workforce_http_request_seconds",
        "workforce_webhook_deliveries_total",
    }


def test_they_are_shown_as_text_without_the_times_of_their_making() -> None:
    telemetry.CONSUMER_LAG_EVENTS.labels("payroll").set(7)
    shown = telemetry.exposition().decode()
    assert 'workforce_consumer_lag_events{service="payroll"} 7.0' in shown
    assert "_created" not in shown
