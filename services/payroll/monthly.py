"""The tree of a full month of an item: the rules of `engine/worth.py`, each with the clause that says so."""

from __future__ import annotations

from fractions import Fraction

from payroll.engine import Item, Version
from payroll.engine.worth import (
    Standing,
    factor,
    full_pay,
    in_post,
    paid_post,
    probation_share,
    suspension_share,
    table_amount,
    table_key,
)
from payroll.evidence import Evidence, day_of
from payroll.tracing import Cause, Clause, Node, What, arrived, multiplied, summed, summed_to
from payroll.wording import exact_yuan, percent, rounded
from shared.money import round_fen, yuan
from shared.policy_document import Contribution, Insurance, PayItem, Performance, Rounding, TwoPosts

_ITEMS = {Item.BASIC: PayItem.BASIC, Item.PERFORMANCE: PayItem.PERFORMANCE, Item.ALLOWANCE: PayItem.ALLOWANCE}


class Monthly:
    """Full months under the rules of one version; without evidence the trees have no facts or clauses."""

    def __init__(self, version: Version, evidence: Evidence | None) -> None:
        self._version = version
        self._evidence = evidence
        assert version.document is not None
        self._document = version.document

    def tree(self, standing: Standing, item: Item) -> Node:
        """A full month of the item to somebody so standing, as `worth.earned` has it."""
        found = self._allowance(standing) if item == Item.ALLOWANCE else self._pay(standing, item)
        if not standing.suspended:
            return found
        share = suspension_share(self._version)
        return self._times(found, share, "suspension/pay_share", f"{percent(share)} while suspended")

    def leaf(self, what: What, value: Fraction, says: str, place: str, said: object) -> Node:
        """A value that a clause of the document says."""
        clause = self._evidence.clause(self._version, place, said) if self._evidence else None
        return Node(what=what, value=value, says=says, clause=clause)

    def rounding(self, place: str, rounding: Rounding | None) -> Node:
        """A rounding point; its value is what it does, once that is known."""
        said = rounding or Rounding()
        return self.leaf(What.ROUNDING, Fraction(0), rounded(said), place, f"{said.mode} to {said.to}")

    def _times(self, node: Node, share: Fraction, place: str, says: str) -> Node:
        return multiplied(What.ITEM, (node, self.leaf(What.RATIO, share, says, place, percent(share))), says)

    def contribution(self, item: Item, earned: list[int], facts: tuple[Cause, ...]) -> Node:
        """Rule 19: the employer's or the worker's own share of the base; `earned` is fen of each item of the month."""
        insurance, _, whose = item.name.lower().rpartition("_")
        rule = self._document.contributions[Insurance(insurance)]
        key = "employer" if whose == "unit" else "personal"
        said = getattr(rule, key)
        place, share = f"contributions/{insurance}", Fraction(said)
        base = self._contribution_base(rule, place, earned, facts)
        value = round_fen(base.value * share, rule.rounding)
        says = f"{percent(share)} {insurance}"
        if whose == "own":
            value, share, says = -value, -share, f"{says}, taken off"
        ratio = self.leaf(What.RATIO, share, says, f"{place}/{key}", said)
        return arrived(What.PART, (base, ratio), value, self.rounding(f"{place}/rounding", rule.rounding), says)

    def _contribution_base(self, rule: Contribution, place: str, earned: list[int], facts: tuple[Cause, ...]) -> Node:
        """What the month is due of the items that count, or the floor or the ceiling."""
        counted = [
            fen for fen, item in zip(earned, _ITEMS.values(), strict=True) if not rule.items or item in rule.items
        ]
        due = Fraction(sum(counted))
        for name, bound in (("floor", rule.floor), ("ceiling", rule.ceiling)):
            outside = bound is not None and (due < bound * 100 if name == "floor" else due > bound * 100)
            if bound is not None and outside:
                return self.leaf(What.MONTH, Fraction(bound) * 100, f"base at the {name}", f"{place}/{name}", bound)
        return Node(what=What.MONTH, value=due, says="base, what is due", facts=facts)

    # --- basic and performance

    def _pay(self, standing: Standing, item: Item) -> Node:
        """The pay of a post, the part of it that is this item, and what probation leaves of that."""
        performance = self._version.performance_in(standing.district)
        post = paid_post(self._version, standing)
        if performance is None:
            found = self._full_pay(post, standing, item)
        elif item == Item.BASIC:
            found = self._basic_part(performance, standing, self._full_pay(post, standing, Item.BASIC))
        else:
            found = self._performance_part(performance, post, standing)
        return self._on_probation(standing, found)

    def _on_probation(self, standing: Standing, node: Node) -> Node:
        if not standing.on_probation:
            return node
        share = probation_share(self._version)
        return self._times(node, share, "probation/pay_share", f"{percent(share)} on probation")

    def _place_of(self, performance: Performance, standing: Standing) -> str:
        own = self._document.districts[standing.district].performance if standing.district else None
        return f"districts/{standing.district}/performance" if performance is own else "performance"

    def _basic_part(self, performance: Performance, standing: Standing, full: Node) -> Node:
        rest, place = 1 - Fraction(performance.share), self._place_of(performance, standing)
        what_is_left = self.leaf(
            What.RATIO, rest, "what the performance part leaves", f"{place}/share", performance.share
        )
        return multiplied(What.ITEM, (full, what_is_left), f"{percent(rest)} basic")

    def _performance_part(self, performance: Performance, post: str, standing: Standing) -> Node:
        """A share of the basic pay, and what tables give as performance, times the factor of the rating."""
        share, place = Fraction(performance.share), self._place_of(performance, standing)
        by_rating = factor(performance, standing.rating)
        assert by_rating is not None
        said = performance.without_rating if standing.rating is None else performance.factors[standing.rating]
        which = f"factors/{standing.rating}" if standing.rating else "without_rating"
        rating = standing.rating or "no rating"
        rated = self.leaf(What.RATIO, by_rating, rating, f"{place}/{which}", said)
        parted = self.leaf(What.RATIO, share, "the performance part", f"{place}/share", performance.share)
        pay = full_pay(self._version, post, standing)
        assert pay is not None
        if not pay.performance:
            says = f"{percent(share)} performance × {said:f} ({rating})"
            return multiplied(What.ITEM, (self._full_pay(post, standing, Item.BASIC), parted, rated), says)
        both = self._full_pay(post, standing, Item.PERFORMANCE)
        if pay.basic and share:
            basic = self._full_pay(post, standing, Item.BASIC)
            both = summed(What.MONTH, (multiplied(What.ITEM, (basic, parted), f"{percent(share)} performance"), both))
        return multiplied(What.ITEM, (both, rated), f"performance × {said:f} ({rating})")

    def _full_pay(self, post: str, standing: Standing, item: Item) -> Node:
        """A full month's pay before a performance part is parted from it."""
        document, pay = self._document, full_pay(self._version, post, standing)
        assert pay is not None
        counted = in_post(self._version, post, standing)
        if document.additive is not None:
            found = self._tables(post, counted, item, pay[item])
        elif document.ladder is not None:
            found = self._ladder(post, counted.grade, pay.basic)
        else:
            place = f"flat/monthly/{post}"
            found = self.leaf(What.MONTH, pay.basic, "", place, yuan(int(pay.basic)))
        if post == standing.post or document.two_posts.pays is not TwoPosts.HIGHER:
            return found
        says = f"as {post}, the higher of two posts"
        return Node(**{name: getattr(found, name) for name in Node.__struct_fields__} | {"says": says})

    def _tables(self, post: str, standing: Standing, item: Item, pay: Fraction) -> Node:
        """The rows of the tables of an item, added up."""
        assert self._document.additive is not None
        rows = []
        for name, table in self._document.additive.tables.items():
            amount = table_amount(table, post, standing)
            if amount and table.item == _ITEMS[item]:
                key = table_key(table, post, standing)
                place = f"additive/tables/{name}/monthly/{key}"
                rows.append(self.leaf(What.MONTH, amount, name, place, table.monthly[key]))
        rounding = self.rounding("additive/full_month_rounding", self._document.additive.full_month_rounding)
        return summed_to(What.MONTH, tuple(rows), pay, rounding)

    def _ladder(self, post: str, grade: int, pay: Fraction) -> Node:
        """Base × coefficient."""
        ladder = self._document.ladder
        assert ladder is not None
        row = f"by_post/{post}" if post in ladder.by_post else "coefficients"
        coefficient = ladder.coefficient(post, grade)
        assert coefficient is not None
        times = self.leaf(What.RATIO, Fraction(coefficient), f"{coefficient:f}", f"ladder/{row}/{grade}", coefficient)
        rounding = self.rounding("ladder/full_month_rounding", ladder.full_month_rounding)
        return arrived(What.MONTH, (self._base(), times), pay, rounding)

    def _base(self) -> Node:
        """核算基数: a figure, or the average wage × its share ÷ 12."""
        base_fen, ladder = self._version.base_fen(), self._document.ladder
        assert base_fen is not None
        assert ladder is not None
        base, says, place = ladder.base, exact_yuan(base_fen), "ladder/base"
        if base.monthly_amount is not None:
            return self.leaf(What.FIGURE, base_fen, says, f"{place}/monthly_amount", base.monthly_amount)
        come = [n for n, later in enumerate(base.later_shares) if later.from_date <= day_of(self._version.first_day)]
        share = base.later_shares[come[-1]].share if come else base.share
        assert share is not None
        place_of_share = f"{place}/later_shares/{come[-1]}/share" if come else f"{place}/share"
        factors = (
            self._wage(),
            self.leaf(What.RATIO, Fraction(share), percent(Fraction(share)), place_of_share, share),
            Node(what=What.RATIO, value=Fraction(1, 12), says="a twelfth"),
        )
        return arrived(What.BASE, factors, base_fen, self.rounding(f"{place}/rounding", base.rounding), says)

    def _wage(self) -> Node:
        """The average annual wage, and the publication or the document that says so."""
        wage_fen = self._version.average_annual_wage_fen
        told = self._evidence.wage(self._version, wage_fen) if self._evidence else None
        return Node(
            what=What.FIGURE,
            value=Fraction(wage_fen),
            says="the average annual wage",
            clause=told if isinstance(told, Clause) else None,
            facts=(told,) if isinstance(told, Cause) else (),
        )

    # --- allowances

    def _allowance(self, standing: Standing) -> Node:
        """What tables give as an allowance, which probation reduces, and what is paid beside the pay."""
        post = paid_post(self._version, standing)
        pay = full_pay(self._version, post, standing)
        parts = []
        if self._document.additive is not None and pay is not None and pay.allowance:
            parts.append(self._on_probation(standing, self._full_pay(post, standing, Item.ALLOWANCE)))
        for name, held in (
            ("certificate", standing.certificates),
            ("education", standing.diplomas),
        ):
            parts += self._paid_for(name, held)
        pays = self._document.two_posts
        if standing.second_post and pays.supplement is not None:
            says = f"{standing.second_post} as second post"
            parts.append(
                self.leaf(What.MONTH, Fraction(pays.supplement) * 100, says, "two_posts/supplement", pays.supplement)
            )
        return parts[0] if len(parts) == 1 else summed(What.MONTH, tuple(parts))

    def _paid_for(self, name: str, held: tuple[str, ...]) -> list[Node]:
        """The certificates or diplomas that an allowance is paid for."""
        allowance = getattr(self._document, f"{name}_allowance")
        what = {"certificate": "certificate", "education": "diploma"}[name]
        return [
            self.leaf(
                What.MONTH,
                Fraction(allowance.monthly[each]) * 100,
                f"{each} {what}",
                f"{name}_allowance/monthly/{each}",
                allowance.monthly[each],
            )
            for each in held
            if allowance is not None and allowance.monthly.get(each)
        ]
