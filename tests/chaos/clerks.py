"""Clerks who go on working through every failure: the same command with the same key until it is answered."""

import random
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import httpx
from tests.ledger.given import PAPER, bearer, identity_number

COMMUNITIES = ("xinhua", "jinqiao", "huangjia")
CERTIFICATES = ("assistant", "social_worker", "senior")
RATINGS = ("excellent", "competent", "marginal", "unfit")
GIVE_UP_SECONDS = 120.0


@dataclass(frozen=True)
class Acknowledged:
    """A command that was answered with 201: what was sent under which key, and what came back."""

    path: str
    key: str
    body: dict[str, Any]
    answer: dict[str, Any]


@dataclass
class Clerk:
    """One person at work: hires people of their own and records what happens to them."""

    number: int
    url: str
    randomness: random.Random
    pause: float
    acknowledged: list[Acknowledged] = field(default_factory=list)
    refused: int = 0
    tries: int = 0
    failure: str = ""
    workers: list[str] = field(default_factory=list)
    _sent: int = 0
    _people: int = 0

    def work(self, stop: threading.Event) -> None:
        """Until told to stop; a command that was begun is brought to its answer first."""
        try:
            with httpx.Client(base_url=self.url, timeout=5) as client:
                while not stop.wait(self.pause):
                    self._one(client)
        except Exception as error:
            self.failure = f"clerk {self.number}: {type(error).__name__}: {error}"

    def _one(self, client: httpx.Client) -> None:
        path, fields = self._next()
        self._sent += 1
        body = {"effective_date": self._day(), "basis": PAPER, **fields}
        key = f"clerk-{self.number}-{self._sent}"
        answer = self._answered(client, path, key, body)
        if answer.status_code != 201:
            self.refused += 1
            return
        self.acknowledged.append(Acknowledged(path, key, body, answer.json()))
        if path == "hires":
            self.workers.append(answer.json()["worker_id"])

    def _answered(self, client: httpx.Client, path: str, key: str, body: dict[str, Any]) -> httpx.Response:
        deadline = time.monotonic() + GIVE_UP_SECONDS
        while True:
            self.tries += 1
            headers = {"Idempotency-Key": key, "If-Match": "*", "Authorization": bearer("admin city:chibi")}
            try:
                answer = client.post(f"/ledger/v1/{path}", json=body, headers=headers)
                if answer.status_code < 500 and answer.status_code not in (408, 429):
                    return answer
                why = answer.text
            except httpx.HTTPError as error:
                why = type(error).__name__
            assert time.monotonic() < deadline, f"{path} {key} is not answered: {why}"
            time.sleep(0.2)

    def _next(self) -> tuple[str, dict[str, Any]]:
        if len(self.workers) < 3 or self.randomness.random() < 0.1:
            return "hires", self._hiring()
        worker_id = self.randomness.choice(self.workers)
        kind = self.randomness.choice(("trainings", "qualifications", "transfers", "regrades", "appraisals", "voids"))
        if kind == "voids":
            done = self.randomness.choice(self.acknowledged)
            return kind, {"command_id": done.answer["command_id"], "reason": "录入有误"}
        said = {
            "trainings": {"course": "网格管理", "hours": self.randomness.randint(1, 40)},
            "qualifications": {
                "certificate": self.randomness.choice(CERTIFICATES),
                "certificate_number": f"C{self.number:03d}{self._sent:06d}",
            },
            "transfers": {"community_id": self.randomness.choice(COMMUNITIES)},
            "regrades": {"grade": self.randomness.randint(1, 12), "reason": "核定"},
            "appraisals": {"year": 2020, "rating": self.randomness.choice(RATINGS)},
        }[kind]
        return kind, {"worker_id": worker_id, **said}

    def _hiring(self) -> dict[str, Any]:
        self._people += 1
        born = f"{1985 + self.number % 15}-{1 + self._people // 900 % 12:02d}-{1 + self.number // 15 % 28:02d}"
        person = {"name": "李秀英", "identity_number": identity_number(born, self._people % 900 + 1)}
        community_id = self.randomness.choice(COMMUNITIES)
        terms = {"channel": "exam", "post": "dedicated", "education": "college"}
        return {"community_id": community_id, **terms, "person": person}

    def _day(self) -> str:
        return f"2021-{self.randomness.randint(1, 6):02d}-{self.randomness.randint(1, 28):02d}"
