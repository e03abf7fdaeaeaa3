"""The reform in the order in which it was written down: each chapter moves the clock and gives commands."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Any

from shared.principals import Role
from workforce.client import Client, RefusedByServer, basis
from workforce.demo.cast import Cast
from workforce.demo.city import CITY, STREETS, Place, places
from workforce.policy_files import read_policy

Say = Callable[[str], None]
PLAN = "赤政发〔2020〕12号"
LADDER, LEGACY = "chibi-2020", "chibi-legacy"
MONTHS = [f"2020-{month:02d}" for month in (10, 11, 12)] + [f"2021-{month:02d}" for month in range(1, 10)]
NEW_WAGE, NEW_WAGE_NOTE = "57840.00", "assumed for the demo; the published figure for 2020 is not used"


class Clock:
    """The story's clock: it stands still until the story moves it, and never goes back."""

    def __init__(self) -> None:
        self.now = datetime(2020, 8, 3, 1, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move_to(self, day: date) -> None:
        """Nine in the morning of the day in Chibi."""
        self.now = max(self.now, datetime(day.year, day.month, day.day, 1, 0, tzinfo=UTC))


class Story:
    """Tells the reform through a client; what happened is kept for the table at the end."""

    def __init__(self, client: Client, clock: Clock, random: Random, policies: Path, say: Say) -> None:
        self.client = client
        self.clock = clock
        self.random = random
        self.policies = policies
        self.say = say
        self.places: list[Place] = places()
        self.cast = Cast(client, random, self.places)
        self.refused: dict[str, Any] = {}
        self.known_before_redraw = clock.now
        self.known_before_base = clock.now

    def tell(self) -> None:
        """From an empty log to the twelfth closed month."""
        self.before_the_reform()
        self.redraw()
        self.enact()
        self.convert_and_recruit()
        for month in MONTHS:
            self.live_through(month)
            self.pay(month)

    # --- August 2020

    def before_the_reform(self) -> None:
        """27 communities, 201 committee members in post, 158 grid workers at 1,300 a month."""
        self.say("before the reform: 27 communities, 201 committee members, 158 grid workers")
        paper = basis("赤民发〔2020〕3号", date(2020, 8, 1))
        since = {"effective_date": "2018-01-01", "basis": paper}
        self._send("cities", {"city_id": CITY, "title": "赤壁市", "division_code": "421281", **since})
        for street_id, (title, kind) in STREETS.items():
            self._send("streets", {"city_id": CITY, "street_id": street_id, "title": title, "kind": kind, **since})
        for category, seats in (("committee", 227), ("dedicated", 308)):
            body = {"city_id": CITY, "category": category, "seats": seats, **since}
            self._send("city-quotas", body, subject=f"city/{CITY}")
        self._enact(LEGACY, date(2018, 1, 1))
        for old_id in dict.fromkeys(place.old_id for place in self.places):
            self._register_old(old_id, since)
        self.cast.committee_before(paper)
        self.cast.legacy_workers(paper)

    def _register_old(self, old_id: str, since: dict[str, Any]) -> None:
        parts = [place for place in self.places if place.old_id == old_id]
        body = {
            "city_id": CITY,
            "street_id": parts[0].street_id,
            "community_id": old_id,
            "title": parts[0].title[: parts[0].title.index("区") + 1],
            "households": sum(part.households for part in parts),
            "population": sum(part.population for part in parts),
            "compounds": sum(part.compounds for part in parts),
            **since,
        }
        self._send("communities", body)
        self._quota(old_id, "committee", sum(part.committee for part in parts), since)
        if not parts[0].opened:
            self._grids(parts[0], since)

    # --- September 2020

    def redraw(self) -> None:
        """Four large communities become eight; everybody goes where their grid lies."""
        self.say("redraw: 27 communities become 31")
        self.clock.move_to(date(2020, 8, 28))
        self.known_before_redraw = self.clock.now
        self.clock.move_to(date(2020, 8, 29))
        when = {"effective_date": "2020-09-01", "basis": basis(PLAN, date(2020, 8, 20), "社区调整")}
        opened = [place for place in self.places if place.opened]
        closed = [
            {
                "community_id": place.old_id,
                "successor_id": place.community_id,
                "workers": self.cast.at_home_in(second.community_id),
            }
            for place, second in zip(opened[::2], opened[1::2], strict=True)
        ]
        body = {"city_id": CITY, "opened": [_opening(place) for place in opened], "closed": closed, **when}
        self._send("redraws", body, subject=f"city/{CITY}")
        for place in opened:
            self._grids(place, when)

    def enact(self) -> None:
        """The policy of 18 September, the seats for dedicated workers, and the first month of payroll."""
        self.say("the policy is enacted on 18 September 2020")
        self.clock.move_to(date(2020, 9, 18))
        self._enact(LADDER, date(2020, 9, 18))
        when = {"effective_date": "2020-09-18", "basis": basis(PLAN, date(2020, 9, 18), "员额")}
        for place in self.places:
            if not place.opened:
                self._quota(place.community_id, "dedicated", place.dedicated, when)
        body = {"jurisdiction": CITY, "first_month": MONTHS[0], **when}
        self._send("payroll-openings", body, subject=f"policy/{CITY}")

    def convert_and_recruit(self) -> None:
        """201 reviewed, 26 vacancies filled, 139 of 158 converted, 169 recruited, the 309th refused."""
        self.clock.move_to(date(2020, 9, 27))
        paper = basis(PLAN, date(2020, 9, 25), "过渡")
        self.say("201 committee members reviewed, 26 vacancies filled")
        self.cast.review_committee(paper)
        self.cast.fill_vacancies(paper)
        self.say("139 of 158 grid workers converted, 19 leave")
        self.cast.convert_legacy(paper)
        self.say("169 recruited by open exam")
        self.cast.recruit(basis("赤人社发〔2020〕31号", date(2020, 9, 26), "公开招聘"))
        self.refused = self._refused_309th()

    def _refused_309th(self) -> dict[str, Any]:
        try:
            self.cast.hire_dedicated(self.places[0], date(2020, 10, 12), basis(PLAN, date(2020, 9, 26)))
        except RefusedByServer as refused:
            return refused.problem
        raise AssertionError("the 309th dedicated worker was hired")

    # --- October 2020 to September 2021

    def live_through(self, month: str) -> None:
        """What happened in the month, before it was paid."""
        chapter: dict[str, Callable[[], None]] = {
            "2020-11": self.cast.first_training,
            "2020-12": self.cast.certificates,
            "2021-01": self.cast.appraise_2020,
            "2021-02": self.cast.steps_of_january,
            "2021-04": self.cast.promotions,
            "2021-05": self.cast.transfers_and_refills,
            "2021-06": self._publish_base,
        }
        happened = chapter.get(month)
        year, number = int(month[:4]), int(month[5:])
        self.clock.move_to(date(year, number, 20))
        if happened is not None:
            self.say(f"{month}: {(happened.__doc__ or '').splitlines()[0]}")
            happened()
        if month == "2021-03":
            self.say(f"{month}: a certificate of December turns out mistaken, after its months were closed")
            self.cast.void_one_certificate()

    def _publish_base(self) -> None:
        """The new year's base is published in June and holds from January."""
        self.known_before_base = self.clock.now
        self.clock.move_to(date(2021, 6, 21))
        body = {
            "jurisdiction": CITY,
            "scheme": "ladder",
            "average_annual_wage": NEW_WAGE,
            "effective_date": "2021-01-01",
            "basis": basis("赤统发〔2021〕8号", date(2021, 6, 18), NEW_WAGE_NOTE),
        }
        self._send("bases", body, subject=f"policy/{CITY}")

    def pay(self, month: str) -> None:
        """Drafted by one, approved by another, closed by the first."""
        year, number = int(month[:4]), int(month[5:])
        self.clock.move_to(date(year, number, 26))
        self.say(f"{month}: drafted, approved, closed")
        when = {"effective_date": f"{month}-26", "basis": basis(f"赤社薪〔{month}〕", date(year, number, 26))}
        draft = self.client.command(
            "/payroll/v1/runs", {"jurisdiction": CITY, "month": month, **when}, role=Role.FINANCE
        )
        path = f"/payroll/v1/runs/{CITY}/{month}/1"
        shown, version = {"digest": draft["digest"], **when}, draft["version"]
        approved = self.client.command(f"{path}/approval", shown, role=Role.APPROVER, version=version)
        self.client.command(f"{path}/closure", when, role=Role.FINANCE, version=approved["version"])

    # --- small steps

    def _enact(self, policy_id: str, day: date) -> None:
        document = read_policy(self.policies / f"{policy_id}.yaml")
        self._send(
            "policies",
            {"document": document, "effective_date": day.isoformat(), "basis": basis(PLAN, date(2020, 8, 1))},
        )

    def _quota(self, community_id: str, category: str, seats: int, when: dict[str, Any]) -> None:
        body = {"community_id": community_id, "category": category, "seats": seats, **when}
        self._send("community-quotas", body, subject=f"community/{community_id}")

    def _grids(self, place: Place, when: dict[str, Any]) -> None:
        for number, grid_id in enumerate(place.grid_ids, 1):
            body = {
                "community_id": place.community_id,
                "grid_id": grid_id,
                "title": f"第{number}网格",
                "households": place.households // place.grids,
                **when,
            }
            self._send("grids", body)

    def _send(self, path: str, body: dict[str, Any], subject: str | None = None) -> dict[str, Any]:
        return self.client.command(f"/ledger/v1/{path}", body, subject=subject)


def _opening(place: Place) -> dict[str, Any]:
    return {
        "community_id": place.community_id,
        "street_id": place.street_id,
        "title": place.title,
        "households": place.households,
        "population": place.population,
        "compounds": place.compounds,
        "committee_seats": place.committee,
        "dedicated_seats": place.dedicated,
    }
