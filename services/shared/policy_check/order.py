"""What the order of diplomas, certificates and ratings asks of a policy: more is never worth less."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from shared.events import Certificate, Education, Rating
from shared.policy_check.fault import Fault
from shared.policy_document import Axis, Performance, PolicyDocument, Several

Row = Mapping[str, Decimal | int]


def order_faults(document: PolicyDocument) -> list[Fault]:
    """Where somebody with more gets less, and a scale or factors that run the wrong way."""
    return [fault for pointer, words, row in _rows(document) for fault in _falling(pointer, words, row)] + [
        *_scale_faults(document),
        *_factor_faults(document),
    ]


def order_gaps(document: PolicyDocument) -> list[Fault]:
    """Who gets nothing although somebody with less gets something: worth a look, and no fault."""
    return [
        Fault(
            pointer,
            f"{word} is not named and gets nothing, though {named[-1]} does",
            f"add {word} where it is paid alike",
        )
        for pointer, words, row in _rows(document)
        for word in words
        if word not in row and (named := [lower for lower in list(words)[: list(words).index(word)] if lower in row])
    ]


def _rows(document: PolicyDocument) -> Iterator[tuple[str, type[StrEnum], Row]]:
    """Every table by diploma or certificate of which the highest alone counts."""
    rules = document.grade_rules
    if rules is not None:
        if rules.education_several is Several.HIGHEST:
            yield "/grade_rules/education_steps", Education, rules.education_steps
        yield "/grade_rules/education_years", Education, rules.education_years
        if rules.certificate_several is Several.HIGHEST:
            yield "/grade_rules/certificate_steps", Certificate, rules.certificate_steps
    certificates, diplomas = document.certificate_allowance, document.education_allowance
    if certificates is not None and certificates.several is Several.HIGHEST:
        yield "/certificate_allowance/monthly", Certificate, certificates.monthly
    if diplomas is not None and diplomas.several is Several.HIGHEST:
        yield "/education_allowance/monthly", Education, diplomas.monthly
    for name, table in (document.additive.tables if document.additive else {}).items():
        if table.by == (Axis.EDUCATION,):
            yield f"/additive/tables/{name}/monthly", Education, table.monthly


def _falling(pointer: str, words: type[StrEnum], row: Row) -> Iterator[Fault]:
    for lower, higher in pairwise([word for word in words if word in row]):
        if row[higher] < row[lower]:
            detail = f"{higher} brings {row[higher]}, less than the {row[lower]} of {lower}"
            yield Fault(f"{pointer}/{higher}", detail, "check both figures: more is worth at least as much")


def _scale_faults(document: PolicyDocument) -> Iterator[Fault]:
    scale = [rating for rating in (document.appraisal.ratings if document.appraisal else ()) if rating in list(Rating)]
    ordered = sorted(dict.fromkeys(scale), key=[*map(str, Rating)].index)
    if list(dict.fromkeys(scale)) != ordered:
        detail = f"the scale runs {', '.join(scale)}, and not from the best rating down"
        yield Fault("/appraisal/ratings", detail, f"write [{', '.join(ordered)}]")


def _factor_faults(document: PolicyDocument) -> Iterator[Fault]:
    parts: dict[str, Performance | None] = {"/performance": document.performance}
    parts |= {f"/districts/{name}/performance": district.performance for name, district in document.districts.items()}
    for pointer, performance in parts.items():
        factors = performance.factors if performance else {}
        for better, worse in pairwise([rating for rating in Rating if rating in factors]):
            if factors[worse] > factors[better]:
                detail = f"{worse} brings the factor {factors[worse]}, more than the {factors[better]} of {better}"
                yield Fault(
                    f"{pointer}/factors/{worse}", detail, "check both factors: a better rating is worth as much"
                )
