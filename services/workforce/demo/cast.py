"""The people of the story and what happens to them, as commands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any

from workforce.client import Client, basis
from workforce.demo.city import Place
from workforce.demo.people import People

Paper = dict[str, str]
REFORM = date(2020, 10, 1)
CONVERTED, STAY_OUTSIDE, CERTIFIED, STEPS, PROMOTED = 139, 3, 60, 20, 3
RATINGS = ["excellent"] * 3 + ["competent"] * 15 + ["marginal"]


@dataclass
class Member:
    """Somebody in the story. `home` is the community they belong to after the redraw."""

    worker_id: str
    post: str
    home: str
    counted_years: int

    @property
    def stream(self) -> str:
        """Their stream in the ledger."""
        return f"worker/{self.worker_id}"


class Cast:
    """Who is in post, and the acts on them."""

    def __init__(self, client: Client, random: Random, places: Sequence[Place]) -> None:
        self.client = client
        self.random = random
        self.places = places
        self.people = People(random)
        self.committee: list[Member] = []
        self.legacy: list[Member] = []
        self.dedicated: list[Member] = []
        self.recruits: list[Member] = []
        self.mistaken_command = ""
        self.mistaken_worker = ""

    # --- before the reform

    def committee_before(self, paper: Paper) -> None:
        """201 in post, paid elsewhere until the reform; the longest-serving head will enter at grade 18."""
        for place in self.places:
            for post in place.posts_filled:
                longest = (post, place.community_id) == ("head", "c20")
                years = 33 if longest else self.random.randint(3, 24)
                body = {"channel": "election", "paid_outside": True, "community_id": place.old_id}
                self.committee.append(self._hire(place, post, date(2018, 12, 1), paper, body, years))

    def legacy_workers(self, paper: Paper) -> None:
        """158 grid workers without a seat."""
        for number in range(158):
            place = self.places[number % len(self.places)]
            body = {"channel": "legacy", "community_id": place.old_id}
            years = self.random.randint(0, 8)
            self.legacy.append(self._hire(place, "dedicated", date(2019, 1 + number % 12, 1), paper, body, years))

    def at_home_in(self, community_id: str) -> dict[str, str]:
        """Worker → community, for those a redraw sends there by name."""
        return {one.worker_id: community_id for one in [*self.committee, *self.legacy] if one.home == community_id}

    # --- the reform

    def review_committee(self, paper: Paper) -> None:
        """198 of 201 come onto the ladder; three keep a public-institution post, a seat without this pay."""
        for member in self.committee[STAY_OUTSIDE:]:
            self._convert(member, paper, {})

    def fill_vacancies(self, paper: Paper) -> None:
        """26 elected into the empty committee posts."""
        for place in self.places:
            for post in place.posts_vacant:
                body = {"channel": "election", "community_id": place.community_id}
                self.committee.append(self._hire(place, post, REFORM, paper, body, self.random.randint(0, 9)))

    def convert_legacy(self, paper: Paper) -> None:
        """139 passed and take a seat; 19 leave."""
        for number, member in enumerate(self.legacy):
            if number < CONVERTED:
                self._convert(member, paper, {"grid_id": f"{member.home}-g{1 + number % 8:02d}"})
                self.dedicated.append(member)
            else:
                self._act(member, "separations", REFORM, paper, reason="not_converted")

    def recruit(self, paper: Paper) -> None:
        """169 recruited by open exam; 40 of them take up duty on 12 October."""
        for place in self.places:
            free = place.dedicated - sum(1 for member in self.dedicated if member.home == place.community_id)
            for _ in range(free):
                day = REFORM if len(self.recruits) < 129 else date(2020, 10, 12)
                self.recruits.append(self.hire_dedicated(place, day, paper))
        self.dedicated += self.recruits

    def hire_dedicated(self, place: Place, day: date, paper: Paper) -> Member:
        """One dedicated worker, by exam."""
        body = {"channel": "exam", "community_id": place.community_id, "grid_id": self.random.choice(place.grid_ids)}
        if self.recruits and self.random.random() < 0.15:
            body["education"] = "bachelor"
        return self._hire(place, "dedicated", day, paper, body, 0)

    # --- the year after

    def first_training(self) -> None:
        """The first class of dedicated workers takes the initial course."""
        paper = basis("赤民培〔2020〕2号", date(2020, 11, 2), "初任培训")
        for member in self.recruits:
            self._act(
                member, "trainings", date(2020, 11, 13), paper, course="社区工作者初任培训", hours=40, initial=True
            )

    def certificates(self) -> None:
        """60 certificates are registered; the allowance starts with the next month."""
        paper = basis("鄂人社职〔2020〕44号", date(2020, 12, 8))
        for number, member in enumerate((self.committee + self.dedicated)[5::8][:CERTIFIED]):
            level = ("assistant", "assistant", "social_worker", "senior")[number % 4]
            certificate_number = f"HB2020{number:06d}"
            answer = self._act(
                member,
                "qualifications",
                date(2020, 12, 10),
                paper,
                certificate=level,
                certificate_number=certificate_number,
            )
            if number == 2:
                self.mistaken_command, self.mistaken_worker = answer["command_id"], member.worker_id

    def appraise_2020(self) -> None:
        """The year 2020 is appraised."""
        paper = basis("赤民考〔2021〕1号", date(2021, 1, 12), "年度考核")
        for member in self.committee + self.dedicated:
            rating = self.random.choice(RATINGS)
            self._act(member, "appraisals", date(2021, 1, 15), paper, year=2020, rating=rating)

    def steps_of_january(self) -> None:
        """Steps due on 1 January are recorded in February, after January was closed."""
        paper = basis("赤社薪〔2021〕2号", date(2021, 2, 18), "等级晋升")
        for member in self.dedicated[:STEPS]:
            standing = self.client.read(f"/ledger/v1/workers/{member.worker_id}", effective_on="2021-01-01")["worker"]
            self._act(member, "regrades", date(2021, 1, 1), paper, grade=standing["grade"] + 1, reason="counted years")

    def void_one_certificate(self) -> None:
        """A whole command is voided; what it paid is recovered."""
        body = {
            "command_id": self.mistaken_command,
            "reason": "registered for the wrong person",
            "effective_date": "2021-03-19",
            "basis": basis("鄂人社职〔2021〕6号", date(2021, 3, 17), "更正"),
        }
        self.client.command("/ledger/v1/voids", body)

    def promotions(self) -> None:
        """Three members leave for the civil service; three dedicated workers are selected in their place."""
        paper = basis("赤组〔2021〕9号", date(2021, 3, 30))
        leaving = [member for member in self.committee if member.post == "member"][40 : 40 + PROMOTED]
        for member in leaving:
            self._act(member, "separations", date(2021, 4, 1), paper, reason="civil_service")
            self.committee.remove(member)
            chosen = next(one for one in self.dedicated if one.home == member.home)
            self._act(chosen, "post-changes", date(2021, 4, 11), paper, post="member")
            chosen.post = "member"
            self.dedicated.remove(chosen)
            self.committee.append(chosen)

    def transfers_and_refills(self) -> None:
        """Transfers into the free seats, and new people by exam for the seats they leave."""
        paper = basis("赤民〔2021〕15号", date(2021, 5, 6), "调动")
        for number, member in enumerate(self.committee[-PROMOTED:]):
            moving = next(one for one in self.dedicated[number * 30 :] if one.home != member.home)
            origin = next(place for place in self.places if place.community_id == moving.home)
            self._act(moving, "transfers", date(2021, 5, 11), paper, community_id=member.home)
            moving.home = member.home
            self.dedicated.append(self.hire_dedicated(origin, date(2021, 5, 17), paper))

    # --- small steps

    def _hire(
        self, place: Place, post: str, day: date, paper: Paper, body: dict[str, Any], counted_years: int
    ) -> Member:
        sent = {
            "post": post,
            "education": "college",
            "counted_years": counted_years,
            "person": self.people.person(),
            "effective_date": day.isoformat(),
            "basis": paper,
            **body,
        }
        answer = self.client.command("/ledger/v1/hires", sent)
        return Member(answer["worker_id"], post, place.community_id, counted_years)

    def _convert(self, member: Member, paper: Paper, body: dict[str, Any]) -> None:
        given = {"post": member.post, "counted_years": member.counted_years, **body}
        self._act(member, "conversions", REFORM, paper, **given)

    def _act(self, member: Member, path: str, day: date, paper: Paper, **given: Any) -> dict[str, Any]:
        body = {"worker_id": member.worker_id, "effective_date": day.isoformat(), "basis": paper, **given}
        return self.client.command(f"/ledger/v1/{path}", body, subject=member.stream)
