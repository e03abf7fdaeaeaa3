"""Why a line is what it is: the tree of the engine's own figures, from a payer's share down to clauses and facts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction
from functools import cache

from payroll.engine import (
    EARNED_ITEMS,
    NO_LEVEL,
    POSTS,
    Differences,
    Due,
    Entries,
    FactKind,
    Item,
    PayerLevel,
    Segments,
    Version,
    month_name,
)
from payroll.evidence import Evidence, day_of
from payroll.monthly import Monthly
from payroll.tracing import By, Cause, Node, What, arrived, multiplied, summed
from payroll.wording import percent, rounded, sentence
from payroll.year_end import YearEnd
from shared.policy_document import (
    Axis,
    FundingRule,
    PayItem,
    PolicyDocument,
    Proration,
    RatedBy,
    Rounding,
    TwoPosts,
)

_KEY = ("worker", "service_month", "payable_month", "item", "post", "community", "payer")
_UNREAD = {
    Item.BASIC: (FactKind.CERTIFICATE, FactKind.RATING, FactKind.SPECIAL_DEDUCTION),
    Item.PERFORMANCE: (FactKind.CERTIFICATE, FactKind.SPECIAL_DEDUCTION),
    Item.ALLOWANCE: (FactKind.RATING, FactKind.SPECIAL_DEDUCTION),
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
        self._entries = _by_key(due.entries, set(rows.service_month.tolist()))
        self._keys = list(zip(*(getattr(rows, name).tolist() for name in _KEY), strict=True))
        self._months = _by_month(due.segments)
        self._month = cache(self._month_of)
        self._ratio = cache(self._ratio_of)
        self._year_end = YearEnd(due, evidence, self._ratio, self._facts)
        self._said: dict[tuple[int, ...], str] = {}

    def of(self, row: int) -> str:
        """The sentence of the row's tree."""
        alike = self._alike(row)
        if alike is None:
            return sentence(self.tree(row))
        said = self._said.get(alike)
        if said is None:
            said = self._said[alike] = sentence(self.tree(row))
        return said

    def _alike(self, row: int) -> tuple[int, ...] | None:
        """What the sentence rests on where the row is a whole month in one state; None where it is anything else."""
        key, segments = self._keys[row], self._due.segments
        entries = self._entries.get(key, [])
        segment = int(self._due.segment[entries[0]]) if len(entries) == 1 else None
        _, service_month, payable_month, item, *_ = key
        if segment is None or segments.days[segment] != segments.month_days[segment] or item == Item.YEAR_END_TRUE_UP:
            return None
        state = (int(segments.rate[segment]), int(self._due.level[entries[0]]), service_month, payable_month, item)
        return (*state, int(self._rows.due_fen[row]), int(self._rows.paid_fen[row]))

    def tree(self, row: int, paid: tuple[Node, ...] = ()) -> Node:
        """What the row is made of: its segments, less what was paid before; `paid` says by which lines."""
        shares = [self._share(entry) for entry in self._entries.get(self._keys[row], [])]
        paid_fen = int(self._rows.paid_fen[row])
        if paid_fen or paid:
            assert not paid or sum(part.value for part in paid) == -paid_fen
            shares += paid or (Node(what=What.PAID, value=Fraction(-paid_fen), says="paid before"),)
        return summed(What.LINE, tuple(shares))

    def _share(self, entry: int) -> Node:
        segments, entries, row = self._due.segments, self._due.entries, int(self._due.segment[entry])
        item, level = Item(int(entries.item[entry])), int(self._due.level[entry])
        if item is Item.YEAR_END_TRUE_UP:
            return self._year_end.tree(entry)
        if item not in EARNED_ITEMS:
            return self._contribution(entry, row, item, level)
        part, ratio = self._part(row, item), self._ratio(int(segments.rate[row]), item, level)
        share = arrived(What.SHARE, (part, ratio), Fraction(int(entries.amount_fen[entry])), _SETTLED)
        says = ratio.says
        if entries.payable_month[entry] != entries.service_month[entry]:
            says = f"payable in {month_name(int(entries.payable_month[entry]))}; {says}"
        return Node(
            what=What.SHARE, value=share.value, by=share.by, says=says, parts=share.parts, facts=self._facts(row, item)
        )

    def _contribution(self, entry: int, row: int, item: Item, level: int) -> Node:
        """A share of what the month is due, within floor and ceiling; the worker's own is taken off."""
        rate, amount_fen = int(self._due.segments.rate[row]), Fraction(int(self._due.entries.amount_fen[entry]))
        version, _ = self._due.tables.rates.standings[rate]
        facts = self._facts(row, Item.BASIC)
        earned = self._due.segments.amounts[self._rows_of_month(row)].sum(axis=(0, 2)).tolist()
        part = Monthly(version, self._evidence).contribution(item, earned, facts)
        if level == NO_LEVEL:
            says = "the worker's own"
            return Node(what=What.SHARE, by=By.SUM, value=amount_fen, says=says, parts=(part,), facts=facts)
        ratio = self._ratio(rate, Item.BASIC, level)
        share = arrived(What.SHARE, (part, ratio), amount_fen, _SETTLED)
        return Node(what=What.SHARE, value=share.value, by=share.by, says=ratio.says, parts=share.parts, facts=facts)

    def _rows_of_month(self, row: int) -> list[int]:
        """The segments of the month of a segment, in the order of their days."""
        segments = self._due.segments
        return self._months.get((int(segments.worker[row]), int(segments.month[row])), [row])

    def _facts(self, row: int, item: Item) -> tuple[Cause, ...]:
        """The facts behind a segment's amount."""
        if self._evidence is None:
            return ()
        segments = self._due.segments
        version, standing = self._due.tables.rates.standings[int(segments.rate[row])]
        worker, start = self._due.tables.vocabulary.workers[int(segments.worker[row])], int(segments.start[row])
        unread = (*_UNREAD[item], *_unlooked_at(version.document, item)) if version.document else _UNREAD[item]
        performance = version.performance_in(standing.district)
        by_year = item == Item.PERFORMANCE and performance is not None and performance.rated_by is not RatedBy.LATEST
        before = by_year and performance is not None and performance.rated_by is RatedBy.YEAR_BEFORE
        rated = day_of(start).year - int(before) if by_year else None
        return self._evidence.in_force(worker, start, int(segments.days[row]), unread, rated)

    def _part(self, row: int, item: Item) -> Node:
        """From a full month to the segment's part of the month's line: the days, and the rounding of the line."""
        segments = self._due.segments
        full = self._month(int(segments.rate[row]), item)
        part_fen = Fraction(int(segments.amounts[row, item].sum()))
        month = self._rows_of_month(row)
        last, _ = self._due.tables.rates.standings[int(segments.rate[month[-1]])]
        rounding = self._line_rounding(last, shared_out=len(month) > 1)
        if segments.days[row] == segments.month_days[row]:
            return full if full.value == part_fen else arrived(What.PART, (full,), part_fen, rounding)
        says = self._days(row, last)
        days = Node(what=What.DAYS, value=Fraction(int(segments.part[row]), int(segments.whole[row])), says=says)
        return arrived(What.PART, (full, days), part_fen, rounding, says)

    def _days(self, row: int, last: Version) -> str:
        """Which part of a full month is paid, by the method of the rules at the end of the month."""
        part, whole = int(self._due.segments.part[row]), int(self._due.segments.whole[row])
        proration = last.document.proration if last.document else Proration.CALENDAR_DAYS
        if proration is Proration.WHOLE_MONTH:
            return "the whole month as on its first day"
        working = self._due.tables.working_days
        if proration is Proration.CALENDAR_DAYS or working is None:
            return f"{part} of {whole} days"
        return f"{_number(part, working.days_scale)} of {_number(whole, working.days_scale)} working days"

    def _line_rounding(self, last: Version, *, shared_out: bool) -> Node:
        """The rounding of the month's line and total, as the rules at the end of the month declare it."""
        document = last.document
        line = document.line_rounding if document else Rounding()
        total = document.total_rounding if document else None
        says = rounded(line)
        if total is not None:
            says += f", the month's total {rounded(total)}"
        if shared_out:
            says += " and shared out with the month's other parts"
        if document is None:
            return Node(what=What.SETTLING, value=Fraction(0), says=says)
        place, said = ("line_rounding", line) if total is None else ("total_rounding", total)
        leaf = Monthly(last, self._evidence).rounding(place, said)
        declared = line != Rounding() or total is not None
        return Node(what=What.ROUNDING if declared else What.SETTLING, value=leaf.value, says=says, clause=leaf.clause)

    def _ratio_of(self, rate: int, item: Item, level: int) -> Node:
        """The payer's share, and the funding rule that says so."""
        rates = self._due.tables.rates
        version, standing = rates.standings[rate]
        post = POSTS[int(rates.post[rate])]
        weights = rates.rules.weights[rates.version[rate], rates.post[rate], rates.district[rate], item]
        ratio, name = Fraction(int(weights[level]), int(weights.sum())), PayerLevel(level).name.lower()
        rule = version.funding_rule(post, list(PayItem)[item], standing.district)
        says = f"{name} {percent(ratio)}"
        if version.document is None:
            return Node(what=What.RATIO, value=ratio, says=says)
        say = Monthly(version, self._evidence).leaf
        if rule is None:
            return say(What.RATIO, ratio, says, "funding", "no rule names the post")
        place = _place_of(rule, version.document, standing.district)
        shares, remainder = (
            {level.value: part for level, part in (by or {}).items()} for by in (rule.shares, rule.remainder)
        )
        rest = 1 - sum(map(Fraction, shares.values()), Fraction(0))
        if name in shares and (name not in remainder or not rest):
            return say(What.RATIO, ratio, says, f"{place}/shares/{name}", shares[name])
        left = say(What.RATIO, rest, f"the remaining {percent(rest)}", f"{place}/shares", percent(1 - rest))
        mine = ratio - Fraction(shares.get(name, 0))
        named = remainder.get(name, "nobody")
        of_rest = say(What.RATIO, mine / rest, percent(mine / rest), f"{place}/remainder", named)
        if name not in shares:
            return multiplied(What.RATIO, (left, of_rest), says)
        fixed = say(
            What.RATIO, Fraction(shares[name]), percent(Fraction(shares[name])), f"{place}/shares", shares[name]
        )
        return summed(What.RATIO, (fixed, multiplied(What.RATIO, (left, of_rest))), says)

    def _month_of(self, rate: int, item: Item) -> Node:
        """A full month of the item at the rate."""
        version, standing = self._due.tables.rates.standings[rate]
        return Monthly(version, self._evidence).tree(standing, item)


def _place_of(rule: FundingRule, document: PolicyDocument, district: str | None) -> str:
    """Where the rule stands in the document."""
    there = document.districts[district].funding if district else ()
    if rule in there:
        return f"districts/{district}/funding/{there.index(rule)}"
    return f"funding/{document.funding.index(rule)}"


def _unlooked_at(document: PolicyDocument, item: Item) -> Iterator[FactKind]:
    """Kinds of facts that the rules in force do not look at for an item."""
    tables = document.additive.tables.values() if document.additive else ()
    axes = {axis for table in tables for axis in table.by}
    if Axis.EDUCATION not in axes and (item != Item.ALLOWANCE or document.education_allowance is None):
        yield FactKind.EDUCATION
    if Axis.YEARS not in axes:
        yield FactKind.SERVED_SINCE
    if document.probation is None or (item == Item.ALLOWANCE and document.additive is None):
        yield FactKind.PROBATION
    if document.two_posts.pays is TwoPosts.ONE_PAY:
        yield FactKind.SECOND_POST
    if item == Item.ALLOWANCE and document.additive is None:
        yield FactKind.GRADE


def _number(number: int, scale: int) -> str:
    """A number of days with its places: 87 over 4 is 21.75."""
    whole, rest = divmod(number * 100 // scale, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".")


def _by_month(segments: Segments) -> dict[tuple[int, int], list[int]]:
    """The segments of each worker's month that is not one whole segment, in the order of their days."""
    found: dict[tuple[int, int], list[int]] = defaultdict(list)
    for row in segments.partial():
        found[int(segments.worker[row]), int(segments.month[row])].append(row)
    return found


def _by_key(entries: Entries, service_months: set[int]) -> dict[tuple[int, ...], list[int]]:
    """The entries of these service months under their keys."""
    found: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for number, key in enumerate(zip(*(getattr(entries, name).tolist() for name in _KEY), strict=True)):
        if key[1] in service_months:
            found[key].append(number)
    return found
