"""The place of the relay: moved by compare and set, under a lock that goes with the connection it is read on."""

import threading
import time
from collections.abc import Callable, Iterator

import psycopg
import pytest

from ledger.relay import Published
from ledger.relay_place import PostgresRelayPlace
from shared.receiving import Overtaken
from shared.settings import SettingsError

pytestmark = pytest.mark.postgres

NOWHERE = Published(-1, (-1, -1, -1))


@pytest.fixture
def another(postgres_address: str) -> Iterator[Callable[[str], PostgresRelayPlace]]:
    """Each call is another relay's view of the place for a topic."""
    opened: list[PostgresRelayPlace] = []

    def place(topic: str = "events") -> PostgresRelayPlace:
        opened.append(PostgresRelayPlace(postgres_address, topic))
        return opened[-1]

    yield place
    for one in opened:
        one.close()


Another = Callable[..., PostgresRelayPlace]


def test_a_place_begins_before_the_first_event_and_is_where_it_was_moved_to(another: Another) -> None:
    after = Published(41, (40, 41, -1))
    assert another().read(3) == NOWHERE
    another().advance(NOWHERE, after)
    assert another().read(3) == after
    assert another("another-topic").read(3) == NOWHERE


def test_of_two_relays_on_one_place_the_second_is_overtaken(another: Another) -> None:
    first, second = another(), another()
    before = first.read(3)
    second.advance(before, Published(1, (0, 1, -1)))
    for after in (Published(1, (0, 1, -1)), Published(0, (0, -1, -1))):
        with pytest.raises(Overtaken):
            first.advance(before, after)
    assert first.read(3) == Published(1, (0, 1, -1))


def test_a_topic_with_another_number_of_partitions_is_refused_with_the_way_out(another: Another) -> None:
    another().read(3)
    with pytest.raises(SettingsError, match=r"has 4 partitions, but was published to with 3.*name a new topic"):
        another().read(4)


def test_a_standby_works_once_the_other_has_left_and_not_before(another: Another) -> None:
    first, second, stop = another(), another(), threading.Event()
    assert first.lock(stop)
    assert another("another-topic").lock(stop)
    got: list[bool] = []
    standby = threading.Thread(target=lambda: got.append(second.lock(stop)))
    standby.start()
    standby.join(1.2)
    assert got == []
    first.close()
    standby.join(5)
    assert got == [True]


def test_a_standby_can_be_asked_to_stop(another: Another) -> None:
    first, second, stop = another(), another(), threading.Event()
    assert first.lock(stop)
    threading.Timer(0.1, stop.set).start()
    begun = time.monotonic()
    assert not second.lock(stop)
    assert time.monotonic() - begun < 3


def test_who_has_lost_the_connection_has_lost_the_place_with_the_lock(another: Another, postgres_address: str) -> None:
    first, second, stop = another(), another(), threading.Event()
    assert first.lock(stop)
    before = first.read(3)
    with psycopg.connect(postgres_address, autocommit=True) as master:
        master.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
    assert second.lock(stop)
    with pytest.raises(psycopg.OperationalError):
        first.advance(before, Published(7, (7, -1, -1)))
    assert second.read(3) == before
