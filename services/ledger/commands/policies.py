"""Commands on the policies of a jurisdiction."""

from ledger.desk import Decision, Desk
from ledger.domain import budgets
from ledger.domain import policy as rules
from ledger.domain.budgets import SetBudget
from ledger.domain.city import check_city, check_street
from ledger.domain.community import check_exists
from ledger.domain.policy import AdoptEngine, EnactPolicy, OpenPayroll, PublishBase
from ledger.domain.retro_limit import SetRetroLimit, set_limit
from shared.money import fen


def enact_policy(desk: Desk, command: EnactPolicy) -> Decision:
    """The whole document goes into the event; the file is never read again."""
    jurisdiction = command.document.jurisdiction
    check_city(desk.city(jurisdiction).state, jurisdiction, pointer="/document/jurisdiction")
    policies = desk.policies(jurisdiction)
    return Decision(policies.stream, [policies.with_(rules.enact(policies.state, command))])


def publish_base(desk: Desk, command: PublishBase) -> Decision:
    """A new average wage from the effective date on, usually in the past."""
    check_city(desk.city(command.jurisdiction).state, command.jurisdiction, pointer="/jurisdiction")
    policies = desk.policies(command.jurisdiction)
    published = rules.publish_base(policies.state, command, fen(command.average_annual_wage))
    return Decision(policies.stream, [policies.with_(published)])


def set_retro_limit(desk: Desk, command: SetRetroLimit) -> Decision:
    """How far back acts may be dated. Refused `unknown-place` for a place that the city has not."""
    city = desk.city(command.jurisdiction)
    check_city(city.state, command.jurisdiction, pointer="/jurisdiction")
    day = command.effective_date
    if command.street_id is not None:
        check_street(city.state, command.street_id, day)
    if command.community_id is not None:
        check_exists(desk.community(command.community_id).state, command.community_id, day)
    policies = desk.policies(command.jurisdiction)
    return Decision(policies.stream, [policies.with_(set_limit(command))])


def adopt_engine(desk: Desk, command: AdoptEngine) -> Decision:
    """Another version of the pay engine, from the next draft on."""
    check_city(desk.city(command.jurisdiction).state, command.jurisdiction, pointer="/jurisdiction")
    policies = desk.policies(command.jurisdiction)
    return Decision(policies.stream, [policies.with_(rules.adopt_engine(policies.state, command))])


def set_budget(desk: Desk, command: SetBudget) -> Decision:
    """What a payer has for a year. Refused `unknown-place` for a payer that the city has not."""
    city, day = desk.city(command.jurisdiction), command.effective_date
    check_city(city.state, command.jurisdiction, pointer="/jurisdiction")
    kind, _, name = command.payer.partition("/")
    if kind == "city" and name != command.jurisdiction:
        raise desk.unseen("city", name, "/payer")
    if kind == "street":
        check_street(city.state, name, day)
    if kind == "community":
        check_exists(desk.community(name, "/payer").state, name, day, pointer="/payer")
    policies = desk.policies(command.jurisdiction)
    events = budgets.set_budget(policies.state, command, fen(command.amount))
    return Decision(policies.stream, [policies.with_(*events)])


def open_payroll(desk: Desk, command: OpenPayroll) -> Decision:
    """The first month of payroll."""
    check_city(desk.city(command.jurisdiction).state, command.jurisdiction, pointer="/jurisdiction")
    policies = desk.policies(command.jurisdiction)
    return Decision(policies.stream, [policies.with_(rules.open_payroll(policies.state, command))])
