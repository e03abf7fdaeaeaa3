"""Settle a month: what is still to be paid of all months so far, as known at a position, and what is in the way."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from functools import cache, cached_property
from hashlib import sha256
from itertools import chain

import msgspec
from msgspec import Struct

from payroll.engine import (
    ENGINE_VERSION,
    POSTS,
    SUSPENSE,
    UNIT_ITEMS,
    Differences,
    Due,
    Gap,
    Item,
    Withheld,
    differences,
    entries_of,
    month_name,
    month_number,
    taxed,
    with_tax,
    withholdings,
)
from payroll.evidence import Evidence
from payroll.explain import Explanation
from payroll.known import TAX, Known, Paid
from payroll.taxes import Taxes
from payroll.tracing import LineOf, Node, What
from shared.money import yuan
from shared.refusal import Refused

_NAMED_BLOCKERS = 50
_GAP_TEXT = {
    Gap.NO_POLICY: "no policy of the worker's scheme is in force",
    Gap.NO_RATE: "the policy in force has no rate for the worker's post, grade or rating",
    Gap.NO_FUNDING: "no funding rule names the worker's post",
    Gap.NO_BASE: "no average annual wage is published for the scheme yet",
    Gap.NO_CALENDAR: "the policy's calendar of working days says nothing of the year",
}


_ITEMS = [item.name.lower() for item in Item]
ON_TOP = frozenset(item.name.lower() for item in UNIT_ITEMS.values())
"""What the employer pays into insurances, and no worker is paid."""
_POSTS = [post.value for post in POSTS]


class Line(Struct, frozen=True):
    """One payer's part of one item of one worker's service month; `amount_fen` = `due_fen` − `paid_fen`."""

    number: int
    worker_id: str
    service_month: str
    payable_month: str
    item: str
    post: str
    community_id: str
    street_id: str
    payer: str
    due_fen: int
    paid_fen: int
    amount_fen: int
    worked_out: str = ""


@dataclass(frozen=True)
class Settlement:
    """The lines a run of the month pays as known at `known.at_position`; each line is a difference due − paid."""

    known: Known
    month: str
    due: Due
    rows: Differences
    withheld: tuple[Withheld, ...] = ()

    @cached_property
    def lines(self) -> list[Line]:
        """The lines in key order, numbered from 1, without the words."""
        return list(self._lines())

    def explained(self, lines: Sequence[Line] | None = None) -> Iterator[Line]:
        """These lines of the settlement (by default all) with how each was worked out."""
        words, taxes = Explanation(self.due, self.rows), Taxes(self.known, self.month, self.withheld)
        for line in self.lines if lines is None else lines:
            said = taxes.words(line.worker_id) if line.item == TAX else words.of(line.number - 1)
            yield msgspec.structs.replace(line, worked_out=said)

    def traced(self, lines: Sequence[Line] | None = None) -> Iterator[Node]:
        """What each of these lines (by default all) is made of, down to clauses, facts and lines paid before."""
        evidence = Evidence(self.known)
        explanation = Explanation(self.due, self.rows, evidence)
        taxes = Taxes(self.known, self.month, self.withheld, evidence)
        paid: dict[tuple[str, ...], list[Node]] = defaultdict(list)
        for before in self.known.paid:
            where = LineOf(month=before.month, sequence=before.sequence, number=before.number)
            said = f"paid in {before.month}"
            paid[key_of(before)].append(Node(what=What.PAID, value=Fraction(-before.amount_fen), says=said, line=where))
        for line in self.lines if lines is None else lines:
            if line.item == TAX:
                yield taxes.tree(line.worker_id)
            else:
                yield explanation.tree(line.number - 1, tuple(paid[key_of(line)]))

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the lines."""
        return digest_of(self.lines)

    @property
    def engine(self) -> str:
        """The engine version the lines come from."""
        return ENGINE_VERSION

    @property
    def total_fen(self) -> int:
        """The sum of the lines."""
        return int(self.rows.amount_fen.sum())

    @cached_property
    def payers(self) -> dict[str, int]:
        """Payer → fen, in the order of payer identities."""
        return summed(self.lines, "payer")

    @property
    def suspense_fen(self) -> int:
        """What no rule gives to a payer."""
        return self.payers.get(SUSPENSE, 0)

    @cached_property
    def blockers(self) -> tuple[str, ...]:
        """What keeps the month from closing, in words: suspense, service without a rule."""
        found = list(chain(self._suspense_blockers(), self._gap_blockers()))
        if len(found) > _NAMED_BLOCKERS:
            found = [*found[:_NAMED_BLOCKERS], f"and {len(found) - _NAMED_BLOCKERS} more"]
        return tuple(found)

    def _suspense_blockers(self) -> Iterator[str]:
        held: dict[tuple[str, str], int] = defaultdict(int)
        for line in self.lines:
            if line.payer == SUSPENSE:
                held[line.post, line.community_id] += line.amount_fen
        for (post, community_id), amount_fen in sorted(held.items()):
            yield f"suspense: {yuan(amount_fen)} for {post} in {community_id}: no funding rule names who pays it"

    def _gap_blockers(self) -> Iterator[str]:
        names, segments = self.known.names, self.due.segments
        found = Counter(
            (names.workers[int(segments.worker[row])], month_name(int(segments.month[row])), gap)
            for row, gap in self.due.gaps()
        )
        for worker_id, month, gap in sorted(found):
            yield f"no-rule: {worker_id} in {month}: {_GAP_TEXT[gap]}"

    def _lines(self) -> Iterator[Line]:
        names, rows, month_of = self.known.names, self.rows, cache(month_name)
        streets = [names.street_of.get(community_id, "") for community_id in names.communities]
        columns = (getattr(rows, one.name).tolist() for one in fields(rows))
        for number, (worker, service, payable, item, post, community, payer, due_fen, paid_fen) in enumerate(
            zip(*columns, strict=True), 1
        ):
            yield Line(
                number=number,
                worker_id=names.workers[worker],
                service_month=month_of(service),
                payable_month=month_of(payable),
                item=_ITEMS[item],
                post=_POSTS[post],
                community_id=names.communities[community],
                street_id=streets[community],
                payer=names.payers[payer],
                due_fen=due_fen,
                paid_fen=paid_fen,
                amount_fen=due_fen - paid_fen,
            )


def key_of(line: Line | Paid) -> tuple[str, ...]:
    """Under what a difference is taken: the payer counts by its level."""
    level = line.payer.partition("/")[0]
    return (line.worker_id, line.service_month, line.payable_month, line.item, line.post, line.community_id, level)


def settle(known: Known, month: str) -> Settlement:
    """The lines of a run of this month. Raises Refused `payroll-not-open`; before the first month `months-in-order`.

    What is due for service, less what was paid, and the income tax to withhold from what the run pays (rule 20).
    """
    found = settle_service(known, month)
    if not taxed(found.due.tables):
        return found
    before, number = known.paid_in_year(month), month_number(month)
    withheld = withholdings(known.columns, found.due, found.rows, before, number)
    return replace(found, rows=with_tax(found.rows, withheld, found.due, before, number), withheld=tuple(withheld))


def settle_service(known: Known, month: str) -> Settlement:
    """The same without tax, which follows from what runs pay and not from what is due. Raises Refused as `settle`."""
    first = first_month(known, month)
    due = known.due(first, month).payable(month_number(month))
    return Settlement(known, month, due, differences(due.entries, known.paid_entries(month)))


def month_alone(known: Known, month: str) -> Settlement:
    """What is due for this one service month, paid or not; tax is of a payment and not of service, and stands in runs.

    Raises Refused as `settle` does.
    """
    first_month(known, month)
    due = known.due(month, month)
    return Settlement(known, month, due, differences(due.entries, entries_of([])))


def first_month(known: Known, month: str) -> str:
    """The first month of payroll, which must not lie after `month`. Raises Refused."""
    first = known.payroll_from
    if first is None:
        raise Refused(
            "payroll-not-open",
            f"payroll of {known.jurisdiction} has no first month",
            remedy="open the payroll with its first month",
        )
    if month < first:
        raise Refused(
            "months-in-order",
            f"payroll of {known.jurisdiction} starts with {first}; nothing before it is due",
            remedy=f"ask for {first} or a later month",
        )
    return first


def digest_of(lines: Sequence[Line]) -> str:
    """SHA-256 over the canonical rows of lines: key and amount, one JSON array a line."""
    digest = sha256()
    for line in lines:
        row = (
            line.worker_id,
            line.service_month,
            line.payable_month,
            line.item,
            line.post,
            line.community_id,
            line.payer,
            line.amount_fen,
        )
        digest.update(msgspec.json.encode(row) + b"\n")
    return digest.hexdigest()


def summed(lines: Sequence[Line], by: str) -> dict[str, int]:
    """Sums of the lines over one of their columns, keys in order: name → fen."""
    sums: Counter[str] = Counter()
    for line in lines:
        sums[getattr(line, by)] += line.amount_fen
    return dict(sorted(sums.items()))
