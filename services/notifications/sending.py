"""The sender: attempts what is due, each endpoint on a lane of its own, so that none waits for another."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from threading import Event

from notifications import posting
from notifications.deliveries import DEAD, PENDING, SENT, Claimed, Deliveries
from notifications.webhooks import ATTEMPTS_AT_MOST, payload, signed, wait_seconds
from shared import logs
from shared.telemetry import WEBHOOK_DELIVERIES
from shared.webhook_endpoints import Endpoint

LEASE_SECONDS = 60.0
"""What a killed sender had claimed is due again after it; six times as long as an attempt may take."""

Post = Callable[[str, dict[str, str], bytes], str]
"""(url, headers, body) → outcome, as `posting.post`."""

ABANDONED, WITHDRAWN, OVERTAKEN = "abandoned", "withdrawn", "overtaken"
_HEADERS = {"content-type": "application/json", "user-agent": "workforce-ledger"}


class Deliverer:
    """Sends the notices of the configured endpoints. One attempt at a time per endpoint, so that a crash leaves at most
    one of which nobody knows whether it arrived: it is made again, under the same webhook-id.

    `chance` gives the jitter, 0 to 1.
    """

    def __init__(
        self,
        deliveries: Deliveries,
        endpoints: Sequence[Endpoint],
        *,
        chance: Callable[[], float],
        post: Post = posting.post,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self._deliveries = deliveries
        self._endpoints = endpoints
        self._chance = chance
        self._post = post
        self._lease_seconds = lease_seconds
        self._leaving = Event()
        deliveries.announce(endpoints)

    def lanes(self, beat: Callable[[], None] = lambda: None) -> Mapping[str, Callable[[], object]]:
        """One function per endpoint, to be called again and again: it sends until nothing is due, beating each time."""
        return {f"webhooks to {one.name}": partial(self._drain, one, beat) for one in self._endpoints}

    def step(self) -> int:
        """See what is new and make one attempt for each endpoint that has one due; the number of attempts."""
        for endpoint in self._endpoints:
            self._deliveries.fan_out(endpoint.name)
        return sum(self._attempt(endpoint) for endpoint in self._endpoints)

    @contextmanager
    def leaving(self) -> Iterator[None]:
        """At the end of the context let the lanes end after the attempt under way."""
        try:
            yield
        finally:
            self._leaving.set()

    def _drain(self, endpoint: Endpoint, beat: Callable[[], None]) -> None:
        while not self._leaving.is_set():
            beat()
            if not self._attempt(endpoint) and not self._deliveries.fan_out(endpoint.name):
                return

    def _attempt(self, endpoint: Endpoint) -> bool:
        """One delivery that is due; False when none is."""
        claimed = self._deliveries.claim(endpoint.name, lease_seconds=self._lease_seconds)
        if claimed is None:
            return False
        outcome = self._outcome(endpoint, claimed)
        if posting.is_accepted(outcome):
            became, settled = SENT, self._deliveries.settle(claimed, SENT, outcome)
        else:
            wait = None if outcome in (ABANDONED, WITHDRAWN) else wait_seconds(claimed.attempts, self._chance())
            became = DEAD if wait is None else "failed"
            state = DEAD if wait is None else PENDING
            settled = self._deliveries.settle(claimed, state, outcome, wait_seconds=wait or 0)
        self._told(endpoint, claimed, became if settled else OVERTAKEN, outcome)
        return True

    def _told(self, endpoint: Endpoint, claimed: Claimed, became: str, outcome: str) -> None:
        WEBHOOK_DELIVERIES.labels(became).inc()
        say = logs.warn if became == DEAD else logs.tell
        attempt: dict[str, str | int] = {"attempt": claimed.attempts, "outcome": outcome, "became": became}
        say("webhook", endpoint=endpoint.name, delivery=claimed.id, **attempt)

    def _outcome(self, endpoint: Endpoint, claimed: Claimed) -> str:
        if claimed.notice is None:
            return WITHDRAWN
        if claimed.attempts > ATTEMPTS_AT_MOST:
            return ABANDONED  # The sender did not live to see the end of its last attempt.
        try:
            body = payload(claimed.notice)
            headers = _HEADERS | signed(claimed.id, claimed.at, body, endpoint.secrets)
        except Exception as error:  # A notice that cannot be said keeps no other from being sent.
            return type(error).__name__
        return self._post(endpoint.url, headers, body)
