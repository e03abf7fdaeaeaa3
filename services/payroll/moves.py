"""What moved between the figures that were shown and those of now: in all, payer by payer, worker by worker."""

from collections.abc import Mapping

from payroll.settlement import Settlement, summed
from shared.events import RunDrafted
from shared.money import yuan
from shared.refusal import Refused

_WORKERS_NAMED = 50


def moved_by(drafted: RunDrafted, then: Settlement, now: Settlement) -> Refused:
    """The refusal `run-moved`: the approval of what was shown is void, with the difference (F37)."""
    lines, total_fen = len(now.rows), now.total_fen
    workers = _differences(summed(then.lines, "worker_id"), summed(now.lines, "worker_id"))
    return Refused(
        "run-moved",
        f"the draft of {drafted.month} had {drafted.lines} lines of {yuan(drafted.total_fen)}; it would now have "
        f"{lines} of {yuan(total_fen)}",
        remedy="draft the month again and look at it as it is now",
        extra={
            "drafted": {"lines": drafted.lines, "total": yuan(drafted.total_fen), "digest": drafted.digest},
            "now": {"lines": lines, "total": yuan(total_fen), "digest": now.digest},
            "difference": {"lines": lines - drafted.lines, "total": yuan(total_fen - drafted.total_fen)},
            "payers": _differences(drafted.payers, now.payers),
            "workers": dict(list(workers.items())[:_WORKERS_NAMED]),
            "workers_moved": len(workers),
        },
    )


def _differences(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, str]:
    """Name → yuan more (or less) than before, where that is not nothing."""
    moved = {name: after.get(name, 0) - before.get(name, 0) for name in sorted({*before, *after})}
    return {name: yuan(amount_fen) for name, amount_fen in moved.items() if amount_fen}
