"""P11: whatever the lines of a run, its vouchers balance, and each payer's is what it pays."""

from collections import Counter
from datetime import date

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.payroll.working import enacted

from payroll.booking import PAYABLE, WITHHELD, Booking, vouchers_of
from payroll.engine import WORKER, FactKind, day_number
from payroll.known import Known, KnownFact
from payroll.settlement import Line

pytestmark = pytest.mark.campaign

PAYERS = ("city/chibi", "street/first", "street/second", "community/north", WORKER)
STREETS = ("first", "second")
WORKERS = ("converted", "old", "voided")
ITEMS = ("basic", "allowance")

LINES = st.builds(
    Line,
    number=st.just(1),
    worker_id=st.sampled_from(WORKERS),
    service_month=st.sampled_from(("2020-08", "2020-09", "2020-10", "2021-01")),
    payable_month=st.just("2021-01"),
    item=st.sampled_from(ITEMS),
    post=st.just("head"),
    community_id=st.just("north"),
    street_id=st.sampled_from(STREETS),
    payer=st.sampled_from(PAYERS),
    due_fen=st.just(0),
    paid_fen=st.just(0),
    amount_fen=st.integers(-10_000_00, 10_000_00),
)


def scheme(worker_id: str, on: date, position: int, value: str) -> KnownFact:
    return KnownFact(worker_id, int(FactKind.SCHEME), day_number(on), position, 0, value)


def booking() -> Booking:
    """Under the old scheme basic pay is booked elsewhere, and no allowance; a converted worker was under both."""
    facts = [
        scheme("old", date(2018, 1, 1), 5, "legacy"),
        scheme("converted", date(2018, 1, 1), 6, "legacy"),
        scheme("converted", date(2020, 9, 18), 7, "ladder"),
    ]
    policies = [
        enacted("chibi-legacy", "2018-01-01", 1, budget_items={"basic": "30199"}),
        enacted("chibi-2020", "2018-01-01", 2),
    ]
    return Booking(
        Known(
            jurisdiction="chibi",
            at_position=9,
            facts=facts,
            policies=policies,
            bases=[],
            street_of={},
            payroll_from=None,
            paid=[],
        )
    )


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.lists(LINES, max_size=40))
def test_debit_is_credit_and_payable_is_what_the_payer_pays(lines: list[Line]) -> None:
    """F23: for every payer, also where all is taken back or nothing is left."""
    booked, paid = booking(), Counter[str]()
    of_item: Counter[tuple[str, str, str]] = Counter()
    for line in lines:
        paid[line.payer] += line.amount_fen
        of_item[line.payer, booked.budget_item(line), line.street_id] += line.amount_fen
    vouchers = vouchers_of(lines, booked)
    assert [voucher["payer"] for voucher in vouchers] == sorted(paid)
    for voucher in vouchers:
        entries = voucher["entries"]
        assert sum(entry["debit_fen"] for entry in entries) == sum(entry["credit_fen"] for entry in entries)
        assert all(min(entry["debit_fen"], entry["credit_fen"]) == 0 for entry in entries)
        assert all(max(entry["debit_fen"], entry["credit_fen"]) >= 0 for entry in entries)
        *items, payable = entries
        assert payable["account"] == PAYABLE
        assert payable["credit_fen"] - payable["debit_fen"] == paid[voucher["payer"]]
        for entry in items:
            key = (voucher["payer"], entry["account"], entry["street_id"])
            assert entry["debit_fen"] - entry["credit_fen"] == of_item.pop(key)
    assert not any(of_item.values())


@settings(max_examples=50, deadline=None, derandomize=True, database=None)
@given(st.lists(LINES, max_size=20), st.randoms())
def test_the_order_of_the_lines_changes_no_voucher(lines: list[Line], chance: st.randoms) -> None:
    mixed = list(lines)
    chance.shuffle(mixed)
    assert vouchers_of(mixed, booking()) == vouchers_of(lines, booking())


def line(worker_id: str, month: str, item: str, payer: str = "city/chibi") -> Line:
    return Line(
        number=1,
        worker_id=worker_id,
        service_month=month,
        payable_month=month,
        item=item,
        post="head",
        community_id="north",
        street_id="first",
        payer=payer,
        due_fen=0,
        paid_fen=0,
        amount_fen=1,
    )


@pytest.mark.parametrize(
    ("worker_id", "month", "item", "account"),
    [
        ("old", "2020-10", "basic", "30199"),
        ("converted", "2020-08", "basic", "30199"),
        ("converted", "2020-09", "basic", "30101"),
        ("old", "2020-10", "allowance", "30102"),
        ("voided", "2020-10", "basic", "30101"),
    ],
    ids=["old scheme", "before the conversion", "in its month", "the old scheme is silent", "no hire holds"],
)
def test_a_line_is_booked_as_the_policy_of_its_service_month_says(
    worker_id: str, month: str, item: str, account: str
) -> None:
    """Old people old rule, new people new rule: also for what is paid years later."""
    assert booking().budget_item(line(worker_id, month, item)) == account


def test_what_is_taken_off_a_worker_is_withheld_from_what_is_payable() -> None:
    """Rule 19: no budget bears it, and the worker gets so much less."""
    taken = msgspec.structs.replace(line("old", "2020-10", "pension_own", WORKER), amount_fen=-29_918)
    (voucher,) = vouchers_of([taken], booking())
    assert [(entry["account"], entry["debit_fen"], entry["credit_fen"]) for entry in voucher["entries"]] == [
        (WITHHELD, 0, 29_918),
        (PAYABLE, 29_918, 0),
    ]
