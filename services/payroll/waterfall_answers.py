"""How a waterfall is shown: two amounts, the parts between them, and the events these come from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date

from msgspec import Struct

from payroll.sides import Side, Waterfall
from payroll.trees import Paper, papers
from payroll.waterfall import Amounts, Part, PartKind, difference
from shared.feed import Feed
from shared.money import yuan

Sums = dict[str, str]
_NAMED = 200
"""More parts than these are told by type and day."""
_SAYS = {
    PartKind.CALENDAR: "time alone: the days of the month, years served, what is paid in some months only, dates "
    "that a rule names itself",
    PartKind.MONTHS: "months that the later run pays and the earlier one did not reach",
    PartKind.ARREARS: "what the earlier run paid for the months before it, which is not paid again",
    PartKind.PAID: "what runs paid meanwhile, which is not paid again",
    PartKind.TAX: "income tax, which follows from what is paid in the year",
}


class SideAnswer(Struct, frozen=True, kw_only=True):
    """One of the two: a month as known at a position, and what it comes to."""

    month: str
    known_position: int
    amount: str
    by_payer: Sums


class PartAnswer(Struct, frozen=True, kw_only=True):
    """A part of the difference; an act or a rule names its first event (`position`) and how many there are.

    `workers` are those whose pay it moves.
    """

    kind: str
    says: str
    amount: str
    by_payer: Sums
    workers: int
    position: int | None = None
    events: int = 0
    effective_date: date | None = None
    command_id: str | None = None


class WaterfallAnswer(Struct, frozen=True, kw_only=True):
    """Why two amounts differ: the parts come to `difference` exactly, in all and per payer; there is no rest."""

    before: SideAnswer
    after: SideAnswer
    difference: str
    by_payer: Sums
    parts: tuple[PartAnswer, ...]
    events: tuple[Paper, ...]


def waterfall_answer(fall: Waterfall, before: Side, after: Side, feed: Feed) -> WaterfallAnswer:
    """The waterfall with the paper behind the first event of each part; of many acts those of a kind and day as one."""
    parts = fall.parts
    behind = papers(feed, {part.causes[0].position for part in parts if part.causes})
    paper_at = {paper.position: paper for paper in behind}
    if len(parts) > _NAMED:
        parts = _gathered(parts, paper_at)
        named = {part.causes[0].position for part in parts if part.causes}
        behind = tuple(paper for paper in behind if paper.position in named)
    whole = difference(fall.after, fall.before)
    return WaterfallAnswer(
        before=_side(before, fall.before),
        after=_side(after, fall.after),
        difference=yuan(sum(whole.values())),
        by_payer=_by_payer(whole),
        parts=tuple(_part(part, paper_at.get(part.causes[0].position) if part.causes else None) for part in parts),
        events=behind,
    )


def _gathered(parts: list[Part], paper_at: Mapping[int, Paper]) -> list[Part]:
    """The parts with the acts of one type and day together, at the place of the first."""
    found: dict[tuple[object, ...], Part] = {}
    for part in parts:
        of = (paper_at[part.causes[0].position].type, part.causes[0].effective_day) if part.causes else ()
        earlier = found.get((part.kind, *of))
        amounts, causes = part.amounts, part.causes
        if earlier is not None:
            amounts, causes = Amounts(earlier.amounts), (*earlier.causes, *part.causes)
            amounts.update(part.amounts)
        found[part.kind, *of] = Part(part.kind, amounts, causes)
    return list(found.values())


def _side(side: Side, amounts: Amounts) -> SideAnswer:
    return SideAnswer(
        month=side.month,
        known_position=side.at_position,
        amount=yuan(sum(amounts.values())),
        by_payer=_by_payer(amounts),
    )


def _part(part: Part, paper: Paper | None) -> PartAnswer:
    workers = {worker_id for (worker_id, _), fen in part.amounts.items() if fen}
    says = _SAYS.get(part.kind) or _said(part, paper)
    first = part.causes[0] if part.causes else None
    return PartAnswer(
        kind=part.kind.value,
        says=f"{says}: {'+' if part.amount_fen > 0 else ''}{yuan(part.amount_fen)}",
        amount=yuan(part.amount_fen),
        by_payer=_by_payer(part.amounts),
        workers=len(workers),
        position=first.position if first else None,
        events=len(part.causes),
        effective_date=first.effective_date if first else None,
        command_id=paper.command_id if paper else None,
    )


def _said(part: Part, paper: Paper | None) -> str:
    """What happened, from when, on which paper."""
    assert paper is not None
    many = f" and {len(part.causes) - 1} more" if len(part.causes) > 1 else ""
    return f"{paper.type}{many} from {paper.effective_date} on {paper.basis.document}, at position {paper.position}"


def _by_payer(amounts: Amounts) -> Sums:
    sums: Counter[str] = Counter()
    for (_, payer), fen in amounts.items():
        sums[payer] += fen
    return {payer: yuan(sums[payer]) for payer in sorted(sums) if sums[payer]}
