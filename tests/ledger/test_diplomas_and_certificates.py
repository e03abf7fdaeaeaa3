"""Rules 14, 15, 21 and 23 of domain.md §4: what somebody holds counts once, and as long as they do."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.ledger.given import POLICIES, Town, given
from tests.ledger.test_counted_years import from_day, grades
from tests.ledger.test_due_grade import due, educated, hired, policy, qualified

from ledger.domain.due_grade import derivation
from ledger.domain.policy import Policies
from ledger.domain.worker import Worker
from shared.events import (
    Certificate,
    CertificateEnd,
    CertificateEnded,
    Channel,
    Education,
    Event,
    Post,
    SeparationReason,
    WorkerConverted,
    WorkerRegraded,
    WorkerRehired,
    WorkerSeparated,
)
from workforce.policy_files import read_policy

ASSISTANT, SOCIAL_WORKER, SENIOR = Certificate
STEPS = {"assistant": 1, "social_worker": 2, "senior": 3}
Happened = tuple[str, Event]


def ended(day: str, certificate: Certificate) -> Happened:
    return day, CertificateEnded(certificate=certificate, reason=CertificateEnd.EXPIRED)


def legacy(day: str = "2020-09-20", **given_: Any) -> Happened:
    """In service before the conversion, without a grade."""
    event = hired(grade=None, **given_)[1]
    return day, type(event)(**{name: getattr(event, name) for name in event.__struct_fields__} | {"scheme": "legacy"})


def converted(day: str, grade: int, counted_years: int = 0) -> Happened:
    terms = {"from_scheme": "legacy", "scheme": "ladder", "from_community_id": "xinhua", "community_id": "xinhua"}
    return day, WorkerConverted(**terms, post=Post.DEDICATED, grade=grade, counted_years=counted_years)


def left(day: str) -> Happened:
    return day, WorkerSeparated(reason=SeparationReason.RESIGNED)


def rehired(day: str, grade: int, **given_: Any) -> Happened:
    terms = {"keeps_years": False, "counted_years": 0, "education": Education.COLLEGE, **given_}
    place = {"city_id": "chibi", "community_id": "xinhua", "channel": Channel.EXAM, "scheme": "ladder"}
    return day, WorkerRehired(**place, post=Post.DEDICATED, grade=grade, **terms)


def whys(day: str, *happened: Happened, rules: Happened) -> list[str]:
    """How the grade comes about."""
    steps = derivation(given(Worker, *happened).timeline, given(Policies, rules), date.fromisoformat(day))
    return [step.why for step in steps]


# --- conversion


def test_deemed_years_left_over_on_a_conversion_count_towards_the_next_step() -> None:
    """Rules 15 and 21: four counted and one deemed are a step, and two years towards the next one."""
    rules = policy(education_steps={}, education_years={"bachelor": 1})
    life = legacy(education=Education.BACHELOR), converted("2020-10-01", 2, counted_years=4)
    assert [due(day, *life, rules=rules) for day in ("2021-12-31", "2022-01-01")] == [2, 3]


def test_a_diploma_earned_before_the_conversion_is_not_counted_twice_after_it() -> None:
    """Rules 15 and 21: 本科 is in the grade of the conversion, so 硕士 is one step more."""
    rules = policy(education_steps={"bachelor": 1, "master": 2})
    life = legacy(), educated("2020-09-25", Education.BACHELOR), converted("2020-10-01", 2)
    assert due("2021-04-01", *life, educated("2021-03-01", Education.MASTER), rules=rules) == 3


def test_a_certificate_registered_before_the_conversion_counts_from_it_on() -> None:
    """Rules 14 and 21: it is in the grade of the conversion; a higher one brings the rest, and its end takes all."""
    rules = policy(certificate_steps=STEPS)
    life = legacy(), qualified("2020-09-25", ASSISTANT), converted("2020-10-01", 2)
    assert due("2021-01-01", *life, rules=rules) == 2
    assert "the rule gives" not in whys("2021-01-01", *life, rules=rules)[-1]
    higher = qualified("2021-03-01", SOCIAL_WORKER)
    assert due("2021-04-01", *life, higher, rules=rules) == 3
    assert due("2021-06-01", *life, higher, ended("2021-05-01", ASSISTANT), rules=rules) == 3
    assert due("2021-06-01", *life, ended("2021-05-01", ASSISTANT), rules=rules) == 1


def test_a_conversion_gives_the_grade_with_what_was_earned_before_it(town: Town) -> None:
    """Rules 14, 15 and 21, over HTTP: one step for 本科 and one for the certificate."""
    document = read_policy(Path(POLICIES) / "chibi-2020.yaml")
    document["grade_rules"] |= {"certificate_steps": STEPS}
    town.give("policies", "2020-09-19", document=document)
    worker_id = town.hire(day="2019-01-01", channel="legacy")
    town.give("educations", "2019-06-01", worker_id=worker_id, education="bachelor")
    town.give(
        "qualifications", "2019-07-01", worker_id=worker_id, certificate="assistant", certificate_number="19421281001"
    )
    town.give("conversions", "2020-10-01", worker_id=worker_id, post="dedicated")
    assert town.worker(worker_id, "2020-10-01")["grade"] == 3
    found = town.read(f"workers/{worker_id}/explain", grade_on="2020-12-01")
    assert (found["due_grade"], found["differs"]) == (3, False)


# --- certificates that end


def test_the_step_of_a_certificate_ends_with_it_and_the_explanation_says_so() -> None:
    """Rule 14: it holds as long as the certificate; from the first day without it the next lower one counts."""
    rules = policy(certificate_steps=STEPS)
    life = hired(), qualified("2021-03-10", ASSISTANT), qualified("2021-05-10", SENIOR), ended("2022-02-01", SENIOR)
    assert [due(day, *life, rules=rules) for day in ("2021-06-01", "2022-01-31", "2022-02-01")] == [4, 4, 2]
    assert whys("2022-02-01", *life, rules=rules)[-1] == "the certificate senior ends"


def test_a_certificate_registered_again_after_its_end_counts_once() -> None:
    """Rule 14: also where certificates add up."""
    rules = policy(certificate_steps=STEPS, certificate_several="adding")
    life = hired(), qualified("2021-03-10", ASSISTANT), ended("2022-02-01", ASSISTANT)
    again = qualified("2022-03-10", ASSISTANT)
    days = ("2021-04-01", "2022-02-01", "2022-04-01")
    assert [due(day, *life, again, rules=rules) for day in days] == [2, 1, 2]
    assert due("2022-08-01", *life, again, qualified("2022-05-10", SENIOR), rules=rules) == 5


@pytest.mark.parametrize("starts", ["registration", "next-month", "next-year"])
def test_a_certificate_renewed_on_the_day_it_expires_keeps_its_step(starts: str) -> None:
    """Rule 14: whenever a new one would begin to count."""
    rules = policy(certificate_steps=STEPS, certificate_starts=starts)
    life = hired(), qualified("2021-03-10", SENIOR), ended("2023-02-01", SENIOR)
    assert due("2023-02-01", *life, rules=rules) == 1
    assert due("2023-02-01", *life, qualified("2023-02-01", SENIOR), rules=rules) == 4


def test_a_certificate_that_ends_before_it_began_to_count_never_counts() -> None:
    """Rule 14: registered on 10 March it would count from April."""
    rules = policy(certificate_steps=STEPS)
    assert due("2021-05-01", hired(), qualified("2021-03-10", SENIOR), ended("2021-03-20", SENIOR), rules=rules) == 1


def test_an_end_takes_no_step_that_was_never_given() -> None:
    """Rule 14: the certificate was registered under a policy that gave nothing for it."""
    versions = [policy(), from_day("2022-01-01", certificate_steps=STEPS)]
    life = hired(), qualified("2021-03-10", SENIOR)
    days = ["2021-12-31", "2022-06-01", "2023-06-01"]
    assert grades(days, *life, ended("2022-05-01", SENIOR), policies=versions) == [1, 1, 1]
    assert grades(days, *life, ended("2022-05-01", SENIOR), qualified("2022-08-01", SENIOR), policies=versions) == [
        1,
        1,
        4,
    ]


def test_a_new_certificate_brings_all_of_its_steps_where_the_one_before_gave_none() -> None:
    """Rule 14: nothing is taken off for a certificate that an older policy gave nothing for."""
    versions = [policy(), from_day("2022-01-01", certificate_steps=STEPS)]
    life = hired(), qualified("2021-03-10", ASSISTANT), qualified("2022-03-10", SOCIAL_WORKER)
    assert grades(["2022-04-01"], *life, policies=versions) == [3]


def test_an_end_takes_no_more_than_the_certificate_was_worth() -> None:
    """Rule 14: they added up once; under a later policy the highest counts, and what was given stays."""
    adding = policy(certificate_steps=STEPS, certificate_several="adding")
    versions = [adding, from_day("2022-01-01", certificate_steps=STEPS)]
    life = hired(), qualified("2021-03-10", ASSISTANT), qualified("2021-03-10", SENIOR)
    assert grades(["2022-06-01"], *life, ended("2022-05-01", ASSISTANT), policies=versions) == [4]


def test_what_the_band_did_not_hold_is_not_taken_by_an_end() -> None:
    """Rules 7 and 14: three steps from grade 11 of 12 are one, and the end takes one."""
    rules = policy(certificate_steps=STEPS)
    life = hired(grade=11), qualified("2021-03-10", SENIOR), ended("2022-02-01", SENIOR)
    assert [due(day, *life, rules=rules) for day in ("2021-04-01", "2022-02-01")] == [12, 11]


def test_a_grade_that_an_act_gave_does_not_fall_with_a_certificate_held_then() -> None:
    """Rule 14: the paper placed the worker; a higher certificate brings what it is worth beyond."""
    rules = policy(certificate_steps=STEPS)
    by_decision = ("2022-01-01", WorkerRegraded(from_grade=2, grade=5, reason="破格", exceptional=True))
    life = hired(), qualified("2021-03-10", ASSISTANT), by_decision
    assert due("2022-06-01", *life, ended("2022-05-01", ASSISTANT), rules=rules) == 5
    assert due("2022-06-01", *life, qualified("2022-04-10", SENIOR), rules=rules) == 7


# --- re-hire


def test_who_is_hired_again_brings_the_certificate_that_is_still_held() -> None:
    """Rules 14 and 23: it is in the grade of the re-hire, and ends with the certificate."""
    rules = policy(certificate_steps=STEPS)
    life = hired(), qualified("2021-03-10", ASSISTANT), left("2022-01-01"), rehired("2022-06-01", 2)
    assert "by the act itself" not in whys("2022-06-01", *life, rules=rules)[-1]
    assert due("2022-09-01", *life, ended("2022-08-01", ASSISTANT), rules=rules) == 1
    assert due("2022-09-01", *life, qualified("2022-08-01", SOCIAL_WORKER), rules=rules) == 3


def test_a_certificate_that_ended_out_of_service_is_not_brought_back() -> None:
    """Rules 14 and 23."""
    rules = policy(certificate_steps=STEPS)
    life = hired(), qualified("2021-03-10", ASSISTANT), left("2022-01-01"), ended("2022-03-01", ASSISTANT)
    assert "by the act itself" not in whys("2022-06-01", *life, rehired("2022-06-01", 1), rules=rules)[-1]


@pytest.mark.parametrize("kept", [True, False])
def test_deemed_years_of_a_diploma_count_on_after_a_rehire_whether_years_are_kept_or_not(kept: bool) -> None:
    """Rules 15 and 23: the diploma still stands, and two deemed years and one served are a step."""
    rules = policy(education_steps={}, education_years={"bachelor": 2}, years_kept_on_rehire=kept)
    life = hired(education=Education.BACHELOR), left("2020-11-01")
    again = rehired("2021-02-01", 1, education=Education.BACHELOR)
    assert [due(day, *life, again, rules=rules) for day in ("2022-12-31", "2023-01-01")] == [1, 2]


def test_years_that_the_policy_does_not_keep_are_not_in_the_grade_of_a_rehire(town: Town) -> None:
    """Rule 23: whatever the command says; the certificate held all the while is."""
    document = read_policy(Path(POLICIES) / "chibi-2020.yaml")
    document["grade_rules"] |= {"certificate_steps": STEPS, "years_kept_on_rehire": False}
    town.give("policies", "2020-09-19", document=document)
    worker_id = town.hire()
    town.give(
        "qualifications", "2021-07-01", worker_id=worker_id, certificate="senior", certificate_number="19421281001"
    )
    town.give("separations", "2024-10-01", worker_id=worker_id, reason="resigned")
    entry = {"worker_id": worker_id, "community_id": "xinhua", "channel": "exam", "post": "dedicated"}
    town.give("rehires", "2025-01-01", **entry, keeps_years=True)
    assert town.worker(worker_id, "2025-01-01")["grade"] == 4
    found = town.read(f"workers/{worker_id}/explain", grade_on="2025-02-01")
    assert (found["due_grade"], found["differs"]) == (4, False)
