"""Rule 18: part of a month, by calendar days, working days of 21.75, or as a whole month; each month by one method."""

from datetime import date

from tests.payroll.working import by_month, enacted, fact, hire, work_out

from payroll.engine import FactKind, Gap
from shared.policy_document import Proration, WorkingCalendar

CALENDAR = WorkingCalendar(rest_days=(date(2020, 10, 1), date(2021, 1, 1)), made_up_days=(date(2020, 10, 10),))
WORKING = {"proration": Proration.WORKING_DAYS, "working_calendar": CALENDAR}
WHOLE = {"proration": Proration.WHOLE_MONTH}
MONTHS = ("2020-09", "2021-01")


def paid(rows, *rules):
    """Month → fen of li, and the gaps."""
    found = work_out(rows, list(rules), months=MONTHS)
    return {month: amount for (who, month), amount in by_month(found).items() if who == "li"}, found.gaps()


def test_the_rules_on_the_last_paid_day_of_a_month_say_how_all_of_it_is_prorated():
    """Hired on the 5th: 27 of 31 days, or 20 from Monday to Friday and a Saturday made up, of 21.75."""
    rows, days = hire("li", "2020-10-05"), ("2020-09-01", "2020-10-12")
    calendar, working = (
        [enacted("chibi-2020", on, place, **changes) for place, on in enumerate(days)] for changes in ({}, WORKING)
    )
    assert paid(rows, calendar[0])[0]["2020-10"] == 228_194
    assert paid(rows, working[0])[0]["2020-10"] == 252_966
    assert paid(rows, calendar[0], working[1])[0]["2020-10"] == 252_966
    assert paid(rows, working[0], calendar[1])[0]["2020-10"] == 228_194


def test_who_leaves_is_paid_by_the_rules_on_the_last_day_and_not_by_those_of_another_in_the_month():
    rows = hire("li", "2020-10-05") + fact("li", FactKind.IN_SERVICE, "2020-10-12", 0)
    rows += hire("an", "2020-10-05") + hire("wu", "2020-10-05")
    rules = enacted("chibi-2020", "2020-09-01"), enacted("chibi-2020", "2020-10-12", 1, **WORKING)
    # 7 of 31 days
    assert paid(rows, *rules)[0] == {"2020-10": 59_161}


def test_a_change_inside_a_month_is_paid_from_the_next_where_the_rules_say_whole_months_and_beside_others_not():
    rows = hire("li", "2020-10-01") + fact("li", FactKind.GRADE, "2020-11-16", 2)
    rows += fact("li", FactKind.GRADE, "2021-01-16", 3, position=21)
    rules = enacted("chibi-2020", "2020-09-01", **WHOLE), enacted("chibi-2020", "2021-01-01", 1)
    # January: 15 of 31 days at 2,729 and 16 at 2,838
    assert [amount for _, amount in sorted(paid(rows, *rules)[0].items())] == [262_000, 262_000, 272_900, 278_526]


def test_a_year_that_no_calendar_knows_is_a_gap_of_its_own_partial_months_only():
    """2019 is not known; whole months, calendar days and known years need no calendar."""
    unknown = WORKING | {"working_calendar": WorkingCalendar(rest_days=(date(2019, 10, 1),))}
    partial = hire("li", "2020-10-05")
    whole = hire("li", "2020-10-01")
    assert [gap for _, gap in paid(partial, enacted("chibi-2020", "2020-09-01", **unknown))[1]] == [Gap.NO_CALENDAR]
    for rows, changes in ((whole, unknown), (partial, WORKING), (partial, {}), (partial, WHOLE)):
        assert paid(rows, enacted("chibi-2020", "2020-09-01", **changes))[1] == []
    later = enacted("chibi-2020", "2020-11-01", 1, **unknown)
    assert paid(partial, enacted("chibi-2020", "2020-09-01"), later)[1] == []
    assert paid(partial, enacted("chibi-2020", "2020-09-01", **WORKING), later)[1] == []
