"""Rules of a working life that no regulation means: who comes in, rises, is appraised and trained, and how many."""

from collections.abc import Iterator
from decimal import Decimal

from shared.policy_check.fault import Fault, chosen, repeated
from shared.policy_document import Appraisal, Establishment, GradeRules, Performance, PolicyDocument

_LAST_DAYS = {"02": 29, "04": 30, "06": 30, "09": 30, "11": 30}
_YOUNGEST_AT_WORK = 16
_HIGHEST_MARK = 1000
_LONGEST_CAREER = 60
_LARGEST_COMMITTEE = 100
_LARGEST_SHARE = {"dedicated_per_grid": 100, "dedicated_per_10000_residents": 1000}
_CONVERSION = "conversion"


def life_faults(document: PolicyDocument) -> Iterator[Fault]:
    """What is wrong with the rules of a working life."""
    yield from _entry_faults(document)
    yield from _admission_faults(document)
    yield from _legacy_faults(document)
    if document.grade_rules is not None:
        yield from _grade_faults(document, document.grade_rules)
    if document.appraisal is not None:
        yield from _appraisal_faults(document, document.appraisal)
    training = document.training
    if training is not None and training.initial_before_confirmation and not training.initial_hours:
        detail = "the initial course comes before the confirmation and has no hours"
        yield Fault("/training/initial_before_confirmation", detail, "give initial_hours, or take it out")
    if document.establishment is not None:
        yield from _establishment_faults(document.establishment)
    for pointer, day in _days(document).items():
        if int(day[3:]) > _LAST_DAYS.get(day[:2], 31):
            last = f"{day[:2]}-{_LAST_DAYS[day[:2]]}"
            yield Fault(pointer, f"no year has the day {day}", f"write {last}, or the day that is meant")
    if _days(document).get("/ladder/base/starts") == "02-29":
        yield Fault(
            "/ladder/base/starts", "most years have no 02-29 on which a base could start", "write 02-28 or 03-01"
        )


def _days(document: PolicyDocument) -> dict[str, str]:
    days = {
        "/ladder/base/starts": document.ladder.base.starts if document.ladder else None,
        "/grade_rules/effective": document.grade_rules.effective if document.grade_rules else None,
    }
    return {pointer: day for pointer, day in days.items() if day is not None}


def _entry_faults(document: PolicyDocument) -> Iterator[Fault]:
    if not document.title.strip():
        yield Fault("/title", "the regulation has no name", "write what it is called")
    if not document.open_to:
        yield Fault(
            "/open_to",
            "nobody can come under this document",
            "name the channels: [exam, conversion, election, appointment]",
        )
    yield from repeated("/open_to", document.open_to)
    for number, source in enumerate(document.sources):
        for name in ("part", "document"):
            if not getattr(source, name).strip():
                yield Fault(
                    f"/sources/{number}/{name}",
                    f"the source names no {name}",
                    f"write the {name}, or take the source out",
                )
    if document.probation is not None:
        yield from repeated("/probation/channels", document.probation.channels)
        for number, channel in enumerate(document.probation.channels):
            if document.open_to and channel not in document.open_to:
                detail = f"nobody comes by {channel}, which is not in open_to"
                yield Fault(f"/probation/channels/{number}", detail, f"take it out, or add {channel} to open_to")
    for post, change in document.post_changes.items():
        yield from repeated(f"/post_changes/{post}/paths", change.paths)


def _admission_faults(document: PolicyDocument) -> Iterator[Fault]:
    for post, condition in document.admission.items():
        pointer = f"/admission/{post}"
        if condition.oldest < _YOUNGEST_AT_WORK:
            yield Fault(
                f"{pointer}/oldest",
                f"nobody at work is {condition.oldest} or younger",
                "write the greatest age in years: 40",
            )
        elif condition.youngest > condition.oldest:
            detail = f"the lowest age {condition.youngest} lies above the greatest {condition.oldest}"
            yield Fault(f"{pointer}/youngest", detail, "lower it, or raise oldest")
        if condition.pass_mark is not None and condition.pass_mark > _HIGHEST_MARK:
            yield Fault(
                f"{pointer}/pass_mark", f"no exam gives {condition.pass_mark:f} marks", "write the least mark: 60"
            )
        if condition.pass_mark is not None and not condition.by_exam:
            yield Fault(
                f"{pointer}/pass_mark",
                "nobody need sit the exam of which this is the mark",
                "take pass_mark out, or by_exam: false",
            )


def _legacy_faults(document: PolicyDocument) -> Iterator[Fault]:
    for number, older in enumerate(document.legacy):
        if older.scheme == document.scheme:
            detail = f"{older.scheme} is the scheme of this document itself; nobody converts from it to itself"
            yield Fault(f"/legacy/{number}/scheme", detail, "name the older scheme")
    schemes = [older.scheme for older in document.legacy]
    for number, scheme in enumerate(schemes):
        if scheme in schemes[:number]:
            yield Fault(f"/legacy/{number}/scheme", f"{scheme} stands in the list twice", "take the second out")
    if document.legacy and document.open_to and _CONVERSION not in document.open_to:
        yield Fault(
            "/legacy",
            "people of older schemes may convert, but open_to has no conversion",
            "add conversion to open_to, or take legacy out",
        )


def _grade_faults(document: PolicyDocument, rules: GradeRules) -> Iterator[Fault]:
    for post, grade in rules.entry_grades.items():
        band = document.bands.get(post)
        if document.bands and (band is None or not band.lowest <= grade <= band.highest):
            open_to_it = f"grades {band.lowest} to {band.highest}" if band else "nothing: it has no band"
            detail = f"grade {grade} lies outside the band of {post}"
            yield Fault(f"/grade_rules/entry_grades/{post}", detail, f"choose from {open_to_it}")
    yield from _step_faults(document, rules)
    for name in ("gate_ratings", "uncounted_ratings"):
        yield from repeated(f"/grade_rules/{name}", getattr(rules, name))
    for number, rating in enumerate(rules.gate_ratings):
        if rating in rules.uncounted_ratings:
            detail = f"a year rated {rating} does not count, so no gate can ask it"
            yield Fault(f"/grade_rules/gate_ratings/{number}", detail, "take it out here or in uncounted_ratings")
    early = rules.early_steps
    if early is not None and early.rating in rules.uncounted_ratings:
        detail = f"a year rated {early.rating} does not count, so it brings no step before its time"
        yield Fault("/grade_rules/early_steps/rating", detail, "choose another rating, or count its year")
    elif early is not None and rules.gate_ratings and early.rating not in rules.gate_ratings:
        detail = f"a year rated {early.rating} does not pass the gate, so it brings no step before its time"
        yield Fault("/grade_rules/early_steps/rating", detail, "choose a rating of gate_ratings")


def _step_faults(document: PolicyDocument, rules: GradeRules) -> Iterator[Fault]:
    """Steps that lead beyond every band, and years that no career has."""
    grades = [grade for band in document.bands.values() for grade in (band.lowest, band.highest)]
    most = max(grades) - min(grades) if grades else 0
    early = rules.early_steps
    steps = {f"education_steps/{word}": number for word, number in rules.education_steps.items()}
    steps |= {f"certificate_steps/{word}": number for word, number in rules.certificate_steps.items()}
    for place, number in {**steps, "early_steps/steps": early.steps if early else 0}.items():
        if grades and number > max(most, 1):
            detail = f"{number} steps lead beyond every band: the grades run from {min(grades)} to {max(grades)}"
            yield Fault(f"/grade_rules/{place}", detail, f"give at most {most}")
    years = {f"education_years/{word}": number for word, number in rules.education_years.items()}
    for place, number in {**years, "early_steps/in_a_row": early.in_a_row if early else 0}.items():
        yield from _too_long(f"/grade_rules/{place}", number)


def _too_long(pointer: str, years: int) -> Iterator[Fault]:
    if years > _LONGEST_CAREER:
        yield Fault(pointer, f"no career has {years} years", f"give {_LONGEST_CAREER} at most")


def _appraisal_faults(document: PolicyDocument, appraisal: Appraisal) -> Iterator[Fault]:
    scale = appraisal.ratings
    yield from repeated("/appraisal/ratings", scale)
    for pointer, rating in _consequences(document):
        yield from chosen(pointer, rating, scale, "on the scale of appraisal/ratings")
    for number, trigger in enumerate(appraisal.exits):
        pointer = f"/appraisal/exits/{number}/rating"
        if trigger.rating in [earlier.rating for earlier in appraisal.exits[:number]]:
            yield Fault(pointer, f"the exit for {trigger.rating} is already said", "take one of both out")
        yield from _too_long(f"/appraisal/exits/{number}/in_a_row", trigger.in_a_row)
        if trigger.rating == scale[0] and len(scale) > 1:
            yield Fault(
                pointer, f"{trigger.rating} is the best rating there is", "name the rating that leads to an exit"
            )
    for pointer, performance in _performances(document).items():
        missing = [rating for rating in scale if rating not in performance.factors]
        if missing:
            detail = f"no factor is given for {', '.join(missing)}"
            yield Fault(f"{pointer}/factors", detail, f"add {', '.join(missing)}; 0 where nothing is paid")
    if appraisal.excellent_quota is not None and appraisal.excellent_quota.share == 0:
        yield Fault(
            "/appraisal/excellent_quota/share",
            "nobody could be rated excellent",
            "give the share, or take excellent off the scale",
        )
    elif appraisal.excellent_quota is not None and "excellent" not in scale:
        yield Fault(
            "/appraisal/excellent_quota", "excellent is not on the scale", "add it to ratings, or take the quota out"
        )


def _performances(document: PolicyDocument) -> dict[str, Performance]:
    found = {f"/districts/{name}/performance": district.performance for name, district in document.districts.items()}
    return {place: part for place, part in {"/performance": document.performance, **found}.items() if part is not None}


def _consequences(document: PolicyDocument) -> Iterator[tuple[str, str]]:
    """Every rating that something follows from, at its place."""
    for pointer, performance in _performances(document).items():
        yield from ((f"{pointer}/factors/{rating}", rating) for rating in performance.factors)
    rules = document.grade_rules
    if rules is not None:
        for name in ("gate_ratings", "uncounted_ratings"):
            yield from ((f"/grade_rules/{name}/{number}", one) for number, one in enumerate(getattr(rules, name)))
        if rules.early_steps is not None:
            yield "/grade_rules/early_steps/rating", rules.early_steps.rating
    exits = document.appraisal.exits if document.appraisal else ()
    yield from ((f"/appraisal/exits/{number}/rating", one.rating) for number, one in enumerate(exits))


def _establishment_faults(seats: Establishment) -> Iterator[Fault]:
    for name, least in (("committee", 0), ("households_per_dedicated", 1)):
        span = getattr(seats, name)
        if span is None:
            continue
        pointer = f"/establishment/{name}"
        if span.least > span.most:
            detail = f"the least {span.least} lies above the most {span.most}"
            yield Fault(pointer, detail, f"write least: {span.most}, most: {span.least}, or what is meant")
        elif span.least < least:
            yield Fault(
                f"{pointer}/least", "no seat is there for 0 households", "write the least households for a seat: 400"
            )
        elif span.most == 0:
            yield Fault(f"{pointer}/most", "nobody could sit on it", "write the most seats: 9")
        elif name == "committee" and span.most > _LARGEST_COMMITTEE:
            yield Fault(f"{pointer}/most", f"no committee has {span.most} seats", "write the most seats: 9")
    for name, most in _LARGEST_SHARE.items():
        given = getattr(seats, name)
        if given is not None and given > most:
            yield Fault(
                f"/establishment/{name}", f"{given:f} seats are more than there is work for", f"give {most} at most"
            )
        if given == Decimal(0):
            yield Fault(
                f"/establishment/{name}", "a rule of 0 seats gives nobody a seat", f"give the seats, or take {name} out"
            )
