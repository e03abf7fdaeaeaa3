"""What must hold once everything is healed: nothing lost, nothing twice, every amount as the model says."""

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import httpx
from tests.chaos.clerks import Acknowledged
from tests.ledger.given import bearer
from tests.oracle import pay

from notifications.outbox import Outbox
from notifications.tables import engine_in_memory
from payroll.projection import Projection
from shared.envelope import Recorded, plain
from shared.money import fen

WROTE = {
    "hires": "worker.hired.v1",
    "trainings": "worker.trained.v1",
    "qualifications": "worker.qualified.v1",
    "transfers": "worker.transferred.v1",
    "regrades": "worker.regraded.v1",
    "appraisals": "worker.appraised.v1",
    "voids": "command.voided.v1",
}
BATCH = 500


def check_acknowledged(acknowledged: Sequence[Acknowledged], log: Sequence[Recorded], founded: int) -> None:
    """P1, P2, P6: whatever was acknowledged stands in the log as it was sent, once, and nothing else does."""
    written: dict[str, list[Recorded]] = {}
    for recorded in log[founded + 1 :]:
        written.setdefault(recorded.command_id, []).append(recorded)
    for one in acknowledged:
        events = written.pop(one.answer["command_id"], [])
        assert events, f"{one.path} {one.key} was acknowledged and is not in the log"
        assert events[-1].position == one.answer["position"]
        main = next(event for event in events if event.type == WROTE[one.path])
        assert main.effective_date.isoformat() == one.body["effective_date"]
        data = plain(main)["data"]
        differing = {name for name in data.keys() & one.body.keys() if data[name] != one.body[name]}
        assert not differing, f"{one.key}: {differing} were not written as they were sent"
    assert not written, f"{len(written)} commands stand in the log that nobody was told of: one has two effects"


def check_log(log: Sequence[Recorded]) -> None:
    """P4: positions dense, versions 1, 2, … in each stream, times never going back."""
    assert [recorded.position for recorded in log] == list(range(len(log)))
    versions: Counter[str] = Counter()
    for recorded in log:
        versions[recorded.stream] += 1
        assert recorded.version == versions[recorded.stream], recorded.stream
    assert all(one.recorded_at <= other.recorded_at for one, other in itertools.pairwise(log))


def check_topic(positions: Mapping[int, Sequence[tuple[int, int]]], log: Sequence[Recorded]) -> int:
    """P1, P9: the topic holds the log, in each partition in the order of the log; how many records were repeats.

    `positions`: for each partition its records' (position, previous) in the order of their offsets.
    """
    records, last = 0, {}
    for partition, found in positions.items():
        records += len(found)
        first_seen = list(dict.fromkeys(position for position, _ in found))
        assert first_seen == sorted(first_seen), f"partition {partition} is out of order"
        before = dict(found)
        for previous, position in zip([-1, *first_seen], first_seen, strict=False):
            assert before[position] == previous, f"partition {partition} has a hole before {position}"
        last[partition] = first_seen
    held = sorted(position for first_seen in last.values() for position in first_seen)
    assert held == [recorded.position for recorded in log]
    return records - len(log)


def check_read_models(log: Sequence[Recorded], live: Mapping[str, Mapping[str, Any]]) -> None:
    """P1, P7, P14: the live projections are those of the log, read once and in order."""
    projection, outbox = Projection(), Outbox(engine_in_memory())
    for start in range(0, len(log), BATCH):
        projection.apply(log[start : start + BATCH])
        outbox.apply(log[start : start + BATCH])
    head = log[-1].position
    assert live["payroll"] == live["payroll"] | {"position": head, "digest": projection.digest()}
    assert live["notifications"] == live["notifications"] | {"position": head, "digest": outbox.digest()}
    assert live["notifications"]["notices"] == outbox.count()


def check_amounts(payroll_url: str, log: Sequence[Recorded], months: Iterable[str], workers: Sequence[str]) -> int:
    """Every amount of these workers, by item and payer, equals the model's; how many amounts were compared."""
    compared = 0
    headers = {"Authorization": bearer("finance city:chibi")}
    with httpx.Client(base_url=payroll_url, headers=headers, timeout=30) as client:
        for month in months:
            due = pay.due(log, "chibi", month, log[-1].position)
            for worker_id in workers:
                answer = client.get(f"/payroll/v1/workers/{worker_id}/due/{month}")
                if answer.status_code == 404:
                    continue  # The hire was voided, and nobody of that id was ever in service.
                assert answer.status_code == 200, answer.text
                shown: Counter[tuple[str, str, str]] = Counter()
                for line in answer.json()["lines"]:
                    shown[line["item"], line["community_id"], line["payer"]] += fen(line["amount"])
                model: Counter[tuple[str, str, str]] = Counter()
                for key, amount in due.items():
                    if key.worker == worker_id:
                        model[key.item, key.community, key.payer] += amount
                assert +shown == +model, (worker_id, month)
                compared += len(+model)
    return compared
