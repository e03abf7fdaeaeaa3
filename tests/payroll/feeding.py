"""An in-memory log for the tests of payroll, and a ledger in small that writes down the acts of runs."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import httpx
import msgspec
from tests.payroll.working import STREETS, policy

from payroll.ledger_acts import Caller
from payroll.projection import Projection
from payroll.runs import Payroll
from shared.auth import check_seal, seal
from shared.envelope import Basis, Recorded, from_wire, to_wire
from shared.events import (
    BasePublished,
    Category,
    CommandVoided,
    CommunityQuotaSet,
    CommunityRegistered,
    Event,
    PayrollOpened,
    PolicyEnacted,
    PostChanged,
    RunApproved,
    RunClosed,
    RunDrafted,
    RunHandedOver,
    WorkerHired,
    WorkerQualified,
    WorkerRegraded,
    WorkerSeparated,
    WorkerTransferred,
)
from shared.policy_document import PolicyDocument, digest_of

BASIS = Basis(document="赤壁〔2020〕1", date=date(2020, 9, 1))
START = datetime(2020, 9, 1, 8, 0, tzinfo=UTC)
SEAL_KEY = b"s" * 32


class Log:
    """Recorded events in order; one minute lies between two. Also a Feed."""

    def __init__(self) -> None:
        self.events: list[Recorded] = []

    def read(self, after: int, limit: int) -> Sequence[Recorded]:
        return self.events[after + 1 : after + 1 + limit]

    def head(self) -> int:
        return len(self.events) - 1

    def write(self, stream: str, on: str | date, event: Event, command_id: str = "", actor: str = "admin") -> Recorded:
        position = len(self.events)
        recorded = Recorded(
            position=position,
            stream=stream,
            version=1 + sum(earlier.stream == stream for earlier in self.events),
            effective_date=date.fromisoformat(on) if isinstance(on, str) else on,
            recorded_at=START + timedelta(minutes=position),
            actor=actor,
            basis=BASIS,
            command_id=command_id or f"c-{position}",
            event=event,
        )
        self.events.append(from_wire(to_wire(recorded)))
        return self.events[-1]

    # --- acts, in the words of the domain

    def enact(self, on: str, document: PolicyDocument) -> Recorded:
        event = PolicyEnacted(
            policy_id=document.policy_id, scheme=document.scheme, digest=digest_of(document), document=document
        )
        return self.write("policy/chibi", on, event)

    def publish_base(self, on: str, wage: str) -> Recorded:
        return self.write(
            "policy/chibi", on, BasePublished(scheme="ladder", average_annual_wage_fen=int(Decimal(wage) * 100))
        )

    def hire(self, worker: str, on: str, post: str = "dedicated", grade: int = 1, at: str = "north") -> Recorded:
        event = WorkerHired(
            worker_id=worker,
            city_id="chibi",
            community_id=at,
            channel="exam",
            scheme="ladder",
            post=post,
            grade=grade,
            education="college",
            counted_years=0,
            personal="",
        )
        return self.write(f"worker/{worker}", on, event)

    def transfer(self, worker: str, on: str, to: str) -> Recorded:
        return self.write(f"worker/{worker}", on, WorkerTransferred(from_community_id="", community_id=to))

    def promote(self, worker: str, on: str, post: str, grade: int) -> Recorded:
        return self.write(f"worker/{worker}", on, PostChanged(from_post="dedicated", post=post, grade=grade))

    def regrade(self, worker: str, on: str, grade: int) -> Recorded:
        return self.write(f"worker/{worker}", on, WorkerRegraded(from_grade=1, grade=grade, reason="step"))

    def qualify(self, worker: str, on: str, certificate: str) -> Recorded:
        return self.write(f"worker/{worker}", on, WorkerQualified(certificate=certificate, personal=""))

    def separate(self, worker: str, on: str) -> Recorded:
        return self.write(f"worker/{worker}", on, WorkerSeparated(reason="resigned"))

    def void(self, voided: Recorded) -> Recorded:
        event = CommandVoided(command_id=voided.command_id, reason="mistake")
        return self.write(voided.stream, voided.effective_date, event)


def opened(**changes: Any) -> Log:
    """A log with two communities, the Chibi policy (with changes) and payroll open from October 2020."""
    log = Log()
    for community, street in STREETS.items():
        registered = CommunityRegistered(
            community_id=community,
            city_id="chibi",
            street_id=street,
            title=community,
            households=1,
            population=1,
            compounds=1,
        )
        log.write(f"community/{community}", "2020-09-01", registered)
        log.write(f"community/{community}", "2020-09-01", CommunityQuotaSet(category=Category.DEDICATED, seats=9))
    log.enact("2020-09-18", policy("chibi-2020", **changes))
    log.write("policy/chibi", "2020-10-01", PayrollOpened(first_month="2020-10"))
    return log


class LedgerInSmall:
    """Answers the three commands of a run as the ledger does, and appends their events to the log."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.answered: dict[str, tuple[str, httpx.Response]] = {}
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        key, asked = request.headers["idempotency-key"], request.headers["payroll-request"]
        check_seal(request.headers["payroll-seal"], SEAL_KEY, request.url.path, asked, request.content)
        if key not in self.answered:
            response = self._decide(request)
            if response.is_success:
                self.answered[key] = asked, response
            return response
        known_by, first = self.answered[key]
        if known_by != asked:
            return httpx.Response(422, json={"code": "idempotency-key-reused"})
        return httpx.Response(201, content=first.content, headers={"Idempotency-Replayed": "true"})

    def _decide(self, request: httpx.Request) -> httpx.Response:
        body = msgspec.json.decode(request.content)
        assert body.pop("basis")["document"]
        on = body.pop("effective_date")
        stream = f"run/{body['jurisdiction']}/{body['month']}/{body['sequence']}"
        command = request.url.path.rpartition("/")[2]
        if command == "run-hand-overs":
            return self._hand_over(stream, on, body)
        kind = {"run-drafts": RunDrafted, "run-approvals": RunApproved, "run-closures": RunClosed}
        event_type = kind[command]
        if event_type is RunApproved:
            drafts = [seen.event for seen in self.log.events if seen.stream == stream]
            if not any(getattr(draft, "digest", "") == body["digest"] for draft in drafts):
                return httpx.Response(409, json={"code": "run-moved"}, headers={"X-Seen": "ledger"})
            body = {"digest": body["digest"]}
        recorded = self.log.write(stream, on, msgspec.convert(body, event_type), actor=request.headers["authorization"])
        return httpx.Response(201, json={"command_id": recorded.command_id, "position": recorded.position})

    def _hand_over(self, stream: str, on: str, body: dict[str, Any]) -> httpx.Response:
        """Every voucher gets the number of its run among those handed over."""
        number = 1 + sum(isinstance(seen.event, RunHandedOver) for seen in self.log.events)
        vouchers = [
            {
                "payer": draft["payer"],
                "year": 2020,
                "number": number,
                "entries": [{"entry": entry, **booked} for entry, booked in enumerate(draft["entries"], 1)],
            }
            for draft in body["vouchers"]
        ]
        closed = next(one.event for one in self.log.events if one.stream == stream and isinstance(one.event, RunClosed))
        said = {"digest": closed.digest, "at_position": body["at_position"], "lines": closed.lines}
        event = {**said, "total_fen": closed.total_fen, "vouchers": vouchers}
        recorded = self.log.write(stream, on, msgspec.convert(event, RunHandedOver))
        return httpx.Response(201, json={"command_id": recorded.command_id, "position": recorded.position})


def payroll_over(log: Log) -> Payroll:
    """Payroll in memory, following the log, with the ledger in small; the clock stands years later."""
    client = httpx.Client(transport=httpx.MockTransport(LedgerInSmall(log)), base_url="http://ledger")
    clock = lambda: datetime(2030, 1, 1, tzinfo=UTC)  # noqa: E731
    return Payroll(Projection("sqlite://"), log, client, clock, seal=partial(seal, SEAL_KEY))


def caller(key: str, who: str = "finance") -> Caller:
    """Somebody with a basis and a key."""
    return Caller(f"Bearer {who}", key, f"what {key} asks for", date(2020, 11, 1), BASIS)


def close_month(payroll: Payroll, month: str) -> None:
    """Draft, approve and close."""
    payroll.draft("chibi", month, caller(f"d-{month}-{payroll.feed.head()}"))
    state = payroll.run("chibi", month, 1, payroll.projection.position)
    assert state.drafted is not None
    payroll.approve("chibi", month, 1, state.drafted.digest, caller(f"a-{month}-{payroll.feed.head()}", "approver"))
    payroll.close("chibi", month, 1, caller(f"c-{month}-{payroll.feed.head()}"))
