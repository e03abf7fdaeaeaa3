"""How payroll and notifications reach a ledger that is another process: bounded, timed, as themselves, in one trace."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import httpx

from shared import traces
from shared.auth import mint
from shared.principals import WHOLE_LOG, Principal, Role
from shared.settings import Settings

TIMES = httpx.Timeout(10.0, connect=2.0, pool=2.0)
CONNECTIONS = httpx.Limits(max_connections=32, max_keepalive_connections=16, keepalive_expiry=20.0)
_TRIES_TO_CONNECT = 2
_LIFETIME = timedelta(hours=1)


def ledger_client(settings: Settings) -> httpx.Client:
    """A client whose base is the ledger; what it sends on somebody's behalf carries their own token."""
    return httpx.Client(
        base_url=settings.ledger_url,
        timeout=TIMES,
        transport=httpx.HTTPTransport(retries=_TRIES_TO_CONNECT, limits=CONNECTIONS),
        event_hooks={"request": [_in_our_trace]},
    )


def feed_client(settings: Settings, service: str, clock: Callable[[], datetime]) -> httpx.Client:
    """The same for a service's own questions: it is let read the whole log, and nothing else."""
    client = ledger_client(settings)
    client.auth = _OwnToken(service, settings.keys.tokens, clock)
    return client


class _OwnToken(httpx.Auth):
    """A token of the service's own, minted again at half its lifetime."""

    def __init__(self, service: str, key: bytes, clock: Callable[[], datetime]) -> None:
        self._principal = Principal(f"service/{service}", Role.SERVICE, WHOLE_LOG)
        self._key = key
        self._clock = clock
        self._token = ""
        self._until = clock()

    def auth_flow(self, request: httpx.Request) -> Iterator[httpx.Request]:  # type: ignore[override]
        """Send it with the token."""
        now = self._clock()
        if now >= self._until or not self._token:
            self._token = mint(self._principal, self._key, now=now, lifetime=_LIFETIME)
            self._until = now + _LIFETIME / 2
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


def _in_our_trace(request: httpx.Request) -> None:
    here = traces.traceparent()
    if here:
        request.headers["traceparent"] = here
