"""Whether every part of a policy document says where it comes from."""

import msgspec

from shared.policy_document.document import PolicyDocument

_NEEDS_NONE = {"policy_id", "jurisdiction", "scheme", "title", "sources"}

Remark = tuple[str, str]
"""(JSON pointer, sentence)"""


def remarks(document: PolicyDocument) -> list[Remark]:
    """What no paper is named for, and sources of what is not there. Neither makes a document unsound."""
    named = {source.part.partition("/")[0] for source in document.sources}
    silent = [(f"/{part}", f"no source says where {part} comes from") for part in _said(document) if part not in named]
    idle = [
        (f"/sources/{number}/part", f"there is no {source.part} in the document")
        for number, source in enumerate(document.sources)
        if not _stands(document, source.part)
    ]
    return silent + idle


def _said(document: PolicyDocument) -> list[str]:
    """The parts that say something else than their default."""
    return [
        field.name
        for field in msgspec.structs.fields(document)
        if field.name not in _NEEDS_NONE
        and getattr(document, field.name)
        != (field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory())
    ]


def _stands(document: PolicyDocument, part: str) -> bool:
    """Whether the path leads somewhere; into a list it names what one of its entries has."""
    found = [document]
    for name in part.split("/"):
        entries = [entry for each in found for entry in (each if isinstance(each, tuple) else [each])]
        if not any(isinstance(entry, dict | msgspec.Struct) for entry in entries):
            return False
        below = [entry.get(name) if isinstance(entry, dict) else getattr(entry, name, None) for entry in entries]
        found = [each for each in below if each is not None]
    return bool(found)
