"""Identity numbers 公民身份号码: the check of GB 11643 and the birth date they carry."""

from datetime import date
from functools import lru_cache

from stdnum import numdb
from stdnum.cn import ric
from stdnum.exceptions import ValidationError
from stdnum.util import isdigits

from shared.refusal import Refused


def canonical(number: str) -> str:
    """The one way to write a number: people type the check character X small as often as capital."""
    return number.upper()


def check_identity_number(number: str, pointer: str, *, on: date) -> date:
    """The birth date in a valid canonical number. Refused `invalid-identity-number`; the number is never repeated.

    The division code must exist, but not already in the year of birth: numbers are given at registration, so people
    born before a code was introduced carry it (Chibi's 421281 dates from 1998).
    """
    try:
        return _birth_date(number, on)
    except (ValidationError, ValueError) as error:
        raise Refused(
            "invalid-identity-number",
            f"the number does not pass the check of GB 11643: {str(error) or 'a part of it is impossible'}",
            pointer=pointer,
            remedy="compare all 18 characters with the identity card",
        ) from None


@lru_cache(maxsize=4096)
def _is_division(code: str) -> bool:
    """Whether there is, or was, a division of that code; those of one city are few, and looked for again and again."""
    return any(properties for _, properties in numdb.get("cn/loc").info(code))


def _birth_date(number: str, on: date) -> date:
    if len(number) != 18 or not number.isascii() or not isdigits(number[:-1]):
        raise ValueError("it has 17 digits and a digit or X")
    if number[-1] != ric.calc_check_digit(number):
        raise ValueError("the check digit is wrong")
    if not _is_division(number[:6]):
        raise ValueError("the division code does not exist")
    born = ric.get_birth_date(number)
    if born > on:
        raise ValueError("the birth date lies after the effective date")
    return date(born.year, born.month, born.day)
