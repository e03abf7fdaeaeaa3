"""Two sides of a budget beside each other: their sums are those of the lines, and every touched person is named."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from random import Random

import pytest
from tests.payroll.working import Row, base, coded, enacted, fact, hire, words

from payroll.engine import BASELINE, SCENARIO, FactKind, compare, compile_policies, due, month_number
from payroll.engine import comparing as module
from shared.policy_document import FundingRule, Level

MONTHS = month_number("2020-10"), month_number("2021-02")
CHIBI = (enacted("chibi-2020", "2020-09-18"),)
COSTLIER = (*CHIBI, enacted("chibi-2020", "2021-01-01", position=5))


def sides(rows, drafted=(), voided=(), rules=(CHIBI, CHIBI), bases=((), ())):
    """What is compared, and by themselves the names, the tables and the facts of each side."""
    names = words([*rows, *drafted])
    if rules[0] is rules[1] and bases[0] is bases[1]:
        tables = (compile_policies(rules[0], bases[0], names, *MONTHS),) * 2
    else:
        tables = tuple(compile_policies(one, wage, names, *MONTHS) for one, wage in zip(rules, bases, strict=True))
    after = [row for row in rows if row[3] not in voided] + list(drafted)
    return (
        names,
        compare(coded(rows, names), coded(drafted, names), list(voided), tables),
        (
            due(coded(rows, names), tables[BASELINE]),
            due(coded(after, names), tables[SCENARIO]),
        ),
    )


def added_up(result):
    """By place, by payer, by worker and heads of one side, a line at a time."""
    place, payer, worker, heads = Counter(), Counter(), Counter(), set()
    for n in range(len(result.entries)):
        month, amount = int(result.entries.service_month[n]), int(result.entries.amount_fen[n])
        place[month, int(result.entries.community[n])] += amount
        payer[month, int(result.entries.payer[n])] += amount
        worker[int(result.entries.worker[n])] += amount
    for n in range(len(result.segments)):
        month = int(result.segments.month[n])
        if month >= MONTHS[0]:  # Earlier months of the year are worked out for its true-up.
            heads.add((month, int(result.segments.community[n]), int(result.segments.worker[n])))
    return place, payer, worker, Counter((month, community) for month, community, _ in heads)


def beside(before, after):
    """(month, code, one side, the other) for all that is not nought on both, in order."""
    keys = sorted({*before, *after})
    return [(*key, before[key], after[key]) for key in keys if before[key] or after[key]]


def keys_of(result):
    """Worker → what is due to them, under which keys."""
    found = {}
    for n in range(len(result.entries)):
        columns = ("worker", "service_month", "payable_month", "item", "post", "community", "payer")
        worker, *key = (int(getattr(result.entries, name)[n]) for name in columns)
        found.setdefault(worker, Counter())[tuple(key)] += int(result.entries.amount_fen[n])
    return {worker: +paid for worker, paid in found.items()}


def hold(names, sums, both):
    """The sums are those of the two sides worked out by themselves, for their months and no other."""
    months, people = MONTHS[1] - MONTHS[0] + 1, len(names.workers)
    assert sums.place_fen.shape == sums.heads.shape == (2, months, len(names.communities))
    assert sums.payer_fen.shape == (2, months, len(names.payers))
    assert sums.worker_fen.shape == sums.marks.shape == (2, people)
    before, after = (added_up(result) for result in both)
    assert list(sums.by_place()) == beside(before[0], after[0])
    assert list(sums.by_payer()) == beside(before[1], after[1])
    assert list(sums.people()) == beside(before[3], after[3])
    assert sums.worker_fen.tolist() == [
        [worker[code] for code in range(len(names.workers))] for worker in (before[2], after[2])
    ]
    assert sums.unruled == [len(result.gaps()) for result in both]
    was, will = (keys_of(result) for result in both)
    assert sums.touched() == [code for code in range(len(names.workers)) if was.get(code) != will.get(code)]


def career(random: Random, number: int) -> list[Row]:
    """A hire and some acts, each of them at a position of its own."""
    worker, start = f"w{number}", date(2020, 9, 20) + timedelta(random.randint(0, 60))
    post = random.choice(["head", "dedicated"])
    rows = hire(worker, start.isoformat(), post, random.randint(1, 9), position=number * 100)
    for position in range(number * 100 + 1, number * 100 + random.randint(1, 5)):
        kind, value = random.choice(
            [
                (FactKind.GRADE, random.randint(0, 9)),
                (FactKind.COMMUNITY, random.choice(["north", "south"])),
                (FactKind.CERTIFICATE, random.choice(["assistant", "senior"])),
                (FactKind.IN_SERVICE, random.randint(0, 1)),
            ]
        )
        rows += fact(worker, kind, (start + timedelta(random.randint(0, 150))).isoformat(), value, position)
    return rows


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("chunk_months", [1, 10, 1 << 15])
def test_both_sides_are_the_sums_of_their_lines_however_many_people_are_taken_at_a_time(
    seed, chunk_months, monkeypatch
):
    monkeypatch.setattr(module, "_CHUNK_MONTHS", chunk_months)
    random = Random(seed)
    rows = [row for number in range(1, 7) for row in career(random, number)]
    random.shuffle(rows)
    drafted = [row for number in (6, 3) for row in career(random, number)[5:]]
    drafted = [(*row[:3], 1000 + place, *row[4:]) for place, row in enumerate(drafted)]
    voided = random.sample(sorted({row[3] for row in rows}), 2)
    hold(*sides(rows, drafted, voided))
    hold(*sides(rows, rules=(CHIBI, COSTLIER), bases=((), (base("2021-01-01", "60000.00"),))))


@pytest.mark.parametrize(("chunk_months", "people"), [(1, 1), (10, 2), (14, 2), (15, 3)])
def test_so_many_months_of_people_are_worked_out_at_a_time_and_never_less_than_one_person(
    chunk_months, people, monkeypatch
):
    """Memory stays flat, however many people there are."""
    asked = []
    monkeypatch.setattr(module, "_CHUNK_MONTHS", chunk_months)
    monkeypatch.setattr(
        module, "due", lambda facts, tables: asked.append(set(facts.worker.tolist())) or due(facts, tables)
    )
    sides([row for number in range(6) for row in hire(f"w{number}", "2020-10-01")])
    assert [each for each in asked if each] == [set(range(first, first + people)) for first in range(0, 6, people)]


def test_with_nothing_drafted_both_sides_are_the_same_and_nobody_is_touched(monkeypatch):
    """Whose facts and rules are the same on both sides is worked out once."""
    asked = []
    monkeypatch.setattr(module, "due", lambda facts, tables: asked.append(facts) or due(facts, tables))
    rows = hire("li", "2020-10-01") + hire("wu", "2020-10-01", "head", 7, at="south")
    names, sums, both = sides(rows)
    hold(names, sums, both)
    assert (sums.touched(), len(asked)) == ([], 1)
    month = MONTHS[0]
    assert list(sums.people())[:2] == [(month, 0, 1, 1), (month, 1, 1, 1)]
    assert list(sums.by_place())[:2] == [(month, 0, 262_000, 262_000), (month, 1, 327_500, 327_500)]


def test_who_moves_at_constant_pay_is_touched_though_it_adds_up_to_nothing_and_is_a_head_in_both_places():
    rows = hire("li", "2020-10-01") + hire("wu", "2020-10-01")
    names, sums, both = sides(rows, fact("li", FactKind.COMMUNITY, "2020-10-12", "south", 50))
    hold(names, sums, both)
    assert sums.touched() == [0]
    assert sums.worker_fen[BASELINE].tolist() == sums.worker_fen[SCENARIO].tolist()
    assert list(sums.people())[:2] == [(MONTHS[0], 0, 2, 2), (MONTHS[0], 1, 0, 1)]


def test_who_has_two_grades_in_a_month_is_one_head():
    rows = hire("li", "2020-10-05") + fact("li", FactKind.GRADE, "2020-10-12", 2)
    _, sums, _ = sides(rows)
    assert next(sums.people()) == (MONTHS[0], 0, 1, 1)


def test_a_hire_that_is_voided_is_on_the_one_side_only_and_one_that_is_drafted_on_the_other():
    rows = hire("li", "2020-10-01", position=7) + hire("wu", "2020-10-01", position=8)
    names, sums, both = sides(rows, hire("zhao", "2020-10-01", position=99), voided=[7])
    hold(names, sums, both)
    assert sums.touched() == [0, 2]
    assert (sums.worker_fen > 0).tolist() == [[True, True, False], [False, True, True]]


def test_months_that_no_rule_covers_are_counted_on_their_side():
    rows = hire("li", "2020-10-01")
    _, sums, _ = sides(rows, fact("li", FactKind.GRADE, "2021-02-01", 40, 50))
    assert sums.unruled == [0, 1]


def test_the_same_amount_in_other_parts_of_the_month_touches_nobody():
    """Half of November in grade 1 and half in grade 3 is paid as a whole one in grade 2: 1310 + 1419 = 2729."""
    rows = hire("li", "2020-11-01") + fact("li", FactKind.GRADE, "2020-11-16", 3, position=11)
    rows += fact("li", FactKind.GRADE, "2020-12-01", 2, position=12)
    _, sums, both = sides(rows, fact("li", FactKind.GRADE, "2020-11-01", 2, position=20), voided=[11])
    assert len(both[0].entries) == len(both[1].entries) + 1
    assert sums.touched() == []


def test_who_is_paid_by_another_payer_is_touched_though_paid_the_same():
    street = (FundingRule(posts=("dedicated",), shares={Level.STREET: Decimal(1)}),)
    names, sums, both = sides(
        hire("li", "2020-10-01"), rules=(CHIBI, (enacted("chibi-2020", "2020-09-18", funding=street),))
    )
    hold(names, sums, both)
    assert (sums.touched(), next(sums.by_place())) == ([0], (MONTHS[0], 0, 262_000, 262_000))
