"""Where a line and a person's whole month are rounded, each the way that the rules of its month say."""

from decimal import Decimal
from fractions import Fraction
from itertools import product
from math import ceil, floor

import numpy as np
import pytest
from tests.payroll.working import by_month, enacted, hire, work_out

from payroll.engine.kernel import rounded
from shared.policy_document import Additive, Axis, Mode, PayItem, PayTable, Performance, Rhythm, Rounding, Unit

WAYS = (lambda exact: floor(exact + Fraction(1, 2)), floor, ceil)


@pytest.mark.parametrize("modes", [(0,), (1,), (2,), (0, 1), (1, 2), (0, 1, 2)])
def test_a_column_of_figures_is_rounded_each_its_own_way(modes):
    """Half up, down or up, to the fen or the yuan, also where products are wider than 64 bits."""
    rows = list(product((0, 1, 2, 3, 49, 50, 51, 149, 150, 100, 200, 7 * 10**12), (1, 2, 3), (1, 100), modes))
    numerator, denominator, unit, mode = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    expected = [WAYS[way](Fraction(n, d * whole)) * whole for n, d, whole, way in rows]
    assert rounded(numerator, denominator, unit, mode).tolist() == expected
    assert rounded(numerator.astype(object), denominator.astype(object), unit, mode).tolist() == expected


def three_items(basic, performance, allowance, total, /, **changes):
    """Fixed amounts of three items, yuan, and the rounding of the whole month."""
    tables = {
        item.value: PayTable(by=(Axis.POST,), item=item, monthly={"head": Decimal(yuan)})
        for item, yuan in zip(
            (PayItem.BASIC, PayItem.PERFORMANCE, PayItem.ALLOWANCE), (basic, performance, allowance), strict=True
        )
    }
    parts = {"ladder": None, "bands": {}, "certificate_allowance": None, "performance": None}
    return {**parts, "additive": Additive(tables=tables), "total_rounding": total, **changes}


def october(*rules):
    """Fen of the three items in October 2020, by the documents in force from 1 September and then from 1 October."""
    days = ("2020-09-01", "2020-10-01")[: len(rules)]
    enactments = [enacted("chibi-2020", day, **each) for day, each in zip(days, rules, strict=True)]
    rows = hire("bo", "2020-09-01", "head") + hire("li", "2020-09-01", "head")
    found = work_out(rows, enactments, months=("2020-09", "2020-10"))
    items = [by_month(found, item) for item in ("basic", "performance", "allowance")]
    assert all(each.get(("li", "2020-10")) == each.get(("bo", "2020-10")) for each in items)
    return tuple(each.get(("li", "2020-10"), 0) for each in items)


HALF_YEARLY = Performance(share=Decimal(0), factors={}, rhythm=Rhythm.HALF_YEARLY, paid_in=(2, 8))
NO_TOTAL = three_items("10.10", "5.20", "1.25", None)
TO_THE_FEN = three_items("10.10", "5.20", "1.25", Rounding(to=Unit.FEN, mode=Mode.UP))


@pytest.mark.parametrize(
    ("yuan", "mode", "fen"),
    [
        (("10.10", "5.20", "1.25"), Mode.HALF_UP, (1_055, 520, 125)),
        (("10.10", "5.20", "1.25"), Mode.DOWN, (955, 520, 125)),
        (("5.20", "10.10", "1.25"), Mode.UP, (520, 1_055, 125)),
        (("5.20", "5.20", "5.20"), Mode.DOWN, (460, 520, 520)),
        (("5.00", "4.00", "3.00"), Mode.UP, (500, 400, 300)),
        (("0.42", "0.28", "0"), Mode.DOWN, (0, 0, 0)),
        (("0.42", "0.28", "0"), Mode.UP, (72, 28, 0)),
        (("0.02", "0.01", "0"), Mode.HALF_UP, (0, 0, 0)),
        (("0.67", "0.66", "0.66"), Mode.DOWN, (100, 0, 0)),
    ],
)
def test_a_whole_month_goes_to_whole_yuan_and_the_largest_line_bears_it_but_never_below_nothing(yuan, mode, fen):
    """Of equals the first bears it; where it would fall below nothing, all of the whole month is on that line."""
    rules = three_items(*yuan, Rounding(to=Unit.YUAN, mode=mode))
    for before in ((), (NO_TOTAL,), (TO_THE_FEN,)):
        assert october(*before, rules) == fen
    assert october(rules, NO_TOTAL) == october(rules, TO_THE_FEN) == (1_010, 520, 125)


def test_a_performance_part_that_is_paid_in_another_month_is_a_total_of_its_own():
    """Rule 16: 10.10 + 1.25 = 11.35 → 12, and 5.20 → 6 apart; together 16.55 → 17."""
    up = Rounding(to=Unit.YUAN, mode=Mode.UP)
    assert october(three_items("10.10", "5.20", "1.25", up, performance=HALF_YEARLY)) == (1_075, 600, 125)
    monthly = Performance(share=Decimal(0), factors={})
    assert october(three_items("10.10", "5.20", "1.25", up, performance=monthly)) == (1_055, 520, 125)


def test_a_whole_month_may_be_rounded_to_the_fen_which_it_is_already():
    assert october(TO_THE_FEN) == october(NO_TOTAL) == (1_010, 520, 125)
