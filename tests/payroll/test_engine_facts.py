"""Facts as columns: their order, their days, months and years, and the numbers that stand for words."""

from datetime import date, timedelta
from random import Random

import numpy as np
import pytest

from payroll.engine import (
    CERTIFICATE_CODES,
    ENDED,
    RATINGS,
    FactKind,
    Item,
    PayerLevel,
    certificate_change,
    day_number,
    diploma_held,
    facts_of,
    first_day,
    in_order,
    month_name,
    month_number,
    rating_of_year,
    vocabulary,
    years_before,
)
from payroll.engine.columns import facts_in
from payroll.engine.echoes import Echo, anniversary, full_years, january, year_of
from payroll.engine.rates import Gap
from payroll.engine.traits import By, Start
from payroll.engine.vocabulary import (
    CERTIFICATE_STRIDE,
    DIPLOMA_CODES,
    DIPLOMA_STRIDE,
    EARNED,
    OWN_ITEMS,
    RATING_CODES,
    RATING_STRIDE,
    UNIT_ITEMS,
)
from shared.events import Certificate, Education, Rating


def test_no_number_stands_for_two_words():
    for kinds in (FactKind, Echo, Item, PayerLevel, Gap, Start, By):
        assert len(set(kinds.__members__.values())) == len(kinds.__members__)
        assert sorted(kinds) == list(range(min(kinds), max(kinds) + 1))


def test_numbers_are_places_in_columns_or_tell_that_there_is_nothing():
    assert (min(FactKind), min(Item), min(PayerLevel), min(Start), min(By), min(Gap)) == (0, 0, 0, 0, 0, 1)
    assert min(Echo) == len(FactKind)


def test_a_contribution_has_an_item_for_either_side():
    items = [*UNIT_ITEMS.values(), *OWN_ITEMS.values()]
    assert len(set(items)) == len(items)
    assert {item.name for item in items} == {f"{each.name}_{side}" for each in UNIT_ITEMS for side in ("UNIT", "OWN")}


def test_a_certificate_that_ended_a_diploma_earned_and_a_rating_of_a_year_are_told_apart():
    certificates = [certificate_change(f"{sign}{name.value}") for sign in ("", ENDED) for name in Certificate]
    diplomas = [diploma_held(f"{sign}{name.value}") for sign in ("", EARNED) for name in Education]
    for found, stride in ((certificates, CERTIFICATE_STRIDE), (diplomas, DIPLOMA_STRIDE)):
        half = len(found) // 2
        assert len(set(found)) == len(found)
        assert [each - stride for each in found[half:]] == found[:half]
        assert all(0 < each < stride for each in found[:half])
    assert sorted(CERTIFICATE_CODES.values()) == list(range(1, CERTIFICATE_STRIDE))
    assert sorted(DIPLOMA_CODES.values()) == list(range(1, DIPLOMA_STRIDE))
    assert {name: RATINGS[code] for name, code in RATING_CODES.items()} == {each.value: each for each in Rating}
    ratings = [rating_of_year(f"{year} {name.value}") for year in (2019, 2020) for name in Rating]
    assert [each // RATING_STRIDE for each in ratings] == [2019] * len(Rating) + [2020] * len(Rating)
    assert len(set(ratings)) == len(ratings)


def test_a_payer_has_a_name_on_every_level_and_is_suspense_where_nobody_is_known():
    names = vocabulary(
        "chibi",
        workers=["wu", "li", "wu"],
        schemes=["ladder"],
        street_of={"north": "first"},
        communities=["far"],
        districts=["east", "east"],
        payers=["city/old"],
    )
    assert names.workers == ("li", "wu")
    assert names.communities == ("far", "north")
    assert names.districts == ("east",)
    found = {
        (level.name, place, district): names.payers[names.payer(level, place, district)]
        for level in PayerLevel
        for place, district in (("north", "east"), ("far", None))
    }
    assert found == {
        ("CITY", "north", "east"): "city/chibi",
        ("CITY", "far", None): "city/chibi",
        ("COMMUNITY", "north", "east"): "community/north",
        ("COMMUNITY", "far", None): "community/far",
        ("DISTRICT", "north", "east"): "district/east",
        ("DISTRICT", "far", None): "suspense",
        ("STREET", "north", "east"): "street/first",
        ("STREET", "far", None): "suspense",
        ("SUSPENSE", "north", "east"): "suspense",
        ("SUSPENSE", "far", None): "suspense",
    }
    assert {"city/old", "worker"} < set(names.payers)
    assert [names.payers[code] for code in names.payer_codes.values()] == list(names.payer_codes)


def test_facts_are_put_in_order_by_worker_day_position_and_ordinal_and_left_alone_when_they_are():
    """Rule 2: of one day the later recorded is the later."""
    columns = ("worker", "day", "position", "ordinal")
    for seed in range(80):
        random = Random(seed)
        rows = [
            (random.randint(0, 1), 0, random.randint(0, 2), random.randint(0, 1), random.randint(0, 1), place)
            for place in range(random.randint(0, 5))
        ]
        facts = facts_of(rows)
        found = in_order(facts)
        keys = list(zip(*(getattr(found, name).tolist() for name in columns), strict=True))
        assert keys == sorted((row[0], row[2], row[3], row[4]) for row in rows)
        assert sorted(found.value.tolist()) == list(range(len(rows)))
        already = [(row[0], row[2], row[3], row[4]) for row in rows]
        assert (found is facts) == (already == sorted(already))
        assert (len(facts), in_order(found) is found) == (len(rows), True)


def test_facts_from_columns_are_those_from_rows():
    rows = [(7, 5, 18_000, 40, 2, 9), (8, 6, 18_001, 41, 3, 1)]
    names = ("worker", "kind", "day", "position", "ordinal", "value")
    found, same = facts_in(2, **dict(zip(names, zip(*rows, strict=True), strict=True))), facts_of(rows)
    for name in names:
        assert getattr(found, name).tolist() == getattr(same, name).tolist()
        assert getattr(found, name).dtype == getattr(same, name).dtype
    assert found.take(np.array([1])).day.tolist() == [18_001]


@pytest.mark.parametrize("month", ["1970-01", "1999-12", "2000-01", "2020-02", "2020-12", "2021-01", "0999-06"])
def test_a_month_is_a_number_from_january_1970_on_and_begins_on_its_first_day(month):
    number = month_number(month)
    assert month_name(number) == month
    assert EPOCH + timedelta(first_day(number)) == date(int(month[:4]), int(month[5:]), 1)
    assert number == (int(month[:4]) - 1970) * 12 + int(month[5:]) - 1


EPOCH = date(1970, 1, 1)
DAYS = [date(2019, 12, 31), date(2020, 1, 1), date(2020, 2, 28), date(2020, 2, 29), date(2020, 3, 1), date(2021, 2, 28)]
SINCE = [*DAYS, date(1969, 7, 15), date(2000, 2, 29), date(2010, 2, 1), date(2016, 12, 31)]


def whole_years(since: date, day: date) -> int:
    """By the calendar: the anniversary counts, that of 29 February on 1 March."""
    return day.year - since.year - ((day.month, day.day) < (since.month, since.day))


@pytest.mark.parametrize("day", [*DAYS, date(2024, 2, 29), date(1970, 1, 1), date(1969, 12, 31)])
def test_years_of_service_are_those_of_the_calendar(day):
    """Rule 8: counted on the anniversary."""
    since = [each for each in SINCE if each <= day] or [day]
    numbers = np.array([day_number(each) for each in since])
    same = np.full(len(numbers), day_number(day))
    assert full_years(numbers, same).tolist() == [whole_years(each, day) for each in since]
    assert year_of(same).tolist() == [day.year] * len(same)
    assert january(year_of(same)).tolist() == [day_number(date(day.year, 1, 1))] * len(same)


@pytest.mark.parametrize("years", [0, 1, 3, 4])
def test_an_anniversary_is_the_same_day_and_that_of_29_february_is_1_march(years):
    for since in SINCE:
        leap = (since.month, since.day) == (2, 29) and years % 4
        day = date(since.year + years, 3, 1) if leap else since.replace(year=since.year + years)
        assert anniversary(np.array([day_number(since)]), years).tolist() == [day_number(day)]
        before = date(since.year - years, 3, 1) if leap else since.replace(year=since.year - years)
        assert years_before(day_number(since), years) == day_number(before)


def test_a_leap_year_before_counts_though_the_one_as_long_after_is_none():
    assert years_before(day_number(date(2096, 2, 29)), 4) == day_number(date(2092, 2, 29))
