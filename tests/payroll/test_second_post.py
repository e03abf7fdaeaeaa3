"""Two posts in one hand (rule 22): payroll knows the second post from its day to its end."""

from tests.payroll.feeding import caller, opened, payroll_over

from payroll.engine import FactKind
from payroll.intake import rows_of
from payroll.run_lines import lines_of
from shared.events import Post, SecondPostLeft, SecondPostTaken
from shared.policy_document import TwoPosts, TwoPostsPay


def with_two_posts(**document):
    """Li, who holds two posts from 1 to 15 October."""
    log = opened(**document)
    log.hire("li", "2020-10-01")
    log.write("worker/li", "2020-10-01", SecondPostTaken(post=Post.MEMBER))
    log.write("worker/li", "2020-10-16", SecondPostLeft())
    return log


def drafted(log):
    """October's draft."""
    payroll = payroll_over(log)
    payroll.draft("chibi", "2020-10", caller("draft"))
    return payroll.run("chibi", "2020-10", 1, payroll.projection.position).drafted


def test_the_second_post_is_a_fact_from_its_day_to_its_end():
    """Rule 22."""
    kind = int(FactKind.SECOND_POST)
    facts = [row for row in rows_of(with_two_posts().events).facts if row[5] == kind]
    assert [row[7] for row in facts] == ["member", ""]


def test_a_second_post_is_paid_at_the_grade_of_its_band_where_the_higher_is_paid():
    """Rules 13 and 22: dedicated at grade 1 is 2,620; a member has grade 3 at least, 3,638.67 × 0.78 → 2,838."""
    log = opened(two_posts=TwoPostsPay(pays=TwoPosts.HIGHER))
    log.hire("li", "2020-10-01")
    log.write("worker/li", "2020-10-01", SecondPostTaken(post=Post.MEMBER))
    payroll = payroll_over(log)
    payroll.draft("chibi", "2020-10", caller("draft"))
    run = payroll.run("chibi", "2020-10", 1, payroll.projection.position)
    lines = list(lines_of(payroll.projection, run))
    assert sum(line.amount_fen for line in lines) == run.drafted.total_fen == 283_800
    assert lines[0].worked_out.startswith("as member, the higher of two posts: 3638.67 × 0.78 → 2838.00 a month")


def test_a_second_post_ends_where_the_worker_leaves_the_community():
    """Rules 12 and 22: as the ledger has it."""
    log = with_two_posts()
    log.transfer("li", "2020-10-20", "south")
    assert [row[7] for row in rows_of(log.events[-1:]).facts] == ["south", ""]


def test_one_pay_is_paid_for_two_posts_where_the_policy_says_so():
    """Rule 22: the month of one post, to the fen, and nothing in the way."""
    one = opened()
    one.hire("li", "2020-10-01")
    found, alone = drafted(with_two_posts()), drafted(one)
    assert (found.total_fen, found.lines, found.blockers) == (alone.total_fen, alone.lines, ())
