"""How many requests one process works on at once."""

from anyio.to_thread import current_default_thread_limiter

THREADS = 80
"""More than the callers that one group of appends takes in, so that it is the group that they wait for."""


async def widen() -> None:
    """Give this loop its threads; a request beyond them waits, and `watching.py` says how many may."""
    limiter = current_default_thread_limiter()
    if limiter.total_tokens != THREADS:
        limiter.total_tokens = THREADS
