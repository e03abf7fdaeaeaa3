"""Policy files: YAML as people write it, read without a float in between, and what is wrong with one at which line."""

from pathlib import Path
from typing import Any

import msgspec
import yaml
from msgspec import Struct

from payroll.engine import uncomputed
from payroll.engine.policy_versions import version_of
from shared.policy_document import PolicyDocument, as_written, faults, remarks
from shared.policy_words import unknown_words
from workforce.policy_places import Placed, placed
from workforce.policy_shape import shape_faults


class PolicyFileError(ValueError):
    """The file cannot be read as a policy; the message names each place."""


class Finding(Struct, frozen=True):
    """Something to say about one place of a file: the line and column, the key there as a JSON pointer, what it is."""

    line: int
    column: int
    key: str
    detail: str


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
    twice = [Finding(*place, pointer, "the key stands here a second time") for pointer, place in found.twice]
    misshapen = _findings(found, shape_faults(PolicyDocument, found.value))
    if misshapen:
        return Checked(_by_line([*twice, *misshapen]))
    document = msgspec.convert(found.value, PolicyDocument, strict=False)
    wrong = _findings(found, [*faults(document), *unknown_words(document)])
    left = uncomputed(version_of(document))
    unpaid = [(f"/{part}", f"payroll closes no month on this: {why}") for part, why in left]
    notes = _findings(found, [*remarks(document), *unpaid])
    return Checked(_by_line([*twice, *wrong]), _by_line(notes), document)


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
    return f"{path}:{finding.line}:{finding.column}: {key}{finding.detail}"


def _findings(found: Placed, said_of: list[tuple[str, str]]) -> list[Finding]:
    return [Finding(*found.at(pointer), pointer, sentence) for pointer, sentence in said_of]


def _by_line(findings: list[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: (finding.line, finding.column, finding.key))


def _unreadable(error: yaml.YAMLError) -> Finding:
    mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
    detail = (error.problem if isinstance(error, yaml.MarkedYAMLError) else None) or str(error)
    return Finding(mark.line + 1 if mark else 1, mark.column + 1 if mark else 1, "", f"this is no YAML: {detail}")
