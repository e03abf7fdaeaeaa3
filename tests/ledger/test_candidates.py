"""Rule 11, 逢进必考: who applied, passed the exam and the check is hired, and nobody else where the policy asks it."""

from typing import Any

import pytest
from tests.ledger.given import POLICIES, Town, command, identity_number, read_policy

APPLIED, EXAM, CHECK, HIRE = "2020-09-20", "2020-10-10", "2020-10-20", "2020-11-01"


@pytest.fixture
def strict(town: Town) -> Town:
    """A town whose policy asks for a candidate, 60 marks, and 22 to 40 years of age."""
    document = read_policy(POLICIES / "chibi-2020.yaml")
    document["admission"]["dedicated"] |= {"candidate_record": True, "pass_mark": "60", "youngest": 22}
    town.give("policies", "2020-09-19", document=document)
    return town


def applied(town: Town, born: str = "1990-05-17", education: str = "college", post: str = "dedicated") -> Any:
    """A new candidate: the id, and who it is."""
    person = town.person(identity_number=identity_number(born, 7))
    fields = {"city_id": "chibi", "post": post, "education": education, "person": person}
    return town.give("candidates", APPLIED, **fields)["candidate_id"], person


def passed(town: Town, candidate_id: str, mark: str = "86.5") -> None:
    town.give("exams", EXAM, candidate_id=candidate_id, mark=mark)
    town.give("checks", CHECK, candidate_id=candidate_id, passed=True)


def candidate(town: Town, candidate_id: str, day: str = "2020-12-31", **known: Any) -> dict[str, Any]:
    return dict(town.read(f"candidates/{candidate_id}", effective_on=day, **known)["candidate"])


def test_a_candidate_who_passed_exam_and_check_is_hired(strict: Town) -> None:
    """Rule 11, done."""
    candidate_id, person = applied(strict)
    passed(strict, candidate_id)
    worker_id = strict.give("hires", HIRE, **strict.hiring(person=person, candidate_id=candidate_id))["worker_id"]
    found = candidate(strict, candidate_id)
    assert (found["mark"], found["passed_check"], found["worker_id"]) == ("86.50", True, worker_id)
    assert candidate(strict, candidate_id, EXAM)["hired_on"] is None


def test_nobody_is_hired_by_exam_without_a_candidate_where_the_policy_asks_for_one(strict: Town) -> None:
    """Rule 11, refused."""
    refused = strict.refuse("candidate-missing", "hires", HIRE, **strict.hiring())
    assert (refused["pointer"], refused["remedy"]) == (
        "/candidate_id",
        "register the candidate, record exam and check, and name candidate_id",
    )


@pytest.mark.parametrize("lacking", ["exam", "mark", "check", "failed"])
def test_who_lacks_mark_or_check_is_not_hired(strict: Town, lacking: str) -> None:
    """Rule 11, refused."""
    candidate_id, person = applied(strict)
    if lacking != "exam":
        strict.give("exams", EXAM, candidate_id=candidate_id, mark="59.99" if lacking == "mark" else "60")
    if lacking == "failed":
        strict.give("checks", CHECK, candidate_id=candidate_id, passed=False, finding="体检不合格")
    hiring = strict.hiring(person=person, candidate_id=candidate_id)
    strict.refuse("candidate-not-ready", "hires", HIRE, **hiring)


def test_nobody_is_checked_before_the_exam_or_below_the_mark(strict: Town) -> None:
    candidate_id, _ = applied(strict)
    strict.refuse("candidate-not-ready", "checks", CHECK, candidate_id=candidate_id, passed=True)
    strict.give("exams", EXAM, candidate_id=candidate_id, mark="59")
    strict.refuse("candidate-not-ready", "checks", CHECK, candidate_id=candidate_id, passed=True)


@pytest.mark.parametrize(
    ("born", "code"),
    [("1979-10-10", "too-old"), ("1979-10-11", ""), ("1998-10-10", ""), ("1998-10-11", "too-young")],
)
def test_age_counts_on_the_day_of_the_exam(strict: Town, born: str, code: str) -> None:
    """Rule 11: 22 to 40 on 10 October, whatever the day of the hire."""
    candidate_id, person = applied(strict, born)
    if code:
        strict.refuse(code, "exams", EXAM, candidate_id=candidate_id, mark="80")
        return
    passed(strict, candidate_id)
    strict.give("hires", "2021-03-01", **strict.hiring(person=person, candidate_id=candidate_id))


def test_a_diploma_below_college_is_refused_at_the_exam(strict: Town) -> None:
    candidate_id, _ = applied(strict, education="high_school")
    strict.refuse("diploma-too-low", "exams", EXAM, candidate_id=candidate_id, mark="80")


def test_a_candidate_is_hired_as_the_person_and_to_the_post_they_applied_for(strict: Town) -> None:
    candidate_id, person = applied(strict)
    passed(strict, candidate_id)
    strict.refuse("candidate-mismatch", "hires", HIRE, **strict.hiring(candidate_id=candidate_id))
    other = strict.hiring(person=person, candidate_id=candidate_id, post="member", channel="election")
    strict.refuse("candidate-mismatch", "hires", HIRE, **other)


@pytest.mark.parametrize("education", ["high_school", "doctor"])
def test_a_candidate_is_hired_with_the_diploma_that_the_exam_was_sat_with(strict: Town, education: str) -> None:
    """Rule 11: neither lower, which the policy does not admit, nor higher, which brings grades."""
    candidate_id, person = applied(strict)
    passed(strict, candidate_id)
    hiring = strict.hiring(person=person, candidate_id=candidate_id)
    strict.refuse("candidate-mismatch", "hires", HIRE, **{**hiring, "education": education})
    strict.refuse("candidate-mismatch", "hires", HIRE, **{**hiring, "person": {**person, "name": "王五"}})
    strict.give("hires", HIRE, **hiring)


def test_an_application_that_a_void_opens_anew_is_still_the_only_one(strict: Town) -> None:
    """Rule 11: a hire that is voided leaves the candidate, who is hired again or applies again, not both."""
    candidate_id, person = applied(strict)
    passed(strict, candidate_id)
    hiring = strict.hiring(person=person, candidate_id=candidate_id)
    first = strict.give("hires", HIRE, **hiring)
    strict.give("voids", command_id=first["command_id"], reason="社区写错")
    application = {"city_id": "chibi", "post": "dedicated", "education": "college", "person": person}
    strict.refuse("candidate-registered", "candidates", APPLIED, **application)
    second = strict.give("hires", HIRE, **hiring)
    again = strict.give("candidates", "2021-02-01", **application)
    found = strict.refuse("candidate-registered", "voids", command_id=second["command_id"], reason="社区写错")
    assert (found["pointer"], found["remedy"]) == ("/command_id", "withdraw the later application first")
    assert again["candidate_id"] != candidate_id


def test_a_candidate_is_hired_once(strict: Town) -> None:
    candidate_id, person = applied(strict)
    passed(strict, candidate_id)
    hiring = strict.hiring(person=person, candidate_id=candidate_id)
    strict.give("hires", HIRE, **hiring)
    strict.refuse("candidate-not-ready", "hires", HIRE, **hiring)


def test_nobody_applies_twice_at_a_time_and_anew_after_a_withdrawal(town: Town) -> None:
    candidate_id, person = applied(town)
    again = {"city_id": "chibi", "post": "dedicated", "education": "college", "person": person}
    town.refuse("candidate-registered", "candidates", APPLIED, **again)
    withdrawn = town.give("withdrawals", EXAM, candidate_id=candidate_id, reason="本人放弃")
    town.refuse("candidate-not-ready", "exams", EXAM, candidate_id=candidate_id, mark="80")
    assert town.give("candidates", EXAM, **again)["candidate_id"] != candidate_id
    town.refuse("not-voidable", "voids", EXAM, command_id=withdrawn["command_id"], reason="录入错误")


def test_a_mark_is_corrected_beside_the_first_and_never_overwritten(strict: Town) -> None:
    candidate_id, _ = applied(strict)
    marked = strict.give("exams", EXAM, candidate_id=candidate_id, mark="59")
    strict.refuse("already-there", "exams", EXAM, candidate_id=candidate_id, mark="95")
    known = strict.clock.pass_(days=1)
    strict.give("voids", EXAM, command_id=marked["command_id"], reason="复核")
    strict.give("exams", EXAM, candidate_id=candidate_id, mark="95")
    marks = [candidate(strict, candidate_id, **then)["mark"] for then in ({"known_at": known}, {})]
    assert marks == ["59.00", "95.00"]


def test_a_mark_that_a_hire_rests_on_is_voided_after_the_hire(strict: Town) -> None:
    candidate_id, person = applied(strict)
    marked = strict.give("exams", EXAM, candidate_id=candidate_id, mark="80")
    strict.give("checks", CHECK, candidate_id=candidate_id, passed=True)
    hired = strict.give("hires", HIRE, **strict.hiring(person=person, candidate_id=candidate_id))
    strict.refuse("void-breaks-later-act", "voids", EXAM, command_id=marked["command_id"], reason="复核")
    strict.give("voids", HIRE, command_id=hired["command_id"], reason="录入错误")
    assert candidate(strict, candidate_id)["worker_id"] is None
    strict.give("hires", HIRE, **strict.hiring(person=person, candidate_id=candidate_id))


def test_who_left_comes_back_as_a_candidate_too(strict: Town) -> None:
    """Rule 23 beside rule 11."""
    candidate_id, person = applied(strict)
    passed(strict, candidate_id)
    worker_id = strict.give("hires", HIRE, **strict.hiring(person=person, candidate_id=candidate_id))["worker_id"]
    strict.give("separations", "2021-01-01", worker_id=worker_id, reason="resigned")
    back = {"community_id": "jinqiao", "channel": "exam", "post": "dedicated", "keeps_years": False}
    strict.refuse("candidate-missing", "rehires", "2021-06-01", worker_id=worker_id, **back)
    fields = {"city_id": "chibi", "post": "dedicated", "education": "college", "person": person}
    again = strict.give("candidates", "2021-02-01", **fields)["candidate_id"]
    strict.give("exams", "2021-03-01", candidate_id=again, mark="70")
    strict.give("checks", "2021-04-01", candidate_id=again, passed=True)
    strict.give("rehires", "2021-06-01", worker_id=worker_id, candidate_id=again, **back)
    assert candidate(strict, again, "2021-06-01")["worker_id"] == worker_id


def test_a_candidate_of_another_city_is_not_to_be_seen(town: Town) -> None:
    """F41."""
    candidate_id, _ = applied(town)
    other = "admin city:jinzhou"
    assert town.ask(f"candidates/{candidate_id}", who=other).status_code == 404
    assert town.ask(f"candidates/{candidate_id}/history", who=other).status_code == 404
    body = command(EXAM, candidate_id=candidate_id, mark="80")
    assert town.send("exams", body, who=other).json()["code"] == "not-found"
    listed = town.read("events", after=-1, limit=500)["events"]
    assert any(event["stream"] == f"candidate/{candidate_id}" for event in listed)


def test_the_candidates_of_a_city_are_listed_page_by_page_at_two_times(town: Town) -> None:
    """F59."""
    people = [town.person() for _ in range(3)]
    fields = {"city_id": "chibi", "post": "dedicated", "education": "college"}
    ids = [town.give("candidates", APPLIED, person=person, **fields)["candidate_id"] for person in people]
    known = town.store.head()
    town.give("withdrawals", EXAM, candidate_id=ids[0], reason="本人放弃")
    first = town.read("candidates", city_id="chibi", effective_on=EXAM, limit=2)
    rest = town.read("candidates", city_id="chibi", effective_on=EXAM, limit=2, after=first["next_after"])
    assert [one["candidate_id"] for one in first["candidates"] + rest["candidates"]] == sorted(ids)
    assert rest["next_after"] is None
    then = town.read("candidates", city_id="chibi", effective_on=EXAM, known_position=known)["candidates"]
    assert [one["withdrawn_on"] for one in then] == [None, None, None]
    assert town.read("candidates", city_id="chibi", effective_on="2020-09-19")["candidates"] == []
    assert town.ask("candidates", city_id="chibi", who="admin city:jinzhou").status_code == 404


def test_no_name_and_no_number_of_a_candidate_stands_in_the_log(town: Town) -> None:
    """F51."""
    candidate_id, person = applied(town)
    stored = str(town.read(f"candidates/{candidate_id}/history"))
    assert person["name"] not in stored
    assert person["identity_number"] not in stored


@pytest.mark.parametrize("mark", ["-1", "86,5", "1e3", "86.555", "", "12345"])
def test_a_mark_is_a_decimal_with_two_places(town: Town, mark: str) -> None:
    candidate_id, _ = applied(town)
    answer = town.send("exams", command(EXAM, candidate_id=candidate_id, mark=mark))
    assert (answer.status_code, answer.json()["pointer"]) == (422, "/mark")
