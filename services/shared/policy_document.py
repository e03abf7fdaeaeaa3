"""The shape of a policy: the dated, sourced figures of one pay scheme, as enacted and as computed with.

Every figure of a regulation lives in such a document and nowhere in code. Amounts and ratios are exact decimal
strings. `sources` says for each part of the document from which paper and clause it comes, or that it is our
own default ("assumed").
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from shared.patterns import END, ID

Ratio = Annotated[Decimal, Meta(description="exact decimal ratio, e.g. 0.70")]
Yuan = Annotated[Decimal, Meta(description="amount in yuan, at most two places")]
Name = Annotated[str, Meta(pattern=ID)]
_LARGEST, _PLACES = 10**9, 10
Grade = Annotated[int, Meta(ge=1, le=99)]


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
    """Which place pays: the city, the street or the community of the seat."""

    CITY = "city"
    STREET = "street"
    COMMUNITY = "community"


class Proration(StrEnum):
    """How part of a month is paid: by calendar days of that month."""

    CALENDAR_DAYS = "calendar-days"


class AllowanceStart(StrEnum):
    """From when a registered certificate is paid."""

    REGISTRATION = "registration"
    NEXT_MONTH = "next-month"


class Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a policy document."""


class Source(Part, frozen=True, kw_only=True):
    """Where a part of the document comes from; `mark` is published, reconstructed or assumed."""

    part: str
    mark: Annotated[str, Meta(pattern="^(published|reconstructed|assumed)" + END)]
    document: str
    clause: str = ""
    note: str = ""


class Rounding(Part, frozen=True, kw_only=True):
    """A named rounding point."""

    to: Unit = Unit.FEN
    mode: Mode = Mode.HALF_UP


class Base(Part, frozen=True, kw_only=True):
    """核算基数: a share of the published average annual wage, by twelve. Rounded where `rounding` says; null: never."""

    average_annual_wage: Yuan
    share: Ratio
    rounding: Rounding | None = Rounding()


class Ladder(Part, frozen=True, kw_only=True):
    """Pay = base × coefficient of the grade, rounded as a full month's amount."""

    base: Base
    coefficients: dict[Grade, Ratio]
    full_month_rounding: Rounding | None = Rounding()


class Flat(Part, frozen=True, kw_only=True):
    """A fixed amount a month by post, for old schemes without grades."""

    monthly: dict[str, Yuan]


class Band(Part, frozen=True, kw_only=True):
    """岗级范围: the grades open to a post, and the kind of seat it takes."""

    lowest: Grade
    highest: Grade


class CertificateAllowance(Part, frozen=True, kw_only=True):
    """职业补贴: yuan a month by certificate; the highest only."""

    monthly: dict[str, Yuan]
    starts: AllowanceStart = AllowanceStart.NEXT_MONTH


class Performance(Part, frozen=True, kw_only=True):
    """绩效: a share of the full pay, paid monthly, multiplied by a factor of the latest year's rating."""

    share: Ratio
    factors: dict[str, Ratio]
    without_rating: Ratio = Decimal(1)


class FundingRule(Part, frozen=True, kw_only=True):
    """分级承担 for some posts: fixed shares, and how the remainder is shared. No remainder rule: suspense 挂账.

    `shares` and `remainder` map a level to a ratio; the ratios of `remainder` are of the remainder.
    """

    posts: tuple[str, ...]
    shares: dict[Level, Ratio]
    remainder: dict[Level, Ratio] | None = None


class Admission(Part, frozen=True, kw_only=True):
    """Conditions for one post when hired by exam: greatest age on the day, and lowest diploma."""

    oldest: Annotated[int, Meta(ge=0, le=150)]
    education: str


class GradeRules(Part, frozen=True, kw_only=True):
    """How a grade is found on entry and when steps are due."""

    years_per_step: Annotated[int, Meta(ge=1, le=60)]
    education_steps: dict[str, Annotated[int, Meta(ge=0, le=99)]]


class PolicyDocument(Part, frozen=True, kw_only=True):
    """One pay scheme of one jurisdiction from its effective date on. Exactly one of `ladder`, `flat` is given."""

    policy_id: Name
    jurisdiction: Name
    scheme: Name
    title: str
    open_to: tuple[str, ...]
    sources: tuple[Source, ...]
    funding: tuple[FundingRule, ...]
    ladder: Ladder | None = None
    flat: Flat | None = None
    bands: dict[str, Band] = {}
    grade_rules: GradeRules | None = None
    admission: dict[str, Admission] = {}
    certificate_allowance: CertificateAllowance | None = None
    performance: Performance | None = None
    proration: Proration = Proration.CALENDAR_DAYS
    line_rounding: Rounding = Rounding()
    budget_items: dict[str, str] = {}


def canonical(document: PolicyDocument) -> bytes:
    """The one byte form of a document: JSON, keys sorted, no spaces."""
    return msgspec.json.encode(msgspec.to_builtins(document, str_keys=True), order="deterministic")


def digest_of(document: PolicyDocument) -> str:
    """SHA-256 of the canonical form, hex."""
    return sha256(canonical(document)).hexdigest()


def faults(document: PolicyDocument) -> list[tuple[str, str]]:
    """What a document that has the right shape still gets wrong: (JSON pointer, sentence), empty when sound."""
    found = list(_figure_faults(document, ""))
    if found:
        return found
    if (document.ladder is None) == (document.flat is None):
        found.append(("", "give exactly one of ladder and flat"))
    if document.ladder is not None:
        found += _ladder_faults(document, document.ladder)
    if document.performance is not None:
        found += _performance_faults(document.performance)
    found += _amount_faults(document)
    found += [fault for number, rule in enumerate(document.funding) for fault in _funding_faults(number, rule)]
    return found


def _figure_faults(part: object, pointer: str) -> Iterator[tuple[str, str]]:
    """Figures that no regulation holds and no engine can compute with: NaN, infinite, negative, endless."""
    if isinstance(part, Decimal):
        if not part.is_finite() or not 0 <= part < _LARGEST or int(part.as_tuple().exponent) < -_PLACES:
            yield pointer, f"a figure is not negative, below {_LARGEST} and has at most {_PLACES} places"
    elif isinstance(part, Struct):
        for name in part.__struct_fields__:
            yield from _figure_faults(getattr(part, name), f"{pointer}/{name}")
    elif isinstance(part, Mapping):
        for name, each in part.items():
            yield from _figure_faults(each, f"{pointer}/{name}")
    elif isinstance(part, tuple):
        for number, each in enumerate(part):
            yield from _figure_faults(each, f"{pointer}/{number}")


def _amount_faults(document: PolicyDocument) -> Iterator[tuple[str, str]]:
    amounts = {"/ladder/base/average_annual_wage": document.ladder.base.average_annual_wage} if document.ladder else {}
    for pointer, table in (("/flat", document.flat), ("/certificate_allowance", document.certificate_allowance)):
        amounts |= {f"{pointer}/monthly/{name}": amount for name, amount in (table.monthly if table else {}).items()}
    for pointer, amount in amounts.items():
        if int(amount.as_tuple().exponent) < -2:
            yield pointer, "an amount of yuan has at most two places"


def _performance_faults(performance: Performance) -> Iterator[tuple[str, str]]:
    if performance.share > 1:
        yield "/performance/share", "the share of the performance part is at most 1"
    factors = {f"factors/{rating}": factor for rating, factor in performance.factors.items()}
    for place, factor in {**factors, "without_rating": performance.without_rating}.items():
        if factor > 10:
            yield f"/performance/{place}", "a factor of the performance part is at most 10"


def _ladder_faults(document: PolicyDocument, ladder: Ladder) -> list[tuple[str, str]]:
    found = []
    if ladder.base.average_annual_wage <= 0 or not 0 < ladder.base.share <= 10:
        found.append(("/ladder/base", "the wage and its share must be positive"))
    if not ladder.coefficients or any(not 0 < ratio <= 100 for ratio in ladder.coefficients.values()):
        found.append(("/ladder/coefficients", "every coefficient lies above 0 and at most at 100"))
    for post, band in document.bands.items():
        if band.lowest > band.highest:
            found.append((f"/bands/{post}", f"the lowest grade {band.lowest} lies above the highest {band.highest}"))
        elif any(grade not in ladder.coefficients for grade in range(band.lowest, band.highest + 1)):
            found.append((f"/bands/{post}", f"grades {band.lowest} to {band.highest} do not all have a coefficient"))
    return found


def _funding_faults(number: int, rule: FundingRule) -> list[tuple[str, str]]:
    found = []
    fixed = sum(rule.shares.values(), Decimal(0))
    if any(ratio < 0 for ratio in rule.shares.values()) or fixed > 1:
        found.append((f"/funding/{number}/shares", f"shares are not negative and add up to at most 1, not {fixed}"))
    if rule.remainder is not None:
        rest = sum(rule.remainder.values(), Decimal(0))
        if rest != 1 or any(ratio < 0 for ratio in rule.remainder.values()):
            found.append((f"/funding/{number}/remainder", f"the ratios of the remainder add up to 1, not {rest}"))
    return found
