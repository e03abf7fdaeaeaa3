"""A process whose broker is away waits for it where it is, and can be asked to stop meanwhile."""

import socket
import threading
import time

import pytest

from workforce.stepping import wait_for_broker


@pytest.fixture
def nobody() -> str:
    """An address that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{taken.getsockname()[1]}"


def test_a_broker_that_is_away_is_waited_for_and_the_wait_beats(nobody: str) -> None:
    beats: list[float] = []
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)

    def come_back() -> None:
        listener.bind(("127.0.0.1", int(nobody.rpartition(":")[2])))
        listener.listen()

    threading.Timer(1.2, come_back).start()
    begun = time.monotonic()
    assert wait_for_broker([nobody], threading.Event(), lambda: beats.append(time.monotonic()))
    assert 1 < time.monotonic() - begun < 5
    assert len(beats) >= 2
    listener.close()


def test_one_of_several_servers_is_enough(nobody: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        there = f"127.0.0.1:{listener.getsockname()[1]}"
        assert wait_for_broker([nobody, there], threading.Event(), lambda: None)


def test_who_waits_can_be_asked_to_stop(nobody: str) -> None:
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()
    assert not wait_for_broker([nobody], stop, lambda: None)
