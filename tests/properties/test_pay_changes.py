"""Where a change is (F71): what it does in a run is what the run would miss without it, by an opinion of its own."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.oracle import pay
from tests.oracle.beside import projected
from tests.oracle.histories import MONTHS, histories
from tests.oracle.logs import CITY

from payroll.absence import Change, Reason, RunAt
from payroll.sides import everything

pytestmark = pytest.mark.campaign

NOTHING_MOVED = {Reason.VOIDED, Reason.SUPERSEDED, Reason.EFFECTIVE_LATER, Reason.BEFORE_LIMIT, Reason.NO_EFFECT}


def due_up_to(log, events, month):
    found = Counter()
    for each in MONTHS[: MONTHS.index(month) + 1]:
        for key, amount in pay.due(events, CITY, each, log.position).items():
            found[key.worker, key.payer] += amount
    return found


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(histories(), st.sampled_from(MONTHS), st.data())
def test_a_change_is_in_a_run_with_what_the_run_would_miss_without_it(log, month, data):
    history = projected(log.events).history(CITY, log.position)
    position = data.draw(st.sampled_from(sorted(history.causes)))
    run = RunAt("the run", month, log.position)
    found = Change(history, frozenset({position}), run, [], everything).found()
    missed = due_up_to(log, log.events, month)
    missed.subtract(due_up_to(log, [one for one in log.events if one.position != position], month))
    amounts = Counter()
    for key, fen in found.amounts.items():
        amounts[key.worker_id, key.payer] += fen
    assert {key: fen for key, fen in amounts.items() if fen} == {key: fen for key, fen in missed.items() if fen}
    assert bool(found.amounts) == (found.reason is Reason.INCLUDED)
    assert found.reason in {Reason.INCLUDED, *NOTHING_MOVED}
