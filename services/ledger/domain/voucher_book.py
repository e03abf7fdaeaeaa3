"""The vouchers 记账凭证 of a city: numbers of each payer's year without a gap, and what finance booked of each."""

from collections.abc import Iterable

from msgspec import Struct

from ledger.domain.timeline import Timeline
from shared.events import VoucherReconciled, VouchersNumbered

UNACKNOWLEDGED = "unacknowledged-batch"
DIFFERENCE = "difference-open"


class VoucherBook(Struct, frozen=True):
    """The timeline of a city's vouchers."""

    timeline: Timeline = Timeline()

    def next_number(self, payer: str, year: int) -> int:
        """F24: 1 for the payer's first voucher of the year, then one more each time."""
        return 1 + sum(_of(voucher_id) == (payer, year) for voucher_id in self._numbered())

    def open_items(self) -> list[str]:
        """F25: in words, each voucher that finance has not acknowledged, or books otherwise than it was sent."""
        last: dict[str, VoucherReconciled] = {}
        for act in sorted(self.timeline, key=lambda act: act.version):
            if isinstance(act.event, VoucherReconciled):
                last[act.event.voucher_id] = act.event
        found = []
        for voucher_id in self._numbered():
            said = last.get(voucher_id)
            if said is None:
                found.append(f"{UNACKNOWLEDGED}: finance has not said what it booked of voucher {voucher_id}")
            elif said.differences:
                found.append(f"{DIFFERENCE}: finance booked {said.differences} lines of voucher {voucher_id} otherwise")
        return found

    def _numbered(self) -> Iterable[str]:
        events = (act.event for act in self.timeline)
        return (one for event in events if isinstance(event, VouchersNumbered) for one in event.voucher_ids)


def _of(voucher_id: str) -> tuple[str, int]:
    year, _, payer = voucher_id.split("/", 2)
    return payer, int(year)
