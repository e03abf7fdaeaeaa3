"""What must be true when everything has come to rest."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TypeVar

from sqlalchemy import select
from tests.oracle import pay
from tests.simulation.model import Model, modelled
from tests.simulation.town import FIRST_MONTH, LAST_MONTH
from tests.simulation.watch import Broken
from tests.simulation.wishes import CITY
from tests.simulation.world import World

from notifications.tables import NOTICES
from payroll.settlement import Line, settle
from shared.envelope import Recorded
from shared.events import WorkerHired
from shared.gathering import take_log

Key = TypeVar("Key")
MONTHS = (FIRST_MONTH, LAST_MONTH)


def check(world: World) -> None:
    """Raise Broken where a promise was not kept; the digests of everything go into the trace."""
    events = world.log.store.read(-1, 100_000)
    if world.log.store.chain.verify(len(events) - 1) is not None:
        raise Broken("the chain of the log is not that of its events")
    model = modelled(world.acknowledged.accepted)
    _log_is_what_was_acknowledged(world, events, model)
    _streams_are_whole(events)
    _topic_had_everything(world)
    _read_models_have_the_log(world, len(events))
    _notices_are_the_models(world, model)
    _amounts_are_the_models(world, model)
    _rebuilt_is_live(world)
    _people_can_be_read(world, events)
    live = [service.kind.digest_of(service.real()) for service in world.services]
    world.chance.tell(f"log {world.log.store.digest()} payroll {live[0]} notifications {live[1]}")


def same(what: str, found: Counter[Key], expected: Counter[Key]) -> None:
    """Both hold the same things as often."""
    more, less = found - expected, expected - found
    if more or less:
        raise Broken(f"{what}: {_few(more)} too many, {_few(less)} missing")


def _few(counted: Iterable[object]) -> str:
    listed = [str(one) for one in counted]
    return f"{len(listed)} ({'; '.join(listed[:4])})"


def _log_is_what_was_acknowledged(world: World, events: Sequence[Recorded], model: Model) -> None:
    """P1, P3, P6: every acknowledged command stands there once, with all of its events, and no other one."""
    founding = [event for event in events if event.command_id.startswith("founding-")]
    written = Counter((event.position, event.stream, event.type) for event in events[len(founding) :])
    same("log", written, Counter((position, *said) for position, said in model.written.items()))
    ids = Counter((event.position, event.command_id) for event in events[len(founding) :])
    first = len(founding)
    for one in sorted(world.acknowledged.accepted, key=lambda one: one.position):
        span = range(first, one.position + 1)
        if any(ids[position, one.command_id] != 1 for position in span):
            raise Broken(f"{one.wish.key} is not what stands at {span}")
        first = one.position + 1


def _streams_are_whole(events: Sequence[Recorded]) -> None:
    """P4, P17: positions 0, 1, 2, …; versions 1, 2, 3, … in each stream; times that never go back."""
    versions: Counter[str] = Counter()
    for place, event in enumerate(events):
        versions[event.stream] += 1
        if (event.position, event.version) != (place, versions[event.stream]):
            raise Broken(f"position {place} of the log holds {event.position}, version {event.version}")
        if place and event.recorded_at < events[place - 1].recorded_at:
            raise Broken(f"position {place} was recorded before the one in front of it")


def _topic_had_everything(world: World) -> None:
    """P1: what lies before the relay's place was acknowledged by the topic."""
    missing = set(range(world.place.published.position + 1)) - world.broker.acknowledged
    if missing:
        raise Broken(f"the relay is at {world.place.published.position}, but never heard of {_few(sorted(missing))}")


def _read_models_have_the_log(world: World, head: int) -> None:
    """P1, P7, P16: everything is taken, nothing parked, and the marks are those that were seen to be written."""
    for service in world.services:
        if service.watch.taken != set(range(head)) or service.watch.parked:
            raise Broken(
                f"{service.kind.name} took {len(service.watch.taken)} of {head}, parked {service.watch.parked}"
            )
        held = service.real().held()
        if held.parked or dict(held.marks) != service.watch.marks:
            raise Broken(f"{service.kind.name} holds {held}, written were {service.watch.marks}")


def _notices_are_the_models(world: World, model: Model) -> None:
    """P7: exactly one notice for each event, recipient and channel."""
    columns = (NOTICES.c.position, NOTICES.c.recipient, NOTICES.c.template, NOTICES.c.channel)
    with world.notifications.memory.engine.connect() as connection:
        found = Counter(tuple(row) for row in connection.execute(select(*columns)))
    same("notices", found, Counter(model.told))


def _amounts_are_the_models(world: World, model: Model) -> None:
    """Each closed run paid what the model owed then; after the last one nothing is owed (P7, P12)."""
    projection = world.payroll.real()
    paid: Counter[pay.Key] = Counter()
    due: dict[str, dict[pay.Key, int]] = {}
    acts = {act.position: act.event for act in projection.acts(CITY, projection.position)}
    for month, closed_position in world.office.closed:
        lines = projection.closed_lines(closed_position)
        due = _due(model, month, acts[closed_position].at_position)
        owed = pay.owed({key: amount for by_key in due.values() for key, amount in by_key.items()}, paid)
        same(f"run of {month}", Counter(_amounts(lines)), Counter(owed.items()))
        for line in lines:
            paid[_key(line)] += line.amount_fen
    last = settle(projection.known(CITY, projection.position), LAST_MONTH)
    same("owed after the last run", Counter(_amounts(last.lines)), Counter())


def _due(model: Model, month: str, at_position: int) -> dict[str, dict[pay.Key, int]]:
    return {one: model.due(one, at_position) for one in MONTHS if one <= month}


def _amounts(lines: Iterable[Line]) -> list[tuple[pay.Key, int]]:
    return [(_key(line), line.amount_fen) for line in lines]


def _key(line: Line) -> pay.Key:
    return pay.Key(
        line.worker_id,
        line.service_month,
        line.payable_month,
        line.item,
        line.post,
        line.community_id,
        line.payer,
    )


def _rebuilt_is_live(world: World) -> None:
    """P14: built again in order from the log, each projection has the same digest."""
    for service in world.services:
        live = service.kind.digest_of(service.real())
        service.memory.begin([])
        again = service.real()
        take_log(world.log, again)
        if service.kind.digest_of(again) != live:
            raise Broken(f"{service.kind.name} built again is another")


def _people_can_be_read(world: World, events: Sequence[Recorded]) -> None:
    """P3: the key of everybody who was hired is there."""
    personal = world.log.personal()
    for event in events:
        if isinstance(event.event, WorkerHired):
            personal.open(event.subject_id, event.event.personal)
