"""The whole of a policy document: its parts under their names, and its one byte form with the digest of it."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from hashlib import sha256
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta, field

from shared.patterns import END
from shared.policy_document.life import (
    Admission,
    Appraisal,
    Band,
    Establishment,
    GradeRules,
    LegacyScheme,
    PostChange,
    Training,
)
from shared.policy_document.pay import (
    Additive,
    CertificateAllowance,
    Contribution,
    District,
    EducationAllowance,
    Flat,
    FundingRule,
    Ladder,
    Overspending,
    Performance,
    Probation,
    Recovery,
    Rounding,
    Suspension,
    TwoPostsPay,
    WorkingCalendar,
)
from shared.policy_document.tax import IncomeTax
from shared.policy_document.values import ChannelName, Insurance, Name, Part, PayItem, Proration, TrueUp, Unit, says

_SAID = object()
"""Equal to no value: what a field without a silent default is compared with."""


class Source(Part, frozen=True, kw_only=True):
    """Where a part of the document comes from; `mark` is published, reconstructed or assumed."""

    part: Annotated[str, says("which part, by its keys: ladder/base")]
    mark: Annotated[str, Meta(pattern="^(published|reconstructed|assumed)" + END), says("how sure it is")]
    document: Annotated[str, says("the paper, or that it is our default")]
    clause: Annotated[str, says("where in the paper")] = ""
    note: Annotated[str, says("what a reader should know")] = ""


class PolicyDocument(Part, frozen=True, kw_only=True):
    """One pay scheme of one jurisdiction from its effective date on.

    Exactly one of `ladder`, `flat`, `additive` is given.
    """

    later: ClassVar[frozenset[str]] = frozenset(
        {
            "additive",
            "education_allowance",
            "appraisal",
            "probation",
            "suspension",
            "two_posts",
            "legacy",
            "training",
            "establishment",
            "districts",
            "total_rounding",
            "shares_to",
            "true_up",
            "other_posts",
            "post_changes",
            "working_calendar",
            "contributions",
            "recovery",
            "overspending",
            "income_tax",
        }
    )
    policy_id: Annotated[Name, says("the id of this document")]
    jurisdiction: Annotated[Name, says("the id of the city whose rules these are")]
    scheme: Annotated[Name, says("the pay rules a worker is under 新/老办法; a later document of it replaces this one")]
    title: Annotated[str, says("what the regulation is called")]
    open_to: Annotated[tuple[ChannelName, ...], says("the channels by which people come under it")]
    sources: tuple[Source, ...]
    funding: tuple[FundingRule, ...]
    ladder: Ladder | None = None
    flat: Flat | None = None
    bands: dict[str, Band] = field(default_factory=dict)
    grade_rules: GradeRules | None = None
    admission: dict[str, Admission] = field(default_factory=dict)
    certificate_allowance: CertificateAllowance | None = None
    performance: Performance | None = None
    proration: Proration = Proration.CALENDAR_DAYS
    line_rounding: Rounding = Rounding()
    budget_items: Annotated[dict[str, str], says("item of pay → class of the budget, e.g. basic: 30101")] = field(
        default_factory=dict
    )
    additive: Additive | None = None
    education_allowance: EducationAllowance | None = None
    appraisal: Appraisal | None = None
    probation: Probation | None = None
    suspension: Suspension | None = None
    two_posts: TwoPostsPay = TwoPostsPay()
    legacy: Annotated[tuple[LegacyScheme, ...], says("older schemes whose people may convert to this one")] = ()
    training: Training | None = None
    establishment: Establishment | None = None
    districts: Annotated[dict[Name, District], says("id → a district of the city")] = field(default_factory=dict)
    total_rounding: Annotated[Rounding | None, says("where a person's whole month is rounded; null: never")] = None
    shares_to: Annotated[Unit, says("to which unit the payers' shares are cut; the rest by largest remainder")] = (
        Unit.FEN
    )
    true_up: Annotated[
        TrueUp, says("年终清算: when what each payer gave for a person is brought to its part of the whole")
    ] = TrueUp.NEVER
    other_posts: Annotated[
        dict[Name, str], says("posts of the regulation that the ledger has no seats for: word → what it is")
    ] = field(default_factory=dict)
    post_changes: Annotated[
        dict[str, PostChange], says("post → how somebody in service comes to it; a post not named is open by any way")
    ] = field(default_factory=dict)

    working_calendar: Annotated[
        WorkingCalendar | None, says("the days that count where `proration` goes by working days")
    ] = None

    contributions: Annotated[dict[Insurance, Contribution], says("insurance → what employer and worker pay")] = field(
        default_factory=dict
    )

    recovery: Annotated[Recovery, says("how much of a run's pay may be kept back for what is owed")] = Recovery()

    overspending: Annotated[Overspending, says("what a year that comes to more than a budget refuses")] = Overspending()
    income_tax: Annotated[IncomeTax | None, says("how tax is withheld from pay; null: none is")] = None

    def has_grades(self) -> bool:
        """Whether pay depends on a grade (or step)."""
        return self.ladder is not None or (self.additive is not None and self.additive.has_grades())

    def district_of(self, street_id: str | None) -> str | None:
        """The district in which the street lies."""
        return next((name for name, district in self.districts.items() if street_id in district.streets), None)

    def funding_rule(
        self, post: str, item: PayItem, district: str | None, come: Callable[[date], bool]
    ) -> FundingRule | None:
        """分级承担: a rule for the item before one for all items, then the latest that has `come`, then as listed.

        A district with rules of its own has these alone.
        """
        rules = (self.districts[district].funding if district else ()) or self.funding
        fit = [
            rule
            for rule in rules
            if post in rule.posts
            and (not rule.items or item in rule.items)
            and (rule.from_date is None or come(rule.from_date))
        ]
        return max(fit, key=lambda rule: (bool(rule.items), rule.from_date or date.min), default=None)


def canonical(document: PolicyDocument) -> bytes:
    """The one byte form of a document: JSON, keys sorted, no spaces; later fields only where they say something."""
    return msgspec.json.encode(as_written(document), order="deterministic")


def digest_of(document: PolicyDocument) -> str:
    """SHA-256 of the canonical form, hex."""
    return sha256(canonical(document)).hexdigest()


def as_written(part: Any) -> Any:
    """A part in plain JSON values, without later fields that say no more than their default."""
    if isinstance(part, Part):
        silent = _defaults(type(part))
        values = {name: getattr(part, name) for name in part.__struct_fields__}
        return {name: as_written(value) for name, value in values.items() if silent.get(name, _SAID) != value}
    if isinstance(part, Mapping):
        return {str(key): as_written(value) for key, value in part.items()}
    if isinstance(part, tuple):
        return [as_written(each) for each in part]
    return msgspec.to_builtins(part)


@cache
def _defaults(kind: type[Part]) -> dict[str, Any]:
    """The later fields of a part and their defaults."""
    fields = (field for field in msgspec.structs.fields(kind) if field.name in kind.later)
    return {
        field.name: field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
        for field in fields
    }
