"""Every event type and the enums it speaks: the contract of the three services, written once.

An event is a frozen value. Its stored name carries its version (`worker.hired.v1`); a field may be added with a
default, left out of the stored form where it is not given; anything else is a new name and an upcast. When it holds,
who did it and on which document stand in the envelope, not here.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar

from msgspec import UNSET, Meta, Struct, UnsetType

from shared.patterns import END
from shared.policy_document import PolicyDocument

Fen = Annotated[int, Meta(description="amount in fen, 1/100 yuan")]
Month = Annotated[
    str, Meta(pattern=r"^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])" + END, description="calendar month, YYYY-MM")
]
Seats = Annotated[int, Meta(ge=0, le=100_000, description="number of seats 员额")]

OUTSIDE = "outside"
"""The scheme of a seat whose holder is paid elsewhere, e.g. a secretary on a public-institution post 事业岗位."""


class Post(StrEnum):
    """岗位: head 正职, deputy 副职, member 委员, dedicated worker 专职工作人员."""

    HEAD = "head"
    DEPUTY = "deputy"
    MEMBER = "member"
    DEDICATED = "dedicated"


class Category(StrEnum):
    """The two kinds of seat 员额: committee 两委 and dedicated 专职."""

    COMMITTEE = "committee"
    DEDICATED = "dedicated"


class Channel(StrEnum):
    """How somebody came in. LEGACY: was there before the reform and holds no seat."""

    EXAM = "exam"
    CONVERSION = "conversion"
    ELECTION = "election"
    APPOINTMENT = "appointment"
    LEGACY = "legacy"


class Education(StrEnum):
    """学历, lowest first (GB/T 4658: 60, 30, 20, 10)."""

    HIGH_SCHOOL = "high_school"
    COLLEGE = "college"
    BACHELOR = "bachelor"
    MASTER = "master"
    DOCTOR = "doctor"


class Certificate(StrEnum):
    """社会工作者职业资格, lowest first."""

    ASSISTANT = "assistant"
    SOCIAL_WORKER = "social_worker"
    SENIOR = "senior"


class Rating(StrEnum):
    """考核等次, best first: 优秀, 合格, 基本合格, 不合格."""

    EXCELLENT = "excellent"
    COMPETENT = "competent"
    MARGINAL = "marginal"
    UNFIT = "unfit"


class CertificateEnd(StrEnum):
    """Why a certificate counts no longer."""

    EXPIRED = "expired"
    REVOKED = "revoked"


class HonourLevel(StrEnum):
    """By whom somebody was honoured, widest last."""

    STREET = "street"
    CITY = "city"
    PROVINCE = "province"
    NATION = "nation"


class SeparationReason(StrEnum):
    """Why somebody left the service."""

    RESIGNED = "resigned"
    RETIRED = "retired"
    DISMISSED = "dismissed"
    PROBATION_FAILED = "probation_failed"
    TERM_ENDED = "term_ended"
    CIVIL_SERVICE = "civil_service"
    NOT_CONVERTED = "not_converted"
    DECEASED = "deceased"


class PostPath(StrEnum):
    """How somebody comes to another post: election 选举, selection 竞聘, appointment 任命."""

    ELECTION = "election"
    SELECTION = "selection"
    APPOINTMENT = "appointment"


class UnitKind(StrEnum):
    """A street 街道 or a unit that acts as one, such as an industrial park."""

    STREET = "street"
    UNIT = "unit"


class Event(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A thing that happened. `name` is its stored name and version."""

    name: ClassVar[str]


# --- city --------------------------------------------------------------------------------------------------


class CityRegistered(Event, frozen=True, kw_only=True):
    """A city exists; it is also the jurisdiction of its policies and runs."""

    name: ClassVar[str] = "city.registered.v1"
    city_id: str
    title: str
    division_code: str


class StreetRegistered(Event, frozen=True, kw_only=True):
    """A street 街道, or a unit that acts as one, belongs to the city."""

    name: ClassVar[str] = "street.registered.v1"
    street_id: str
    title: str
    kind: UnitKind


class CommunityListed(Event, frozen=True, kw_only=True):
    """The city's list of communities gained one."""

    name: ClassVar[str] = "city.community-listed.v1"
    community_id: str
    street_id: str


class CityQuotaSet(Event, frozen=True, kw_only=True):
    """The establishment 员额 of the whole city for one category, from the effective date on."""

    name: ClassVar[str] = "city.quota-set.v1"
    category: Category
    seats: Seats


class QuotaAllotted(Event, frozen=True, kw_only=True):
    """The city's side of a community's quota; the sum over communities never exceeds the city's."""

    name: ClassVar[str] = "city.quota-allotted.v1"
    community_id: str
    category: Category
    seats: Seats


class CommunitiesRedrawn(Event, frozen=True, kw_only=True):
    """Communities were redrawn: each closed one with its successor, and those that opened."""

    name: ClassVar[str] = "city.communities-redrawn.v1"
    successors: dict[str, str]
    opened: tuple[str, ...]


class TrainingPlanned(Event, frozen=True, kw_only=True):
    """Hours of training that a year asks of these posts, of all where none is named."""

    name: ClassVar[str] = "city.training-planned.v1"
    year: int
    hours: int
    posts: tuple[Post, ...] = ()


class ClassOpened(Event, frozen=True, kw_only=True):
    """A class 培训班 of a course; `initial` as of a course before duty."""

    name: ClassVar[str] = "city.class-opened.v1"
    class_id: str
    course: str
    hours: int
    initial: bool = False


class ClassAttended(Event, frozen=True, kw_only=True):
    """These workers completed the class; each has it on the own record, from the same act."""

    name: ClassVar[str] = "city.class-attended.v1"
    class_id: str
    worker_ids: tuple[str, ...]


# --- community ---------------------------------------------------------------------------------------------


class CommunityRegistered(Event, frozen=True, kw_only=True):
    """A community 社区 with its size; `predecessors` are those it was redrawn from."""

    name: ClassVar[str] = "community.registered.v1"
    community_id: str
    city_id: str
    street_id: str
    title: str
    households: int
    population: int
    compounds: int
    predecessors: tuple[str, ...] = ()


class GridRegistered(Event, frozen=True, kw_only=True):
    """A grid 网格 of the community."""

    name: ClassVar[str] = "community.grid-registered.v1"
    grid_id: str
    title: str
    households: int


class CommunityRenamed(Event, frozen=True, kw_only=True):
    """更名: from the effective date on the community has another name, or its grid where one is named."""

    name: ClassVar[str] = "community.renamed.v1"
    grid_id: str | None = None
    title: str


class CommunityQuotaSet(Event, frozen=True, kw_only=True):
    """The establishment 员额 of this community for one category, from the effective date on."""

    name: ClassVar[str] = "community.quota-set.v1"
    category: Category
    seats: Seats


class WorkerJoined(Event, frozen=True, kw_only=True):
    """A worker serves here from the effective date on; `seat` is the kind of seat they hold, null for none."""

    name: ClassVar[str] = "community.worker-joined.v1"
    worker_id: str
    seat: Category | None


class WorkerLeft(Event, frozen=True, kw_only=True):
    """The worker no longer serves here from the effective date on; the seat is free."""

    name: ClassVar[str] = "community.worker-left.v1"
    worker_id: str
    seat: Category | None


class Stay(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days [since, until) on which somebody serves in a community; `until` null: no end is known yet."""

    since: date
    until: date | None = None
    seat: Category | None


class StaysRestated(Event, frozen=True, kw_only=True):
    """All the worker's service here told anew; it replaces what this stream said of the worker before.

    Written where an act lands before later ones, is carried over a redraw, or is voided from under them.
    """

    name: ClassVar[str] = "community.stays-restated.v1"
    worker_id: str
    stays: tuple[Stay, ...]


class CommunityClosed(Event, frozen=True, kw_only=True):
    """The community no longer exists from the effective date on."""

    name: ClassVar[str] = "community.closed.v1"
    successor_id: str


# --- worker ------------------------------------------------------------------------------------------------


class CandidateRegistered(Event, frozen=True, kw_only=True):
    """Somebody applied to be admitted to a post of the city 报名. `personal` is sealed as of a hire."""

    name: ClassVar[str] = "candidate.registered.v1"
    candidate_id: str
    city_id: str
    post: Post
    education: Education
    personal: str


class CandidateExamined(Event, frozen=True, kw_only=True):
    """The exam of the effective date was marked 考试. `mark_hundredths`: 8650 is 86.50."""

    name: ClassVar[str] = "candidate.examined.v1"
    mark_hundredths: int


class CandidateChecked(Event, frozen=True, kw_only=True):
    """The check 考察、政审、体检 was passed, or was not."""

    name: ClassVar[str] = "candidate.checked.v1"
    passed: bool
    finding: str = ""


class CandidateWithdrawn(Event, frozen=True, kw_only=True):
    """The application is over without a hire; the person may apply again."""

    name: ClassVar[str] = "candidate.withdrawn.v1"
    reason: str


class CandidateHired(Event, frozen=True, kw_only=True):
    """The candidate entered service as this worker, in the same act."""

    name: ClassVar[str] = "candidate.hired.v1"
    worker_id: str


class WorkerHired(Event, frozen=True, kw_only=True):
    """Somebody entered service. `personal` is ciphertext under the person's own key, base64.

    `grade` is null under a scheme without grades and for a seat that is paid elsewhere; `probation_until` is the last
    day on probation 试用期, left out where there is none.
    """

    name: ClassVar[str] = "worker.hired.v1"
    worker_id: str
    city_id: str
    community_id: str
    grid_id: str | None = None
    channel: Channel
    scheme: str
    post: Post
    grade: int | None
    education: Education
    counted_years: int
    personal: str
    probation_until: date | UnsetType = UNSET


class ProbationConfirmed(Event, frozen=True, kw_only=True):
    """The probation 试用期 was passed; the worker serves without it from the effective date on."""

    name: ClassVar[str] = "worker.probation-confirmed.v1"


class WorkerRehired(Event, frozen=True, kw_only=True):
    """Somebody who had left entered service again, under the same id and the same sealed person.

    `counted_years` are those with which they enter: with `keeps_years` also those of the service before.
    """

    name: ClassVar[str] = "worker.rehired.v1"
    city_id: str
    community_id: str
    grid_id: str | None = None
    channel: Channel
    scheme: str
    post: Post
    grade: int | None
    education: Education
    keeps_years: bool
    counted_years: int
    probation_until: date | UnsetType = UNSET


class WorkerConverted(Event, frozen=True, kw_only=True):
    """Somebody moved from one pay scheme to another (老人 → 新办法), with the evidence named in the basis.

    `counted_years` are those with which they enter the ladder; what is left of them counts towards the next step.
    """

    name: ClassVar[str] = "worker.converted.v1"
    from_scheme: str
    scheme: str
    from_community_id: str
    community_id: str
    grid_id: str | None = None
    post: Post
    grade: int | None
    counted_years: int | UnsetType = UNSET


class WorkerTransferred(Event, frozen=True, kw_only=True):
    """Somebody moved to another community, or to another grid of the same."""

    name: ClassVar[str] = "worker.transferred.v1"
    from_community_id: str
    community_id: str
    grid_id: str | None = None


class WorkerCarried(Event, frozen=True, kw_only=True):
    """The worker's community was redrawn; no decision about the person."""

    name: ClassVar[str] = "worker.carried.v1"
    from_community_id: str
    community_id: str
    grid_id: str | None = None


class PostChanged(Event, frozen=True, kw_only=True):
    """Somebody moved to another post, with the grade at which they enter its band; `path` where it was said."""

    name: ClassVar[str] = "worker.post-changed.v1"
    from_post: Post
    post: Post
    grade: int | None
    path: PostPath | UnsetType = UNSET


class SecondPostTaken(Event, frozen=True, kw_only=True):
    """Somebody holds a second post 一肩挑 beside the first, in the same seat.

    It ends where it is given up, and by itself with the service and with the community.
    """

    name: ClassVar[str] = "worker.second-post-taken.v1"
    post: Post
    path: PostPath | UnsetType = UNSET


class SecondPostLeft(Event, frozen=True, kw_only=True):
    """Somebody holds one post again; the effective date is the first day without the second."""

    name: ClassVar[str] = "worker.second-post-left.v1"


class WorkerRegraded(Event, frozen=True, kw_only=True):
    """The recorded grade 等级 changed.

    `exceptional` 破格: by a decision that the step rule counts on from. `why`: what the rule gave a step for.
    """

    name: ClassVar[str] = "worker.regraded.v1"
    from_grade: int | None
    grade: int
    reason: str
    exceptional: bool | UnsetType = UNSET
    why: str | UnsetType = UNSET


class WorkerAppraised(Event, frozen=True, kw_only=True):
    """The appraisal 考核 of one calendar year has a result."""

    name: ClassVar[str] = "worker.appraised.v1"
    year: int
    rating: Rating


class AppraisalProposed(Event, frozen=True, kw_only=True):
    """A rating was proposed for one calendar year; it counts for nothing yet."""

    name: ClassVar[str] = "worker.appraisal-proposed.v1"
    year: int
    rating: Rating


class AppraisalPublished(Event, frozen=True, kw_only=True):
    """公示: the proposed rating was made known; a review can be asked for."""

    name: ClassVar[str] = "worker.appraisal-published.v1"
    year: int
    rating: Rating


class ReviewRequested(Event, frozen=True, kw_only=True):
    """复核: a review of the published rating was asked for."""

    name: ClassVar[str] = "worker.review-requested.v1"
    year: int
    reason: str


class AppraisalCorrected(Event, frozen=True, kw_only=True):
    """更正: the result of one calendar year is another one; it supersedes what was final."""

    name: ClassVar[str] = "worker.appraisal-corrected.v1"
    year: int
    from_rating: Rating
    rating: Rating
    reason: str


class WorkerTrained(Event, frozen=True, kw_only=True):
    """A course was completed; `initial` marks the course before duty."""

    name: ClassVar[str] = "worker.trained.v1"
    course: str
    hours: int
    initial: bool = False
    class_id: str | UnsetType = UNSET


class WorkerQualified(Event, frozen=True, kw_only=True):
    """A certificate 职业资格 was registered; its number is in `personal` (ciphertext)."""

    name: ClassVar[str] = "worker.qualified.v1"
    certificate: Certificate
    personal: str


class PersonCorrected(Event, frozen=True, kw_only=True):
    """A name, phone or bank account was corrected; what is right, and why, is in `personal` (ciphertext)."""

    name: ClassVar[str] = "worker.person-corrected.v1"
    personal: str


class CertificateEnded(Event, frozen=True, kw_only=True):
    """A registered certificate counts no longer; the effective date is the first day without it."""

    name: ClassVar[str] = "worker.certificate-ended.v1"
    certificate: Certificate
    reason: CertificateEnd


class WorkerHonoured(Event, frozen=True, kw_only=True):
    """荣誉: somebody was honoured."""

    name: ClassVar[str] = "worker.honoured.v1"
    title: str
    level: HonourLevel


class SpecialDeductionDeclared(Event, frozen=True, kw_only=True):
    """专项附加扣除: what a worker deducts a month for income tax, from the effective date's month on; 0: nothing."""

    name: ClassVar[str] = "worker.special-deduction-declared.v1"
    monthly_fen: Fen


class WorkerEducated(Event, frozen=True, kw_only=True):
    """A higher diploma was recognised."""

    name: ClassVar[str] = "worker.educated.v1"
    education: Education


class WorkerSuspended(Event, frozen=True, kw_only=True):
    """Somebody is off duty 停职 and keeps the seat, from the effective date until they return or leave."""

    name: ClassVar[str] = "worker.suspended.v1"
    reason: str


class WorkerReturned(Event, frozen=True, kw_only=True):
    """Somebody who was suspended is on duty again 复职 from the effective date on."""

    name: ClassVar[str] = "worker.returned.v1"


class WorkerSeparated(Event, frozen=True, kw_only=True):
    """Somebody left; the effective date is the first day out of service."""

    name: ClassVar[str] = "worker.separated.v1"
    reason: SeparationReason


# --- the excellent of a city in a year ---------------------------------------------------------------------


class ExcellentTaken(Event, frozen=True, kw_only=True):
    """Somebody is rated excellent 优秀, published or final, and counts on the quota of their place."""

    name: ClassVar[str] = "excellence.taken.v1"
    worker_id: str
    street_id: str
    community_id: str


class ExcellentFreed(Event, frozen=True, kw_only=True):
    """Somebody who counted on the quota is rated otherwise."""

    name: ClassVar[str] = "excellence.freed.v1"
    worker_id: str


# --- any stream --------------------------------------------------------------------------------------------


class CommandVoided(Event, frozen=True, kw_only=True):
    """Everything the command wrote on this stream no longer holds, from this position on."""

    name: ClassVar[str] = "command.voided.v1"
    command_id: str
    reason: str


# --- policy ------------------------------------------------------------------------------------------------


class PolicyEnacted(Event, frozen=True, kw_only=True):
    """A dated policy came into force; the whole canonical document is in the event. `digest` is its SHA-256."""

    name: ClassVar[str] = "policy.enacted.v1"
    policy_id: str
    scheme: str
    digest: str
    document: PolicyDocument


class BasePublished(Event, frozen=True, kw_only=True):
    """The average annual wage behind the base of a scheme was published; it holds from the effective date on."""

    name: ClassVar[str] = "policy.base-published.v1"
    scheme: str
    average_annual_wage_fen: Fen


class RetroLimitSet(Event, frozen=True, kw_only=True):
    """From the effective date on, how far back acts of a kind may be dated at a place; neither bound: any day.

    `kind`: `all`, or the stored name of an event without its version. Without a street or community: the whole city.
    """

    name: ClassVar[str] = "policy.retro-limit-set.v1"
    kind: str
    street_id: str | None = None
    community_id: str | None = None
    not_before: date | None = None
    months_back: int | None = None


class BudgetSet(Event, frozen=True, kw_only=True):
    """What a payer, e.g. `city/chibi`, has for the pay of a year; it takes the place of what was set before."""

    name: ClassVar[str] = "policy.budget-set.v1"
    payer: str
    year: int
    amount_fen: Fen


class BudgetExceeded(Event, frozen=True, kw_only=True):
    """超预算: a year comes to more than its payer has for it, by what a draft worked out; until `BudgetKept`."""

    name: ClassVar[str] = "policy.budget-exceeded.v1"
    payer: str
    year: int
    budget_fen: Fen
    forecast_fen: Fen


class BudgetKept(Event, frozen=True, kw_only=True):
    """A year that was written down as exceeded comes to no more than its payer has for it."""

    name: ClassVar[str] = "policy.budget-kept.v1"
    payer: str
    year: int
    budget_fen: Fen
    forecast_fen: Fen


class EngineAdopted(Event, frozen=True, kw_only=True):
    """From here on new runs of the jurisdiction are worked out by this version of the pay engine."""

    name: ClassVar[str] = "policy.engine-adopted.v1"
    engine: str


class PayrollOpened(Event, frozen=True, kw_only=True):
    """Payroll of the jurisdiction starts with this month; nothing before it is due (`payroll_from`)."""

    name: ClassVar[str] = "policy.payroll-opened.v1"
    first_month: Month


# --- run ---------------------------------------------------------------------------------------------------


class RunDrafted(Event, frozen=True, kw_only=True):
    """A month was computed as known at a position. Digest and totals are those of the lines."""

    name: ClassVar[str] = "run.drafted.v1"
    jurisdiction: str
    month: Month
    sequence: int
    at_position: int
    engine: str
    digest: str
    lines: int
    total_fen: Fen
    suspense_fen: Fen
    blockers: tuple[str, ...]
    payers: dict[str, Fen]


class RunApproved(Event, frozen=True, kw_only=True):
    """A second person approved exactly the lines with this digest."""

    name: ClassVar[str] = "run.approved.v1"
    digest: str


class RunClosed(Event, frozen=True, kw_only=True):
    """The month is closed: position, engine and digest pin its lines for ever; each line pays a difference."""

    name: ClassVar[str] = "run.closed.v1"
    jurisdiction: str
    month: Month
    sequence: int
    at_position: int
    engine: str
    digest: str
    lines: int
    total_fen: Fen
    payers: dict[str, Fen]


class VoucherEntry(Struct, frozen=True, kw_only=True):
    """One line of a voucher: an item of the budget, or what is payable 应付; one of debit 借 and credit 贷 is zero."""

    entry: int
    account: str
    street_id: str
    debit_fen: Fen
    credit_fen: Fen


class Voucher(Struct, frozen=True, kw_only=True):
    """记账凭证 of one payer for one run; numbers of a payer's year have no gap."""

    payer: str
    year: int
    number: int
    entries: tuple[VoucherEntry, ...]

    @property
    def voucher_id(self) -> str:
        """`<year>/<number>/<payer>`."""
        return f"{self.year}/{self.number}/{self.payer}"


class RunHandedOver(Event, frozen=True, kw_only=True):
    """A closed run was handed over to finance as these vouchers. `digest` is that of its lines.

    `at_position`: where the policies are known that say which item of the budget each line books to.
    """

    name: ClassVar[str] = "run.handed-over.v1"
    digest: str
    at_position: int
    lines: int
    total_fen: Fen
    vouchers: tuple[Voucher, ...]


class BookedOtherwise(Struct, frozen=True, kw_only=True):
    """A line of a voucher that finance did not book as it was sent."""

    entry: int
    sent_fen: Fen
    booked_fen: Fen
    reason: str = ""


class RunAcknowledged(Event, frozen=True, kw_only=True):
    """Finance said line by line what it booked of a voucher; what it said of it before counts no longer."""

    name: ClassVar[str] = "run.acknowledged.v1"
    voucher_id: str
    differences: tuple[BookedOtherwise, ...]


class RunReopeningProposed(Event, frozen=True, kw_only=True):
    """Somebody wants a supplementary run for a closed month, until the end of that day."""

    name: ClassVar[str] = "run.reopening-proposed.v1"
    reason: str
    lapses_on: date


class RunReopened(Event, frozen=True, kw_only=True):
    """A second person agreed: the supplementary run may be drafted, approved and closed."""

    name: ClassVar[str] = "run.reopened.v1"
    lapses_on: date


# --- vouchers of a city --------------------------------------------------------------------------------------


class VouchersNumbered(Event, frozen=True, kw_only=True):
    """The vouchers of a run have their numbers."""

    name: ClassVar[str] = "vouchers.numbered.v1"
    run_id: str
    voucher_ids: tuple[str, ...]


class VoucherReconciled(Event, frozen=True, kw_only=True):
    """Finance said what it booked of a voucher, `differences` of its lines otherwise than they were sent."""

    name: ClassVar[str] = "vouchers.reconciled.v1"
    run_id: str
    voucher_id: str
    differences: int


def _all_types(base: type[Event]) -> dict[str, type[Event]]:
    return {event_type.name: event_type for event_type in base.__subclasses__()}


EVENT_TYPES: dict[str, type[Event]] = _all_types(Event)
"""Stored name → type, in the order of this file."""
