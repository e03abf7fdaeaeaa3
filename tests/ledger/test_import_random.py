"""Whatever stands in a sheet, planning it, importing it and giving its commands one by one come to the same."""

import io
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from tests.ledger.given import Front, Town, identity_number, problem
from tests.ledger.importing import PAPER, Answer, Line, planned_and_imported, sheet

from ledger import importing
from ledger.sheet_kinds import KINDS
from ledger.sheets import read_sheet
from shared.refusal import Refused

pytestmark = pytest.mark.campaign

SEEDS = range(12)
ROWS = 25
PATHS = {
    "people": "hires",
    "assignments": "transfers",
    "appraisals": "appraisals",
    "training": "trainings",
    "certificates": "qualifications",
}
PLACES = ("xinhua", "jinqiao", "huangjia", "tianan", "nowhere", "")
DAYS = ("2020-10-01", "2020-11-15", "2021-01-01", "2018-03-01", "1900-01-01", "soon", "")
POOLS: dict[str, dict[str, tuple[str, ...]]] = {
    "people": {
        "community_id": PLACES,
        "channel": ("exam", "exam", "election", "conversion", "luck"),
        "post": ("dedicated", "dedicated", "member", "head", "chief"),
        "education": ("college", "bachelor", "high_school", "none"),
        "name": ("李秀英", "王芳", ""),
        "identity_number": (*(identity_number(sequence=number) for number in range(1, 12)), "1", "421281196001010015"),
        "grade": ("", "", "1", "3", "17", "x"),
        "grid_id": ("", "", "xinhua-g1", "jinqiao-g1"),
        "counted_years": ("", "2", "99"),
    },
    "assignments": {"community_id": PLACES, "grid_id": ("", "", "xinhua-g1", "jinqiao-g1", "huangjia-g1")},
    "appraisals": {"year": ("2019", "2020", "2021", "x", ""), "rating": ("competent", "excellent", "bad")},
    "training": {
        "course": ("岗前培训", "x" * 101, "消防"),
        "hours": ("40", "0", "8", "-1"),
        "initial": ("", "no", "?"),
    },
    "certificates": {
        "certificate": ("assistant", "social_worker", "senior", "x"),
        "certificate_number": ("SW-1", "SW-2", "sw-1", "SW-3", "§", ""),
    },
}

Open = Callable[[str], Town]


@pytest.fixture
def twin(founded: Path, front: Front, tmp_path: Path) -> Iterator[Open]:
    """Founded towns by their name, two of which are the same to the byte; the last that is asked for is served."""
    towns: dict[str, Town] = {}

    def opened(name: str) -> Town:
        if name not in towns:
            shutil.copytree(founded, tmp_path / name)
            towns[name] = Town(tmp_path / name, front=front)
        front.set_before(towns[name])
        return towns[name]

    yield opened
    for town in towns.values():
        town.close()


def random_rows(dice: random.Random, kind: str, workers: list[str]) -> list[Line]:
    """Rows in which most cells are fit, and the same ones come again and again."""
    rows: list[Line] = []
    for _ in range(ROWS):
        if rows and dice.random() < 0.1:
            rows.append(dict(dice.choice(rows)))
            continue
        row = {name: dice.choice(pool if dice.random() < 0.5 else pool[:1]) for name, pool in POOLS[kind].items()}
        day = dice.choice(DAYS) if dice.random() < 0.3 else dice.choice(DAYS[:3])
        rows.append({**row, **PAPER, "effective_date": day})
        if kind != "people":
            rows[-1]["worker_id"] = dice.choice(workers)
    return rows


def one_by_one(town: Town, content: bytes, kind: str) -> list[tuple[int, str, str, str]]:
    """(row, outcome, column, code) of giving each row as a single command; the same row again is the same command."""
    taken, told = KINDS[kind], []
    done: set[bytes] = set()
    for row in read_sheet(io.BytesIO(content), taken.required({}), taken.optional({})):
        try:
            body = msgspec.json.encode(taken.command(row, {}))
        except Refused as refused:
            told.append((row.number, "refused", taken.column_of(refused.pointer), refused.code))
            continue
        if body in done:
            told.append((row.number, "already-there", "", ""))
            continue
        response = town.send(PATHS[kind], body)
        if response.status_code == 201:
            done.add(body)
            told.append((row.number, "accepted", "", ""))
        else:
            found = problem(response)
            told.append((row.number, "refused", taken.column_of(found["pointer"]), found["code"]))
    return told


def short(answer: Answer) -> list[tuple[int, str, str, str]]:
    return [(row, outcome, column, code) for row, outcome, column, code, *_ in answer.told()]


@pytest.mark.parametrize("kind", PATHS)
@pytest.mark.parametrize("seed", SEEDS)
def test_plan_import_and_single_commands_agree(
    twin: Open, kind: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F61, F08: the same verdict for every row three ways, in chunks of any size, and the same seats afterwards."""
    dice = random.Random(f"{kind} {seed}")
    monkeypatch.setattr(importing, "CHUNK_ROWS", dice.choice((1, 3, 10, 100)))
    workers: dict[str, list[str]] = {}
    for name in ("at once", "one by one"):
        ids = iter(f"w-{number}" for number in range(100_000))
        monkeypatch.setattr(twin(name).front.executing, "new_id", lambda ids=ids: next(ids))
        workers[name] = [twin(name).hire("xinhua"), twin(name).hire("jinqiao"), "nobody"]
    assert workers["at once"] == workers["one by one"]
    content = sheet(random_rows(dice, kind, workers["at once"]))
    single = one_by_one(twin("one by one"), content, kind)
    seats = [twin("one by one").seats(place) for place in PLACES[:3]]
    answer = planned_and_imported(twin("at once"), content, kind, on_error="continue")
    assert short(answer) == single
    assert [twin("at once").seats(place) for place in PLACES[:3]] == seats
