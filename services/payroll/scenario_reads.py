"""What-if over HTTP: what unsent commands would change in what is due, before anybody sends or approves them."""

from collections.abc import Sequence

from fastapi import Request, Response
from msgspec import structs

from payroll.access import check_city
from payroll.asking import position_asked
from payroll.budgets import Overspent
from payroll.comparison import MOST_MONTHS, ScenarioComparison, ScenarioQuestion, comparison_of
from payroll.engine import month_number
from payroll.known import Known
from payroll.runs import Payroll
from payroll.scenarios import compared, drafted_by, fork_of
from payroll.settlement import first_month
from payroll.soundness import check_nothing_parked, check_sound
from shared import traces
from shared.http import Route, answer, body_of, principal_of
from shared.principals import Role
from shared.refusal import Refused


def scenarios(payroll: Payroll) -> tuple[Route, ...]:
    """The table of routes; who may give a command may ask what it would do, of their own city."""
    asked = "What unsent commands would change in what is due; nothing is written"
    roles = frozenset({Role.ADMIN, Role.SUPERVISOR})
    return (Route("POST", "/scenarios", roles, _Asking(payroll).ask, asked, ScenarioQuestion, ScenarioComparison),)


class _Asking:
    """The endpoint, over one payroll."""

    def __init__(self, payroll: Payroll) -> None:
        self._payroll = payroll

    def ask(self, request: Request) -> Response:
        question = body_of(request, ScenarioQuestion)
        check_city(principal_of(request), question.jurisdiction)
        projection = self._payroll.projection
        position = position_asked(self._payroll, request.headers, question.known_at, question.known_position)
        check_sound(projection)
        check_nothing_parked(projection, question.jurisdiction, position)
        drafted = drafted_by(self._payroll.ledger.client, request.headers["authorization"], question.commands, position)
        fork = fork_of(projection, question.jurisdiction, drafted)
        months = self._months(question, fork.scenario)
        with traces.span("compare a scenario", position=position, events=len(drafted.events)):
            found = compared(fork, *months)
        shown = comparison_of(question, drafted, found, months)
        if question.within_budget:
            _check_budgets(shown.overspent)
        return answer(shown, headers={"Ledger-Position": str(position)})

    def _months(self, question: ScenarioQuestion, known: Known) -> tuple[str, str]:
        """Refused `payroll-not-open`, `months-in-order` before the first, `invalid-body` for too many or none."""
        this_month = f"{self._payroll.today():%Y-%m}"
        last = question.last_month or max(this_month, known.payroll_from or this_month)
        opened = first_month(known, question.first_month or last)
        first = question.first_month or opened
        if not 0 <= month_number(last) - month_number(first) < MOST_MONTHS:
            raise Refused(
                "invalid-body",
                f"from {first} to {last} is no span of 1 to {MOST_MONTHS} months",
                pointer="/last_month",
                remedy="give a last month that is not before the first, and ask for longer spans in parts",
            )
        return first, last


def _check_budgets(found: Sequence[Overspent]) -> None:
    """Refused `budget-exceeded`, naming each payer and year."""
    if not found:
        return
    first = found[0]
    raise Refused(
        "budget-exceeded",
        f"{first.payer} would pay {first.scenario} in {first.year} and has {first.budget}",
        pointer="/commands",
        remedy="leave acts out or date them later, or set a higher budget first",
        extra={"overspent": [structs.asdict(one) for one in found]},
    )
