"""The projection is the same on SQLite and on a real PostgreSQL."""

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DataError, IntegrityError
from tests.payroll.feeding import close_month, opened, payroll_over

from payroll.projection import Projection
from payroll.tables import VOIDS
from shared.database import engine
from shared.taking import add


@pytest.mark.postgres
def test_postgresql_holds_the_same_content_as_sqlite(postgres_address):
    """P14."""
    log = opened()
    log.hire("chen", "2020-10-01", "head", 18)
    log.hire("li", "2020-10-12")
    payroll = payroll_over(log)
    close_month(payroll, "2020-10")
    projection = Projection(engine(postgres_address, "payroll"))
    projection.apply(log.events[9:])
    projection.catch_up(log)
    projection.apply(log.events[3:7])
    assert (projection.position, projection.digest()) == (log.head(), payroll.projection.digest())
    closed = payroll.run("chibi", "2020-10", 1, log.head()).closed_act.position
    assert projection.closed_lines(closed) == payroll.projection.closed_lines(closed)
    for told in (projection, payroll.projection):
        assert told.periods("chibi", closed, {"payer": "city/chibi"}) == [
            ("2020-10", "2020-10", "city/chibi", 336_210 + 169_032)
        ]
        assert told.positions_of_command("c-6") == {6}
    assert projection.history("chibi", closed) == payroll.projection.history("chibi", closed)
    projection.close()


@pytest.mark.postgres
def test_postgresql_takes_the_lines_of_a_close_in_one_go_and_refuses_them_as_any_other(postgres_address):
    """F29: what the database has against a COPY is said as of any other statement, and the same is done about it."""
    made = engine(postgres_address, "payroll")
    with made.begin() as connection:
        add(connection, VOIDS, [(1, "li\t\\N", "a\nb"), (2, "wu", "\\.")])
    with made.connect() as connection:
        assert [tuple(row) for row in connection.execute(select(VOIDS))] == [(1, "li\t\\N", "a\nb"), (2, "wu", "\\.")]
    for row, refused in (((1, "li", "again"), IntegrityError), ((3, "l" * 201, "too long"), DataError)):
        with made.connect() as connection, pytest.raises(refused):
            add(connection, VOIDS, [row])
    made.dispose()
