"""The names behind the engine's codes: sorted, so that a code never depends on the order of arrival."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from shared.events import Certificate, Post, Rating

POSTS = tuple(Post)
CERTIFICATES = (None, *Certificate)
RATINGS = (None, *Rating)


class Item(IntEnum):
    """工资项: what a line pays. Basic 基本, performance 绩效, allowance 津补贴."""

    BASIC = 0
    PERFORMANCE = 1
    ALLOWANCE = 2


class PayerLevel(IntEnum):
    """Who pays a share, in the order of payer identities; suspense 挂账 is an amount whose payer no rule names."""

    CITY = 0
    COMMUNITY = 1
    DISTRICT = 2
    STREET = 3
    SUSPENSE = 4


@dataclass(frozen=True)
class Vocabulary:
    """Code ↔ name. A code is the index into the tuple; posts, certificates and ratings are the same everywhere."""

    jurisdiction: str
    workers: tuple[str, ...]
    communities: tuple[str, ...]
    schemes: tuple[str, ...]
    street_of: Mapping[str, str]
    district_of: Mapping[str, str]
    worker_codes: Mapping[str, int] = field(repr=False)
    community_codes: Mapping[str, int] = field(repr=False)
    scheme_codes: Mapping[str, int] = field(repr=False)

    def payer(self, level: int, community: int) -> str:
        """The payer's identity: `city/chibi`, `district/…`, `street/…`, `community/…`, `suspense`."""
        name = self.communities[community]
        street = self.street_of.get(name)
        if level == PayerLevel.CITY:
            return f"city/{self.jurisdiction}"
        if level == PayerLevel.COMMUNITY:
            return f"community/{name}"
        if level == PayerLevel.STREET and street is not None:
            return f"street/{street}"
        if level == PayerLevel.DISTRICT and street is not None and street in self.district_of:
            return f"district/{self.district_of[street]}"
        return "suspense"


def vocabulary(
    jurisdiction: str,
    *,
    workers: Iterable[str],
    schemes: Iterable[str],
    street_of: Mapping[str, str],
    communities: Iterable[str] = (),
    district_of: Mapping[str, str] | None = None,
) -> Vocabulary:
    """A vocabulary of these names. `street_of` maps a registered community to its street; `communities` adds others.

    `district_of` maps a street to its district, as the policies say.
    """
    sorted_workers = tuple(sorted(set(workers)))
    sorted_communities = tuple(sorted({*street_of, *communities}))
    sorted_schemes = tuple(sorted(set(schemes)))
    return Vocabulary(
        jurisdiction,
        sorted_workers,
        sorted_communities,
        sorted_schemes,
        dict(street_of),
        dict(district_of or {}),
        {name: code for code, name in enumerate(sorted_workers)},
        {name: code for code, name in enumerate(sorted_communities)},
        {name: code for code, name in enumerate(sorted_schemes)},
    )


POST_CODES: Mapping[str, int] = {name.value: code for code, name in enumerate(POSTS)}
CERTIFICATE_CODES: Mapping[str, int] = {name.value: code for code, name in enumerate(CERTIFICATES) if name}
RATING_CODES: Mapping[str, int] = {name.value: code for code, name in enumerate(RATINGS) if name}
RATING_STRIDE = len(RATINGS)


ENDED = "-"
"""Before the name of a certificate: it counts no longer from the day of the fact on."""
CERTIFICATE_STRIDE = len(CERTIFICATES)


def certificate_change(text: str) -> int:
    """The code of a certificate that is registered, `CERTIFICATE_STRIDE` more for `-` and one that ends."""
    code = CERTIFICATE_CODES[text.removeprefix(ENDED)]
    return code + CERTIFICATE_STRIDE if text.startswith(ENDED) else code


def rating_of_year(text: str) -> int:
    """`2023 excellent` as `RATING_STRIDE` × year + code of the rating: a later year is a greater number."""
    year, _, rating = text.partition(" ")
    return int(year) * RATING_STRIDE + RATING_CODES[rating]


LEVEL_OF_PAYER: Mapping[str, PayerLevel] = {level.name.lower(): level for level in PayerLevel}
