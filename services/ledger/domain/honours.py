"""Honours 荣誉 of a worker, with the paper that gave them: facts, from which no pay and no grade follows by itself."""

from ledger.domain.command import Words, WorkerCommand
from shared.events import HonourLevel, WorkerHonoured

# --- command


class HonourWorker(WorkerCommand, frozen=True, kw_only=True):
    """Somebody was honoured on the effective date, by an office of this level."""

    title: Words
    level: HonourLevel


# --- decision


def honour(command: HonourWorker) -> WorkerHonoured:
    """The honour as given."""
    return WorkerHonoured(title=command.title, level=command.level)
