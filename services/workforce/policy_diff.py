"""What changes for whom between two policy documents, in words."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from payroll.engine import POSTS, PayerLevel
from payroll.engine.policy_tables import payer_ratios
from payroll.engine.policy_versions import version_of
from payroll.explain import exact_yuan, percent
from shared.policy_document import Additive, Axis, PayItem, Performance, PolicyDocument, as_written

NOTHING = "nothing"
_IN_WORDS = {
    "grade_rules/years_per_step": "counted years for a step",
    "grade_rules/effective": "the day of the year from which a step holds",
    "grade_rules/gate_ratings": "the ratings that every counted year must have",
    "grade_rules/uncounted_ratings": "the ratings of a year that does not count",
    "ladder/base/share": "the share of the average wage that is the base",
    "ladder/base/average_annual_wage": "the average annual wage, yuan",
    "ladder/base/monthly_amount": "the base, yuan a month",
    "ladder/base/starts": "the day of the year on which a base starts",
    "probation/months": "months of probation",
    "probation/pay_share": "the share of the pay on probation",
    "training/hours_a_year": "hours of training a year",
    "proration": "how part of a month is paid",
}
_OF_EACH = {
    "certificate_allowance/monthly": "yuan a month for the certificate",
    "education_allowance/monthly": "yuan a month for the diploma",
    "grade_rules/education_steps": "steps for the diploma",
    "grade_rules/certificate_steps": "steps for the certificate",
    "grade_rules/entry_grades": "the grade of entry as",
    "establishment/city_seats": "seats of the whole city,",
}
_OF_ADMISSION = {
    "oldest": "the greatest age on admission as",
    "youngest": "the lowest age on admission as",
    "education": "the lowest diploma on admission as",
    "pass_mark": "the least mark on admission as",
}
_SAID_OTHERWISE = (
    "ladder/coefficients",
    "ladder/by_post",
    "flat",
    "additive/tables",
    "bands",
    "performance",
    "funding",
)
_NAMES = ("policy_id", "title", "sources", "jurisdiction", "scheme")


def differences(old: PolicyDocument, new: PolicyDocument) -> list[str]:
    """One sentence for each change; empty where nothing changes for anybody."""
    return [*_pay(old, new), *_bands(old, new), *_performance(old, new), *_payers(old, new), *_others(old, new)]


def _pay(old: PolicyDocument, new: PolicyDocument) -> Iterator[str]:
    """A month's full pay by post and grade; posts whose pay changes alike are said together."""
    changed: dict[tuple[int, Fraction | None, Fraction | None], list[str]] = {}
    for post in POSTS:
        for grade in sorted(_grades(old, post) | _grades(new, post)):
            before, after = _monthly(old, post, grade), _monthly(new, post, grade)
            if before != after:
                changed.setdefault((grade, before, after), []).append(post)
    for (grade, before, after), posts in changed.items():
        whom = ", ".join(posts) + (f", grade {grade}" if grade else "")
        by = "" if before is None or after is None else f" ({_signed(after - before)})"
        yield f"{whom}: {_amount(before)} → {_amount(after)} a month{by}"


def _grades(document: PolicyDocument, post: str) -> set[int]:
    """The grades open to the post; 0 where it has none."""
    band = document.bands.get(post)
    return set(range(band.lowest, band.highest + 1)) if band and document.has_grades() else {0}


def _monthly(document: PolicyDocument, post: str, grade: int) -> Fraction | None:
    """A full month's pay in fen; None where the grade is not open, or the wage is still to be published."""
    if grade not in _grades(document, post):
        return None
    if document.additive is not None:
        return _added(document.additive, post, grade)
    return version_of(document).full_pay_fen(post, grade)


def _added(additive: Additive, post: str, grade: int) -> Fraction:
    """The tables by post and grade; those by diploma or years are among the other keys."""
    words = {Axis.POST: post, Axis.GRADE: str(grade)}
    keys = [
        (table, "/".join(words[axis] for axis in table.by))
        for table in additive.tables.values()
        if all(axis in words for axis in table.by)
    ]
    return sum((Fraction(table.monthly.get(key, 0)) * 100 for table, key in keys), Fraction(0))


def _bands(old: PolicyDocument, new: PolicyDocument) -> Iterator[str]:
    for post in POSTS:
        before, after = (
            f"grades {band.lowest} to {band.highest}" if band else NOTHING
            for band in (old.bands.get(post), new.bands.get(post))
        )
        if before != after:
            yield f"{post}: {before} → {after}"


def _performance(old: PolicyDocument, new: PolicyDocument) -> Iterator[str]:
    before, after = old.performance, new.performance
    for what in ("share", "rhythm", "rated_by", "paid_in"):
        was, is_now = (_shown(getattr(one, what)) if one else NOTHING for one in (before, after))
        if was != is_now:
            yield f"everybody: {what.replace('_', ' ')} of the performance part {was} → {is_now}"
    for rating in sorted({*_factors(before), *_factors(after)}):
        was, is_now = (_factors(one).get(rating, NOTHING) for one in (before, after))
        if was != is_now:
            yield f"{rating}: factor of the performance part {was} → {is_now}"


def _factors(performance: Performance | None) -> dict[str, str]:
    if performance is None:
        return {}
    factors = {f"whoever is rated {rating}": f"{factor:f}" for rating, factor in performance.factors.items()}
    return {**factors, "whoever has no rating": f"{performance.without_rating:f}"}


def _payers(old: PolicyDocument, new: PolicyDocument) -> Iterator[str]:
    """Who pays from the first day on, by post and item; rules of later dates are among the other keys."""
    changed: dict[tuple[str, str], dict[str, list[str]]] = {}
    for post in POSTS:
        for item in PayItem:
            before, after = _shared(old, post, item), _shared(new, post, item)
            if before != after:
                changed.setdefault((before, after), {}).setdefault(post, []).append(item)
    for (before, after), whom in changed.items():
        posts = ", ".join(
            post if len(items) == len(PayItem) else f"{post} ({', '.join(items)})" for post, items in whom.items()
        )
        yield f"payers of {posts}: {before} → {after}"


def _shared(document: PolicyDocument, post: str, item: PayItem) -> str:
    ratios = zip(PayerLevel, payer_ratios(version_of(document).funding_rule(post, item)), strict=True)
    return ", ".join(f"{level.name.lower()} {percent(ratio)}" for level, ratio in ratios if ratio)


def _others(old: PolicyDocument, new: PolicyDocument) -> Iterator[str]:
    """Whatever else is written otherwise, key by key."""
    before, after = dict(_leaves(as_written(old), "")), dict(_leaves(as_written(new), ""))
    for key in sorted({*before, *after}):
        was, is_now = before.get(key, NOTHING), after.get(key, NOTHING)
        if was != is_now and key.split("/")[0] not in _NAMES and not _is_said(key, before | after):
            yield f"{_in_words(key)}: {was} → {is_now}"


def _in_words(key: str) -> str:
    part, _, last = key.rpartition("/")
    first, _, post = part.partition("/")
    if first == "admission" and last in _OF_ADMISSION:
        return f"{_OF_ADMISSION[last]} {post}"
    return f"{_OF_EACH[part]} {last}" if part in _OF_EACH else _IN_WORDS.get(key, key)


def _is_said(key: str, leaves: dict[str, str]) -> bool:
    """Whether a change of the key is among the sentences on pay, bands, performance and payers."""
    part = key.split("/")
    if part[:2] == ["additive", "tables"]:
        return {*leaves.get("/".join([*part[:3], "by"]), "").split(", ")} <= {Axis.POST, Axis.GRADE}
    if part[0] == "funding":
        return "/".join([*part[:2], "from_date"]) not in leaves
    return any(key == said or key.startswith(f"{said}/") for said in _SAID_OTHERWISE)


def _leaves(value: Any, key: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for name, each in value.items():
            yield from _leaves(each, f"{key}/{name}" if key else name)
    elif isinstance(value, list) and any(isinstance(each, dict) for each in value):
        for number, each in enumerate(value):
            yield from _leaves(each, f"{key}/{number}")
    else:
        yield key, _shown(value)


def _shown(value: Any) -> str:
    if value is None or value in ([], {}, ()):
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _amount(amount_fen: Fraction | None) -> str:
    return NOTHING if amount_fen is None else exact_yuan(amount_fen)


def _signed(amount_fen: Fraction) -> str:
    return f"{'-' if amount_fen < 0 else '+'}{exact_yuan(abs(amount_fen))}"
