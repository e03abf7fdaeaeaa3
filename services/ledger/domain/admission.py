"""Who may be admitted: age and diploma on the day, as the policy asks 逢进必考."""

from datetime import date

from shared.events import Channel, Education, Post
from shared.policy_document import PolicyDocument
from shared.refusal import Refused

_DIPLOMAS = list(Education)


def age_on(birth_date: date, day: date) -> int:
    """Completed years of life on the day."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


def check_admission(
    document: PolicyDocument, channel: Channel, post: Post, *, birth_date: date, education: Education, day: date
) -> None:
    """A post with conditions is entered by exam, on those conditions, or by conversion from the old scheme.

    Refused `channel-not-open` for an election or appointment to it, `too-old` and `diploma-too-low` for an exam.
    """
    condition = document.admission.get(post.value)
    if condition is None:
        return
    if channel in (Channel.ELECTION, Channel.APPOINTMENT):
        raise Refused(
            "channel-not-open",
            f"{document.policy_id} admits a {post} by exam, not by {channel}",
            pointer="/channel",
            remedy="hire by exam, or to a post that is filled by election or appointment",
        )
    if channel is not Channel.EXAM:
        return
    age = age_on(birth_date, day)
    if age > condition.oldest:
        raise Refused(
            "too-old",
            f"{age} years old on {day}; {document.policy_id} admits a {post} up to {condition.oldest}",
            pointer="/person/identity_number",
            remedy="check the identity number and the effective date; the age limit has no exception for an exam hire",
        )
    if _DIPLOMAS.index(education) < _DIPLOMAS.index(Education(condition.education)):
        raise Refused(
            "diploma-too-low",
            f"the diploma {education} is below {condition.education}, which {document.policy_id} asks of a {post}",
            pointer="/education",
            remedy=f"hire with a diploma of {condition.education} or above, or correct the recorded diploma",
        )
