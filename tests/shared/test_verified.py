"""P23: a token that was found valid is known until it expires, and no longer."""

from datetime import UTC, datetime, timedelta

import pytest

from shared import auth
from shared.auth import Verified, mint, verify
from shared.principals import Principal, Role, parse_scope
from shared.refusal import Refused

KEY, NOW = b"k" * 32, datetime(2020, 9, 18, tzinfo=UTC)
LI = Principal("li", Role.ADMIN, parse_scope("city:chibi"))


def test_a_token_is_read_once_and_ends_when_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    known = Verified()
    monkeypatch.setattr(auth, "_VERIFIED", known)
    header = "Bearer " + mint(LI, KEY, now=datetime.now(UTC), lifetime=timedelta(minutes=5))
    assert verify(header, KEY) == LI
    monkeypatch.setattr("jwt.decode", None)
    assert verify(header, KEY) == LI
    monkeypatch.undo()
    monkeypatch.setattr(auth, "_VERIFIED", known)
    later = datetime.now(UTC) + timedelta(minutes=5, seconds=1)
    monkeypatch.setattr(auth, "utc_now", lambda: later)
    assert known.find(header, KEY) is None


def test_a_token_is_known_under_its_own_key_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "_VERIFIED", Verified())
    header = "Bearer " + mint(LI, KEY, now=datetime.now(UTC))
    assert verify(header, KEY) == LI
    with pytest.raises(Refused):
        verify(header, b"x" * 32)
    with pytest.raises(Refused):
        verify(header + "x", KEY)


def test_of_many_tokens_those_used_last_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """P19."""
    monkeypatch.setattr(auth, "utc_now", lambda: NOW)
    known = Verified(at_most=2)
    for name in ("a", "b"):
        known.keep(name, KEY, LI, NOW.timestamp() + 1)
    known.find("a", KEY)
    known.keep("c", KEY, LI, NOW.timestamp() + 1)
    assert [known.find(name, KEY) is not None for name in "abc"] == [True, False, True]
    known.keep("d", KEY, LI, NOW.timestamp())
    assert known.find("d", KEY) is None
