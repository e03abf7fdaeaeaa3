"""The acts between the hire and the exit: each does, refuses, and is quiet when it is already so."""

from typing import Any

import pytest
from tests.ledger.given import POLICIES, Town, read_policy

pytestmark = pytest.mark.campaign

ACTS: list[tuple[str, dict[str, Any]]] = [
    ("transfers", {"community_id": "jinqiao"}),
    ("post-changes", {"post": "member"}),
    ("regrades", {"grade": 2, "reason": "晋级"}),
    ("trainings", {"course": "初任培训", "hours": 40}),
    ("qualifications", {"certificate": "assistant", "certificate_number": "SW-2020-0001"}),
    ("educations", {"education": "bachelor"}),
    ("separations", {"reason": "resigned"}),
]

APPRAISAL: tuple[str, dict[str, Any]] = ("appraisals", {"year": 2020, "rating": "competent"})


@pytest.mark.parametrize(("path", "fields"), [*ACTS, APPRAISAL, ("conversions", {"post": "dedicated"})])
def test_nothing_happens_to_a_worker_before_the_hire(town: Town, path: str, fields: dict[str, Any]) -> None:
    worker_id = town.hire(day="2020-10-01")
    found = town.refuse("not-in-service", path, "2020-09-30", worker_id=worker_id, **fields)
    assert "not hired by 2020-09-30" in found["detail"]


@pytest.mark.parametrize(("path", "fields"), [*ACTS, ("conversions", {"post": "dedicated"})])
def test_nothing_happens_to_a_worker_after_the_exit(town: Town, path: str, fields: dict[str, Any]) -> None:
    worker_id = town.hire()
    town.give("separations", "2020-11-01", worker_id=worker_id, reason="retired")
    found = town.refuse("not-in-service", path, "2020-11-01", worker_id=worker_id, **fields)
    assert "left on 2020-11-01" in found["detail"]


def test_a_year_that_was_served_is_appraised_and_corrected_also_after_the_exit(town: Town) -> None:
    """Rule 9: the review of somebody who was dismissed is over after the exit; no other year is appraised."""
    worker_id = town.hire()
    town.give("separations", "2021-02-01", worker_id=worker_id, reason="dismissed")
    town.give("appraisals", "2021-03-01", worker_id=worker_id, year=2020, rating="unfit")
    correction = {"worker_id": worker_id, "year": 2020, "rating": "competent", "reason": "复核"}
    town.give("appraisal-corrections", "2021-04-01", **correction)
    assert town.worker(worker_id, "2021-04-01")["ratings"] == {"2020": "competent"}
    for year in (2019, 2022):
        wish = {"worker_id": worker_id, "year": year, "rating": "unfit"}
        found = town.refuse("not-in-service", "appraisals", "2022-03-01", **wish)
        assert found["pointer"] == "/year"


@pytest.mark.parametrize(("path", "fields"), ACTS)
def test_an_exit_cannot_be_slipped_in_before_what_was_done_later(town: Town, path: str, fields: dict[str, Any]) -> None:
    worker_id = town.hire()
    later = town.give(path, "2020-12-01", worker_id=worker_id, **fields)
    code = "not-in-service" if path == "separations" else "later-act-in-the-way"
    if path == "separations":
        return
    found = town.refuse(code, "separations", "2020-11-01", worker_id=worker_id, reason="resigned")
    assert found["extra"]["acts"] == [later["command_id"]]


@pytest.mark.parametrize(("path", "fields"), [*ACTS, APPRAISAL])
def test_an_unknown_worker_is_not_found(town: Town, path: str, fields: dict[str, Any]) -> None:
    assert town.refuse("not-found", path, worker_id="nobody", **fields)["pointer"] == "/worker_id"


# --- transfer


def test_a_transfer_takes_the_seat_along(town: Town) -> None:
    worker_id = town.hire(grid_id="xinhua-g1")
    town.give("transfers", "2020-11-01", worker_id=worker_id, community_id="jinqiao", grid_id="jinqiao-g1")
    assert town.worker(worker_id, "2020-10-31")["community_id"] == "xinhua"
    assert town.worker(worker_id, "2020-11-01")["community_id"] == "jinqiao"
    assert (town.seats("xinhua", day="2020-10-31"), town.seats("xinhua", day="2020-11-01")) == ((2, 1), (2, 0))
    assert (town.seats("jinqiao", day="2020-10-31"), town.seats("jinqiao", day="2020-11-01")) == ((2, 0), (2, 1))


def test_a_move_to_another_grid_moves_no_seat(town: Town) -> None:
    worker_id = town.hire()
    done = town.give("transfers", worker_id=worker_id, community_id="xinhua", grid_id="xinhua-g1")
    assert list(done["streams"]) == [f"worker/{worker_id}"]
    assert (town.worker(worker_id)["grid_id"], town.seats("xinhua")) == ("xinhua-g1", (2, 1))


def test_a_transfer_to_where_one_is_is_refused(town: Town) -> None:
    worker_id = town.hire()
    found = town.refuse("already-there", "transfers", worker_id=worker_id, community_id="xinhua")
    assert found["pointer"] == "/community_id"


def test_a_transfer_into_a_full_community_is_refused(town: Town) -> None:
    worker_id = town.hire()
    town.hire("jinqiao")
    town.hire("jinqiao", "2020-12-01")
    found = town.refuse("quota-full", "transfers", "2020-11-01", worker_id=worker_id, community_id="jinqiao")
    assert found["extra"] == {"day": "2020-12-01", "seats": 2, "heads": 2}


@pytest.mark.parametrize("place", [{"community_id": "nowhere"}, {"community_id": "jinqiao", "grid_id": "xinhua-g1"}])
def test_a_transfer_to_a_place_that_is_not_there_is_refused(town: Town, place: dict[str, str]) -> None:
    town.refuse("unknown-place", "transfers", worker_id=town.hire(), **place)


def test_a_transfer_dated_before_another_moves_the_days_between(town: Town) -> None:
    """Rule 12."""
    worker_id = town.hire()
    town.give("transfers", "2020-12-01", worker_id=worker_id, community_id="jinqiao")
    town.give("transfers", "2020-11-01", worker_id=worker_id, community_id="huangjia")
    days = ("2020-10-31", "2020-11-30", "2020-12-01")
    assert [town.worker(worker_id, day)["community_id"] for day in days] == ["xinhua", "huangjia", "jinqiao"]
    heads = [[town.seats(name, day=day)[1] for name in ("xinhua", "huangjia", "jinqiao")] for day in days]
    assert heads == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]


def test_a_transfer_dated_before_a_promotion_takes_its_seat_along(town: Town) -> None:
    """Rules 6 and 13: both are checked, the transfer's dedicated seat and the promotion's committee seat."""
    worker_id = town.hire()
    town.give("post-changes", "2020-12-01", worker_id=worker_id, post="member")
    for _ in range(3):
        town.hire("jinqiao", "2021-03-01", post="member", channel="election")
    found = town.refuse("quota-full", "transfers", "2020-11-01", worker_id=worker_id, community_id="jinqiao")
    assert found["extra"]["day"] == "2021-03-01"
    town.give("transfers", "2020-11-01", worker_id=worker_id, community_id="huangjia")
    assert [town.seats("huangjia", kind) for kind in ("dedicated", "committee")] == [(2, 0), (3, 1)]
    assert town.seats("huangjia", "dedicated", "2020-11-30") == (2, 1)
    assert town.seats("xinhua", "committee") == (3, 0)


def test_a_post_change_dated_before_a_separation_changes_the_seat_that_it_frees(town: Town) -> None:
    """Rules 6 and 13."""
    worker_id = town.hire()
    town.give("separations", "2020-12-01", worker_id=worker_id, reason="resigned")
    town.give("post-changes", "2020-11-01", worker_id=worker_id, post="member")
    kinds, days = ("dedicated", "committee"), ("2020-11-30", "2020-12-01")
    assert [[town.seats("xinhua", kind, day)[1] for kind in kinds] for day in days] == [[0, 1], [0, 0]]


# --- post, grade


def test_a_post_change_between_kinds_changes_the_kind_of_seat(town: Town) -> None:
    worker_id = town.hire()
    town.give("post-changes", "2021-01-01", worker_id=worker_id, post="member")
    worker = town.worker(worker_id, "2021-01-01")
    assert (worker["post"], worker["grade"], worker["seat"]) == ("member", 3, "committee")
    assert town.seats("xinhua", "dedicated", "2021-01-01") == (2, 0)
    assert town.seats("xinhua", "committee", "2021-01-01") == (3, 1)


def test_a_post_change_into_a_full_committee_is_refused(town: Town) -> None:
    worker_id = town.hire()
    for _ in range(3):
        town.hire(channel="election", post="member")
    town.refuse("quota-full", "post-changes", worker_id=worker_id, post="member")


def test_a_higher_grade_than_the_new_post_allows_comes_down_to_its_band(town: Town) -> None:
    worker_id = town.hire(channel="election", post="head", grade=18)
    town.give("post-changes", worker_id=worker_id, post="member")
    assert town.worker(worker_id)["grade"] == 14


def test_a_post_one_has_already_is_refused(town: Town) -> None:
    assert town.refuse("already-there", "post-changes", worker_id=town.hire(), post="dedicated")["pointer"] == "/post"


def test_a_post_change_to_a_grade_outside_the_band_is_refused(town: Town) -> None:
    town.refuse("grade-outside-band", "post-changes", worker_id=town.hire(), post="deputy", grade=4)


def test_a_worker_without_grades_stays_in_a_post_their_scheme_pays(town: Town) -> None:
    worker_id = town.hire(day="2019-05-01", channel="legacy")
    town.refuse("no-policy", "post-changes", worker_id=worker_id, post="head")


def test_a_regrade_says_from_which_grade(town: Town) -> None:
    worker_id = town.hire()
    town.give("regrades", "2021-01-01", worker_id=worker_id, grade=2, reason="晋级")
    event = town.read(f"workers/{worker_id}/history")["events"][-1]
    assert event["data"] == {"from_grade": 1, "grade": 2, "reason": "晋级"}
    assert (town.worker(worker_id, "2020-12-31")["grade"], town.worker(worker_id, "2021-01-01")["grade"]) == (1, 2)


@pytest.mark.parametrize(("grade", "code"), [(13, "grade-outside-band"), (1, "already-there")])
def test_a_regrade_stays_in_the_band_and_changes_something(town: Town, grade: int, code: str) -> None:
    found = town.refuse(code, "regrades", worker_id=town.hire(), grade=grade, reason="晋级")
    assert found["pointer"] == "/grade"


def test_a_regrade_cannot_be_slipped_in_before_another(town: Town) -> None:
    """domain.md §4: a grade is never overwritten without a date."""
    worker_id = town.hire()
    later = town.give("regrades", "2021-01-01", worker_id=worker_id, grade=2, reason="晋级")
    found = town.refuse("later-act-in-the-way", "regrades", "2020-12-01", worker_id=worker_id, grade=3, reason="更正")
    assert found["extra"]["acts"] == [later["command_id"]]


def test_a_worker_of_the_old_scheme_has_no_grade_to_change(town: Town) -> None:
    worker_id = town.hire(day="2019-05-01", channel="legacy")
    town.refuse("no-grades", "regrades", worker_id=worker_id, grade=2, reason="晋级")


# --- conversion


def test_a_conversion_takes_a_seat_and_a_grade(town: Town) -> None:
    worker_id = town.hire(day="2019-05-01", channel="legacy")
    town.give("conversions", worker_id=worker_id, post="dedicated", counted_years=4)
    before, after = town.worker(worker_id, "2020-09-30"), town.worker(worker_id, "2020-10-01")
    assert (before["scheme"], before["seat"]) == ("legacy", None)
    assert (after["scheme"], after["seat"], after["grade"]) == ("ladder", "dedicated", 2)
    assert (town.seats("xinhua", day="2020-09-30"), town.seats("xinhua", day="2020-10-01")) == ((2, 0), (2, 1))


def test_a_conversion_happens_once(town: Town) -> None:
    town.refuse("already-converted", "conversions", worker_id=town.hire(), post="dedicated")


def test_a_conversion_needs_a_seat(town: Town) -> None:
    worker_id = town.hire(day="2019-05-01", channel="legacy")
    town.hire()
    town.hire()
    town.refuse("quota-full", "conversions", worker_id=worker_id, post="dedicated")
    town.give("conversions", worker_id=worker_id, post="dedicated", community_id="jinqiao")


def test_a_conversion_waits_for_the_policy(town: Town) -> None:
    worker_id = town.hire(day="2019-05-01", channel="legacy")
    found = town.refuse("channel-not-open", "conversions", "2020-09-17", worker_id=worker_id, post="dedicated")
    assert found["pointer"] == "/effective_date"


def legacy_until(town: Town, *legacy: dict[str, str]) -> None:
    """Chibi's ladder with a list of the older schemes whose people it takes over."""
    document = read_policy(POLICIES / "chibi-2020.yaml") | {"legacy": list(legacy)}
    town.give("policies", "2020-09-19", document=document)


def test_a_conversion_is_refused_after_the_last_day_that_the_policy_names_for_the_older_scheme(town: Town) -> None:
    """Rule 21."""
    legacy_until(town, {"scheme": "legacy", "until": "2020-12-31"})
    worker_id = town.hire(day="2019-05-01", channel="legacy")
    found = town.refuse("channel-not-open", "conversions", "2021-01-01", worker_id=worker_id, post="dedicated")
    assert found["pointer"] == "/effective_date"
    assert "2020-12-31" in found["remedy"]
    town.give("conversions", "2020-12-31", worker_id=worker_id, post="dedicated")


def test_a_policy_that_names_older_schemes_takes_over_nobody_of_another(town: Town) -> None:
    """Rule 21."""
    legacy_until(town, {"scheme": "grids"})
    worker_id = town.hire(day="2019-05-01", channel="legacy")
    found = town.refuse("channel-not-open", "conversions", worker_id=worker_id, post="dedicated")
    assert (found["pointer"], "grids, not of legacy" in found["detail"]) == ("/worker_id", True)


# --- appraisal, training, certificate, diploma, exit


def test_an_appraisal_is_never_overwritten(town: Town) -> None:
    """domain.md §4: an appraisal silently overwritten."""
    worker_id = town.hire()
    town.give("appraisals", "2021-01-15", worker_id=worker_id, year=2020, rating="unfit")
    for rating in ("unfit", "excellent"):
        town.refuse("already-there", "appraisals", "2021-02-15", worker_id=worker_id, year=2020, rating=rating)
    assert town.worker(worker_id, "2021-03-01")["ratings"] == {"2020": "unfit"}


def test_a_corrected_appraisal_stands_beside_the_first(town: Town) -> None:
    worker_id = town.hire()
    first = town.give("appraisals", "2021-01-15", worker_id=worker_id, year=2020, rating="unfit")
    town.give("voids", "2021-02-15", command_id=first["command_id"], reason="复核")
    town.give("appraisals", "2021-02-15", worker_id=worker_id, year=2020, rating="competent")
    types = [event["type"] for event in town.read(f"workers/{worker_id}/history")["events"]]
    assert types[-3:] == ["worker.appraised.v1", "command.voided.v1", "worker.appraised.v1"]
    assert town.worker(worker_id, "2021-03-01")["ratings"] == {"2020": "competent"}


def test_a_year_to_come_is_not_appraised(town: Town) -> None:
    found = town.refuse("future-year", "appraisals", "2020-12-31", worker_id=town.hire(), year=2021, rating="competent")
    assert found["pointer"] == "/year"


def test_hours_of_training_add_up(town: Town) -> None:
    worker_id = town.hire()
    town.give("trainings", "2020-11-13", worker_id=worker_id, course="初任培训", hours=40, initial=True)
    town.give("trainings", "2020-12-13", worker_id=worker_id, course="社区治理", hours=8)
    assert town.worker(worker_id, "2020-12-12")["training_hours"] == 40
    assert town.worker(worker_id, "2020-12-13")["training_hours"] == 48


def test_a_certificate_is_registered_once_and_the_highest_counts(town: Town) -> None:
    worker_id = town.hire()
    number = {"certificate_number": "SW-1"}
    town.give("qualifications", worker_id=worker_id, certificate="social_worker", certificate_number="SW-0001")
    town.refuse(
        "already-there",
        "qualifications",
        worker_id=worker_id,
        certificate="social_worker",
        **number | {"certificate_number": "SW-0002"},
    )
    town.give("qualifications", worker_id=worker_id, certificate="assistant", certificate_number="SW-0003")
    assert town.worker(worker_id)["certificate"] == "social_worker"


def test_a_certificate_number_belongs_to_one_worker(town: Town) -> None:
    town.give("qualifications", worker_id=town.hire(), certificate="assistant", certificate_number="SW-0001a")
    fields = {"certificate": "assistant", "certificate_number": "sw-0001A"}
    found = town.refuse("certificate-number-used", "qualifications", worker_id=town.hire(), **fields)
    assert found["pointer"] == "/certificate_number"


def test_a_number_that_is_taken_says_how_to_go_on_with_what_it_is_of(town: Town) -> None:
    """F58: a certificate is not answered with a re-hire, nor an application."""
    first, second, person = town.hire(), town.hire(), town.person()
    number = {"certificate": "assistant", "certificate_number": "HB-7"}
    town.give("qualifications", "2020-11-01", worker_id=first, **number)
    found = town.refuse("certificate-number-used", "qualifications", "2020-11-02", worker_id=second, **number)
    assert "certificate" in found["remedy"]
    assert "re-hire" not in found["remedy"]
    applies = {"city_id": "chibi", "post": "dedicated", "education": "college", "person": person}
    town.give("candidates", "2020-11-01", **applies)
    assert "withdraw" in town.refuse("candidate-registered", "candidates", "2020-11-02", **applies)["remedy"]


@pytest.mark.parametrize("education", ["high_school", "college"])
def test_only_a_higher_diploma_is_recognised(town: Town, education: str) -> None:
    town.refuse("education-not-higher", "educations", worker_id=town.hire(), education=education)


def test_a_diploma_moves_no_grade_by_itself(town: Town) -> None:
    worker_id = town.hire()
    town.give("educations", worker_id=worker_id, education="master")
    worker = town.worker(worker_id)
    assert (worker["education"], worker["grade"]) == ("master", 1)


def test_only_who_is_under_the_old_scheme_leaves_for_not_being_converted(town: Town) -> None:
    """Rules 21 and 23: not who was hired by exam, and not who was converted."""
    by_exam = town.hire()
    town.refuse("not-of-older-scheme", "separations", "2020-11-01", worker_id=by_exam, reason="not_converted")
    stays, goes = (town.hire("jinqiao", "2018-09-01", channel="legacy") for _ in range(2))
    town.give("conversions", "2020-10-01", worker_id=stays, post="dedicated")
    town.refuse("not-of-older-scheme", "separations", "2020-11-01", worker_id=stays, reason="not_converted")
    town.give("separations", "2020-10-01", worker_id=goes, reason="not_converted")


def test_an_exit_frees_the_seat_from_the_first_day_out(town: Town) -> None:
    worker_id = town.hire()
    town.give("separations", "2020-11-01", worker_id=worker_id, reason="civil_service")
    assert town.worker(worker_id, "2020-10-31")["in_service"]
    assert not town.worker(worker_id, "2020-11-01")["in_service"]
    assert (town.seats("xinhua", day="2020-10-31"), town.seats("xinhua", day="2020-11-01")) == ((2, 1), (2, 0))


def test_a_narrower_policy_leaves_old_grades_as_they_were_recorded(town: Town) -> None:
    """domain.md §4: a rule change that leaves old grades unexplainable; whoever holds one can still be acted on."""
    from tests.ledger.given import POLICIES, read_policy

    worker_id = town.hire(grade=12)
    document = read_policy(POLICIES / "chibi-2020.yaml")
    document["bands"]["dedicated"]["highest"] = 10
    town.give("policies", "2020-10-01", document=document)
    town.refuse("grade-outside-band", "regrades", "2020-11-01", worker_id=worker_id, grade=11, reason="降级")
    town.give("trainings", "2020-11-01", worker_id=worker_id, course="社区治理", hours=8)
    town.give("separations", "2020-12-01", worker_id=worker_id, reason="resigned")
