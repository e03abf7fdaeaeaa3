"""Identity numbers 公民身份号码: the check of GB 11643 and the birth date they carry."""

from datetime import date

from stdnum.cn import ric
from stdnum.exceptions import ValidationError

from shared.refusal import Refused


def check_identity_number(number: str, pointer: str) -> date:
    """The birth date in a valid number. Refused `invalid-identity-number`; the number itself is never repeated."""
    try:
        if number != ric.compact(number):
            raise ValueError("spaces or separators")
        ric.validate(number)
        born = ric.get_birth_date(number)
    except (ValidationError, ValueError, IndexError):
        raise Refused(
            "invalid-identity-number",
            "the number does not pass the check of GB 11643 (length, region, date or check digit)",
            pointer=pointer,
            remedy="compare all 18 characters with the identity card",
        ) from None
    return date(born.year, born.month, born.day)
