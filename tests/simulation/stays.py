"""Where everybody is, day by day, and what the communities have to be told of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from tests.oracle import careers

from shared import events
from shared.envelope import Recorded

LEGACY = "legacy"
Days = Mapping[date, str]
"""Day → the kind of seat held that day; the last day stands for all after it."""

JOINED = "community.worker-joined.v1"
LEFT = "community.worker-left.v1"
RESTATED = "community.stays-restated.v1"

_CALENDAR = [date(2020, 9, 20) + timedelta(days=number) for number in range(75)]
_FOR_EVER = _CALENDAR[-1]


@dataclass(frozen=True)
class Word:
    """One thing that a community was told of a worker."""

    name: str
    command_id: str
    day: date
    seat: str = ""
    days: Days = field(default_factory=dict)


def seat(scheme: str, post: str) -> str:
    """The kind of seat that is held; old contracts hold none."""
    if scheme == LEGACY:
        return "none"
    return "dedicated" if post == "dedicated" else "committee"


def whereabouts(acts: Sequence[Recorded]) -> dict[str, Days]:
    """Community → the days that the worker of these acts serves there; the first one they came to stands first."""
    found: dict[str, dict[date, str]] = {}
    for day in _CALENDAR:
        state = careers.on_day(acts, day)
        if state.in_service:
            found.setdefault(state.community, {})[day] = seat(state.scheme, state.post)
    return dict(found)


def carried(acts: Sequence[Recorded]) -> Iterator[tuple[date, str]]:
    """The days on which these acts, taken as they were written, put the worker elsewhere than they are, and where.

    A conversion never moves anybody here; who was moved before it came later stays moved.
    """
    seams = [act for act in acts if isinstance(act.event, events.WorkerConverted | events.WorkerCarried)]
    for day in sorted({act.effective_date for act in seams}):
        moves = [act.event for act in acts if act.effective_date <= day]
        placed = [move for move in moves if isinstance(move, events.WorkerHired | events.WorkerTransferred)]
        state = careers.on_day(acts, day)
        if state.in_service and state.community != placed[-1].community_id:
            yield day, placed[-1].community_id


def left_first(was: dict[str, Days], will: dict[str, Days]) -> list[str]:
    """The communities for which something changes, the one that was to be the last of all first."""
    names = [name for name in {**was, **will} if was.get(name, {}) != will.get(name, {})]
    return sorted(names, key=lambda name: _FOR_EVER not in was.get(name, {}))


def words_for(command_id: str, day: date, heard: Sequence[Word], was: Days, will: Days) -> list[Word]:
    """Leaving and coming, where that says it; else all days anew."""
    if believed(heard) == will:
        return []
    words = []
    if _FOR_EVER in was:
        words.append(Word(LEFT, command_id, day, was[_FOR_EVER]))
    if _FOR_EVER in will:
        words.append(Word(JOINED, command_id, day, will[_FOR_EVER]))
    if believed([*heard, *words]) == will:
        return words
    return [anew(command_id, will)]


def anew(command_id: str, will: Days) -> Word:
    """All days of the worker in a community, told at once."""
    return Word(RESTATED, command_id, _FOR_EVER, days=will)


def believed(words: Sequence[Word]) -> Days | None:
    """The days that a community makes of what it was told; None where that contradicts itself."""
    steps: list[tuple[date, str, str]] = []
    for word in words:
        if word.name == RESTATED:
            steps = list(_steps(word.days))
        else:
            steps.append((word.day, word.name, word.seat))
    days: dict[date, str] = {}
    held = ""
    for step, following in _followed(sorted(steps, key=lambda step: step[0])):
        since, name, kind = step
        if held != ("" if name == JOINED else kind):
            return None
        held = kind if name == JOINED else ""
        if held:
            days |= {day: held for day in _CALENDAR if since <= day and (following is None or day < following)}
    return days


def _followed(steps: list[tuple[date, str, str]]) -> Iterator[tuple[tuple[date, str, str], date | None]]:
    for number, step in enumerate(steps):
        yield step, steps[number + 1][0] if number + 1 < len(steps) else None


def _steps(days: Days) -> Iterator[tuple[date, str, str]]:
    held = ""
    for day in _CALENDAR:
        kind = days.get(day, "")
        if kind != held:
            if held:
                yield day, LEFT, held
            if kind:
                yield day, JOINED, kind
        held = kind
