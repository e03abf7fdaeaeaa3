"""Payroll over HTTP: from the draft to the payslip, who may see what, and refusals that name the place."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient
from tests.payroll.feeding import START, LedgerInSmall, opened, payroll_over
from tests.payroll.working import policy, without_remainder

from payroll import api
from payroll.exports import csv_of
from shared.auth import mint
from shared.calendar_day import utc_now
from shared.money import fen
from shared.principals import Principal, Role, parse_scope

pytestmark = pytest.mark.campaign

KEY = b"k" * 32
WHEN = {"effective_date": "2020-10-26", "basis": {"document": "赤社薪", "date": "2020-10-26"}}
LINES = "/payroll/v1/runs/chibi/2020-10/1/lines"


class Office:
    """A payroll service over a log, and somebody with a token for each role."""

    def __init__(self, log):
        self.log = log
        self.payroll = payroll_over(log)
        app = api.app(self.payroll, token_key=KEY)
        self.http = TestClient(Starlette(routes=[Mount(api.PREFIX, app)]))

    def headers(self, role, scope="city:chibi", **more):
        principal = Principal(f"{role}-{scope}", Role(role), parse_scope(scope))
        return {"Authorization": f"Bearer {mint(principal, KEY, now=utc_now())}", **more}

    def get(self, path, role="auditor", scope="city:chibi", **parameters):
        return self.http.get(path, headers=self.headers(role, scope), params=parameters)

    def post(self, path, body, role="finance", key="", scope="city:chibi"):
        sent = {"Idempotency-Key": key or f"{path}-{self.log.head()}", "If-Match": "*"}
        return self.http.post(path, json=body, headers=self.headers(role, scope, **sent))

    def close(self, month):
        draft = self.post("/payroll/v1/runs", {"jurisdiction": "chibi", "month": month, **WHEN})
        path = f"/payroll/v1/runs/chibi/{month}/1"
        approved = self.post(f"{path}/approval", {"digest": draft.json()["digest"], **WHEN}, "approver")
        closed = self.post(f"{path}/closure", WHEN)
        assert [draft.status_code, approved.status_code, closed.status_code] == [201, 201, 201], closed.text
        return closed


def staffed():
    log = opened()
    log.hire("chen", "2020-10-01", "head", 18)
    log.hire("li", "2020-10-12", at="south")
    return Office(log)


@pytest.fixture
def office():
    return staffed()


@pytest.fixture(scope="module")
def october_closed():
    office = staffed()
    office.close("2020-10")
    return office


def test_a_draft_shows_what_it_would_pay_and_to_whom(office):
    answer = office.post("/payroll/v1/runs", {"jurisdiction": "chibi", "month": "2020-10", **WHEN})
    draft = answer.json()
    assert (answer.status_code, draft["run_id"], draft["status"]) == (201, "chibi/2020-10/1", "drafted")
    assert (draft["lines"], draft["total"], draft["suspense"]) == (4, "6493.32", "0.00")
    assert draft["payers"] == {
        "city/chibi": "5052.42",
        "community/north": "720.45",
        "street/first": "720.45",
    }
    assert int(answer.headers["Ledger-Position"]) == office.log.head() == draft["position"]


def test_a_closed_run_adds_up_along_every_axis(office):
    """F16."""
    closed = office.close("2020-10").json()
    page = office.get("/payroll/v1/runs/chibi/2020-10/1").json()
    assert closed["status"] == page["run"]["status"] == "closed"
    assert page["run"]["closed_by"] != page["run"]["approved_by"]
    totals = page["totals"]
    assert totals.pop("total") == closed["total"] == "6493.32"
    assert totals["by_post"] == {"dedicated": "1690.32", "head": "4803.00"}
    assert totals["by_street"] == {"first": "4803.00", "second": "1690.32"}
    assert (totals["gross"], totals["deductions"], totals["net"]) == ("6493.32", "0.00", "6493.32")
    for axis in (axis for name, axis in totals.items() if name.startswith("by_")):
        assert sum(map(fen, axis.values())) == 649_332


def test_runs_are_listed_by_month(office):
    office.close("2020-10")
    office.close("2020-11")
    runs = office.get("/payroll/v1/runs", jurisdiction="chibi").json()["runs"]
    assert [(run["month"], run["status"]) for run in runs] == [("2020-10", "closed"), ("2020-11", "closed")]


def test_lines_are_paged_by_number_and_stay_the_same_after_the_close(office):
    office.post("/payroll/v1/runs", {"jurisdiction": "chibi", "month": "2020-10", **WHEN})
    drafted = office.get(LINES).json()["lines"]
    office.close("2020-10")
    first = office.get(LINES, limit=3).json()
    rest = office.get(LINES, after=first["next_after"]).json()
    assert first["lines"] + rest["lines"] == drafted
    assert (first["next_after"], rest["next_after"]) == (3, None)


def test_the_csv_has_a_byte_order_mark_and_no_cell_that_runs_as_a_formula(office):
    office.close("2020-10")
    office.log.transfer("chen", "2020-10-01", "south")
    office.close("2020-11")
    answer = office.get(LINES.replace("2020-10", "2020-11"), format="csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0]["amount"] == "-3362.10"
    assert sum(fen(row["amount"]) for row in rows) == 480_300 + 262_000


def test_a_text_that_begins_like_a_formula_is_quoted_in_csv():
    class Shown(msgspec.Struct):
        worker_id: str
        payer: str | None
        number: int
        amount: str

    rows = [Shown("=1+1", "@x", 1, "-5.00"), Shown("\t7", None, 2, "+1.00")]
    text = b"".join(csv_of(rows, Shown)).decode("utf-8-sig")
    assert text == "worker_id,payer,number,amount\r\n'=1+1,'@x,1,-5.00\r\n'\t7,,2,+1.00\r\n"


def test_a_payslip_shows_the_lines_of_its_run_and_says_how_they_were_worked_out(office):
    office.close("2020-10")
    slip = office.get("/payroll/v1/workers/li/payslips/2020-10", "worker", "worker:li").json()
    assert (slip["status"], slip["totals"]["total"]) == ("closed", "1690.32")
    assert [(line["service_month"], line["run_month"], line["worked_out"]) for line in slip["lines"]] == [
        ("2020-10", "2020-10", "3638.67 × 0.72 → 2620.00 a month; 20 of 31 days → 1690.32; city 100 % → 1690.32")
    ]


def test_a_payslip_of_an_open_month_shows_what_a_run_would_pay(office):
    slip = office.get("/payroll/v1/workers/li/payslips/2020-11", "worker", "worker:li").json()
    assert (slip["status"], slip["totals"]["by_service_month"]) == (
        "open",
        {"2020-10": "1690.32", "2020-11": "2620.00"},
    )


def test_due_as_known_before_and_after_the_june_base_are_two_answers_each_the_same_for_ever(office):
    """P13: March as known before the base was published, and after."""
    path = "/payroll/v1/workers/li/due/2021-03"
    before = START + timedelta(minutes=office.log.head())
    office.log.publish_base("2021-01-01", "60000.00")
    after = START + timedelta(minutes=office.log.head())
    then = [office.get(path, known_at=moment.isoformat()).content for moment in (before, after)]
    assert [b'"total":"2620.00"' in then[0], b'"total":"2880.00"' in then[1]] == [True, True]
    office.log.regrade("li", "2021-01-01", 12)
    office.close("2020-10")
    assert then == [office.get(path, known_at=moment.isoformat()).content for moment in (before, after)]
    position = office.get(path, known_at=before.isoformat()).json()["known_position"]
    assert office.get(path, known_position=position).content == then[0]


def test_the_same_facts_are_worked_out_again_by_the_rules_of_another_day(office):
    """F03: facts as they were known, rules before and after the June base, and under the digest of each rule set."""
    path, before = "/payroll/v1/workers/li/due/2021-03", office.log.head()
    office.log.publish_base("2021-01-01", "60000.00")
    office.log.regrade("li", "2021-01-01", 12)
    facts_then = {"known_position": before}
    old, new = (office.get(path, **facts_then, rules_at=rules).json() for rules in (before, office.log.head()))
    assert [old["totals"]["total"], new["totals"]["total"]] == ["2620.00", "2880.00"]
    assert (old["known_position"], new["known_position"], new["rules_position"]) == (before, before, office.log.head())
    assert old == office.get(path, **facts_then).json()
    now = office.get(path).json()
    assert now["rules_digest"] == new["rules_digest"] != old["rules_digest"]
    assert now["totals"]["total"] not in {"2620.00", "2880.00"}
    refused = office.get(path, rules_at=office.log.head() + 1).json()
    assert (refused["code"], refused["pointer"]) == ("unknown-time", "/query/rules_at")


def test_the_ladder_of_chibi_and_its_mean(office):
    ladder = office.get("/payroll/v1/ladder", jurisdiction="chibi", scheme="ladder", on="2020-10-01").json()
    assert (ladder["base"], ladder["mean"]) == ("3638.67", "3641.00")
    assert [rung["pay"] for rung in ladder["grades"]][::17] == ["2620.00", "4803.00"]


def test_a_post_with_coefficients_of_its_own_has_its_own_rungs(office):
    """Rule 1: the head's row is not shown as everybody's."""
    ours = policy("chibi-2020").ladder
    own = msgspec.structs.replace(ours, by_post={"head": {7: Decimal("2.00")}})
    office.log.enact("2021-01-01", policy("chibi-2020", ladder=own))
    ladder = office.get("/payroll/v1/ladder", jurisdiction="chibi", scheme="ladder", on="2021-01-01").json()
    assert (ladder["mean"], ladder["grades"][6]) == ("3641.00", {"grade": 7, "coefficient": "0.90", "pay": "3275.00"})
    assert ladder["by_post"] == {"head": [{"grade": 7, "coefficient": "2.00", "pay": "7277.00"}]}


def test_tables_that_are_added_up_are_no_ladder_and_the_answer_says_so(office):
    office.log.enact("2013-01-01", policy("xiangan-2013", jurisdiction="chibi"))
    answer = office.get("/payroll/v1/ladder", jurisdiction="chibi", scheme="additive", on="2013-01-01")
    assert (answer.status_code, answer.json()["code"]) == (409, "no-grades")
    assert "adds up tables" in answer.json()["detail"]


def test_a_payslip_says_what_is_held_up_for_the_worker_and_for_nobody_else(office):
    """F20: chen is a head, and who pays a head's remaining 30 % is not said."""
    office.log.enact("2020-11-01", policy("chibi-2020", funding=without_remainder()))
    held = [
        office.get(f"/payroll/v1/workers/{who}/payslips/2020-11", "worker", f"worker:{who}").json()["blockers"]
        for who in ("chen", "li")
    ]
    assert held == [
        ["suspense: 1440.90 for head in north: no funding rule names who pays it"],
        [
            "suspense: 2620.00 for dedicated in south: no funding rule names who pays it",
            "no-rule: li in 2020-11: no funding rule names the worker's post",
        ],
    ]
    office.close("2020-10")
    assert office.get("/payroll/v1/workers/chen/payslips/2020-10", "worker", "worker:chen").json()["blockers"] == []


def test_a_rebuild_gives_the_same_digest_and_writes_nothing(office):
    """F11 and F12, payroll's side."""
    office.close("2020-10")
    head = office.log.head()
    rebuilt = office.http.post("/payroll/v1/rebuild", headers=office.headers("auditor")).json()
    assert rebuilt["equal"] is True
    assert rebuilt["rebuilt_digest"] == office.get("/payroll/v1/projection").json()["digest"]
    assert office.log.head() == head


def test_suspense_refuses_the_close_with_the_amount_over_http():
    """F20."""
    log = opened(funding=without_remainder())
    log.hire("chen", "2020-10-01", "head", 18)
    office = Office(log)
    draft = office.post("/payroll/v1/runs", {"jurisdiction": "chibi", "month": "2020-10", **WHEN}).json()
    assert (draft["suspense"], draft["payers"]["suspense"]) == ("1440.90", "1440.90")
    path = "/payroll/v1/runs/chibi/2020-10/1"
    office.post(f"{path}/approval", {"digest": draft["digest"], **WHEN}, "approver")
    refused = office.post(f"{path}/closure", WHEN)
    assert (refused.status_code, refused.json()["code"]) == (409, "run-blocked")
    assert refused.json()["extra"]["suspense"] == "1440.90"


@pytest.mark.parametrize(
    ("path", "role", "scope", "status"),
    [
        ("/workers/li/due/2020-10", "worker", "worker:li", 200),
        ("/workers/chen/due/2020-10", "worker", "worker:li", 404),
        ("/workers/nobody/due/2020-10", "auditor", "city:chibi", 404),
        ("/workers/li/payslips/2020-10", "worker", "city:chibi", 404),
        ("/workers/li/due/2020-10", "worker", "street:second", 404),
        ("/workers/li/due/2020-10", "worker", "community:south", 404),
        ("/workers/li/due/2020-10", "auditor", "worker:li", 404),
        ("/workers/li/payslips/2020-10", "auditor", "city:jinzhou", 404),
        ("/workers/li/payslips/2020-10", "auditor", "street:second", 200),
        ("/workers/li/payslips/2020-10", "auditor", "street:first", 404),
        ("/workers/li/payslips/2020-10", "auditor", "community:south", 200),
        ("/workers/li/payslips/2020-10", "auditor", "community:north", 404),
        ("/runs/chibi/2020-10/1", "auditor", "street:first", 404),
        ("/runs/chibi/2020-10/1", "worker", "worker:li", 403),
        ("/runs/chibi/2020-09/1", "auditor", "city:chibi", 404),
        ("/runs?jurisdiction=chibi", "finance", "city:jinzhou", 404),
        ("/ladder?jurisdiction=chibi&scheme=ladder&on=2020-10-01", "finance", "community:north", 200),
        ("/ladder?jurisdiction=chibi&scheme=ladder&on=2020-10-01", "finance", "community:else", 404),
        ("/ladder?jurisdiction=chibi&scheme=ladder&on=0001-01-01", "finance", "city:chibi", 409),
        ("/runs/chibi/2020-13/1", "auditor", "city:chibi", 422),
        ("/runs/chibi/202０-10/1", "auditor", "city:chibi", 422),
        ("/workers/li/payslips/20２0-10", "auditor", "city:chibi", 422),
        ("/workers/li/payslips/2199-01", "auditor", "city:chibi", 409),
        ("/ladder?jurisdiction=chibi&scheme=ladder&on=9999-12-31", "auditor", "city:chibi", 422),
        ("/ladder?jurisdiction=chibi&scheme=ladder&on=2199-12-31", "auditor", "city:chibi", 200),
        ("/workers/li/due/2020-10?known_at=2999-01-01T00:00:00Z", "auditor", "city:chibi", 422),
        ("/workers/li/due/2020-10?known_at=2020-12-01T00:00:00", "auditor", "city:chibi", 422),
        ("/workers/li/due/2020-10?known_at=0001-01-01T00:00:00%2B10:00", "auditor", "city:chibi", 404),
        ("/workers/li/due/2020-10?known_position=99999", "auditor", "city:chibi", 422),
    ],
)
def test_reads_are_answered_within_role_and_scope_only(october_closed, path, role, scope, status):
    answer = october_closed.http.get(f"/payroll/v1{path}", headers=october_closed.headers(role, scope))
    assert answer.status_code == status, answer.text


def test_a_street_sees_its_own_lines_under_their_numbers(october_closed):
    lines = october_closed.get(LINES, "auditor", "street:second").json()["lines"]
    assert [(line["number"], line["worker_id"]) for line in lines] == [(4, "li")]


@pytest.mark.parametrize(
    ("role", "scope", "status"),
    [("auditor", "city:chibi", 403), ("finance", "city:jinzhou", 404), ("admin", "city:chibi", 201)],
)
def test_drafting_needs_the_role_and_the_place(office, role, scope, status):
    body = {"jurisdiction": "chibi", "month": "2020-10", **WHEN}
    assert office.post("/payroll/v1/runs", body, role, scope=scope).status_code == status


def test_an_act_without_a_key_is_refused(office):
    answer = office.http.post(
        "/payroll/v1/runs",
        json={"jurisdiction": "chibi", "month": "2020-10", **WHEN},
        headers=office.headers("finance"),
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key-missing")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"month": "2020-13"}, "/month"),
        ({"basis": None}, "/basis"),
        ({"effective_date": "2020-02-30"}, "/effective_date"),
    ],
)
def test_a_malformed_draft_is_refused_with_its_place_and_nothing_is_written(office, change, pointer):
    head = office.log.head()
    answer = office.post("/payroll/v1/runs", {"jurisdiction": "chibi", "month": "2020-10", **WHEN, **change})
    assert (answer.status_code, answer.json()["pointer"]) == (422, pointer)
    assert office.log.head() == head


def test_what_the_ledger_refuses_is_passed_on_unchanged(office):
    office.post("/payroll/v1/runs", {"jurisdiction": "chibi", "month": "2020-10", **WHEN})
    body = {"digest": "0" * 64, **WHEN}
    answer = office.post("/payroll/v1/runs/chibi/2020-10/1/approval", body, "approver")
    assert (answer.status_code, answer.json()) == (409, {"code": "run-moved"})


def test_the_callers_own_token_and_key_go_to_the_ledger(office):
    office.post("/payroll/v1/runs", {"jurisdiction": "chibi", "month": "2020-10", **WHEN}, key="my-key")
    ledger = office.payroll.ledger.client._transport.handler
    assert isinstance(ledger, LedgerInSmall)
    sent = ledger.requests[0].headers
    assert sent["idempotency-key"] == "my-key"
    assert sent["authorization"].startswith("Bearer ey")


def test_a_request_sent_again_gets_its_first_answer_whatever_happened_since(office):
    """The figures payroll would send have moved on; what the caller asked has not."""
    path = "/payroll/v1/runs/chibi/2020-10/1"
    wish = {"jurisdiction": "chibi", "month": "2020-10", **WHEN}
    draft = office.post("/payroll/v1/runs", wish, key="d")
    acts = [
        ("/payroll/v1/runs", wish, "finance", "d"),
        (f"{path}/approval", {"digest": draft.json()["digest"], **WHEN}, "approver", "a"),
        (f"{path}/closure", WHEN, "finance", "c"),
    ]
    firsts = []
    for number in range(3):
        firsts.append(office.post(*acts[number]))
        office.log.hire(f"late-{number}", "2020-10-01")
        head = office.log.head()
        for act, first in zip(acts, firsts, strict=False):
            again = office.post(*act)
            assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
            assert (again.content, again.headers["Ledger-Position"]) == (
                first.content,
                first.headers["Ledger-Position"],
            )
        assert office.log.head() == head
        if number == 0:
            office.log.void(office.log.events[-1])
    assert draft.content == firsts[0].content
    assert [first.json()["status"] for first in firsts] == ["drafted", "approved", "closed"]
    reused = office.post("/payroll/v1/runs", {**wish, "month": "2020-11"}, key="d")
    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency-key-reused")


def test_a_read_before_the_position_asked_for_says_come_back(office):
    headers = office.headers("auditor", **{"X-Min-Position": str(office.log.head() + 1)})
    answer = office.http.get("/payroll/v1/projection", headers=headers)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")


@pytest.mark.parametrize(("hour", "moved"), [(15, False), (16, True)])
def test_today_is_the_day_in_china(office, hour, moved):
    """Midnight of the jurisdiction is 16:00 UTC of the day before."""
    office.log.transfer("li", date(2020, 12, 1), "north")
    office.payroll.clock = lambda: datetime(2020, 11, 30, hour, tzinfo=UTC)
    seen = office.get("/payroll/v1/workers/li/due/2020-10", "auditor", "street:first").status_code == 200
    furthest = office.get("/payroll/v1/workers/li/payslips/2021-12").status_code == 200
    assert (seen, furthest) == (moved, moved)


def test_today_decides_which_street_a_worker_belongs_to(office):
    office.log.transfer("li", date(2020, 12, 1), "north")
    assert office.get("/payroll/v1/workers/li/due/2020-10", "auditor", "street:first").status_code == 200
