"""The parts of a policy on how somebody comes in, rises, is appraised and trained, and on how many seats there are."""

from datetime import date
from typing import Annotated, ClassVar

from msgspec import Meta, field

from shared.policy_document.values import (
    AllowanceStart,
    Count,
    DayOfYear,
    EducationName,
    Grade,
    Mode,
    Name,
    Part,
    PathName,
    PostName,
    QuotaPlace,
    RatingName,
    Ratio,
    Several,
    Steps,
    YearBy,
    says,
)


class Band(Part, frozen=True, kw_only=True):
    """岗级范围: the grades open to a post, and the kind of seat it takes."""

    lowest: Annotated[Grade, says("the lowest grade of the post")]
    highest: Annotated[Grade, says("the highest")]


class Admission(Part, frozen=True, kw_only=True):
    """Conditions for one post: greatest and lowest age on the day, lowest diploma, by exam, with which mark."""

    later: ClassVar[frozenset[str]] = frozenset({"youngest", "by_exam", "candidate_record", "pass_mark"})
    oldest: Annotated[int, Meta(ge=0, le=150), says("the greatest age on the day, in completed years")]
    education: Annotated[EducationName, says("the lowest diploma")]
    youngest: Annotated[int, Meta(ge=0, le=150), says("the lowest age on the day, in completed years")] = 0
    by_exam: Annotated[bool, says("逢进必考: not by election or appointment")] = True
    candidate_record: Annotated[bool, says("whether an exam hire needs a candidate who applied and passed")] = False
    pass_mark: Annotated[Ratio | None, says("the least exam score; null: none is set")] = None


class PostChange(Part, frozen=True, kw_only=True):
    """岗位变动: how somebody in service comes to a post, upwards or downwards."""

    paths: Annotated[
        tuple[PathName, ...], Meta(min_length=1), says("the ways open to the post: election, selection, appointment")
    ]


class EarlySteps(Part, frozen=True, kw_only=True):
    """提前晋级: ratings in a row that bring a step before its time, and how many such steps a career holds."""

    in_a_row: Annotated[Count, says("how many years in a row with the rating")]
    most: Annotated[Count, says("at most so many such steps in a career")]
    rating: RatingName = "excellent"
    steps: Annotated[int, Meta(ge=1, le=99), says("how many steps each time")] = 1


class GradeRules(Part, frozen=True, kw_only=True):
    """How a grade is found on entry and when steps are due.

    A step is due every `years_per_step` counted years, from the next `effective` day on; it never leaves the band.
    """

    later: ClassVar[frozenset[str]] = frozenset(
        {
            "education_starts",
            "education_several",
            "education_years",
            "certificate_steps",
            "certificate_starts",
            "certificate_several",
            "entry_grades",
            "year_by",
            "uncounted_ratings",
            "unrated_year_counts",
            "gate_ratings",
            "early_steps",
            "effective",
            "years_kept_in_new_post",
            "years_kept_on_rehire",
        }
    )
    years_per_step: Annotated[int, Meta(ge=1, le=60), says("counted years for a step")]
    education_steps: Annotated[dict[EducationName, Steps], says("grades for a diploma")]
    education_starts: Annotated[AllowanceStart, says("from when a diploma earned in service counts")] = (
        AllowanceStart.NEXT_MONTH
    )
    education_several: Several = Several.HIGHEST
    education_years: Annotated[dict[EducationName, Steps], says("years that a diploma is deemed to have served")] = (
        field(default_factory=dict)
    )
    certificate_steps: Annotated[dict[str, Steps], says("grades for a certificate")] = field(default_factory=dict)
    certificate_starts: AllowanceStart = AllowanceStart.NEXT_MONTH
    certificate_several: Several = Several.HIGHEST
    entry_grades: Annotated[dict[PostName, Grade], says("post → grade; else the lowest of its band")] = field(
        default_factory=dict
    )
    year_by: YearBy = YearBy.SERVICE
    uncounted_ratings: Annotated[tuple[RatingName, ...], says("a year so rated does not count")] = ()
    unrated_year_counts: Annotated[bool, says("whether a year without a rating counts")] = True
    gate_ratings: Annotated[
        tuple[RatingName, ...],
        says("the ratings that every counted year towards a step must have; empty: no gate"),
    ] = ()
    early_steps: EarlySteps | None = None
    effective: Annotated[DayOfYear, says("the day in the year from which a step holds, MM-DD")] = "01-01"
    years_kept_in_new_post: Annotated[bool, says("whether counted years go on after a change of post")] = True
    years_kept_on_rehire: Annotated[bool, says("whether somebody hired again keeps counted years")] = True


class ExcellentQuota(Part, frozen=True, kw_only=True):
    """优秀名额: at most this share of the people of a place may be rated excellent in a year."""

    share: Ratio
    of: QuotaPlace = QuotaPlace.CITY
    rounding: Mode = Mode.DOWN


class ExitTrigger(Part, frozen=True, kw_only=True):
    """退出: so many years in a row with a rating and the exit is to be decided."""

    rating: RatingName
    in_a_row: Annotated[Count, says("how many years in a row with the rating")]


class Appraisal(Part, frozen=True, kw_only=True):
    """年度考核: the scale, best first, the quota of excellent, and what a rating leads to.

    The factor of the performance part stands in `performance`, a year that does not count in `grade_rules`.
    """

    ratings: Annotated[tuple[RatingName, ...], Meta(min_length=1), says("the scale, best first")] = (
        "excellent",
        "competent",
        "marginal",
        "unfit",
    )
    excellent_quota: ExcellentQuota | None = None
    exits: tuple[ExitTrigger, ...] = ()
    review_days: Annotated[
        Annotated[int, Meta(ge=1, le=365)] | None,
        says("复核: within so many days of publication; null: no limit is set"),
    ] = None


class LegacyScheme(Part, frozen=True, kw_only=True):
    """老人老办法: an older scheme whose people may convert to this one, with evidence."""

    scheme: Annotated[Name, says("the older scheme")]
    until: Annotated[date | None, says("the last day of a conversion; null: no last day")] = None
    conditions: Annotated[str, says("what the regulation asks of a conversion")] = ""


class Training(Part, frozen=True, kw_only=True):
    """培训: hours a year, and the initial course."""

    hours_a_year: Annotated[int, Meta(ge=0, le=2000), says("hours to reach in a year")] = 0
    initial_hours: Annotated[int, Meta(ge=0, le=2000), says("hours of the initial course")] = 0
    initial_before_confirmation: Annotated[bool, says("whether a probation is confirmed only after it")] = False


class Span(Part, frozen=True, kw_only=True):
    """From the least to the most of something, both included."""

    least: Annotated[int, Meta(ge=0, le=10**7), says("at least")]
    most: Annotated[int, Meta(ge=0, le=10**7), says("at most")]


class Establishment(Part, frozen=True, kw_only=True):
    """员额: how many seats a community may have. What is not given is no rule of this policy."""

    committee: Annotated[Span | None, says("seats of the committee 两委 in one community")] = None
    households_per_dedicated: Annotated[Span | None, says("households for one dedicated seat")] = None
    dedicated_per_grid: Annotated[Ratio | None, says("dedicated seats for each grid")] = None
    dedicated_per_10000_residents: Annotated[Ratio | None, says("dedicated seats for 10,000 residents")] = None
    rounding: Annotated[Mode, says("how a part of a seat is rounded")] = Mode.UP
    city_seats: Annotated[
        dict[str, Annotated[int, Meta(ge=0, le=10**6)]],
        says("seats of the whole city by category: committee, dedicated"),
    ] = field(default_factory=dict)
