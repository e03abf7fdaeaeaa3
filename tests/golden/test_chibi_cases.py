"""Golden payslips of the Chibi rules that a ladder alone does not show, each with its working; engine and oracle."""

from collections import Counter
from decimal import Decimal

import msgspec
import pytest
from tests.oracle import pay
from tests.oracle.beside import engine_due
from tests.oracle.logs import CITY, Log, policy

from shared import events
from shared.events import Certificate, Post
from shared.policy_document import FundingRule, Level, Rounding, Unit

CITY_PAYS, STREET_PAYS, COMMUNITY_PAYS = "city/chibi", "street/puqi", "community/beishan"


def reform(document=None, payroll_from="2020-09"):
    """Chibi with its reform in force from 18 September 2020 and the old rules before and beside it."""
    log = Log()
    log.places()
    log.enact(policy("chibi-legacy"), "2019-01-01")
    log.enact(document or policy("chibi-2020"), "2020-09-18")
    log.open_payroll(payroll_from)
    return log


def due(log, month):
    """What both opinions make due for the month: item or payer → fen, kept apart by the caller's choice."""
    engine = {key: amount for key, amount in engine_due(log.events, month).items() if key.month == month}
    assert engine == pay.due(log.events, CITY, month, log.position)
    return engine


def by(column, found):
    """Sums over one column of the keys."""
    sums = Counter()
    for key, amount in found.items():
        sums[getattr(key, column)] += amount
    return dict(sums)


def convert(log, worker, on, grade=1):
    """From the old rules to the ladder."""
    converted = events.WorkerConverted(
        from_scheme="legacy",
        scheme="ladder",
        from_community_id="beishan",
        community_id="beishan",
        post=Post.DEDICATED,
        grade=grade,
    )
    log.act(worker, converted, on)


def with_base(wage, **base):
    """The ladder on another wage."""
    document = policy("chibi-2020")
    changed = msgspec.structs.replace(document.ladder.base, average_annual_wage=Decimal(wage), **base)
    return msgspec.structs.replace(document, ladder=msgspec.structs.replace(document.ladder, base=changed))


def test_converted_on_18_september_is_1872_00_for_the_month():
    log = reform()
    log.hire("w", "2019-01-01", grade=None, scheme="legacy")
    convert(log, "w", "2020-09-18")
    # 1300 × 17/30 + 2620 × 13/30 = (22100 + 34060) / 30 = 1872.00; each alone would be 736.67 + 1135.33
    assert by("item", due(log, "2020-09")) == {"basic": 187_200}
    assert by("item", due(log, "2020-10")) == {"basic": 262_000}


def test_converted_on_12_october_has_20_of_31_days_of_the_new_pay():
    log = reform()
    log.hire("w", "2019-01-01", grade=None, scheme="legacy")
    convert(log, "w", "2020-10-12")
    # 1300 × 11/31 + 2620 × 20/31 = (14300 + 52400) / 31 = 2151.6129…
    assert by("item", due(log, "2020-10")) == {"basic": 215_161}


def test_a_newcomer_of_12_october_has_1690_32():
    log = reform()
    log.hire("w", "2020-10-12")
    # 2620 × 20/31 = 1690.3225…
    assert by("payer", due(log, "2020-10")) == {CITY_PAYS: 169_032}


def test_the_first_day_out_of_service_is_not_paid():
    log = reform()
    log.hire("w", "2020-10-01")
    log.act("w", events.WorkerSeparated(reason="resigned"), "2020-11-11")
    # 2620 × 10/30 = 873.333…
    assert by("item", due(log, "2020-11")) == {"basic": 87_333}
    assert due(log, "2020-12") == {}


def test_who_is_suspended_is_paid_to_the_day_before_and_again_from_the_return():
    """Rule 18."""
    log = reform()
    log.hire("w", "2020-10-01")
    log.act("w", events.WorkerSuspended(reason="inquiry"), "2020-11-11")
    log.act("w", events.WorkerReturned(), "2021-01-22")
    # 2620 × 10/30 = 873.333…; nothing in December; 2620 × 10/31 = 845.1612…
    paid = [by("item", due(log, month)) for month in ("2020-11", "2020-12", "2021-01", "2021-02")]
    assert paid == [{"basic": 87_333}, {}, {"basic": 84_516}, {"basic": 262_000}]


def test_who_left_while_suspended_and_is_hired_again_is_paid_from_the_new_first_day():
    """Rule 23."""
    log = reform()
    log.hire("w", "2020-10-01")
    log.act("w", events.WorkerSuspended(reason="inquiry"), "2020-11-01")
    log.act("w", events.WorkerSeparated(reason="resigned"), "2020-12-01")
    rehired = events.WorkerRehired(
        city_id=CITY,
        community_id="beishan",
        channel=events.Channel.EXAM,
        scheme="ladder",
        post=Post.DEDICATED,
        grade=2,
        education=events.Education.COLLEGE,
        keeps_years=True,
        counted_years=3,
    )
    log.act("w", rehired, "2021-02-01")
    paid = [by("item", due(log, month)) for month in ("2020-12", "2021-01", "2021-02")]
    assert paid == [{}, {}, {"basic": 272_900}]


@pytest.mark.parametrize(
    ("wage", "highest"),
    [
        ("54580.00", 480_300),  # ÷ 15 = 3638.666… → 3638.67; × 1.32 = 4803.0444
        ("54585.15", 480_300),  # ÷ 15 = 3639.01; × 1.32 = 4803.4932
        ("54585.30", 480_400),  # ÷ 15 = 3639.02; × 1.32 = 4803.5064
    ],
)
def test_a_base_of_3639_02_would_give_a_maximum_of_4804(wage, highest):
    log = reform(with_base(wage))
    log.hire("w", "2020-10-01", "head", 18)
    assert by("item", due(log, "2020-10")) == {"basic": highest}


@pytest.mark.parametrize(
    ("rounding", "highest"),
    [
        (Rounding(), 480_400),  # 54586 ÷ 15 = 3639.0666… → 3639.07; × 1.32 = 4803.5724
        (Rounding(to=Unit.YUAN), 480_300),  # → 3639; × 1.32 = 4803.48
        (None, 480_400),  # 3639.0666… × 1.32 = 4803.568
    ],
)
def test_to_which_unit_the_base_is_rounded_decides_a_yuan_of_the_maximum(rounding, highest):
    log = reform(with_base("54586.00", rounding=rounding))
    log.hire("w", "2020-10-01", "head", 18)
    assert by("item", due(log, "2020-10")) == {"basic": highest}


@pytest.mark.parametrize(
    ("rounding", "pay_fen"),
    [
        (Rounding(), 476_500),  # 54142 ÷ 15 = 3609.4666… → 3609.47; × 1.32 = 4764.5004
        (None, 476_400),  # 3609.4666… × 1.32 = 4764.496
    ],
)
def test_whether_the_base_is_rounded_at_all_decides_a_yuan(rounding, pay_fen):
    log = reform(with_base("54142.00", rounding=rounding))
    log.hire("w", "2020-10-01", "head", 18)
    assert by("item", due(log, "2020-10")) == {"basic": pay_fen}


def test_the_mean_of_the_eighteen_unrounded_pays_is_the_published_3641():
    ladder = msgspec.structs.replace(policy("chibi-2020").ladder, full_month_rounding=None)
    log = reform(policy("chibi-2020", ladder=ladder))
    for grade in range(1, 19):
        log.hire(f"w-{grade:02d}", "2020-10-01", "head", grade)
    total = sum(due(log, "2020-10").values())
    # 3638.67 × 18.01 ÷ 18 = 3640.69148…; the lines are rounded to the fen
    assert (total + 9) // 18 == 364_069
    assert (total + 900) // 1800 == 3641


def test_a_certificate_is_paid_from_the_month_after_its_registration_the_highest_only():
    log = reform()
    log.hire("w", "2020-10-01")
    log.act("w", events.WorkerQualified(certificate=Certificate.ASSISTANT, personal=""), "2020-11-01")
    log.act("w", events.WorkerQualified(certificate=Certificate.SENIOR, personal=""), "2021-01-31")
    allowances = [
        by("item", due(log, month)).get("allowance", 0) for month in ("2020-11", "2020-12", "2021-01", "2021-02")
    ]
    assert allowances == [0, 10_000, 10_000, 30_000]


def test_a_lower_certificate_registered_later_takes_nothing_away():
    log = reform()
    log.hire("w", "2020-10-01")
    log.act("w", events.WorkerQualified(certificate=Certificate.SENIOR, personal=""), "2020-10-20")
    log.act("w", events.WorkerQualified(certificate=Certificate.ASSISTANT, personal=""), "2020-11-20")
    allowances = [by("item", due(log, month)).get("allowance", 0) for month in ("2020-10", "2020-11", "2020-12")]
    assert allowances == [0, 30_000, 30_000]


def test_a_funding_rule_that_changes_in_mid_month_splits_the_month_by_day():
    """F18: 4803 of a head in November 2020, the city's share 70 % until the 10th and 50 % from the 11th on."""
    half = FundingRule(
        posts=("head", "deputy", "member"), shares={Level.CITY: Decimal("0.5"), Level.STREET: Decimal("0.5")}
    )
    dedicated = FundingRule(posts=("dedicated",), shares={Level.CITY: Decimal(1)})
    log = reform()
    log.enact(policy("chibi-2020", funding=(half, dedicated)), "2020-11-11")
    log.hire("w", "2020-10-01", "head", 18)
    # 4803 × 10/30 = 1601.00 → 1120.70 + 240.15 + 240.15; 4803 × 20/30 = 3202.00 → 1601.00 + 1601.00
    assert by("payer", due(log, "2020-11")) == {
        CITY_PAYS: 112_070 + 160_100,
        STREET_PAYS: 24_015 + 160_100,
        COMMUNITY_PAYS: 24_015,
    }


def test_a_promotion_in_mid_month_changes_pay_and_payers_by_day():
    log = reform()
    log.hire("w", "2020-10-01", "dedicated", 9)
    log.act("w", events.PostChanged(from_post=Post.DEDICATED, post=Post.MEMBER, grade=10), "2020-11-16")
    # 3530 × 15/30 = 1765.00, all city; 3639 × 15/30 = 1819.50 → 1273.65 + 272.925 + 272.925; the odd fen to the first
    assert by("payer", due(log, "2020-11")) == {
        CITY_PAYS: 176_500 + 127_365,
        COMMUNITY_PAYS: 27_293,
        STREET_PAYS: 27_292,
    }


def test_what_no_rule_names_is_held_in_suspense():
    """F20: without a rule for street and community, 1,440.90 of a head's 4,803 is in suspense."""
    city_only = (FundingRule(posts=("head", "deputy", "member"), shares={Level.CITY: Decimal("0.70")}),)
    log = reform(policy("chibi-2020", funding=city_only))
    log.hire("w", "2020-10-01", "head", 18)
    assert by("payer", due(log, "2020-10")) == {CITY_PAYS: 336_210, "suspense": 144_090}


def test_a_seat_whose_holder_is_paid_elsewhere_is_due_nothing():
    log = reform()
    log.hire("w", "2020-10-01", "head", None, scheme="outside")
    assert due(log, "2020-10") == {}


def test_a_voided_hire_is_due_nothing_afterwards_and_was_due_before():
    log = reform()
    hired = log.hire("w", "2020-10-01")
    before = log.position
    log.void(hired)
    assert due(log, "2020-10") == {}
    assert by("item", engine_due(log.events, "2020-10", before)) == {"basic": 262_000}
