"""Figures of pay that no regulation means: bases, ladders, bands, tables, the performance part and allowances."""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from itertools import pairwise

from shared.policy_check.fault import Fault, figures_of, in_full, parts_of, repeated, too_much
from shared.policy_document import Base, Ladder, Performance, PolicyDocument, Rhythm, TwoPosts, WorkingCalendar

_PLACES = 10
_YUAN_FIELDS = {
    *("average_annual_wage", "monthly", "monthly_amount", "supplement", "floor", "ceiling", "keeps"),
    "monthly_deduction",
}
_MOST_OF_THE_WAGE, _MOST_COEFFICIENT, _MOST_FACTOR = 2, 10, 10
_SHARES = {
    "probation/pay_share": "the share of the pay on probation",
    "suspension/pay_share": "the share of the pay that goes on",
    "recovery/most_share": "what may be kept back of somebody's pay",
    "appraisal/excellent_quota/share": "the quota of excellent",
}
_FIRST_HALF, _SECOND_HALF = range(6, 12), (12, 1, 2, 3, 4, 5)
_MOST_A_MONTH, _LEAST_A_YEAR = 100_000, 6_000
_EVERY_DAY = {f"{date.fromordinal(day):%m-%d}" for day in range(1, 366)}
_MOST_DAYS, _WORKING_WEEK = 31, 5
KINDS = ("ladder", "flat", "additive")


def rate_faults(document: PolicyDocument) -> Iterator[Fault]:
    """What is wrong with the figures of the pay."""
    given = [kind for kind in KINDS if getattr(document, kind) is not None]
    if len(given) != 1:
        said = f"{' and '.join(given)} both stand here" if given else "nothing says what is paid"
        remedy = f"keep one of {', '.join(given)}" if given else "write a ladder, flat amounts, or additive tables"
        yield Fault("", f"{said}; a document has exactly one of ladder, flat and additive", remedy)
    if document.ladder is not None:
        yield from _base_faults(document.ladder.base)
        yield from _ladder_faults(document.ladder)
    if document.flat is not None and not document.flat.monthly:
        yield Fault("/flat/monthly", "no post is paid", 'write the amount of each post: dedicated: "1300.00"')
    if document.performance is not None:
        yield from performance_faults(document.performance, "/performance")
    for name in ("certificate_allowance", "education_allowance"):
        allowance = getattr(document, name)
        if allowance is not None and not allowance.monthly:
            yield Fault(f"/{name}/monthly", "nobody gets it", f"write who gets how much, or take {name} out")
    yield from _amount_faults(document, "")
    yield from _size_faults(document)
    yield from _two_posts_faults(document)
    yield from _contribution_faults(document)
    if document.working_calendar is not None:
        yield from _calendar_faults(document.working_calendar)
    shares = dict(figures_of(document, ""))
    for place, what in _SHARES.items():
        yield from too_much(f"/{place}", shares.get(f"/{place}", Decimal(0)), 1, what)


def _calendar_faults(calendar: WorkingCalendar) -> Iterator[Fault]:
    """Working days of a month that no month has, and days that the calendar need not name."""
    pointer = "/working_calendar"
    if not 1 <= calendar.days_a_month <= _MOST_DAYS or int(calendar.days_a_month.as_tuple().exponent) < -2:
        detail = f"a month has no {calendar.days_a_month:f} days that count"
        yield Fault(f"{pointer}/days_a_month", detail, f"give a number from 1 to {_MOST_DAYS} with at most two places")
    for number, day in enumerate(calendar.rest_days):
        if day.weekday() >= _WORKING_WEEK:
            detail = f"{day} is a Saturday or Sunday, which does not count anyway"
            yield Fault(f"{pointer}/rest_days/{number}", detail, "take it out, or write the day that is meant")
    for number, day in enumerate(calendar.made_up_days):
        if day.weekday() < _WORKING_WEEK:
            detail = f"{day} is no Saturday or Sunday, and counts anyway"
            yield Fault(f"{pointer}/made_up_days/{number}", detail, "take it out, or write the day that is meant")


def _contribution_faults(document: PolicyDocument) -> Iterator[Fault]:
    """Shares above the whole, a floor above the ceiling, and insurances into which nobody pays."""
    for insurance, rule in document.contributions.items():
        pointer = f"/contributions/{insurance}"
        yield from too_much(f"{pointer}/employer", rule.employer, 1, "a contribution")
        yield from too_much(f"{pointer}/personal", rule.personal, 1, "a contribution")
        if not rule.employer and not rule.personal:
            yield Fault(pointer, "nobody pays into it", "give the share of employer or worker, or take it out")
        if rule.floor is not None and rule.ceiling is not None and rule.floor > rule.ceiling:
            detail = f"the floor {rule.floor:f} lies above the ceiling {rule.ceiling:f}"
            yield Fault(f"{pointer}/floor", detail, "lower it, or raise the ceiling")


def _two_posts_faults(document: PolicyDocument) -> Iterator[Fault]:
    pays, supplement = document.two_posts.pays, document.two_posts.supplement
    if pays is TwoPosts.SUPPLEMENT and not supplement:
        yield Fault(
            "/two_posts", "a supplement is paid and no amount is given", 'add supplement: "300.00", the yuan a month'
        )
    if pays is not TwoPosts.SUPPLEMENT and supplement is not None:
        yield Fault(
            "/two_posts",
            f"pays is {pays}, so that the supplement is never paid",
            "take it out, or write pays: supplement",
        )


def _amount_faults(part: object, pointer: str) -> Iterator[Fault]:
    for name, each in parts_of(part):
        place = f"{pointer}/{name}"
        if name not in _YUAN_FIELDS:
            yield from _amount_faults(each, place)
            continue
        for at, figure in figures_of(each, place):
            if name != "average_annual_wage" and figure >= _MOST_A_MONTH:
                detail = f"{figure:f} yuan a month is more than anybody is paid"
                yield Fault(at, detail, f'write it in yuan: if fen are meant, "{in_full(figure / 100)}"')
            if int(figure.as_tuple().exponent) < -2:
                cut = f"{figure.quantize(Decimal('0.01')):f}"
                yield Fault(at, f"{figure:f} yuan has more than two places", f'write it to the fen: "{cut}"')


def _size_faults(document: PolicyDocument) -> Iterator[Fault]:
    """A month's wage for a year's, and pay of nothing."""
    wage = document.ladder.base.average_annual_wage if document.ladder else None
    if wage is not None and 0 < wage < _LEAST_A_YEAR:
        detail = f"{wage:f} yuan is no average wage of a year"
        remedy = f"write that of the whole year in yuan: is it {in_full(wage * 12)}?"
        yield Fault("/ladder/base/average_annual_wage", detail, remedy)
    for post, amount in (document.flat.monthly if document.flat else {}).items():
        if amount == 0:
            yield Fault(f"/flat/monthly/{post}", f"{post} is paid nothing", f"write the amount, or take {post} out")


def place_faults(document: PolicyDocument) -> Iterator[Fault]:
    """Figures with more places than can be worked with exactly."""
    for place, figure in figures_of(document, ""):
        if int(figure.as_tuple().exponent) < -_PLACES:
            yield Fault(place, f"{figure:f} has more than {_PLACES} places", f"give at most {_PLACES} places")


def performance_faults(performance: Performance, pointer: str) -> Iterator[Fault]:
    """A share, factors and months that no regulation means; also of a district."""
    yield from too_much(f"{pointer}/share", performance.share, 1, "the share of the performance part")
    if performance.share == 0:
        yield Fault(f"{pointer}/share", "a performance part of nothing", "give its share, or take performance out")
    factors = {f"factors/{rating}": factor for rating, factor in performance.factors.items()}
    for place, factor in {**factors, "without_rating": performance.without_rating}.items():
        yield from too_much(f"{pointer}/{place}", factor, _MOST_FACTOR, "a factor of the performance part")
    yield from _month_faults(performance, f"{pointer}/paid_in")


def _month_faults(performance: Performance, pointer: str) -> Iterator[Fault]:
    """Half-yearly: a month from June on for the first half, and one from December on for the second."""
    months, rhythm = performance.paid_in, performance.rhythm
    yield from repeated(pointer, months)
    if not months or len({*months}) != len(months):
        return
    if rhythm is Rhythm.MONTHLY:
        yield Fault(
            pointer, "a part that is paid monthly is paid in every month", "take paid_in out, or give another rhythm"
        )
    elif rhythm is Rhythm.YEARLY and len(months) != 1:
        yield Fault(pointer, f"a yearly part is paid in one month, not in {len(months)}", "give one month: [12]")
    elif rhythm is Rhythm.HALF_YEARLY:
        halves = [sum(month in half for month in months) for half in (_FIRST_HALF, _SECOND_HALF)]
        if halves != [1, 1]:
            shown = " and ".join(map(str, months))
            yield Fault(
                pointer,
                f"month {shown} does not pay each half-year once, when it is over",
                "give a month from 6 to 11 for the first half and one from 12 to 5 for the second: [6, 12]",
            )


def _base_faults(base: Base) -> Iterator[Fault]:
    pointer = "/ladder/base"
    if (base.monthly_amount is None) == (base.share is None):
        yield Fault(
            pointer,
            "a base is either a figure or a share of the average wage",
            "give exactly one of monthly_amount and share",
        )
    elif base.monthly_amount is not None:
        for name in ("average_annual_wage", "later_shares", "starts"):
            if getattr(base, name):
                yield Fault(
                    f"{pointer}/{name}",
                    f"a base that is a fixed figure has no {name}",
                    f"take {name} out, or give share instead of monthly_amount",
                )
    for name in ("average_annual_wage", "monthly_amount"):
        if getattr(base, name) == 0:
            yield Fault(f"{pointer}/{name}", "it is 0, so that nobody is paid anything", "give the amount in yuan")
    shares = {"share": base.share, **{f"later_shares/{n}/share": one.share for n, one in enumerate(base.later_shares)}}
    for place, share in shares.items():
        if share is not None:
            yield from too_much(f"{pointer}/{place}", share, _MOST_OF_THE_WAGE, "a base's share of the average wage")
            if share == 0:
                yield Fault(f"{pointer}/{place}", "a share of 0 pays nobody anything", 'give the share: "0.80"')
    yield from _day_faults(base, pointer)


def _day_faults(base: Base, pointer: str) -> Iterator[Fault]:
    for number, (earlier, later) in enumerate(pairwise(base.later_shares), 1):
        if earlier.from_date >= later.from_date:
            place = f"{pointer}/later_shares/{number}/from_date"
            yield Fault(
                place,
                f"the dates ascend, and {later.from_date} does not come after {earlier.from_date}",
                "put them in order",
            )
    for number, share in enumerate(base.later_shares):
        if base.starts in _EVERY_DAY and f"{share.from_date:%m-%d}" != base.starts:
            place = f"{pointer}/later_shares/{number}/from_date"
            remedy = f"write {share.from_date.year}-{base.starts}, or take starts out"
            yield Fault(place, f"{share.from_date} is no {base.starts}, the day on which bases start", remedy)


def _ladder_faults(ladder: Ladder) -> Iterator[Fault]:
    rows = {"/ladder/coefficients": ladder.coefficients}
    rows |= {f"/ladder/by_post/{post}": row for post, row in ladder.by_post.items()}
    for pointer, row in rows.items():
        if not row:
            yield Fault(pointer, "no grade has a coefficient", 'write one for each grade: 1: "1.00"')
        for grade, ratio in row.items():
            yield from too_much(f"{pointer}/{grade}", ratio, _MOST_COEFFICIENT, "a coefficient")
            if ratio == 0:
                yield Fault(
                    f"{pointer}/{grade}", "a coefficient of 0 pays nothing", "give the coefficient of the grade"
                )
        yield from falling(pointer, row, "the coefficient")


def falling(pointer: str, row: Mapping[int, Decimal], what: str) -> Iterator[Fault]:
    """A higher grade that is paid less."""
    for (lower, before), (higher, after) in pairwise(sorted(row.items())):
        if after < before:
            yield Fault(
                f"{pointer}/{higher}",
                f"{what} {after:f} of grade {higher} lies below the {before:f} of grade {lower}",
                "check both figures: a higher grade is paid at least as much",
            )
