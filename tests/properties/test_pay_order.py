"""The order, number and size of deliveries never change what payroll knows: identical digests (P14, F11)."""

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.oracle.beside import projected
from tests.oracle.histories import MONTHS, histories
from tests.oracle.logs import CITY
from tests.oracle.story import story

from payroll.projection import Projection
from payroll.settlement import settle

pytestmark = pytest.mark.campaign

ROOT = Path(__file__).parents[2]
WORLDS = [(1, "0", "Asia/Shanghai"), (7, "1", "America/Los_Angeles"), (500, "4242", "UTC")]


def digests(projection: Projection, position: int) -> tuple[str, str]:
    """Of all that is kept, and of the lines of a run on it."""
    return projection.digest(), settle(projection.known(CITY, position), MONTHS[-1]).digest


@st.composite
def deliveries(draw, events):
    """The events in any order, some of them again, cut into batches anywhere."""
    again = draw(st.lists(st.sampled_from(events), max_size=10))
    delivered = draw(st.permutations([*events, *again]))
    cuts = sorted(draw(st.sets(st.integers(1, len(delivered) - 1), max_size=8)))
    return [delivered[a:b] for a, b in pairwise([0, *cuts, len(delivered)])]


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(st.data())
def test_shuffled_repeated_and_cut_anywhere_gives_the_same_digest(data):
    """P14, F11."""
    log = data.draw(histories())
    projection = Projection()
    for batch in data.draw(deliveries(log.events)):
        projection.apply(batch)
    assert projection.position == log.position
    assert digests(projection, log.position) == digests(projected(log.events), log.position)


@settings(max_examples=10, deadline=None, derandomize=True, database=None)
@given(st.data())
def test_closed_runs_come_out_the_same_in_any_order(data):
    """A close that arrives before what it was computed from waits for it."""
    log = story()
    projection = Projection()
    for batch in data.draw(deliveries(log.events)):
        projection.apply(batch)
    assert digests(projection, log.position) == digests(projected(log.events), log.position)


def test_a_digest_sees_a_changed_fact():
    log, other = story(), story()
    other.hire("w-12", "2020-12-01")
    assert projected(log.events).digest() != projected(other.events).digest()


def in_another_world(size: int, seed: str, zone: str) -> str:
    """The digests that a fresh interpreter prints, with its own hash seed and time zone."""
    environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone}
    command = [sys.executable, "-m", "tests.oracle.story", str(size)]
    return subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True).stdout


def test_batch_size_hash_seed_and_time_zone_do_not_matter():
    """P14: batches of 1, 7 and 500, each in a process of its own."""
    assert len({in_another_world(*world) for world in WORLDS}) == 1


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_every_combination_of_batch_hash_seed_and_time_zone():
    """P14."""
    sizes, seeds, zones = zip(*WORLDS, strict=True)
    assert len({in_another_world(a, b, c) for a in sizes for b in seeds for c in zones}) == 1
