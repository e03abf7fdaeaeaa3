"""The grade that is due on every day of a life, worked out day by day from the sentences of a policy, slowly.

A life is a list of acts in the order of writing, each a dictionary with `on` and `what`; a policy says what its
grade rules and bands are from a day on. Nothing here is shared with the product.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

Act = dict[str, Any]
Policy = dict[str, Any]
LEVELS = ["high_school", "college", "bachelor", "master", "doctor"]


def policy_on(policies: list[Policy], day: date) -> Policy | None:
    """The version in force: the latest day, of one day the one written last."""
    begun = [(policy["from"], number, policy) for number, policy in enumerate(policies) if policy["from"] <= day]
    return max(begun, key=lambda one: one[:2])[2] if begun else None


def all_of(worths: list[int], several: str) -> int:
    """Added up, or the highest only."""
    return sum(worths) if several == "adding" else max([0, *worths])


def entry(policy: Policy, post: str, years: int, diplomas: list[str], certificates: list[str]) -> tuple[int, int]:
    """The grade of entry, and the grade without the certificates in it."""
    lowest, highest = policy["bands"][post]
    if policy["rules"] is None:
        return lowest, lowest
    rules = policy["rules"]
    grade = rules["entry_grades"].get(post, lowest)
    years += all_of([rules["education_years"].get(one, 0) for one in diplomas], rules["education_several"])
    grade += years // rules["years_per_step"]
    grade += all_of([rules["education_steps"].get(one, 0) for one in diplomas], rules["education_several"])
    more = all_of([rules["certificate_steps"].get(one, 0) for one in certificates], rules["certificate_several"])
    return min(grade + more, highest), min(grade, highest)


def due_by_day(life: list[Act], policies: list[Policy], last: date) -> Iterator[tuple[date, int | None]]:
    """Each day from the first act on with the grade due at its end."""
    told = Telling(life, policies)
    day = min(act["on"] for act in life)
    while day <= last:
        told.morning(day)
        for act in life:
            if act["on"] == day:
                told.happens(act, day)
        told.evening(day)
        yield day, told.grade
        day += timedelta(days=1)


class Telling:
    """What is known of one worker while the days go by."""

    def __init__(self, life: list[Act], policies: list[Policy]) -> None:
        self.life, self.policies = life, policies
        self.grade: int | None = None
        self.serving, self.scheme, self.post = False, "", ""
        self.own = 0
        """The grade of years, diplomas and posts, without certificates."""
        self.silent = 0
        """How much of what certificates are worth moves nothing."""
        self.certified = self.graduated = self.deemed = 0
        self.diplomas: list[str] = []
        self.held: dict[str, Act] = {}
        self.worth: dict[str, int] = {}
        """The certificates that count, with the worth of the day from which each does."""
        self.steps_of: dict[str, int] = {}
        self.years_of: dict[str, int] = {}
        self.begins: list[tuple[date, Act]] = []
        self.years: list[str] = []
        self.total = 0
        """Years on entry and those of service that count, for whoever leaves and comes back."""
        self.row = 0
        self.anchor, self.since_anchor = date.min, 0
        self.judged: int | None = None
        self.early_steps, self.early_in, self.normal_in = 0, 0, 0

    # --- the rules of a day

    def policy(self, day: date) -> Policy | None:
        return policy_on(self.policies, day) if self.scheme == "ladder" else None

    def rules(self, day: date) -> dict[str, Any] | None:
        policy = self.policy(day)
        return policy["rules"] if policy else None

    def band(self, day: date) -> tuple[int, int] | None:
        policy = self.policy(day)
        return policy["bands"][self.post] if policy else None

    # --- years

    def morning(self, day: date) -> None:
        """A new policy with another band, and the day of steps in the year."""
        rules, band = self.rules(day), self.band(day) if self.serving else None
        new = any(policy["from"] == day for policy in self.policies)
        if new and band and self.grade is not None and not band[0] <= self.grade <= band[1]:
            self.into_band(day)
        if not self.serving or rules is None or f"{day:%m-%d}" != rules["effective"]:
            return
        while (year := self.next_year(day, rules["year_by"])) is not None:
            self.judge(year, rules)
        while len(self.years) >= rules["years_per_step"] and self.early_in != day.year:
            self.years = self.years[rules["years_per_step"] :]
            self.normal_in = day.year
            self.climb(1, day)
        early = rules["early_steps"]
        if early and day.year not in (self.normal_in, self.early_in) and self.early_steps < early["most"]:
            band, grade = self.band(day), self.grade
            can = grade is not None and (band is None or self.would_be(early["steps"], day) != grade)
            if can and self.row >= early["in_a_row"]:
                self.years, self.row, self.early_in = [], 0, day.year
                self.early_steps += 1
                self.climb(early["steps"], day)

    def next_year(self, day: date, by: str) -> int | None:
        """The next year of service that is over, by the calendar year that judges it."""
        begin = later(self.anchor, self.since_anchor)
        if by == "calendar":
            year = begin.year
            while self.judged is not None and year <= self.judged:
                year += 1
            if date(year, 12, 31) >= day:
                return None
            self.anchor, self.since_anchor = date(year + 1, 1, 1), 0
        else:
            end = later(self.anchor, self.since_anchor + 1)
            if end > day:
                return None
            self.since_anchor += 1
            year = (end - timedelta(days=1)).year
        self.judged = year
        return year

    def judge(self, year: int, rules: dict[str, Any]) -> None:
        rating = None
        for act in sorted(self.life, key=lambda one: one["on"]):
            if act["what"] == "rate" and act["year"] == year:
                rating = act["rating"]
        gate = rules["gate_ratings"]
        if rating is None:
            if rules["unrated_year_counts"] and not gate:
                self.years.append(str(year))
                self.total += 1
        elif rating not in rules["uncounted_ratings"]:
            if gate and rating not in gate:
                self.total -= len([one for one in self.years if one.isdigit()])
                self.years = []
            else:
                self.years.append(str(year))
                self.total += 1
        early = rules["early_steps"]
        self.row = self.row + 1 if early and rating == early["rating"] else 0

    # --- the grade

    def above(self) -> int:
        return max(0, self.certified - self.silent)

    def would_be(self, steps: int, day: date) -> int:
        low, high = self.band(day) or (-99, 999)
        own = min(max(self.own, low - self.above()), high)
        return max(low, min(high, min(own + steps, high) + self.above()))

    def into_band(self, day: date) -> None:
        low, high = self.band(day) or (-99, 999)
        self.own = min(max(self.own, low - self.above()), high)
        self.show(day)

    def climb(self, steps: int, day: date) -> None:
        if self.grade is None or not steps:
            return
        self.into_band(day)
        _, high = self.band(day) or (-99, 999)
        self.own = min(self.own + steps, high)
        self.show(day)

    def show(self, day: date) -> None:
        """What stands above the band is used up; what stands below it is lifted."""
        low, high = self.band(day) or (-99, 999)
        while self.own + self.above() > high and self.above() > 0:
            self.silent += 1
        self.grade = max(low, min(high, self.own + self.above()))

    def put(self, grade: int | None) -> None:
        """An act gave the grade; it knew what was held."""
        self.grade, self.own, self.silent = grade, grade or 0, self.certified

    # --- acts

    def happens(self, act: Act, day: date) -> None:
        what = act["what"]
        if what == "educate":
            self.diplomas.append(act["education"])
        elif what == "qualify":
            self.held[act["certificate"]] = act
        elif what == "end":
            self.held.pop(act["certificate"], None)
        if what in ("hire", "rehire"):
            self.enter(act, day)
        elif not self.serving:
            return
        elif what == "leave":
            self.end_service(day)
        elif what == "convert":
            self.scheme = "ladder"
            self.arrive(act, day, act["counted_years"], act["counted_years"])
        elif what == "post":
            self.change_post(act, day)
        elif what == "regrade" and (act["exceptional"] or self.rules(day) is None):
            self.put(act["grade"])
        elif what in ("educate", "qualify"):
            self.begins.append((self.start(act, day), act))
        elif what == "end" and act["certificate"] in self.worth and not self.renewed(act):
            was = self.above()
            least = self.certified - self.worth.pop(act["certificate"])
            left = all_of(list(self.worth.values()), self.several(day))
            self.certified = max(least, min(self.certified, left))
            self.moved(was, day)

    def renewed(self, ended: Act) -> bool:
        """A certificate that is registered again from the day on which it expires never ended."""
        number = next(place for place, one in enumerate(self.life) if one is ended)
        same = ("qualify", ended["on"], ended["certificate"])
        return any((one["what"], one["on"], one.get("certificate")) == same for one in self.life[number + 1 :])

    def end_service(self, day: date) -> None:
        """The years that are over by then are judged, too; where nothing judges them each counts."""
        rules = self.rules(day)
        while (year := self.next_year(day, rules["year_by"] if rules else "service")) is not None:
            if rules:
                self.judge(year, rules)
            else:
                self.total += 1
        self.serving, self.grade = False, None

    def several(self, day: date) -> str:
        rules = self.rules(day)
        return rules["certificate_several"] if rules else "highest"

    def moved(self, was: int, day: date) -> None:
        if self.above() != was and self.grade is not None:
            self.show(day)

    def start(self, act: Act, day: date) -> date:
        rules = self.rules(day)
        if rules is None:
            return day
        starts = rules["education_starts" if act["what"] == "educate" else "certificate_starts"]
        if starts == "registration":
            return day
        if starts == "next-year":
            return date(day.year + 1, 1, 1)
        return date(day.year + day.month // 12, day.month % 12 + 1, 1)

    def enter(self, act: Act, day: date) -> None:
        self.serving, self.scheme = True, act["scheme"]
        above = LEVELS.index(act["education"])
        self.diplomas = [one for one in self.diplomas if LEVELS.index(one) < above] + [act["education"]]
        rules = self.rules(day)
        lost = act["what"] == "rehire" and rules is not None and not rules["years_kept_on_rehire"]
        written = 0 if lost else act["counted_years"]
        self.arrive(act, day, self.total if act["what"] == "rehire" and not lost else written, written)

    def arrive(self, act: Act, day: date, counted: int, written: int) -> None:
        """The first day under a scheme: everything that is held counts at once.

        `written` are the years that the act gave its grade for, where the rule does not count as many.
        """
        self.post = act["post"]
        self.anew(day)
        self.total = counted
        policy, rules = self.policy(day), self.rules(day)
        names = rules or {"education_steps": {}, "education_years": {}, "certificate_steps": {}}
        self.steps_of = {one: names["education_steps"].get(one, 0) for one in self.diplomas}
        self.years_of = {one: names["education_years"].get(one, 0) for one in self.diplomas}
        self.worth = {one: names["certificate_steps"].get(one, 0) for one in self.held}
        education = rules["education_several"] if rules else "highest"
        self.graduated = all_of(list(self.steps_of.values()), education)
        self.deemed = all_of(list(self.years_of.values()), education)
        self.certified = all_of(list(self.worth.values()), self.several(day))
        if rules:
            self.years = ["before"] * ((counted + self.deemed) % rules["years_per_step"])
        self.put(act["grade"])
        if policy is not None:
            grade, _ = entry(policy, self.post, written, self.diplomas, list(self.held))
            if grade == act["grade"]:
                _, without = entry(policy, self.post, counted, self.diplomas, list(self.held))
                self.own, self.silent = without, 0
                self.show(day)

    def anew(self, day: date) -> None:
        self.anchor, self.since_anchor, self.judged = day, 0, None
        self.years, self.row, self.total = [], 0, 0

    def change_post(self, act: Act, day: date) -> None:
        rules = self.rules(day)
        if rules is not None and not rules["years_kept_in_new_post"]:
            self.anew(day)
        self.post = act["post"]
        number = next(place for place, one in enumerate(self.life) if one is act)
        before = [one for one in self.life[:number] if one["on"] <= day and "grade" in one]
        recorded = max(enumerate(before), key=lambda one: (one[1]["on"], one[0]))[1]["grade"]
        low, high = self.band(day) or (-99, 999)
        moved = None if recorded is None else min(max(recorded, low), high)
        if act["grade"] == moved:
            if self.grade is not None:
                self.into_band(day)
        else:
            self.put(act["grade"])

    def evening(self, day: date) -> None:
        """What begins to count on the day."""
        order = {id(act): number for number, act in enumerate(self.life)}
        today = sorted((one for one in self.begins if one[0] == day), key=lambda one: order[id(one[1])])
        for _, act in today:
            rules = self.rules(day)
            if not self.serving:
                continue
            if act["what"] == "educate":
                self.begin_diploma(act["education"], rules, day)
            elif self.held.get(act["certificate"]) is act and act["certificate"] not in self.worth:
                was = self.above()
                self.worth[act["certificate"]] = rules["certificate_steps"].get(act["certificate"], 0) if rules else 0
                self.certified = max(self.certified, all_of(list(self.worth.values()), self.several(day)))
                self.moved(was, day)

    def begin_diploma(self, name: str, rules: dict[str, Any] | None, day: date) -> None:
        if name not in self.diplomas or name in self.steps_of:
            return
        self.steps_of[name] = rules["education_steps"].get(name, 0) if rules else 0
        self.years_of[name] = rules["education_years"].get(name, 0) if rules else 0
        several = rules["education_several"] if rules else "highest"
        steps = max(0, all_of(list(self.steps_of.values()), several) - self.graduated)
        years = max(0, all_of(list(self.years_of.values()), several) - self.deemed)
        self.graduated += steps
        self.deemed += years
        self.years += ["deemed"] * years
        self.climb(steps, day)


def later(day: date, years: int) -> date:
    """So many years on; of 29 February the day after 28 February where there is none."""
    if (day.month, day.day) == (2, 29):
        return date(day.year + years, 2, 28) + timedelta(days=1)
    return date(day.year + years, day.month, day.day)
