"""Segments of a month: which is its last, and which are not a whole month."""

from dataclasses import fields
from random import Random

import numpy as np
import pytest
from tests.payroll.working import enacted, fact, hire, work_out

from payroll.engine import FactKind
from payroll.engine.segments import Segments


def segments(rows):
    """Segments of (worker, month, start, days, days of the month); the rest is nought."""
    columns = dict(zip(("worker", "month", "start", "days", "month_days"), zip(*rows, strict=True), strict=True))
    nought = np.zeros(len(rows), dtype=np.int64)
    return Segments(
        **{field.name: np.array(columns.get(field.name, nought), dtype=np.int64) for field in fields(Segments)}
    )


@pytest.mark.parametrize("seed", range(20))
def test_the_last_segment_of_a_month_is_the_one_before_another_month_or_person(seed):
    random = Random(seed)
    months = sorted((random.randint(0, 2), random.randint(600, 602)) for _ in range(random.randint(1, 9)))
    found = segments([(worker, month, place, 1, 30) for place, (worker, month) in enumerate(months)])
    last = {key: place for place, key in enumerate(months)}
    assert found.last_of_month().tolist() == [last[key] for key in months]


def test_without_segments_there_is_no_last_one():
    nothing = work_out(hire("li", "2021-01-01"), [enacted("chibi-2020", "2020-09-18")], months=("2020-10", "2020-10"))
    assert len(nothing.segments) == len(nothing.segments.last_of_month()) == len(nothing.segments.partial()) == 0


def test_parts_of_months_are_told_in_the_order_of_their_days():
    rows = hire("an", "2020-11-05") + hire("li", "2020-10-12") + fact("li", FactKind.GRADE, "2020-12-10", 2)
    found = work_out(rows, [enacted("chibi-2020", "2020-09-18")], months=("2020-10", "2020-12")).segments
    parts = [(int(found.month[row]), int(found.days[row])) for row in found.partial()]
    assert parts == [(609, 20), (610, 26), (611, 9), (611, 22)]
