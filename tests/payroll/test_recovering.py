"""What is kept back of a run's pay for what is owed from earlier ones (扣回)."""

import random
from decimal import Decimal
from functools import partial

from payroll.recovering import Net, Owing, owing
from shared.policy_document import Recovery


def _most(limit: Recovery, net: Net) -> int:
    return limit.most_fen(net.net_fen)


def test_at_most_a_share_is_kept_back_and_the_least_of_a_month_is_left():
    limit = Recovery(most_share=Decimal("0.20"), keeps=Decimal("1540.00"))
    assert [limit.most_fen(fen) for fen in (262000, 180000, 154000, 100000)] == [52400, 26000, 0, 0]
    assert Recovery().most_fen(262000) == 262000


def test_who_has_no_line_in_a_run_owes_what_was_owed_before():
    nets = [Net("w-1", 5, "2020-11", -300), Net("w-2", 5, "2020-11", 100), Net("w-2", 9, "2020-12", 100)]
    assert owing(nets, 9, lambda net: net.net_fen) == {"w-1": Owing(300, 0, 0)}


def test_what_arose_is_what_was_kept_back_and_what_is_still_owed():
    """Over 500 random histories; nobody is paid less than nothing, and nothing is kept back that is not owed."""
    randomly = random.Random(20)
    for _ in range(500):
        nets = [Net("w", position, "2020-10", randomly.randint(-900, 900)) for position in range(12)]
        limit = Recovery(most_share=Decimal(randomly.randint(0, 10)) / 10, keeps=Decimal(randomly.randint(0, 3)))
        arisen = recovered = 0
        for upto, net in enumerate(nets):
            found = owing(nets[: upto + 1], upto, partial(_most, limit)).get("w", Owing())
            assert found.before_fen == arisen - recovered
            assert 0 <= found.recovered_fen <= min(found.before_fen, max(0, net.net_fen))
            arisen, recovered = arisen + found.arisen_fen, recovered + found.recovered_fen
            assert found.owed_fen == arisen - recovered >= 0
