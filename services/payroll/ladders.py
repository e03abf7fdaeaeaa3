"""The pay ladder of a scheme on a day: base, each grade's coefficient and pay, and the mean."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction

from payroll.answers import LadderAnswer, Rung
from payroll.engine import compile_policies, day_number, ladder_pay, month_number, vocabulary
from payroll.known import Known
from payroll.wording import exact_yuan
from shared.money import half_up, yuan
from shared.policy_document import Ladder
from shared.refusal import Refused


def ladder_on(known: Known, scheme: str, on: date) -> LadderAnswer:
    """The ladder in force. Raises Refused `no-policy`, and `no-grades` for a scheme without coefficients."""
    names = vocabulary(known.jurisdiction, workers=(), schemes=(scheme,), street_of={})
    month = month_number(f"{on:%Y-%m}")
    tables = compile_policies(known.policies, known.bases, names, month, month)
    version = [version for version in tables.versions if version.first_day <= day_number(on)][-1]
    document = version.document
    if document is None:
        raise Refused("no-policy", f"no policy of scheme {scheme} is in force on {on}", remedy="ask for a later day")
    if document.ladder is None:
        how = "pays fixed amounts by post" if document.flat is not None else "adds up tables and has no coefficients"
        raise Refused("no-grades", f"scheme {scheme} {how}", remedy="ask for a scheme with a ladder of coefficients")
    base_fen = version.base_fen()
    if base_fen is None:
        raise Refused("no-policy", f"no average wage is published for {on}", remedy="publish the base first")
    ladder = document.ladder
    mean_yuan = base_fen * sum(map(Fraction, ladder.coefficients.values())) / len(ladder.coefficients) / 100
    return LadderAnswer(
        jurisdiction=known.jurisdiction,
        scheme=scheme,
        on=on,
        known_position=known.at_position,
        average_annual_wage=yuan(version.average_annual_wage_fen),
        base=exact_yuan(base_fen),
        grades=_rungs(ladder, ladder.coefficients, base_fen),
        mean=yuan(100 * half_up(mean_yuan.numerator, mean_yuan.denominator)),
        by_post={post: _rungs(ladder, row, base_fen) for post, row in sorted(ladder.by_post.items())},
    )


def _rungs(ladder: Ladder, row: Mapping[int, Decimal], base_fen: Fraction) -> list[Rung]:
    """A row of coefficients with a full month's pay of each grade."""
    return [
        Rung(grade=grade, coefficient=f"{coefficient:f}", pay=exact_yuan(ladder_pay(ladder, base_fen, coefficient)))
        for grade, coefficient in sorted(row.items())
    ]
