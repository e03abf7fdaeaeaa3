"""What the story ends with: the figures a reader can check against the published ones, read back over HTTP."""

from collections import Counter, defaultdict
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from shared.money import fen, yuan
from shared.principals import Role
from workforce.client import Client
from workforce.demo.city import CITY
from workforce.demo.story import MONTHS, Story
from workforce.replay import digests

FULL_MONTH = "2020-11"
"""The first month that everybody served whole; its pay is the pay of the ladder."""


def figures(story: Story) -> dict[str, Any]:
    """Everything the table shows, as JSON-ready values; amounts are decimal strings of yuan."""
    client = story.client
    runs = [_run(client, month) for month in MONTHS]
    lines = list(client.pages(f"/payroll/v1/runs/{CITY}/{FULL_MONTH}/1/lines", "lines", role=Role.FINANCE))
    ladder = client.read("/payroll/v1/ladder", role=Role.FINANCE, jurisdiction=CITY, scheme="ladder", on="2020-11-30")
    due_march = _march(story)
    return {
        "people_by_post": _people(client),
        "pay_by_post": _pay_by_post(client, lines),
        "ladder_mean": ladder["mean"],
        "ladder_lowest": ladder["grades"][0]["pay"],
        "ladder_highest": ladder["grades"][-1]["pay"],
        "newcomer": _payslip(client, story.cast.recruits[-1].worker_id),
        "grade_18": _payslip(client, _at_grade(client, lines, 18)),
        "months": runs,
        "differences_paid": yuan(sum(fen(run["differences"]) for run in runs)),
        "refused_309th": {name: story.refused[name] for name in ("status", "code", "detail", "remedy", "pointer")},
        "communities": {
            "known_before_redraw": _communities(client, story.known_before_redraw.isoformat()),
            "known_now": _communities(client, None),
        },
        "march_due": due_march,
        "digests": digests(client),
    }


def show(found: dict[str, Any], console: Console) -> None:
    """The same for people."""
    posts = Table(title=f"people and pay on the ladder in {FULL_MONTH}, yuan a month", box=box.SIMPLE, pad_edge=False)
    for heading in ("post", "people", "lowest", "highest"):
        posts.add_column(heading, justify="left" if heading == "post" else "right")
    for post, pay in found["pay_by_post"].items():
        posts.add_row(post, str(found["people_by_post"][post]), pay["lowest"], pay["highest"])
    posts.add_row("all", str(sum(found["people_by_post"].values())), "", "")
    console.print(posts)
    months = Table(title="closed months, yuan by payer", box=box.SIMPLE, pad_edge=False)
    for heading in ("month", "lines", "city", "streets", "communities", "total", "differences"):
        months.add_column(heading, justify="left" if heading == "month" else "right")
    for run in found["months"]:
        payers = run["payers"]
        months.add_row(
            run["month"],
            str(run["lines"]),
            payers["city"],
            payers["street"],
            payers["community"],
            run["total"],
            run["differences"],
        )
    console.print(months)
    _show_sentences(found, console)


def _show_sentences(found: dict[str, Any], console: Console) -> None:
    top, march, communities = found["grade_18"], found["march_due"], found["communities"]
    for sentence in (
        f"ladder: {found['ladder_lowest']} to {found['ladder_highest']}, mean {found['ladder_mean']}",
        f"newcomer: {found['newcomer']['total']}",
        f"grade 18: {top['total']} = {top['city']} city + {top['others']} street and community",
        f"differences paid over the year: {found['differences_paid']}",
        f"the 309th dedicated hire: {found['refused_309th']['code']}: {found['refused_309th']['detail']}",
        f"communities: {communities['known_before_redraw']} as known before the redraw, "
        f"{communities['known_now']} as known now",
        f"March of a grade-18 head: {march['known_before_june_base']} as known before the June base, "
        f"{march['known_after']} after",
        *(f"digest of {name}: {digest}" for name, digest in found["digests"].items()),
    ):
        console.print(sentence, soft_wrap=True, highlight=False)


def _people(client: Client) -> dict[str, int]:
    workers = client.pages("/ledger/v1/workers", "workers", city_id=CITY, effective_on="2021-09-30", limit=500)
    counted = Counter(worker["post"] for worker in workers if worker["in_service"])
    return {post: counted[post] for post in ("head", "deputy", "member", "dedicated")}


def _pay_by_post(client: Client, lines: list[dict[str, Any]]) -> dict[str, dict[str, str]]:
    pay: dict[tuple[str, str], int] = defaultdict(int)
    for line in lines:
        if line["item"] == "basic" and line["service_month"] == FULL_MONTH:
            pay[line["post"], line["worker_id"]] += fen(line["amount"])
    found = {}
    for post in ("head", "deputy", "member", "dedicated"):
        amounts = [amount for (of, _), amount in pay.items() if of == post]
        found[post] = {"lowest": yuan(min(amounts)), "highest": yuan(max(amounts))}
    return found


def _at_grade(client: Client, lines: list[dict[str, Any]], grade: int) -> str:
    for worker_id in dict.fromkeys(line["worker_id"] for line in lines if line["post"] == "head"):
        worker = client.read(f"/ledger/v1/workers/{worker_id}", effective_on=f"{FULL_MONTH}-30")["worker"]
        if worker["grade"] == grade:
            return str(worker_id)
    raise LookupError(f"nobody has grade {grade}")


def _payslip(client: Client, worker_id: str) -> dict[str, str]:
    """Total, city's part and the others' part of the first whole month's payslip."""
    slip = client.read(f"/payroll/v1/workers/{worker_id}/payslips/{FULL_MONTH}", role=Role.FINANCE)
    city = sum(fen(line["amount"]) for line in slip["lines"] if line["payer"].startswith("city/"))
    total = sum(fen(line["amount"]) for line in slip["lines"])
    return {"worker_id": worker_id, "total": yuan(total), "city": yuan(city), "others": yuan(total - city)}


def _run(client: Client, month: str) -> dict[str, Any]:
    """One closed month: its lines add up to its payers, and how much of it is for earlier months."""
    path = f"/payroll/v1/runs/{CITY}/{month}/1"
    lines = list(client.pages(f"{path}/lines", "lines", role=Role.FINANCE, limit=500))
    total = sum(fen(line["amount"]) for line in lines)
    payers: dict[str, int] = defaultdict(int)
    for line in lines:
        payers[line["payer"].partition("/")[0]] += fen(line["amount"])
    stated = client.read(path, role=Role.FINANCE)
    assert fen(stated["totals"]["total"]) == total == sum(payers.values()), f"{month} does not add up"
    earlier = sum(fen(line["amount"]) for line in lines if line["service_month"] != month)
    return {
        "month": month,
        "status": stated["run"]["status"],
        "lines": len(lines),
        "total": yuan(total),
        "payers": {level: yuan(payers[level]) for level in ("city", "street", "community")},
        "differences": yuan(earlier),
    }


def _communities(client: Client, known_at: str | None) -> int:
    city = client.read(f"/ledger/v1/cities/{CITY}", effective_on="2020-10-31", known_at=known_at)
    return len(city["communities"])


def _march(story: Story) -> dict[str, str]:
    client = story.client
    worker_id = next(member.worker_id for member in story.cast.committee if member.counted_years == 33)
    path = f"/payroll/v1/workers/{worker_id}/due/2021-03"
    before = client.read(path, role=Role.FINANCE, known_at=story.known_before_base.isoformat())
    after = client.read(path, role=Role.FINANCE)
    return {"worker_id": worker_id, "known_before_june_base": _total(before), "known_after": _total(after)}


def _total(answer: dict[str, Any]) -> str:
    return str(answer["totals"]["total"])
