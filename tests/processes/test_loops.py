"""Relay and consumers as processes: they say how they are, hand over, leave when asked, and at a surprise at once."""

import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from sqlalchemy import make_url
from tests.ledger.given import PAPER, command, identity_number
from tests.processes.apart import Apart, Process, free_port, wait_until
from tests.processes.collector import Collector

pytestmark = [pytest.mark.campaign, pytest.mark.postgres, pytest.mark.kafka]

ADMIN, AUDITOR = "admin city:chibi clerk", "auditor city:chibi"


def hire(apart: Apart, number: int) -> tuple[str, int]:
    """Somebody is hired: their id, and the position."""
    person = {"name": "李秀英", "identity_number": identity_number("1992-05-17", number)}
    fields = {"channel": "exam", "post": "dedicated", "education": "college", "person": person}
    body = command("2020-10-01", community_id="xinhua", **fields)
    done = apart.act("/ledger/v1/hires", ADMIN, body, f"hire-{number}")
    assert done.status_code == 201, done.text
    return done.json()["worker_id"], done.json()["position"]


def seen(apart: Apart, worker_id: str, position: int) -> bool:
    """Whether payroll and the inbox show it."""
    headers = {"X-Min-Position": str(position)}
    slip = apart.ask(f"/payroll/v1/workers/{worker_id}/payslips/2020-10", AUDITOR, **headers)
    inbox = apart.ask("/notifications/v1/inbox?limit=1", AUDITOR, **headers)
    return slip.status_code == inbox.status_code == 200


@pytest.fixture(scope="module")
def running(joined: Apart) -> dict[str, Process]:
    """One relay and one consumer of each service."""
    started = [joined.another("relay"), *(joined.another("consume", name) for name in ("payroll", "notifications"))]
    return {" ".join(process.arguments): process.until_ready() for process in started}


def test_what_is_written_in_one_process_is_read_in_the_others(joined: Apart, running: dict[str, Process]) -> None:
    """P8: through relay, topic and consumers."""
    worker_id, position = hire(joined, 1)
    wait_until(lambda: seen(joined, worker_id, position), "it is seen")


def test_a_loop_says_how_it_is_and_how_far(joined: Apart, running: dict[str, Process]) -> None:
    _, position = hire(joined, 2)
    for process in running.values():
        assert [process.probe(name)[0] for name in ("live", "ready", "started")] == [200, 200, 200]
    relay, payroll = running["relay"], running["consume payroll"]
    wait_until(lambda: relay.metric("workforce_relay_position") >= position, "it is published")
    for name in ("relay_lag_events", "relay_oldest_unpublished_seconds", "chain_lag_events"):
        wait_until(lambda: relay.metric(f"workforce_{name}") == 0, name)  # noqa: B023
    label = '{service="payroll"}'
    for name in ("consumer_lag_events", "consumer_lag_seconds", "parked_events", "projection_drift"):
        wait_until(lambda: payroll.metric(f"workforce_{name}{label}") == 0, name)  # noqa: B023
    assert payroll.metric(f"workforce_consumer_batch_events_count{label}") > 0
    assert relay.lines("published")
    assert payroll.lines("batch")


def test_a_second_relay_stands_by_and_goes_on_where_the_first_has_left(
    joined: Apart, running: dict[str, Process]
) -> None:
    """P21."""
    second = joined.another("relay").until_ready()
    assert not second.lines("active")
    assert running["relay"].stop() == 0
    running["relay"] = second
    worker_id, position = hire(joined, 3)
    wait_until(lambda: seen(joined, worker_id, position), "it is seen")
    assert second.lines("active")


def test_a_consumer_that_is_asked_to_leave_ends_its_step_and_another_goes_on(
    joined: Apart, running: dict[str, Process]
) -> None:
    """P21."""
    assert running["consume payroll"].stop() == 0
    assert running["consume payroll"].lines("ended")
    running["consume payroll"] = joined.another("consume", "payroll").until_ready()
    worker_id, position = hire(joined, 4)
    wait_until(lambda: seen(joined, worker_id, position), "it is seen")


def test_tables_are_built_anew_while_the_consumers_go_on(joined: Apart, running: dict[str, Process]) -> None:
    """P14: and are then compared with the log."""
    for reader in ("payroll", "notifications"):
        for verb in ("rebuild", "shadow"):
            environment = {**joined.environments[reader], "WORKFORCE_DATABASE": joined.owned[reader]}
            done = _workforce(joined, [verb, reader], environment)
            assert done.returncode == 0, done.stdout + done.stderr
    worker_id, position = hire(joined, 5)
    wait_until(lambda: seen(joined, worker_id, position), "it is seen")


def test_a_close_is_one_trace_through_four_processes(
    joined: Apart, running: dict[str, Process], collector: Collector
) -> None:
    """F77, P25: payroll's API → the ledger's → the topic → the consumer that keeps the lines; nobody is in it."""
    trace, caller = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    hired = hire(joined, 6)
    wait_until(lambda: seen(joined, *hired), "it is seen")
    closed_month(joined, f"00-{trace}-{caller}-01")
    kept = collector.until(trace, "keep payslip lines", "consume-payroll")
    written = collector.until(trace, "command run-closures", "serve-ledger")
    asked = collector.until(trace, "request", "serve-payroll")
    told = collector.until(trace, "request", "serve-ledger", "/ledger/v1/run-closures")
    for span, under in ((asked, caller), (told, asked.span_id.hex()), (written, told.span_id.hex())):
        assert span.parent_span_id.hex() == under, span.name
    assert kept.parent_span_id == written.span_id
    for secret in ("李秀英", identity_number("1992-05-17", 6), PAPER["document"], hired[0], "clerk", "Bearer"):
        assert not any(secret.encode() in body for body in collector.bodies)


def closed_month(apart: Apart, traceparent: str) -> None:
    """October is drafted, approved, and closed in the caller's trace."""
    paper = {"effective_date": "2020-10-31", "basis": PAPER}
    runs, finance = "/payroll/v1/runs", "finance city:chibi"
    draft = apart.act(runs, finance, {"jurisdiction": "chibi", "month": "2020-10", **paper}, "draft")
    assert draft.status_code == 201, draft.text
    approval = {"digest": draft.json()["digest"], **paper}
    approved = apart.act(f"{runs}/chibi/2020-10/1/approval", "approver city:chibi", approval, "approve")
    assert approved.status_code == 201, approved.text
    closed = apart.act(f"{runs}/chibi/2020-10/1/closure", finance, paper, "close", traceparent=traceparent)
    assert closed.status_code == 201, closed.text


def test_a_topic_is_made_once(joined: Apart) -> None:
    environment = {**joined.environments["ledger"], "WORKFORCE_TOPIC": f"made.{free_port()}"}
    told = [_workforce(joined, ["topic", "--partitions", "2", "--replication", "1"], environment) for _ in range(2)]
    assert [one.stdout.split()[1] for one in told] == ["was", "is"]


def test_a_loop_without_its_broker_waits_for_it_and_leaves_when_asked(joined: Apart) -> None:
    there = joined.environments["payroll"]
    joined.environments["payroll"] = {**there, "WORKFORCE_KAFKA": "127.0.0.1:1"}
    lost = joined.another("consume", "payroll")
    joined.environments["payroll"] = there
    wait_until(lambda: lost.probe("ready") == (503, "broker-away"), "it waits")
    assert lost.probe("live")[0] == 200
    assert lost.stop() == 0
    assert [line["servers"] for line in lost.lines("broker-away")] == ["127.0.0.1:1"]


def test_a_loop_whose_topic_is_not_there_ends_and_says_why(joined: Apart) -> None:
    there = joined.environments["payroll"]
    joined.environments["payroll"] = {**there, "WORKFORCE_TOPIC": "nowhere"}
    lost = joined.another("consume", "payroll")
    joined.environments["payroll"] = there
    assert lost.wait(60) == 1
    (left,) = lost.lines("left")
    assert (left["kind"], left["process"]) == ("TopicFailed", "consume payroll")
    assert "make it: workforce topic" in str(left["why"])


def test_a_database_that_is_away_ends_the_loops_and_takes_the_apis_out_of_work(
    joined: Apart, running: dict[str, Process], postgres_server: str
) -> None:
    """P21, P25: by a code and a kind; and all is well again when it is back."""
    consumer, api = running["consume notifications"], joined.processes["notifications"]
    name = make_url(joined.environments["notifications"]["WORKFORCE_DATABASE"]).database
    with psycopg.connect(postgres_server, autocommit=True) as connection:

        def allow(allowed: bool) -> None:
            how = SQL("true" if allowed else "false")
            connection.execute(SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}").format(Identifier(str(name)), how))
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))

        allow(False)
        assert consumer.wait(30) == 1
        wait_until(lambda: api.probe("ready") == (503, "database-away"), "its API is not ready")
        assert api.probe("live")[0] == api.probe("started")[0] == 200
        allow(True)
    api.until_ready()
    running["consume notifications"] = joined.another("consume", "notifications").until_ready()
    (left,) = consumer.lines("left")
    assert left["kind"].endswith("Error")
    assert str(name) not in consumer.text


def test_a_loop_that_hangs_is_not_alive(tmp_path: Path) -> None:
    """A step that never ends, and one that does not end after SIGTERM either."""
    port = free_port()
    script = f"""
        import threading
        from workforce import looping
        from workforce.serving import listening
        looping.STALLED_SECONDS, looping.GRACE_SECONDS = 1, 1
        def work(stop, beat):
            beat()
            threading.Event().wait()
        loop = looping.Loop("hanging", work, lambda: None, {{}}, lambda: None)
        with listening("127.0.0.1", {port}) as listener:
            looping.run(loop, listener)
    """
    running = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)])
    try:
        wait_until(lambda: _probe(port, "live") == (503, "stalled"), "it is told to be dead")
        assert _probe(port, "ready") == (503, "stalled")
        running.terminate()
        assert running.wait(10) == 1
    finally:
        running.kill()


def _probe(port: int, name: str) -> tuple[int, str]:
    try:
        answer = httpx.get(f"http://127.0.0.1:{port}/health/{name}", timeout=5)
    except httpx.HTTPError:
        return 0, ""
    return answer.status_code, answer.json().get("reason", "")


def _workforce(apart: Apart, arguments: list[str], environment: dict[str, str] | None = None) -> Any:
    """A command that ends."""
    reader = next((name for name in ("payroll", "notifications") if name in arguments), "ledger")
    given = environment or apart.environments[reader]
    command = [sys.executable, "-m", "workforce", *arguments]
    return subprocess.run(command, env={"PATH": "", **given}, capture_output=True, text=True, timeout=120, check=False)
