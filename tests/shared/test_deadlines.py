"""A call that does not come back is given up, and nothing is called behind it any more."""

import threading
import time

import pytest

from shared.deadlines import DeadlinePassed, Deadlines


def test_what_a_call_returns_or_raises_is_the_callers() -> None:
    calls = Deadlines("calls")
    assert calls.call(1, divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        calls.call(1, divmod, 7, 0)
    assert calls.call(1, len, "still there") == 11
    calls.close()


def test_a_call_that_hangs_is_given_up_and_so_is_every_later_one() -> None:
    calls = Deadlines("calls")
    release = threading.Event()
    called: list[int] = []
    begun = time.monotonic()
    with pytest.raises(DeadlinePassed, match=r"wait was not back in 0\.1 s"):
        calls.call(0.1, release.wait)
    with pytest.raises(DeadlinePassed, match="an earlier call is not back"):
        calls.call(60, called.append, 1)
    assert time.monotonic() - begun < 5
    release.set()
    calls.close()
    assert called == []
