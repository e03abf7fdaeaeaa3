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
    """Refused `too-old` or `diploma-too-low` for an exam hire beyond the post's conditions on the day."""
    condition = document.admission.get(post.value)
    if channel is not Channel.EXAM or condition is None:
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
