"""The projection is the same on SQLite and on a real PostgreSQL."""

import pytest
from tests.payroll.feeding import close_month, opened, payroll_over

from payroll.projection import Projection
from shared.database import engine


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
    projection.close()
