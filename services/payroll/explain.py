"""Why a line is what it is: the tree of the engine's own figures, from a payer's share down to clauses and facts."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from functools import cache

from payroll.engine import (
    CERTIFICATES,
    POSTS,
    RATINGS,
    Differences,
    Due,
    Entries,
    FactKind,
    Item,
    PayerLevel,
    Segments,
    Version,
)
from payroll.evidence import Evidence, day_of
from payroll.tracing import Cause, Clause, Node, What, arrived, multiplied, summed
from payroll.wording import exact_yuan, percent, rounded, sentence
from shared.events import Rating
from shared.money import yuan
from shared.policy_document import PayItem, Performance, Rounding

_KEY = ("worker", "service_month", "payable_month", "item", "post", "community", "level")
_UNREAD = {
    Item.BASIC: (FactKind.CERTIFICATE, FactKind.RATING),
    Item.PERFORMANCE: (FactKind.CERTIFICATE,),
    Item.ALLOWANCE: (FactKind.RATING, FactKind.GRADE),
}
"""Facts that an item never looks at."""
_SETTLED = Node(what=What.SETTLING, value=Fraction(0), says="shared out with the other payers")


class Explanation:
    """The tree of each row of the differences of a due; its root is the row's amount.

    Without `evidence` the tree has the figures and their words, and no facts or clauses.
    """

    def __init__(self, due: Due, rows: Differences, evidence: Evidence | None = None) -> None:
        self._due = due
        self._rows = rows
        self._evidence = evidence
        self._entries = _by_key(due.entries)
        self._keys = list(zip(*(getattr(rows, name).tolist() for name in _KEY), strict=True))
        self._months = _by_month(due.segments)
        self._month = cache(self._month_of)
        self._ratio = cache(self._ratio_of)

    def of(self, row: int) -> str:
        """The sentence of the row's tree."""
        return sentence(self.tree(row))

    def tree(self, row: int, paid: tuple[Node, ...] = ()) -> Node:
        """What the row is made of: its segments, less what was paid before; `paid` says by which lines."""
        shares = [self._share(entry) for entry in self._entries.get(self._keys[row], [])]
        paid_fen = int(self._rows.paid_fen[row])
        if paid_fen or paid:
            assert not paid or sum(part.value for part in paid) == -paid_fen
            shares += paid or (Node(what=What.PAID, value=Fraction(-paid_fen), says="paid before"),)
        return summed(What.LINE, tuple(shares))

    def _share(self, entry: int) -> Node:
        segments, row = self._due.segments, int(self._due.segment[entry])
        item, level = Item(int(self._due.entries.item[entry])), int(self._due.entries.level[entry])
        part, ratio = self._part(row, item), self._ratio(int(segments.rate[row]), item, level)
        share = arrived(What.SHARE, (part, ratio), Fraction(int(self._due.entries.amount_fen[entry])), _SETTLED)
        facts: tuple[Cause, ...] = ()
        if self._evidence is not None:
            worker = self._due.tables.vocabulary.workers[int(segments.worker[row])]
            days = (int(segments.start[row]), int(segments.days[row]))
            facts = self._evidence.in_force(worker, *days, _UNREAD.get(item, ()))
        return Node(what=What.SHARE, value=share.value, by=share.by, says=ratio.says, parts=share.parts, facts=facts)

    def _part(self, row: int, item: Item) -> Node:
        """From a full month to the segment's part of the month's line: the days, and the rounding of the line."""
        segments = self._due.segments
        full = self._month(int(segments.rate[row]), item)
        part_fen = Fraction(int(segments.amounts[row, item].sum()))
        days, month_days = int(segments.days[row]), int(segments.month_days[row])
        rounding = self._line_rounding(row)
        if days == month_days:
            return full if full.value == part_fen else arrived(What.PART, (full,), part_fen, rounding)
        says = f"{days} of {month_days} days"
        part = Node(what=What.DAYS, value=Fraction(days, month_days), says=says)
        return arrived(What.PART, (full, part), part_fen, rounding, says)

    def _line_rounding(self, row: int) -> Node:
        """The rounding of the month's line, as the rules at the end of the month declare it."""
        segments = self._due.segments
        month = self._months.get((int(segments.worker[row]), int(segments.month[row])), [row])
        version = self._due.tables.versions[self._codes(int(segments.rate[month[-1]]))[0]]
        rounding = version.document.line_rounding if version.document else Rounding()
        leaf = self._rounding(version, "line_rounding", rounding)
        says = f"{leaf.says} and shared out with the month's other parts" if len(month) > 1 else leaf.says
        what = What.SETTLING if rounding == Rounding() else What.ROUNDING
        return Node(what=what, value=leaf.value, says=says, clause=leaf.clause)

    def _ratio_of(self, rate: int, item: Item, level: int) -> Node:
        """The payer's share, and the funding rule that says so."""
        v, post, *_ = self._codes(rate)
        weights, version = self._due.tables.weights[v, post, item], self._due.tables.versions[v]
        ratio = Fraction(int(weights[level]), int(weights.sum()))
        name = PayerLevel(level).name.lower()
        rule = version.funding_rule(POSTS[post], list(PayItem)[item])
        says = f"{name} {percent(ratio)}"
        if rule is None or version.document is None:
            return self._leaf(What.RATIO, ratio, says, version, "funding", "no rule names the post")
        place = f"funding/{version.document.funding.index(rule)}"
        shares, remainder = (
            {level.value: part for level, part in (by or {}).items()} for by in (rule.shares, rule.remainder)
        )
        if name in shares:
            return self._leaf(What.RATIO, ratio, says, version, f"{place}/shares/{name}", shares[name])
        named = remainder.get(name, "nobody")
        rest = 1 - sum(map(Fraction, shares.values()), Fraction(0))
        leaves = (
            self._leaf(
                What.RATIO, rest, f"the remaining {percent(rest)}", version, f"{place}/shares", percent(1 - rest)
            ),
            self._leaf(What.RATIO, ratio / rest, percent(ratio / rest), version, f"{place}/remainder", named),
        )
        return multiplied(What.RATIO, leaves, says)

    def _month_of(self, rate: int, item: Item) -> Node:
        """A full month of the item at the rate."""
        v, post, grade, certificate, rating = self._codes(rate)
        version = self._due.tables.versions[v]
        document = version.document
        assert document is not None
        if item == Item.ALLOWANCE:
            name = CERTIFICATES[certificate]
            assert document.certificate_allowance is not None
            assert name is not None
            monthly, place = document.certificate_allowance.monthly[name], f"certificate_allowance/monthly/{name}"
            return self._leaf(What.MONTH, Fraction(monthly) * 100, f"{name} certificate", version, place, monthly)
        full = self._full_pay(version, POSTS[post], grade)
        if document.performance is None:
            return full
        return self._item(version, document.performance, item, full, RATINGS[rating])

    def _full_pay(self, version: Version, post: str, grade: int) -> Node:
        """A full month's pay before it is parted into items: an amount by post, or base × coefficient."""
        document, pay = version.document, version.full_pay_fen(post, grade)
        assert document is not None
        assert pay is not None
        ladder = document.ladder
        if ladder is None:
            return self._leaf(What.MONTH, pay, "", version, f"flat/monthly/{post}", yuan(int(pay)))
        row = f"by_post/{post}" if post in ladder.by_post else "coefficients"
        coefficient = ladder.coefficient(post, grade)
        assert coefficient is not None
        place = f"ladder/{row}/{grade}"
        factor = self._leaf(What.RATIO, Fraction(coefficient), f"{coefficient:f}", version, place, coefficient)
        rounding = self._rounding(version, "ladder/full_month_rounding", ladder.full_month_rounding)
        return arrived(What.MONTH, (self._base(version), factor), pay, rounding)

    def _base(self, version: Version) -> Node:
        """核算基数: a figure, or the average wage × its share ÷ 12."""
        base_fen, document = version.base_fen(), version.document
        assert base_fen is not None
        assert document is not None
        assert document.ladder is not None
        base, says, place = document.ladder.base, exact_yuan(base_fen), "ladder/base"
        if base.monthly_amount is not None:
            return self._leaf(What.FIGURE, base_fen, says, version, f"{place}/monthly_amount", base.monthly_amount)
        come = [n for n, later in enumerate(base.later_shares) if later.from_date <= day_of(version.first_day)]
        share = base.later_shares[come[-1]].share if come else base.share
        assert share is not None
        place_of_share = f"{place}/later_shares/{come[-1]}/share" if come else f"{place}/share"
        factors = (
            self._wage(version),
            self._leaf(What.RATIO, Fraction(share), percent(Fraction(share)), version, place_of_share, share),
            Node(what=What.RATIO, value=Fraction(1, 12), says="a twelfth"),
        )
        return arrived(What.BASE, factors, base_fen, self._rounding(version, f"{place}/rounding", base.rounding), says)

    def _wage(self, version: Version) -> Node:
        """The average annual wage, and the publication or the document that says so."""
        wage_fen = version.average_annual_wage_fen
        told = self._evidence.wage(version, wage_fen) if self._evidence else None
        return Node(
            what=What.FIGURE,
            value=Fraction(wage_fen),
            says="the average annual wage",
            clause=told if isinstance(told, Clause) else None,
            facts=(told,) if isinstance(told, Cause) else (),
        )

    def _item(self, version: Version, performance: Performance, item: Item, full: Node, latest: Rating | None) -> Node:
        """The basic or the performance part of a full pay."""
        share = Fraction(performance.share)
        place, said = "performance/share", performance.share
        if item == Item.BASIC:
            basic = self._leaf(What.RATIO, 1 - share, "what the performance part leaves", version, place, said)
            return multiplied(What.ITEM, (full, basic), f"{percent(1 - share)} basic")
        factor = performance.factors[latest] if latest else performance.without_rating
        which = f"performance/factors/{latest}" if latest else "performance/without_rating"
        says = f"{percent(share)} performance × {factor:f} ({latest or 'no rating'})"
        parted = self._leaf(What.RATIO, share, "the performance part", version, place, said)
        rated = self._leaf(What.RATIO, Fraction(factor), str(latest or "no rating"), version, which, factor)
        return multiplied(What.ITEM, (full, parted, rated), says)

    def _rounding(self, version: Version, place: str, rounding: Rounding | None) -> Node:
        said = rounding or Rounding()
        return self._leaf(What.ROUNDING, Fraction(0), rounded(said), version, place, f"{said.mode} to {said.to}")

    def _leaf(self, what: What, value: Fraction, says: str, version: Version, place: str, said: object) -> Node:
        """A value that a clause of the document in force says."""
        clause = self._evidence.clause(version, place, said) if self._evidence else None
        return Node(what=what, value=value, says=says, clause=clause)

    def _codes(self, rate: int) -> tuple[int, ...]:
        shape, codes = self._due.tables.shape, []
        for size in reversed(shape):
            rate, code = divmod(rate, size)
            codes.append(code)
        return tuple(reversed(codes))


def _by_month(segments: Segments) -> dict[tuple[int, int], list[int]]:
    """The segments of each worker's month that is not one whole segment, in the order of their days."""
    found: dict[tuple[int, int], list[int]] = defaultdict(list)
    for row in segments.partial():
        found[int(segments.worker[row]), int(segments.month[row])].append(row)
    return found


def _by_key(entries: Entries) -> dict[tuple[int, ...], list[int]]:
    found: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for number, key in enumerate(zip(*(getattr(entries, name).tolist() for name in _KEY), strict=True)):
        found[key].append(number)
    return found
