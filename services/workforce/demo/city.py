"""The place of the story: four streets, 27 communities that become 31, their grids and their seats, by arithmetic."""

from dataclasses import dataclass

CITY = "chibi"
STREETS = {
    "puqi": ("蒲圻街道", "street"),
    "chimagang": ("赤马港街道", "street"),
    "lushuihu": ("陆水湖街道", "street"),
    "pufang": ("蒲纺工业园区", "unit"),
}
COMMUNITIES, SPLIT = 31, 4
COMMITTEE_SEATS, DEDICATED_SEATS, GRIDS, COMPOUNDS = 227, 308, 263, 534


@dataclass(frozen=True)
class Place:
    """A community as it is after the redraw; `old_id` is the community it was before."""

    community_id: str
    old_id: str
    street_id: str
    title: str
    committee: int
    dedicated: int
    grids: int
    compounds: int
    population: int
    households: int
    lacks_member: bool

    @property
    def opened(self) -> bool:
        """Opened by the redraw."""
        return self.community_id != self.old_id

    @property
    def posts(self) -> list[str]:
        """The posts of its committee: a head, two deputies, members."""
        return ["head", "deputy", "deputy", *["member"] * (self.committee - 3)]

    @property
    def posts_vacant(self) -> list[str]:
        """What the reform has to fill: the leaders of a second half, or one member."""
        if self.community_id.endswith("b"):
            return self.posts[:3]
        return ["member"] if self.lacks_member else []

    @property
    def posts_filled(self) -> list[str]:
        """Who was in post before the reform."""
        filled = self.posts
        for post in self.posts_vacant:
            filled.remove(post)
        return filled

    @property
    def grid_ids(self) -> list[str]:
        """Its grids."""
        return [f"{self.community_id}-g{number:02d}" for number in range(1, self.grids + 1)]


def places() -> list[Place]:
    """The 31 communities after the redraw, in order; the first four pairs were one community each."""
    committee, dedicated = _spread(COMMITTEE_SEATS), _spread(DEDICATED_SEATS)
    grids, compounds = _spread(GRIDS), _spread(COMPOUNDS)
    streets = list(STREETS)
    found = []
    for number in range(COMMUNITIES):
        pair, half = divmod(number, 2) if number < 2 * SPLIT else (number - SPLIT, 0)
        old_id = f"c{pair + 1:02d}"
        name = old_id + ("a", "b")[half] if number < 2 * SPLIT else old_id
        population = _population(number)
        found.append(
            Place(
                community_id=name,
                old_id=old_id,
                street_id=streets[pair % len(streets)],
                title=f"第{pair + 1}社区" + (("东", "西")[half] if number < 2 * SPLIT else ""),
                committee=committee[number],
                dedicated=dedicated[number],
                grids=grids[number],
                compounds=compounds[number],
                population=population,
                households=population // 3,
                lacks_member=number >= COMMUNITIES - 14,
            )
        )
    return found


def _spread(total: int) -> list[int]:
    """A total over the communities, as even as whole numbers allow."""
    each, rest = divmod(total, COMMUNITIES)
    return [each + (number < rest) for number in range(COMMUNITIES)]


def _population(number: int) -> int:
    """Before the redraw three communities are above 30,000 people and eleven above 10,000."""
    if number < 6:
        return 15_600 + 100 * number
    return 6_500 if number < 8 else (11_000 + 250 * number if number < 15 else 3_000 + 180 * number)
