"""The golden payslips of the Chibi ladder: every grade of every post's band, a whole month, who pays what.

`chibi_ladder.csv` is worked by hand from the table of published and reconstructed pay in the domain notes (§2): the
pay of the grade; of a committee post 70 % city and, of the other 30 %, half street and half community, which is always
a whole number of fen because the pay is whole yuan; of a dedicated worker all city. No line of it came from the engine.
"""

import csv
from pathlib import Path

import pytest
from tests.oracle import pay
from tests.oracle.beside import engine_due
from tests.oracle.logs import CITY, Log, policy

from shared.money import fen

PAYSLIPS = list(csv.DictReader((Path(__file__).parent / "chibi_ladder.csv").read_text(encoding="utf-8").splitlines()))
COLUMNS = {"city/chibi": "city", "street/puqi": "street", "community/beishan": "community"}


@pytest.fixture(scope="module")
def log():
    """One worker for each payslip, in Beishan community of Puqi street, all of October 2020."""
    log = Log()
    log.places()
    log.enact(policy("chibi-2020"), "2020-09-18")
    log.open_payroll("2020-10")
    for slip in PAYSLIPS:
        log.hire(f"{slip['post']}-{slip['grade']}", "2020-10-01", slip["post"], int(slip["grade"]))
    return log


@pytest.fixture(scope="module")
def engine(log):
    return engine_due(log.events, "2020-10")


@pytest.fixture(scope="module")
def oracle(log):
    return pay.due(log.events, CITY, "2020-10", log.position)


def payslip(due, slip):
    """The payslip of the table's worker, as a row of the table."""
    paid = {key.payer: amount for key, amount in due.items() if key.worker == f"{slip['post']}-{slip['grade']}"}
    assert paid.keys() <= COLUMNS.keys()
    return {"pay": sum(paid.values()), **{column: paid.get(payer, 0) for payer, column in COLUMNS.items()}}


@pytest.mark.parametrize("slip", PAYSLIPS, ids=lambda slip: f"{slip['post']}-{slip['grade']}")
def test_a_payslip_is_as_worked_by_hand(slip, engine, oracle):
    by_hand = {column: fen(slip[column]) for column in ("pay", "city", "street", "community")}
    assert payslip(engine, slip) == by_hand
    assert payslip(oracle, slip) == by_hand


def test_the_table_has_every_grade_of_every_band_once():
    bands = {post: (band.lowest, band.highest) for post, band in policy("chibi-2020").bands.items()}
    expected = [(post, grade) for post, (low, high) in bands.items() for grade in range(low, high + 1)]
    assert [(slip["post"], int(slip["grade"])) for slip in PAYSLIPS] == expected
    assert len(expected) == 48


def test_the_published_pay_of_a_newcomer_and_of_the_highest_grade_are_in_it():
    found = {(int(slip["grade"]), slip["post"]): slip for slip in PAYSLIPS}
    assert found[1, "dedicated"]["pay"] == "2620.00"
    assert found[18, "head"] == {
        "post": "head",
        "grade": "18",
        "pay": "4803.00",
        "city": "3362.10",
        "street": "720.45",
        "community": "720.45",
    }
    assert fen("720.45") * 2 == fen("1440.90")
