"""How a simulation is played: everything goes wrong for a while, then nothing does, and all has to come to rest."""

from datetime import timedelta

from tests.simulation.mending import NOTHING
from tests.simulation.town import FOUNDED_AT, LAST_MONTH
from tests.simulation.world import World

SETTLED = 0.7
"""How often the founding of the town is taken before anything goes wrong."""
ROUNDS = 150
"""In peace everything has to be where the log is within so many rounds."""
LATE_ACTS = 8
"""So many commands come after the first month is closed and before the last one is: they are paid as differences."""
MENDED_AFTER = 8
"""So many requests of the payroll office in peace find the consumers as they were; then they are mended."""


class Restless(AssertionError):
    """What should have come to rest did not."""


def play(world: World) -> None:
    """All moves of a seed, then peace. Raises Restless, or Broken by what was seen on the way."""
    if world.chance.happens(SETTLED):
        world.peace(True)
        drain(world)
        world.peace(False)
    while world.left > 0:
        world.move()
    heal(world)


def heal(world: World) -> None:
    """No more faults: what is late arrives, what waits is answered, the consumers are mended, the months are closed."""
    world.peace(True)
    world.now = FOUNDED_AT + timedelta(days=3660)
    world.chance.tell("peace")
    while world.broker.late:
        world.broker.late_arrival()
    for client in world.clients:
        while client.waits:
            world.chance.tell(f"{client.name}: {client.move(world.through_a_ledger, calm=True)}")
    drain(world)
    _close_the_months(world)
    drain(world)


def drain(world: World) -> None:
    """Until both services are where the log is."""
    head = world.log.head()
    for _ in range(ROUNDS):
        world.round()
        if all(service.watch.position == head for service in world.services):
            return
    raise Restless(f"not all of {head} arrived: {[service.watch.position for service in world.services]}")


def _close_the_months(world: World) -> None:
    late_acts = LATE_ACTS
    for tried in range(ROUNDS):
        if world.office.month > LAST_MONTH and (world.mending.mended or world.mending.kind == NOTHING):
            return
        if world.office.month == LAST_MONTH and late_acts:
            late_acts -= 1
            world.chance.tell(world.client_moves())
            continue
        if tried >= MENDED_AFTER:
            world.mending.mend()
            world.chance.tell(world.release())
        world.chance.tell(world.office_moves())
    raise Restless(f"{world.office.month} cannot be closed")
