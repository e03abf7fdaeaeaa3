"""What a webhook says, how it is signed, and when it is tried again: pure, as Standard Webhooks has it."""

from collections.abc import Sequence
from datetime import date, datetime
from hashlib import sha256
from typing import Literal

import msgspec
from msgspec import Struct
from standardwebhooks import Webhook

from notifications.notices import Notice

ATTEMPTS_AT_MOST = 14
"""After so many without a 2xx a delivery is dead: within three days, by the waits below."""

FIRST_WAIT_SECONDS, GROWTH, LONGEST_WAIT_SECONDS = 10, 3, 12 * 3600


class NoticeTold(Struct, frozen=True, kw_only=True):
    """The notice itself. No pay figure, no identity number and no name: its words come from the templates."""

    notice_id: str
    position: int
    recipient: str
    urgency: str
    template: str
    effective_date: date
    command_id: str
    subject: str
    body: str


class Payload(Struct, frozen=True, kw_only=True):
    """The body of a webhook; `timestamp` is when the event of the notice was recorded (UTC)."""

    type: Literal["workforce.notice.v1"]
    timestamp: str
    data: NoticeTold


def delivery_id(notice_id: str, endpoint: str) -> str:
    """SHA-256, hex: what is sent as webhook-id, the same at every attempt and every replay."""
    return sha256(msgspec.json.encode([notice_id, endpoint])).hexdigest()


def payload(notice: Notice) -> bytes:
    """The bytes that are signed and sent, the same for the same notice."""
    told = NoticeTold(
        notice_id=notice.id,
        position=notice.position,
        recipient=notice.recipient,
        urgency=notice.urgency,
        template=notice.template,
        effective_date=notice.effective_date,
        command_id=notice.command_id,
        subject=notice.subject,
        body=notice.body,
    )
    return msgspec.json.encode(Payload(type="workforce.notice.v1", timestamp=notice.recorded_at, data=told))


def signed(webhook_id: str, at: datetime, body: bytes, secrets: Sequence[str]) -> dict[str, str]:
    """The three headers of Standard Webhooks, with one signature for each secret. `at` is UTC."""
    signatures = [Webhook(secret).sign(webhook_id, at, body.decode()) for secret in secrets]
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def wait_seconds(attempts: int, chance: float) -> float | None:
    """How long to wait after so many failed attempts: each wait three times the last, of which `chance` (0 to 1) takes
    away up to a half; None when that was the last."""
    if attempts >= ATTEMPTS_AT_MOST:
        return None
    whole: int = min(FIRST_WAIT_SECONDS * GROWTH ** (attempts - 1), LONGEST_WAIT_SECONDS)
    return whole * (1 - chance / 2)
