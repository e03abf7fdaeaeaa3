"""F02: a worker on a day, as known at a time, is the fold of exactly what was recorded by then."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, settings
from hypothesis import given as drawn
from hypothesis import strategies as some
from tests.ledger.given import Front, Town, command

pytestmark = pytest.mark.campaign

Event = dict[str, Any]
Standing = dict[str, Any]
FIRST = date(2020, 9, 18)
PAIRS = 40  # of day and time, asked of each history
PLACES = ("xinhua", "jinqiao", "huangjia")
EDUCATION = ("high_school", "college", "bachelor", "master", "doctor")
CERTIFICATE = ("assistant", "social_worker", "senior")
POSTS = ("head", "deputy", "member", "dedicated")

STAGES = {
    "appraisal-proposed": "proposed",
    "appraisal-published": "published",
    "review-requested": "under_review",
    "appraised": "final",
    "appraisal-corrected": "corrected",
}
FINAL = ("final", "corrected")

# --- the slow twin: written from the words of domain.md, not from the code


def worker_as_told(history: list[Event], day: date, known: datetime) -> Standing | None:
    """What somebody would work out with paper and pencil from the events of one worker."""
    told = [event for event in history if datetime.fromisoformat(event["recorded_at"]) <= known]
    voided = {event["data"]["command_id"] for event in told if event["type"].startswith("command.voided")}
    stands = [event for event in told if event["command_id"] not in voided and event["effective_date"] <= str(day)]
    standing: Standing | None = None
    for event in sorted(stands, key=lambda event: (event["effective_date"], event["version"])):
        kind, data = event["type"].split(".")[1], event["data"]
        if kind == "hired":
            seat = "dedicated" if data["post"] == "dedicated" else "committee"
            standing = {
                **{name: data[name] for name in ("worker_id", "city_id", "community_id", "grid_id", "channel")},
                **{name: data[name] for name in ("scheme", "post", "grade", "education", "counted_years")},
                "diplomas": [data["education"]],
                "in_service": True,
                "seat": None if data["channel"] == "legacy" else seat,
                "certificate": None,
                "certificates": [],
                "ratings": {},
                "appraisals": {},
                "training_hours": 0,
                "initial_hours": 0,
                "hired_on": event["effective_date"],
                "left_on": None,
                "probation_until": data.get("probation_until"),
                "confirmed_on": None,
                "suspended_since": None,
                "second_post": None,
            }
        elif standing is not None and kind != "voided":
            standing = {**standing, **after(standing, kind, data, event["effective_date"])}
    return standing


def holding(held: set[str]) -> dict[str, Any]:
    """The certificates that are held, and the highest of them."""
    certificates = sorted(held, key=CERTIFICATE.index)
    return {"certificates": certificates, "certificate": certificates[-1] if certificates else None}


def after(standing: Standing, kind: str, data: dict[str, Any], day: str) -> Standing:
    """What one act changes."""
    if kind in ("transferred", "carried"):
        stays = kind == "carried" or data["from_community_id"] == data["community_id"]
        place = {"community_id": data["community_id"], "grid_id": data["grid_id"]}
        return place if stays else place | {"second_post": None}
    if kind in ("second-post-taken", "second-post-left"):
        return {"second_post": data.get("post")}
    if kind == "post-changed":
        seat = "dedicated" if data["post"] == "dedicated" else "committee"
        return {"post": data["post"], "grade": data["grade"], "seat": standing["seat"] and seat}
    if kind == "converted":
        seat = "dedicated" if data["post"] == "dedicated" else "committee"
        stays = data["from_community_id"] == data["community_id"]
        second = {"second_post": standing["second_post"] if stays else None}
        terms = {name: data[name] for name in ("scheme", "post", "grade", "community_id", "grid_id")}
        return terms | {"seat": seat} | second
    if kind == "regraded":
        return {"grade": data["grade"]}
    if kind in STAGES:
        was = standing["appraisals"].get(str(data["year"]), {})
        now = {"stage": STAGES[kind], "rating": data.get("rating", was.get("rating")), "since": day}
        if kind == "review-requested":
            now["since"] = was["since"]
        final = {"ratings": standing["ratings"] | {str(data["year"]): data["rating"]}} if now["stage"] in FINAL else {}
        return {"appraisals": standing["appraisals"] | {str(data["year"]): now}, **final}
    if kind == "trained":
        initial = standing["initial_hours"] + (data["hours"] if data["initial"] else 0)
        return {"training_hours": standing["training_hours"] + data["hours"], "initial_hours": initial}
    if kind == "educated":
        return {"education": data["education"], "diplomas": [*standing["diplomas"], data["education"]]}
    if kind == "qualified":
        return holding({*standing["certificates"], data["certificate"]})
    if kind == "certificate-ended":
        return holding({*standing["certificates"]} - {data["certificate"]})
    if kind in ("honoured", "special-deduction-declared"):
        return {}
    if kind == "rehired":
        again = {name: value for name, value in data.items() if name != "keeps_years"}
        seat = "dedicated" if data["post"] == "dedicated" else "committee"
        entered = {
            "in_service": True,
            "hired_on": day,
            "left_on": None,
            "seat": seat,
            "second_post": None,
            "initial_hours": 0,
        }
        return {"probation_until": None, "confirmed_on": None} | again | entered
    if kind == "probation-confirmed":
        return {"confirmed_on": day}
    if kind in ("suspended", "returned"):
        return {"suspended_since": day if kind == "suspended" else None}
    assert kind == "separated", kind
    return {"in_service": False, "left_on": day, "suspended_since": None, "second_post": None}


# --- random lives

days = some.integers(0, 300).map(lambda number: FIRST + timedelta(days=number))
acts = some.one_of(
    some.tuples(some.just("transfers"), some.builds(dict, community_id=some.sampled_from(PLACES))),
    some.tuples(some.just("post-changes"), some.builds(dict, post=some.sampled_from(POSTS))),
    some.tuples(some.just("second-posts"), some.builds(dict, post=some.sampled_from(POSTS))),
    some.tuples(some.just("second-post-ends"), some.just({})),
    some.tuples(some.just("special-deductions"), some.builds(dict, monthly=some.sampled_from(["0", "2000.00"]))),
    some.tuples(some.just("regrades"), some.builds(dict, grade=some.integers(1, 18), reason=some.just("晋级"))),
    some.tuples(some.just("trainings"), some.builds(dict, course=some.just("课程"), hours=some.integers(1, 40))),
    some.tuples(some.just("educations"), some.builds(dict, education=some.sampled_from(EDUCATION))),
    some.tuples(some.just("conversions"), some.builds(dict, post=some.sampled_from(POSTS))),
    some.tuples(
        some.sampled_from(["appraisals", "appraisals", "appraisal-proposals"]),
        some.builds(dict, year=some.integers(2019, 2021), rating=some.sampled_from(["excellent", "unfit"])),
    ),
    some.tuples(some.just("appraisal-publications"), some.builds(dict, year=some.integers(2019, 2021))),
    some.tuples(
        some.just("review-requests"), some.builds(dict, year=some.integers(2019, 2021), reason=some.just("有异议"))
    ),
    some.tuples(
        some.just("appraisal-corrections"),
        some.builds(
            dict,
            year=some.integers(2019, 2021),
            rating=some.sampled_from(["competent", "unfit"]),
            reason=some.just("复核"),
        ),
    ),
    some.tuples(some.just("qualifications"), some.builds(dict, certificate=some.sampled_from(CERTIFICATE))),
    some.tuples(
        some.just("certificate-ends"),
        some.builds(dict, certificate=some.sampled_from(CERTIFICATE), reason=some.just("revoked")),
    ),
    some.tuples(some.just("probation-confirmations"), some.just({})),
    some.tuples(
        some.just("rehires"),
        some.builds(
            dict,
            community_id=some.sampled_from(PLACES),
            channel=some.just("exam"),
            post=some.just("dedicated"),
            keeps_years=some.booleans(),
        ),
    ),
    some.tuples(some.just("suspensions"), some.just({"reason": "配合调查"})),
    some.tuples(some.just("returns"), some.just({})),
    some.tuples(
        some.just("separations"), some.builds(dict, reason=some.sampled_from(["resigned", "probation_failed"]))
    ),
    some.tuples(some.just("voids"), some.builds(dict, which=some.integers(0, 20))),
    some.tuples(some.just("voids"), some.builds(dict, which=some.integers(0, 20))),
)
pauses = some.sampled_from([0.0, 0.001, 3600.0, 86_400.0])
lives = some.lists(some.tuples(acts, days, pauses), min_size=1, max_size=14)
entries = some.sampled_from([("exam", "dedicated"), ("election", "member"), ("legacy", "dedicated")])


@pytest.fixture(scope="module")
def wide(front: Front, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A town with a seat for everybody."""
    town = Town(tmp_path_factory.mktemp("wide"), front=front).found()
    for category in ("committee", "dedicated"):
        town.give("city-quotas", "2018-01-02", city_id="chibi", category=category, seats=90_000)
        for place in PLACES:
            quota = {"community_id": place, "category": category, "seats": 30_000}
            town.give("community-quotas", "2018-01-02", **quota)
    yield town
    town.close()


def live(town: Town, entry: tuple[str, str], hired_on: date, life: list[Any]) -> tuple[str, list[datetime]]:
    """Somebody's acts as commands, in the order of recording; what the rules refuse does not happen."""
    until = str(hired_on + timedelta(days=180))
    hiring = town.hiring(channel=entry[0], post=entry[1], probation_until=until)
    hired = town.give("hires", str(hired_on), **hiring)
    worker_id, given, moments = hired["worker_id"], [hired["command_id"]], [town.clock.now]
    for number, ((path, fields), day, pause) in enumerate(life):
        town.clock.pass_(seconds=pause)
        moments.append(town.clock.now)
        if path == "voids":
            body = command(str(day), command_id=given[fields["which"] % len(given)], reason="更正")
        else:
            body = command(str(day), worker_id=worker_id, **fields)
        if path == "qualifications":
            body["certificate_number"] = f"SW-{worker_id[-12:]}-{number}"
        response = town.send(path, body)
        assert response.status_code < 500, response.text
        if response.status_code == 201:
            given.append(response.json()["command_id"])
    town.clock.pass_(seconds=1)
    return worker_id, [*moments, moments[0] - timedelta(microseconds=1)]


def check(town: Town, entry: tuple[str, str], hired_on: date, life: list[Any], asked: list[date]) -> None:
    worker_id, moments = live(town, entry, hired_on, life)
    history = town.read(f"workers/{worker_id}/history")["events"]
    told_on = {date.fromisoformat(event["effective_date"]) for event in history}
    days_asked = sorted({*asked, *told_on, *(one - timedelta(days=1) for one in told_on)})
    pairs = [(day, known) for day in days_asked for known in sorted(set(moments))]
    for day, known in pairs[:: 1 + len(pairs) // PAIRS]:
        expected = worker_as_told(history, day, known)
        answer = town.ask(f"workers/{worker_id}", effective_on=day, known_at=known)
        if expected is None:
            assert answer.status_code == 404
        else:
            assert answer.json()["worker"] == expected


quiet = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]}
histories = drawn(entry=entries, hired_on=days, life=lives, asked=some.lists(days, max_size=2))


@example(
    entry=("exam", "dedicated"),
    hired_on=FIRST,
    life=[
        (("educations", {"education": "master"}), FIRST + timedelta(days=100), 3600.0),
        (("educations", {"education": "bachelor"}), FIRST + timedelta(days=50), 3600.0),
    ],
    asked=[],
)
@histories
@settings(max_examples=15, **quiet)
def test_a_worker_at_two_times_is_what_the_slow_twin_says(wide: Town, **history: Any) -> None:
    """F02: a share of the thousand."""
    check(wide, **history)


@pytest.mark.prove
@pytest.mark.timeout(1800)
@histories
@settings(max_examples=1000, **quiet)
def test_a_thousand_workers_at_two_times_are_what_the_slow_twin_says(wide: Town, **history: Any) -> None:
    """F02: 1,000 random histories, no difference."""
    check(wide, **history)


def test_a_list_of_workers_is_each_of_them_at_the_same_two_times(town: Town) -> None:
    first = town.hire("xinhua")
    before = town.clock.pass_(days=1)
    second = town.hire("jinqiao")
    town.give("transfers", "2020-11-01", worker_id=first, community_id="jinqiao")
    for day in ("2020-10-01", "2020-11-01"):
        for params in ({"known_at": before}, {}):
            listed = town.read("workers", city_id="chibi", effective_on=day, **params)["workers"]
            expected = [town.worker(one, day, **params) for one in ([first] if params else sorted([first, second]))]
            assert listed == expected


def test_the_data_folder_is_all_there_is(town: Town) -> None:
    """A second process over the same files gives the same answer."""
    worker_id = town.hire()
    before = town.ask(f"workers/{worker_id}", effective_on="2020-12-31").content
    again = Town(Path(town.data), clock=town.clock)
    assert again.ask(f"workers/{worker_id}", effective_on="2020-12-31").content == before
    again.close()
