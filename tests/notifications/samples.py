"""Recorded events to try the notifications on: one of every kind, and a log that grows event by event."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from shared.envelope import Basis, Recorded
from shared.events import (
    AppraisalCorrected,
    AppraisalProposed,
    AppraisalPublished,
    BookedOtherwise,
    BudgetExceeded,
    BudgetKept,
    Category,
    Certificate,
    CertificateEnd,
    CertificateEnded,
    Channel,
    CommandVoided,
    CommunityRegistered,
    Education,
    Event,
    ExcellentTaken,
    PersonCorrected,
    Post,
    PostChanged,
    PostPath,
    ProbationConfirmed,
    Rating,
    ReviewRequested,
    RunAcknowledged,
    RunClosed,
    SecondPostLeft,
    SecondPostTaken,
    SeparationReason,
    SpecialDeductionDeclared,
    WorkerAppraised,
    WorkerCarried,
    WorkerConverted,
    WorkerEducated,
    WorkerHired,
    WorkerJoined,
    WorkerQualified,
    WorkerRegraded,
    WorkerRehired,
    WorkerReturned,
    WorkerSeparated,
    WorkerSuspended,
    WorkerTrained,
    WorkerTransferred,
)

BASIS = Basis("赤组发〔2020〕12号", date(2020, 9, 18))
CLERK = "王建国"
SECRET = "Y2lwaGVydGV4dA=="
DIGEST = "0f" * 32


class Log:
    """A feed in memory: what was recorded, dense positions and versions, one second apart."""

    def __init__(self) -> None:
        self.events: list[Recorded] = []

    def record(self, stream: str, event: Event, effective: str = "2020-10-01", command_id: str = "") -> Recorded:
        """Append one event and give it back as recorded."""
        position = len(self.events)
        recorded = Recorded(
            position=position,
            stream=stream,
            version=1 + sum(one.stream == stream for one in self.events),
            effective_date=date.fromisoformat(effective),
            recorded_at=datetime(2020, 9, 20, tzinfo=UTC) + timedelta(seconds=position),
            actor=CLERK,
            basis=BASIS,
            command_id=command_id or f"c-{position}",
            event=event,
        )
        self.events.append(recorded)
        return recorded

    def read(self, after: int, limit: int) -> Sequence[Recorded]:
        """As `Feed.read`."""
        return self.events[after + 1 : after + 1 + limit]

    def head(self) -> int:
        """As `Feed.head`."""
        return len(self.events) - 1


def one(event: Event, stream: str = "worker/w-1", effective: str = "2020-10-01") -> Recorded:
    """A single event, alone in its log."""
    return Log().record(stream, event, effective)


def registered(community_id: str, street_id: str = "puqi", city_id: str = "chibi") -> CommunityRegistered:
    """A community of a street."""
    size: dict[str, Any] = {"households": 2000, "population": 6000, "compounds": 17}
    return CommunityRegistered(
        community_id=community_id, city_id=city_id, street_id=street_id, title=f"{community_id}社区", **size
    )


def hired(
    worker_id: str = "w-1", community_id: str = "xinhua", city_id: str = "chibi", **changed: object
) -> WorkerHired:
    """A dedicated worker who came in by exam."""
    said: dict[str, Any] = {
        "channel": Channel.EXAM,
        "scheme": "chibi-2020",
        "post": Post.DEDICATED,
        "grade": 1,
        "education": Education.COLLEGE,
        "counted_years": 0,
        "personal": SECRET,
    }
    return WorkerHired(worker_id=worker_id, city_id=city_id, community_id=community_id, **(said | changed))


def rehired(**changed: object) -> WorkerRehired:
    """A dedicated worker who came back by exam, with the years before."""
    said: dict[str, Any] = {
        "city_id": "chibi",
        "community_id": "xinhua",
        "channel": Channel.EXAM,
        "scheme": "chibi-2020",
        "post": Post.DEDICATED,
        "grade": 2,
        "education": Education.COLLEGE,
        "keeps_years": True,
        "counted_years": 3,
    }
    return WorkerRehired(**(said | changed))


def transferred(left: str = "xinhua", joined: str = "dongzhou", grid_id: str | None = None) -> WorkerTransferred:
    """A move between communities."""
    return WorkerTransferred(from_community_id=left, community_id=joined, grid_id=grid_id)


def converted(left: str = "xinhua", joined: str = "xinhua") -> WorkerConverted:
    """A legacy worker who came under the new terms."""
    return WorkerConverted(
        from_scheme="legacy",
        scheme="chibi-2020",
        from_community_id=left,
        community_id=joined,
        post=Post.DEDICATED,
        grade=2,
    )


def booked(otherwise: int = 0) -> RunAcknowledged:
    """What finance said of a voucher, so many lines otherwise."""
    different = BookedOtherwise(entry=1, sent_fen=140_262_000, booked_fen=140_261_999, reason="王建国入账")
    return RunAcknowledged(voucher_id="2020/1/city/chibi", differences=(different,) * otherwise)


def exceeded(payer: str = "city/chibi") -> BudgetExceeded:
    """A year that comes to more than the payer has for it."""
    return BudgetExceeded(payer=payer, year=2020, budget_fen=3_143_999, forecast_fen=3_144_000)


def kept(payer: str = "city/chibi") -> BudgetKept:
    """The same year, with another fen."""
    return BudgetKept(payer=payer, year=2020, budget_fen=3_144_000, forecast_fen=3_144_000)


def closed(month: str = "2020-10", sequence: int = 1, city_id: str = "chibi") -> RunClosed:
    """A closed month of 535 people."""
    return RunClosed(
        jurisdiction=city_id,
        month=month,
        sequence=sequence,
        at_position=4711,
        engine="1",
        digest=DIGEST,
        lines=535,
        total_fen=160_262_000,
        payers={"city": 140_262_000, "street": 10_000_000, "community": 10_000_000},
    )


def telling(course: str = "社区治理基础") -> list[Recorded]:
    """One event of every kind that tells somebody, with every variant of its template."""
    of_a_worker: list[Event] = [
        hired(),
        hired(grade=None, channel=Channel.LEGACY),
        rehired(),
        rehired(grade=None),
        ProbationConfirmed(),
        converted(),
        converted("xinhua", "dongzhou"),
        transferred(),
        transferred("xinhua", "xinhua", "g-7"),
        transferred("xinhua", "xinhua"),
        WorkerCarried(from_community_id="xinhua", community_id="xinhua-2"),
        PostChanged(from_post=Post.DEDICATED, post=Post.MEMBER, grade=3),
        PostChanged(from_post=Post.MEMBER, post=Post.HEAD, grade=None, path=PostPath.ELECTION),
        SecondPostTaken(post=Post.DEPUTY),
        SecondPostLeft(),
        SpecialDeductionDeclared(monthly_fen=200_000),
        WorkerRegraded(from_grade=1, grade=2, reason="满三年，王建国经办，月薪2729.00元"),
        WorkerRegraded(from_grade=None, grade=2, reason="首次定级"),
        AppraisalPublished(year=2020, rating=Rating.EXCELLENT),
        ReviewRequested(year=2020, reason="王建国评分有误"),
        WorkerAppraised(year=2020, rating=Rating.EXCELLENT),
        AppraisalCorrected(year=2020, from_rating=Rating.UNFIT, rating=Rating.COMPETENT, reason="王建国漏记"),
        WorkerTrained(course=course, hours=40, initial=True),
        WorkerTrained(course=course, hours=8),
        WorkerQualified(certificate=Certificate.ASSISTANT, personal=SECRET),
        PersonCorrected(personal=SECRET),
        CertificateEnded(certificate=Certificate.ASSISTANT, reason=CertificateEnd.REVOKED),
        WorkerEducated(education=Education.BACHELOR),
        WorkerSuspended(reason="王建国被立案调查"),
        WorkerReturned(),
        WorkerSeparated(reason=SeparationReason.RESIGNED),
        CommandVoided(command_id="c-41", reason="录入有误，身份证号421281199001010016，王建国"),
    ]
    runs = [one(closed(sequence=number), "run/chibi/2020-10/1") for number in (1, 2)]
    runs.append(one(booked(otherwise=1), "run/chibi/2020-10/1"))
    office = one(CommandVoided(command_id="c-41", reason="王建国录入有误"), "community/xinhua")
    budgets = [one(exceeded(), "policy/chibi"), one(kept("street/puqi"), "policy/chibi")]
    return [*(one(event) for event in of_a_worker), office, *runs, *budgets]


def silent() -> list[Recorded]:
    """Events that concern nobody by themselves."""
    return [
        one(registered("xinhua"), "community/xinhua"),
        one(WorkerJoined(worker_id="w-1", seat=Category.DEDICATED), "community/xinhua"),
        one(CommandVoided(command_id="c-41", reason="-"), "policy/chibi"),
        one(booked(), "run/chibi/2020-10/1"),
        one(WorkerSeparated(reason=SeparationReason.DECEASED)),
        one(AppraisalProposed(year=2020, rating=Rating.EXCELLENT)),
        one(ExcellentTaken(worker_id="w-1", street_id="puqi", community_id="xinhua"), "excellence/chibi/2020"),
    ]


def story() -> Log:
    """Two streets, three workers of two cities, a transfer that is voided, two closed months."""
    log = Log()
    log.record("community/xinhua", registered("xinhua"))
    log.record("community/dongzhou", registered("dongzhou", "chimagang"))
    log.record("community/binhe", registered("binhe", "taihe", "jinzhou"))
    log.record("worker/w-1", hired())
    log.record("worker/w-2", hired("w-2", "dongzhou", post=Post.HEAD, grade=7))
    log.record("run/chibi/2020-10/1", closed(), "2020-10-31")
    log.record("worker/w-3", hired("w-3", "binhe", "jinzhou"), "2020-11-01")
    log.record("worker/w-1", transferred(), "2020-11-15", command_id="c-move")
    log.record("community/xinhua", CommandVoided(command_id="c-move", reason="-"), "2020-11-15")
    log.record("worker/w-1", CommandVoided(command_id="c-move", reason="-"), "2020-11-15")
    log.record("worker/w-1", WorkerTrained(course="社区治理基础", hours=40), "2020-11-20")
    log.record("run/chibi/2020-11/1", closed("2020-11"), "2020-11-30")
    log.record("run/jinzhou/2020-11/1", closed("2020-11", city_id="jinzhou"), "2020-11-30")
    return log
