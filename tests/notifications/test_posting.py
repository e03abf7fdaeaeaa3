"""One POST on a real socket: what comes back is a status or a word, in bounded time (F64)."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from tests.notifications.sink import sink

from notifications import posting
from notifications.posting import is_accepted, post


@contextmanager
def raw(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that says on each connection what it likes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection, suppress(OSError):
                        connection.recv(65536)
                        talk(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "POST_SECONDS", 0.4)


@pytest.mark.parametrize(("status", "accepted"), [(200, True), (204, True), (299, True), (400, False), (503, False)])
def test_an_answer_is_its_status_and_2xx_is_accepted(status: int, accepted: bool) -> None:
    with sink(lambda _id, _times: status) as receiver:
        assert post(receiver.url, {"webhook-id": "one"}, b"{}") == str(status)
    assert is_accepted(str(status)) is accepted


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    with sink(lambda _id, _times: status) as receiver:
        assert post(receiver.url, {"webhook-id": "one"}, b"{}") == str(status)
        assert receiver.ids == ["one"]
    assert not is_accepted(str(status))


def test_nobody_listening_is_said_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert post(f"http://127.0.0.1:{port}/", {}, b"{}") == "no-connection"


def test_silence_is_waited_for_no_longer_than_the_limit(hasty: None) -> None:
    with raw(lambda connection: time.sleep(2)) as url:
        began = time.monotonic()
        assert post(url, {}, b"{}") == "timeout"
        assert time.monotonic() - began < 1.5


def test_an_answer_byte_by_byte_gets_no_more_time(hasty: None) -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        for _ in range(20):
            connection.sendall(b"x-a: b\r\n")
            time.sleep(0.1)

    with raw(drip) as url:
        began = time.monotonic()
        assert post(url, {}, b"{}") == "timeout"
        assert time.monotonic() - began < 1.5


def test_what_follows_the_status_is_not_read(hasty: None) -> None:
    sent = [0]

    def endless(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        while sent[0] < 10_000:
            connection.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            sent[0] += 1

    with raw(endless) as url:
        assert post(url, {}, b"{}") == "200"
    assert sent[0] < 1000


@pytest.mark.parametrize("said", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200 OK\r\nx: " + b"y" * 200_000])
def test_what_is_no_http_is_a_failure_by_its_kind(hasty: None, said: bytes) -> None:
    with raw(lambda connection: connection.sendall(said)) as url:
        outcome = post(url, {}, b"{}")
    assert outcome.isascii()
    assert not is_accepted(outcome)
    assert outcome not in ("timeout", "no-connection")


def test_an_address_that_cannot_be_spoken_to_is_a_failure_and_not_an_end() -> None:
    assert post("http://[::1", {}, b"{}") == "InvalidURL"


def test_no_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with sink() as receiver:
        assert post(receiver.url, {"webhook-id": "one"}, b"{}") == "204"
