"""Synthetic people: names, valid identity numbers and bank accounts from a seed; nobody lives."""

from random import Random
from typing import Any

from stdnum.cn import ric

_FAMILY = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕张孔曹严华金魏陶姜"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰春梅红建国志文海燕"
_DIVISION = "421281"


class People:
    """An endless queue of persons, each with an identity number of their own."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._sequence: dict[str, int] = {}

    def person(self, *, oldest_birth_year: int = 1984, youngest_birth_year: int = 1998) -> dict[str, Any]:
        """Name, identity number, phone and bank account."""
        born = f"{self._random.randint(oldest_birth_year, youngest_birth_year)}"
        born += f"{self._random.randint(1, 12):02d}{self._random.randint(1, 28):02d}"
        self._sequence[born] = self._sequence.get(born, 0) + 1
        number = f"{_DIVISION}{born}{self._sequence[born]:03d}"
        name = self._random.choice(_FAMILY) + "".join(self._random.sample(_GIVEN, self._random.randint(1, 2)))
        return {
            "name": name,
            "identity_number": number + ric.calc_check_digit(number + "0"),
            "phone": f"1990000{self._random.randint(0, 9999):04d}",
            "bank_account": f"6200000000{self._random.randint(0, 999999):06d}",
        }
