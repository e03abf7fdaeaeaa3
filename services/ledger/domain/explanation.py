"""A derived grade as it is told: each step with its events, the clause of the policy and the grade after it."""

from datetime import date

from msgspec import Struct

from ledger.domain.grade_walk import Step
from ledger.domain.timeline import Act
from shared.policy_document import PolicyDocument


class Cause(Struct, frozen=True, kw_only=True):
    """An event of the worker's stream, by where it stands in the log."""

    position: int
    event: str
    effective_date: date
    command_id: str


class Clause(Struct, frozen=True, kw_only=True):
    """A part of a policy and the paper that its source names; empty where it names none."""

    policy_id: str
    title: str
    part: str
    document: str
    clause: str


class ToldStep(Struct, frozen=True, kw_only=True):
    """From when, why, and the grade after it."""

    on: date
    why: str
    grade: int | None
    events: list[Cause]
    clause: Clause | None


def told(steps: list[Step]) -> list[ToldStep]:
    """The steps of a derivation in words."""
    return [
        ToldStep(
            on=step.on,
            why=step.why,
            grade=step.grade,
            events=[cause_of(act) for act in step.acts],
            clause=clause_of(step.document, step.part) if step.document is not None and step.part else None,
        )
        for step in steps
    ]


def cause_of(act: Act) -> Cause:
    """The act as a cause."""
    return Cause(
        position=act.position, event=act.event.name, effective_date=act.effective_date, command_id=act.command_id
    )


def clause_of(document: PolicyDocument, part: str) -> Clause:
    """The source of the part itself, else of the nearest part around it."""
    around = [part]
    while "/" in around[-1]:
        around.append(around[-1].rpartition("/")[0])
    named = {source.part: source for source in document.sources}
    source = next((named[one] for one in around if one in named), None)
    return Clause(
        policy_id=document.policy_id,
        title=document.title,
        part=part,
        document=source.document if source else "",
        clause=source.clause if source else "",
    )
