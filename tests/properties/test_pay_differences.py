"""What closed runs paid plus the difference is what is due now, whatever arrives late; closed lines never change."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.oracle import pay
from tests.oracle.beside import arrived_at, close, owed_of, paid_of, projected
from tests.oracle.histories import MONTHS, happen, histories
from tests.oracle.logs import CITY
from tests.oracle.story import story

from payroll.settlement import settle

pytestmark = pytest.mark.campaign

SHARE, LONG = 20, 500


def due_so_far(log, month):
    """The oracle's opinion on all months up to this one, now."""
    found = {}
    for each in MONTHS[: MONTHS.index(month) + 1]:
        found |= pay.due(log.events, CITY, each, log.position)
    return {key: amount for key, amount in found.items() if key.payable <= month}


def added(*parts):
    """The sum of several, without zeros."""
    sums = Counter()
    for part in parts:
        sums.update(part)
    return {key: amount for key, amount in sums.items() if amount}


def live_through(data):
    """Close month after month; before each, something arrives that may change the past. The lines, by run month."""
    log = data.draw(histories(most=6))
    projection = projected(log.events)
    evidence = {}
    for month in MONTHS:
        seen = len(log.events)
        for _ in range(data.draw(st.integers(0, 3))):
            happen(data.draw, log)
        projection.apply(log.events[seen:])
        paid, now_due = paid_of(projection), due_so_far(log, month)
        difference = owed_of(settle(projection.known(CITY, log.position), month))
        assert added(difference) == pay.owed(now_due, paid)
        assert added(paid, difference) == now_due
        close(log, projection, month)
        assert added(paid_of(projection)) == now_due
        assert all(projection.closed_lines(position) == lines for position, lines in evidence.values())
        evidence[month] = log.position, projection.closed_lines(log.position)
        assert all(arrived_at(line) == line.amount_fen for line in evidence[month][1])
    return {month: lines for month, (_, lines) in evidence.items()}


@settings(max_examples=SHARE, deadline=None, derandomize=True, database=None)
@given(st.data())
def test_after_every_close_paid_equals_due_and_no_closed_line_has_changed(data):
    """F06, F07, P12: each line names the month it is for and the month it is paid in; both views have one sum."""
    runs = live_through(data)
    for_period, in_period = Counter(), Counter()
    for run_month, line in ((month, line) for month, run in runs.items() for line in run):
        assert line.service_month <= run_month
        for_period[line.service_month] += line.amount_fen
        in_period[run_month] += line.amount_fen
    assert for_period.total() == in_period.total()


@pytest.mark.prove
@pytest.mark.timeout(3600)
@settings(max_examples=LONG, deadline=None, database=None)
@given(st.data())
def test_after_every_close_paid_equals_due_at_length(data):
    live_through(data)


def test_closing_again_at_once_pays_nothing():
    """A second run on the same facts has no lines."""
    log = story()
    projection = projected(log.events)
    close(log, projection, "2020-11")
    assert settle(projection.known(CITY, log.position), "2020-11").lines == []
