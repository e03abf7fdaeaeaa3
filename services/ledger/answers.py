"""The shapes of the ledger's answers."""

from datetime import date
from typing import Any

from msgspec import Struct

from ledger.domain.exits import ExitToDecide
from ledger.domain.worker import Standing


class WorkerAnswer(Struct, frozen=True, kw_only=True):
    """A worker on a day, as known at a position. `version` is the stream's, also as known then.

    `exits_to_decide`: what of the ratings asks for a decision on the exit, by the policy of the day.
    """

    effective_on: date
    known_position: int
    version: int
    worker: Standing
    exits_to_decide: list[ExitToDecide] = []


class WorkerPage(Struct, frozen=True, kw_only=True):
    """Workers in the order of their ids; `next_after` goes on where this page ends, null at the end."""

    effective_on: date
    known_position: int
    workers: list[Standing]
    next_after: str | None


class SeatsAnswer(Struct, frozen=True, kw_only=True):
    """Seats 员额 of one category on the day."""

    seats: int
    heads: int
    vacant: int


class AllotmentAnswer(Struct, frozen=True, kw_only=True):
    """Seats of one category the whole city has on the day, and how many of them its communities were given."""

    seats: int
    allotted: int
    free: int


class CommunitySeatsOn(Struct, frozen=True, kw_only=True):
    """Seats and heads of a community from a day on, by category."""

    day: date
    establishment: dict[str, SeatsAnswer]


class CommunityCalendar(Struct, frozen=True, kw_only=True):
    """A community's establishment 员额 over time: the first day asked for, and every day on which it changes."""

    known_position: int
    version: int
    community_id: str
    since: date
    until: date | None
    days: list[CommunitySeatsOn]


class CitySeatsAnswer(Struct, frozen=True, kw_only=True):
    """Seats of one category the whole city has, those its communities were given, and the heads that hold one."""

    seats: int
    allotted: int
    free: int
    heads: int
    vacant: int


class CitySeatsOn(Struct, frozen=True, kw_only=True):
    """The same from a day on, by category."""

    day: date
    establishment: dict[str, CitySeatsAnswer]


class CityCalendar(Struct, frozen=True, kw_only=True):
    """A city's establishment 员额 over time: the first day asked for, and every day on which it changes."""

    known_position: int
    version: int
    city_id: str
    since: date
    until: date | None
    days: list[CitySeatsOn]


class CommunityAnswer(Struct, frozen=True, kw_only=True):
    """A community on a day, as known at a position."""

    effective_on: date
    known_position: int
    version: int
    community_id: str
    city_id: str
    street_id: str
    title: str
    exists: bool
    households: int
    population: int
    compounds: int
    predecessors: tuple[str, ...]
    grids: list[str]
    workers: list[str]
    establishment: dict[str, SeatsAnswer]


class CityAnswer(Struct, frozen=True, kw_only=True):
    """A city on a day, as known at a position: its streets, its communities, its establishment."""

    effective_on: date
    known_position: int
    version: int
    city_id: str
    title: str
    division_code: str
    streets: dict[str, str]
    communities: list[str]
    establishment: dict[str, AllotmentAnswer]


class EnactedAnswer(Struct, frozen=True, kw_only=True):
    """What was enacted or published, from when it holds, at which position."""

    position: int
    effective_date: date
    type: str
    data: dict[str, Any]


class PoliciesAnswer(Struct, frozen=True, kw_only=True):
    """Everything enacted in a jurisdiction, as known at a position."""

    jurisdiction: str
    known_position: int
    version: int
    first_month: str | None
    enacted: list[EnactedAnswer]


class HistoryPage(Struct, frozen=True, kw_only=True):
    """Events in order, as the feed sends them; `next_after` goes on where this page ends, null at the end."""

    events: list[dict[str, Any]]
    next_after: int | None
    head: int


class CommandHistory(Struct, frozen=True, kw_only=True):
    """Everything one command wrote, and the correction it is or met: both ways, null where there is none."""

    command_id: str
    events: list[dict[str, Any]]
    voids: str | None
    voided_by: str | None


class PersonalAnswer(Struct, frozen=True, kw_only=True):
    """A person's own data in the clear, opened with their key."""

    worker_id: str
    name: str
    identity_number: str
    phone: str
    bank_account: str
    certificate_numbers: list[str]


class LogAnswer(Struct, frozen=True, kw_only=True):
    """The head of the log, and digests (SHA-256, hex) of the log and of the directory that follows it."""

    position: int
    digest: str
    directory_digest: str


class FeedHead(Struct, frozen=True, kw_only=True):
    """The last position of the log; -1 when it is empty."""

    position: int


class RebuildAnswer(Struct, frozen=True, kw_only=True):
    """The directory as it stands beside one built again from the log, at the same position."""

    position: int
    live_digest: str
    rebuilt_digest: str
    equal: bool
