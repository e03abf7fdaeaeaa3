"""老人老办法: somebody of an older scheme comes under the one that is open to conversion."""

from datetime import date

from msgspec import UNSET

from ledger.domain.career import Brought, Grade, Years, admitting, grade_of
from ledger.domain.command import Id, WorkerCommand
from ledger.domain.policy import Policies
from ledger.domain.standing import Standing
from shared.events import Channel, Post, WorkerConverted
from shared.policy_document import PolicyDocument
from shared.refusal import Refused


class ConvertWorker(WorkerCommand, frozen=True, kw_only=True):
    """From the old scheme to the one open to conversion; the basis names the evidence. Without a place it stays."""

    post: Post
    community_id: Id | None = None
    grid_id: Id | None = None
    counted_years: Years = 0
    grade: Grade | None = None


def convert(command: ConvertWorker, standing: Standing, policies: Policies) -> WorkerConverted:
    """Refused `channel-not-open` by the document or after its last day of conversions, `no-policy`."""
    document = admitting(Channel.CONVERSION, command.post, command.effective_date, policies)
    _check_legacy(document, standing.scheme, command.effective_date)
    brought = Brought(standing.diplomas, standing.certificates, command.counted_years)
    stays = command.community_id is None or command.community_id == standing.community_id
    return WorkerConverted(
        from_scheme=standing.scheme,
        scheme=document.scheme,
        from_community_id=standing.community_id,
        community_id=command.community_id or standing.community_id,
        grid_id=command.grid_id or (standing.grid_id if stays else None),
        post=command.post,
        grade=grade_of(command.post, command.grade, brought, document),
        counted_years=command.counted_years or UNSET,
    )


def _check_legacy(document: PolicyDocument, scheme: str, day: date) -> None:
    """Rule 21: a policy that names older schemes takes over their people alone, each until its last day."""
    if not document.legacy or scheme == document.scheme:
        return
    older = next((one for one in document.legacy if one.scheme == scheme), None)
    if older is None:
        named = " and ".join(one.scheme for one in document.legacy)
        raise Refused(
            "channel-not-open",
            f"{document.policy_id} takes over people of {named}, not of {scheme}",
            pointer="/worker_id",
            remedy=f"enact a document of {document.scheme} whose legacy names {scheme} too",
        )
    if older.until is not None and day > older.until:
        raise Refused(
            "channel-not-open",
            f"{document.policy_id} takes over people of {scheme} until {older.until}, not on {day}",
            pointer="/effective_date",
            remedy=f"date the conversion on {older.until} or before, or enact a document with a later last day",
        )
