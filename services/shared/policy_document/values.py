"""The values that the parts of a policy are made of: exact figures, names, days of the year, words to choose from."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, ClassVar

from msgspec import Meta, Struct

from shared.patterns import END, ID


def says(text: str) -> Meta:
    """What a field means, as an editor shows it beside the field."""
    return Meta(description=text)


Ratio = Annotated[Decimal, Meta(description="exact decimal ratio, e.g. 0.70")]
Yuan = Annotated[Decimal, Meta(description="amount in yuan, at most two places")]
Name = Annotated[str, Meta(pattern=ID)]
Grade = Annotated[int, Meta(ge=1, le=99)]
GRADE_KEY = r"^[1-9][0-9]?" + END
"""A grade as the key of a table: without idle zeros."""
Count = Annotated[int, Meta(ge=1, le=1000)]
Steps = Annotated[int, Meta(ge=0, le=99)]
Months = Annotated[int, Meta(ge=1, le=60)]
DayOfYear = Annotated[
    str,
    Meta(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])" + END, description="a day in every year, MM-DD"),
]
"""MM-DD; that the month has that day is checked with the figures."""
RatingName = Annotated[str, says("a rating 等次: excellent, competent, marginal or unfit")]
PostName = Annotated[str, says("a post 岗位: head, deputy, member, dedicated, or one of `other_posts`")]
PathName = Annotated[str, says("how a post is come by: election, selection or appointment")]
ChannelName = Annotated[str, says("how somebody came in: exam, conversion, election, appointment or legacy")]
EducationName = Annotated[str, says("a diploma 学历: high_school, college, bachelor, master or doctor")]


class Unit(StrEnum):
    """To which unit an amount is rounded."""

    FEN = "fen"
    YUAN = "yuan"


class Mode(StrEnum):
    """Which way: half up, down, up (all away from or towards zero)."""

    HALF_UP = "half-up"
    DOWN = "down"
    UP = "up"


class Level(StrEnum):
    """Which place pays: the city, the district of the seat's street, the street or the community of the seat."""

    CITY = "city"
    DISTRICT = "district"
    STREET = "street"
    COMMUNITY = "community"


class PayItem(StrEnum):
    """工资项: basic 基本, performance 绩效, allowance 津补贴."""

    BASIC = "basic"
    PERFORMANCE = "performance"
    ALLOWANCE = "allowance"


class Insurance(StrEnum):
    """五险一金: what employer and worker both pay into: pension 养老, medical 医疗, unemployment 失业, injury 工伤,
    maternity 生育, housing fund 公积金, annuity 年金.
    """

    PENSION = "pension"
    MEDICAL = "medical"
    UNEMPLOYMENT = "unemployment"
    INJURY = "injury"
    MATERNITY = "maternity"
    HOUSING_FUND = "housing_fund"
    ANNUITY = "annuity"


class Proration(StrEnum):
    """How part of a month is paid: by its calendar days, by 21.75 working days, or from the next whole month on."""

    CALENDAR_DAYS = "calendar-days"
    WORKING_DAYS = "working-days-21.75"
    WHOLE_MONTH = "whole-month-from-next"


class TrueUp(StrEnum):
    """When what each payer gave for somebody is brought to its share of the whole: with December, for the year."""

    NEVER = "never"
    YEAR_END = "year-end"


class AllowanceStart(StrEnum):
    """From when a diploma or certificate counts: the day, the first of the next month, or the next 1 January."""

    REGISTRATION = "registration"
    NEXT_MONTH = "next-month"
    NEXT_YEAR = "next-year"


class Several(StrEnum):
    """What holds for somebody with several diplomas or certificates: the highest only, or all added up."""

    HIGHEST = "highest"
    ADDING = "adding"


class Rhythm(StrEnum):
    """How often the performance part is paid."""

    MONTHLY = "monthly"
    HALF_YEARLY = "half-yearly"
    YEARLY = "yearly"


class RatedBy(StrEnum):
    """Which rating sets the performance factor: the latest, that of the year paid for, or of the year before it.

    A rating of the year paid for, given when the year is over, is settled with what was paid without it.
    """

    LATEST = "latest"
    SAME_YEAR = "same-year"
    YEAR_BEFORE = "year-before"


class Axis(StrEnum):
    """By what an additive table is read: post, grade (or step), diploma, or full years of service."""

    POST = "post"
    GRADE = "grade"
    EDUCATION = "education"
    YEARS = "years"


class YearBy(StrEnum):
    """What a year of service is: twelve months since the entry, or a calendar year served to its end."""

    SERVICE = "service"
    CALENDAR = "calendar"


class TwoPosts(StrEnum):
    """一肩挑: the pay of the one post, of the higher of the two, or a fixed supplement."""

    ONE_PAY = "one-pay"
    HIGHER = "higher"
    SUPPLEMENT = "supplement"


class CostlyAct(StrEnum):
    """An act by which somebody costs a payer more: a hire, a hire of who left, a conversion, a second post."""

    HIRE = "hire"
    REHIRE = "rehire"
    CONVERSION = "conversion"
    SECOND_POST = "second-post"


class QuotaPlace(StrEnum):
    """Of whose people the quota of excellent ratings is a share."""

    CITY = "city"
    STREET = "street"
    COMMUNITY = "community"


class Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a policy document.

    `later` names the fields that the format gained after documents of it were enacted: where one says no more than
    its default, the canonical form leaves it out, so that an old document keeps its bytes and its digest.
    """

    later: ClassVar[frozenset[str]] = frozenset()
