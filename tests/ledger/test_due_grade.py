"""Rules 7, 8, 14 and 15 of domain.md §4: the grade that is due follows from what happened and from the policy alone."""

from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.ledger.given import Town, given

from ledger.domain.due_grade import derivation, due_grade
from ledger.domain.policy import Policies
from ledger.domain.worker import Worker
from shared.events import (
    Certificate,
    Channel,
    Education,
    Event,
    PolicyEnacted,
    Post,
    PostChanged,
    Rating,
    SeparationReason,
    WorkerAppraised,
    WorkerConverted,
    WorkerEducated,
    WorkerHired,
    WorkerQualified,
    WorkerRegraded,
    WorkerRehired,
    WorkerSeparated,
)
from shared.policy_document import PolicyDocument, digest_of
from workforce.policy_files import read_policy

pytestmark = pytest.mark.campaign

EXCELLENT, COMPETENT, MARGINAL, UNFIT = Rating


def policy(**rules: Any) -> tuple[str, Event]:
    """Chibi's policy of 2020 with these step rules beside its own."""
    written = read_policy(Path("policies/chibi-2020.yaml"))
    written["grade_rules"] |= rules
    document = msgspec.json.decode(msgspec.json.encode(written), type=PolicyDocument)
    enacted = PolicyEnacted(
        policy_id=document.policy_id, scheme=document.scheme, digest=digest_of(document), document=document
    )
    return "2020-09-18", enacted


def hired(day: str = "2020-10-01", **given_: Any) -> tuple[str, Event]:
    """A dedicated worker at grade 1."""
    entry = {"post": Post.DEDICATED, "grade": 1, "education": Education.COLLEGE, "counted_years": 0, **given_}
    place = {"worker_id": "li", "city_id": "chibi", "community_id": "xinhua", "personal": ""}
    return day, WorkerHired(**place, channel=Channel.EXAM, scheme="ladder", **entry)


def rated(year: int, rating: Rating) -> tuple[str, Event]:
    """The appraisal of the year, given in the January after it."""
    return f"{year + 1}-01-15", WorkerAppraised(year=year, rating=rating)


def qualified(day: str, certificate: Certificate) -> tuple[str, Event]:
    return day, WorkerQualified(certificate=certificate, personal="")


def educated(day: str, education: Education) -> tuple[str, Event]:
    return day, WorkerEducated(education=education)


def due(day: str, *happened: tuple[str, Event], rules: tuple[str, Event] | None = None) -> int | None:
    """The grade that is due on the day."""
    timeline = given(Worker, *happened).timeline
    return due_grade(timeline, given(Policies, rules or policy()), date.fromisoformat(day))


# --- rule 8: counted years


@pytest.mark.parametrize(
    ("day", "grade"), [("2020-10-01", 1), ("2023-12-31", 1), ("2024-01-01", 2), ("2027-01-01", 3), ("2030-01-01", 4)]
)
def test_a_step_is_due_after_three_counted_years_from_the_next_first_of_january(day: str, grade: int) -> None:
    """Rule 8: three years are over in October 2023."""
    assert due(day, hired()) == grade


def test_years_left_over_on_a_conversion_count_towards_the_next_step() -> None:
    """Rules 8 and 21: seven counted years are two steps, and one year towards the third."""
    terms = {"from_scheme": "legacy", "scheme": "ladder", "from_community_id": "xinhua", "community_id": "xinhua"}
    converted = WorkerConverted(**terms, post=Post.DEDICATED, grade=3, counted_years=7)
    life = (hired(grade=None), ("2020-10-01", converted))
    assert [due(day, *life) for day in ("2022-12-31", "2023-01-01", "2026-01-01")] == [3, 4, 5]


def test_years_left_over_on_entry_count_towards_the_next_step() -> None:
    """Rule 8: of four counted years three gave the grade of entry, and one goes on."""
    assert due("2022-12-31", hired(counted_years=4, grade=2)) == 2
    assert due("2023-01-01", hired(counted_years=4, grade=2)) == 3


def test_whoever_enters_on_the_first_of_january_has_the_step_on_the_day_three_years_later() -> None:
    """Rule 8."""
    assert [due(day, hired("2021-01-01")) for day in ("2023-12-31", "2024-01-01")] == [1, 2]


def test_nobody_has_a_grade_before_the_entry_or_after_the_exit() -> None:
    """Rule 7."""
    left = ("2024-06-01", WorkerSeparated(reason=SeparationReason.RESIGNED))
    assert due("2020-09-30", hired()) is None
    assert due("2024-05-31", hired(), left) == 2
    assert due("2024-06-01", hired(), left) is None


def test_a_year_by_the_calendar_counts_when_it_is_served_to_its_end() -> None:
    """Rule 8: 2020, 2021 and 2022 are over on 1 January 2023."""
    by_calendar = policy(year_by="calendar")
    assert [due(day, hired(), rules=by_calendar) for day in ("2022-12-31", "2023-01-01")] == [1, 2]


def test_a_year_with_an_uncounted_rating_moves_the_step_a_year_on() -> None:
    """Rules 8 and 10: 不合格 does not count, whenever in the following year it is said."""
    happened = hired(), rated(2022, UNFIT)
    strict = policy(uncounted_ratings=["unfit"])
    assert [due(day, *happened, rules=strict) for day in ("2024-12-31", "2025-01-01")] == [1, 2]
    assert due("2024-01-01", *happened) == 2, "a policy without the rule counts the year"


def test_a_year_without_a_rating_counts_unless_the_policy_asks_for_one() -> None:
    """Rule 8."""
    asking = policy(unrated_year_counts=False)
    years = [rated(year, COMPETENT) for year in (2021, 2022, 2023)]
    assert due("2024-01-01", hired(), *years[:2], rules=asking) == 1
    assert due("2024-01-01", hired(), *years, rules=asking) == 2


def test_a_year_outside_the_gate_begins_the_count_anew() -> None:
    """Rule 8, as Xiang'an asks: all the years towards a step are 合格 or better."""
    gate = policy(gate_ratings=["excellent", "competent"], years_per_step=2)
    good = [rated(year, COMPETENT) for year in (2021, 2022, 2023, 2024)]
    assert due("2023-01-01", hired(), *good, rules=gate) == 2
    broken = good[0], rated(2022, MARGINAL), *good[2:]
    assert [due(day, hired(), *broken, rules=gate) for day in ("2024-01-01", "2025-01-01")] == [1, 2]


def test_two_excellent_years_in_a_row_bring_a_step_early_twice_in_a_career() -> None:
    """Rules 8 and 10: the years towards the next step are counted anew, and the third pair brings nothing."""
    early = policy(early_steps={"in_a_row": 2, "most": 2}, years_per_step=5)
    years = [rated(year, EXCELLENT) for year in range(2021, 2027)]
    found = [due(f"{year}-01-01", hired(), *years, rules=early) for year in range(2022, 2031)]
    assert found == [1, 2, 2, 3, 3, 3, 3, 3, 4]
    apart = rated(2021, EXCELLENT), rated(2022, COMPETENT), rated(2023, EXCELLENT)
    assert due("2024-01-01", hired(), *apart, rules=early) == 1


def test_steps_fall_on_the_day_in_the_year_that_the_policy_names() -> None:
    """Rule 8."""
    july = policy(effective="07-01")
    assert [due(day, hired(), rules=july) for day in ("2024-06-30", "2024-07-01")] == [1, 2]


# --- rule 7: bands and posts


def test_the_grade_never_leaves_the_band() -> None:
    """Rule 7: a dedicated worker ends at grade 12."""
    assert due("2060-01-01", hired()) == 12
    last = derivation(given(Worker, hired()).timeline, given(Policies, policy()), date(2060, 1, 1))[-1]
    assert "the band of a dedicated ends at 12" in last.why


def test_a_new_post_moves_the_grade_into_its_band_and_keeps_the_years() -> None:
    """Rules 7 and 13: a member has at least grade 3, and the third year is over all the same."""
    member = ("2022-05-01", PostChanged(from_post=Post.DEDICATED, post=Post.MEMBER, grade=3))
    assert [due(day, hired(), member) for day in ("2022-04-30", "2022-05-01", "2024-01-01")] == [1, 3, 4]


def test_a_policy_may_begin_the_years_anew_in_a_new_post() -> None:
    """Rule 13."""
    anew = policy(years_kept_in_new_post=False)
    member = ("2022-05-01", PostChanged(from_post=Post.DEDICATED, post=Post.MEMBER, grade=3))
    assert [due(day, hired(), member, rules=anew) for day in ("2025-12-31", "2026-01-01")] == [3, 4]


@pytest.mark.parametrize(("kept", "grade"), [(True, 3), (False, 2)])
def test_who_is_hired_again_goes_on_from_the_years_the_policy_keeps(kept: bool, grade: int) -> None:
    """Rules 8 and 23: of five years three gave the grade of entry and two go on, if they are kept."""
    again = WorkerRehired(
        city_id="chibi",
        community_id="xinhua",
        channel=Channel.EXAM,
        scheme="ladder",
        post=Post.DEDICATED,
        grade=2,
        education=Education.COLLEGE,
        keeps_years=True,
        counted_years=5,
    )
    left = ("2025-11-01", WorkerSeparated(reason=SeparationReason.RESIGNED))
    rules = policy(years_kept_on_rehire=kept)
    assert due("2028-01-01", hired(), left, ("2026-06-01", again), rules=rules) == grade


def test_a_new_policy_moves_a_grade_that_its_band_does_not_hold(town: Town) -> None:
    """Rule 7: the grade never leaves the band; from the first day of the policy that is drift, and can be mended."""
    worker_id = town.hire()
    document = read_policy(Path("policies/chibi-2020.yaml"))
    document["bands"]["dedicated"] = {"lowest": 2, "highest": 12}
    town.give("policies", "2022-03-01", document=document)
    found = town.read(f"workers/{worker_id}/explain", grade_on="2022-06-01")
    assert found["steps"][-1]["why"] == "the band of a dedicated is 2 to 12 from now on"
    (drift,) = town.read("drifts", city_id="chibi", effective_on="2022-06-01")["drifts"]
    assert (drift["since"], drift["recorded_grade"], drift["due_grade"]) == ("2022-03-01", 1, 2)
    (proposed,) = drift["proposed"]
    assert town.send("regrades", proposed["body"]).status_code == 201
    assert town.read("drifts", city_id="chibi", effective_on="2022-06-01")["drifts"] == []


def test_a_step_mended_before_a_post_change_makes_no_decision_out_of_it() -> None:
    """Rules 7 and 13: the post change was within the band of the grade that it was written upon."""
    member = ("2025-05-01", PostChanged(from_post=Post.DEDICATED, post=Post.MEMBER, grade=3))
    mended = ("2024-01-01", WorkerRegraded(from_grade=3, grade=4, reason="step"))
    life = hired(grade=3), member
    assert due("2025-06-01", *life) == due("2025-06-01", *life, mended) == 4


# --- rules 14 and 15


def test_a_diploma_earned_in_service_counts_from_the_next_month() -> None:
    """Rule 15: 本科 is one step, 硕士 one more, the highest only."""
    happened = hired(), educated("2021-03-10", Education.BACHELOR), educated("2022-03-31", Education.MASTER)
    days = ("2021-03-31", "2021-04-01", "2022-03-31", "2022-04-01")
    assert [due(day, *happened) for day in days] == [1, 2, 2, 3]


@pytest.mark.parametrize(("starts", "day"), [("registration", "2021-03-10"), ("next-year", "2022-01-01")])
def test_a_policy_says_from_when_a_diploma_counts(starts: str, day: str) -> None:
    """Rule 15."""
    rules = policy(education_starts=starts)
    before = str(date.fromordinal(date.fromisoformat(day).toordinal() - 1))
    happened = hired(), educated("2021-03-10", Education.BACHELOR)
    assert [due(one, *happened, rules=rules) for one in (before, day)] == [1, 2]


def test_diplomas_add_up_where_the_policy_says_so() -> None:
    """Rule 15."""
    adding = policy(education_several="adding")
    happened = hired(), educated("2021-03-10", Education.BACHELOR), educated("2022-03-31", Education.MASTER)
    assert due("2022-04-01", *happened, rules=adding) == 4


def test_a_diploma_may_be_deemed_years_of_service() -> None:
    """Rule 15: two deemed years and one served are a step."""
    deemed = policy(education_steps={}, education_years={"bachelor": 2})
    happened = hired(), educated("2021-03-10", Education.BACHELOR)
    assert [due(day, *happened, rules=deemed) for day in ("2021-12-31", "2022-01-01")] == [1, 2]


def test_a_certificate_gives_steps_where_the_policy_says_so_the_highest_only() -> None:
    """Rule 14: from the month after registration."""
    rules = policy(certificate_steps={"assistant": 1, "social_worker": 2})
    happened = (
        hired(),
        qualified("2021-03-10", Certificate.ASSISTANT),
        qualified("2022-03-10", Certificate.SOCIAL_WORKER),
    )
    days = ("2021-03-31", "2021-04-01", "2022-04-01")
    assert [due(day, *happened, rules=rules) for day in days] == [1, 2, 3]
    assert due("2022-04-01", *happened) == 1, "Chibi pays for a certificate and gives no grade"


# --- what was recorded by hand


def test_a_regrade_moves_the_recorded_grade_and_not_the_due_one() -> None:
    """Rule 8: what a clerk wrote is held against the rule."""
    by_hand = ("2022-01-01", WorkerRegraded(from_grade=1, grade=5, reason="晋级"))
    assert due("2022-06-01", hired(), by_hand) == 1


def test_the_rule_counts_on_from_an_exceptional_regrade() -> None:
    """Rule 8: a decision of its own 破格 is where the next step starts."""
    by_decision = ("2022-01-01", WorkerRegraded(from_grade=1, grade=5, reason="破格", exceptional=True))
    assert [due(day, hired(), by_decision) for day in ("2022-06-01", "2024-01-01")] == [5, 6]


def test_a_grade_given_on_entry_is_where_the_rule_starts() -> None:
    """Rule 7: the act itself placed the worker; the derivation says what the rule would have given."""
    first = derivation(given(Worker, hired(grade=4)).timeline, given(Policies, policy()), date(2020, 12, 31))[0]
    assert (first.grade, first.why.partition(": ")[2]) == (
        4,
        "placed at grade 4 by the act itself, where the rule gives 1",
    )


# --- the explanation


def test_a_grade_is_explained_by_its_events_and_the_clauses_of_the_policy(town: Town) -> None:
    """Rules 8 and 15; issue: `explain?grade_on=` derives a grade from its events and the policy's clauses."""
    worker_id = town.hire()
    educated = town.give("educations", "2021-03-10", worker_id=worker_id, education="bachelor")
    rated = town.give("appraisals", "2024-01-05", worker_id=worker_id, year=2023, rating="competent")
    found = town.read(f"workers/{worker_id}/explain", grade_on="2024-06-01")
    assert [(step["on"], step["grade"]) for step in found["steps"]] == [
        ("2020-10-01", 1),
        ("2021-04-01", 2),
        ("2024-01-01", 3),
    ]
    entry, diploma, step = found["steps"]
    assert entry["events"][0]["event"] == "worker.hired.v1"
    assert diploma["events"] == [
        {
            "position": educated["position"],
            "event": "worker.educated.v1",
            "effective_date": "2021-03-10",
            "command_id": educated["command_id"],
        }
    ]
    assert [one["position"] for one in step["events"]] == [rated["position"]]
    assert step["clause"]["policy_id"] == "chibi-2020"
    assert step["clause"]["part"] == "grade_rules/years_per_step"
    assert step["clause"]["document"] == "our default"
    assert step["why"] == "3 counted years (2021, 2022, 2023): a step"
    assert (found["due_grade"], found["recorded_grade"], found["differs"]) == (3, 1, True)


def test_an_explanation_is_of_what_was_known(town: Town) -> None:
    """Rule 2."""
    worker_id = town.hire()
    before = town.store.head()
    town.give("educations", "2021-03-10", worker_id=worker_id, education="bachelor")
    then = town.read(f"workers/{worker_id}/explain", grade_on="2021-06-01", known_position=before)
    now = town.read(f"workers/{worker_id}/explain", grade_on="2021-06-01")
    assert (then["due_grade"], then["known_position"], now["due_grade"]) == (1, before, 2)


def test_a_grade_is_explained_to_nobody_outside_the_place(town: Town) -> None:
    """F41: cross-scope reads are 404."""
    worker_id = town.hire()
    for who in ("admin city:jinzhou", "auditor community:jinqiao", "worker worker:somebody"):
        assert town.ask(f"workers/{worker_id}/explain", who=who, grade_on="2021-06-01").status_code == 404
    assert town.ask(f"workers/{worker_id}/explain", who=f"worker worker:{worker_id}", grade_on="2021-06-01").is_success
    assert town.ask(f"workers/{worker_id}/explain", grade_on="2020-09-01").status_code == 404


def test_under_a_scheme_without_grades_none_is_due(town: Town) -> None:
    """Rule 21: old people old rule."""
    worker_id = town.hire(day="2019-01-01", channel="legacy")
    found = town.read(f"workers/{worker_id}/explain", grade_on="2024-06-01")
    assert (found["due_grade"], found["recorded_grade"], found["differs"]) == (None, None, False)
