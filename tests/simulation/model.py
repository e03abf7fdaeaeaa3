"""What must have come of the accepted commands, said again in other words and with none of the services' code.

Each accepted command is turned into the events it has to write, the notices these have to give, and the acts from
which the oracle of pay (`tests/oracle`) works out every amount.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tests.oracle import careers, pay
from tests.oracle.logs import Log
from tests.simulation import stays
from tests.simulation.town import DOCUMENTS, FIRST_MONTH, STREETS, document
from tests.simulation.wishes import CITY, Wish

from shared import events
from shared.envelope import Basis, Recorded
from shared.events import Certificate, Education, Event, Post, Rating

Written = tuple[str, str]
"""Stream and stored name of an event."""
Told = tuple[int, str, str, str]
"""A notice: position of its event, recipient, template, channel."""

_LEGACY = stays.LEGACY
CARRIED = "worker.carried.v1"


@dataclass(frozen=True)
class Accepted:
    """A command that was acknowledged: its id, the position of its last event, the worker it made."""

    wish: Wish
    command_id: str
    position: int
    worker_id: str = ""


@dataclass
class Model:
    """Fed with accepted commands in the order of their positions."""

    written: dict[int, Written] = field(default_factory=dict)
    told: Counter[Told] = field(default_factory=Counter)
    acts: list[Recorded] = field(default_factory=list)
    _heard: dict[tuple[str, str], list[stays.Word]] = field(default_factory=dict)
    _streams_of: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        log = Log()
        log.places(STREETS)
        for scheme in DOCUMENTS:
            log.enact(document(scheme), "2019-01-01")
        log.open_payroll(FIRST_MONTH)
        self.acts = log.events

    def accept(self, accepted: Accepted) -> None:
        """One more command is in the log."""
        written = list(self._writes(accepted))
        first = accepted.position - len(written) + 1
        self.written |= dict(enumerate(written, first))
        self._streams_of[accepted.command_id] = list(dict.fromkeys(stream for stream, _ in written))
        for place, (stream, name) in enumerate(written):
            for recipient, template in self._tells(accepted, stream, name):
                self.told[first + place, recipient, template, "inbox"] += 1
        self._act(accepted, first)

    def due(self, month: str, at_position: int) -> dict[pay.Key, int]:
        """What everybody is due for a month as known at a position."""
        return pay.due(self.acts, CITY, month, at_position)

    # --- which events a command writes

    def _writes(self, accepted: Accepted) -> Iterator[Written]:
        wish, said = accepted.wish, accepted.wish.fields
        if wish.path == "voids":
            yield from self._undone(accepted)
        elif wish.path == "bases":
            yield f"policy/{CITY}", "policy.base-published.v1"
        elif wish.path.startswith("run-"):
            act = {"run-drafts": "drafted", "run-approvals": "approved", "run-closures": "closed"}[wish.path]
            yield f"run/{CITY}/{said['month']}/1", f"run.{act}.v1"
        else:
            stream = _stream(accepted)
            yield stream, "worker.hired.v1" if wish.path == "hires" else _WORKER_EVENTS[wish.path]
            yield from ((stream, CARRIED) for _ in self._carried(accepted, stream))
            yield from self._moves(accepted, stream)

    def _moves(self, accepted: Accepted, stream: str) -> Iterator[Written]:
        """What each community is told of the days that the act gives or takes."""
        event = _event(accepted.wish, accepted.worker_id, self)
        was = stays.whereabouts(self._life(stream))
        if event is None:
            return
        will = stays.whereabouts(self._lived(accepted, stream))
        for name in stays.left_first(was, will):
            heard = self._heard.setdefault((name, stream), [])
            day, days = accepted.wish.day, (was.get(name, {}), will.get(name, {}))
            words = stays.words_for(accepted.command_id, day, heard, *days)
            heard += words
            yield from ((f"community/{name}", word.name) for word in words)

    def _lived(self, accepted: Accepted, stream: str) -> list[Recorded]:
        """The life with the act, and with the carryings that are written along with it."""
        return self._life(stream, *self._more(accepted, stream), *self._carried(accepted, stream))

    def _more(self, accepted: Accepted, stream: str) -> list[Recorded]:
        event = _event(accepted.wish, accepted.worker_id, self)
        return [] if event is None else [_recorded(accepted, stream, accepted.position, event)]

    def _carried(self, accepted: Accepted, stream: str) -> list[Recorded]:
        """What is written of the worker so that the life says where they are."""
        found: list[Recorded] = []
        life = self._life(stream, *self._more(accepted, stream))
        for day, place in stays.carried(life):
            event = events.WorkerCarried(from_community_id="", community_id=place)
            found.append(replace(_recorded(accepted, stream, accepted.position, event), effective_date=day))
        return found

    def _undone(self, accepted: Accepted) -> Iterator[Written]:
        """Every stream of the command, and each community that would now be wrong about the worker's days."""
        command_id = accepted.wish.fields["command_id"]
        written = self._streams_of[command_id]
        anew = self._told_anew(accepted, written[0]) if written[0].startswith("worker/") else []
        for stream in written:
            yield stream, "command.voided.v1"
            yield from ((name, stays.RESTATED) for name in anew if name == stream)
            if stream.startswith("worker/"):
                yield from ((stream, CARRIED) for _ in self._carried(accepted, stream))
        yield from ((name, stays.RESTATED) for name in anew if name not in written)

    def _told_anew(self, accepted: Accepted, stream: str) -> list[str]:
        command_id = accepted.wish.fields["command_id"]
        was = self._life(stream)
        will = stays.whereabouts(self._lived(accepted, stream))
        anew = []
        for name in {**stays.whereabouts(was), **will}:
            heard = [word for word in self._heard.get((name, stream), []) if word.command_id != command_id]
            if stays.believed(heard) != will.get(name, {}):
                heard.append(stays.anew(accepted.command_id, will.get(name, {})))
                anew.append(f"community/{name}")
            self._heard[name, stream] = heard
        return anew

    def _life(self, stream: str, *more: Recorded) -> list[Recorded]:
        """All acts on the worker that hold, and these, in order."""
        acts = [*self.acts, *more]
        return [act for act in careers.known(acts, acts[-1].position) if act.stream == stream]

    def _before(self, wish: Wish) -> careers.Day:
        """The worker on the day of the act, before it."""
        return careers.on_day(self._life(f"worker/{wish.fields['worker_id']}"), wish.day)

    # --- whom it is told to

    def _tells(self, accepted: Accepted, stream: str, name: str) -> Iterator[tuple[str, str]]:
        said = accepted.wish.fields
        kind, _, subject = stream.partition("/")
        if name == "command.voided.v1" and kind in ("worker", "community"):
            yield stream, "command-voided" if kind == "worker" else "office-voided"
        elif name == "run.closed.v1":
            yield f"workers/{CITY}", "payslips-ready"
            yield f"finance/{CITY}", "run-closed"
        elif kind == "worker" and subject:
            yield stream, name.removesuffix(".v1").replace("worker.", "worker-").replace("worker-post", "post")
            if name == "worker.hired.v1":
                yield f"community/{said['community_id']}", "office-joined"
            elif name == "worker.transferred.v1":
                yield f"community/{self._before(accepted.wish).community}", "office-left"
                yield f"community/{said['community_id']}", "office-arrived"

    # --- what it means for pay

    def _act(self, accepted: Accepted, position: int) -> None:
        wish = accepted.wish
        event = _event(wish, accepted.worker_id, self)
        streams = self._streams_of.get(wish.fields.get("command_id", ""), []) if wish.path == "voids" else []
        if event is not None and wish.path != "voids":
            streams = [f"policy/{CITY}" if wish.path == "bases" else _stream(accepted)]
        carried = [act for stream in streams if stream.startswith("worker/") for act in self._carried(accepted, stream)]
        for stream in streams:
            self._keep(accepted, stream, position, event)
        self.acts += [replace(act, position=position + number) for number, act in enumerate(carried, 1)]

    def _keep(self, accepted: Accepted, stream: str, position: int, event: Event | None) -> None:
        assert event is not None
        self.acts.append(_recorded(accepted, stream, position, event))


def _stream(accepted: Accepted) -> str:
    return f"worker/{accepted.worker_id or accepted.wish.fields['worker_id']}"


def _recorded(accepted: Accepted, stream: str, position: int, event: Event) -> Recorded:
    return Recorded(
        position=position,
        stream=stream,
        version=1,
        effective_date=accepted.wish.day,
        recorded_at=datetime(2020, 9, 20, tzinfo=UTC),
        actor="",
        basis=Basis("test", accepted.wish.day),
        command_id=accepted.command_id,
        event=event,
    )


_WORKER_EVENTS = {
    "conversions": "worker.converted.v1",
    "transfers": "worker.transferred.v1",
    "post-changes": "worker.post-changed.v1",
    "regrades": "worker.regraded.v1",
    "appraisals": "worker.appraised.v1",
    "qualifications": "worker.qualified.v1",
    "trainings": "worker.trained.v1",
    "educations": "worker.educated.v1",
    "separations": "worker.separated.v1",
}


def _event(wish: Wish, worker_id: str, model: Model) -> Event | None:
    """The act in the words that the oracle reads; None for one that pay does not depend on."""
    said: Any = wish.fields
    match wish.path:
        case "hires":
            return _hired(said, worker_id)
        case "conversions":
            return events.WorkerConverted(
                from_scheme=_LEGACY,
                scheme="ladder",
                from_community_id="",
                community_id=model._before(wish).community,
                post=Post(said["post"]),
                grade=said["grade"],
            )
        case "transfers":
            return events.WorkerTransferred(from_community_id="", community_id=said["community_id"])
        case "post-changes":
            post = Post(said["post"])
            return events.PostChanged(from_post=post, post=post, grade=said["grade"])
        case "regrades":
            return events.WorkerRegraded(from_grade=None, grade=said["grade"], reason="")
        case "appraisals":
            return events.WorkerAppraised(year=said["year"], rating=Rating(said["rating"]))
        case "qualifications":
            return events.WorkerQualified(certificate=Certificate(said["certificate"]), personal="")
        case "educations":
            return events.WorkerEducated(education=Education(said["education"]))
        case "separations":
            return events.WorkerSeparated(reason=said["reason"])
        case "voids":
            return events.CommandVoided(command_id=said["command_id"], reason="")
        case "bases":
            wage_fen = int(Decimal(said["average_annual_wage"]) * 100)
            return events.BasePublished(scheme="ladder", average_annual_wage_fen=wage_fen)
    return None


def _hired(said: Any, worker_id: str) -> Event:
    legacy = said["channel"] == _LEGACY
    return events.WorkerHired(
        worker_id=worker_id,
        city_id=CITY,
        community_id=said["community_id"],
        channel=said["channel"],
        scheme=_LEGACY if legacy else "ladder",
        post=Post(said["post"]),
        grade=None if legacy else said["grade"],
        education=Education(said["education"]),
        counted_years=0,
        personal="",
    )


def modelled(accepted: Sequence[Accepted]) -> Model:
    """The model of these commands."""
    model = Model()
    for one in sorted(accepted, key=lambda one: one.position):
        model.accept(one)
    return model
