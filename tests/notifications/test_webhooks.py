"""What a webhook says, how it is signed, when it is tried again (F64, F73, F76)."""

import json
import re
from base64 import b64encode
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError
from tests.notifications.samples import CLERK, DIGEST, SECRET, hired, one, telling

from notifications.notices import Notice, notices
from notifications.webhooks import (
    ATTEMPTS_AT_MOST,
    LONGEST_WAIT_SECONDS,
    Payload,
    delivery_id,
    payload,
    signed,
    wait_seconds,
)
from shared.envelope import Recorded

KEYS = ["whsec_" + b64encode(bytes([number]) * 32).decode() for number in range(3)]
AMOUNT = re.compile(r"\d[.．]\d\d(?!\d*\+00:00)|\d\s*[元块]|[¥￥]")
IDENTITY_NUMBER = re.compile(r"(?<![0-9A-Za-z])\d{17}[\dXx](?![0-9A-Za-z])")


def a_notice() -> Notice:
    """The first notice of a hire."""
    return notices(one(hired()))[0]


def test_a_payload_is_a_named_type_the_time_of_the_event_and_the_notice() -> None:
    said = json.loads(payload(a_notice()))
    assert list(said) == ["type", "timestamp", "data"]
    assert (said["type"], said["timestamp"]) == ("workforce.notice.v1", "2020-09-20T00:00:00.000000+00:00")
    assert said["data"]["notice_id"] == a_notice().id
    assert {name: said["data"][name] for name in ("position", "recipient", "template", "effective_date")} == {
        "position": 0,
        "recipient": "worker/w-1",
        "template": "worker-hired",
        "effective_date": "2020-10-01",
    }
    assert said["data"]["subject"] == "任职通知"


@pytest.mark.parametrize("recorded", telling(), ids=lambda recorded: recorded.type)
def test_F76_no_payload_holds_a_pay_figure_an_identity_number_or_a_name(recorded: Recorded) -> None:
    for notice in notices(recorded):
        text = payload(notice).decode()
        assert not AMOUNT.search(text)
        assert not IDENTITY_NUMBER.search(text)
        assert all(secret not in text for secret in (CLERK, SECRET, DIGEST, "160262000"))


def test_every_field_of_a_payload_is_a_field_of_the_notice() -> None:
    said = json.loads(payload(a_notice()))
    assert set(said["data"]) - {"notice_id"} <= set(Notice.__struct_fields__)
    assert set(said) == set(Payload.__struct_fields__)


def test_F73_an_id_is_the_notice_and_the_endpoint_for_ever() -> None:
    same = delivery_id("n", "finance")
    assert same == "97d670a5f4a7c086ce4894ad16cbd55ab2123fbbe2d25121bc4e04c5a1fb7ab9"
    assert len({same, delivery_id("m", "finance"), delivery_id("n", "other"), delivery_id("nf", "inance")}) == 4


@given(st.text(max_size=50))
def test_a_receiver_that_knows_the_secret_verifies_it_and_no_other_does(words: str) -> None:
    body = json.dumps(words).encode()
    headers = signed("an-id", datetime.now(UTC), body, KEYS[:1])
    assert Webhook(KEYS[0]).verify(body, headers) == words
    for key, sent, changed in [
        (KEYS[1], body, headers),
        (KEYS[0], body + b" ", headers),
        (KEYS[0], body, headers | {"webhook-id": "another"}),
        (KEYS[0], body, headers | {"webhook-timestamp": str(int(headers["webhook-timestamp"]) - 1)}),
    ]:
        with pytest.raises(WebhookVerificationError):
            Webhook(key).verify(sent, changed)


def test_while_a_secret_is_replaced_the_old_and_the_new_one_verify() -> None:
    headers = signed("an-id", datetime.now(UTC), b"{}", KEYS[:2])
    for key in KEYS[:2]:
        assert Webhook(key).verify(b"{}", headers) == {}
    with pytest.raises(WebhookVerificationError):
        Webhook(KEYS[2]).verify(b"{}", headers)


def test_each_wait_is_three_times_the_last_up_to_twelve_hours_and_the_last_attempt_is_followed_by_none() -> None:
    waits = [wait_seconds(attempts, 0.0) for attempts in range(1, ATTEMPTS_AT_MOST + 1)]
    assert waits[:4] == [10, 30, 90, 270]
    assert waits[-2:] == [LONGEST_WAIT_SECONDS, None]
    assert sum(wait or 0 for wait in waits) < 3 * 24 * 3600


@given(st.integers(1, ATTEMPTS_AT_MOST - 1), st.floats(0, 1))
def test_chance_takes_away_at_most_half_of_a_wait(attempts: int, chance: float) -> None:
    whole, jittered = wait_seconds(attempts, 0.0), wait_seconds(attempts, chance)
    assert whole is not None
    assert jittered is not None
    assert whole / 2 <= jittered <= whole
