"""Policy files: YAML as people write it, read without a float in between, and what is wrong with one at which line."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct

from payroll.engine.policy_versions import version_of
from shared.policy_check import Fault, order_gaps, wrong_with
from shared.policy_check.mending import readings
from shared.policy_document import Level, PolicyDocument, Proration, as_written, remarks
from workforce.policy_places import Placed, placed


class PolicyFileError(ValueError):
    """The file cannot be read as a policy; the message names each place."""


class Finding(Struct, frozen=True):
    """Something to say of one place of a file: line and column, the key as a JSON pointer, what it is, the way out."""

    line: int
    column: int
    key: str
    detail: str
    remedy: str = ""


class Checked(Struct, frozen=True):
    """What a check of a file found: what is wrong, what is worth knowing, and the document where it can be read."""

    wrong: list[Finding]
    notes: list[Finding] = []
    document: PolicyDocument | None = None


def check_policy(path: Path) -> Checked:
    """Everything that is wrong with the file, in the order of its lines. Raises OSError and UnicodeDecodeError."""
    try:
        found = placed(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        return Checked([_unreadable(error)])
    again = "the key stands here a second time"
    twice = [Finding(*place, pointer, again, "keep one of both") for pointer, place in found.twice]
    wrong = _by_line([*twice, *_findings(found, wrong_with(found.value))])
    if wrong:
        return Checked(wrong)
    (document,) = readings(found.value)
    return Checked([], _by_line(_findings(found, notes_on(document))), document)


def notes_on(document: PolicyDocument) -> list[Fault]:
    """What is worth knowing of a sound document, and keeps nobody from enacting it."""
    sourced = [Fault(pointer, said, "name the paper under sources") for pointer, said in remarks(document)]
    return [*sourced, *_waits(document), *order_gaps(document), *_unpaid(document)]


def _unpaid(document: PolicyDocument) -> Iterator[Fault]:
    """Shares that come to no payer: what no rule names is in suspense, and a district pays where there is one."""
    for number, rule in enumerate(document.funding):
        fixed = sum(rule.shares.values(), Decimal(0))
        if fixed < 1 and rule.remainder is None:
            detail = f"{1 - fixed:f} of it has no payer and stays in suspense 挂账, so that no month closes"
            yield Fault(
                f"/funding/{number}/shares", detail, "add the payer, or say under remainder who shares the rest"
            )
        for name in ("shares", "remainder"):
            if Level.DISTRICT in (getattr(rule, name) or {}) and not any(
                one.streets for one in document.districts.values()
            ):
                detail = "the district of a seat's street pays, and no street lies in a district"
                yield Fault(
                    f"/funding/{number}/{name}/district",
                    detail,
                    "list the districts with their streets under districts",
                )
    for name, district in document.districts.items():
        if not district.streets:
            yield Fault(f"/districts/{name}/streets", "no street lies in this district", "enter the ids of its streets")


def _waits(document: PolicyDocument) -> Iterator[Fault]:
    """What payroll closes no month on as the document stands."""
    if version_of(document).waits_for_wage():
        detail = "payroll closes no month on this: no average annual wage is published for it yet"
        yield Fault("/ladder/base", detail, "publish the base")
    calendar = document.working_calendar
    if document.proration is Proration.WORKING_DAYS and calendar is None:
        detail = "payroll closes no month of which only a part is paid: no calendar says which days count"
        yield Fault("/proration", detail, "write the days of rest and the made-up days under working_calendar")


def read_document(path: Path) -> PolicyDocument:
    """The document of a file. Raises PolicyFileError, with every place that is wrong."""
    try:
        checked = check_policy(path)
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyFileError(f"{path}: {error}") from error
    if checked.wrong or checked.document is None:
        raise PolicyFileError("; ".join(said(path, finding) for finding in checked.wrong))
    return checked.document


def read_policy(path: Path) -> dict[str, Any]:
    """The document as JSON-ready values, checked for shape, figures and words. Raises PolicyFileError."""
    return dict(as_written(read_document(path)))


def said(path: Path, finding: Finding) -> str:
    """`policies/chibi-2020.yaml:17:5: /ladder/base/share: …`, as editors jump to it."""
    key = f"{finding.key}: " if finding.key else ""
    remedy = f" → {finding.remedy}" if finding.remedy else ""
    return f"{path}:{finding.line}:{finding.column}: {key}{finding.detail}{remedy}"


def _findings(found: Placed, said_of: list[Fault]) -> list[Finding]:
    return [Finding(*found.at(fault.pointer), *fault) for fault in said_of]


def _by_line(findings: list[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: (finding.line, finding.column, finding.key))


def _unreadable(error: yaml.YAMLError) -> Finding:
    mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
    detail = (error.problem if isinstance(error, yaml.MarkedYAMLError) else None) or str(error)
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    remedy = "indent with spaces, never with tabs" if "\\t" in detail else "see the line and the one above it"
    return Finding(line, column, "", f"this is no YAML: {detail}", remedy)
