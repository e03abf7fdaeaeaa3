"""Admission: who is taken into service, and who is not."""

import pytest
from tests.ledger.given import Town, identity_number, number_ending_in_x

from ledger.domain.admission import age_on

pytestmark = pytest.mark.campaign


def test_a_hire_gives_a_standing_a_seat_and_an_entry_grade(town: Town) -> None:
    worker_id = town.hire(grid_id="xinhua-g1", counted_years=7, education="bachelor")
    worker = town.worker(worker_id)
    assert (worker["in_service"], worker["community_id"], worker["grid_id"]) == (True, "xinhua", "xinhua-g1")
    assert (worker["scheme"], worker["grade"], worker["seat"]) == ("ladder", 1 + 7 // 3 + 1, "dedicated")
    assert town.seats("xinhua") == (2, 1)
    assert town.read("communities/xinhua", effective_on="2020-12-31")["workers"] == [worker_id]


def test_the_entry_grade_never_leaves_the_band(town: Town) -> None:
    worker_id = town.hire(counted_years=60, education="doctor")
    assert town.worker(worker_id)["grade"] == 12


@pytest.mark.parametrize(("born", "admitted"), [("1980-10-01", True), ("1979-10-02", True), ("1979-10-01", False)])
def test_forty_is_the_oldest_on_the_day_of_the_hire(town: Town, born: str, admitted: bool) -> None:
    """Age in completed years on the effective date, not today: 40 on the eve of the forty-first birthday."""
    hiring = town.hiring(person=town.person(identity_number=identity_number(born)))
    if admitted:
        town.give("hires", "2020-10-01", **hiring)
    else:
        assert "41 years old on 2020-10-01" in town.refuse("too-old", "hires", "2020-10-01", **hiring)["detail"]
        town.give("hires", "2020-09-30", **hiring)


def test_somebody_born_on_29_february_is_a_year_older_on_1_march() -> None:
    from datetime import date

    assert age_on(date(1980, 2, 29), date(2021, 2, 28)) == 40
    assert age_on(date(1980, 2, 29), date(2021, 3, 1)) == 41


def test_age_does_not_depend_on_the_day_of_recording(town: Town) -> None:
    """domain.md §4: ages computed from today cannot be reproduced."""
    town.clock.pass_(days=4000)
    town.hire(person=town.person(identity_number=identity_number("1980-01-01")))


def test_a_diploma_below_college_is_refused(town: Town) -> None:
    found = town.refuse("diploma-too-low", "hires", **town.hiring(education="high_school"))
    assert found["pointer"] == "/education"


@pytest.mark.parametrize(
    ("education", "born", "code"),
    [("high_school", "1990-01-01", "diploma-too-low"), ("college", "1950-01-01", "too-old")],
)
def test_a_seat_paid_elsewhere_opens_no_door_around_the_exam(town: Town, education: str, born: str, code: str) -> None:
    """逢进必考: who holds the seat is admitted by the same conditions, whoever pays."""
    person = town.person(identity_number=identity_number(born))
    town.refuse(code, "hires", **town.hiring(paid_outside=True, education=education, person=person))


@pytest.mark.parametrize("channel", ["election", "appointment"])
@pytest.mark.parametrize("paid_outside", [False, True])
def test_a_dedicated_worker_is_neither_elected_nor_appointed(town: Town, channel: str, paid_outside: bool) -> None:
    """逢进必考: open exam without exception."""
    hiring = town.hiring(channel=channel, paid_outside=paid_outside)
    assert town.refuse("channel-not-open", "hires", **hiring)["pointer"] == "/channel"


def test_committee_members_are_elected_at_any_age(town: Town) -> None:
    """The age limit is that of a dedicated worker's exam."""
    elected = town.hiring(channel="election", post="member", education="high_school")
    elected["person"]["identity_number"] = identity_number("1955-03-03")
    worker_id = town.give("hires", **elected)["worker_id"]
    assert town.worker(worker_id)["seat"] == "committee"


def test_a_wrong_check_digit_is_refused_without_repeating_the_number(town: Town) -> None:
    number = identity_number()
    wrong = number[:-1] + ("0" if number[-1] != "0" else "1")
    found = town.refuse("invalid-identity-number", "hires", **town.hiring(person=town.person(identity_number=wrong)))
    assert found["pointer"] == "/person/identity_number"
    assert wrong not in str(found)


@pytest.mark.parametrize(
    "number",
    [
        "",
        "4212811990010100",
        "42128119900101001６",
        "421281199002300013",
        "000000199001010015",
        "42128119900101001\x00",
        identity_number("2021-05-05"),
    ],
)
def test_an_impossible_identity_number_is_refused(town: Town, number: str) -> None:
    """Too short, a full-width digit, 30 February, no such division, a control character, born after the hire."""
    town.refuse("invalid-identity-number", "hires", **town.hiring(person=town.person(identity_number=number)))


def test_an_identity_number_belongs_to_one_worker(town: Town) -> None:
    person = town.person()
    town.hire(person=person)
    found = town.refuse("identity-number-used", "hires", **town.hiring("jinqiao", person={**person, "name": "李秀莹"}))
    assert person["identity_number"] not in str(found)


def test_a_small_x_is_the_same_number_as_a_capital_x(town: Town) -> None:
    small = town.person(identity_number=number_ending_in_x().lower())
    worker_id = town.hire(person=small)
    town.refuse(
        "identity-number-used", "hires", **town.hiring(person=town.person(identity_number=number_ending_in_x()))
    )
    assert town.read(f"workers/{worker_id}/personal")["identity_number"] == number_ending_in_x()


def test_an_identity_number_is_refused_in_another_city_too(town: Town) -> None:
    person = town.person()
    town.hire(person=person)
    town.refuse("identity-number-used", "hires", **town.hiring("tianan", person=person), who="admin city:jinzhou")


@pytest.mark.parametrize(("post", "grade"), [("dedicated", 13), ("member", 2), ("deputy", 17), ("head", 6)])
def test_a_grade_outside_the_band_is_refused(town: Town, post: str, grade: int) -> None:
    channel = "exam" if post == "dedicated" else "election"
    found = town.refuse("grade-outside-band", "hires", **town.hiring(post=post, channel=channel, grade=grade))
    assert found["pointer"] == "/grade"


@pytest.mark.parametrize(("post", "grade"), [("dedicated", 12), ("member", 3), ("deputy", 16), ("head", 18)])
def test_the_ends_of_the_band_are_open(town: Town, post: str, grade: int) -> None:
    channel = "exam" if post == "dedicated" else "election"
    assert town.worker(town.hire(post=post, channel=channel, grade=grade))["grade"] == grade


def test_nobody_is_hired_by_exam_before_a_policy_opens_it(town: Town) -> None:
    found = town.refuse("channel-not-open", "hires", "2020-09-17", **town.hiring())
    assert found["pointer"] == "/channel"


def test_a_legacy_worker_holds_no_seat_and_no_grade(town: Town) -> None:
    worker_id = town.hire(day="2019-05-01", channel="legacy", education="high_school")
    worker = town.worker(worker_id)
    assert (worker["scheme"], worker["grade"], worker["seat"]) == ("legacy", None, None)
    assert town.seats("xinhua") == (2, 0)
    town.refuse("no-grades", "hires", "2019-05-01", **town.hiring(channel="legacy", grade=3))


def test_a_post_the_flat_scheme_does_not_name_is_refused(town: Town) -> None:
    town.refuse("no-policy", "hires", "2019-05-01", **town.hiring(channel="legacy", post="head"))


def test_a_seat_paid_elsewhere_is_a_seat_without_a_grade(town: Town) -> None:
    worker_id = town.hire(channel="appointment", post="head", paid_outside=True)
    worker = town.worker(worker_id)
    assert (worker["scheme"], worker["grade"], worker["seat"]) == ("outside", None, "committee")
    town.refuse("no-grades", "hires", **town.hiring(channel="appointment", post="head", paid_outside=True, grade=9))


@pytest.mark.parametrize("community_id", ["nowhere", "xinhua"])
def test_a_place_that_does_not_exist_on_that_day_is_refused(town: Town, community_id: str) -> None:
    town.refuse("unknown-place", "hires", "2017-12-31", **town.hiring(community_id))


def test_a_grid_of_another_community_is_refused(town: Town) -> None:
    found = town.refuse("unknown-place", "hires", **town.hiring(grid_id="jinqiao-g1"))
    assert found["pointer"] == "/grid_id"


def test_a_refused_hire_keeps_no_key(town: Town) -> None:
    """Only a person in the log has a key: what was made for a refused hire is destroyed."""
    import sqlalchemy

    town.hire()
    town.hire()
    town.refuse("quota-full", "hires", **town.hiring())
    engine = sqlalchemy.create_engine(f"sqlite:///{town.data / 'keys.db'}")
    with engine.connect() as connection:
        living = connection.scalar(sqlalchemy.text("SELECT count(*) FROM person_keys WHERE destroyed_at IS NULL"))
    engine.dispose()
    assert living == 2
