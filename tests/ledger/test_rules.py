"""The rules of a working life (domain.md §4) that the ledger keeps: each once as it is done, and once refused."""

import pytest
from tests.ledger.given import POLICIES, Town, command, read_policy

RULES = (1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 17, 18, 21, 22, 23, 24)
"""Those of this file; what pay alone keeps (5, 16, 19, 20, 25) is tried in payroll's rooms."""


def test_every_rule_here_is_named_by_a_test_that_is_done_and_one_that_is_refused() -> None:
    names = set(globals())
    for rule in RULES:
        for kind in ("is_kept", "is_refused"):
            assert any(name.startswith(f"test_rule_{rule}_{kind}") for name in names), (rule, kind)


def test_rule_1_is_kept_by_a_policy_whose_every_grade_has_a_coefficient(town: Town) -> None:
    document = read_policy(POLICIES / "chibi-2020.yaml")
    given = town.give("policies", "2021-01-01", document=document)
    assert given["streams"] == {"policy/chibi": given["streams"]["policy/chibi"]}


def test_rule_1_is_refused_where_a_band_has_a_grade_that_the_ladder_does_not_pay(town: Town) -> None:
    document = read_policy(POLICIES / "chibi-2020.yaml")
    document["bands"]["head"]["highest"] = 19
    town.refuse("policy-unsound", "policies", "2021-01-01", document=document)


def test_rule_2_is_kept_by_a_past_day_as_known_then_and_as_known_now(town: Town) -> None:
    worker_id = town.hire()
    before = town.clock.pass_(days=30)
    town.give("educations", "2020-10-15", worker_id=worker_id, education="bachelor")
    answers = [town.worker(worker_id, "2020-10-31", **known) for known in ({"known_at": before}, {})]
    assert [answer["education"] for answer in answers] == ["college", "bachelor"]


def test_rule_2_is_refused_to_whoever_says_when_it_was_recorded(town: Town) -> None:
    """F01: the server sets it."""
    body = command(**town.hiring(), recorded_at="2019-01-01T00:00:00Z")
    answer = town.send("hires", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-body")


def test_rule_3_is_kept_by_a_base_that_comes_after_the_year_began(town: Town) -> None:
    town.clock.pass_(days=300)
    published = {"jurisdiction": "chibi", "scheme": "ladder", "average_annual_wage": "56000.00"}
    town.give("bases", "2021-01-01", **published)
    assert town.read("policies/chibi")["enacted"][-1]["effective_date"] == "2021-01-01"


def test_rule_3_is_refused_before_any_policy_of_the_scheme(town: Town) -> None:
    published = {"jurisdiction": "chibi", "scheme": "ladder", "average_annual_wage": "56000.00"}
    town.refuse("no-policy", "bases", "2019-01-01", **published)


def test_rule_4_is_kept_by_shares_that_name_who_pays_each_post(town: Town) -> None:
    document = read_policy(POLICIES / "panjin-2016.yaml") | {"jurisdiction": "chibi"}
    town.give("policies", "2021-01-01", document=document)


def test_rule_4_is_refused_where_shares_do_not_come_to_one(town: Town) -> None:
    document = read_policy(POLICIES / "chibi-2020.yaml")
    document["funding"][0]["shares"]["city"] = "1.1"
    town.refuse("policy-unsound", "policies", "2021-01-01", document=document)


def test_rule_6_is_kept_until_the_last_seat(town: Town) -> None:
    town.hire("xinhua"), town.hire("xinhua")
    assert town.seats("xinhua") == (2, 2)


def test_rule_6_is_refused_for_one_more_also_from_a_day_to_come(town: Town) -> None:
    town.hire("xinhua"), town.hire("xinhua", day="2021-03-01")
    full = town.refuse("quota-full", "hires", "2020-11-01", **town.hiring("xinhua"))
    assert (full["extra"]["day"], full["extra"]["seats"]) == ("2021-03-01", 2)


@pytest.mark.parametrize("grade", [1, 12])
def test_rule_7_is_kept_at_both_ends_of_the_band(town: Town, grade: int) -> None:
    assert town.worker(town.hire(grade=grade))["grade"] == grade


def test_rule_7_is_refused_beyond_the_top_of_the_band(town: Town) -> None:
    worker_id = town.hire(grade=12)
    town.refuse("grade-outside-band", "regrades", "2021-01-01", worker_id=worker_id, grade=13, reason="晋级")


def test_rule_8_is_kept_by_a_step_after_three_counted_years(town: Town) -> None:
    worker_id = town.hire()
    town.give("advancements", "2024-01-01", city_id="chibi")
    assert [town.worker(worker_id, day)["grade"] for day in ("2023-12-31", "2024-01-01")] == [1, 2]


def test_rule_8_is_refused_before_the_years_are_over(town: Town) -> None:
    town.hire()
    town.refuse("nothing-due", "advancements", "2023-01-01", city_id="chibi")


def test_rule_9_is_kept_by_a_correction_beside_the_first_rating(town: Town) -> None:
    worker_id = town.hire()
    first = town.give("appraisals", "2021-01-15", worker_id=worker_id, year=2020, rating="unfit")
    known = town.clock.pass_(days=30)
    town.give("voids", "2021-01-15", command_id=first["command_id"], reason="复核")
    town.give("appraisals", "2021-01-15", worker_id=worker_id, year=2020, rating="competent")
    asked = ({"known_at": known}, {})
    ratings = [town.worker(worker_id, "2021-02-01", **known)["ratings"]["2020"] for known in asked]
    assert ratings == ["unfit", "competent"]


def test_rule_9_is_refused_where_a_rating_would_be_overwritten(town: Town) -> None:
    worker_id = town.hire()
    town.give("appraisals", "2021-01-15", worker_id=worker_id, year=2020, rating="unfit")
    town.refuse("already-there", "appraisals", "2021-02-15", worker_id=worker_id, year=2020, rating="competent")


def test_rule_10_is_kept_by_two_unfit_years_that_ask_for_a_decision(town: Town) -> None:
    worker_id = town.hire()
    document = read_policy(POLICIES / "chibi-2020.yaml") | {
        "appraisal": {"exits": [{"rating": "unfit", "in_a_row": 2}]}
    }
    town.give("policies", "2020-09-19", document=document)
    for year in (2021, 2022):
        town.give("appraisals", f"{year + 1}-01-10", worker_id=worker_id, year=year, rating="unfit")
    asked = [town.read(f"workers/{worker_id}", effective_on=day)["exits_to_decide"] for day in YEARS]
    assert [bool(exits) for exits in asked] == [False, True]


YEARS = ("2022-12-31", "2023-12-31")


def test_rule_10_is_refused_where_more_are_excellent_than_the_quota(town: Town) -> None:
    document = read_policy(POLICIES / "chibi-2020.yaml")
    town.give("policies", "2020-09-19", document=document | {"appraisal": {"excellent_quota": {"share": "0.5"}}})
    first, second = town.hire("xinhua"), town.hire("jinqiao")
    town.give("appraisals", "2021-01-10", worker_id=first, year=2020, rating="excellent")
    town.refuse("excellent-quota-full", "appraisals", "2021-01-10", worker_id=second, year=2020, rating="excellent")


def test_rule_11_is_kept_by_who_is_young_enough_and_has_the_diploma(town: Town) -> None:
    assert town.worker(town.hire(education="college"))["channel"] == "exam"


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        ("diploma-too-low", {"education": "high_school"}),
        ("channel-not-open", {"channel": "appointment"}),
        ("invalid-identity-number", {"person": {"name": "李秀英", "identity_number": "421281199001010017"}}),
    ],
)
def test_rule_11_is_refused_without_diploma_channel_or_a_valid_number(town: Town, code: str, wrong: dict) -> None:
    town.refuse(code, "hires", **(town.hiring() | wrong))


def test_rule_12_is_kept_by_a_redraw_that_moves_everybody(town: Town) -> None:
    worker_id = town.hire("jinqiao")
    closed = [{"community_id": "jinqiao", "successor_id": "xinhua"}]
    town.give("redraws", "2021-01-01", city_id="chibi", opened=[], closed=closed)
    assert [town.worker(worker_id, day)["community_id"] for day in ("2020-12-31", "2021-01-01")] == [
        "jinqiao",
        "xinhua",
    ]


def test_rule_12_is_refused_where_a_community_has_no_successor(town: Town) -> None:
    closed = [{"community_id": "jinqiao", "successor_id": "nowhere"}]
    town.refuse("redraw-incomplete", "redraws", "2021-01-01", city_id="chibi", opened=[], closed=closed)


def test_rule_13_is_kept_by_a_promotion_into_the_band_of_the_new_post(town: Town) -> None:
    worker_id = town.hire(grade=2)
    town.give("post-changes", "2021-01-01", worker_id=worker_id, post="deputy")
    promoted = town.worker(worker_id, "2021-01-01")
    assert (promoted["post"], promoted["grade"], promoted["seat"]) == ("deputy", 5, "committee")


def test_rule_13_is_refused_without_a_seat_of_the_new_kind(town: Town) -> None:
    for _ in range(3):
        town.hire("xinhua", channel="election", post="member")
    town.refuse("quota-full", "post-changes", "2021-01-01", worker_id=town.hire("xinhua"), post="member")


def test_rule_14_is_kept_by_the_highest_certificate(town: Town) -> None:
    worker_id = town.hire()
    for number, certificate in enumerate(("social_worker", "assistant")):
        registered = {"certificate": certificate, "certificate_number": f"SW-{number}"}
        town.give("qualifications", "2020-11-01", worker_id=worker_id, **registered)
    assert town.worker(worker_id)["certificate"] == "social_worker"


def test_rule_14_is_refused_for_a_number_that_somebody_has(town: Town) -> None:
    registered = {"certificate": "assistant", "certificate_number": "SW-1"}
    town.give("qualifications", "2020-11-01", worker_id=town.hire(), **registered)
    town.refuse("certificate-number-used", "qualifications", "2020-11-01", worker_id=town.hire(), **registered)


def test_rule_15_is_kept_by_a_higher_entry_grade_for_a_degree(town: Town) -> None:
    grades = [town.worker(town.hire(place, education=diploma))["grade"] for place, diploma in DIPLOMAS]
    assert grades == [1, 2, 3]


DIPLOMAS = (("xinhua", "college"), ("jinqiao", "bachelor"), ("huangjia", "master"))


def test_rule_15_is_refused_for_a_diploma_that_is_not_higher(town: Town) -> None:
    worker_id = town.hire(education="master")
    town.refuse("education-not-higher", "educations", "2021-01-01", worker_id=worker_id, education="bachelor")


def test_rule_17_is_kept_by_a_probation_that_is_confirmed(town: Town) -> None:
    worker_id = town.hire(probation_until="2021-03-31")
    town.give("probation-confirmations", "2021-04-01", worker_id=worker_id)
    assert town.worker(worker_id, "2021-04-01")["confirmed_on"] == "2021-04-01"


def test_rule_17_is_refused_for_who_is_on_no_probation(town: Town) -> None:
    town.refuse("not-on-probation", "probation-confirmations", "2021-04-01", worker_id=town.hire())


def test_rule_18_is_kept_by_a_suspension_from_the_day_on_which_it_holds(town: Town) -> None:
    worker_id = town.hire()
    town.give("suspensions", "2020-11-16", worker_id=worker_id, reason="配合调查")
    since = [town.worker(worker_id, day)["suspended_since"] for day in ("2020-11-15", "2020-11-16")]
    assert since == [None, "2020-11-16"]


def test_rule_18_is_refused_for_a_return_of_who_is_not_suspended(town: Town) -> None:
    town.refuse("not-suspended", "returns", "2020-11-16", worker_id=town.hire())


def test_rule_21_is_kept_by_old_contracts_beside_converted_ones(town: Town) -> None:
    old, converted = (town.hire("xinhua", channel="legacy") for _ in range(2))
    town.give("conversions", "2020-11-01", worker_id=converted, post="dedicated")
    assert [town.worker(one)["scheme"] for one in (old, converted)] == ["legacy", "ladder"]
    assert town.seats("xinhua") == (2, 1)


def test_rule_21_is_refused_for_a_second_conversion(town: Town) -> None:
    worker_id = town.hire("xinhua", channel="legacy")
    town.give("conversions", "2020-11-01", worker_id=worker_id, post="dedicated")
    town.refuse("already-converted", "conversions", "2020-12-01", worker_id=worker_id, post="dedicated")


def test_rule_22_is_kept_by_two_posts_in_one_seat(town: Town) -> None:
    worker_id = town.hire("xinhua", channel="election", post="deputy")
    town.give("second-posts", "2020-11-01", worker_id=worker_id, post="head")
    assert (town.worker(worker_id)["second_post"], town.seats("xinhua", "committee")) == ("head", (3, 1))


def test_rule_22_is_refused_for_a_third_post(town: Town) -> None:
    worker_id = town.hire("xinhua", channel="election", post="deputy")
    town.give("second-posts", "2020-11-01", worker_id=worker_id, post="head")
    town.refuse("two-posts-held", "second-posts", "2020-12-01", worker_id=worker_id, post="member")


def test_rule_23_is_kept_by_who_leaves_and_comes_back_with_the_years(town: Town) -> None:
    worker_id = town.hire(counted_years=6)
    town.give("separations", "2020-11-01", worker_id=worker_id, reason="resigned")
    back = {"community_id": "jinqiao", "channel": "exam", "post": "dedicated", "keeps_years": True}
    town.give("rehires", "2021-01-01", worker_id=worker_id, **back)
    assert [town.worker(worker_id, day)["in_service"] for day in ("2020-12-31", "2021-01-01")] == [False, True]
    assert town.worker(worker_id, "2021-01-01")["counted_years"] == 6


def test_rule_23_is_refused_for_an_exit_after_the_exit(town: Town) -> None:
    worker_id = town.hire()
    town.give("separations", "2020-11-01", worker_id=worker_id, reason="resigned")
    town.refuse("not-in-service", "separations", "2020-12-01", worker_id=worker_id, reason="retired")


def test_rule_24_is_kept_by_hours_that_add_up(town: Town) -> None:
    worker_id = town.hire()
    for hours in (40, 16):
        town.give("trainings", "2020-11-01", worker_id=worker_id, course="初任培训", hours=hours)
    assert town.worker(worker_id)["training_hours"] == 56


def test_rule_24_is_refused_for_a_course_before_the_hire(town: Town) -> None:
    worker_id = town.hire(day="2020-10-01")
    town.refuse("not-in-service", "trainings", "2020-09-30", worker_id=worker_id, course="初任培训", hours=40)
