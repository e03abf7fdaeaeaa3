"""Write small logs by hand: a list of recorded events with positions, versions and commands filled in."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import yaml
from msgspec import UNSET, UnsetType

from shared import events
from shared.envelope import Basis, Recorded
from shared.events import Channel, Education, Event, Post
from shared.policy_document import PolicyDocument, digest_of

CITY = "chibi"
POLICIES = Path(__file__).parents[2] / "policies"
STREETS = {"beishan": "puqi", "nanhe": "luogang", "dongmen": "puqi"}
_BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)


def policy(name: str, **changes: Any) -> PolicyDocument:
    """A document of `policies/`, with some parts replaced."""
    return msgspec.structs.replace(_file(name), **changes)


@cache
def _file(name: str) -> PolicyDocument:
    plain = yaml.safe_load((POLICIES / f"{name}.yaml").read_text(encoding="utf-8"))
    return msgspec.convert(plain, PolicyDocument, strict=False)


class Log:
    """The events so far, in `events`; every act is a command of its own unless one is named."""

    def __init__(self) -> None:
        self.events: list[Recorded] = []
        self._versions: Counter[str] = Counter()

    def __repr__(self) -> str:
        """One event a line, for a failing example."""
        lines = [f"{done.position} {done.stream} {done.effective_date} {_short(done.event)}" for done in self.events]
        return "\n".join(["Log of", *lines])

    @property
    def position(self) -> int:
        """The position of the latest event, -1 before the first."""
        return len(self.events) - 1

    def write(self, stream: str, event: Event, on: date | str, command_id: str = "") -> str:
        """Append one event and return its command's id."""
        self._versions[stream] += 1
        position = len(self.events)
        command_id = command_id or f"c-{position}"
        self.events.append(
            Recorded(
                position=position,
                stream=stream,
                version=self._versions[stream],
                effective_date=date.fromisoformat(on) if isinstance(on, str) else on,
                recorded_at=_BEGINNING + timedelta(hours=position),
                actor="li",
                basis=Basis("test", date(2020, 1, 1)),
                command_id=command_id,
                event=event,
            )
        )
        return command_id

    def places(self, streets: dict[str, str] = STREETS) -> None:
        """Register communities, given with their streets."""
        for community_id, street_id in streets.items():
            registered = events.CommunityRegistered(
                community_id=community_id,
                city_id=CITY,
                street_id=street_id,
                title=community_id,
                households=1,
                population=1,
                compounds=1,
            )
            self.write(f"community/{community_id}", registered, "2010-01-01")

    def enact(self, document: PolicyDocument, on: date | str) -> str:
        """A document comes into force."""
        enacted = events.PolicyEnacted(
            policy_id=document.policy_id, scheme=document.scheme, digest=digest_of(document), document=document
        )
        return self.write(f"policy/{document.jurisdiction}", enacted, on)

    def publish(self, wage_fen: int, on: date | str, scheme: str = "ladder") -> str:
        """A new average annual wage holds from a date on."""
        published = events.BasePublished(scheme=scheme, average_annual_wage_fen=wage_fen)
        return self.write(f"policy/{CITY}", published, on)

    def open_payroll(self, month: str) -> str:
        """Nothing before this month is due."""
        return self.write(f"policy/{CITY}", events.PayrollOpened(first_month=month), f"{month}-01")

    def hire(
        self,
        worker_id: str,
        on: date | str,
        post: str = "dedicated",
        grade: int | None = 1,
        at: str = "beishan",
        scheme: str = "ladder",
        education: Education = Education.COLLEGE,
        counted_years: int = 0,
        probation_until: date | UnsetType = UNSET,
    ) -> str:
        """Somebody enters service."""
        hired = events.WorkerHired(
            worker_id=worker_id,
            city_id=CITY,
            community_id=at,
            channel=Channel.EXAM,
            scheme=scheme,
            post=Post(post),
            grade=grade,
            education=education,
            counted_years=counted_years,
            personal="",
            probation_until=probation_until,
        )
        return self.write(f"worker/{worker_id}", hired, on)

    def act(self, worker_id: str, event: Event, on: date | str) -> str:
        """Anything else on a worker's stream."""
        return self.write(f"worker/{worker_id}", event, on)

    def void(self, command_id: str, on: date | str = "2020-01-01") -> str:
        """Void a whole command on all the streams it wrote to."""
        streams = dict.fromkeys(recorded.stream for recorded in self.events if recorded.command_id == command_id)
        voided = events.CommandVoided(command_id=command_id, reason="wrong")
        name = f"c-{len(self.events)}"
        for stream in streams:
            self.write(stream, voided, on, name)
        return name


def _short(event: Event) -> str:
    if isinstance(event, events.PolicyEnacted):
        return f"PolicyEnacted(scheme={event.scheme!r}, digest={event.digest!r})"
    return repr(event)
