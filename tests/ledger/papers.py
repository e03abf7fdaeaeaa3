"""Papers that reach an office: acts of every kind on a small town, on days in no order."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

import httpx
from tests.ledger.given import Town, command

COMMUNITIES = ("xinhua", "jinqiao", "huangjia")
FIRST = date(2020, 10, 1)
MOVES = ("hires", "transfers", "transfers", "post-changes", "separations", "voids", "redraws")
LIFE = (
    *("hires", "transfers", "post-changes", "regrades", "appraisals", "trainings", "educations", "qualifications"),
    *("separations", "rehires", "conversions", "suspensions", "returns", "probation-confirmations"),
    *("appraisal-proposals", "appraisal-publications", "review-requests", "appraisal-corrections"),
    *("second-posts", "second-post-ends", "certificate-ends", "honours", "special-deductions"),
)
PLACES = ("redraws", "community-quotas", "grids")


@dataclass(frozen=True)
class Paper:
    """One command as it is sent; `key` names the worker it is on, by the order in which they came."""

    path: str
    day: date
    fields: Mapping[str, Any]
    about: int | None = None


class Office:
    """Random papers for a town, and what came of them."""

    def __init__(self, town: Town, seed: int, kinds: Sequence[str], days: int = 120) -> None:
        self.town = town
        self.random = Random(seed)
        self.kinds = kinds
        self.days = days
        self.done: list[str] = []
        self.workers: list[str] = []
        self.refused = 0
        self._certificates = 0

    def paper(self, kinds: Sequence[str] = ()) -> Paper:
        """The next paper; hires until there is somebody."""
        kind = self.random.choice(kinds or self.kinds) if self.workers else "hires"
        day = FIRST + timedelta(days=self.random.randrange(self.days))
        fields = dict(self._fields[kind]())
        if kind in ("voids", "hires", *PLACES):
            return Paper(kind, day, fields)
        return Paper(kind, day, fields, self.random.randrange(len(self.workers)))

    def send(self, paper: Paper, *, plan: bool = False) -> httpx.Response:
        """Send it, or ask what would come of it."""
        about = {} if paper.about is None else {"worker_id": self.workers[paper.about]}
        return self.town.send(paper.path, command(str(paper.day), **about, **paper.fields), plan=plan)

    def take(self, paper: Paper) -> httpx.Response:
        """Send it, and remember what came of it; a refusal is an answer, too."""
        sent = self.send(paper)
        assert sent.status_code in (201, 409, 422), sent.text
        if sent.status_code == 201:
            answer = sent.json()
            self.done.append(answer["command_id"])
            self.workers += [answer["worker_id"]] if answer.get("worker_id") else []
        else:
            self.refused += 1
        return sent

    @property
    def _fields(self) -> Mapping[str, Callable[[], Mapping[str, Any]]]:
        pick = self.random.choice
        return {
            "hires": self._hire,
            "voids": lambda: {"command_id": pick(self.done), "reason": "录入错误"},
            "redraws": lambda: {
                "city_id": "chibi",
                "opened": [],
                "closed": [{"community_id": pick(COMMUNITIES), "successor_id": pick(COMMUNITIES)}],
            },
            "community-quotas": lambda: {
                "community_id": pick(COMMUNITIES),
                "category": pick(("committee", "dedicated")),
                "seats": pick((0, 1, 2, 3, 4)),
            },
            "grids": lambda: {
                "community_id": pick(COMMUNITIES),
                "grid_id": f"grid-{pick((1, 2, 3))}",
                "title": "一网格",
                "households": 400,
            },
            "transfers": lambda: {"community_id": pick(COMMUNITIES)},
            "post-changes": lambda: {"post": pick(("dedicated", "member", "deputy", "head"))},
            "regrades": lambda: {"grade": pick((1, 2, 3, 5, 8, 14, 18)), "reason": "晋级"},
            "appraisals": lambda: {
                "year": pick((2019, 2020, 2021)),
                "rating": pick(("excellent", "competent", "unfit")),
            },
            "appraisal-proposals": lambda: {"year": pick((2019, 2020)), "rating": pick(("excellent", "competent"))},
            "appraisal-publications": lambda: {"year": pick((2019, 2020))},
            "review-requests": lambda: {"year": pick((2019, 2020)), "reason": "有异议"},
            "appraisal-corrections": lambda: {
                "year": pick((2019, 2020)),
                "rating": pick(("excellent", "competent", "unfit")),
                "reason": "复核",
            },
            "trainings": lambda: {"course": "初任培训", "hours": pick((4, 8, 40))},
            "educations": lambda: {"education": pick(("bachelor", "master", "doctor"))},
            "qualifications": self._certificate,
            "certificate-ends": lambda: {
                "certificate": pick(("assistant", "social_worker", "senior")),
                "reason": pick(("expired", "revoked")),
            },
            "honours": lambda: {"title": "优秀社区工作者", "level": pick(("street", "city"))},
            "separations": lambda: {"reason": pick(("resigned", "retired", "probation_failed"))},
            "rehires": lambda: {
                "community_id": pick(COMMUNITIES),
                "channel": "exam",
                "post": "dedicated",
                "keeps_years": pick((True, False)),
            },
            "conversions": lambda: {"post": pick(("dedicated", "member"))},
            "second-posts": lambda: {"post": pick(("member", "deputy", "head"))},
            "second-post-ends": dict,
            "special-deductions": lambda: {"monthly": pick(("0", "1000.00", "2000.00"))},
            "suspensions": lambda: {"reason": "配合调查"},
            "returns": dict,
            "probation-confirmations": dict,
        }

    def _hire(self) -> Mapping[str, Any]:
        entry = self.random.choice((("exam", "dedicated"), ("election", "member"), ("legacy", "dedicated")))
        place = self.random.choice(COMMUNITIES)
        until = self.random.choice((None, str(FIRST + timedelta(days=self.days))))
        return self.town.hiring(place, channel=entry[0], post=entry[1], probation_until=until)

    def _certificate(self) -> Mapping[str, Any]:
        self._certificates += 1
        number = f"SW-{self._certificates:06d}"
        certificate = self.random.choice(("assistant", "social_worker", "senior"))
        return {"certificate": certificate, "certificate_number": number}
