"""The rules as they were known at another position than the facts, under a digest that names them."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import msgspec

from payroll.known import Known
from payroll.lookup import Rules
from shared.policy_document import digest_of


def under(known: Known, rules: Rules) -> Known:
    """The same facts and payments under other policies and bases."""
    return replace(known, policies=rules.policies, bases=rules.bases)


def rules_digest(known: Known) -> str:
    """SHA-256 over the policies and bases in force of a city, one JSON array a line, in the order of their days."""
    policies = ((one.effective_date, one.position, digest_of(one.document)) for one in known.policies)
    bases = ((one.effective_date, one.position, one.scheme, one.average_annual_wage_fen) for one in known.bases)
    digest = sha256()
    for one in (*sorted(policies), *sorted(bases)):
        digest.update(msgspec.json.encode(one) + b"\n")
    return digest.hexdigest()
