"""One delivery per notice and endpoint, tried until it is taken or dead, whoever crashes (F12, F64, F73, F74, P7)."""

import itertools
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import structs
from sqlalchemy import Engine, create_engine, delete, event, insert, make_url, update
from tests.notifications.samples import closed, hired
from tests.notifications.sending_world import FINANCE, LEASE, PEOPLE, World, endpoint

from notifications.deliveries import BATCH, Deliveries
from notifications.notices import notices
from notifications.outbox import REBUILDABLE, Outbox, rebuilt
from notifications.sending import Deliverer
from notifications.tables import NOTICES, WEBHOOK_ENDPOINTS, engine_in_memory
from notifications.webhooks import ATTEMPTS_AT_MOST, delivery_id
from shared import database
from shared.envelope import Recorded, to_wire
from shared.rebuilding import rebuild
from shared.receiving import Parked, Taking
from shared.telemetry import WEBHOOK_DELIVERIES


@pytest.fixture
def engine(each_database: str, tmp_path: Path) -> Iterator[Engine]:
    """A SQLite file, then PostgreSQL."""
    address = make_url(each_database or f"sqlite:///{tmp_path / 'notifications.db'}")
    made = create_engine(address.set(drivername="postgresql+psycopg") if each_database else address)
    yield made
    made.dispose()


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine)


@pytest.fixture
def quick_world() -> Iterator[World]:
    """In memory, for what does not depend on the database."""
    engine = engine_in_memory()
    yield World(engine)
    engine.dispose()


def counted(outcome: str) -> float:
    """How many attempts ended so, in this process."""
    return float(WEBHOOK_DELIVERIES.labels(outcome)._value.get())


def test_each_endpoint_gets_the_notices_of_its_recipients_once(world: World) -> None:
    world.close_months("2020-10", "2020-11")
    before = counted("sent")
    world.work()
    assert sorted(name for name, _ in world.sent) == ["finance"] * 2 + ["people"] * 4
    assert len(set(world.sent)) == 6
    assert world.states() == [("sent", 1, "204")] * 6
    world.work(days=400)
    assert len(world.sent) == 6
    assert counted("sent") == before + 6


def test_an_id_is_that_of_the_notice_and_the_endpoint(world: World) -> None:
    world.close_months("2020-10")
    world.work()
    made = {notice.id for notice in notices(world.log.events[0])}
    assert {one for name, one in world.sent if name == "people"} == {delivery_id(one, "people") for one in made}


def test_an_endpoint_gets_what_comes_after_it_was_announced(world: World) -> None:
    world.close_months("2020-10")
    world.work()
    world.endpoints = (FINANCE, PEOPLE, endpoint("later", "finance/chibi"))
    world.deliverer = world.sender()
    world.close_months("2020-11")
    world.work()
    assert [row.position for row in world.rows("later")] == [1]


def test_a_recipient_that_is_added_is_told_of_what_comes_after_it_and_one_that_is_taken_out_no_more(
    world: World,
) -> None:
    world.close_months("2020-10")
    world.work()
    world.endpoints = (endpoint("finance", "workers/chibi"),)
    world.deliverer = world.sender()
    world.close_months("2020-11")
    world.work()
    assert [(row.position, row.recipient) for row in world.rows("finance")] == [
        (0, "finance/chibi"),
        (1, "workers/chibi"),
    ]


def test_a_recipient_that_is_added_while_no_sender_runs_is_told_of_what_comes_after_it(world: World) -> None:
    world.close_months("2020-10")
    world.endpoints = (endpoint("finance", "finance/chibi", "workers/chibi"),)
    world.deliverer = world.sender()
    world.close_months("2020-11")
    world.work()
    assert sorted((row.position, row.recipient) for row in world.rows("finance")) == [
        (0, "finance/chibi"),
        (1, "finance/chibi"),
        (1, "workers/chibi"),
    ]


def test_F12_a_replay_of_the_log_and_a_rebuild_send_nothing_again(world: World) -> None:
    world.close_months("2020-10", "2020-11")
    world.work()
    rows = world.rows()
    Outbox(world.engine).apply(world.log.events)
    rebuilt(world.log, until=world.log.head()).close()
    with world.engine.begin() as connection:
        # As after a switch to tables that were built again from the log.
        connection.execute(delete(NOTICES))
        again = [notice for recorded in world.log.events for notice in notices(recorded)]
        connection.execute(insert(NOTICES), [structs.asdict(notice) for notice in again])
        connection.execute(update(WEBHOOK_ENDPOINTS).values(position=-1))
    world.work(days=1)
    assert len(world.sent) == 6
    assert world.rows() == rows


def parked(recorded: Recorded) -> Parked:
    """The event set aside."""
    return Parked(recorded.position, recorded.stream, recorded.version, recorded.type, "poison", to_wire(recorded))


def test_F74_the_notices_of_a_parked_event_hold_up_no_other_and_are_sent_when_it_is_released(world: World) -> None:
    poison, good = (world.log.record(f"run/chibi/2020-1{n}/1", closed(f"2020-1{n}")) for n in (0, 1))
    world.outbox.take(Taking(parked=[parked(poison)], events=[good]))
    assert world.outbox.advance() == 1
    world.work()
    assert [row.position for row in world.rows("people")] == [1, 1]
    world.work(days=1)
    assert world.outbox.release(poison.stream) == (1, None)
    world.work()
    assert [row.position for row in world.rows("people")] == [0, 0, 1, 1]
    world.work(days=1)
    assert len(world.sent) == len(set(world.sent)) == 6
    assert world.states() == [("sent", 1, "204")] * 6


def test_an_event_that_was_parked_before_an_endpoint_was_announced_is_not_sent_to_it(quick_world: World) -> None:
    world = quick_world
    poison = world.log.record("run/chibi/2020-10/1", closed())
    world.outbox.take(Taking(parked=[parked(poison)]))
    world.outbox.advance()
    world.endpoints = (endpoint("later", "finance/chibi"),)
    world.deliverer = world.sender()
    assert world.outbox.release(poison.stream) == (1, None)
    world.work()
    assert world.rows("later") == []


class Lines:
    """The world's log, one line an event."""

    def __init__(self, world: World) -> None:
        self._log = world.log

    def lines(self, after: int, limit: int) -> list[bytes]:
        """As `shared.feed.Lines`."""
        return [to_wire(recorded) for recorded in self._log.read(after, limit)]

    def head(self) -> int:
        """As `shared.feed.Lines`."""
        return self._log.head()


@pytest.mark.postgres
def test_F12_a_rebuild_that_is_switched_to_sends_nothing_again_and_what_it_could_take_for_the_first_time(
    postgres_address: str,
) -> None:
    made = database.engine(postgres_address, "notifications")
    world = World(made)
    poison, good = (world.log.record(f"run/chibi/2020-1{n}/1", closed(f"2020-1{n}")) for n in (0, 1))
    world.outbox.take(Taking(parked=[parked(poison)], events=[good]))
    world.outbox.advance()
    world.work()
    assert len(world.sent) == 3
    assert rebuild(REBUILDABLE, made, Lines(world)) == 1
    world.work(days=1)
    assert len(world.sent) == len(set(world.sent)) == 6
    rebuild(REBUILDABLE, made, Lines(world))
    world.work(days=1)
    assert len(world.sent) == 6
    made.dispose()


def test_a_notice_beyond_a_hole_of_the_log_is_not_sent_before_the_hole_is_filled(world: World) -> None:
    log = world.log
    world.close_months("2020-10", "2020-11", "2020-12")
    fresh = World(engine_in_memory(), FINANCE)
    fresh.outbox.apply([log.events[0], log.events[2]])
    fresh.work()
    assert [row.position for row in fresh.rows()] == [0]
    fresh.outbox.apply([log.events[1]])
    fresh.work()
    assert [row.position for row in fresh.rows()] == [0, 1, 2]


def test_more_notices_than_a_batch_all_have_their_row(quick_world: World) -> None:
    everybody = endpoint("everybody", *(f"worker/w-{number}" for number in range(700)), "community/xinhua")
    quick_world.endpoints = (everybody,)
    quick_world.deliverer = quick_world.sender()
    for number in range(700):
        quick_world.log.record(f"worker/w-{number}", hired(f"w-{number}"))
    quick_world.outbox.catch_up(quick_world.log)
    assert quick_world.outbox.count() > 2 * BATCH
    assert Deliveries(quick_world.engine).fan_out("everybody") >= 1400
    assert len(quick_world.rows()) == 1400


def test_F74_what_is_refused_is_tried_again_after_longer_and_longer_waits_until_it_is_dead(world: World) -> None:
    world.answers["finance"] = "503"
    world.close_months("2020-10")
    before = counted("failed"), counted("dead")
    world.work()
    assert world.states("finance") == [("pending", 1, "503")]
    world.work(seconds=9)
    assert world.states("finance") == [("pending", 1, "503")]
    world.work(seconds=1)
    assert world.states("finance") == [("pending", 2, "503")]
    for _ in range(ATTEMPTS_AT_MOST + 3):
        world.work(hours=12)
    assert world.states("finance") == [("dead", ATTEMPTS_AT_MOST, "503")]
    assert [name for name, _ in world.sent].count("finance") == ATTEMPTS_AT_MOST
    assert len({one for one in world.sent if one[0] == "finance"}) == 1
    assert (counted("failed"), counted("dead")) == (before[0] + ATTEMPTS_AT_MOST - 1, before[1] + 1)


def test_the_same_bytes_are_sent_at_every_attempt(quick_world: World) -> None:
    quick_world.answers = {"finance": "500", "people": "500"}
    quick_world.close_months("2020-10")
    for _ in range(3):
        quick_world.work(hours=1)
    assert len(quick_world.bodies) == 9
    assert len(set(quick_world.bodies)) == 2


def test_F74_an_endpoint_that_fails_keeps_no_other_from_its_notices(world: World) -> None:
    world.answers["finance"] = "timeout"
    world.close_months("2020-10", "2020-11")
    world.work()
    assert {state for state, _, _ in world.states("people")} == {"sent"}
    assert world.states("finance") == [("pending", 1, "timeout")] * 2


@pytest.mark.parametrize("broken", ["its words", "its sending"])
def test_F74_a_notice_that_cannot_be_sent_keeps_no_other_from_being_sent(
    quick_world: World, broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = quick_world
    world.close_months("2020-10", "2020-11", "2020-12")
    poisoned = delivery_id(
        next(n.id for n in notices(world.log.events[0]) if n.recipient == "finance/chibi"), "finance"
    )
    if broken == "its words":
        from notifications import sending

        real = sending.signed

        def signed(webhook_id: str, *rest: object) -> dict[str, str]:
            if webhook_id == poisoned:
                raise UnicodeEncodeError("utf-8", "x", 0, 1, "surrogate")
            return real(webhook_id, *rest)  # type: ignore[arg-type]

        monkeypatch.setattr(sending, "signed", signed)
        outcome = "UnicodeEncodeError"
    else:
        outcome = "400"
        real_post = world.post

        def post(url: str, headers: dict[str, str], body: bytes) -> str:
            return "400" if headers["webhook-id"] == poisoned else real_post(url, headers, body)

        world.post = post  # type: ignore[method-assign]
        world.deliverer = world.sender()
    world.work()
    assert world.states("finance") == [("pending", 1, outcome), ("sent", 1, "204"), ("sent", 1, "204")]


def test_a_delivery_whose_notice_is_gone_is_dead_and_sends_nothing(quick_world: World) -> None:
    quick_world.close_months("2020-10")
    Deliveries(quick_world.engine).fan_out("finance")
    with quick_world.engine.begin() as connection:
        connection.execute(delete(NOTICES).where(NOTICES.c.recipient == "finance/chibi"))
    quick_world.work(days=20000)
    assert quick_world.states("finance") == [("dead", 1, "withdrawn")]
    assert "finance" not in {name for name, _ in quick_world.sent}


def test_P7_two_senders_at_once_never_have_the_same_delivery(world: World) -> None:
    world.close_months(*(f"2020-{month:02}" for month in range(1, 11)))
    one, other = (Deliveries(world.engine, world.clock) for _ in range(2))
    one.fan_out("finance")
    other.fan_out("finance")
    taken = []
    for _ in range(5):
        taken += [one.claim("finance", lease_seconds=LEASE), other.claim("finance", lease_seconds=LEASE)]
    assert None not in taken
    assert len({claimed.id for claimed in taken if claimed is not None}) == 10
    assert one.claim("finance", lease_seconds=LEASE) is None


def test_P7_a_sender_that_looked_before_another_one_claimed_does_not_have_it_too(world: World) -> None:
    world.close_months("2020-10")
    slow, quick = (Deliveries(world.engine, world.clock) for _ in range(2))
    slow.fan_out("finance")
    taken = []

    def claim_meanwhile(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("UPDATE webhook_deliveries") and not taken:
            taken.append(None)
            taken.append(quick.claim("finance", lease_seconds=LEASE))

    event.listen(world.engine, "before_cursor_execute", claim_meanwhile)
    taken.append(slow.claim("finance", lease_seconds=LEASE))
    event.remove(world.engine, "before_cursor_execute", claim_meanwhile)
    assert len([claimed for claimed in taken if claimed is not None]) == 1


def test_what_a_killed_sender_had_claimed_is_attempted_again_after_its_lease_and_counted(world: World) -> None:
    world.close_months("2020-10")
    killed = Deliveries(world.engine, world.clock)
    killed.fan_out("finance")
    claimed = killed.claim("finance", lease_seconds=LEASE)
    assert claimed is not None
    world.work(seconds=LEASE - 1)
    assert world.states("finance") == [("pending", 1, "")]
    world.work(seconds=1)
    assert world.states("finance") == [("sent", 2, "204")]
    assert killed.settle(claimed, "dead", "too late") is False
    assert world.states("finance") == [("sent", 2, "204")]


def test_a_notice_that_kills_its_sender_every_time_is_dead_one_day(quick_world: World) -> None:
    quick_world.close_months("2020-10")
    killed = Deliveries(quick_world.engine, quick_world.clock)
    killed.fan_out("finance")
    for _ in range(ATTEMPTS_AT_MOST):
        assert killed.claim("finance", lease_seconds=LEASE) is not None
        quick_world.now += timedelta(seconds=LEASE)
    quick_world.work()
    assert quick_world.states("finance") == [("dead", ATTEMPTS_AT_MOST + 1, "abandoned")]
    assert "finance" not in {name for name, _ in quick_world.sent}


@pytest.mark.parametrize("years", [-10, 10])
def test_a_clock_that_jumps_holds_nothing_back(quick_world: World, years: int) -> None:
    """P17."""
    quick_world.answers["finance"] = "503"
    quick_world.close_months("2020-10")
    quick_world.work()
    quick_world.answers.clear()
    quick_world.now += timedelta(days=365 * years)
    quick_world.close_months("2020-11")
    quick_world.work()
    assert {state for state, _, _ in quick_world.states()} == {"sent"}


class Crash(Exception):
    """The end of the process."""


def crashed_at(point: int) -> tuple[World, bool]:
    """A sender that ends at its so manyth statement or answer, and whether it got so far; then another one."""
    engine = engine_in_memory()
    world = World(engine)
    world.close_months("2020-10")
    left = [point]

    def crash_when_none_is_left(*_: object) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Crash

    arrive = world.post

    def post(url: str, headers: dict[str, str], body: bytes) -> str:
        outcome = arrive(url, headers, body)
        crash_when_none_is_left()
        return outcome

    world.post = post  # type: ignore[method-assign]
    event.listen(engine, "before_cursor_execute", crash_when_none_is_left)
    try:
        world.work()
    except Crash:
        world.deliverer = world.sender()
        world.work(seconds=LEASE)
        return world, True
    finally:
        event.remove(engine, "before_cursor_execute", crash_when_none_is_left)
    return world, False


def test_F73_a_crash_at_any_statement_or_answer_leaves_one_row_each_and_one_duplicate_at_most() -> None:
    duplicates = []
    for point in itertools.count(1):
        world, crashed = crashed_at(point)
        assert [state for state, _, _ in world.states()] == ["sent"] * 3
        assert len(set(world.sent)) == 3
        duplicates.append(len(world.sent) - 3)
        world.engine.dispose()
        if not crashed:
            break
    assert len(duplicates) > 25
    assert set(duplicates) == {0, 1}
    assert duplicates[-1] == 0


def test_a_lane_ends_after_the_attempt_under_way_when_it_is_to_leave(quick_world: World) -> None:
    quick_world.close_months("2020-10", "2020-11")
    deliverer: Deliverer = quick_world.deliverer
    lane = deliverer.lanes()["webhooks to people"]
    real_post = quick_world.post

    def post(url: str, headers: dict[str, str], body: bytes) -> str:
        with deliverer.leaving():
            return real_post(url, headers, body)

    deliverer._post = post
    lane()
    assert len(quick_world.sent) == 1
    lane()
    assert len(quick_world.sent) == 1
