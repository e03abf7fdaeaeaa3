"""Commands on candidates: the way into service by exam, from the application to the hire."""

from datetime import date

import msgspec

from ledger.commands.acting import claim_taken
from ledger.desk import Decision, Desk, Opened
from ledger.domain import candidate as rules
from ledger.domain.candidate import Application, Candidate, CandidateCommand
from ledger.domain.career import Entry, Known
from ledger.domain.city import check_city
from ledger.domain.policy import Policies
from ledger.event_store import Change, Claim
from ledger.identity import canonical, check_identity_number
from ledger.personal import PersonalStore
from shared.events import (
    CandidateChecked,
    CandidateHired,
    CandidateRegistered,
    CandidateWithdrawn,
    Event,
    WorkerHired,
    WorkerRehired,
)
from shared.refusal import Refused


def register_candidate(desk: Desk, command: rules.RegisterCandidate) -> Decision:
    """An application with a key of its own, and a claim so that nobody applies twice at a time.

    An application that is over keeps its claim until there is another, so that a void of its end is found out.
    """
    city = desk.city(command.city_id)
    check_city(city.state, command.city_id)
    number = canonical(command.person.identity_number)
    check_identity_number(number, "/person/identity_number", on=command.effective_date)
    person = msgspec.structs.replace(command.person, identity_number=number)
    claim = candidate_claim(desk.personal, person)
    over = _over(desk, claim)
    candidate_id = desk.new_id()
    registered = CandidateRegistered(
        candidate_id=candidate_id,
        city_id=command.city_id,
        post=command.post,
        education=command.education,
        personal=desk.seal_first(candidate_id, msgspec.json.encode(person)),
    )
    candidate = Opened(f"candidate/{candidate_id}", 0, Candidate())
    return Decision(
        candidate.stream,
        [candidate.with_(registered)],
        claims=[claim],
        releases=over,
        made={"candidate_id": candidate_id},
        sealed=[candidate_id],
    )


def examine_candidate(desk: Desk, command: rules.ExamineCandidate) -> Decision:
    """The mark, if age and diploma were as they should be on the day of the exam."""
    candidate = desk.candidate(command.candidate_id)
    policies, day = _policies(desk, candidate), command.effective_date
    born = check_identity_number(_person(desk, candidate).identity_number, "/candidate_id", on=day)
    rules.check_examined(candidate.state.on(day), command, policies, born)
    return _written(desk, candidate, command, rules.examined(command))


def check_candidate(desk: Desk, command: rules.CheckCandidate) -> Decision:
    """The finding of the check, of somebody whose mark is high enough."""
    found = CandidateChecked(passed=command.passed, finding=command.finding)
    return _written(desk, desk.candidate(command.candidate_id), command, found)


def withdraw_candidate(desk: Desk, command: rules.WithdrawCandidate) -> Decision:
    """The application is over; the person may apply anew."""
    return _written(desk, desk.candidate(command.candidate_id), command, CandidateWithdrawn(reason=command.reason))


def admit_candidate(
    desk: Desk, command: Entry, entered: WorkerHired | WorkerRehired, worker_id: str, person: Known
) -> list[Change]:
    """What a hire that names a candidate tells the candidate's stream. Refused `candidate-not-ready`,
    `candidate-mismatch`."""
    if command.candidate_id is None:
        return []
    candidate = desk.candidate(command.candidate_id)
    _check_same(desk, candidate, candidate.state.on(command.effective_date), entered, person)
    hired = CandidateHired(worker_id=worker_id)
    rules.take(candidate.state, hired, command.effective_date, _policies(desk, candidate))
    return [candidate.with_(hired)]


def check_reopened(desk: Desk, candidate: Opened[Candidate], command_id: str) -> None:
    """Refused `candidate-registered` where a void would open the application beside another of the person."""
    acts = candidate.state.timeline
    if not any(act.command_id == command_id and isinstance(act.event, CandidateHired) for act in acts):
        return
    holder = _holder(desk, candidate_claim(desk.personal, _person(desk, candidate)))
    if holder is not None and holder[1] != candidate.stream:
        raise Refused(
            "candidate-registered",
            "the person applied again since",
            pointer="/command_id",
            remedy="withdraw the later application first",
        )


def candidate_claim(personal: PersonalStore, person: Known) -> Claim:
    """One open application of a person; the number itself is in no claim."""
    return Claim("candidate", personal.fingerprint("candidate", canonical(person.identity_number)))


def _written(desk: Desk, candidate: Opened[Candidate], command: CandidateCommand, event: Event) -> Decision:
    rules.take(candidate.state, event, command.effective_date, _policies(desk, candidate))
    return Decision(candidate.stream, [candidate.with_(event)])


def _policies(desk: Desk, candidate: Opened[Candidate]) -> Policies:
    founded = candidate.state.founded
    assert founded is not None
    return desk.policies(founded.city_id).state


def _person(desk: Desk, candidate: Opened[Candidate]) -> Known:
    """Of the application. Refused `erased`."""
    founded = candidate.state.founded
    assert founded is not None
    return msgspec.json.decode(desk.personal.open(founded.candidate_id, founded.personal), type=Known)


def _over(desk: Desk, claim: Claim) -> list[str]:
    """The command whose application ended and holds the claim still. Refused `candidate-registered` for an open one."""
    holder = _holder(desk, claim)
    if holder is None:
        return []
    command_id, stream = holder
    application = desk.open(Candidate, stream).state.on(date.max)
    if application is None or (application.withdrawn_on is None and application.hired_on is None):
        raise claim_taken("candidate-registered", "/person/identity_number")
    return [command_id]


def _holder(desk: Desk, claim: Claim) -> tuple[str, str] | None:
    """The command that holds the claim, and its candidate's stream."""
    command_id = desk.store.claim_holder(claim.kind, claim.key)
    return None if command_id is None else (command_id, desk.store.first_streams([command_id])[command_id])


def _check_same(
    desk: Desk,
    candidate: Opened[Candidate],
    application: Application | None,
    entered: WorkerHired | WorkerRehired,
    person: Known,
) -> None:
    applicant = _person(desk, candidate)
    if canonical(applicant.identity_number) != canonical(person.identity_number):
        raise _mismatch("the candidate is another person", "name the candidate with this identity number")
    if applicant.name != person.name:
        raise _mismatch(
            "the candidate applied under another name", "compare the identity card; void what was written wrongly"
        )
    if application is None:
        return
    if (application.city_id, application.post) != (entered.city_id, entered.post):
        raise _mismatch(
            f"the candidate applied for a {application.post} of {application.city_id}",
            f"hire to the post {application.post}, or name another candidate",
        )
    if application.education is not entered.education:
        raise _mismatch(
            f"the candidate was examined with the diploma {application.education}",
            "hire with that diploma, and recognise a higher one by /educations afterwards",
        )


def _mismatch(detail: str, remedy: str) -> Refused:
    return Refused("candidate-mismatch", detail, pointer="/candidate_id", remedy=remedy)
