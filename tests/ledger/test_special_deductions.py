"""Special additional deductions 专项附加扣除 (rule 20 of domain.md §4): declared by month, until declared otherwise."""

from tests.ledger.given import Town


def declared(town: Town, worker_id: str) -> list[tuple[str, int]]:
    """From which day on how many fen a month."""
    events = town.read(f"workers/{worker_id}/history")["events"]
    kind = "worker.special-deduction-declared.v1"
    return [(event["effective_date"], event["data"]["monthly_fen"]) for event in events if event["type"] == kind]


def test_what_somebody_declares_holds_until_it_is_declared_otherwise(town: Town) -> None:
    """Rule 20."""
    worker_id = town.hire()
    town.give("special-deductions", "2020-11-01", worker_id=worker_id, monthly="2000.00")
    town.give("special-deductions", "2021-01-01", worker_id=worker_id, monthly="3000.5")
    town.give("special-deductions", "2021-03-01", worker_id=worker_id, monthly="0")
    assert declared(town, worker_id) == [("2020-11-01", 200_000), ("2021-01-01", 300_050), ("2021-03-01", 0)]


def test_the_same_amount_is_confirmed_for_another_year(town: Town) -> None:
    """Rule 20: every year the declaration is made anew, on a paper of its own."""
    worker_id = town.hire()
    for day in ("2020-11-01", "2021-01-01"):
        town.give("special-deductions", day, worker_id=worker_id, monthly="2000.00")
    assert declared(town, worker_id) == [("2020-11-01", 200_000), ("2021-01-01", 200_000)]


def test_a_declaration_that_was_a_mistake_is_voided(town: Town) -> None:
    """Rule 2: it stays in the history, beside its void."""
    worker_id = town.hire()
    mistake = town.give("special-deductions", "2020-11-01", worker_id=worker_id, monthly="2000.00")
    town.give("voids", "2020-11-01", command_id=mistake["command_id"], reason="误录")
    last = town.read(f"workers/{worker_id}/history")["events"][-1]
    assert (last["type"], last["data"]["command_id"]) == ("command.voided.v1", mistake["command_id"])


def test_nobody_out_of_service_declares_a_deduction(town: Town) -> None:
    """Rule 20, refused."""
    worker_id = town.hire()
    found = town.refuse("not-in-service", "special-deductions", "2020-09-01", worker_id=worker_id, monthly="1000.00")
    assert found["pointer"] == "/effective_date"


def test_an_amount_is_yuan_and_not_below_nothing(town: Town) -> None:
    """A malformed body is refused before any rule runs."""
    worker_id = town.hire()
    for monthly in ("-1.00", "1.005", "2 000"):
        town.refuse("invalid-body", "special-deductions", "2020-11-01", worker_id=worker_id, monthly=monthly)
