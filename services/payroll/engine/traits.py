"""What the pay of a day depends on, as one number: the traits that some rule in force looks at, in mixed radix."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from math import prod
from typing import NamedTuple

import numpy as np

from payroll.engine.facts import Flags, Ints
from payroll.engine.policy_versions import Version
from payroll.engine.vocabulary import CERTIFICATES, DIPLOMAS, POSTS, RATINGS, Vocabulary
from payroll.engine.worth import Standing
from shared.policy_document import AllowanceStart, Axis, RatedBy, Several, TwoPosts, YearBy

_INT64 = 1 << 63


class Start(IntEnum):
    """From when a certificate or diploma is paid for; never: the rules pay nothing for it."""

    NEVER = 0
    REGISTRATION = 1
    NEXT_MONTH = 2
    NEXT_YEAR = 3


class By(IntEnum):
    """Which rating sets the performance factor; none: no performance part."""

    NONE = 0
    LATEST = 1
    SAME_YEAR = 2
    YEAR_BEFORE = 3


class Held(NamedTuple):
    """Per version, from when what somebody holds is paid for, and which of it: `paid[v, set]` is a set again.

    A set is a number with the bit `code - 1` for each code.
    """

    start: Ints
    paid: Ints


class State(NamedTuple):
    """Columns of codes, one per trait; `certificates` and `diplomas` are sets, the others 0 where there is none."""

    version: Ints
    post: Ints
    grade: Ints
    certificates: Ints
    diplomas: Ints
    education: Ints
    years: Ints
    rating: Ints
    second_post: Ints
    probation: Ints
    suspended: Ints
    district: Ints


@dataclass(frozen=True)
class Traits:
    """Per version (v), what the rules look at; a trait that none of them looks at has the size 1 and is always 0.

    `years[v, n]`: the highest number of years up to n that a table of the version names; `rating[v, d]`: a By, for the
    district with the code d; `district[v, c]`: the district of a community where it has rules of its own, else 0.
    """

    versions: tuple[Version, ...]
    vocabulary: Vocabulary
    sizes: tuple[int, ...]
    grade: Flags
    certificates: Held
    diplomas: Held
    education: Flags
    years: Ints
    calendar_years: Flags
    rating: Ints
    second_post: Flags
    probation: Flags
    suspended: Flags
    district: Ints

    def looks_at(self, trait: str) -> bool:
        """Whether any rule looks at the trait."""
        return self.sizes[State._fields.index(trait)] > 1

    def encode(self, state: State) -> Ints:
        """One number for each row; rows that are paid alike have the same."""
        code = state.version
        for column, size in zip(state[1:], self.sizes[1:], strict=True):
            if size > 1:
                code = code * size + column
        return code

    def standing(self, code: int) -> tuple[int, Standing]:
        """The version and, by name, what its rules look at."""
        codes = []
        for size in reversed(self.sizes):
            code, each = divmod(code, size)
            codes.append(each)
        version, post, grade, certificates, diplomas, education, years, rating, second, probation, suspended, there = (
            reversed(codes)
        )
        return version, Standing(
            post=POSTS[post].value,
            grade=grade,
            certificates=_named(certificates, CERTIFICATES),
            diplomas=_named(diplomas, DIPLOMAS),
            education=DIPLOMAS[education] or "",
            years=years,
            rating=RATINGS[rating],
            second_post=POSTS[second - 1].value if second else None,
            on_probation=bool(probation),
            suspended=bool(suspended),
            district=self.vocabulary.districts[there - 1] if there else None,
        )


def _named(held: int, names: Sequence[str | None]) -> tuple[str, ...]:
    return tuple(str(name) for code, name in enumerate(names) if name is not None and held >> (code - 1) & 1)


def traits_of(versions: tuple[Version, ...], vocabulary: Vocabulary) -> Traits:
    """What these versions look at. Raises OverflowError where their traits are too many for one number."""
    found = _traits_of(versions, vocabulary)
    if prod(found.sizes) >= _INT64:
        raise OverflowError("the rules look at too much for one number")
    return found


def _traits_of(versions: tuple[Version, ...], vocabulary: Vocabulary) -> Traits:
    certificates = _held(versions, "certificate_allowance", CERTIFICATES)
    diplomas = _held(versions, "education_allowance", DIPLOMAS)
    years = _years(versions)
    rating = _rating(versions, vocabulary)
    district = _districts(versions, vocabulary)
    flags = {
        "grade": _flags(version.document is not None and version.document.has_grades() for version in versions),
        "education": _flags(Axis.EDUCATION in _axes(version) for version in versions),
        "calendar_years": _flags(_by_calendar(version) for version in versions),
        "second_post": _flags(_pays_two_posts(version) for version in versions),
        "probation": _flags(_reduces_probation(version) for version in versions),
        "suspended": _flags(_pays_suspended(version) for version in versions),
    }
    sizes = {
        "version": len(versions),
        "post": len(POSTS),
        "grade": 1 + max(map(_highest_grade, versions), default=0),
        "certificates": certificates.paid.shape[1],
        "diplomas": diplomas.paid.shape[1],
        "education": len(DIPLOMAS) if flags["education"].any() else 1,
        "years": years.shape[1],
        "rating": len(RATINGS) if rating.any() else 1,
        "second_post": len(POSTS) + 1 if flags["second_post"].any() else 1,
        "probation": 1 + flags["probation"].any(),
        "suspended": 1 + flags["suspended"].any(),
        "district": len(vocabulary.districts) + 1 if district.any() else 1,
    }
    return Traits(
        versions,
        vocabulary,
        tuple(int(sizes[name]) for name in State._fields),
        certificates=certificates,
        diplomas=diplomas,
        years=years,
        rating=rating,
        district=district,
        **flags,
    )


def _flags(each: Iterable[bool]) -> Flags:
    return np.array(list(each), dtype=np.bool_)


def _highest_grade(version: Version) -> int:
    document = version.document
    if document is None:
        return 0
    ladder, additive = document.ladder, document.additive
    rows = (ladder.coefficients, *ladder.by_post.values()) if ladder else ()
    tables = additive.tables.values() if additive else ()
    steps = [int(key.rpartition("/")[2]) for table in tables if Axis.GRADE in table.by for key in table.monthly]
    return max([*(grade for row in rows for grade in row), *steps], default=0)


_STARTS = {
    AllowanceStart.REGISTRATION: Start.REGISTRATION,
    AllowanceStart.NEXT_MONTH: Start.NEXT_MONTH,
    AllowanceStart.NEXT_YEAR: Start.NEXT_YEAR,
}


def _held(versions: Sequence[Version], part: str, names: Sequence[str | None]) -> Held:
    """Rules 14 and 15: the highest of what is held, or all of it, where the document pays for it."""
    allowed = [getattr(version.document, part) if version.document else None for version in versions]
    sets = 1 << (len(names) - 1) if any(allowed) else 1
    start = [Start.NEVER if rule is None else _STARTS[rule.starts] for rule in allowed]
    paid = np.zeros((len(versions), sets), dtype=np.int64)
    for row, rule in zip(paid, allowed, strict=True):
        if rule is not None:
            everything = np.arange(sets)
            row[:] = everything if rule.several is Several.ADDING else _highest(everything)
    return Held(np.array(start, dtype=np.int64), paid)


def _highest(sets: Ints) -> Ints:
    """The highest bit of each set, alone."""
    return np.array([1 << int(held).bit_length() >> 1 for held in sets], dtype=np.int64)


def _axes(version: Version) -> set[Axis]:
    additive = version.document.additive if version.document else None
    return {axis for table in additive.tables.values() for axis in table.by} if additive else set()


def year_numbers(version: Version) -> list[int]:
    """The years of service that tables of the version name, ascending."""
    additive = version.document.additive if version.document else None
    tables = additive.tables.values() if additive else ()
    keys = [key for table in tables if Axis.YEARS in table.by for key in table.monthly]
    return sorted({int(key.rpartition("/")[2]) for key in keys})


def _years(versions: Sequence[Version]) -> Ints:
    numbers = [year_numbers(version) for version in versions]
    most = max((years[-1] for years in numbers if years), default=0)
    reached = np.zeros((len(versions), most + 1), dtype=np.int64)
    for row, years in zip(reached, numbers, strict=True):
        for number in years:
            row[number:] = number
    return reached


def _by_calendar(version: Version) -> bool:
    rules = version.document.grade_rules if version.document else None
    return rules is not None and rules.year_by is YearBy.CALENDAR


_BY = {RatedBy.LATEST: By.LATEST, RatedBy.SAME_YEAR: By.SAME_YEAR, RatedBy.YEAR_BEFORE: By.YEAR_BEFORE}


def _rating(versions: Sequence[Version], vocabulary: Vocabulary) -> Ints:
    found = np.zeros((len(versions), len(vocabulary.districts) + 1), dtype=np.int64)
    for row, version in zip(found, versions, strict=True):
        own = version.document.districts if version.document else {}
        for code, name in enumerate((None, *vocabulary.districts)):
            performance = version.performance_in(name if name in own else None)
            row[code] = By.NONE if performance is None else _BY[performance.rated_by]
    return found


def _districts(versions: Sequence[Version], vocabulary: Vocabulary) -> Ints:
    found = np.zeros((len(versions), len(vocabulary.communities)), dtype=np.int64)
    for row, version in zip(found, versions, strict=True):
        for community, name in enumerate(vocabulary.communities):
            district = version.district_of(vocabulary.street_of.get(name))
            if version.document is not None and district is not None:
                there = version.document.districts[district]
                if there.performance is not None or there.funding:
                    row[community] = vocabulary.districts.index(district) + 1
    return found


def _pays_two_posts(version: Version) -> bool:
    return version.document is not None and version.document.two_posts.pays is not TwoPosts.ONE_PAY


def _reduces_probation(version: Version) -> bool:
    probation = version.document.probation if version.document else None
    return probation is not None and (probation.pay_share != 1 or not probation.performance)


def _pays_suspended(version: Version) -> bool:
    suspension = version.document.suspension if version.document else None
    return suspension is not None and suspension.pay_share > 0
