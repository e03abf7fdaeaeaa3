"""The names behind the engine's codes: sorted, so that a code never depends on the order of arrival."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from shared.events import Certificate, Education, Post, Rating
from shared.policy_document import Insurance

POSTS = tuple(Post)
CERTIFICATES = (None, *Certificate)
DIPLOMAS = (None, *Education)
RATINGS = (None, *Rating)


class Item(IntEnum):
    """工资项: what a line pays. Basic 基本, performance 绩效, allowance 津补贴; of each insurance the employer's part
    on top 单位缴费 and the worker's own that is taken off 个人扣款; what payers owe each other of a year 年终清算; last
    income tax 个人所得税, which is withheld.
    """

    BASIC = 0
    PERFORMANCE = 1
    ALLOWANCE = 2
    PENSION_UNIT = 3
    PENSION_OWN = 4
    MEDICAL_UNIT = 5
    MEDICAL_OWN = 6
    UNEMPLOYMENT_UNIT = 7
    UNEMPLOYMENT_OWN = 8
    INJURY_UNIT = 9
    INJURY_OWN = 10
    MATERNITY_UNIT = 11
    MATERNITY_OWN = 12
    HOUSING_FUND_UNIT = 13
    HOUSING_FUND_OWN = 14
    ANNUITY_UNIT = 15
    ANNUITY_OWN = 16
    YEAR_END_TRUE_UP = 17
    INCOME_TAX = 18


EARNED_ITEMS = (Item.BASIC, Item.PERFORMANCE, Item.ALLOWANCE)
"""What is worked out from days and rates; contributions are worked out from these."""
UNIT_ITEMS = {insurance: Item[f"{insurance.name}_UNIT"] for insurance in Insurance}
OWN_ITEMS = {insurance: Item[f"{insurance.name}_OWN"] for insurance in Insurance}


class PayerLevel(IntEnum):
    """Who pays a share, in the order of payer identities; suspense 挂账 is an amount whose payer no rule names."""

    CITY = 0
    COMMUNITY = 1
    DISTRICT = 2
    STREET = 3
    SUSPENSE = 4


SUSPENSE = "suspense"
WORKER = "worker"
"""The payer of what is taken off a worker's pay: nobody's budget bears it."""


@dataclass(frozen=True)
class Vocabulary:
    """Code ↔ name. A code is the index into the tuple; posts, certificates and ratings are the same everywhere.

    `payers` are identities: `city/chibi`, `district/…`, `street/…`, `community/…`, `suspense`.
    """

    jurisdiction: str
    workers: tuple[str, ...]
    communities: tuple[str, ...]
    schemes: tuple[str, ...]
    districts: tuple[str, ...]
    payers: tuple[str, ...]
    street_of: Mapping[str, str]
    worker_codes: Mapping[str, int] = field(repr=False)
    community_codes: Mapping[str, int] = field(repr=False)
    scheme_codes: Mapping[str, int] = field(repr=False)
    payer_codes: Mapping[str, int] = field(repr=False)

    def payer(self, level: PayerLevel, community: str, district: str | None) -> int:
        """Who pays on a level for a seat in the community, in that district; suspense where nobody is known."""
        street = self.street_of.get(community)
        name = {
            PayerLevel.CITY: f"city/{self.jurisdiction}",
            PayerLevel.COMMUNITY: f"community/{community}",
            PayerLevel.DISTRICT: f"district/{district}" if district else SUSPENSE,
            PayerLevel.STREET: f"street/{street}" if street else SUSPENSE,
            PayerLevel.SUSPENSE: SUSPENSE,
        }[level]
        return self.payer_codes[name]


def vocabulary(
    jurisdiction: str,
    *,
    workers: Iterable[str],
    schemes: Iterable[str],
    street_of: Mapping[str, str],
    communities: Iterable[str] = (),
    districts: Iterable[str] = (),
    payers: Iterable[str] = (),
) -> Vocabulary:
    """A vocabulary of these names. `street_of` maps a registered community to its street; `communities` adds others.

    `payers` adds those of lines paid before to those that the places make.
    """
    sorted_communities = tuple(sorted({*street_of, *communities}))
    sorted_districts = tuple(sorted(set(districts)))
    of_places = [
        f"city/{jurisdiction}",
        *(f"community/{name}" for name in sorted_communities),
        *(f"district/{name}" for name in sorted_districts),
        *(f"street/{name}" for name in street_of.values()),
        SUSPENSE,
        WORKER,
    ]
    names = {
        "workers": tuple(sorted(set(workers))),
        "communities": sorted_communities,
        "schemes": tuple(sorted(set(schemes))),
        "payers": tuple(sorted({*of_places, *payers})),
    }
    return Vocabulary(
        jurisdiction=jurisdiction,
        districts=sorted_districts,
        street_of=dict(street_of),
        worker_codes=_codes(names["workers"]),
        community_codes=_codes(names["communities"]),
        scheme_codes=_codes(names["schemes"]),
        payer_codes=_codes(names["payers"]),
        **names,
    )


def _codes(names: Iterable[str]) -> dict[str, int]:
    return {name: code for code, name in enumerate(names)}


POST_CODES: Mapping[str, int] = {name.value: code for code, name in enumerate(POSTS)}
CERTIFICATE_CODES: Mapping[str, int] = {name.value: code for code, name in enumerate(CERTIFICATES) if name}
DIPLOMA_CODES: Mapping[str, int] = {name.value: code for code, name in enumerate(DIPLOMAS) if name}
RATING_CODES: Mapping[str, int] = {name.value: code for code, name in enumerate(RATINGS) if name}
RATING_STRIDE = len(RATINGS)


ENDED = "-"
"""Before the name of a certificate: it counts no longer from the day of the fact on."""
CERTIFICATE_STRIDE = len(CERTIFICATES)


def certificate_change(text: str) -> int:
    """The code of a certificate that is registered, `CERTIFICATE_STRIDE` more for `-` and one that ends."""
    code = CERTIFICATE_CODES[text.removeprefix(ENDED)]
    return code + CERTIFICATE_STRIDE if text.startswith(ENDED) else code


EARNED = "+"
"""Before the name of a diploma: it was earned in service, so that it counts from when the policy says."""
DIPLOMA_STRIDE = len(DIPLOMAS)


def diploma_held(text: str) -> int:
    """The code of a diploma held on entry, `DIPLOMA_STRIDE` more for `+` and one earned in service."""
    code = DIPLOMA_CODES[text.removeprefix(EARNED)]
    return code + DIPLOMA_STRIDE if text.startswith(EARNED) else code


def rating_of_year(text: str) -> int:
    """`2023 excellent` as `RATING_STRIDE` × year + code of the rating: a later year is a greater number."""
    year, _, rating = text.partition(" ")
    return int(year) * RATING_STRIDE + RATING_CODES[rating]
