"""Runs: drafted, approved, closed through the ledger; each pays the difference and never touches a closed one."""

from decimal import Decimal

import msgspec
import pytest
from tests.payroll.feeding import caller, close_month, opened, payroll_over
from tests.payroll.working import policy, without_remainder

from payroll.booking import Booking, vouchers_of
from payroll.engine import month_number
from payroll.engines import ENGINES, FIRST_ENGINE
from payroll.ledger_acts import LedgerSaidNo
from payroll.runs import Payroll
from payroll.settlement import digest_of, settle, summed
from shared.events import RunApproved
from shared.policy_document import Base, FundingRule, Ladder, Level, Mode, Performance, Rounding, Unit
from shared.refusal import Refused

pytestmark = pytest.mark.campaign


def closed_lines(payroll: Payroll, month: str):
    run = payroll.run("chibi", month, 1, payroll.projection.position)
    assert run.closed_act is not None
    return payroll.projection.closed_lines(run.closed_act.position)


def amounts(lines):
    return [(line.worker_id, line.service_month, line.payer, line.amount_fen) for line in lines]


def two_months_closed():
    log = opened()
    log.hire("chen", "2020-10-01", "head", 18)
    log.hire("li", "2020-10-12")
    payroll = payroll_over(log)
    close_month(payroll, "2020-10")
    close_month(payroll, "2020-11")
    return log, payroll


def test_a_month_is_drafted_approved_and_closed_and_its_lines_are_kept():
    log = opened()
    log.hire("chen", "2020-10-01", "head", 18)
    payroll = payroll_over(log)
    close_month(payroll, "2020-10")
    assert amounts(closed_lines(payroll, "2020-10")) == [
        ("chen", "2020-10", "city/chibi", 336_210),
        ("chen", "2020-10", "community/north", 72_045),
        ("chen", "2020-10", "street/first", 72_045),
    ]


def test_payers_add_up_to_the_lines_and_the_digest_to_the_event():
    """F16: Σ payers = Σ lines = the total in the log."""
    _, payroll = two_months_closed()
    lines, closed = closed_lines(payroll, "2020-10"), payroll.run("chibi", "2020-10", 1, 99).closed_act.event
    assert summed(lines, "payer") == closed.payers
    assert sum(closed.payers.values()) == closed.total_fen == sum(line.amount_fen for line in lines)
    assert (len(lines), digest_of(lines)) == (closed.lines, closed.digest)


def test_a_late_event_leaves_closed_lines_as_they_are_and_is_paid_as_a_difference():
    """F06, F32 and P12: a retroactive change is a new line of an open run; the closed bytes do not change."""
    log, payroll = two_months_closed()
    before = [msgspec.json.encode(closed_lines(payroll, month)) for month in ("2020-10", "2020-11")]
    log.regrade("li", "2020-11-01", 4)
    close_month(payroll, "2020-12")
    assert before == [msgspec.json.encode(closed_lines(payroll, month)) for month in ("2020-10", "2020-11")]
    mine = [line for line in closed_lines(payroll, "2020-12") if line.worker_id == "li"]
    assert amounts(mine) == [
        ("li", "2020-11", "city/chibi", 294_700 - 262_000),
        ("li", "2020-12", "city/chibi", 294_700),
    ]
    assert mine[0].worked_out.endswith("due now 2947.00 less 2620.00 paid before → 327.00")


def test_a_base_published_in_june_for_january_is_paid_as_differences_for_each_month():
    """F07: every line says for which month and in which run; both views add up to the same."""
    log, payroll = two_months_closed()
    for month in ("2020-12", "2021-01", "2021-02"):
        close_month(payroll, month)
    log.publish_base("2021-01-01", "60000.00")
    close_month(payroll, "2021-03")
    lines = [line for line in closed_lines(payroll, "2021-03") if line.worker_id == "li"]
    assert amounts(lines) == [
        ("li", "2021-01", "city/chibi", 26_000),
        ("li", "2021-02", "city/chibi", 26_000),
        ("li", "2021-03", "city/chibi", 288_000),
    ]
    months = ("2020-10", "2020-11", "2020-12", "2021-01", "2021-02", "2021-03")
    everything = [line for month in months for line in closed_lines(payroll, month)]
    known = payroll.projection.known("chibi", payroll.projection.position)
    due = known.due("2020-10", "2021-03").entries
    for month in months:
        paid_for_month = sum(line.amount_fen for line in everything if line.service_month == month)
        assert paid_for_month == due.amount_fen[due.service_month == month_number(month)].sum()
    assert len(settle(known, "2021-03").rows) == 0


def test_a_change_of_community_takes_back_from_the_old_payers_what_the_new_ones_pay():
    log, payroll = two_months_closed()
    log.transfer("chen", "2020-11-01", "south")
    close_month(payroll, "2020-12")
    november = [line for line in closed_lines(payroll, "2020-12") if line.service_month == "2020-11"]
    assert {(line.community_id, line.payer): line.amount_fen for line in november} == {
        ("north", "city/chibi"): -336_210,
        ("north", "community/north"): -72_045,
        ("north", "street/first"): -72_045,
        ("south", "city/chibi"): 336_210,
        ("south", "community/south"): 72_045,
        ("south", "street/second"): 72_045,
    }


def test_another_split_of_last_year_moves_money_between_payers_and_nobodys_pay():
    """F19, rule 4: 60 % instead of 70 % from the city since October: transfers that add up to nothing a person."""
    log, payroll = two_months_closed()
    document = policy("chibi-2020")
    committee = msgspec.structs.replace(document.funding[0], shares={Level.CITY: Decimal("0.60")})
    log.enact("2020-10-01", msgspec.structs.replace(document, funding=(committee, *document.funding[1:])))
    close_month(payroll, "2020-12")
    past = [line for line in closed_lines(payroll, "2020-12") if line.service_month != "2020-12"]
    assert {line.worker_id for line in past} == {"chen"}
    assert [(line.service_month, line.payer, line.amount_fen) for line in past] == [
        (month, payer, fen)
        for month in ("2020-10", "2020-11")
        for payer, fen in (("city/chibi", -48_030), ("community/north", 24_015), ("street/first", 24_015))
    ]
    vouchers = vouchers_of(past, Booking(payroll.projection.known("chibi", payroll.projection.position)))
    for side in ("debit_fen", "credit_fen"):
        assert sum(entry[side] for one in vouchers for entry in one["entries"]) == 2 * 96_060
    assert all(sum(e["debit_fen"] - e["credit_fen"] for e in one["entries"]) == 0 for one in vouchers)


def test_a_voided_hire_is_taken_back_in_full():
    """F32: what a void undoes appears as new lines."""
    log = opened()
    hired = log.hire("li", "2020-10-01")
    payroll = payroll_over(log)
    close_month(payroll, "2020-10")
    log.void(hired)
    close_month(payroll, "2020-11")
    assert amounts(closed_lines(payroll, "2020-11")) == [("li", "2020-10", "city/chibi", -262_000)]


def test_suspense_keeps_the_month_from_closing_and_says_for_whom():
    """F20: no rule for the remainder, so the amount is listed and the month refuses to close."""
    log = opened(funding=without_remainder())
    log.hire("chen", "2020-10-01", "head", 18)
    payroll = payroll_over(log)
    with pytest.raises(Refused) as refused:
        close_month(payroll, "2020-10")
    assert refused.value.code == "run-blocked"
    assert refused.value.extra["blockers"] == ["suspense: 1440.90 for head in north: no funding rule names who pays it"]


def test_service_under_no_rule_keeps_the_month_from_closing():
    log = opened()
    log.hire("chen", "2020-10-01", "head", 40)
    payroll = payroll_over(log)
    with pytest.raises(Refused, match="no-rule: chen in 2020-10"):
        close_month(payroll, "2020-10")


def test_a_month_before_which_another_is_open_is_blocked():
    payroll = payroll_over(opened())
    with pytest.raises(Refused, match="months-in-order: 2020-10 is not closed"):
        close_month(payroll, "2020-11")


def test_an_approval_after_something_changed_is_refused_with_the_difference():
    log = opened()
    log.hire("li", "2020-10-01")
    payroll = payroll_over(log)
    payroll.draft("chibi", "2020-10", caller("d"))
    digest = payroll.run("chibi", "2020-10", 1, 99).drafted.digest
    log.hire("wu", "2020-10-01")
    with pytest.raises(Refused) as refused:
        payroll.approve("chibi", "2020-10", 1, digest, caller("a"))
    assert (refused.value.code, refused.value.extra["difference"]) == ("run-moved", {"lines": 1, "total": "2620.00"})


def test_what_is_recorded_after_the_approval_does_not_move_the_closed_lines():
    log = opened()
    log.hire("li", "2020-10-01")
    payroll = payroll_over(log)
    payroll.draft("chibi", "2020-10", caller("d"))
    payroll.approve("chibi", "2020-10", 1, payroll.run("chibi", "2020-10", 1, 99).drafted.digest, caller("a"))
    log.hire("wu", "2020-10-01")
    payroll.close("chibi", "2020-10", 1, caller("c"))
    assert amounts(closed_lines(payroll, "2020-10")) == [("li", "2020-10", "city/chibi", 262_000)]


def test_a_draft_from_before_an_earlier_close_would_pay_twice_and_is_refused():
    log = opened()
    log.hire("li", "2020-10-01")
    payroll = payroll_over(log)
    payroll.draft("chibi", "2020-11", caller("d"))
    unblocked = msgspec.structs.replace(log.events[-1].event, blockers=())
    log.write("run/chibi/2020-11/1", "2020-11-01", unblocked)
    log.write("run/chibi/2020-11/1", "2020-11-01", RunApproved(digest=unblocked.digest))
    close_month(payroll, "2020-10")
    with pytest.raises(Refused, match="run-moved"):
        payroll.close("chibi", "2020-11", 1, caller("c"))


def test_a_month_is_worked_out_for_its_draft_and_once_more_for_its_close(monkeypatch: pytest.MonkeyPatch):
    """F37: an approval finds that nothing moved; the lines kept are those that the close was checked by."""
    log = opened()
    log.hire("li", "2020-10-01")
    payroll, worked_out = payroll_over(log), []

    def counted(known, month):
        worked_out.append(settle(known, month))
        return worked_out[-1]

    monkeypatch.setitem(ENGINES, FIRST_ENGINE, counted)
    close_month(payroll, "2020-10")
    assert len(worked_out) == 2
    assert closed_lines(payroll, "2020-10") == list(worked_out[0].explained())


def test_a_close_keeps_what_is_due_after_another_close_came_first():
    """P12: what the close was checked by is not kept where another run paid in between."""
    log = opened()
    log.hire("li", "2020-10-01")
    payroll = payroll_over(log)
    head = payroll.projection.catch_up(log)
    checked = settle(payroll.projection.known("chibi", head), "2020-11")
    close_month(payroll, "2020-10")
    november = settle(payroll.projection.known("chibi", head, paid_up_to=log.head()), "2020-11")
    closed = payroll.run("chibi", "2020-10", 1, log.head()).closed_act.event
    log.write(
        "run/chibi/2020-11/1", "2020-11-30", msgspec.structs.replace(closed, month="2020-11", digest=november.digest)
    )
    with payroll.projection.expecting(FIRST_ENGINE, 1, checked):
        payroll.projection.catch_up(log)
    assert [line.service_month for line in checked.lines] == ["2020-10", "2020-11"]
    assert [line.service_month for line in closed_lines(payroll, "2020-11")] == ["2020-11"]


def test_the_same_requests_sent_again_say_the_same_to_the_ledger():
    log = opened()
    log.hire("li", "2020-10-01")
    payroll = payroll_over(log)
    ledger = payroll.ledger.client._transport.handler
    for _ in range(2):
        payroll.draft("chibi", "2020-10", caller("d"))
    digest = payroll.run("chibi", "2020-10", 1, 99).drafted.digest
    for _ in range(2):
        payroll.approve("chibi", "2020-10", 1, digest, caller("a"))
    for _ in range(2):
        payroll.close("chibi", "2020-10", 1, caller("c"))
    payroll.draft("chibi", "2020-10", caller("d"))
    bodies = [request.content for request in ledger.requests]
    assert bodies[0:6:2] == bodies[1:6:2]
    assert bodies[6] == bodies[0]


def test_the_ledgers_refusal_is_passed_on():
    log = opened()
    payroll = payroll_over(log)
    payroll.draft("chibi", "2020-10", caller("d"))
    with pytest.raises(LedgerSaidNo) as refused:
        payroll.approve("chibi", "2020-10", 1, "0" * 64, caller("a"))
    assert refused.value.response.headers["X-Seen"] == "ledger"


def test_a_month_before_payroll_opened_is_refused():
    with pytest.raises(Refused, match="months-in-order"):
        payroll_over(opened()).draft("chibi", "2020-09", caller("d"))


def test_a_line_says_how_it_was_worked_out():
    log = opened()
    log.hire("chen", "2020-10-12", "head", 7)
    log.qualify("chen", "2020-10-20", "senior")
    payroll = payroll_over(log)
    close_month(payroll, "2020-10")
    close_month(payroll, "2020-11")
    assert closed_lines(payroll, "2020-10")[0].worked_out == (
        "3638.67 × 0.90 → 3275.00 a month; 20 of 31 days → 2112.90; city 70 % → 1479.03"
    )
    assert closed_lines(payroll, "2020-11")[3].worked_out == ("senior certificate: 300.00 a month; city 70 % → 210.00")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"line_rounding": Rounding(to=Unit.YUAN, mode=Mode.DOWN)},
            "3638.67 × 0.87 → 3166.00 a month; 10 of 31 days → 1021.2903…, rounded down to whole yuan and shared out "
            "with the month's other parts → 1021.00; city 70 % → 714.70",
        ),
        (
            {"line_rounding": Rounding(mode=Mode.UP)},
            "3638.67 × 0.87 → 3166.00 a month; 10 of 31 days → 1021.2903…, rounded up to the fen and shared out "
            "with the month's other parts → 1021.30; city 70 % → 714.91",
        ),
    ],
)
def test_a_line_names_its_rounding_and_arrives_at_its_amount(changes, words):
    log = opened(**changes)
    log.hire("chen", "2020-10-12", "head", 6)
    log.transfer("chen", "2020-10-22", "south")
    payroll = payroll_over(log)
    close_month(payroll, "2020-10")
    assert closed_lines(payroll, "2020-10")[0].worked_out == words


def test_a_line_says_when_a_whole_month_is_rounded_and_what_several_segments_come_to_together():
    base = Base(average_annual_wage=Decimal("54580.00"), share=Decimal("0.80"), rounding=None)
    coefficients = {1: Decimal("0.7231"), 2: Decimal("0.75")}
    exact = Ladder(base=base, coefficients=coefficients, full_month_rounding=None)
    performance = Performance(share=Decimal("0.2"), factors={"excellent": Decimal("1.5")})
    halves = {Level.CITY: Decimal("0.5"), Level.STREET: Decimal("0.5")}
    funding = (FundingRule(posts=("dedicated",), shares=halves),)
    log = opened(ladder=exact, bands={}, performance=performance, funding=funding)
    log.hire("li", "2020-10-01")
    log.regrade("li", "2020-11-11", 2)
    payroll = payroll_over(log)
    close_month(payroll, "2020-10")
    close_month(payroll, "2020-11")
    assert closed_lines(payroll, "2020-10")[0].worked_out == (
        "3638.6666… × 0.7231 → 2631.1198… a month, of which 80 % basic → 2104.8958… a month, "
        "rounded half up to the fen → 2104.90; city 50 % → 1052.45"
    )
    # 175.4079… + 363.8666… = 539.2746… → 539.27; the fen that 175.40 + 363.86 leave goes to the larger remainder
    assert closed_lines(payroll, "2020-11")[3].worked_out == (
        "3638.6666… × 0.7231 → 2631.1198… a month, of which 20 % performance × 1 (no rating) → 526.2239… a month; "
        "10 of 30 days → 175.41; street 50 % → 87.7050, shared out with the other payers → 87.70; "
        "3638.6666… × 0.75 → 2729.00 a month, of which 20 % performance × 1 (no rating) → 545.80 a month; "
        "20 of 30 days → 363.8666…, rounded half up to the fen and shared out with the month's other parts → 363.86; "
        "street 50 % → 181.93; together → 269.63"
    )
