"""Commands on payroll runs: payroll computes, the ledger decides and writes the acts."""

from itertools import count

from ledger.desk import Decision, Desk, Opened
from ledger.domain import hand_over as handing
from ledger.domain import reopening
from ledger.domain import run as rules
from ledger.domain import run_close as closing
from ledger.domain.budgets import judge
from ledger.domain.hand_over import AcknowledgeVoucher, HandOverRun
from ledger.domain.reopening import ConfirmReopening, ProposeReopening
from ledger.domain.run import ApproveRun, DraftRun, Run, WhichRun, stream_of
from ledger.domain.run_close import Beside, CloseRun, month_after, month_before
from ledger.domain.voucher_book import VoucherBook
from ledger.event_store import Change
from shared.events import Event


def draft_run(desk: Desk, command: DraftRun) -> Decision:
    """A draft, as often as liked, and which years come to more than their budgets, where that is new."""
    run, policies = _run(desk, command), desk.policies(command.jurisdiction)
    drafted = rules.draft(run.state, command, policies.state.first_month, desk.today)
    judged = [policies.with_(*judge(policies.state, command.forecasts))] if command.forecasts else []
    return _in_time(run, drafted, *judged)


def approve_run(desk: Desk, command: ApproveRun) -> Decision:
    """The second person."""
    run = _run(desk, command)
    return _in_time(run, rules.approve(run.state, command, desk.principal.subject, desk.today))


def close_run(desk: Desk, command: CloseRun) -> Decision:
    """Closed once, in order; the runs and the book beside it must not move meanwhile."""
    run, book = _run(desk, command), _book(desk, command)
    earlier = _earlier(desk, command)
    later = _other(desk, command, month_after(command.month), 1)
    first_month = desk.policies(command.jurisdiction).state.first_month
    beside = Beside(first_month, [one.state for one in earlier], later.state, book.state)
    guards = [*(one.with_() for one in earlier), later.with_(), book.with_()]
    return _in_time(run, closing.close(run.state, command, beside, desk.today), *guards)


def hand_over_run(desk: Desk, command: HandOverRun) -> Decision:
    """The vouchers of a closed run, numbered on the city's book in the same append."""
    run, book = _run(desk, command), _book(desk, command)
    handed_over = handing.hand_over(run.state, command, book.state, desk.today)
    return Decision(run.stream, [run.with_(handed_over), book.with_(handing.numbered(_run_id(run), handed_over))])


def acknowledge_voucher(desk: Desk, command: AcknowledgeVoucher) -> Decision:
    """What finance booked, on the run and on the city's book."""
    run, book = _run(desk, command), _book(desk, command)
    said = handing.acknowledge(run.state, command, desk.today)
    return Decision(run.stream, [run.with_(said), book.with_(handing.reconciled(_run_id(run), said))])


def propose_reopening(desk: Desk, command: ProposeReopening) -> Decision:
    """The first person; the month after must not be closed meanwhile."""
    run, before = _run(desk, command), _other(desk, command, command.month, command.sequence - 1)
    later = _other(desk, command, month_after(command.month), 1)
    proposed = reopening.propose(run.state, command, before.state, later.state, desk.today)
    changes = [run.with_(proposed), before.with_(), later.with_()]
    return Decision(run.stream, changes, until=command.lapses_on)


def confirm_reopening(desk: Desk, command: ConfirmReopening) -> Decision:
    """The second person."""
    run, later = _run(desk, command), _other(desk, command, month_after(command.month), 1)
    confirmed = reopening.confirm(run.state, command, later.state, desk.principal.subject, desk.today)
    return _in_time(run, confirmed, later.with_())


def _in_time(run: Opened[Run], event: Event, *beside: Change) -> Decision:
    """The event on the run, by the last day of its reopening where it has one, and what else moves or must not."""
    return Decision(run.stream, [run.with_(event), *beside], until=reopening.last_day(run.state))


def _run(desk: Desk, command: WhichRun) -> Opened[Run]:
    desk.city(command.jurisdiction)
    return desk.open(Run, stream_of(command))


def _other(desk: Desk, command: WhichRun, month: str, sequence: int) -> Opened[Run]:
    return desk.open(Run, f"run/{command.jurisdiction}/{month}/{sequence}")


def _earlier(desk: Desk, command: WhichRun) -> list[Opened[Run]]:
    """The runs of the same month before this one; for its first one every run of the month before."""
    if command.sequence > 1:
        return [_other(desk, command, command.month, sequence) for sequence in range(1, command.sequence)]
    found = []
    for sequence in count(1):
        found.append(_other(desk, command, month_before(command.month), sequence))
        if found[-1].version == 0:
            return found
    raise AssertionError("sequences end")


def _book(desk: Desk, command: WhichRun) -> Opened[VoucherBook]:
    return desk.open(VoucherBook, f"vouchers/{command.jurisdiction}")


def _run_id(run: Opened[Run]) -> str:
    return run.stream.partition("/")[2]
