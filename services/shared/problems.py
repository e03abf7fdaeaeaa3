"""The catalogue of refusals over HTTP, and their form: problem details (RFC 9457)."""

from http import HTTPStatus
from typing import Any

import msgspec
from msgspec import Struct

from shared.refusal import Refused

MEDIA_TYPE = "application/problem+json"

CATALOGUE: dict[str, tuple[int, str]] = {
    # the request itself
    "malformed-body": (400, "The body is not valid JSON in UTF-8."),
    "invalid-body": (422, "The body does not have the shape this command takes."),
    "invalid-parameter": (422, "A parameter of the path, the query or the headers is not valid."),
    "body-too-large": (413, "The body is larger than this service accepts."),
    "body-timeout": (408, "The body did not arrive in time."),
    "idempotency-key-missing": (400, "Every command carries an Idempotency-Key."),
    "idempotency-key-reused": (422, "The Idempotency-Key was used before with another command."),
    "precondition-required": (428, "This command names the version it was decided on."),
    "stale-version": (412, "The subject changed since it was looked at."),
    "busy": (503, "Too many commands at once on the same subject."),
    "storage-unavailable": (503, "The store cannot be reached."),
    "newer-version": (503, "It rests on an event that only a newer version of the ledger knows."),
    "not-found": (404, "There is no such thing, or it is outside your scope."),
    "method-not-allowed": (405, "This path does not take this method."),
    "unauthenticated": (401, "The request carries no valid bearer token."),
    "forbidden": (403, "Your role does not allow this."),
    "unknown-time": (422, "Nothing can be said yet about what is known at that time."),
    "internal": (500, "Something went wrong on our side."),
    # places and seats
    "already-registered": (409, "That id is taken."),
    "unknown-place": (409, "The place does not exist on that day."),
    "quota-full": (409, "All seats are taken on some day."),
    "quota-exceeded": (409, "The seats of the communities would exceed those of the city."),
    "quota-below-heads": (409, "More heads hold seats than the quota would allow."),
    "outside-establishment": (409, "The policy gives other seats."),
    "too-few-seats": (409, "The community has fewer seats than are to be moved."),
    "redraw-incomplete": (409, "A redraw must say what becomes of every closed community and worker."),
    # admission and working life
    "too-old": (409, "Older than the regulation admits on that day."),
    "too-young": (409, "Younger than the regulation admits on that day."),
    "diploma-too-low": (409, "The diploma is below what the regulation asks."),
    "invalid-identity-number": (422, "The identity number is not valid."),
    "identity-number-used": (409, "The identity number already belongs to a worker."),
    "certificate-number-used": (409, "The certificate number is already registered."),
    "candidate-registered": (409, "The person has an open application already."),
    "candidate-missing": (409, "The regulation admits only candidates who passed exam and check."),
    "candidate-not-ready": (409, "The candidate has not passed what the admission asks, or is no candidate any more."),
    "candidate-mismatch": (409, "The candidate is another person, or applied for something else."),
    "no-certificate": (409, "The worker does not hold that certificate on that day."),
    "unknown-class": (409, "No class of that id has begun by that day."),
    "channel-not-open": (409, "No policy in force takes people in by this channel."),
    "path-not-open": (409, "The policy does not open the post by this path."),
    "two-posts-held": (409, "Nobody holds a third post, or one post twice."),
    "no-second-post": (409, "The worker holds one post on that day."),
    "grade-outside-band": (409, "The grade is not open to the post."),
    "no-grades": (409, "The worker's scheme has no grades."),
    "no-policy": (409, "No policy of that scheme is in force on that day."),
    "not-in-service": (409, "The worker is not in service on that day."),
    "already-there": (409, "It is already so."),
    "not-on-probation": (409, "The worker is on no probation on that day."),
    "initial-course-missing": (409, "The initial course is not complete by that day."),
    "probation-over": (409, "The probation is over by that day."),
    "probation-too-long": (409, "The policy has a shorter probation."),
    "not-of-older-scheme": (409, "Only who serves under an older scheme leaves for not being converted."),
    "not-suspended": (409, "The worker is not suspended on that day."),
    "already-converted": (409, "The worker is already under that scheme."),
    "future-year": (409, "The year is not over."),
    "rating-off-scale": (409, "The rating is not on the policy's scale."),
    "appraisal-stage": (409, "The appraisal of that year has not come so far, or is past it."),
    "review-too-late": (409, "The days in which a review can be asked for are over."),
    "review-open": (409, "A review can still be asked for."),
    "excellent-quota-full": (409, "So many of the place may be rated excellent, and no more."),
    "education-not-higher": (409, "The diploma is not higher than the recorded one."),
    "step-off-day": (409, "No policy has steps fall due on that day."),
    "nothing-due": (409, "No step is due that is not recorded."),
    "too-many-at-once": (409, "One act is for so many people at most."),
    "retro-limit": (422, "It is dated further back than is allowed there."),
    "later-act-in-the-way": (409, "An act that holds later would no longer be possible."),
    # voids
    "unknown-command": (404, "No command of that id is in the log."),
    "already-voided": (409, "The command is already voided."),
    "not-voidable": (409, "This kind of command is not voided but superseded."),
    "void-breaks-later-act": (409, "A later act rests on what would be voided."),
    # policy and payroll
    "policy-unsound": (422, "The policy document contradicts itself."),
    "base-off-day": (409, "A base of the scheme starts on another day of the year."),
    "payroll-not-open": (409, "The jurisdiction has no first payroll month."),
    "payroll-already-open": (409, "The first payroll month is already set."),
    "months-in-order": (409, "Months close in order."),
    "run-closed": (409, "The run is closed; a closed run never changes."),
    "run-not-drafted": (409, "The run has no draft."),
    "run-not-approved": (409, "The run has not been approved."),
    "run-moved": (409, "Something changed since the draft was shown."),
    "run-not-closed": (409, "The run is not closed."),
    "run-not-handed-over": (409, "The run is not handed over."),
    "not-reopened": (409, "Nobody reopened the month, or the time for it is over."),
    "reopening-lapsed": (409, "The last day of the reopening is over."),
    "voucher-unbalanced": (409, "A voucher does not balance."),
    "budget-item-missing": (409, "No policy says to which item of the budget it is booked."),
    "unknown-voucher": (409, "The run has no such voucher, or the voucher no such line."),
    "unknown-engine": (409, "That version of the pay engine is not here."),
    "run-blocked": (409, "Something keeps the month from closing."),
    "projection-drifted": (503, "Payroll's figures are held back until they are put right."),
    "stream-parked": (503, "An event that this rests on could not be taken yet."),
    "self-approval": (403, "The person who drafted a run cannot approve it."),
    # what-if
    "scenario-refused": (409, "A command of the scenario would be refused."),
    "scenario-changed": (409, "The digest is that of other commands, or of another position."),
    "budget-exceeded": (409, "A payer has less for the year than it would come to."),
    "scenario-moved": (409, "What the scenario was decided on has moved since."),
    # personal data
    "erased": (410, "The key of this person's data was destroyed."),
    # import
    "too-many-rows": (422, "An atomic import takes so many rows at most."),
    "broken-row": (422, "A row of the file cannot be read."),
}
"""Code → (HTTP status, title). Tested against the code: every code raised stands here, every code here is raised."""


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of every answer of 400 and above."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    pointer: str
    remedy: str
    extra: dict[str, Any] = {}


def problem(refused: Refused) -> Problem:
    """The refusal as problem details. Raises KeyError for a code outside the catalogue."""
    status, title = CATALOGUE[refused.code]
    return Problem(
        type=f"urn:workforce:problem:{refused.code}",
        title=title,
        status=status,
        code=refused.code,
        detail=refused.detail,
        pointer=refused.pointer or "",
        remedy=refused.remedy,
        extra=refused.extra,
    )


def encode(refused: Refused) -> tuple[int, bytes]:
    """(status, JSON bytes) of the answer."""
    body = problem(refused)
    return HTTPStatus(body.status), msgspec.json.encode({"pointer": "", **msgspec.to_builtins(body)})
