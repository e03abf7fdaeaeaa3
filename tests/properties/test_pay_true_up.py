"""Whatever happens in a year, with December each payer has given its exact part of it to the fen (P10, F17)."""

from collections import Counter
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import lcm

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.oracle import pay
from tests.oracle.beside import by_key, projected
from tests.oracle.documents import LADDERS, anything, funding
from tests.oracle.histories import ACTS, WORKERS, hire
from tests.oracle.logs import CITY, Log
from tests.payroll.test_true_up import rules
from tests.payroll.working import by_payer, fact, work_out
from tests.payroll.working import hire as hired

from payroll.engine import FactKind
from payroll.engine.funding import largest_remainders
from payroll.settlement import month_alone, settle
from shared.events import Post
from shared.money import split
from shared.policy_document import Flat, FundingRule, Level, PayItem, TrueUp, Unit

pytestmark = pytest.mark.campaign

SHARE, LONG = 80, 1_500
YEAR = tuple(f"2021-{month:02d}" for month in range(1, 13))
DAYS = st.dates(date(2020, 12, 1), date(2021, 12, 31))
ASKED = st.sampled_from([TrueUp.NEVER, TrueUp.YEAR_END, TrueUp.YEAR_END])
SEVERAL = st.sampled_from(
    [
        (),
        funding(city="0.70", street="0.15", community="0.15"),
        funding(city="0.3333333", street="0.3333333", community="0.3333334"),
        (
            *funding(city="0.6", community="0.4"),
            *(replace(rule, from_date=date(2021, 5, 17)) for rule in funding(city="0.35", street="0.65")),
            *(replace(rule, items=(PayItem.ALLOWANCE, PayItem.PERFORMANCE)) for rule in funding(street="0.7")),
        ),
    ]
)
"""Who pays, with a question of rounding in it: one that changes in May, and by item; or as the document has it."""
PAYERS = {Level.CITY: "city/chibi", Level.COMMUNITY: "community/north", Level.STREET: "street/first"}


@st.composite
def years(draw, most=8):
    """A year under one or two documents, of people who move, change, leave and come back."""
    log = Log()
    log.places()
    for on in ("2020-12-01", draw(DAYS))[: draw(st.integers(1, 2))]:
        asked = {"true_up": draw(ASKED), "shares_to": draw(st.sampled_from(Unit))}
        document = draw(anything() | st.sampled_from(LADDERS))
        log.enact(replace(document, **asked, funding=draw(SEVERAL) or document.funding), on)
    log.open_payroll(draw(st.sampled_from(["2021-01", "2021-04"])))
    log.hire("an", draw(DAYS), draw(st.sampled_from(Post)), 3)
    hire(draw, log)
    for _ in range(draw(st.integers(1, most))):
        log.act(draw(st.sampled_from(WORKERS)), draw(ACTS), draw(DAYS))
    return log


def agree(log):
    """Engine and oracle on the whole year, and on December asked for alone."""
    known = projected(log.events).known(CITY, log.position)
    months = [pay.due(log.events, CITY, month, log.position) for month in YEAR]
    payable = {key: fen for month in months for key, fen in month.items() if key.payable <= YEAR[-1]}
    assert by_key(settle(known, YEAR[-1]).due) == payable
    assert by_key(month_alone(known, YEAR[-1]).due) == months[-1]


@settings(max_examples=SHARE, deadline=None, derandomize=True, database=None)
@given(years())
def test_a_year_is_trued_up_as_the_oracle_does_it(log):
    agree(log)


@pytest.mark.prove
@pytest.mark.timeout(3600)
@settings(max_examples=LONG, deadline=None, database=None)
@given(years(most=20))
def test_a_year_is_trued_up_as_the_oracle_does_it_at_length(log):
    agree(log)


AMOUNTS = st.integers(1, 999_999).map(lambda fen: Decimal(fen) / 100)


@st.composite
def shares(draw):
    """Level → thousandths that come to a whole, listed in any order."""
    low, high = sorted(draw(st.tuples(st.integers(1, 998), st.integers(1, 998)).filter(lambda cuts: len({*cuts}) == 2)))
    parts = dict(zip(PAYERS, (low, high - low, 1000 - high), strict=True))
    return {level: parts[level] for level in draw(st.permutations(list(parts)))}


def a_year(parts, amounts, begun, changed):
    """(payer → fen, payer → fen of the true-up) of who begins on a day as head and is a member from another on."""
    flat = Flat(monthly=dict(zip(("head", "member"), amounts, strict=True)))
    rule = FundingRule(posts=("head", "member"), shares={level: Decimal(part) / 1000 for level, part in parts.items()})
    rows = hired("chen", begun.isoformat(), "head") + fact("chen", FactKind.POST, changed.isoformat(), "member")
    found = by_payer(work_out(rows, [rules(flat=flat, funding=(rule,))], months=(YEAR[0], YEAR[-1])))
    whole, moved = Counter(), Counter()
    for (_, _, item, payer), fen in found.items():
        whole[payer] += fen
        moved[payer] += fen if item == "year_end_true_up" else 0
    return whole, moved


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(shares(), st.tuples(AMOUNTS, AMOUNTS), DAYS, DAYS, st.randoms())
def test_a_payers_year_is_the_largest_remainder_of_the_total_in_any_order_of_listing(
    parts, amounts, begun, changed, by
):
    """F17: whatever the months were rounded to; what payers owe each other comes to nothing."""
    whole, moved = a_year(parts, amounts, begun, changed)
    weights = {PAYERS[level]: part for level, part in parts.items()}
    total = sum(whole.values())
    assert {payer: whole[payer] for payer in weights} == split(total, weights)
    assert sum(moved.values()) == 0
    listed = by.sample(list(parts.items()), len(parts))
    assert a_year(dict(listed), amounts, begun, changed) == (whole, moved)


PEOPLE = st.tuples(
    st.lists(st.integers(0, 10**6), min_size=1, max_size=5).filter(any),
    st.integers(0, 10**7),
    st.sampled_from([1, 100]),
)


@given(st.lists(PEOPLE, min_size=1, max_size=6), st.booleans())
def test_largest_remainders_over_columns_are_those_of_each_amount_alone(people, wide):
    """As int64, or as Python's integers where products would leave it; cut to fen or to whole yuan."""
    scale = lcm(*(sum(weights) for weights, _, _ in people)) if wide else 1
    exact = [
        [Fraction(weight * whole, sum(weights)) for weight in weights] if wide else [Fraction(w * 10) for w in weights]
        for weights, whole, _ in people
    ]
    wholes = [int(sum(parts)) for parts in exact]
    opens = np.cumsum([0, *(len(parts) for parts in exact[:-1])])
    column = np.array([int(part * scale) for parts in exact for part in parts], dtype=object if wide else np.int64)
    found = largest_remainders(column, scale, opens, np.array(wholes), np.array([unit for _, _, unit in people]))
    alone = zip(exact, wholes, people, strict=True)
    assert found.tolist() == [
        part
        for parts, whole, (_, _, unit) in alone
        for part in (pay.parted(whole, parts, unit) if whole else [0] * len(parts))
    ]
