"""Who serves where and which community lies where, as facts of single events, for deciding who may read a notice."""

from msgspec import Struct

from shared.envelope import Recorded
from shared.events import (
    CommandVoided,
    CommunityRegistered,
    WorkerCarried,
    WorkerConverted,
    WorkerHired,
    WorkerRehired,
    WorkerTransferred,
)


class Placed(Struct, frozen=True):
    """A worker came to a community; the city is known where the event says it."""

    worker_id: str
    community_id: str
    city_id: str | None


class Located(Struct, frozen=True):
    """A community lies in a street of a city."""

    community_id: str
    street_id: str
    city_id: str


class Withdrawn(Struct, frozen=True):
    """Everything this command wrote on this stream no longer holds."""

    stream: str
    command_id: str


Place = Placed | Located | Withdrawn


def place(recorded: Recorded) -> Place | None:
    """What the event says about places; nothing for most events."""
    match recorded.event:
        case WorkerHired(community_id=community_id, city_id=city_id):
            return Placed(recorded.subject_id, community_id, city_id)
        case WorkerRehired(community_id=community_id, city_id=city_id):
            return Placed(recorded.subject_id, community_id, city_id)
        case WorkerTransferred(community_id=community_id) | WorkerCarried(community_id=community_id):
            return Placed(recorded.subject_id, community_id, None)
        case WorkerConverted(community_id=community_id):
            return Placed(recorded.subject_id, community_id, None)
        case CommunityRegistered(street_id=street_id, city_id=city_id):
            return Located(recorded.subject_id, street_id, city_id)
        case CommandVoided(command_id=command_id):
            return Withdrawn(recorded.stream, command_id)
        case _:
            return None
