"""What payroll's tables say as known at a position, read on one connection."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple, TypeVar

import msgspec
from sqlalchemy import Connection, Select, func, select

from payroll.engine import EnactedPolicy, PublishedBase
from payroll.history import History, Void, Written
from payroll.intake import Row
from payroll.known import Known, KnownFact, Paid
from payroll.recovering import Net
from payroll.run_acts import ACTS, RunAct
from payroll.settlement import ON_TOP, Line
from payroll.tables import FACTS, LINES, PLACES, RULES, RUNS, TAKEN, VOIDS
from shared.database import as_given
from shared.events import BasePublished, BudgetSet, EngineAdopted, Event, PayrollOpened, PolicyEnacted
from shared.taking import moment_text

_E = TypeVar("_E", bound=Event)


class Rules(NamedTuple):
    """The rules of a jurisdiction: what was enacted and published, and its first payroll month."""

    policies: list[EnactedPolicy]
    bases: list[PublishedBase]
    budgets: dict[tuple[str, int], int]
    payroll_from: str | None


class Period(NamedTuple):
    """The sum of the lines for a month of service in the runs of a month, corrections against what they correct."""

    service_month: str
    run_month: str
    payer: str
    amount_fen: int


def periods(connection: Connection, jurisdiction: str, at_position: int, where: Mapping[str, str]) -> list[Period]:
    """The sums of the runs closed up to a position; `where` column = value."""
    keys = (LINES.c.service_month, LINES.c.month, LINES.c.payer)
    query = select(*keys, func.sum(LINES.c.amount_fen)).group_by(*keys).order_by(*keys)
    query = query.where(LINES.c.jurisdiction == jurisdiction, LINES.c.closed_position <= at_position)
    query = query.where(*(LINES.c[column] == value for column, value in where.items()))
    return [Period(service, run, payer, int(fen)) for service, run, payer, fen in connection.execute(query)]


def nets_of_debtors(connection: Connection, jurisdiction: str, closed_position: int) -> list[Net]:
    """What each run closed up to a position came to for those who were due less than nothing in one of them."""
    keys = (LINES.c.worker_id, LINES.c.closed_position, LINES.c.month)
    query = select(*keys, func.sum(LINES.c.amount_fen).label("net_fen")).group_by(*keys)
    query = query.where(LINES.c.jurisdiction == jurisdiction, LINES.c.closed_position <= closed_position)
    nets = query.where(LINES.c.item.not_in(ON_TOP)).cte("nets")
    debtors = select(nets.c.worker_id).where(nets.c.net_fen < 0)
    found = select(nets).where(nets.c.worker_id.in_(debtors)).order_by(nets.c.worker_id, nets.c.closed_position)
    return [Net(worker_id, position, month, int(fen)) for worker_id, position, month, fen in connection.execute(found)]


def position_at(connection: Connection, moment: datetime) -> int:
    """The position of the last event recorded at or before a moment; -1 when there is none."""
    moments = TAKEN.moments.c
    query = select(func.max(moments.position)).where(moments.recorded_at <= moment_text(moment))
    found = connection.execute(query).scalar()
    return min(-1 if found is None else int(found), TAKEN.position(connection))


def city_of(connection: Connection, worker_id: str, at_position: int) -> str | None:
    """The city in whose service the worker was hired; None for somebody unknown."""
    query = select(FACTS.c.city_id).where(FACTS.c.worker_id == worker_id, FACTS.c.city_id.is_not(None))
    query = query.where(FACTS.c.position <= at_position).order_by(FACTS.c.position.desc()).limit(1)
    found: str | None = connection.execute(query).scalar()
    return found


def cities_of_places(connection: Connection) -> list[tuple[str, str, str]]:
    """(community, street, city) of every registered community."""
    query = select(PLACES.c.community_id, PLACES.c.street_id, PLACES.c.city_id).order_by(PLACES.c.position)
    return [(row.community_id, row.street_id, row.city_id) for row in connection.execute(query)]


def last_change(connection: Connection, jurisdiction: str, up_to: int) -> int:
    """The last position ≤ `up_to` at which anything that could matter for this jurisdiction's pay was written."""
    queries = [
        *(
            select(func.max(table.c.position)).where(table.c.position <= up_to)
            for table in (FACTS, VOIDS, PLACES, RULES)
        ),
        select(func.max(RUNS.c.position)).where(
            RUNS.c.position <= up_to, RUNS.c.act == "closed", RUNS.c.jurisdiction == jurisdiction
        ),
    ]
    found = [connection.execute(query).scalar() for query in queries]
    return max(-1 if position is None else int(position) for position in found)


def adopted_engine(connection: Connection, jurisdiction: str, at_position: int) -> str | None:
    """The version of the pay engine that was adopted last; None: none was."""
    query = select(RULES.c.content).where(RULES.c.jurisdiction == jurisdiction, RULES.c.position <= at_position)
    query = query.where(RULES.c.kind == "engine").order_by(RULES.c.position.desc()).limit(1)
    content = connection.execute(query).scalar()
    return None if content is None else _content(content, EngineAdopted).engine


def acts(connection: Connection, jurisdiction: str, at_position: int, month: str | None) -> list[RunAct]:
    """The acts of runs up to a position, in order."""
    query = select(RUNS).where(RUNS.c.jurisdiction == jurisdiction, RUNS.c.position <= at_position)
    if month is not None:
        query = query.where(RUNS.c.month == month)
    return [
        RunAct(
            position=row.position,
            jurisdiction=row.jurisdiction,
            month=row.month,
            sequence=row.sequence,
            actor=row.actor,
            event=msgspec.json.decode(row.content, type=ACTS[row.act]),
        )
        for row in connection.execute(query.order_by(RUNS.c.position))
    ]


def closed_lines(
    connection: Connection, closed_position: int, after: int, limit: int | None, where: Mapping[str, str]
) -> list[Line]:
    """Lines of the run closed at a position, by number, from the one after `after` on; `where` column = value."""
    query = select(*(LINES.c[name] for name in Line.__struct_fields__))
    query = query.where(LINES.c.closed_position == closed_position, LINES.c.number > after)
    query = query.where(*(LINES.c[column] == value for column, value in where.items()))
    if limit is not None and not where:
        # The numbers have no holes. Without this bound a planner that knows little sorts all that comes after.
        query = query.where(LINES.c.number <= after + limit)
    portions = as_given(connection, query.order_by(LINES.c.number).limit(limit))
    return [Line(*row) for rows in portions for row in rows]


def rules(connection: Connection, jurisdiction: str, at_position: int) -> Rules:
    """The rules of a city as known at a position."""
    query = select(RULES).where(RULES.c.jurisdiction == jurisdiction, RULES.c.position <= at_position)
    return rules_of(tuple(row) for row in connection.execute(query.order_by(RULES.c.position)))


def known(connection: Connection, jurisdiction: str, at_position: int, worker_id: str | None, *, before: int) -> Known:
    """What is known at a position, with what runs closed before the position `before` have paid."""
    in_force = rules(connection, jurisdiction, at_position)
    places = select(PLACES).where(PLACES.c.city_id == jurisdiction, PLACES.c.position <= at_position)
    return Known(
        jurisdiction=jurisdiction,
        at_position=at_position,
        facts=_facts(connection, jurisdiction, at_position, worker_id),
        policies=in_force.policies,
        bases=in_force.bases,
        street_of={row.community_id: row.street_id for row in connection.execute(places.order_by(PLACES.c.position))},
        payroll_from=in_force.payroll_from,
        budgets=in_force.budgets,
        paid=_paid(connection, jurisdiction, worker_id, before),
        paid_before=before,
    )


def rules_of(rows: Iterable[Row]) -> Rules:
    """What rows of the table of rules say, in their order."""
    policies: list[EnactedPolicy] = []
    bases: list[PublishedBase] = []
    budgets: dict[tuple[str, int], int] = {}
    payroll_from = None
    for position, _, effective, kind, content in rows:
        effective_date = date.fromisoformat(effective)
        if kind == "policy":
            policies.append(EnactedPolicy(effective_date, position, _content(content, PolicyEnacted).document))
        elif kind == "base":
            published = _content(content, BasePublished)
            wage_fen = published.average_annual_wage_fen
            bases.append(PublishedBase(effective_date, position, published.scheme, wage_fen))
        elif kind == "budget":
            budget = _content(content, BudgetSet)
            budgets[budget.payer, budget.year] = budget.amount_fen
        elif kind == "opening":
            payroll_from = _content(content, PayrollOpened).first_month
    return Rules(policies, bases, budgets, payroll_from)


def positions_of(connection: Connection, commands: Iterable[tuple[str, str]]) -> set[int]:
    """Where the facts stand that these commands wrote, each given as (worker, command)."""
    wanted = set(commands)
    query = select(FACTS.c.position, FACTS.c.worker_id, FACTS.c.command_id)
    query = query.where(FACTS.c.command_id.in_({command_id for _, command_id in wanted}))
    return {row.position for row in connection.execute(query) if (row.worker_id, row.command_id) in wanted}


def positions_of_command(connection: Connection, command_id: str) -> set[int]:
    """Where the facts stand that a command wrote."""
    query = select(FACTS.c.position).where(FACTS.c.command_id == command_id)
    return {row.position for row in connection.execute(query)}


def history(connection: Connection, jurisdiction: str, at_position: int, worker_id: str | None) -> History:
    """What is known at a position, and every fact and void behind it."""
    hired = select(FACTS.c.worker_id).where(FACTS.c.city_id == jurisdiction, FACTS.c.position <= at_position)
    facts: Select[Any] = select(FACTS).where(FACTS.c.position <= at_position, FACTS.c.worker_id.in_(hired))
    voids: Select[Any] = select(VOIDS).where(VOIDS.c.position <= at_position, VOIDS.c.worker_id.in_(hired))
    if worker_id is not None:
        facts, voids = facts.where(FACTS.c.worker_id == worker_id), voids.where(VOIDS.c.worker_id == worker_id)
    return History(
        known=known(connection, jurisdiction, at_position, worker_id, before=0),
        facts=[
            Written(KnownFact(row.worker_id, row.kind, row.day, row.position, row.ordinal, row.value), row.command_id)
            for row in connection.execute(facts.order_by(FACTS.c.position, FACTS.c.ordinal))
        ],
        voids=[
            Void(row.position, row.worker_id, row.command_id)
            for row in connection.execute(voids.order_by(VOIDS.c.position))
        ],
    )


def _content(text: str, kind: type[_E]) -> _E:
    return msgspec.json.decode(text, type=kind)


def _facts(connection: Connection, jurisdiction: str, at_position: int, worker_id: str | None) -> list[KnownFact]:
    """Facts that hold: a void takes out what its command wrote before on the worker's stream."""
    hired = select(FACTS.c.worker_id).where(FACTS.c.city_id == jurisdiction, FACTS.c.position <= at_position)
    columns = [FACTS.c[name] for name in (*KnownFact._fields, "command_id")]
    query: Select[Any] = select(*columns).where(FACTS.c.position <= at_position, FACTS.c.worker_id.in_(hired))
    voids: Select[Any] = select(VOIDS).where(VOIDS.c.position <= at_position)
    if worker_id is not None:
        query, voids = query.where(FACTS.c.worker_id == worker_id), voids.where(VOIDS.c.worker_id == worker_id)
    voided = {(row.worker_id, row.command_id): row.position for row in connection.execute(voids)}
    order = (FACTS.c.worker_id, FACTS.c.day, FACTS.c.position, FACTS.c.ordinal)
    facts: list[KnownFact] = []
    same: dict[str, str] = {}  # Few texts stand in many rows: each is kept once.
    keep = same.setdefault
    for rows in as_given(connection, query.order_by(*order)):
        facts += [
            KnownFact(keep(worker_id, worker_id), kind, day, position, ordinal, keep(value, value))
            for worker_id, kind, day, position, ordinal, value, command_id in rows
            if not voided or voided.get((worker_id, command_id), -1) < position
        ]
    return facts


def _paid(connection: Connection, jurisdiction: str, worker_id: str | None, before: int) -> list[Paid]:
    columns = [LINES.c[name] for name in Paid._fields]
    query: Select[Any] = select(*columns).where(LINES.c.jurisdiction == jurisdiction, LINES.c.closed_position < before)
    if worker_id is not None:
        query = query.where(LINES.c.worker_id == worker_id)
    same: dict[Any, Any] = {}
    paid: list[Paid] = []
    for rows in as_given(connection, query):
        paid += map(Paid, *([same.setdefault(one, one) for one in column] for column in zip(*rows, strict=True)))
    return paid
