"""What can be asked over HTTP about candidates."""

from datetime import date

from fastapi import Request, Response
from msgspec import Struct

from ledger.answers import HistoryPage
from ledger.asking import AfterVersion, Day, Id, Known
from ledger.desk import Desk
from ledger.domain.candidate import Application, Candidate
from ledger.execution import Ledger
from ledger.queries import Queries
from shared.http import Route, answer, principal_of
from shared.principals import OFFICE


class CandidateAnswer(Struct, frozen=True, kw_only=True):
    """How far a candidate came by a day, as known at a position; `version` is the stream's, also as known then."""

    effective_on: date
    known_position: int
    version: int
    candidate: Application


def candidate_reads(ledger: Ledger, queries: Queries) -> list[Route]:
    """The table of questions about candidates."""

    def read_candidate(request: Request, candidate_id: Id, day: Day, known: Known) -> Response:
        found = _candidate(ledger.desk(principal_of(request)), candidate_id, day, known)
        return answer(found, headers={"ETag": f'"{found.version}"', "Ledger-Position": str(known)})

    def read_history(request: Request, candidate_id: Id, known: Known, after_version: AfterVersion = 0) -> Response:
        stream = ledger.desk(principal_of(request)).candidate(candidate_id).stream
        return answer(queries.history(stream, after_version, known), headers={"Ledger-Position": str(known)})

    one = "/candidates/{candidate_id}"
    return [
        Route("GET", one, OFFICE, read_candidate, "A candidate on a day, as known at a time", answer=CandidateAnswer),
        Route("GET", f"{one}/history", OFFICE, read_history, "Every event of a candidate", answer=HistoryPage),
    ]


def _candidate(desk: Desk, candidate_id: str, effective_on: date, known: int) -> CandidateAnswer:
    """Refused `not-found`: unknown, of another city, or not registered by then as known then."""
    then = desk.open(Candidate, desk.candidate(candidate_id).stream, upto=known)
    application = then.state.on(effective_on)
    if application is None:
        raise desk.unseen("candidate", candidate_id, "/candidate_id")
    return CandidateAnswer(effective_on=effective_on, known_position=known, version=then.version, candidate=application)
