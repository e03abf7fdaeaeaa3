"""Rules 7, 8, 14, 15, 21 and 23: the due grade of random lives, beside a slow oracle that shares no code with it."""

from datetime import timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from tests.ledger.given import given
from tests.oracle.grade_lives import LAST, Life, random_policies
from tests.oracle.grades import Act, Policy, due_by_day

from ledger.domain.drift import difference, mending
from ledger.domain.due_grade import derivation, due_grade
from ledger.domain.policy import Policies
from ledger.domain.worker import Worker, admit
from shared import events
from shared.policy_document import PolicyDocument, digest_of
from workforce.policy_files import read_policy

pytestmark = pytest.mark.campaign

IN_TESTS, IN_PROOFS = 60, 1000


@cache
def chibi() -> dict[str, Any]:
    return read_policy(Path("policies/chibi-2020.yaml"))


def enacted(policy: Policy) -> tuple[str, events.Event]:
    """The plain policy as it is enacted."""
    bands = {post: {"lowest": low, "highest": high} for post, (low, high) in policy["bands"].items()}
    written = {**chibi(), "bands": bands, "grade_rules": policy["rules"]}
    document = msgspec.json.decode(msgspec.json.encode(written), type=PolicyDocument)
    event = events.PolicyEnacted(
        policy_id=document.policy_id, scheme=document.scheme, digest=digest_of(document), document=document
    )
    return str(policy["from"]), event


def happened(act: Act) -> tuple[str, events.Event]:
    """The plain act as its event."""
    fields = {name: value for name, value in act.items() if name not in ("on", "what")}
    here: dict[str, Any] = {"city_id": "chibi", "community_id": "xinhua", "channel": "exam"}
    moved = {"from_scheme": "legacy", "scheme": "ladder", "from_community_id": "xinhua", "community_id": "xinhua"}
    kinds: dict[str, tuple[type[events.Event], dict[str, Any]]] = {
        "hire": (events.WorkerHired, {**here, "worker_id": "li", "personal": ""}),
        "rehire": (events.WorkerRehired, {**here, "keeps_years": True}),
        "convert": (events.WorkerConverted, moved),
        "leave": (events.WorkerSeparated, {"reason": "resigned"}),
        "rate": (events.WorkerAppraised, {}),
        "educate": (events.WorkerEducated, {}),
        "qualify": (events.WorkerQualified, {"personal": ""}),
        "end": (events.CertificateEnded, {"reason": "expired"}),
        "post": (events.PostChanged, {"from_post": "dedicated"}),
        "regrade": (events.WorkerRegraded, {"from_grade": None, "reason": "晋级"}),
    }
    kind, more = kinds[act["what"]]
    return str(act["on"]), msgspec.convert({**more, **fields}, type=kind)


def lived(random: Random) -> tuple[list[Act], list[Policy], Worker, Policies]:
    """A life and its policies, plainly and as the product has them."""
    policies = random_policies(random)
    life = Life(random, policies).told()
    return life, policies, given(Worker, *map(happened, life)), given(Policies, *map(enacted, policies))


def compare(seed: int) -> int:
    """Every day of a life; how many days on which the grade moved."""
    random = Random(seed)
    life, policies, worker, known = lived(random)
    timeline = worker.timeline
    steps = derivation(timeline, known, LAST)
    moves, place, found = 0, -1, None
    for day, expected in due_by_day(life, policies, LAST):
        while place + 1 < len(steps) and steps[place + 1].on <= day:
            place += 1
        was, found = found, steps[place].grade if place >= 0 else None
        moves += was != found
        assert found == expected, (seed, day, [(str(step.on), step.grade, step.why) for step in steps[: place + 1]])
    for _ in range(3):
        day = LAST - timedelta(days=random.randint(0, 4000))
        last = [step for step in steps if step.on <= day]
        assert due_grade(timeline, known, day) == (last[-1].grade if last else None), (seed, day)
    return moves


def mended(seed: int) -> int:
    """What is proposed for a life, recorded as it is, leaves no drift on any day; how many acts that took.

    A regrade of a clerk's own that stands in the way is taken out, and the rest is proposed anew.
    """
    _, _, worker, known = lived(Random(seed))
    written = 0
    for _ in range(20):
        mends = mending(worker, known, LAST)
        for mend in mends:
            if mend.refused is not None:
                assert mend.refused.code == "later-act-in-the-way", (seed, mend)
                in_the_way = set(mend.refused.extra["acts"])  # type: ignore[call-overload]
                kept = worker.timeline.only(act for act in worker.timeline if act.command_id not in in_the_way)
                worker = Worker(kept)
            else:
                worker = admit(worker, mend.regraded, mend.on, known)
                written += 1
        if not mends or mends[-1].refused is None:
            break
    found = difference(worker, known, LAST)
    assert found is None or found.due is None, (seed, found)
    return written


def test_what_is_proposed_for_the_drifts_of_random_lives_leaves_none_on_any_day() -> None:
    """Rules 5 and 8."""
    assert sum(mended(seed) for seed in range(IN_TESTS)) > IN_TESTS


def test_the_due_grade_of_random_lives_is_what_the_sentences_of_the_policy_say() -> None:
    assert sum(compare(seed) for seed in range(IN_TESTS)) > 5 * IN_TESTS


@pytest.mark.prove
@pytest.mark.timeout(1800)
def test_the_due_grade_of_a_thousand_random_lives_is_what_the_sentences_of_the_policy_say() -> None:
    assert sum(compare(seed) for seed in range(1000, 1000 + IN_PROOFS)) > 5 * IN_PROOFS


@pytest.mark.prove
@pytest.mark.timeout(1800)
def test_what_is_proposed_for_the_drifts_of_three_thousand_random_lives_leaves_none_on_any_day() -> None:
    """Rules 5 and 8."""
    assert sum(mended(seed) for seed in range(3000)) > 3000
