"""The reform of Chibi, told over HTTP, ends with the published figures."""

from pathlib import Path
from typing import Any

import pytest

from shared.money import fen
from workforce.demo.telling import tell

pytestmark = pytest.mark.story
POLICIES = Path(__file__).parents[2] / "policies"


def test_the_city_has_535_people_on_535_seats(told: Any) -> None:
    """F80: the establishment is exactly full at the end of the year."""
    assert told.figures["people_by_post"] == {"head": 31, "deputy": 62, "member": 134, "dedicated": 308}


def test_a_newcomer_is_paid_2620_and_the_mean_of_the_ladder_is_3641(told: Any) -> None:
    assert told.figures["newcomer"]["total"] == "2620.00"
    assert told.figures["pay_by_post"]["dedicated"]["lowest"] == "2620.00"
    assert told.figures["ladder_mean"] == "3641.00"


def test_grade_18_is_4803_of_which_the_city_pays_seventy_percent(told: Any) -> None:
    """F18."""
    top = told.figures["grade_18"]
    assert (top["total"], top["city"], top["others"]) == ("4803.00", "3362.10", "1440.90")
    assert told.figures["pay_by_post"]["head"]["highest"] == "4803.00"


def test_every_closed_months_payers_add_up_to_its_lines(told: Any) -> None:
    """F16, P11."""
    months = told.figures["months"]
    assert [run["status"] for run in months] == ["closed"] * 12
    for run in months:
        assert sum(fen(amount) for amount in run["payers"].values()) == fen(run["total"]), run["month"]


def test_the_309th_dedicated_hire_is_refused_with_a_way_out(told: Any) -> None:
    """F57."""
    refused = told.figures["refused_309th"]
    assert (refused["status"], refused["code"], refused["pointer"]) == (409, "quota-full", "/community_id")
    assert refused["remedy"]


def test_the_base_of_june_is_paid_as_differences_since_january(told: Any) -> None:
    """F06, F07."""
    june = next(run for run in told.figures["months"] if run["month"] == "2021-06")
    assert fen(june["differences"]) > 0
    assert told.figures["march_due"]["known_before_june_base"] == "4803.00"
    assert told.figures["march_due"]["known_after"] == "5090.00"


def test_a_correction_after_the_close_is_recovered_by_a_later_month(told: Any) -> None:
    """F32, P12: the voided allowance of two closed months comes back in March."""
    march = next(run for run in told.figures["months"] if run["month"] == "2021-03")
    assert march["differences"] == "-400.00"


def test_a_state_as_known_before_the_redraw_shows_27_communities(told: Any) -> None:
    assert told.figures["communities"] == {"known_before_redraw": 27, "known_now": 31}


@pytest.mark.postgres
def test_the_story_told_again_on_postgresql_is_the_same_to_the_byte(told: Any, told_on_postgres: Any) -> None:
    """F80, P14: told again on the other database, the same seed gives the same log and projections, byte for byte."""
    on_postgres, _ = told_on_postgres
    assert on_postgres.figures == told.figures


def test_production_refuses_the_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKFORCE_ENVIRONMENT", "production")
    with pytest.raises(Exception, match="production refuses it"):
        tell(tmp_path / "demo", POLICIES, lambda line: None)
    assert not (tmp_path / "demo").exists()
