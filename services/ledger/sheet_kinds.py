"""The kinds of sheets: which columns each has, and the command that a row of it becomes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from ledger.cell_words import broken, code, day
from ledger.commands import appraisals, careers, persons, qualifications
from ledger.desk import Decision, Desk
from ledger.domain import appraisal, career, certificates
from ledger.domain.command import Command, check_day
from ledger.event_store import Claim
from ledger.personal import PersonalStore
from ledger.sheets import BrokenRow, Row
from shared.http import decode
from shared.refusal import Refused

_YES, _NO = ("yes", "true", "1", "是"), ("no", "false", "0", "否")


@dataclass(frozen=True)
class Column:
    """A column by its heading, and the JSON pointer of what it fills in the command."""

    name: str
    pointer: str
    needed: bool = False
    form: Callable[[str], Any] = str


@dataclass(frozen=True)
class Kind:
    """A kind of sheet: the rules that decide a row are those of its command, and no others.

    `claims`: what a command will want to hold, so that a chunk can ask for all of them at once. `guarded`: how the
    streams begin that each of its commands reads only to write them, too.
    """

    name: str
    shape: type[Command]
    decide: Callable[[Desk, Any], Decision]
    own: tuple[Column, ...]
    claims: Callable[[PersonalStore, Any], list[Claim]] = lambda personal, command: []
    guarded: str = ""

    @property
    def columns(self) -> tuple[Column, ...]:
        """Its own, then those that every sheet may have."""
        return (*self.own, *_PAPER)

    def required(self, given: Mapping[str, str]) -> list[str]:
        """The headings it must have beside what is given for the whole file."""
        return [column.name for column in self.columns if column.needed and column.name not in given]

    def optional(self, given: Mapping[str, str]) -> list[str]:
        """Those it may have."""
        required = self.required(given)
        return [column.name for column in self.columns if column.name not in required]

    def command(self, row: Row | BrokenRow, given: Mapping[str, str]) -> Command:
        """What the row wishes; a cell that is empty says what is given for the file. Refused `broken-row`,
        `invalid-body`."""
        if isinstance(row, BrokenRow):
            raise Refused("broken-row", row.detail, pointer=f"/{row.column}".rstrip("/"), remedy=row.remedy)
        cells = {**given, **row.cells}
        body: dict[str, Any] = {}
        for column in self.columns:
            text = cells.get(column.name, "")
            if text:
                _put(body, column.pointer, column.form(text))
            elif column.needed:
                raise broken(column.name, "is empty", "fill it in")
        command = decode(msgspec.json.encode(body), self.shape)
        check_day(command)
        return command

    def column_of(self, pointer: str) -> str:
        """The heading under which a place of the command stands; the place itself where it has none."""
        return next((column.name for column in self.columns if column.pointer == pointer), pointer.strip("/"))


def _put(body: dict[str, Any], pointer: str, value: Any) -> None:
    *folders, name = pointer.strip("/").split("/")
    for folder in folders:
        body = body.setdefault(folder, {})
    body[name] = value


def _whole_number(column: str) -> Callable[[str], int]:
    def form(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise broken(column, "is not a whole number", "write digits only")
        return int(text)

    return form


def _yes_or_no(column: str) -> Callable[[str], bool]:
    def form(text: str) -> bool:
        if text.lower() not in (*_YES, *_NO):
            raise broken(column, "is yes or no", "write yes or no")
        return text.lower() in _YES

    return form


def _text(name: str, *, needed: bool = False, under: str = "") -> Column:
    return Column(name, f"{under}/{name}", needed)


def _day(name: str, *, needed: bool = False, pointer: str = "") -> Column:
    return Column(name, pointer or f"/{name}", needed, day(name))


def _code(name: str) -> Column:
    return Column(name, f"/{name}", True, code(name))


_PAPER = (
    _day("effective_date", needed=True),
    Column("document", "/basis/document", needed=True),
    _day("document_date", needed=True, pointer="/basis/date"),
    Column("clause", "/basis/clause"),
)
"""From when it holds, and the paper it rests on 依据: in each row, or once for the whole file."""

GIVEN = tuple(column.name for column in _PAPER)

PEOPLE = Kind(
    "people",
    career.HireWorker,
    careers.hire_worker,
    (
        _text("community_id", needed=True),
        *(_code(name) for name in ("channel", "post", "education")),
        *(_text(name, needed=True, under="/person") for name in ("name", "identity_number")),
        *(_text(name, under="/person") for name in ("phone", "bank_account")),
        _text("grid_id"),
        _text("candidate_id"),
        Column("counted_years", "/counted_years", form=_whole_number("counted_years")),
        Column("grade", "/grade", form=_whole_number("grade")),
        Column("paid_outside", "/paid_outside", form=_yes_or_no("paid_outside")),
        _day("probation_until"),
        _text("successor_id"),
    ),
    lambda personal, command: [persons.identity_claim(personal, command.person)],
    guarded="community/",
)

_WORKER = _text("worker_id", needed=True)

ASSIGNMENTS = Kind(
    "assignments",
    career.TransferWorker,
    careers.transfer_worker,
    (_WORKER, _text("community_id", needed=True), _text("grid_id"), _text("successor_id")),
)

_YEAR = Column("year", "/year", needed=True, form=_whole_number("year"))
_RATING = _code("rating")

PROPOSALS = Kind(
    "appraisal-proposals", appraisal.ProposeAppraisal, appraisals.propose_appraisal, (_WORKER, _YEAR, _RATING)
)

PUBLICATIONS = Kind(
    "appraisal-publications", appraisal.PublishAppraisal, appraisals.publish_appraisal, (_WORKER, _YEAR)
)

APPRAISALS = Kind("appraisals", appraisal.AppraiseWorker, appraisals.appraise_worker, (_WORKER, _YEAR, _RATING))

TRAINING = Kind(
    "training",
    career.TrainWorker,
    careers.train_worker,
    (
        _WORKER,
        _text("course", needed=True),
        Column("hours", "/hours", needed=True, form=_whole_number("hours")),
        Column("initial", "/initial", form=_yes_or_no("initial")),
    ),
)

CERTIFICATES = Kind(
    "certificates",
    certificates.QualifyWorker,
    qualifications.qualify_worker,
    (_WORKER, _code("certificate"), _text("certificate_number", needed=True), _day("valid_until")),
    lambda personal, command: [qualifications.certificate_claim(personal, command)],
)

KINDS: dict[str, Kind] = {
    kind.name: kind for kind in (PEOPLE, ASSIGNMENTS, PROPOSALS, PUBLICATIONS, APPRAISALS, TRAINING, CERTIFICATES)
}
"""Sheets by their name: people 人员, assignments 调动, appraisals 考核 in their three steps, training 培训,
certificates 职业资格."""
