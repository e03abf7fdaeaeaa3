"""What-if over HTTP: what commands would write on a fork of the log, and the same made real."""

from collections.abc import Callable

from fastapi import Request, Response

from ledger.drafting import Scenario, ScenarioAnswer, check_fit, drafted
from ledger.execution import Ledger
from ledger.promoting import PromoteScenario, PromotionAnswer, promote
from shared import telemetry
from shared.http import Route, answer, body_of, check_reached, principal_of
from shared.principals import Role

DRAFTERS = frozenset({Role.ADMIN, Role.SUPERVISOR})


def scenarios(ledger: Ledger) -> list[Route]:
    """The table of routes for scenarios; each of their commands is held to its own roles and places."""
    asked = "Say what commands would write on a fork of the log; nothing is written"
    promoted = "Write all commands of a scenario as it was drafted, or none"
    return [
        Route("POST", "/scenarios", DRAFTERS, _ask(ledger), asked, body=Scenario, answer=ScenarioAnswer),
        Route(
            "POST",
            "/promotions",
            DRAFTERS,
            _promote(ledger),
            promoted,
            body=PromoteScenario,
            answer=PromotionAnswer,
            status=201,
        ),
    ]


def _ask(ledger: Ledger) -> Callable[..., Response]:
    def ask(request: Request) -> Response:
        scenario = body_of(request, Scenario)
        check_reached(request.headers, ledger.store.head())
        found = drafted(ledger, principal_of(request), scenario)
        if scenario.strict:
            check_fit(found.verdicts)
        shown = ScenarioAnswer(
            digest=found.digest,
            at_position=found.at_position,
            fit=not found.refused,
            verdicts=found.verdicts,
            events=list(found.events()),
        )
        return answer(shown, headers={"Ledger-Position": str(found.at_position)})

    return ask


def _promote(ledger: Ledger) -> Callable[..., Response]:
    def sent(request: Request) -> Response:
        wanted = body_of(request, PromoteScenario)
        body, position, replayed = promote(ledger, principal_of(request), wanted)
        for command in wanted.commands:
            telemetry.COMMANDS.labels(command.path.strip("/"), "replayed" if replayed else "done").inc()
        headers = {"Ledger-Position": str(position)}
        if replayed:
            headers["Idempotency-Replayed"] = "true"
        return Response(body, 201, media_type="application/json", headers=headers)

    return sent
