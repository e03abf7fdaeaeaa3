"""The address a system is served on."""

import socket

from workforce.serving import listening


def test_answers_are_sent_at_once() -> None:
    """The event loop sends without delay only on a socket named TCP; otherwise every answer waits 40 ms."""
    with listening("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP
