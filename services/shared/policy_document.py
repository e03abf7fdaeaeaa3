"""The shape of a policy: the dated, sourced figures of one pay scheme, as enacted and as computed with.

Every figure of a regulation lives in such a document and nowhere in code. Amounts and ratios are exact decimal
strings. `sources` says for each part of the document from which paper and clause it comes, or that it is our
own default ("assumed").
"""

from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

Ratio = Annotated[Decimal, Meta(description="exact decimal ratio, e.g. 0.70")]
Yuan = Annotated[Decimal, Meta(description="amount in yuan, at most two places")]
Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
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
    mark: Annotated[str, Meta(pattern="^(published|reconstructed|assumed)$")]
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
    """绩效: a share of the full pay, paid monthly, multiplied by a factor of the latest rating."""

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

    oldest: int
    education: str


class GradeRules(Part, frozen=True, kw_only=True):
    """How a grade is found on entry and when steps are due."""

    years_per_step: int
    education_steps: dict[str, int]


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
    found: list[tuple[str, str]] = []
    if (document.ladder is None) == (document.flat is None):
        found.append(("", "give exactly one of ladder and flat"))
    if document.ladder is not None:
        found += _ladder_faults(document, document.ladder)
    found += [fault for number, rule in enumerate(document.funding) for fault in _funding_faults(number, rule)]
    return found


def _ladder_faults(document: PolicyDocument, ladder: Ladder) -> list[tuple[str, str]]:
    found = []
    if ladder.base.average_annual_wage <= 0 or not 0 < ladder.base.share <= 10:
        found.append(("/ladder/base", "the wage and its share must be positive"))
    if not ladder.coefficients or any(not 0 < ratio <= 100 for ratio in ladder.coefficients.values()):
        found.append(("/ladder/coefficients", "every coefficient lies above 0 and at most at 100"))
    for post, band in document.bands.items():
        if any(grade not in ladder.coefficients for grade in range(band.lowest, band.highest + 1)):
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
