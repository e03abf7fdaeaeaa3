"""One POST, bounded in time and in what is read of the answer: its status and nothing else."""

import asyncio
from functools import cache
from ssl import SSLContext

import httpx

POST_SECONDS, CONNECT_SECONDS = 10.0, 3.0
"""For the whole of it, from the name to the status; a receiver that sends a byte a second gets no longer."""


def post(url: str, headers: dict[str, str], body: bytes) -> str:
    """The status in digits, or in a word what kept it from being answered. A redirect is an answer as any other."""
    try:
        return str(asyncio.run(_status(url, headers, body)))
    except (TimeoutError, httpx.TimeoutException):
        return "timeout"
    except httpx.ConnectError:
        return "no-connection"
    except Exception as error:  # Whatever a receiver or its address provokes, the next one is not its matter.
        return type(error).__name__[:60]


def is_accepted(outcome: str) -> bool:
    """Whether the receiver took it: 2xx."""
    return len(outcome) == 3 and outcome.isdecimal() and outcome[0] == "2"


async def _status(url: str, headers: dict[str, str], body: bytes) -> int:
    async with (
        asyncio.timeout(POST_SECONDS),
        # No proxy and no password of the environment: where it goes is said by its address alone.
        httpx.AsyncClient(
            verify=_certificates(),
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(POST_SECONDS, connect=CONNECT_SECONDS),
            limits=httpx.Limits(max_keepalive_connections=0),
        ) as client,
        client.stream("POST", url, headers=headers, content=body) as answer,
    ):
        return answer.status_code


@cache
def _certificates() -> SSLContext:
    return httpx.create_ssl_context()
