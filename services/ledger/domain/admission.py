"""Who may be admitted: age and diploma on the day, as the policy asks 逢进必考."""

from datetime import date

from ledger.domain.standing import Standing
from shared.events import Channel, Education, Post, PostPath
from shared.policy_document import PolicyDocument
from shared.refusal import Refused

_DIPLOMAS = list(Education)
_UNEXAMINED = (Channel.ELECTION, Channel.APPOINTMENT)


def age_on(birth_date: date, day: date) -> int:
    """Completed years of life on the day."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


def check_admission(
    document: PolicyDocument,
    channel: Channel,
    post: Post,
    *,
    birth_date: date,
    education: Education,
    day: date,
    examined: bool = False,
) -> None:
    """A post with conditions is entered by exam, on those conditions, or by conversion from the old scheme.

    `examined`: there is a candidate, whose age and diploma were judged on the day of the exam.
    Refused `channel-not-open` for an election or appointment to it; `candidate-missing`, and as `check_conditions`
    says, for an exam.
    """
    condition = document.admission.get(post.value)
    if condition is None:
        return
    if condition.by_exam and channel in _UNEXAMINED:
        raise Refused(
            "channel-not-open",
            f"{document.policy_id} admits a {post} by exam, not by {channel}",
            pointer="/channel",
            remedy="hire by exam, or to a post that is filled by election or appointment",
        )
    if channel in (Channel.CONVERSION, Channel.LEGACY) or examined:
        return
    if condition.candidate_record and channel is Channel.EXAM:
        raise Refused(
            "candidate-missing",
            f"{document.policy_id} admits a {post} only as a candidate who passed the exam and the check",
            pointer="/candidate_id",
            remedy="register the candidate, record exam and check, and name candidate_id",
        )
    check_conditions(document, post, birth_date=birth_date, education=education, day=day)


def check_path(document: PolicyDocument, standing: Standing, post: Post, path: PostPath | None) -> None:
    """Rule 13: the policy says by which ways a post is come by in service, if it says any; one that is entered by exam
    alone is come by without a word only by whoever passed one, or was converted. Refused `path-not-open`."""
    change, condition = document.post_changes.get(post.value), document.admission.get(post.value)
    if change is not None and path not in change.paths:
        ways = " or ".join(change.paths)
        raise Refused(
            "path-not-open",
            f"{document.policy_id} opens the post {post} by {ways}, not {f'by {path}' if path else 'without a path'}",
            pointer="/path",
            remedy=f"give the path by which the post was come by: {ways}",
        )
    if change is None and condition is not None and condition.by_exam and standing.channel in _UNEXAMINED:
        raise Refused(
            "path-not-open",
            f"{document.policy_id} admits a {post} by exam; the worker came by {standing.channel}",
            pointer="/post",
            remedy="end the service and hire again by exam, or enact a policy whose post_changes open the post",
        )


def check_conditions(
    document: PolicyDocument, post: Post, *, birth_date: date, education: Education, day: date
) -> None:
    """Age and diploma on the day. Refused `too-old`, `too-young`, `diploma-too-low`."""
    condition = document.admission.get(post.value)
    if condition is None:
        return
    age = age_on(birth_date, day)
    if age > condition.oldest:
        raise Refused(
            "too-old",
            f"{age} years old on {day}; {document.policy_id} admits a {post} up to {condition.oldest}",
            pointer="/person/identity_number",
            remedy="check the identity number and the effective date; the age limit has no exception for an exam hire",
        )
    if age < condition.youngest:
        raise Refused(
            "too-young",
            f"{age} years old on {day}; {document.policy_id} admits a {post} from {condition.youngest} on",
            pointer="/person/identity_number",
            remedy="check the identity number and the effective date",
        )
    if _DIPLOMAS.index(education) < _DIPLOMAS.index(Education(condition.education)):
        raise Refused(
            "diploma-too-low",
            f"the diploma {education} is below {condition.education}, which {document.policy_id} asks of a {post}",
            pointer="/education",
            remedy=f"hire with a diploma of {condition.education} or above, or correct the recorded diploma",
        )
