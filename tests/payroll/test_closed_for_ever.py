"""P12: nothing that comes later changes a byte of a closed run: not of its lines, nor of what finance was handed."""

import random
from collections.abc import Iterator
from hashlib import sha256

import msgspec
import pytest
from tests.payroll.feeding import Log, caller, close_month, opened, payroll_over

from payroll.batch import HandedOver
from payroll.hand_overs import hand_over
from payroll.run_state import states_of
from payroll.runs import Payroll
from payroll.settlement import digest_of

pytestmark = pytest.mark.campaign

PEOPLE, LATE_ACTS = 535, 200
MONTHS = ("2020-10", "2020-11", "2020-12")
DAYS = ("2020-10-01", "2020-10-16", "2020-11-01", "2020-11-23", "2020-12-01", "2020-12-31", "2021-01-01")


def city() -> Log:
    """535 people of all posts in two communities."""
    log = opened()
    posts = ("head", "deputy", "member", *("dedicated",) * 5)
    for number in range(PEOPLE):
        post, at = posts[number % len(posts)], ("north", "south")[number % 2]
        log.hire(f"w-{number:03}", "2020-10-01", post, 7 + number % 6, at)
    return log


def late_act(log: Log, chance: random.Random) -> None:
    """Something that reaches into a closed month."""
    worker, day = f"w-{chance.randrange(PEOPLE):03}", chance.choice(DAYS)
    acts = (
        lambda: log.regrade(worker, day, chance.randint(1, 12)),
        lambda: log.transfer(worker, day, chance.choice(("north", "south"))),
        lambda: log.promote(worker, day, "member", chance.randint(3, 14)),
        lambda: log.qualify(worker, day, chance.choice(("assistant", "social_worker", "senior"))),
        lambda: log.separate(worker, day),
        lambda: log.void(chance.choice([one for one in log.events if one.stream.startswith("worker/")])),
        lambda: log.hire(f"late-{len(log.events)}", day),
        lambda: log.publish_base("2020-10-01", str(chance.randint(50_000, 60_000))),
    )
    chance.choice(acts)()


def bytes_of(payroll: Payroll) -> Iterator[bytes]:
    """Every closed run, as its lines are kept and as finance reads it in two forms."""
    projection = payroll.projection
    states = states_of(projection.acts("chibi", projection.position))
    for _, state in sorted(states.items()):
        if state.closed_act is None:
            continue
        lines = projection.closed_lines(state.closed_act.position)
        assert digest_of(lines) == state.closed.digest
        yield msgspec.json.encode(lines)
        if state.handed_over is not None:
            yield b"".join(HandedOver(projection, state).json())


def digest(payroll: Payroll) -> str:
    """One digest over all of it."""
    found = sha256()
    for part in bytes_of(payroll):
        found.update(part)
    return found.hexdigest()


@pytest.fixture(scope="module")
def closed() -> tuple[Log, Payroll]:
    log = city()
    payroll = payroll_over(log)
    for month in MONTHS:
        close_month(payroll, month)
        hand_over(payroll, "chibi", month, 1, caller(f"h-{month}"))
    return log, payroll


def test_one_person_corrected_after_the_close_leaves_the_other_534_as_they_are(closed: tuple[Log, Payroll]) -> None:
    """F33: nobody else has a line in the next run but that of its own month, which is that of the month before."""
    log, payroll = closed
    before = digest(payroll)
    log.regrade("w-007", "2020-10-01", 12)
    draft = payroll.draft("chibi", "2021-01", caller("d"))
    state = payroll.run("chibi", "2021-01", 1, draft.position)
    settled = payroll.worked_out("chibi", "2021-01", state.drafted.at_position).settlement
    others = [line for line in settled.lines if line.worker_id != "w-007"]
    december = payroll.projection.closed_lines(payroll.run("chibi", "2020-12", 1, draft.position).closed_act.position)
    amounts = lambda lines: [(line.worker_id, line.item, line.payer, line.amount_fen) for line in lines]  # noqa: E731
    assert amounts(others) == amounts(line for line in december if line.worker_id != "w-007")
    assert len({line.worker_id for line in others}) == PEOPLE - 1
    corrected = [line for line in settled.lines if line.worker_id == "w-007"]
    assert sorted({line.service_month for line in corrected}) == [*MONTHS, "2021-01"]
    assert digest(payroll) == before


def test_two_hundred_random_late_acts_change_no_byte_of_any_closed_run(closed: tuple[Log, Payroll]) -> None:
    """F06, F27: what they come to is a difference of the next run, after which paid is due."""
    log, payroll = closed
    before, chance = digest(payroll), random.Random(20201231)
    for _ in range(LATE_ACTS):
        late_act(log, chance)
    payroll.projection.catch_up(log)
    assert digest(payroll) == before
    close_month(payroll, "2021-01")
    runs = list(bytes_of(payroll))
    assert len(runs) == 2 * len(MONTHS) + 1
    found = sha256()
    for part in runs[: 2 * len(MONTHS)]:
        found.update(part)
    assert found.hexdigest() == before
    assert payroll.worked_out("chibi", "2021-01", payroll.projection.position).settlement.total_fen == 0
