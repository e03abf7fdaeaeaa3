"""Who can ask: roles, and the places a person may act in."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person may do, and what another service of ours may; the table of each api.py says where.

    A supervisor 主管 gives an admin's commands, also those dated further back than a limit allows, and sets the limits.
    """

    ADMIN = "admin"
    SUPERVISOR = "supervisor"
    APPROVER = "approver"
    FINANCE = "finance"
    AUDITOR = "auditor"
    WORKER = "worker"
    SERVICE = "service"


EVERYONE = frozenset(Role) - {Role.SERVICE}
OFFICE = EVERYONE - {Role.WORKER}


@dataclass(frozen=True)
class Scope:
    """The place a principal may see and act in: a city, a street, a community; or one worker; or the whole log."""

    kind: str
    place_id: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.place_id}"


WHOLE_LOG = Scope("log", "all")
SCOPE_KINDS = ("city", "street", "community", "worker", WHOLE_LOG.kind)


@dataclass(frozen=True)
class Principal:
    """A verified person: who, with which role, where. A worker's scope is the worker's own id."""

    subject: str
    role: Role
    scope: Scope


def parse_scope(text: str) -> Scope:
    """`city:chibi` → Scope. Raises ValueError for anything else."""
    kind, _, place_id = text.partition(":")
    if kind not in SCOPE_KINDS or not place_id:
        raise ValueError(f"{text!r} is not a scope; write city:ID, street:ID, community:ID or worker:ID")
    return Scope(kind, place_id)
