"""Why it differs (F70): the parts of a waterfall leave no rest for any worker and payer, on random careers."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.oracle import pay
from tests.oracle.beside import close, projected
from tests.oracle.histories import MONTHS, happen, histories
from tests.oracle.logs import CITY

from payroll.sides import Comparing, RunSide, Side, everything

pytestmark = pytest.mark.campaign

SHARE, LONG = 40, 400
PAIRS = st.tuples(st.sampled_from(MONTHS), st.sampled_from(MONTHS), st.integers(0, 20), st.integers(0, 20))


def oracle(log, month, at_position):
    """(worker, payer) → fen that a month makes payable, by an opinion that shares no code with the engine."""
    found = Counter()
    for service in MONTHS[: MONTHS.index(month) + 1]:
        for key, amount in pay.due(log.events, CITY, service, at_position).items():
            if key.payable == month:
                found[key.worker, key.payer] += amount
    return found


def leave_no_rest(fall, before, after):
    """The parts come to after − before for each worker and payer, and each names what it comes from."""
    together = Counter(before)
    for part in fall.parts:
        assert any(part.amounts.values())
        assert bool(part.causes) == (part.kind in ("act", "rule"))
        together.update(part.amounts)
    assert {key: fen for key, fen in together.items() if fen} == {key: fen for key, fen in after.items() if fen}


def months_agree(log, pair):
    earlier, later, back, further = pair
    first = next(done.position for done in log.events if done.stream.startswith("worker/"))
    sides = [Side(earlier, max(first, log.position - back)), Side(later, max(first, log.position - further))]
    fall = Comparing(projected(log.events), CITY, None, everything).months(*sides)
    leave_no_rest(fall, *(oracle(log, side.month, side.at_position) for side in sides))


@settings(max_examples=SHARE, deadline=None, derandomize=True, database=None)
@given(histories(), PAIRS)
def test_between_two_months_and_two_known_dates_the_parts_are_the_whole_difference(log, pair):
    months_agree(log, pair)


@settings(max_examples=SHARE // 3, deadline=None, derandomize=True, database=None)
@given(histories(), PAIRS)
def test_one_workers_waterfall_is_that_workers_part_of_the_whole_one(log, pair):
    """The order of causes is declared, so nobody else's acts change what one's own come to."""
    sides = [Side(month, max(7, log.position - back)) for month, back in zip(pair[:2], pair[2:], strict=True)]
    projection = projected(log.events)
    whole = Comparing(projection, CITY, None, everything).months(*sides)
    for worker in ("an", "bo"):
        own = Comparing(projection, CITY, worker, everything).months(*sides)
        assert of_worker(whole, worker) == of_worker(own, worker)


def of_worker(fall, worker):
    found = []
    for part in fall.parts:
        amounts = {key: fen for key, fen in part.amounts.items() if key[0] == worker and fen}
        if amounts:
            own = {cause.position for cause in part.causes if cause.worker_id in ("", worker)}
            found.append((part.kind, own, amounts))
    return found


def runs_agree(data):
    log = data.draw(histories(most=6))
    projection, sides = projected(log.events), []
    for month in MONTHS[:4]:
        seen = len(log.events)
        for _ in range(data.draw(st.integers(0, 3))):
            happen(data.draw, log)
        at_position = log.position
        projection.apply(log.events[seen:])
        close(log, projection, month)
        sides.append(RunSide(month, at_position, tuple(projection.closed_lines(log.position))))
    before, after = data.draw(st.sampled_from(sides)), data.draw(st.sampled_from(sides))
    fall = Comparing(projection, CITY, None, everything).runs(before, after)
    leave_no_rest(fall, before.amounts(everything), after.amounts(everything))


@settings(max_examples=SHARE // 2, deadline=None, derandomize=True, database=None)
@given(st.data())
def test_between_any_two_closed_runs_the_parts_are_the_whole_difference(data):
    runs_agree(data)


@pytest.mark.prove
@pytest.mark.timeout(3600)
@settings(max_examples=LONG, deadline=None, database=None)
@given(st.data())
def test_the_parts_are_the_whole_difference_at_length(data):
    months_agree(data.draw(histories(most=25)), data.draw(PAIRS))
    runs_agree(data)
