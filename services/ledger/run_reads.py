"""What can be asked of the ledger over HTTP about a run: what was written of it; its figures are payroll's."""

from typing import Annotated

from fastapi import Path, Request, Response

from ledger.answers import HistoryPage
from ledger.asking import AfterVersion, Id, Known
from ledger.execution import Ledger
from ledger.queries import Queries
from shared.http import Route, answer, principal_of
from shared.principals import OFFICE

Month = Annotated[str, Path(pattern=r"^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])$")]
Sequence = Annotated[int, Path(ge=1, le=99)]


def run_reads(ledger: Ledger, queries: Queries) -> list[Route]:
    """The table of questions about runs."""

    def history(
        request: Request,
        jurisdiction: Id,
        month: Month,
        sequence: Sequence,
        known: Known,
        after_version: AfterVersion = 0,
    ) -> Response:
        ledger.desk(principal_of(request)).city(jurisdiction)
        found = queries.history(f"run/{jurisdiction}/{month}/{sequence}", after_version, known)
        return answer(found, headers={"Ledger-Position": str(known)})

    path = "/runs/{jurisdiction}/{month}/{sequence}/history"
    return [Route("GET", path, OFFICE, history, "Every event of a run", answer=HistoryPage)]
