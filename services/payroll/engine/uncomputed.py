"""What a policy says and the engine does not compute: named, so that no figure is silently wrong."""

from collections.abc import Iterator

from payroll.engine.policy_versions import Version
from shared.policy_document import (
    AllowanceStart,
    CertificateAllowance,
    Performance,
    PolicyDocument,
    Probation,
    Proration,
    RatedBy,
    Rhythm,
    Several,
    TwoPosts,
    Unit,
)

Part = tuple[str, str]
"""(part of the document, why nothing may rest on it yet)"""


def uncomputed(version: Version) -> list[Part]:
    """The parts of the version's document that its pay would have to follow and does not."""
    document = version.document
    if document is None:
        return []
    return [
        *_rates(version, document),
        *_items(document),
        *_circumstances(document),
        *_roundings(document),
    ]


def _rates(version: Version, document: PolicyDocument) -> Iterator[Part]:
    if document.additive is not None:
        yield "additive", "pay as a sum of tables is not worked out"
    if document.ladder is not None and version.base_fen() is None:
        yield "ladder/base", "no average annual wage is published for it yet"


def _items(document: PolicyDocument) -> Iterator[Part]:
    if document.performance is not None:
        yield from _performance("performance", document.performance)
    if document.certificate_allowance is not None:
        yield from _certificates(document.certificate_allowance)
    if document.education_allowance is not None:
        yield "education_allowance", "money for a diploma is not worked out"
    for name, district in document.districts.items():
        for part in ("performance", "funding"):
            if getattr(district, part):
                yield f"districts/{name}/{part}", "every district is paid as the city is"


def _performance(place: str, performance: Performance) -> Iterator[Part]:
    if performance.rhythm is not Rhythm.MONTHLY:
        yield f"{place}/rhythm", "the performance part is worked out by the month"
    if performance.rated_by is not RatedBy.LATEST:
        yield f"{place}/rated_by", "the performance part follows the latest rating"


def _certificates(allowance: CertificateAllowance) -> Iterator[Part]:
    if allowance.several is not Several.HIGHEST:
        yield "certificate_allowance/several", "the highest certificate alone is paid for"
    if allowance.starts is AllowanceStart.NEXT_YEAR:
        yield "certificate_allowance/starts", "a certificate is paid for from its day or the next month on"


def _circumstances(document: PolicyDocument) -> Iterator[Part]:
    if document.probation is not None and _reduces(document.probation):
        yield "probation", "a probation is paid as full service"
    if document.suspension is not None:
        yield "suspension", "a suspension is paid as full service"
    if document.two_posts.pays is not TwoPosts.ONE_PAY:
        yield "two_posts", "of two posts in one hand one is paid"


def _reduces(probation: Probation) -> bool:
    return probation.pay_share != 1 or not probation.performance


def _roundings(document: PolicyDocument) -> Iterator[Part]:
    if document.proration is not Proration.CALENDAR_DAYS:
        yield "proration", "part of a month is paid by its calendar days"
    if document.total_rounding is not None:
        yield "total_rounding", "a person's whole month is not rounded"
    if document.shares_to is not Unit.FEN:
        yield "shares_to", "shares are cut to the fen"
