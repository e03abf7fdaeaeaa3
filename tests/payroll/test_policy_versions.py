"""Which rules hold on which day: documents, published wages and the dates that a document itself names."""

from datetime import date
from decimal import Decimal

import msgspec
import pytest
from tests.payroll.working import base, by_month, enacted, fact, hire, policy, words, work_out

from payroll.engine import FactKind, Gap, Version, day_number
from payroll.engine.policy_versions import BEFORE_ALL_DAYS, version_of, versions_of
from shared.policy_document import Base, FundingRule, LaterShare, Level


def versions(policies, bases=(), scheme="ladder"):
    """(first day, wage) of the versions of one scheme; the day of the first is None."""
    names = words(hire("li", "2020-10-01", scheme=scheme))
    code = names.scheme_codes[scheme]
    found = [each for each in versions_of(policies, bases, names) if each.scheme == code]
    assert found[0].first_day == BEFORE_ALL_DAYS
    assert found[0].document is None
    return [(str(date.fromordinal(719163 + each.first_day)), each.average_annual_wage_fen) for each in found[1:]]


def on_wage(wage, starts=None, later=()):
    """Chibi's ladder on another wage."""
    ladder = policy("chibi-2020").ladder
    changed = msgspec.structs.replace(
        ladder.base, average_annual_wage=None if wage is None else Decimal(wage), starts=starts, later_shares=later
    )
    return {"ladder": msgspec.structs.replace(ladder, base=changed)}


def test_a_document_as_it_stands_is_a_version_with_the_wage_that_it_names():
    document = policy("chibi-2020")
    assert version_of(document) == Version(0, 0, document, 5_458_000)
    assert version_of(document).full_pay_fen("head", 1) == 262_000
    legacy = policy("chibi-legacy")
    assert version_of(legacy, 2, 7) == Version(2, 7, legacy, 0)
    assert version_of(policy("chibi-2020", **on_wage(None))) == Version(0, 0, policy("chibi-2020", **on_wage(None)))


def test_a_version_says_its_rules_from_its_first_day_on():
    rules = [enacted("chibi-2020", "2020-09-18"), enacted("chibi-2020", "2021-07-01", 5, **on_wage("60000.00"))]
    assert versions(rules) == [("2020-09-18", 5_458_000), ("2021-07-01", 6_000_000)]


def test_a_published_wage_makes_a_version_only_where_the_pay_follows_it():
    """A wage that no document follows yet is known when one comes that does."""
    rules = [enacted("chibi-2020", "2020-09-18", **on_wage(None))]
    wages = [base("2020-01-01", "50000.00"), base("2021-01-01", "60000.00", 2)]
    assert versions(rules, wages) == [("2020-09-18", 5_000_000), ("2021-01-01", 6_000_000)]
    legacy = [enacted("chibi-legacy", "2019-01-01")]
    assert versions(legacy, [base("2020-01-01", "50000.00", scheme="legacy")], "legacy") == [("2019-01-01", 0)]


def test_of_one_day_the_wage_recorded_last_counts():
    rules = [enacted("chibi-2020", "2020-09-18", **on_wage(None))]
    wages = [base("2021-01-01", "70000.00", 9), base("2021-01-01", "60000.00", 2), base("2020-01-01", "50000.00")]
    assert versions(rules, wages) == [("2020-09-18", 5_000_000), ("2021-01-01", 7_000_000)]


@pytest.mark.parametrize(
    ("starts", "on", "day"),
    [
        ("07-01", "2020-09-18", "2021-07-01"),
        ("07-01", "2021-07-01", "2021-07-01"),
        ("07-01", "2021-06-30", "2021-07-01"),
        ("02-29", "2021-01-10", "2021-02-28"),
        ("02-29", "2020-01-10", "2020-02-29"),
        ("12-31", "2020-12-31", "2020-12-31"),
    ],
)
def test_a_new_base_starts_on_its_day_of_the_year_where_another_is_known_until_then(starts, on, day):
    """Rule 3, Changzhou: each year from 1 July on."""
    known = base("2019-01-01", "50000.00")
    found = versions([enacted("chibi-2020", on, 5, **on_wage("60000.00", starts))], [known])
    assert found == ([(on, 5_000_000)] if on != day else []) + [(day, 6_000_000)]
    assert versions([enacted("chibi-2020", on, 5, **on_wage("60000.00", starts))]) == [(on, 6_000_000)]
    same_day = base(on, "50000.00")
    assert versions([enacted("chibi-2020", on, 5, **on_wage("60000.00", starts))], [same_day]) == found


def test_a_document_is_cut_on_the_days_that_it_names_within_its_time():
    """Rules 3 and 4: a later share and a later funding rule; of other times nothing."""
    later = tuple(LaterShare(from_date=date(*day), share=Decimal("0.9")) for day in ((2020, 9, 18), (2021, 1, 1)))
    funding = tuple(
        FundingRule(posts=("dedicated",), shares={Level.CITY: Decimal(1)}, from_date=day)
        for day in (None, date(2020, 9, 1), date(2021, 3, 1), date(2021, 7, 1))
    )
    rules = [
        enacted("chibi-2020", "2020-09-18", funding=funding, **on_wage("54580.00", later=later)),
        enacted("chibi-2020", "2021-07-01", 5),
    ]
    assert [day for day, _ in versions(rules)] == ["2020-09-18", "2021-01-01", "2021-03-01", "2021-07-01"]


def test_before_the_first_rules_nothing_is_due_under_any_scheme_and_it_is_a_gap():
    rules = [enacted("chibi-2020", "2020-10-01"), enacted("chibi-legacy", "2020-11-01")]
    rows = hire("li", "2020-09-01") + hire("wu", "2020-09-01", grade=0, scheme="legacy")
    found = work_out(rows, rules, months=("2020-09", "2020-11"))
    assert by_month(found) == {
        ("li", "2020-10"): 262_000,
        ("li", "2020-11"): 262_000,
        ("wu", "2020-11"): 130_000,
    }
    assert [gap for _, gap in found.gaps()] == [Gap.NO_POLICY] * 3


@pytest.mark.parametrize(("out", "fen"), [("2020-10-12", 92_968), ("2020-10-13", 102_258), ("2020-10-14", 111_548)])
def test_the_last_day_of_service_is_paid_by_the_rules_that_begin_on_it(out, fen):
    """2,620 until 11 October, 2,880 (60,000 × 0.8 ÷ 12 × 0.72) from the 12th: 11, 11 and 1, 11 and 2 of 31 days."""
    rules = [enacted("chibi-2020", "2020-09-18"), enacted("chibi-2020", "2020-10-12", 5, **on_wage("60000.00"))]
    rows = hire("li", "2020-10-01") + fact("li", FactKind.IN_SERVICE, out, 0)
    assert by_month(work_out(rows, rules, months=("2020-10", "2020-10"))) == {("li", "2020-10"): fen}


def test_a_share_that_has_come_holds_from_its_day_and_the_last_that_came_counts():
    """50,000 a year: 80 %, then 90 % from January, then 100 % from February; grade 10 is the base."""
    later = tuple(LaterShare(from_date=date(2021, n, 1), share=Decimal(share)) for n, share in ((1, "0.9"), (2, "1")))
    changes = on_wage("48000.00", later=later)
    found = by_month(
        work_out(
            hire("li", "2020-12-01", grade=10),
            [enacted("chibi-2020", "2020-09-18", **changes)],
            months=("2020-12", "2021-03"),
        )
    )
    assert list(found.values()) == [320_000, 360_000, 400_000, 400_000]


def test_a_fixed_base_needs_no_wage_and_a_share_without_a_wage_waits_for_one():
    ladder = policy("chibi-2020").ladder
    fixed = version_of(
        policy("chibi-2020", ladder=msgspec.structs.replace(ladder, base=Base(monthly_amount=Decimal("3100.00"))))
    )
    waiting = version_of(policy("chibi-2020", **on_wage(None)))
    assert (fixed.base_fen(), fixed.waits_for_wage(), fixed.full_pay_fen("head", 10)) == (310_000, False, 310_000)
    assert (waiting.base_fen(), waiting.waits_for_wage(), waiting.full_pay_fen("head", 10)) == (None, True, None)
    legacy = version_of(policy("chibi-legacy"))
    assert (legacy.waits_for_wage(), legacy.full_pay_fen("nobody", 1)) == (False, None)
    nothing = Version(0, 0)
    assert (nothing.waits_for_wage(), nothing.full_pay_fen("head", 1), nothing.district_of("first")) == (
        False,
        None,
        None,
    )
    assert (nothing.performance_in("east"), nothing.funding_rule("head", "basic", "east")) == (None, None)


def test_days_before_1970_are_days_too():
    assert day_number(date(1969, 12, 31)) == -1 > BEFORE_ALL_DAYS
    rows = hire("li", "1969-01-01") + fact("li", FactKind.GRADE, "2020-10-01", 2)
    paid = by_month(work_out(rows, [enacted("chibi-2020", "1968-01-01")], months=("2020-09", "2020-10")))
    assert paid == {("li", "2020-09"): 262_000, ("li", "2020-10"): 272_900}
