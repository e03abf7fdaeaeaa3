"""What a policy document that has the right shape still gets wrong."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import pairwise

from msgspec import Struct

from shared.policy_document.document import PolicyDocument
from shared.policy_document.life import GradeRules
from shared.policy_document.pay import Additive, Base, FundingRule, Ladder, Performance
from shared.policy_document.values import Axis, Grade, Ratio, TwoPosts

Fault = tuple[str, str]
"""(JSON pointer, sentence)"""

_LARGEST, _PLACES = 10**9, 10
_LAST_DAYS = {"02": 29, "04": 30, "06": 30, "09": 30, "11": 30}
_YUAN_FIELDS = {"average_annual_wage", "monthly", "monthly_amount", "supplement"}
_SHARES = ("probation/pay_share", "suspension/pay_share", "appraisal/excellent_quota/share")


def faults(document: PolicyDocument) -> list[Fault]:
    """What is wrong, as (JSON pointer, sentence); empty when sound. Figures first: the rest is said of sound ones."""
    return list(_figure_faults(document, "")) or [
        *_pay_faults(document),
        *_district_faults(document),
        *_share_faults(document),
        *_day_faults(document),
        *_life_faults(document),
    ]


def _figure_faults(part: object, pointer: str) -> Iterator[Fault]:
    """Figures that no regulation holds and no engine can compute with: NaN, infinite, negative, endless."""
    for place, figure in figures_of(part, pointer):
        if not figure.is_finite() or not 0 <= figure < _LARGEST or int(figure.as_tuple().exponent) < -_PLACES:
            yield place, f"a figure is not negative, below {_LARGEST} and has at most {_PLACES} places"


def figures_of(part: object, pointer: str) -> Iterator[tuple[str, Decimal]]:
    """Every exact figure of a part under its pointer."""
    if isinstance(part, Decimal):
        yield pointer, part
    for name, each in parts_of(part):
        yield from figures_of(each, f"{pointer}/{name}")


def parts_of(part: object) -> Iterable[tuple[object, object]]:
    """What stands right below a part: (name, key or number; value)."""
    if isinstance(part, Struct):
        return [(name, getattr(part, name)) for name in part.__struct_fields__]
    if isinstance(part, Mapping):
        return list(part.items())
    return list(enumerate(part)) if isinstance(part, tuple) else []


def _pay_faults(document: PolicyDocument) -> Iterator[Fault]:
    if sum(pay is not None for pay in (document.ladder, document.flat, document.additive)) != 1:
        yield "", "give exactly one of ladder, flat and additive"
    if document.ladder is not None:
        yield from _base_faults(document.ladder.base)
        yield from _ladder_faults(document, document.ladder)
    if document.additive is not None:
        yield from _table_faults(document, document.additive)
    if document.performance is not None:
        yield from _performance_faults(document.performance, "/performance")
    yield from _amount_faults(document, "")
    for number, rule in enumerate(document.funding):
        yield from _funding_faults(f"/funding/{number}", rule)
    pays, supplement = document.two_posts.pays, document.two_posts.supplement
    if (pays is TwoPosts.SUPPLEMENT) != (supplement is not None):
        yield "/two_posts", "a supplement is given where pays is supplement, and only there"


def _amount_faults(part: object, pointer: str) -> Iterator[Fault]:
    for name, each in parts_of(part):
        place = f"{pointer}/{name}"
        if name in _YUAN_FIELDS:
            yield from (
                (at, "an amount of yuan has at most two places")
                for at, figure in figures_of(each, place)
                if int(figure.as_tuple().exponent) < -2
            )
        else:
            yield from _amount_faults(each, place)


def _performance_faults(performance: Performance, pointer: str) -> Iterator[Fault]:
    if performance.share > 1:
        yield f"{pointer}/share", "the share of the performance part is at most 1"
    factors = {f"factors/{rating}": factor for rating, factor in performance.factors.items()}
    for place, factor in {**factors, "without_rating": performance.without_rating}.items():
        if factor > 10:
            yield f"{pointer}/{place}", "a factor of the performance part is at most 10"


def _base_faults(base: Base) -> Iterator[Fault]:
    pointer = "/ladder/base"
    if (base.monthly_amount is None) == (base.share is None):
        yield pointer, "give exactly one of monthly_amount and share"
    elif base.monthly_amount is not None and (base.average_annual_wage is not None or base.later_shares):
        yield pointer, "a base that is a figure has no average wage and no shares of it"
    shares = [base.share, *(later.share for later in base.later_shares)]
    if any(figure is not None and figure <= 0 for figure in (base.average_annual_wage, base.monthly_amount)) or any(
        share is not None and not 0 < share <= 10 for share in shares
    ):
        yield pointer, "the wage and its share must be positive"
    days = [later.from_date for later in base.later_shares]
    if any(earlier >= day for earlier, day in pairwise(days)):
        yield f"{pointer}/later_shares", "the dates ascend"


def _ladder_faults(document: PolicyDocument, ladder: Ladder) -> Iterator[Fault]:
    rows = {"/ladder/coefficients": ladder.coefficients}
    rows |= {f"/ladder/by_post/{post}": row for post, row in ladder.by_post.items()}
    for pointer, row in rows.items():
        if not row or any(not 0 < ratio <= 100 for ratio in row.values()):
            yield pointer, "every coefficient lies above 0 and at most at 100"
    yield from _band_faults(document, {post: ladder.by_post.get(post, ladder.coefficients) for post in document.bands})


def _band_faults(document: PolicyDocument, rates: Mapping[str, Mapping[Grade, Ratio] | None]) -> Iterator[Fault]:
    """Bands that run downwards, or hold grades without a rate; None: any grade has one."""
    for post, band in document.bands.items():
        rated = rates[post]
        if band.lowest > band.highest:
            yield f"/bands/{post}", f"the lowest grade {band.lowest} lies above the highest {band.highest}"
        elif rated is not None and any(grade not in rated for grade in range(band.lowest, band.highest + 1)):
            yield f"/bands/{post}", f"grades {band.lowest} to {band.highest} do not all have a coefficient"


def _table_faults(document: PolicyDocument, additive: Additive) -> Iterator[Fault]:
    if not additive.tables:
        yield "/additive/tables", "additive pay has at least one table"
    for name, table in additive.tables.items():
        pointer = f"/additive/tables/{name}"
        if len(table.by) == 2 and (table.by[0] is not Axis.POST or table.by[1] is Axis.POST):
            yield f"{pointer}/by", "of two axes the first is post and the second another"
        for key in table.monthly:
            words = key.split("/") if len(table.by) == 2 else [key]
            numbers = [word for word, axis in zip(words, table.by, strict=False) if axis in (Axis.GRADE, Axis.YEARS)]
            if len(words) != len(table.by) or not all(number.isdecimal() for number in numbers):
                yield f"{pointer}/monthly/{key}", f"the key names {' and '.join(table.by)}"
    yield from _band_faults(document, dict.fromkeys(document.bands))


def _funding_faults(pointer: str, rule: FundingRule) -> Iterator[Fault]:
    fixed = sum(rule.shares.values(), Decimal(0))
    if fixed > 1:
        yield f"{pointer}/shares", f"shares are not negative and add up to at most 1, not {fixed}"
    if rule.remainder is not None:
        rest = sum(rule.remainder.values(), Decimal(0))
        if rest != 1:
            yield f"{pointer}/remainder", f"the ratios of the remainder add up to 1, not {rest}"


def _district_faults(document: PolicyDocument) -> Iterator[Fault]:
    seen: dict[str, str] = {}
    for name, district in document.districts.items():
        pointer = f"/districts/{name}"
        for number, street in enumerate(district.streets):
            if seen.setdefault(street, name) != name:
                yield f"{pointer}/streets/{number}", f"{street} already lies in {seen[street]}"
        if district.performance is not None:
            yield from _performance_faults(district.performance, f"{pointer}/performance")
        for number, rule in enumerate(district.funding):
            yield from _funding_faults(f"{pointer}/funding/{number}", rule)


def _share_faults(document: PolicyDocument) -> Iterator[Fault]:
    found = dict(figures_of(document, ""))
    for place in _SHARES:
        if found.get(f"/{place}", 0) > 1:
            yield f"/{place}", "a share is at most 1"


def _day_faults(document: PolicyDocument) -> Iterator[Fault]:
    days = {
        "/ladder/base/starts": document.ladder.base.starts if document.ladder else None,
        "/grade_rules/effective": document.grade_rules.effective if document.grade_rules else None,
    }
    for pointer, day in days.items():
        if day is not None and int(day[3:]) > _LAST_DAYS.get(day[:2], 31):
            yield pointer, f"no year has the day {day}"


def _life_faults(document: PolicyDocument) -> Iterator[Fault]:
    if document.grade_rules is not None:
        yield from _grade_faults(document, document.grade_rules)
    for post, condition in document.admission.items():
        if condition.youngest > condition.oldest:
            yield f"/admission/{post}/youngest", "the lowest age lies above the greatest"
    appraisal = document.appraisal
    for number, trigger in enumerate(appraisal.exits if appraisal else ()):
        if appraisal and trigger.rating not in appraisal.ratings:
            yield f"/appraisal/exits/{number}/rating", f"{trigger.rating} is not on the scale"
    seats = document.establishment
    spans = {"committee": seats.committee, "households_per_dedicated": seats.households_per_dedicated} if seats else {}
    for name, span in spans.items():
        if span is not None and span.least > span.most:
            yield f"/establishment/{name}", f"the least {span.least} lies above the most {span.most}"


def _grade_faults(document: PolicyDocument, rules: GradeRules) -> Iterator[Fault]:
    for post, grade in rules.entry_grades.items():
        band = document.bands.get(post)
        if band is None or not band.lowest <= grade <= band.highest:
            yield f"/grade_rules/entry_grades/{post}", f"grade {grade} lies outside the band of {post}"
    for number, rating in enumerate(rules.gate_ratings):
        if rating in rules.uncounted_ratings:
            yield f"/grade_rules/gate_ratings/{number}", f"a year rated {rating} does not count, so no gate can ask it"
