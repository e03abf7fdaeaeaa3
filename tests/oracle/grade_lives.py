"""Random lives under random grade rules, as the plain acts and policies that the slow oracle of grades reads."""

from datetime import date, timedelta
from random import Random
from typing import Any

from tests.oracle.grades import LEVELS, Act, Policy, entry, policy_on

RATINGS = ["excellent", "competent", "marginal", "unfit"]
CERTIFICATES = ["assistant", "social_worker", "senior"]
POSTS = ["dedicated", "member", "deputy", "head"]
STARTS = ["registration", "next-month", "next-year"]
FIRST, LAST = date(2011, 1, 1), date(2027, 12, 31)


def random_policies(random: Random) -> list[Policy]:
    """One to three versions; what a version does not change it keeps."""
    rules = _rules(random)
    bands = {"dedicated": (1, 8), "member": (3, 10), "deputy": (5, 12), "head": (7, 14)}
    found = [{"from": date(2010, 1, 1), "rules": rules, "bands": bands}]
    for year in sorted(random.sample(range(2013, 2026), random.choice([0, 0, 1, 2]))):
        new = _rules(random)
        changed = random.sample(sorted(new), random.randint(1, 6))
        rules = {**rules, **{name: new[name] for name in changed}}
        if random.random() < 0.3:
            lift = random.choice([-1, 1, 2])
            bands = {post: (max(low + lift, 1), high + random.choice([0, lift])) for post, (low, high) in bands.items()}
        day = date(year, random.choice([1, 1, 3, 7, 10]), random.choice([1, 15]))
        found.append({"from": day, "rules": None if random.random() < 0.05 else rules, "bands": bands})
    return found


def _rules(random: Random) -> dict[str, Any]:
    some = random.random
    early = {"in_a_row": random.randint(1, 3), "most": random.randint(1, 3), "rating": "excellent"}
    return {
        "years_per_step": random.randint(1, 4),
        "education_steps": _worths(random, LEVELS[2:]) if some() < 0.7 else {},
        "education_years": _worths(random, LEVELS[2:]) if some() < 0.3 else {},
        "education_several": random.choice(["highest", "adding"]),
        "education_starts": random.choice(STARTS),
        "certificate_steps": _worths(random, CERTIFICATES) if some() < 0.7 else {},
        "certificate_several": random.choice(["highest", "adding"]),
        "certificate_starts": random.choice(STARTS),
        "entry_grades": {},
        "year_by": random.choice(["service", "calendar"]),
        "uncounted_ratings": random.choice([[], ["unfit"], ["marginal", "unfit"]]),
        "unrated_year_counts": some() < 0.7,
        "gate_ratings": random.choice([[], [], ["excellent", "competent"]]),
        "early_steps": {**early, "steps": random.choice([1, 1, 2])} if some() < 0.5 else None,
        "effective": random.choice(["01-01", "01-01", "07-01", "10-15"]),
        "years_kept_in_new_post": some() < 0.7,
        "years_kept_on_rehire": some() < 0.7,
    }


def _worths(random: Random, names: list[str]) -> dict[str, int]:
    return {name: random.randint(0, 1) + number for number, name in enumerate(names)}


class Life:
    """One life while it is made up; the acts in the order of writing are `acts`."""

    def __init__(self, random: Random, policies: list[Policy]) -> None:
        self.random, self.policies = random, policies
        self.acts: list[Act] = []
        self.diplomas: list[str] = []
        self.held: list[str] = []
        self.serving, self.scheme, self.post = False, "", ""
        self.grade: int | None = None

    def told(self) -> list[Act]:
        """A life of some fifteen years."""
        random = self.random
        day = FIRST + timedelta(days=random.randint(0, 1500))
        self._enter(day, "hire", random.choice(["ladder", "ladder", "legacy"]))
        kinds = ["rate"] * 9 + ["educate", "post", "regrade", "leave"] * 2 + ["qualify", "end"] * 3 + ["convert"] * 3
        while True:
            day += timedelta(days=random.choice([0, 1, 20, 60, 120, 200, 365]))
            if day > LAST:
                return self._written()
            getattr(self, f"_{random.choice(kinds)}")(day) if self.serving else self._back(day)

    def _written(self) -> list[Act]:
        """Some of what moves no grade of record was written late, and appraisals are redone."""
        late = [
            act for act in self.acts if act["what"] in ("rate", "educate", "qualify") and self.random.random() < 0.2
        ]
        return [act for act in self.acts if not any(act is one for one in late)] + late

    def _add(self, day: date, what: str, **fields: Any) -> None:
        self.acts.append({"on": day, "what": what, **fields})
        if "grade" in fields:
            self.grade = fields["grade"]

    def _enter(self, day: date, what: str, scheme: str) -> None:
        level = max([1, *(LEVELS.index(one) for one in self.diplomas)])
        education = LEVELS[self.random.choice([level, level, max(level, 2)])]
        self.diplomas = [one for one in self.diplomas if LEVELS.index(one) < LEVELS.index(education)] + [education]
        self.serving, self.scheme, self.post = True, scheme, self.random.choice(POSTS[:3])
        counted = self.random.choice([0, 0, 3, 7])
        policy = policy_on(self.policies, day)
        lost = what == "rehire" and policy and policy["rules"] and not policy["rules"]["years_kept_on_rehire"]
        grade = self._placed(day, 0 if lost else counted)
        self._add(day, what, scheme=scheme, post=self.post, education=education, counted_years=counted, grade=grade)

    def _placed(self, day: date, counted: int) -> int | None:
        """By the rule, or sometimes by a paper."""
        policy = policy_on(self.policies, day)
        if self.scheme != "ladder" or policy is None:
            return None
        if self.random.random() < 0.2:
            return self.random.randint(*policy["bands"][self.post])
        return entry(policy, self.post, counted, self.diplomas, self.held)[0]

    def _back(self, day: date) -> None:
        if self.held and self.random.random() < 0.2:
            self._end(day)
        self._enter(day, "rehire", "ladder")

    def _leave(self, day: date) -> None:
        self.serving = False
        self._add(day, "leave")

    def _rate(self, day: date) -> None:
        self._add(day, "rate", year=day.year - self.random.choice([1, 1, 1, 2]), rating=self._rating())

    def _rating(self) -> str:
        return self.random.choice(["excellent"] * 4 + ["competent"] * 3 + RATINGS)

    def _educate(self, day: date) -> None:
        higher = LEVELS[max(LEVELS.index(one) for one in self.diplomas) + 1 :]
        if higher:
            self.diplomas.append(self.random.choice(higher))
            self._add(day, "educate", education=self.diplomas[-1])

    def _qualify(self, day: date) -> None:
        free = [one for one in CERTIFICATES if one not in self.held]
        if free:
            self.held.append(self.random.choice(free))
            self._add(day, "qualify", certificate=self.held[-1])

    def _end(self, day: date) -> None:
        if self.held:
            gone = self.held.pop(self.random.randrange(len(self.held)))
            self._add(day, "end", certificate=gone)

    def _post(self, day: date) -> None:
        policy = policy_on(self.policies, day)
        self.post = self.random.choice([one for one in POSTS if one != self.post])
        grade = self.grade
        if self.scheme == "ladder" and policy is not None and grade is not None:
            low, high = policy["bands"][self.post]
            grade = self.random.randint(low, high) if self.random.random() < 0.2 else min(max(grade, low), high)
        self._add(day, "post", post=self.post, grade=grade)

    def _regrade(self, day: date) -> None:
        policy = policy_on(self.policies, day)
        if self.scheme == "ladder" and policy is not None and self.grade is not None:
            grade = self.random.randint(*policy["bands"][self.post])
            self._add(day, "regrade", grade=grade, exceptional=self.random.random() < 0.3)

    def _convert(self, day: date) -> None:
        if self.scheme == "legacy":
            self.scheme = "ladder"
            counted = self.random.choice([0, 2, 5, 9])
            self._add(day, "convert", post=self.post, counted_years=counted, grade=self._placed(day, counted))
