"""The pay ladder of a scheme on a day: base, each grade's coefficient and pay, and the mean."""

from datetime import date
from fractions import Fraction

from payroll.answers import LadderAnswer, Rung
from payroll.engine import POSTS, compile_policies, day_number, month_number, vocabulary
from payroll.explain import exact_yuan
from payroll.known import Known
from shared.money import half_up, yuan
from shared.refusal import Refused


def ladder_on(known: Known, scheme: str, on: date) -> LadderAnswer:
    """The ladder in force. Raises Refused `no-policy`, and `no-grades` for a scheme of fixed amounts."""
    names = vocabulary(known.jurisdiction, workers=(), schemes=(scheme,), street_of={})
    month = month_number(f"{on:%Y-%m}")
    tables = compile_policies(known.policies, known.bases, names, month, month)
    version = [version for version in tables.versions if version.first_day <= day_number(on)][-1]
    document = version.document
    if document is None:
        raise Refused("no-policy", f"no policy of scheme {scheme} is in force on {on}", remedy="ask for a later day")
    if document.ladder is None:
        raise Refused("no-grades", f"scheme {scheme} pays fixed amounts by post", remedy="ask for a scheme with grades")
    base_fen = version.base_fen()
    if base_fen is None:
        raise Refused("no-policy", f"no average wage is published for {on}", remedy="publish the base first")
    coefficients = dict(sorted(document.ladder.coefficients.items()))
    pays = {grade: version.full_pay_fen(POSTS[0], grade) or Fraction(0) for grade in coefficients}
    mean_yuan = base_fen * sum(map(Fraction, coefficients.values()), Fraction(0)) / len(coefficients) / 100
    return LadderAnswer(
        jurisdiction=known.jurisdiction,
        scheme=scheme,
        on=on,
        known_position=known.at_position,
        average_annual_wage=yuan(version.average_annual_wage_fen),
        base=exact_yuan(base_fen),
        grades=[
            Rung(grade=grade, coefficient=f"{coefficients[grade]:f}", pay=exact_yuan(pays[grade])) for grade in pays
        ],
        mean=yuan(100 * half_up(mean_yuan.numerator, mean_yuan.denominator)),
    )
