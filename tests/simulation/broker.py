"""A topic in memory that does all that a broker may do: cut, repeat, delay, forget its tail, drop its beginning."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from tests.simulation.chance import Chance
from tests.simulation.weather import Weather

from shared.topic import Delivery, Message, Starts, TopicFailed

PARTITIONS = 3


@dataclass
class Partition:
    """Records at offsets; what lies before `begins` was dropped."""

    records: list[Message] = field(default_factory=list)
    begins: int = 0

    @property
    def ends(self) -> int:
        """The offset of the next record."""
        return len(self.records)


class Broker:
    """The partitions, what is still on its way to them, and which positions they ever acknowledged."""

    def __init__(self, chance: Chance, weather: Weather) -> None:
        self.partitions = [Partition() for _ in range(PARTITIONS)]
        self.late: list[list[Message]] = []
        self.acknowledged: set[int] = set()
        self.healthy = False
        self._chance = chance
        self._weather = weather

    def arrive(self, messages: Iterable[Message]) -> None:
        """Append them."""
        for message in messages:
            self.partitions[message.partition].records.append(message)

    def publish(self, messages: Sequence[Message]) -> None:
        """As `Publisher.publish`: each partition's part in order, if at all."""
        if self.healthy or not self._chance.happens(self._weather.publish_fails):
            self._acknowledged(messages)
            return
        what = self._chance.one_of(("cut", "unacknowledged", "repeated", "late", "lost"))
        self._chance.tell(f"topic: {len(messages)} records {what}")
        if what == "repeated":
            self.arrive(messages[: self._chance.between(1, len(messages))])
            self._acknowledged(messages)
            return
        if what == "unacknowledged":
            self.arrive(messages)
        for _, part in groupby(sorted(messages, key=lambda one: one.partition), key=lambda one: one.partition):
            own = list(part)
            arrived = self._chance.between(0, len(own))
            if what in ("cut", "late"):
                self.arrive(own[:arrived])
            if what == "late":
                self.late.append(own[arrived:])
        raise TopicFailed(f"{what}: nothing is known of {len(messages)} records")

    def _acknowledged(self, messages: Sequence[Message]) -> None:
        self.arrive(messages)
        self.acknowledged |= {position for one in messages if (position := _position(one)) is not None}

    def late_arrival(self) -> str:
        """Something that was on its way arrives now."""
        if not self.late:
            return "nothing is late"
        messages = self.late.pop(self._chance.between(0, len(self.late) - 1))
        self.arrive(messages)
        return f"{len(messages)} late records arrive"

    def lose_tail(self) -> str:
        """A partition moves to a replica that lacks its last records; their offsets are given again."""
        number = self._chance.between(0, PARTITIONS - 1)
        partition = self.partitions[number]
        lost = min(self._chance.between(1, 6), partition.ends - partition.begins)
        if lost:
            del partition.records[-lost:]
        return f"partition {number} loses its last {lost} records"

    def drop_beginning(self) -> str:
        """Retention has passed."""
        number = self._chance.between(0, PARTITIONS - 1)
        partition = self.partitions[number]
        partition.begins = self._chance.between(partition.begins, partition.ends)
        return f"partition {number} begins at {partition.begins}"


def _position(message: Message) -> int | None:
    said = next((value for name, value in message.headers if name == "ledger_position"), None)
    return None if said is None else int(said)


class Sender:
    """The relay's side."""

    partitions = PARTITIONS

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def publish(self, messages: Sequence[Message]) -> None:
        """As `Publisher.publish`."""
        self._broker.publish(messages)

    def close(self) -> None:
        """As `Publisher.close`."""


class Group:
    """The members of one service and which partitions each is to have; the generation counts the rebalances."""

    def __init__(self, chance: Chance) -> None:
        self.generation = 0
        self.calm = False
        self._chance = chance
        self._members: list[str] = []
        self._shares: dict[str, frozenset[int]] = {}

    def join(self, member: str) -> None:
        """A new member, or one that begins anew."""
        if member not in self._members:
            self._members.append(member)
        self.rebalance()

    def rebalance(self) -> str:
        """Give every partition to one of the members, in worse hours to none."""
        return self._shared_by(self._members) if self._members else "nobody is there"

    def expel(self, member: str) -> str:
        """The group takes this member for dead, which may only be slow: the others get what it had."""
        others = [one for one in self._members if one != member]
        return self._shared_by(others) if others else "nobody is left"

    def share(self, member: str) -> frozenset[int]:
        """The partitions of a member."""
        return self._shares.get(member, frozenset())

    def _shared_by(self, members: Sequence[str]) -> str:
        self.generation += 1
        shares: dict[str, set[int]] = {member: set() for member in members}
        for partition in range(PARTITIONS):
            if self.calm or not self._chance.happens(0.1):
                shares[self._chance.one_of(members)].add(partition)
        self._shares = {member: frozenset(share) for member, share in shares.items()}
        return " ".join(f"{member}={sorted(share)}" for member, share in self._shares.items())


class Reception:
    """The consumer's side; in its worst hours deaf to the group, so that it keeps what is another's by now."""

    partitions = PARTITIONS

    def __init__(
        self, broker: Broker, group: Group, member: str, starts: Starts, chance: Chance, weather: Weather
    ) -> None:
        self.deaf = False
        self._broker, self._group, self._member, self._starts = broker, group, member, starts
        self._chance, self._weather = chance, weather
        self._offsets: dict[int, int] = {}
        group.join(member)
        self._generation = -1

    @property
    def assigned(self) -> frozenset[int]:
        """As `Subscription.assigned`."""
        return frozenset(self._offsets)

    def poll(self) -> list[Delivery]:
        """As `Subscription.poll`: some of what there is, the partitions in any order, each by offset."""
        if not self.deaf or self._broker.healthy:
            self._hear()
        calm = self._broker.healthy
        if not calm and self._chance.happens(self._weather.poll_fails):
            raise TopicFailed("the broker is silent")
        arrived: list[Delivery] = []
        for partition in sorted(self._offsets):
            if calm or not self._chance.happens(self._weather.held_back):
                arrived += self._read(partition, 500 if calm else self._chance.between(1, 8))
        return arrived

    def rewind(self) -> str:
        """Records come again, from an earlier offset."""
        if not self._offsets:
            return "has nothing to rewind"
        partition = self._chance.one_of(sorted(self._offsets))
        self._offsets[partition] = max(0, self._offsets[partition] - self._chance.between(1, 12))
        return f"is at {self._offsets[partition]} of partition {partition} again"

    def close(self) -> None:
        """As `Subscription.close`."""

    def _hear(self) -> None:
        if self._generation == self._group.generation:
            return
        self._generation = self._group.generation
        share = self._group.share(self._member)
        kept = {one: offset for one, offset in self._offsets.items() if one in share}
        self._offsets = kept | dict(self._starts(sorted(share - kept.keys())))

    def _read(self, number: int, most: int) -> list[Delivery]:
        partition = self._broker.partitions[number]
        first = min(max(self._offsets[number], partition.begins), partition.ends)
        found = partition.records[first : first + most]
        self._offsets[number] = first + len(found)
        return [Delivery(number, first + place, one.headers, one.value) for place, one in enumerate(found)]
