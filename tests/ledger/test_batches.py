"""What finance gets of a closed run, from payroll in front of the real ledger: vouchers, files, payments, answers."""

import csv
import io
import json
import zipfile
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import openpyxl
import pyarrow
import pyarrow.parquet
import pytest
from tests.ledger.given import POLICIES, Town, problem
from tests.ledger.test_payroll_asks import APPROVER, FINANCE, Ask, ask
from tests.ledger.test_supplementary_runs import Desk

from payroll.exports import csv_of
from payroll.payments import Payment
from payroll.workbooks import list_workbook
from workforce.policy_files import read_policy

__all__ = ["ask"]

pytestmark = pytest.mark.campaign

RUN = "runs/chibi/2020-10/1"
NOTHING = {"earned": "0.00", "recovered": "0.00"}
NAME, ACCOUNT = "=王建国", "6217000000000000018"


class Finance(Desk):
    """The office, and the finance bureau behind it."""

    def hand_over(self, month: str = "2020-10", sequence: int = 1) -> dict[str, Any]:
        handed_over = self.act(f"runs/chibi/{month}/{sequence}/hand-over")
        assert handed_over.status_code == 201, handed_over.text
        return dict(handed_over.json())

    def file(self, what: str, who: str = FINANCE, **parameters: Any) -> httpx.Response:
        answer = self._ask(what, who, **parameters)
        assert answer.status_code == 200, answer.text
        return answer

    def batch(self, month: str = "2020-10") -> dict[str, Any]:
        return self.read(f"runs/chibi/{month}/1/hand-over")

    def acknowledge(self, voucher: dict[str, Any], less: str = "0.00", month: str = "2020-10") -> httpx.Response:
        """Book every line of the voucher as it was sent, the first one by so much less."""
        booked = [Decimal(entry["debit"]) + Decimal(entry["credit"]) for entry in voucher["entries"]]
        booked[0] -= Decimal(less)
        entries = [{"entry": number, "booked": f"{amount:.2f}"} for number, amount in enumerate(booked, 1)]
        path = f"runs/chibi/{month}/1/acknowledgements"
        return self.act(path, voucher_id=voucher["voucher_id"], entries=entries)


@pytest.fixture
def finance(town: Town, ask: Ask) -> Finance:
    """October closed: the dedicated worker who is there already, a head paid by three, one in another street."""
    person = {**town.person(), "name": NAME, "bank_account": ACCOUNT}
    town.give("community-quotas", community_id="xinhua", category="committee", seats=5)
    town.give("hires", **{**town.hiring(), "channel": "election", "post": "head", "person": person})
    town.hire("jinqiao", day="2020-10-12")
    office = Finance(ask)
    office.close()
    return office


def test_every_voucher_balances_and_the_vouchers_are_the_lines(finance: Finance) -> None:
    """F23, P11: debit = credit for each payer; Σ payers = Σ lines = Σ vouchers, along every axis of the control."""
    handed_over = finance.hand_over()
    assert (handed_over["status"], handed_over["allowed"]) == ("handed-over", ["acknowledge"])
    batch = finance.batch()
    payers: Counter[str] = Counter()
    for line in batch["lines"]:
        payers[line["payer"]] += Decimal(line["amount"])
    for voucher in batch["vouchers"]:
        booked = [(Decimal(entry["debit"]), Decimal(entry["credit"])) for entry in voucher["entries"]]
        assert sum(debit for debit, _ in booked) == sum(credit for _, credit in booked) == Decimal(voucher["debit"])
        assert Decimal(voucher["credit"]) == payers[voucher["payer"]]
    control = batch["control"]
    assert (control["lines"], control["vouchers"]) == (len(batch["lines"]), len(payers))
    for axis in ("by_payer", "by_street", "by_budget_item"):
        assert sum(map(Decimal, control[axis].values())) == Decimal(control["total"]) == sum(payers.values())
    assert set(control["by_budget_item"]) == {"30101"}
    assert {line["budget_item"] for line in batch["lines"]} == {"30101"}


def test_the_batch_has_the_published_form(finance: Finance) -> None:
    finance.hand_over()
    schema = json.loads(Path("schemas/hand-over.json").read_text(encoding="utf-8"))
    batch = finance.batch()
    jsonschema.validate(batch, schema)
    assert (schema["$id"], batch["schema"]) == ("urn:workforce:hand-over:1", "urn:workforce:hand-over:1")


def test_a_batch_is_the_same_bytes_whenever_it_is_read_and_handed_over_once(town: Town, finance: Finance) -> None:
    """F25, P13: whatever was recorded since; the same request sent again writes nothing, another is refused."""
    ask, key = finance._ask, "the-hand-over"
    assert problem(ask(f"{RUN}/hand-over", FINANCE))["code"] == "run-not-handed-over"
    first = ask(f"{RUN}/hand-over", FINANCE, key)
    files = {form: finance.file(f"{RUN}/hand-over", format=form).content for form in ("json", "csv", "parquet")}
    town.hire("jinqiao")
    finance.acknowledge(finance.batch()["vouchers"][0])
    again = ask(f"{RUN}/hand-over", FINANCE, key)
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
    assert again.content == first.content
    assert problem(ask(f"{RUN}/hand-over", FINANCE, "another-one"))["code"] == "already-there"
    assert files == {form: finance.file(f"{RUN}/hand-over", format=form).content for form in files}


def columns_of(finance: Finance) -> tuple[list[dict[str, Any]], list[str]]:
    lines = finance.batch()["lines"]
    return lines, list(lines[0])


def test_the_csv_read_by_another_library_says_the_same(finance: Finance) -> None:
    finance.hand_over()
    lines, columns = columns_of(finance)
    file = finance.file(f"{RUN}/hand-over", format="csv")
    rows = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"))))
    assert file.headers["Batch-Lines"] == str(len(rows))
    assert Decimal(file.headers["Batch-Total"]) == sum(Decimal(row["amount"]) for row in rows)
    assert (list(rows[0]), len(rows)) == (columns, len(lines))
    assert [row["amount"] for row in rows] == [line["amount"] for line in lines]
    assert [row["worker_id"] for row in rows] == [line["worker_id"] for line in lines]


def test_the_parquet_read_by_another_library_says_the_same(finance: Finance) -> None:
    finance.hand_over()
    lines, columns = columns_of(finance)
    table = pyarrow.parquet.read_table(io.BytesIO(finance.file(f"{RUN}/hand-over", format="parquet").content))
    assert table.column_names == columns
    assert table.schema.field("amount").type == pyarrow.decimal128(18, 2)
    assert table.schema.field("number").type == pyarrow.int32()
    assert [
        {**row, **{name: f"{row[name]:.2f}" for name in ("due", "paid_before", "amount")}} for row in table.to_pylist()
    ] == lines
    assert table.schema.metadata[b"total"].decode() == finance.batch()["control"]["total"]


def test_the_workbook_read_by_another_library_says_the_same(finance: Finance) -> None:
    """Typed cells, a frozen header, a subtotal for each payer and the total."""
    finance.hand_over()
    lines, columns = columns_of(finance)
    batch = finance.batch()
    book = openpyxl.load_workbook(io.BytesIO(finance.file(f"{RUN}/hand-over", format="xlsx").content))
    assert book.sheetnames == ["control", "vouchers", "lines"]
    assert {sheet.freeze_panes for sheet in book} == {"A2"}
    header, *rows, total = book["lines"].iter_rows(values_only=True)
    assert list(header) == columns
    amount = columns.index("amount")
    subtotals = {row[columns.index("payer")]: money(row[amount]) for row in rows if row[0] == "小计"}
    assert subtotals == {payer: Decimal(sum_) for payer, sum_ in batch["control"]["by_payer"].items()}
    assert (total[0], money(total[amount])) == ("合计", Decimal(batch["control"]["total"]))
    shown = sorted((row for row in rows if row[0] != "小计"), key=lambda row: row[0])
    assert [money(row[amount]) for row in shown] == [Decimal(line["amount"]) for line in lines]
    assert {type(row[0]) for row in shown} == {int}
    assert {cell.number_format for cell in list(book["lines"].columns)[amount][1:]} == {"#,##0.00"}
    entries = list(book["vouchers"].iter_rows(min_row=2, values_only=True))
    assert len(entries) == sum(len(voucher["entries"]) + 1 for voucher in batch["vouchers"])


def money(cell: Any) -> Decimal:
    return Decimal(str(cell)).quantize(Decimal("0.01"))


def test_text_that_looks_like_a_formula_stays_text() -> None:
    rows = [Payment(worker_id="w-1", name='=HYPERLINK("x")', bank_account="0062170018", amount="-1.00", **NOTHING)]
    sheet = openpyxl.load_workbook(io.BytesIO(list_workbook("payments", rows, Payment)))["payments"]
    name, account = sheet["B2"], sheet["C2"]
    assert (name.data_type, name.value, name.quotePrefix) == ("s", '=HYPERLINK("x")', True)
    assert (account.data_type, account.value) == ("s", "0062170018")
    assert (sheet["D2"].data_type, sheet["D2"].value) == ("n", -1)
    text = b"".join(csv_of(rows, Payment)).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(text)))[1] == ["w-1", '\'=HYPERLINK("x")', "0062170018", "-1.00", "0.00", "0.00"]


def test_a_workbook_carries_every_text_and_every_fen() -> None:
    """F25: markup, spaces and line ends as they are, what no XML can say as spreadsheets write it, figures exact."""
    said = ["<王 & 李>", " 两边 ", "一\n二", "响\x07", "#N/A", "+1", ""]
    rows = [
        Payment(worker_id=text, name=None, bank_account="7", amount="90071992547409.93", **NOTHING) for text in said
    ]
    book = list_workbook("payments", rows, Payment)
    sheet = openpyxl.load_workbook(io.BytesIO(book))["payments"]
    *texts, label = [cell.value for cell in sheet["A"][1:]]
    assert texts == [*said[:3], "响_x0007_", *said[4:6], None]
    assert label == "合计"
    assert {cell.data_type for cell in sheet["A"][1:7]} == {"s"}
    assert {cell.value for cell in sheet["B"][1:]} == {None}
    sheet_as_it_is = zipfile.ZipFile(io.BytesIO(book)).read("xl/worksheets/sheet1.xml")
    assert sheet_as_it_is.count(b"<v>90071992547409.93</v>") == len(rows)
    assert b"<v>630503947831869.51</v>" in sheet_as_it_is


def test_the_payment_list_shows_accounts_to_who_pays_only(town: Town, finance: Finance) -> None:
    """F23, P25: one row a person; the finance office sees where to, everybody else only how much."""
    paid = finance.read(f"{RUN}/payments")
    assert (paid["accounts"], len(paid["payments"]), paid["receivables"]) == ("shown", 3, [])
    assert [(one["name"], one["bank_account"]) for one in paid["payments"] if one["bank_account"]] == [(NAME, ACCOUNT)]
    assert sum(Decimal(one["amount"]) for one in paid["payments"]) == Decimal(paid["total"]) == Decimal(paid["paid"])
    for form in ("json", "csv", "xlsx"):
        seen = finance.file(f"{RUN}/payments", "auditor city:chibi", format=form)
        assert ACCOUNT.encode() not in seen.content
        assert "王建国" not in seen.text
    withheld = finance.read(f"{RUN}/payments", "auditor city:chibi")
    assert (withheld["accounts"], withheld["total"]) == ("withheld", paid["total"])
    assert problem(finance._ask(f"{RUN}/payments", APPROVER))["code"] == "forbidden"


def test_whoever_was_paid_too_much_owes_it_and_is_not_paid(town: Town, finance: Finance) -> None:
    hired = town.store.stream(f"worker/{finance.read(f'{RUN}/payments')['payments'][0]['worker_id']}")[0]
    town.give("voids", command_id=hired.command_id, reason="录入错误")
    finance.close("2020-11")
    november = finance.read("runs/chibi/2020-11/1/payments")
    (owes,) = november["receivables"]
    assert (owes["worker_id"], owes["before"], owes["recovered"]) == (hired.subject_id, "0.00", "0.00")
    assert owes["owed"] == owes["arisen"] == november["owed"] != "0.00"
    assert hired.subject_id not in {one["worker_id"] for one in november["payments"]}
    assert Decimal(november["paid"]) == Decimal(november["total"]) + Decimal(november["arisen"])


def test_what_is_owed_is_kept_back_a_fifth_of_a_months_pay_at_most_until_nothing_is_left(
    town: Town, finance: Finance
) -> None:
    """Rules 5 and 18: 2,620 a month; a late suspension takes back 27 days of October and November, less December."""
    worker_id = finance.read(f"{RUN}/payments")["payments"][0]["worker_id"]
    finance.close("2020-11")
    town.give("suspensions", "2020-10-05", worker_id=worker_id, reason="停职")
    town.give("returns", "2020-12-01", worker_id=worker_id)
    finance.close("2020-12")
    around = [_around(finance, "2020-12", worker_id)]
    december = finance.file("runs/chibi/2020-12/1/payments").json()
    for month in range(1, 7):
        finance.close(f"2021-0{month}")
        around.append(_around(finance, f"2021-0{month}", worker_id))
    assert around == [
        (None, "2281.94"),
        *((("2096.00", "524.00"), owed) for owed in ("1757.94", "1233.94", "709.94", "185.94")),
        (("2434.06", "185.94"), "0.00"),
        (("2620.00", "0.00"), None),
    ]
    again = finance.file("runs/chibi/2020-12/1/payments").json()
    assert again | {"known_position": 0} == december | {"known_position": 0}


def _around(finance: Finance, month: str, worker_id: str) -> tuple[tuple[str, str] | None, str | None]:
    """(what the worker is paid and what is kept back, what is owed after the run), each where there is any."""
    found = finance.read(f"runs/chibi/{month}/1/payments")
    sums = {name: Decimal(found[name]) for name in ("paid", "total", "arisen", "recovered")}
    assert sums["paid"] == sums["total"] + sums["arisen"] - sums["recovered"]
    paid = {one["worker_id"]: (one["amount"], one["recovered"]) for one in found["payments"]}
    owed = {one["worker_id"]: one["owed"] for one in found["receivables"]}
    return paid.get(worker_id), owed.get(worker_id)


def test_finance_says_what_it_booked_and_a_fen_less_is_seen(finance: Finance) -> None:
    """F25, F28: sent, accepted, different; readiness of the next month names it until it is put right."""
    finance.hand_over()
    vouchers = finance.batch()["vouchers"]
    for voucher in vouchers[1:]:
        assert finance.acknowledge(voucher).status_code == 201
    assert ("unacknowledged-batch", True) in finance.blockers("2020-11")
    assert finance.acknowledge(vouchers[0], "0.01").json()["status"] == "handed-over"
    said = finance.read(f"{RUN}/acknowledgements")["vouchers"]
    assert [(one["status"], one["differences"]) for one in said[:2]] == [
        ("different", {"1": "-0.01"}),
        ("accepted", {}),
    ]
    assert ("difference-open", True) in finance.blockers("2020-11")
    draft = finance.draft("2020-11")
    finance.act("runs/chibi/2020-11/1/approval", APPROVER, digest=draft["digest"])
    refused = problem(finance.act("runs/chibi/2020-11/1/closure"))
    assert (refused["code"], refused["extra"]["blockers"][0].partition(":")[0]) == ("run-blocked", "difference-open")
    assert finance.acknowledge(vouchers[0]).json()["status"] == "acknowledged"
    assert finance.act("runs/chibi/2020-11/1/closure").status_code == 201


def test_an_item_without_an_item_of_the_budget_is_not_handed_over(town: Town, finance: Finance) -> None:
    """Until a policy names one: what is closed stays, and what books where is known later."""
    document = read_policy(POLICIES / "chibi-2020.yaml")
    finance.close("2020-11")
    town.give("policies", "2020-10-01", document={**document, "budget_items": {}})
    town.give("policies", "2020-10-01", document={**read_policy(POLICIES / "chibi-legacy.yaml"), "budget_items": {}})
    refused = problem(finance.act("runs/chibi/2020-11/1/hand-over"))
    assert (refused["code"], refused["extra"]) == ("budget-item-missing", {"item": "basic", "month": "2020-11"})
    town.give("policies", "2020-11-01", document={**document, "policy_id": "later"})
    assert finance.hand_over("2020-11")["status"] == "handed-over"
