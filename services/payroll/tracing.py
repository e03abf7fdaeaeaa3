"""What an amount is made of: a tree whose parts come to it exactly and whose leaves are evidence."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from fractions import Fraction
from math import prod

from msgspec import Struct


class What(StrEnum):
    """What a node of the tree is.

    Totals: of a `run`, a `place`, a `worker`, a `payslip`, a `line`. On the way to a line: the `share` of a payer, the
    `part` of a month, a `month` in full, the `item` as a part of full pay, the `base`; of a `true-up` a payer's part of
    the `year`; the `tax` of the year so far and the `income` it is of; `exact` is any of these before it is rounded.
    Leaves: a `figure` of a rule or of a year's lines, a `ratio`, `days` of the calendar, what was `paid` before or
    `given` by the months of a year, and what becoming whole does: a `rounding` that the policy declares, or `settling`
    to the fen.
    """

    RUN = "run"
    PLACE = "place"
    WORKER = "worker"
    PAYSLIP = "payslip"
    LINE = "line"
    SHARE = "share"
    TRUE_UP = "true-up"
    YEAR = "year"
    PART = "part"
    MONTH = "month"
    ITEM = "item"
    BASE = "base"
    TAX = "tax"
    INCOME = "income"
    EXACT = "exact"
    FIGURE = "figure"
    RATIO = "ratio"
    DAYS = "days"
    PAID = "paid"
    GIVEN = "given"
    ROUNDING = "rounding"
    SETTLING = "settling"


RATIOS = frozenset({What.RATIO, What.DAYS})
"""What is a ratio; all else is an amount in fen."""


class By(StrEnum):
    """How a node comes to its value: the sum or the product of its parts, or as it is said, by a rule or a fact."""

    SUM = "sum"
    PRODUCT = "product"
    SAID = "said"


class Clause(Struct, frozen=True, kw_only=True):
    """A place in an enacted document (`part`, by its keys) and what it says there; `position` is the enactment's.

    `document` and `clause` are the paper behind it, as the policy names it, and `mark` how sure that is.
    """

    policy_id: str
    part: str
    value: str
    position: int
    effective_date: date
    document: str = ""
    clause: str = ""
    mark: str = ""


class Cause(Struct, frozen=True, kw_only=True):
    """A fact that an event set: which event (`position`, `ordinal`), what (`kind`), to which value, from which day."""

    position: int
    ordinal: int
    kind: str
    value: str
    effective_date: date


class LineOf(Struct, frozen=True, kw_only=True):
    """A line of a run: its `month`, `sequence` and the line's `number`."""

    month: str
    sequence: int
    number: int


class Node(Struct, frozen=True, kw_only=True):
    """A value, exact, and what it comes from. Amounts are in fen; `says` is the node's own word in a sentence."""

    what: What
    value: Fraction
    by: By = By.SAID
    says: str = ""
    parts: tuple[Node, ...] = ()
    clause: Clause | None = None
    facts: tuple[Cause, ...] = ()
    line: LineOf | None = None


def summed(what: What, parts: tuple[Node, ...], says: str = "") -> Node:
    """The sum of the parts."""
    return Node(what=what, by=By.SUM, says=says, parts=parts, value=sum((part.value for part in parts), Fraction(0)))


def multiplied(what: What, factors: tuple[Node, ...], says: str = "") -> Node:
    """The product of the factors."""
    value = prod((factor.value for factor in factors), start=Fraction(1))
    return Node(what=what, by=By.PRODUCT, says=says, parts=factors, value=value)


def arrived(what: What, factors: tuple[Node, ...], value: Fraction, rounding: Node, says: str = "") -> Node:
    """The product of the factors where that is the value; else its sum with what `rounding` does to it."""
    exact = multiplied(What.EXACT, factors)
    if exact.value == value:
        return multiplied(what, factors, says)
    product = exact if len(factors) > 1 else factors[0]
    rest = Node(what=rounding.what, says=rounding.says, value=value - exact.value, clause=rounding.clause)
    return Node(what=what, by=By.SUM, says=says, parts=(product, rest), value=value)


def summed_to(what: What, parts: tuple[Node, ...], value: Fraction, rounding: Node, says: str = "") -> Node:
    """The sum of the parts where that is the value; else with what `rounding` does to it."""
    rest = value - sum((part.value for part in parts), Fraction(0))
    last = Node(what=rounding.what, says=rounding.says, value=rest, clause=rounding.clause)
    return summed(what, (*parts, last) if rest else parts, says)


def walked(node: Node) -> Iterator[Node]:
    """The node and all below it."""
    yield node
    for part in node.parts:
        yield from walked(part)


def adds_up(node: Node) -> bool:
    """Whether everywhere in the tree the parts come to the value, exactly."""
    return all(_comes_to(each) for each in walked(node))


def _comes_to(node: Node) -> bool:
    values = [part.value for part in node.parts]
    if node.by is By.SAID:
        return not values
    return node.value == (sum(values, Fraction(0)) if node.by is By.SUM else prod(values, start=Fraction(1)))
