"""What the consumers of one simulation cannot take, why, and whether they are mended by now."""

from shared.envelope import Recorded
from shared.upcasts import UPCASTS

WORD = "unreadable"
"""The reason of the regrading that is the poison."""
NOTHING = "nothing"
REGRADED = "worker.regraded.v1"
VICTIMS = {REGRADED: f'"reason":"{WORD}"', "run.closed.v1": '"month":'}
"""Which events may be poison: a regrading with that reason, any close. Stored name → what its line holds."""


class Mending:
    """One kind of poison. It may be of a type that is unknown yet, or break the code, or not fit the database."""

    KINDS = ("unknown type", "breaks the code", "breaks the database")

    def __init__(self, kind: str, victim: str) -> None:
        self.kind, self.victim = kind, victim
        self.mended = False

    @property
    def later_name(self) -> str:
        """The name under which a newer ledger stores it."""
        return self.victim.removesuffix("1") + "9"

    def written(self, line: bytes) -> bytes:
        """The line as the log has it: a newer ledger than its readers wrote it under another name."""
        if self.kind != "unknown type" or VICTIMS[self.victim].encode() not in line:
            return line
        return line.replace(f'"type":"{self.victim}"'.encode(), f'"type":"{self.later_name}"'.encode())

    def breaks(self, recorded: Recorded, kind: str) -> bool:
        """Whether this event cannot be taken yet, for that reason."""
        if kind != self.kind or self.mended or recorded.type != self.victim:
            return False
        return getattr(recorded.event, "reason", WORD) == WORD

    def mend(self) -> None:
        """From now on the consumers know better."""
        self.mended = True
        if self.kind == "unknown type":
            UPCASTS[self.later_name] = lambda data: (self.victim, data)

    def forget(self) -> None:
        """The next simulation's consumers are as before."""
        UPCASTS.pop(self.later_name, None)
