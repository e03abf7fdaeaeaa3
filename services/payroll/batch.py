"""What finance is handed: the vouchers of a closed run with its lines and control totals; the same for ever."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cached_property

import msgspec
from msgspec import Struct

from payroll.booking import Booking
from payroll.hand_overs import check_handed_over, closed_of
from payroll.projection import Projection
from payroll.run_lines import lines_of
from payroll.run_state import RunState
from payroll.settlement import Line
from shared.events import Voucher
from shared.money import yuan

SCHEMA = "urn:workforce:hand-over:1"
"""The form of a batch and its version: a later one is another name."""


class Entry(Struct, frozen=True, kw_only=True):
    """One line of a voucher; `account` is an item of the budget, or payable."""

    entry: int
    account: str
    street_id: str
    debit: str
    credit: str


class BatchVoucher(Struct, frozen=True, kw_only=True):
    """A voucher, and that its two sides are equal."""

    voucher_id: str
    payer: str
    year: int
    number: int
    debit: str
    credit: str
    entries: list[Entry]


class BatchLine(Struct, frozen=True, kw_only=True):
    """A line of the run, in which voucher and to which item of the budget it is booked."""

    number: int
    voucher_id: str
    worker_id: str
    service_month: str
    run_month: str
    payable_month: str
    item: str
    budget_item: str
    post: str
    community_id: str
    street_id: str
    payer: str
    due: str
    paid_before: str
    amount: str
    worked_out: str


class Control(Struct, frozen=True, kw_only=True):
    """What the lines and vouchers of the batch add up to, along each axis; every one adds up to `total`."""

    vouchers: int
    lines: int
    total: str
    by_payer: dict[str, str]
    by_street: dict[str, str]
    by_budget_item: dict[str, str]


class Head(Struct, frozen=True, kw_only=True):
    """A batch without its lines. `digest` is that of the closed lines."""

    schema: str
    run_id: str
    jurisdiction: str
    month: str
    sequence: int
    engine: str
    at_position: int
    closed_position: int
    digest: str
    control: Control
    vouchers: list[BatchVoucher]


class Batch(Head, frozen=True, kw_only=True):
    """The whole."""

    lines: list[BatchLine]


AMOUNTS = frozenset({"due", "paid_before", "amount"})
NUMBERS = frozenset({"number"})


class HandedOver:
    """The batch of a run that is handed over. Raises Refused `run-not-handed-over`, what `closed_of` does."""

    def __init__(self, projection: Projection, state: RunState) -> None:
        check_handed_over(state)
        assert state.handed_over is not None
        assert state.closed_act is not None
        self._projection = projection
        self._state = state
        self._event = state.handed_over
        self._booking = Booking(projection.known(state.jurisdiction, self._event.at_position, paid_up_to=-1))
        self._numbers = {voucher.payer: voucher.voucher_id for voucher in state.handed_over.vouchers}

    def lines(self) -> Iterator[BatchLine]:
        """The lines by number."""
        return (self._line(line) for line in lines_of(self._projection, self._state))

    @cached_property
    def head(self) -> Head:
        """Everything but the lines."""
        closed, act = closed_of(self._state), self._state.closed_act
        assert act is not None
        return Head(
            schema=SCHEMA,
            run_id=self._state.run_id,
            jurisdiction=self._state.jurisdiction,
            month=self._state.month,
            sequence=self._state.sequence,
            engine=closed.engine,
            at_position=closed.at_position,
            closed_position=act.position,
            digest=closed.digest,
            control=self._control(),
            vouchers=[shown(voucher) for voucher in self._event.vouchers],
        )

    def json(self) -> Iterator[bytes]:
        """The batch as JSON in portions, the lines last."""
        head = msgspec.json.encode(self.head)
        yield head[:-1] + b',"lines":['
        before = b""
        for line in self.lines():
            yield before + msgspec.json.encode(line)
            before = b","
        yield b"]}"

    def _control(self) -> Control:
        payers, streets, items = Counter[str](), Counter[str](), Counter[str]()
        count = 0
        for line in lines_of(self._projection, self._state):
            count += 1
            payers[line.payer] += line.amount_fen
            streets[line.street_id] += line.amount_fen
            items[self._booking.budget_item(line)] += line.amount_fen
        return Control(
            vouchers=len(self._event.vouchers),
            lines=count,
            total=yuan(sum(payers.values())),
            by_payer=_sums(payers),
            by_street=_sums(streets),
            by_budget_item=_sums(items),
        )

    def _line(self, line: Line) -> BatchLine:
        return BatchLine(
            number=line.number,
            voucher_id=self._numbers[line.payer],
            worker_id=line.worker_id,
            service_month=line.service_month,
            run_month=self._state.month,
            payable_month=line.payable_month,
            item=line.item,
            budget_item=self._booking.budget_item(line),
            post=line.post,
            community_id=line.community_id,
            street_id=line.street_id,
            payer=line.payer,
            due=yuan(line.due_fen),
            paid_before=yuan(line.paid_fen),
            amount=yuan(line.amount_fen),
            worked_out=line.worked_out,
        )


def shown(voucher: Voucher) -> BatchVoucher:
    """A voucher in yuan."""
    return BatchVoucher(
        voucher_id=voucher.voucher_id,
        payer=voucher.payer,
        year=voucher.year,
        number=voucher.number,
        debit=yuan(sum(entry.debit_fen for entry in voucher.entries)),
        credit=yuan(sum(entry.credit_fen for entry in voucher.entries)),
        entries=[
            Entry(
                entry=entry.entry,
                account=entry.account,
                street_id=entry.street_id,
                debit=yuan(entry.debit_fen),
                credit=yuan(entry.credit_fen),
            )
            for entry in voucher.entries
        ],
    )


def _sums(sums: Counter[str]) -> dict[str, str]:
    return {name: yuan(amount_fen) for name, amount_fen in sorted(sums.items())}
