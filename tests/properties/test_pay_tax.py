"""Income tax (rule 20) as a slow second opinion has it, whatever arrives late; what was withheld never comes back."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.oracle import pay, tax
from tests.oracle.beside import arrived_at, close, owed_of, paid_of, projected
from tests.oracle.histories import ACTS, DAYS, MONTHS, WAGES_FEN, WORKERS, hire
from tests.oracle.logs import CITY, STREETS, Log, policy
from tests.properties.test_pay_differences import added, due_so_far

from payroll.settlement import settle
from payroll.tracing import adds_up
from shared.events import SpecialDeductionDeclared
from shared.policy_document import (
    Contribution,
    IncomeTax,
    Insurance,
    Mode,
    Performance,
    Rhythm,
    Rounding,
    TaxBracket,
    Unit,
)

pytestmark = pytest.mark.campaign

SHARE, LONG = 40, 500
FREE = st.sampled_from([Decimal(0), Decimal("999.99"), Decimal(2000), Decimal("2619.50")])
RATES = st.sampled_from([Decimal("0.03"), Decimal("0.1"), Decimal("0.333"), Decimal(1), Decimal(0)])
BOUNDS = st.sampled_from([(0,), (0, 1), (0, 1000, 3000), (0, Decimal("2000.01"), 2001, 9000)])
ROUNDINGS = st.builds(Rounding, to=st.sampled_from(Unit), mode=st.sampled_from(Mode))
DECLARED_FEN = st.sampled_from([0, 50_000, 100_001, 200_000])
PENSION = {Insurance.PENSION: Contribution(employer=Decimal("0.16"), personal=Decimal("0.08"))}
HALF_YEARLY = Performance(share=Decimal("0.4"), factors={"excellent": Decimal("1.5")}, rhythm=Rhythm.HALF_YEARLY)
KINDS = st.sampled_from(["act", "act", "act", "declared", "declared", "base", "policy", "hire", "void"])


@st.composite
def taxes(draw):
    """Rules of tax under which a community worker's pay is taxed; now and then none."""
    brackets = tuple(TaxBracket(above=Decimal(above), rate=draw(RATES)) for above in draw(BOUNDS))
    found = IncomeTax(monthly_deduction=draw(FREE), brackets=brackets, rounding=draw(ROUNDINGS))
    return found if draw(st.integers(0, 7)) else None


@st.composite
def documents(draw):
    """Chibi's, with tax, insurance and a part that is paid in one sum."""
    return policy(
        "chibi-2020",
        income_tax=draw(taxes()),
        contributions=draw(st.sampled_from([{}, PENSION])),
        performance=draw(st.sampled_from([None, HALF_YEARLY])),
    )


def beginning(data):
    """A city whose payroll opens in October, and two people; one of them served before."""
    log = Log()
    log.places()
    log.enact(data.draw(documents()), "2020-08-01")
    log.enact(policy("chibi-legacy", income_tax=data.draw(taxes())), "2020-08-01")
    log.open_payroll(data.draw(st.sampled_from(MONTHS[:2])))
    log.hire("an", "2020-09-01", "head", data.draw(st.integers(7, 18)))
    log.hire("bo", data.draw(DAYS), "dedicated", data.draw(st.integers(1, 12)))
    return log


def something(data, log):
    """What happens between two runs."""
    for kind in data.draw(st.lists(KINDS, max_size=3)):
        if kind == "act":
            log.act(data.draw(st.sampled_from(WORKERS)), data.draw(ACTS), data.draw(DAYS))
        elif kind == "declared":
            declared = SpecialDeductionDeclared(monthly_fen=data.draw(DECLARED_FEN))
            log.act(data.draw(st.sampled_from(WORKERS)), declared, data.draw(DAYS))
        elif kind == "base":
            log.publish(data.draw(st.sampled_from(WAGES_FEN)), data.draw(DAYS))
        elif kind == "policy":
            log.enact(data.draw(documents()), data.draw(DAYS))
        elif kind == "hire":
            hire(data.draw, log)
        else:
            log.void(data.draw(st.sampled_from([done.command_id for done in log.events if "worker/" in done.stream])))


def runs_of(data, log):
    """The months in order, and here and there a supplementary run of one that is closed."""
    months = [month for month in MONTHS if month >= log.events[len(STREETS) + 2].event.first_month]
    found = [(month, 1) for month in months]
    for sequence in (3, 2):
        at = data.draw(st.integers(1, len(months)))
        found.insert(at, (months[data.draw(st.integers(0, at - 1))], sequence))
    return found


def live_through(data):
    """Close month after month, each beside the oracle's; every line says what it is made of."""
    log = beginning(data)
    projection, closed = projected(log.events), []
    for month, sequence in runs_of(data, log):
        seen = len(log.events)
        something(data, log)
        projection.apply(log.events[seen:])
        settlement = settle(projection.known(CITY, log.position), month)
        paid = {key: amount for key, amount in paid_of(projection).items() if key.item != "income_tax"}
        owed = pay.owed(due_so_far(log, month), {key: fen for key, fen in paid.items() if key.payable <= month})
        expected = tax.withheld(log.events, month, log.position, closed, owed)
        assert added(owed_of(settlement)) == added(owed, expected)
        for line, tree in zip(settlement.explained(), settlement.traced(), strict=True):
            assert adds_up(tree)
            assert tree.value == line.amount_fen == arrived_at(line)
        closed.append((month, owed_of(settlement)))
        close(log, projection, month, sequence)


@settings(max_examples=SHARE, deadline=None, derandomize=True, database=None)
@given(st.data())
def test_every_run_withholds_what_the_oracle_withholds(data):
    """Rule 20, P11: on what was paid in the year, whichever months it is for; no line of tax is ever positive."""
    live_through(data)


@pytest.mark.prove
@pytest.mark.timeout(3600)
@settings(max_examples=LONG, deadline=None, database=None)
@given(st.data())
def test_every_run_withholds_what_the_oracle_withholds_at_length(data):
    live_through(data)
