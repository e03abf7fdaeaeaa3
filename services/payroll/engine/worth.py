"""What a full month is worth to somebody as they stand: the rules of pay, a named function each, in exact fen."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from payroll.engine.policy_versions import Version
from shared.money import round_fen
from shared.policy_document import Additive, Axis, PayItem, PayTable, Performance, TwoPosts

NOTHING = Fraction(0)


class Standing(NamedTuple):
    """All that the pay of a day depends on beside the rules, by name; what the rules do not look at is empty.

    `certificates` and `diplomas` are those that an allowance is paid for, `education` the highest diploma, `rating` the
    one that counts, `district` one with rules of its own.
    """

    post: str
    grade: int = 0
    certificates: tuple[str, ...] = ()
    diplomas: tuple[str, ...] = ()
    education: str = ""
    years: int = 0
    rating: str | None = None
    second_post: str | None = None
    on_probation: bool = False
    suspended: bool = False
    district: str | None = None


class Amounts(NamedTuple):
    """A full month's fen of each item of pay."""

    basic: Fraction = NOTHING
    performance: Fraction = NOTHING
    allowance: Fraction = NOTHING

    def times(self, share: Fraction) -> Amounts:
        """A share of each."""
        return Amounts(*(amount * share for amount in self))


def earned(version: Version, standing: Standing) -> Amounts:
    """A full month of each item; what has no rate is nothing (`lines.Gap` says so)."""
    pay = full_pay(version, paid_post(version, standing), standing) or Amounts()
    pay = with_performance(version, standing, pay)
    if standing.on_probation:
        pay = on_probation(version, pay)
    allowance = pay.allowance + sum(allowances(version, standing).values(), NOTHING)
    whole = pay._replace(allowance=allowance)
    return whole.times(suspension_share(version)) if standing.suspended else whole


def full_pay(version: Version, post: str, standing: Standing) -> Amounts | None:
    """Rule 1: base × coefficient of the grade, a fixed amount by post, or a sum of tables. None: no rate."""
    document, standing = version.document, in_post(version, post, standing)
    if document is not None and document.additive is not None:
        return sum_of_tables(document.additive, post, standing)
    fixed = version.full_pay_fen(post, standing.grade)
    return None if fixed is None else Amounts(fixed)


def sum_of_tables(additive: Additive, post: str, standing: Standing) -> Amounts | None:
    """Rule 1, without coefficients: each table's row is added to its item. None: no table has a row for them."""
    found = [(table, table_amount(table, post, standing)) for table in additive.tables.values()]
    if all(amount is None for _, amount in found):
        return None
    sums = dict.fromkeys(PayItem, NOTHING)
    for table, amount in found:
        sums[table.item] += amount or NOTHING
    return Amounts(
        *(
            round_fen(sums[item], additive.full_month_rounding)
            for item in (PayItem.BASIC, PayItem.PERFORMANCE, PayItem.ALLOWANCE)
        )
    )


def table_amount(table: PayTable, post: str, standing: Standing) -> Fraction | None:
    """The row of a table for them, in fen."""
    key = table_key(table, post, standing)
    return None if key not in table.monthly else Fraction(table.monthly[key]) * 100


def table_key(table: PayTable, post: str, standing: Standing) -> str:
    """The words of their row; of years of service the highest number that they reached."""
    words = {Axis.POST: post, Axis.GRADE: str(standing.grade), Axis.EDUCATION: standing.education}
    if Axis.YEARS in table.by:
        before = f"{post}/" if len(table.by) == 2 else ""
        numbers = [int(key.removeprefix(before)) for key in table.monthly if key.startswith(before)]
        reached = [number for number in numbers if number <= standing.years]
        words[Axis.YEARS] = str(max(reached, default=""))
    return "/".join(words[axis] for axis in table.by)


def paid_post(version: Version, standing: Standing) -> str:
    """Rule 22 一肩挑: of two posts the one with the higher pay, of equals the first, where it is said so."""
    post, second = standing.post, standing.second_post
    if second is None or version.document is None or version.document.two_posts.pays is not TwoPosts.HIGHER:
        return post
    pays = [sum(full_pay(version, one, standing) or (), NOTHING) for one in (post, second)]
    return second if pays[1] > pays[0] else post


def in_post(version: Version, post: str, standing: Standing) -> Standing:
    """Rules 13 and 22: in a second post the grade counts as moved into the band of that post, as by a change to it."""
    bands = version.document.bands if version.document else {}
    if post == standing.post or post not in bands or not standing.grade:
        return standing
    band = bands[post]
    return standing._replace(grade=min(max(standing.grade, band.lowest), band.highest))


def with_performance(version: Version, standing: Standing, pay: Amounts) -> Amounts:
    """Rules 10 and 16: a share of the basic pay, and what tables give as performance, times the rating's factor."""
    performance = version.performance_in(standing.district)
    if performance is None:
        return pay
    share = Fraction(performance.share)
    by_rating = factor(performance, standing.rating) or NOTHING
    return pay._replace(basic=pay.basic * (1 - share), performance=(pay.basic * share + pay.performance) * by_rating)


def factor(performance: Performance, rating: str | None) -> Fraction | None:
    """Rule 10: the factor of the rating, or of somebody without one. None: the document names none for it."""
    found = performance.without_rating if rating is None else performance.factors.get(rating)
    return None if found is None else Fraction(found)


def on_probation(version: Version, pay: Amounts) -> Amounts:
    """Rule 17 试用期: a share of the pay, with or without its performance part; allowances beside it stay whole."""
    reduced = pay.times(probation_share(version))
    probation = version.document.probation if version.document else None
    return reduced if probation is None or probation.performance else reduced._replace(performance=NOTHING)


def probation_share(version: Version) -> Fraction:
    """Rule 17 试用期: the share of the pay that is paid meanwhile."""
    probation = version.document.probation if version.document else None
    return Fraction(probation.pay_share) if probation else Fraction(1)


def suspension_share(version: Version) -> Fraction:
    """Rule 18 停职: the share of everything that goes on meanwhile; nothing where the document is silent."""
    suspension = version.document.suspension if version.document else None
    return Fraction(suspension.pay_share) if suspension else NOTHING


def allowances(version: Version, standing: Standing) -> dict[str, Fraction]:
    """津补贴 beside the pay, fen a month each by what it is for."""
    found = {
        **certificate_allowance(version, standing.certificates),
        **education_allowance(version, standing.diplomas),
        **supplement(version, standing),
    }
    return {what: amount for what, amount in found.items() if amount}


def certificate_allowance(version: Version, certificates: tuple[str, ...]) -> dict[str, Fraction]:
    """Rule 14 职业补贴: for each certificate that is paid for."""
    allowance = version.document.certificate_allowance if version.document else None
    monthly = allowance.monthly if allowance else {}
    return {f"{name} certificate": Fraction(monthly.get(name, 0)) * 100 for name in certificates}


def education_allowance(version: Version, diplomas: tuple[str, ...]) -> dict[str, Fraction]:
    """Rule 15 学历补贴: for each diploma that is paid for."""
    allowance = version.document.education_allowance if version.document else None
    monthly = allowance.monthly if allowance else {}
    return {f"{name} diploma": Fraction(monthly.get(name, 0)) * 100 for name in diplomas}


def supplement(version: Version, standing: Standing) -> dict[str, Fraction]:
    """Rule 22 一肩挑: a fixed amount for a second post, where the document says so."""
    pays = version.document.two_posts if version.document else None
    if standing.second_post is None or pays is None or pays.pays is not TwoPosts.SUPPLEMENT:
        return {}
    return {f"{standing.second_post} as second post": Fraction(pays.supplement or 0) * 100}
