"""The feed: recorded events in the order of the log, for whoever projects them."""

from collections.abc import Sequence
from typing import Protocol

import httpx

from shared.envelope import Recorded, from_wire

LARGEST_PAGE = 500


class Feed(Protocol):
    """Where a projection reads events from. The log itself is one; over HTTP it is another."""

    def read(self, after: int, limit: int) -> Sequence[Recorded]:
        """Events with a position greater than `after` (-1 for the beginning), in position order, at most `limit`."""
        ...

    def head(self) -> int:
        """The greatest position that can be read now; -1 when there is none."""
        ...


class Lines(Protocol):
    """The same log in its wire form, one line an event, also of types that are unknown here."""

    def lines(self, after: int, limit: int) -> Sequence[bytes]:
        """As `Feed.read`, each event as `shared.envelope.to_wire` writes it."""
        ...

    def head(self) -> int:
        """As `Feed.head`."""
        ...


class HttpFeed:
    """The feed of a ledger elsewhere, `GET /ledger/v1/feed`; the client is a service's own.

    Raises httpx.HTTPError when it does not answer or refuses.
    """

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def read(self, after: int, limit: int) -> Sequence[Recorded]:
        """As `Feed.read`."""
        return [from_wire(line) for line in self.lines(after, limit)]

    def lines(self, after: int, limit: int) -> Sequence[bytes]:
        """As `Lines.lines`."""
        answer = self._client.get("/ledger/v1/feed", params={"after": after, "limit": min(limit, LARGEST_PAGE)})
        answer.raise_for_status()
        return answer.content.splitlines()

    def head(self) -> int:
        """As `Feed.head`."""
        answer = self._client.get("/ledger/v1/feed/head")
        answer.raise_for_status()
        return int(answer.json()["position"])
