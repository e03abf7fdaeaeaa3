"""A closed run is handed over to finance as vouchers, which finance acknowledges line by line."""

import threading
from typing import Any

import pytest
from tests.ledger.given import Town, command
from tests.ledger.test_run import FIGURES, FINANCE, WHICH, approve, close, draft

pytestmark = pytest.mark.campaign

CITY, STREET = "city/chibi", "street/puqi"
PAYERS = {CITY: 500_000, STREET: -20_000}
VOUCHERS = [
    {
        "payer": CITY,
        "entries": [
            {"account": "30101", "street_id": "puqi", "debit_fen": 510_000, "credit_fen": 0},
            {"account": "30107", "street_id": "puqi", "debit_fen": 0, "credit_fen": 10_000},
            {"account": "payable", "street_id": "", "debit_fen": 0, "credit_fen": 500_000},
        ],
    },
    {
        "payer": STREET,
        "entries": [
            {"account": "30101", "street_id": "puqi", "debit_fen": 0, "credit_fen": 20_000},
            {"account": "payable", "street_id": "", "debit_fen": 20_000, "credit_fen": 0},
        ],
    },
]
A_FEN_MORE = {**VOUCHERS[0]["entries"][2], "credit_fen": 500_001}
ONE_MORE = {**VOUCHERS[0]["entries"][0], "debit_fen": 510_001}
BOOKED = [{"entry": 1, "booked_fen": 510_000}, {"entry": 2, "booked_fen": 10_000}, {"entry": 3, "booked_fen": 500_000}]
RUN = {name: WHICH[name] for name in ("jurisdiction", "month", "sequence")}


def closed_month(town: Town, month: str = "2020-10") -> None:
    figures = {"month": month, "payers": PAYERS, "total_fen": 480_000, "at_position": town.store.head()}
    draft(town, **figures)
    approve(town, month=month)
    close(town, **figures)


@pytest.fixture
def closed(town: Town) -> Town:
    town.give("payroll-openings", jurisdiction="chibi", first_month="2020-10")
    closed_month(town)
    return town


def hand_over(town: Town, **fields: Any) -> dict[str, Any]:
    return town.give("run-hand-overs", **{"who": FINANCE, **WHICH, "at_position": 7, "vouchers": VOUCHERS, **fields})


def acknowledge(town: Town, voucher_id: str = f"2020/1/{CITY}", **fields: Any) -> dict[str, Any]:
    wish = {"who": FINANCE, **RUN, "voucher_id": voucher_id, "entries": BOOKED, **fields}
    return town.give("run-acknowledgements", **wish)


def of_street(number: int = 1) -> dict[str, Any]:
    booked = [{"entry": 1, "booked_fen": 20_000}, {"entry": 2, "booked_fen": 20_000}]
    return {"voucher_id": f"2020/{number}/{STREET}", "entries": booked}


def numbers(town: Town) -> list[str]:
    events = [recorded.event for recorded in town.store.stream("vouchers/chibi")]
    return [voucher_id for event in events for voucher_id in getattr(event, "voucher_ids", ())]


def test_a_closed_run_is_handed_over_once_as_numbered_vouchers(closed: Town) -> None:
    hand_over(closed)
    assert numbers(closed) == [f"2020/1/{CITY}", f"2020/1/{STREET}"]
    event = closed.store.stream("run/chibi/2020-10/1")[-1].event
    assert [len(voucher.entries) for voucher in event.vouchers] == [3, 2]
    found = closed.refuse("already-there", "run-hand-overs", who=FINANCE, **WHICH, at_position=7, vouchers=VOUCHERS)
    assert found["extra"] == {"stage": "handed-over", "allowed": ["acknowledge"]}


def test_only_a_closed_run_is_handed_over(town: Town) -> None:
    """F26: 409 with what can be done instead."""
    town.give("payroll-openings", jurisdiction="chibi", first_month="2020-10")
    draft(town)
    found = town.refuse("run-not-closed", "run-hand-overs", who=FINANCE, **WHICH, at_position=7, vouchers=VOUCHERS)
    assert (found["status"], found["extra"]["allowed"]) == (409, ["draft", "approve"])
    approve(town)
    found = town.refuse("run-not-closed", "run-hand-overs", who=FINANCE, **WHICH, at_position=7, vouchers=VOUCHERS)
    assert found["extra"]["allowed"] == ["draft", "close"]


def test_numbers_go_on_with_the_next_month_and_begin_anew_with_the_year(closed: Town) -> None:
    """F24: per payer and year."""
    hand_over(closed)
    acknowledge(closed)
    acknowledge(closed, **of_street())
    for month in ("2020-11", "2020-12", "2021-01"):
        closed_month(closed, month)
    for month in ("2021-01", "2020-12", "2020-11"):
        hand_over(closed, month=month)
    assert numbers(closed)[::2] == [f"2020/1/{CITY}", f"2021/1/{CITY}", f"2020/2/{CITY}", f"2020/3/{CITY}"]


@pytest.mark.parametrize(
    "vouchers",
    [
        VOUCHERS[:1],
        [*VOUCHERS, VOUCHERS[0]],
        [{**VOUCHERS[0], "entries": VOUCHERS[0]["entries"][:2]}, VOUCHERS[1]],
        [{**VOUCHERS[0], "entries": [*VOUCHERS[0]["entries"][:2], A_FEN_MORE]}, VOUCHERS[1]],
        [{**VOUCHERS[0], "entries": [ONE_MORE, VOUCHERS[0]["entries"][1], A_FEN_MORE]}, VOUCHERS[1]],
        [{**VOUCHERS[0], "payer": "city/xianning"}, VOUCHERS[1]],
    ],
    ids=[
        "a payer left out",
        "a payer twice",
        "no credit side",
        "a fen too much",
        "a fen more on both sides",
        "of another payer",
    ],
)
def test_what_does_not_balance_is_not_handed_over(closed: Town, vouchers: list[dict[str, Any]]) -> None:
    """F23, P11: debit = credit for each payer, and what is payable is what the payer pays in the closed run."""
    closed.refuse("voucher-unbalanced", "run-hand-overs", who=FINANCE, **WHICH, at_position=7, vouchers=vouchers)


def test_a_run_is_acknowledged_once_every_voucher_is_booked_as_it_was_sent(closed: Town) -> None:
    """F25."""
    found = closed.refuse(
        "run-not-handed-over", "run-acknowledgements", who=FINANCE, **RUN, voucher_id=f"2020/1/{CITY}", entries=[]
    )
    assert found["extra"]["allowed"] == ["hand-over"]
    hand_over(closed)
    acknowledge(closed)
    closed.refuse(
        "already-there", "run-acknowledgements", who=FINANCE, **RUN, voucher_id=f"2020/1/{CITY}", entries=BOOKED
    )
    acknowledge(closed, **of_street())
    closed_month(closed, "2020-11")


@pytest.mark.parametrize(
    ("entries", "different"),
    [
        ([{**BOOKED[0], "booked_fen": 509_999, "reason": "舍入"}, *BOOKED[1:]], [(1, 510_000, 509_999, "舍入")]),
        (BOOKED[:2], [(3, 500_000, 0, "")]),
    ],
    ids=["a fen less", "not booked"],
)
def test_a_difference_of_one_fen_blocks_the_next_close(
    closed: Town, entries: list[dict[str, Any]], different: list[tuple[int, int, int, str]]
) -> None:
    """F25: until finance says that it booked what was sent."""
    hand_over(closed)
    acknowledge(closed, **of_street())
    acknowledge(closed, entries=entries)
    event = closed.store.stream("run/chibi/2020-10/1")[-1].event
    assert [(one.entry, one.sent_fen, one.booked_fen, one.reason) for one in event.differences] == different
    november = {**WHICH, **FIGURES, "month": "2020-11", "payers": PAYERS, "at_position": closed.store.head()}
    draft(closed, **{**november, "suspense_fen": 0})
    approve(closed, month="2020-11")
    found = closed.refuse("run-blocked", "run-closures", who=FINANCE, **november)
    assert found["extra"]["blockers"] == [f"difference-open: finance booked 1 lines of voucher 2020/1/{CITY} otherwise"]
    acknowledge(closed)
    close(closed, **november)


def test_a_batch_that_finance_does_not_answer_blocks_the_next_close(closed: Town) -> None:
    hand_over(closed)
    acknowledge(closed)
    november = {**WHICH, **FIGURES, "month": "2020-11", "payers": PAYERS, "at_position": closed.store.head()}
    draft(closed, **{**november, "suspense_fen": 0})
    approve(closed, month="2020-11")
    found = closed.refuse("run-blocked", "run-closures", who=FINANCE, **november)
    assert found["extra"]["blockers"][0].startswith("unacknowledged-batch: ")


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"voucher_id": f"2020/2/{CITY}"}, "/voucher_id"),
        ({"entries": [*BOOKED, {"entry": 4, "booked_fen": 1}]}, "/entries"),
        ({"entries": [*BOOKED, BOOKED[0]]}, "/entries"),
    ],
    ids=["no such voucher", "no such line", "a line twice"],
)
def test_only_what_was_sent_is_acknowledged(closed: Town, fields: dict[str, Any], pointer: str) -> None:
    hand_over(closed)
    wish = {**RUN, "voucher_id": f"2020/1/{CITY}", "entries": BOOKED, **fields}
    assert closed.refuse("unknown-voucher", "run-acknowledgements", who=FINANCE, **wish)["pointer"] == pointer


def test_eight_exporters_at_once_leave_no_hole_in_the_numbers(each_town: Town) -> None:
    """F24: on whichever month each of them works, also twice on the same."""
    closed, months = each_town, ["2020-10", "2020-11", "2020-12", "2021-01", "2021-02", "2021-03"]
    closed.give("payroll-openings", jurisdiction="chibi", first_month="2020-10")
    for month in months:
        closed_month(closed, month)
    answers: list[int] = []

    def export(month: str) -> None:
        wish = command("2021-04-01", **{**WHICH, "month": month, "at_position": 7, "vouchers": VOUCHERS})
        answers.append(closed.send("run-hand-overs", wish, who=FINANCE).status_code)

    exporters = [threading.Thread(target=export, args=(month,)) for month in [*months, *months[:2]]]
    for exporter in exporters:
        exporter.start()
    for exporter in exporters:
        exporter.join()
    assert sorted(answers) == [201] * 6 + [409] * 2
    for payer in (CITY, STREET):
        mine = sorted(voucher_id for voucher_id in numbers(closed) if voucher_id.endswith(payer))
        assert mine == [f"{year}/{number}/{payer}" for year in (2020, 2021) for number in (1, 2, 3)]
