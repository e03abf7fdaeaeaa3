"""The parts of a policy that say what somebody is paid, by whom, and how it is rounded."""

from datetime import date
from decimal import Decimal
from typing import Annotated, ClassVar

from msgspec import Meta, field

from shared.policy_document.values import (
    GRADE_KEY,
    AllowanceStart,
    Axis,
    CostlyAct,
    DayOfYear,
    Grade,
    Level,
    Mode,
    Name,
    Part,
    PayItem,
    PostName,
    RatedBy,
    Ratio,
    Rhythm,
    Several,
    TwoPosts,
    Unit,
    Yuan,
    says,
)


class Rounding(Part, frozen=True, kw_only=True):
    """A named rounding point."""

    to: Unit = Unit.FEN
    mode: Mode = Mode.HALF_UP


class LaterShare(Part, frozen=True, kw_only=True):
    """Another share of the average wage, from a date on."""

    from_date: Annotated[date, says("the first day on which this share holds")]
    share: Ratio


class Base(Part, frozen=True, kw_only=True):
    """核算基数: a figure a month, or a share of the published average annual wage, by twelve.

    Rounded where `rounding` says; null: never. Give `monthly_amount`, or `share` with or without the wage: one that is
    not given here is published later, and until then nobody can be paid by it.
    """

    later: ClassVar[frozenset[str]] = frozenset({"monthly_amount", "starts", "later_shares"})
    average_annual_wage: Annotated[Yuan | None, says("the published average annual wage, yuan")] = None
    share: Annotated[Ratio | None, says("which share of the average wage a coefficient of 1 is paid")] = None
    rounding: Rounding | None = Rounding()
    monthly_amount: Annotated[Yuan | None, says("the base as a figure, yuan a month; instead of wage and share")] = None
    starts: Annotated[
        DayOfYear | None, says("the day in the year on which a new base starts, MM-DD; null: any day")
    ] = None
    later_shares: Annotated[
        tuple[LaterShare, ...], says("shares that replace `share` from later dates on, in order")
    ] = ()


Coefficients = Annotated[dict[Grade, Ratio], Meta(extra_json_schema={"propertyNames": {"pattern": GRADE_KEY}})]
"""Grade → coefficient."""


Shares = Annotated[dict[Level, Ratio], Meta(extra_json_schema={"propertyNames": {"enum": [*map(str, Level)]}})]
"""Who pays → which part."""


class Ladder(Part, frozen=True, kw_only=True):
    """Pay = base × coefficient of the grade, rounded as a full month's amount.

    A post in `by_post` has a row of coefficients of its own, which stands for `coefficients` whole.
    """

    later: ClassVar[frozenset[str]] = frozenset({"by_post"})
    base: Base
    coefficients: Coefficients
    full_month_rounding: Rounding | None = Rounding()
    by_post: Annotated[dict[PostName, Coefficients], says("post → grade → coefficient")] = field(default_factory=dict)

    def coefficient(self, post: str, grade: int) -> Decimal | None:
        """The coefficient of the grade in the post; None: there is none."""
        return self.by_post.get(post, self.coefficients).get(grade)


class Flat(Part, frozen=True, kw_only=True):
    """A fixed amount a month by post, for old schemes without grades."""

    monthly: dict[str, Yuan]


class PayTable(Part, frozen=True, kw_only=True):
    """One addend of additive pay: yuan a month by one thing, or by a post and one other thing.

    Keys are the words or numbers of `by`; with two axes joined by a slash: `head/3`. Of `years`, the highest number
    that was reached counts. Who stands in no row of the table gets nothing from it.
    """

    by: Annotated[
        tuple[Axis, ...], Meta(min_length=1, max_length=2), says("post, grade, education or years; two: post first")
    ]
    monthly: Annotated[dict[str, Yuan], says("yuan a month by the words of `by`")]
    item: Annotated[PayItem, says("as which item of pay it is paid and booked")] = PayItem.BASIC
    title: Annotated[str, says("what the regulation calls it")] = ""


class Additive(Part, frozen=True, kw_only=True):
    """Pay without coefficients: the sum of tables. A grade is a step where a table is read by it."""

    tables: Annotated[dict[Name, PayTable], says("name → table; a month's pay is their sum")]
    full_month_rounding: Rounding | None = Rounding()

    def has_grades(self) -> bool:
        """Whether a table is read by the grade."""
        return any(Axis.GRADE in table.by for table in self.tables.values())


class CertificateAllowance(Part, frozen=True, kw_only=True):
    """职业补贴: yuan a month by certificate; the highest only, or all added up."""

    later: ClassVar[frozenset[str]] = frozenset({"several"})
    monthly: dict[str, Yuan]
    starts: AllowanceStart = AllowanceStart.NEXT_MONTH
    several: Several = Several.HIGHEST


class EducationAllowance(Part, frozen=True, kw_only=True):
    """学历补贴: yuan a month by diploma; the highest only, or all added up."""

    monthly: dict[str, Yuan]
    starts: AllowanceStart = AllowanceStart.NEXT_MONTH
    several: Several = Several.HIGHEST


class Performance(Part, frozen=True, kw_only=True):
    """绩效: a share of the full pay, multiplied by a factor of the latest year's rating, paid in a rhythm."""

    later: ClassVar[frozenset[str]] = frozenset({"rhythm", "paid_in", "rated_by"})
    share: Ratio
    factors: dict[str, Ratio]
    without_rating: Ratio = Decimal(1)
    rhythm: Rhythm = Rhythm.MONTHLY
    paid_in: Annotated[
        tuple[Annotated[int, Meta(ge=1, le=12)], ...],
        says("the months in which it is paid; empty: the last month of each period"),
    ] = ()
    rated_by: RatedBy = RatedBy.LATEST


class FundingRule(Part, frozen=True, kw_only=True):
    """分级承担 for some posts: fixed shares, and how the remainder is shared. No remainder rule: suspense 挂账.

    `shares` and `remainder` map a level to a ratio; the ratios of `remainder` are of the remainder.
    Of several rules for a post and item, one that names the item goes before one for all items, and then the one
    with the latest `from_date` that has come.
    """

    later: ClassVar[frozenset[str]] = frozenset({"items", "from_date"})
    posts: Annotated[tuple[PostName, ...], says("the posts it is for")]
    shares: Shares
    remainder: Shares | None = None
    items: Annotated[tuple[PayItem, ...], says("the items of pay it is for; empty: all")] = ()
    from_date: Annotated[date | None, says("the first day it holds; null: from the document's own on")] = None

    def levels(self) -> frozenset[Level]:
        """Who pays by it."""
        return frozenset({*self.shares, *(self.remainder or ())})


class District(Part, frozen=True, kw_only=True):
    """区: the streets of a district of the city, and what is otherwise there; what is not given is as in the city."""

    streets: Annotated[tuple[Name, ...], says("ids of the streets that lie in it")]
    title: Annotated[str, says("what the district is called")] = ""
    performance: Performance | None = None
    funding: tuple[FundingRule, ...] = ()


class TwoPostsPay(Part, frozen=True, kw_only=True):
    """两岗兼任, 一肩挑: what somebody with two posts in one hand is paid."""

    pays: TwoPosts = TwoPosts.ONE_PAY
    supplement: Annotated[Yuan | None, says("yuan a month, where `pays` is supplement")] = None


class Probation(Part, frozen=True, kw_only=True):
    """试用期: how long, which share of the pay, and whether the performance part is paid."""

    months: Annotated[int, Meta(ge=1, le=24), says("how many months")]
    pay_share: Annotated[Ratio, says("which share of the pay is paid meanwhile")] = Decimal(1)
    performance: Annotated[bool, says("whether the performance part is paid meanwhile")] = True
    channels: Annotated[tuple[str, ...], says("who has one: the channels of entry; empty: everybody")] = ()


class WorkingCalendar(Part, frozen=True, kw_only=True):
    """计薪日: which days count where part of a month is paid by working days: Monday to Friday but for these.

    A public holiday that is paid is not among the days of rest. A year of which nothing is said is not known.
    """

    days_a_month: Annotated[Ratio, says("月计薪天数: by how many days a month's pay is divided")] = Decimal("21.75")
    rest_days: Annotated[tuple[date, ...], says("days from Monday to Friday that do not count")] = ()
    made_up_days: Annotated[tuple[date, ...], says("调休: Saturdays and Sundays that do count")] = ()

    def knows(self, year: int) -> bool:
        """Whether it says anything of the year."""
        return any(day.year == year for day in (*self.rest_days, *self.made_up_days))


class Contribution(Part, frozen=True, kw_only=True):
    """单位缴费、个人扣款: shares of what is due for a month, which floor and ceiling bound; each rounded on its own.

    The employer's part is paid on top, by whom the basic pay is paid, and booked as `pension_unit`; the worker's own is
    taken off what they get, as `pension_own`. Nothing is due for a month of which nothing is paid.
    """

    employer: Annotated[Ratio, says("the employer's share")] = Decimal(0)
    personal: Annotated[Ratio, says("the worker's own share")] = Decimal(0)
    floor: Annotated[Yuan | None, says("the least base, yuan a month; also of somebody paid less")] = None
    ceiling: Annotated[Yuan | None, says("the greatest base, yuan a month")] = None
    items: Annotated[tuple[PayItem, ...], says("the items of pay that the base is made of; empty: all")] = ()
    rounding: Rounding = Rounding()


class Recovery(Part, frozen=True, kw_only=True):
    """扣回: how much of what a run pays somebody may be kept back for what they owe from earlier runs."""

    most_share: Annotated[Ratio, says("at most this share of what the run would pay")] = Decimal(1)
    keeps: Annotated[Yuan | None, says("yuan a month that are left in any case")] = None

    def most_fen(self, net_fen: int) -> int:
        """What may be kept back of so much, fen; not more than all of it, and never less than nothing."""
        keeps_fen = 0 if self.keeps is None else int(self.keeps * 100)
        return max(0, min(int(net_fen * self.most_share), net_fen - keeps_fen))


class Overspending(Part, frozen=True, kw_only=True):
    """超预算: what is refused while a year comes to more than the budget of a payer who would bear it."""

    refuses: Annotated[
        tuple[CostlyAct, ...], says("hire, rehire, conversion, second-post; empty: none, there is a warning only")
    ] = ()


class Suspension(Part, frozen=True, kw_only=True):
    """停职: which share of the pay, and of what is paid beside it, goes on."""

    pay_share: Ratio
