"""How a tree is shown: exact values as text, each event behind it once, with its paper."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from fractions import Fraction

import httpx
from msgspec import Struct

from payroll.tracing import RATIOS, Cause, Clause, LineOf, Node, walked
from shared.envelope import Basis, Recorded
from shared.feed import LARGEST_PAGE, Feed
from shared.money import yuan
from shared.reaching import ledger_away


class NodeAnswer(Struct, frozen=True, kw_only=True):
    """A value and what it comes from: `by` sum or product of its `parts`, or as it is said.

    `value` is exact: a decimal, or `10916/3` where there is none; yuan, or a ratio where `what` is one. A leaf names
    the `clause` of a policy or the `facts` that it comes from; their events are in `events`, by position.
    """

    what: str
    by: str
    value: str
    says: str
    parts: tuple[NodeAnswer, ...] = ()
    clause: Clause | None = None
    facts: tuple[Cause, ...] = ()
    line: LineOf | None = None


class Paper(Struct, frozen=True, kw_only=True):
    """An event of the log: which command wrote it, when, who, and on which paper."""

    position: int
    stream: str
    version: int
    type: str
    effective_date: date
    recorded_at: datetime
    command_id: str
    actor: str
    basis: Basis


class ExplanationAnswer(Struct, frozen=True, kw_only=True):
    """Why an amount is what it is: the tree, and the events at its leaves."""

    amount: str
    sentence: str
    known_position: int
    tree: NodeAnswer
    events: tuple[Paper, ...]


def node_answer(node: Node) -> NodeAnswer:
    """The node and all below it."""
    return NodeAnswer(
        what=node.what.value,
        by=node.by.value,
        value=exact(node.value if node.what in RATIOS else node.value / 100),
        says=node.says,
        parts=tuple(map(node_answer, node.parts)),
        clause=node.clause,
        facts=node.facts,
        line=node.line,
    )


def explanation(node: Node, sentence: str, known_position: int, feed: Feed) -> ExplanationAnswer:
    """The tree with the papers behind it."""
    return ExplanationAnswer(
        amount=yuan(int(node.value)),
        sentence=sentence,
        known_position=known_position,
        tree=node_answer(node),
        events=papers(feed, positions(node)),
    )


def positions(node: Node) -> set[int]:
    """Where the log says what the tree rests on."""
    below = list(walked(node))
    facts = {fact.position for each in below for fact in each.facts}
    return facts | {each.clause.position for each in below if each.clause is not None}


def papers(feed: Feed, wanted: Iterable[int]) -> tuple[Paper, ...]:
    """The events at these positions, in order. Raises Refused `storage-unavailable` where the log is away."""
    names = Paper.__struct_fields__
    return tuple(Paper(**{name: getattr(one, name) for name in names}) for one in recorded_at(feed, wanted))


def recorded_at(feed: Feed, wanted: Iterable[int]) -> list[Recorded]:
    """The events at these positions, in order, read by the page. Raises Refused `storage-unavailable`."""
    left, found = sorted(set(wanted)), []
    try:
        while left:
            near = [position for position in left if position < left[0] + LARGEST_PAGE]
            page = feed.read(left[0] - 1, near[-1] - left[0] + 1)
            found += [one for one in page if one.position in near]
            left = left[len(near) :]
    except httpx.HTTPError as error:
        raise ledger_away() from error
    return found


def exact(value: Fraction) -> str:
    """A value as a decimal, or as `n/d` where it has none; yuan of whole fen with two places: `0.70`, `10916/3`."""
    if (value * 100).denominator == 1:
        return yuan(int(value * 100))
    places, rest = 0, value.denominator
    while rest % 10 == 0:
        places, rest = places + 1, rest // 10
    for prime in (2, 5):
        while rest % prime == 0:
            places, rest = places + 1, rest // prime
    if rest != 1:
        return f"{value.numerator}/{value.denominator}"
    sign, digits = "-" if value < 0 else "", str(abs(int(value * 10**places))).rjust(places + 1, "0")
    return f"{sign}{digits[:-places]}.{digits[-places:]}"
