"""F05, F66–F68: what unsent commands would change in what is due, through payroll before the real ledger."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from random import Random
from threading import Event
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient
from tests.ledger.given import ADMIN, KEYS, POLICIES, Town, bearer, command, problem

import payroll.api
from payroll.projection import Projection
from payroll.runs import Payroll
from shared.auth import seal, sealing_key
from shared.money import fen
from workforce.policy_files import read_policy

Rows = dict[tuple[str, str], tuple[int, int]]
MONTHS = {"first_month": "2020-10", "last_month": "2021-06"}


class Office:
    """A town with payroll open from October 2020, its clock in June 2021."""

    def __init__(self, town: Town) -> None:
        self.town = town
        town.give("payroll-openings", jurisdiction="chibi", first_month="2020-10")
        town.clock.now = datetime(2021, 6, 18, 1, tzinfo=UTC)
        self.projection = Projection()
        sealed = partial(seal, sealing_key(KEYS.tokens))
        paying = Payroll(self.projection, town.store, town.client, town.clock, seal=sealed)
        app = payroll.api.app(paying, token_key=KEYS.tokens)
        self.http = TestClient(Starlette(routes=[Mount(payroll.api.PREFIX, app)]))

    def ask(self, *commands: dict[str, Any], who: str = ADMIN, **more: Any) -> httpx.Response:
        """What these would change, as it is answered."""
        body = {"jurisdiction": "chibi", "commands": list(commands), **MONTHS, **more}
        content = json.dumps(body).encode()
        headers = {"Authorization": bearer(who), "Content-Type": "application/json"}
        return self.http.post(f"{payroll.api.PREFIX}/scenarios", headers=headers, content=content)

    def preview(self, *commands: dict[str, Any], **more: Any) -> dict[str, Any]:
        """The comparison."""
        response = self.ask(*commands, **{"rows": 1000, "per": "month", **more})
        assert response.status_code == 200, response.text
        return dict(response.json())

    def rows(self, *commands: dict[str, Any], **more: Any) -> Rows:
        """(name, month) → fen of the baseline, fen of the scenario."""
        found = self.preview(*commands, **more)["rows"]
        return {(row["name"], row["period"]): (fen(row["baseline"]), fen(row["scenario"])) for row in found}

    def promote(self, found: dict[str, Any], *commands: dict[str, Any]) -> httpx.Response:
        body = {"digest": found["digest"], "at_position": found["at_position"], "commands": list(commands)}
        headers = {"Authorization": bearer(ADMIN), "Content-Type": "application/json"}
        return self.town.client.post("/ledger/v1/promotions", headers=headers, content=json.dumps(body).encode())

    def due(self, worker_id: str, month: str) -> dict[str, int]:
        """Payer → fen, of one worker's month as it is known now."""
        headers = {"Authorization": bearer("auditor city:chibi")}
        url = f"{payroll.api.PREFIX}/workers/{worker_id}/due/{month}"
        payers = self.http.get(url, headers=headers).json()["totals"]["by_payer"]
        return {payer: fen(amount) for payer, amount in payers.items()}


@pytest.fixture
def office(town: Town) -> Iterator[Office]:
    opened = Office(town)
    yield opened
    opened.projection.close()


def one(path: str, day: str = "2021-01-01", **fields: Any) -> dict[str, Any]:
    """A command of a scenario."""
    return {"path": path, "body": command(day, **fields)}


def base(wage: str = "57120.40", day: str = "2021-01-01") -> dict[str, Any]:
    return one("/bases", day, jurisdiction="chibi", scheme="ladder", average_annual_wage=wage)


def committee(town: Town, **fields: Any) -> str:
    return town.hire(channel="election", post="head", **fields)


def test_a_base_published_in_june_says_in_advance_who_gets_how_much_more_from_whom(office: Office) -> None:
    """F05, rule 3: 57,120.40 × 0.8 ÷ 12 = 3,808.03; × 0.72 = 2,741.78 → 2,742, so 122 more a month from January on."""
    newcomer = office.town.hire()
    found = office.preview(base())
    assert (found["touched"], found["difference"]) == (1, "732.00")
    assert found["workers"] == [
        {"worker_id": newcomer, "baseline": "23580.00", "scenario": "24312.00", "difference": "732.00"}
    ]
    expected = {
        ("city/chibi", month): (262_000, 262_000 if month < "2021" else 274_200)
        for month in [f"2020-{number}" for number in (10, 11, 12)] + [f"2021-0{number}" for number in range(1, 7)]
    }
    assert office.rows(base()) == expected


def test_baseline_and_scenario_are_the_same_before_the_day_of_the_scenario(office: Office) -> None:
    """F67: to the fen, along every axis."""
    town = office.town
    head = committee(town, grade=7)
    town.hire("jinqiao", "2020-11-09")
    transfer = one("/transfers", "2021-03-10", worker_id=head, community_id="huangjia")
    for by in ("city", "street", "community", "payer"):
        rows = office.rows(base(day="2021-03-01"), transfer, by=by)
        assert all(before == after for (_, month), (before, after) in rows.items() if month < "2021-03"), by
        assert any(before != after for before, after in rows.values()), by


def test_a_transfer_moves_money_between_payers_and_nobody_gets_less(office: Office) -> None:
    """F67, rule 12: what is touched adds up to nothing, and is named all the same."""
    head = committee(office.town, grade=7)
    transfer = one("/transfers", "2021-03-01", worker_id=head, community_id="huangjia")
    found = office.preview(transfer)
    assert (found["difference"], found["touched"], found["workers"][0]["worker_id"]) == ("0.00", 1, head)
    rows = office.rows(transfer)
    assert rows["community/xinhua", "2021-03"][1] == rows["community/huangjia", "2021-03"][0] == 0
    assert rows["community/xinhua", "2021-03"][0] == rows["community/huangjia", "2021-03"][1] > 0
    assert rows["city/chibi", "2021-03"][0] == rows["city/chibi", "2021-03"][1]
    heads = office.preview(transfer, by="street", per="year")["rows"]
    assert {(row["name"], row["period"]): row["scenario_head_months"] for row in heads} == {
        ("chimaguan", "2020"): 3,
        ("chimaguan", "2021"): 2,
        ("pufang", "2021"): 4,
    }


def test_what_a_scenario_voids_is_not_in_it(office: Office) -> None:
    """F66: grade 2 makes 2,729 a month, and the newcomer's 2,620 without the regrade; nobody else is touched."""
    town = office.town
    town.hire("jinqiao")
    worker_id = town.hire()
    regrade = town.give("regrades", "2021-05-01", worker_id=worker_id, grade=2, reason="step")
    found = office.preview(one("/voids", "2021-05-01", command_id=regrade["command_id"], reason="typed twice"))
    assert [one["worker_id"] for one in found["workers"]] == [worker_id]
    assert found["difference"] == "-218.00"


def test_a_payer_that_only_the_scenario_names_is_not_in_the_baseline(office: Office) -> None:
    """F67: the district's half is suspense as long as no policy says which district a street belongs to."""
    town = office.town
    document = read_policy(POLICIES / "chibi-2020.yaml")
    shares = {"city": "0.5", "district": "0.5"}
    funding = [{"posts": ["head", "deputy", "member", "dedicated"], "shares": shares}]
    halved = {**document, "policy_id": "chibi-2021", "funding": funding}
    town.give("policies", "2021-01-01", document=halved)
    town.hire()
    named = {**halved, "policy_id": "chibi-2021-b", "districts": {"east": {"streets": ["chimaguan"]}}}
    rows = office.rows(one("/policies", "2021-01-01", document=named))
    assert rows["suspense", "2021-06"] == (131_000, 0)
    assert rows["district/east", "2021-06"] == (0, 131_000)


def test_a_community_that_only_the_scenario_opens_pays_its_share_with_its_street(office: Office) -> None:
    """F67, rule 12: of a head's pay, 70 % the city's, the rest half the street's and half the community's."""
    town = office.town
    head = committee(town, grade=7)
    size = {"households": 1500, "population": 4000, "compounds": 6}
    place = {"city_id": "chibi", "street_id": "pufang", "community_id": "lushui", "title": "陆水"}
    commands = [
        one("/communities", "2021-01-01", **place, **size),
        one("/community-quotas", "2021-01-01", community_id="lushui", category="committee", seats=3),
        one("/transfers", "2021-02-01", worker_id=head, community_id="lushui"),
    ]
    rows = office.rows(*commands)
    before, after = rows["community/xinhua", "2021-02"][0], rows["community/lushui", "2021-02"][1]
    assert before == after > 0
    assert rows["street/pufang", "2021-02"] == (0, rows["street/chimaguan", "2021-02"][0])
    assert not [name for name, _ in rows if name == "suspense"]


def test_nothing_real_is_touched(each_town: Town) -> None:
    """F66: neither the log nor payroll's tables."""
    office = Office(each_town)
    each_town.hire()
    office.preview(base())
    before = each_town.store.digest(), each_town.store.head(), office.projection.digest()
    office.preview(base(), one("/hires", "2021-05-01", **each_town.hiring("jinqiao")))
    assert (each_town.store.digest(), each_town.store.head(), office.projection.digest()) == before


def test_what_is_promoted_makes_due_what_was_simulated(each_town: Town) -> None:
    """F68: the same rows, to the fen; and each worker's own due says so, too."""
    office, town = Office(each_town), each_town
    head, worker = committee(town, grade=7), town.hire()
    commands = [
        one("/hires", "2021-02-08", **town.hiring("jinqiao")),
        one("/transfers", "2021-03-10", worker_id=head, community_id="huangjia"),
        base(),
        one("/separations", "2021-05-20", worker_id=worker, reason="resigned"),
    ]
    found = office.preview(*commands)
    simulated = {by: office.rows(*commands, by=by) for by in ("payer", "community")}
    done = office.promote(found, *commands)
    assert done.status_code == 201, done.text
    hired = done.json()["commands"][0]["worker_id"]
    later = one("/trainings", worker_id=head, course="网格管理", hours=8)
    for by, rows in simulated.items():
        now = office.rows(later, by=by)
        assert {key: before for key, (before, _) in now.items() if before} == {
            key: after for key, (_, after) in rows.items() if after
        }
    summed: dict[tuple[str, str], int] = {}
    for worker_id in (head, worker, hired):
        for month in sorted({month for _, month in simulated["payer"]}):
            for payer, amount in office.due(worker_id, month).items():
                summed[payer, month] = summed.get((payer, month), 0) + amount
    assert summed == {key: after for key, (_, after) in simulated["payer"].items() if after}


def menu(town: Town, people: list[str], random: Random) -> dict[str, Any]:
    """A command that may or may not be possible."""
    worker_id, day = random.choice(people), f"2021-0{random.randint(1, 6)}-{random.choice((1, 1, 9, 17)):02d}"
    place = random.choice(("xinhua", "jinqiao", "huangjia"))
    makers: list[Callable[[], dict[str, Any]]] = [
        lambda: one("/hires", day, **town.hiring(place)),
        lambda: one("/transfers", day, worker_id=worker_id, community_id=place),
        lambda: one("/regrades", day, worker_id=worker_id, grade=random.randint(1, 12), reason="step"),
        lambda: one(
            "/qualifications",
            day,
            worker_id=worker_id,
            certificate="assistant",
            certificate_number=f"{random.random()}",
        ),
        lambda: one("/suspensions", day, worker_id=worker_id, reason="调查"),
        lambda: one("/separations", day, worker_id=worker_id, reason="resigned"),
        lambda: base(str(random.randint(50_000, 70_000)), day[:8] + "01"),
    ]
    return random.choice(makers)()


def test_random_scenarios_come_out_as_simulated(town: Town) -> None:
    """F68: 12 scenarios one after the other on one town, of 1 to 6 commands, each promoted; paid by payer and month."""
    office, random = Office(town), Random(7)
    people = [town.hire("huangjia"), committee(town, grade=9), town.hire("xinhua", "2020-11-20")]
    tried = 0
    for _ in range(12):
        commands = [menu(town, people, random) for _ in range(random.randint(1, 6))]
        verdicts = town.send("scenarios", {"commands": commands}).json()["verdicts"]
        fit = [commands[one["command"]] for one in verdicts if one["outcome"] == "drafted"]
        if not fit or not office.ask(*fit).is_success:
            continue
        found, simulated = office.preview(*fit), office.rows(*fit)
        assert office.promote(found, *fit).status_code == 201
        people += [one["worker_id"] for one in verdicts if "worker_id" in one]
        now = office.rows(one("/grids", community_id="xinhua", grid_id=f"g{tried}", title="网格", households=1))
        assert {key: was for key, (was, _) in now.items() if was} == {
            key: will for key, (_, will) in simulated.items() if will
        }
        tried += 1
    assert tried >= 8


def test_what_workers_pay_themselves_is_no_part_of_what_a_place_costs(office: Office) -> None:
    """Rule 19, P10: nine months at 2,620 and 16 % on top, however they are summed; nobody's budget is the worker's."""
    document = read_policy(POLICIES / "chibi-2020.yaml")
    document["contributions"] = {"pension": {"employer": "0.16", "personal": "0.08"}}
    document["budget_items"]["pension_unit"] = "30108"
    office.town.give("policies", "2020-10-01", document=document)
    office.town.hire()
    whole = {by: office.preview(base(), by=by) for by in ("payer", "city", "street", "community")}
    assert {row["name"] for row in whole["payer"]["rows"]} == {"city/chibi"}
    sums = {sum(fen(row["baseline"]) for row in found["rows"]) for found in whole.values()}
    assert sums == {fen(whole["payer"]["baseline"])} == {9 * 262_000 * 116 // 100}
    budgets = office.http.get(
        f"{payroll.api.PREFIX}/budgets",
        headers={"Authorization": bearer("auditor city:chibi")},
        params={"jurisdiction": "chibi", "year": 2020},
    )
    assert [one["payer"] for one in budgets.json()["payers"]] == ["city/chibi"]


def test_a_budget_reaches_three_years_ahead(office: Office) -> None:
    """F67: 36 months with a raise each January, by the year, and somebody who is hired next spring."""
    office.town.hire()
    raises = [base("60000.00", "2022-01-01"), base("63000.00", "2023-01-01")]
    hire = one("/hires", "2022-03-01", **office.town.hiring("jinqiao"))
    found = office.preview(*raises, hire, first_month="2021-01", last_month="2023-12", by="city", per="year")
    years = {row["period"]: (row["baseline"], row["scenario"], row["scenario_head_months"]) for row in found["rows"]}
    assert years == {
        "2021": ("31440.00", "31440.00", 12),
        "2022": ("31440.00", "63360.00", 22),
        "2023": ("31440.00", "72576.00", 24),
    }


def test_a_preview_reaches_from_the_first_month_to_this_one(office: Office) -> None:
    office.town.hire()
    found = office.preview(base(), first_month=None, last_month=None)
    assert (found["first_month"], found["last_month"]) == ("2020-10", "2021-06")


def test_rows_and_people_come_in_pages(office: Office) -> None:
    people = sorted(office.town.hire(place) for place in ("xinhua", "xinhua", "jinqiao"))
    whole = office.preview(base())["rows"]
    rows: list[Any] = []
    after: int | None = 0
    while after is not None:
        page = office.preview(base(), after_row=after, rows=4)
        rows, after = rows + page["rows"], page["next_row"]
    assert rows == whole
    first = office.preview(base(), workers=2)
    rest = office.preview(base(), workers=2, after_worker=first["next_worker"])
    assert [one["worker_id"] for one in first["workers"] + rest["workers"]] == people
    assert (first["touched"], rest["next_worker"]) == (3, None)


def test_a_scenario_asked_for_again_as_known_then_is_the_same(office: Office) -> None:
    """F66: what was written since is not in it, and under writers the same question has the same answer."""
    town = office.town
    town.hire()
    first = office.preview(base())
    done = Event()

    def write() -> int:
        sent = 0
        while not done.is_set():
            town.give("regrades", "2021-04-01", worker_id=office_worker, grade=2 + sent % 5, reason="step")
            sent += 1
        return sent

    office_worker = town.hire("jinqiao")
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        again = [office.preview(base(), known_position=first["at_position"]) for _ in range(5)]
        done.set()
        written = writing.result()
    assert all(one == first for one in again)
    assert written > 0
    assert office.preview(base())["touched"] == 2


def test_a_command_that_would_be_refused_is_named(office: Office) -> None:
    """F66: as the ledger refuses it, with its number."""
    head = office.town.store.head()
    refused = problem(office.ask(base(), base()))
    assert (refused["code"], refused["pointer"]) == ("scenario-refused", "/commands/1/body")
    assert refused["extra"]["verdicts"][0]["code"] == "already-there"
    assert office.town.store.head() == head


@pytest.mark.parametrize(
    ("who", "more", "code"),
    [
        ("finance city:chibi", {}, "forbidden"),
        ("admin city:jinzhou", {}, "not-found"),
        ("admin street:chimaguan", {}, "not-found"),
        (ADMIN, {"first_month": "2020-09"}, "months-in-order"),
        (ADMIN, {"first_month": "2021-07", "last_month": "2021-06"}, "invalid-body"),
        (ADMIN, {"last_month": "2030-10"}, "invalid-body"),
        (ADMIN, {"known_position": 100_000}, "unknown-time"),
        (ADMIN, {"by": "post"}, "invalid-body"),
    ],
)
def test_what_cannot_be_asked(office: Office, who: str, more: dict[str, Any], code: str) -> None:
    assert problem(office.ask(base(), who=who, **more))["code"] == code


def test_service_that_no_rule_of_the_scenario_covers_is_named(office: Office) -> None:
    """F66: no figure of a scenario is silently wrong; here nobody pays the dedicated workers any longer."""
    office.town.hire()
    document = read_policy(POLICIES / "chibi-2020.yaml")
    funding = [rule for rule in document["funding"] if "dedicated" not in rule["posts"]]
    enacted = one("/policies", "2021-04-01", document={**document, "policy_id": "chibi-2021", "funding": funding})
    found = office.preview(enacted)
    assert found["notes"] == ["no-rule: 3 part(s) of months that no rule covers, 0 in the baseline"]
    assert office.rows(enacted)["suspense", "2021-04"] == (0, 262_000)
    assert office.preview(base())["notes"] == []
