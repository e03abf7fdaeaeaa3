"""What can be asked over HTTP about training."""

from datetime import date
from typing import Annotated

from fastapi import Query, Request, Response
from msgspec import Struct

from ledger.asking import Day, Id, Known
from ledger.desk import Desk
from ledger.domain.city import City
from ledger.domain.policy import Policies
from ledger.domain.training_year import YearOfTraining, hours_asked, year_of
from ledger.domain.worker import Worker
from ledger.execution import Ledger
from ledger.queries import Queries
from shared.http import Route, answer, principal_of
from shared.preconditions import etag
from shared.principals import EVERYONE


class TrainingAnswer(Struct, frozen=True, kw_only=True):
    """A worker's training of a year by a day, as known at a position; `version` is the stream's, also as known then."""

    effective_on: date
    known_position: int
    version: int
    worker_id: str
    training: YearOfTraining


def training_reads(ledger: Ledger, queries: Queries) -> list[Route]:
    """The table of questions about training."""

    def read_training(
        request: Request,
        worker_id: Id,
        day: Day,
        known: Known,
        year: Annotated[int | None, Query(ge=1949, le=2199, description="that of the day without it")] = None,
    ) -> Response:
        found = _training(ledger.desk(principal_of(request)), worker_id, year or day.year, day, known)
        return answer(found, headers={"ETag": etag(found.version), "Ledger-Position": str(known)})

    path, said = "/workers/{worker_id}/training", "Hours of training in a year, of those asked for"
    return [Route("GET", path, EVERYONE, read_training, said, answer=TrainingAnswer)]


def _training(desk: Desk, worker_id: str, year: int, day: date, known: int) -> TrainingAnswer:
    """Refused `not-found` as a worker is."""
    then = desk.open(Worker, desk.worker(worker_id).stream, upto=known)
    standing = then.state.on(day)
    if standing is None:
        raise desk.unseen("worker", worker_id, "/worker_id")
    city = desk.open(City, f"city/{standing.city_id}", upto=known).state
    policies = desk.open(Policies, desk.policies(standing.city_id).stream, upto=known).state
    training = year_of(then.state, year, day, hours_asked(city, policies, standing, year, day))
    return TrainingAnswer(
        effective_on=day, known_position=known, version=then.version, worker_id=worker_id, training=training
    )
