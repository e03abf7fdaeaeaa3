"""A notice: one message of one event to one recipient on one channel, under an id that a replay gives again."""

from datetime import UTC, date
from hashlib import sha256

import msgspec
from msgspec import Struct

from notifications.rendering import render
from notifications.rules import Message, messages
from shared.envelope import Recorded

INBOX = "inbox"
"""The channel everybody has: the notice is there to be read."""

CHANNELS = (INBOX,)


class Notice(Struct, frozen=True, kw_only=True):
    """What is kept of a message. `recorded_at` is that of the event (UTC), so a rebuild gives the same bytes."""

    id: str
    position: int
    recipient: str
    channel: str
    urgency: str
    template: str
    effective_date: date
    recorded_at: str
    command_id: str
    subject: str
    body: str


class Entry(Notice, frozen=True, kw_only=True):
    """A notice as one reader finds it; `read_at` is empty while unread."""

    read_at: str = ""


class Page(Struct, frozen=True, kw_only=True):
    """Part of an inbox in log order. `next` is the `after` of the following page, null on the last."""

    position: int
    notices: tuple[Entry, ...]
    next: int | None


class Address(Struct, frozen=True):
    """A recipient whose notices somebody may read, those after a position only."""

    recipient: str
    after: int = -1


def notices(recorded: Recorded) -> tuple[Notice, ...]:
    """Everything one event gives the outbox: each of its messages on each channel."""
    return tuple(_notice(recorded, message, channel) for message in messages(recorded) for channel in CHANNELS)


def notice_id(stream: str, version: int, recipient: str, channel: str) -> str:
    """SHA-256, hex: the same event, recipient and channel have the same id for ever."""
    return sha256(msgspec.json.encode([stream, version, recipient, channel])).hexdigest()


def _notice(recorded: Recorded, message: Message, channel: str) -> Notice:
    words = render(message)
    return Notice(
        id=notice_id(recorded.stream, recorded.version, message.recipient, channel),
        position=recorded.position,
        recipient=message.recipient,
        channel=channel,
        urgency=message.urgency.value,
        template=message.template,
        effective_date=recorded.effective_date,
        recorded_at=recorded.recorded_at.astimezone(UTC).isoformat(timespec="microseconds"),
        command_id=recorded.command_id,
        subject=words.subject,
        body=words.body,
    )
