"""The benches on a small population: their keys, equal results, and a clear word for what is not known."""

import json
import subprocess
import sys
from dataclasses import astuple, replace
from pathlib import Path

import numpy as np
import pytest
from bench import base, closing, commands, engine, imports, openfisca_peer, plain_loop, preview, rebuild
from bench.__main__ import main
from bench.population import MONTHS, population

from payroll.engine import FactKind, facts_of

pytestmark = pytest.mark.campaign

KEYS = {
    "bench",
    "workers",
    "months",
    "worker_months",
    "engine_worker_months_per_cpu_second",
    "engine_cpu_seconds",
    "fold_cpu_seconds",
    "loop_workers",
    "loop_worker_months",
    "loop_worker_months_per_cpu_second",
    "loop_cpu_seconds",
    "ratio",
    "openfisca_workers",
    "openfisca_worker_months",
    "openfisca_worker_months_per_cpu_second",
    "openfisca_cpu_seconds",
    "ratio_openfisca",
    "ratio_openfisca_from_facts",
    "runs",
    "checksums_equal",
    "engine_checksums",
    "loop_checksums",
    "engine_openfisca_checksums",
    "openfisca_checksums",
    "engine_extra_memory_bytes",
    "peak_memory_bytes",
}


@pytest.fixture(scope="module")
def result():
    """As printed by the command, in an interpreter of its own."""
    command = [sys.executable, "-m", "bench", "engine", "--json", "--workers", "300", "--runs", "1"]
    done = subprocess.run(command, cwd=Path(__file__).parents[1], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def test_the_result_has_the_documented_keys(result):
    assert result.keys() == KEYS
    assert all(key in engine.__doc__ for key in KEYS)


def test_engine_loop_and_openfisca_agree_to_the_fen(result):
    assert result["checksums_equal"] is True
    assert result["engine_checksums"] == result["loop_checksums"]
    assert result["engine_openfisca_checksums"] == result["openfisca_checksums"]
    assert result["engine_checksums"]["total_fen"] == sum(result["engine_checksums"]["payers_fen"]) > 0


def test_the_checksum_sees_a_fen_that_went_to_another_payer():
    rows = np.array([[7, 612, 18_000, 3, 0, 0, 500], [7, 612, 18_000, 3, 0, 1, 501]])
    swapped = rows.copy()
    swapped[:, 6] = 501, 500
    assert engine.checksums(rows.T)["mix"] != engine.checksums(swapped.T)["mix"]
    assert engine.checksums(rows.T) == engine.checksums(rows[::-1].T)


def test_different_checksums_fail_the_bench(monkeypatch, capsys):
    monkeypatch.setattr(plain_loop, "half_up", lambda numerator, denominator: numerator // denominator)
    assert main(["engine", "--workers", "200", "--runs", "1"]) == 1
    assert "checksums DIFFERENT" in capsys.readouterr().out


def test_what_openfisca_works_out_otherwise_fails_the_bench_as_well(monkeypatch, capsys):
    monkeypatch.setattr(openfisca_peer, "half_up", lambda numerator, denominator: numerator // denominator)
    assert main(["engine", "--workers", "200", "--runs", "1"]) == 1
    assert "checksums DIFFERENT" in capsys.readouterr().out


def test_openfisca_says_a_month_of_three_stretches_as_the_loop_does():
    """Joined on the 3rd, moved on the 12th, promoted on the 20th: split over the days, then among the payers."""
    months = plain_loop.months_of(2021, 1)
    start = months[0].start
    kinds = (FactKind.IN_SERVICE, FactKind.SCHEME, FactKind.POST, FactKind.GRADE, FactKind.COMMUNITY)
    rows = [
        (0, kind, start + 2, n, n, value) for n, (kind, value) in enumerate(zip(kinds, (1, 0, 3, 5, 7), strict=True))
    ]
    rows += [(0, FactKind.COMMUNITY, start + 11, 5, 0, 8), (0, FactKind.GRADE, start + 19, 6, 0, 9)]
    one = replace(population(1), facts=facts_of(rows))
    found = openfisca_peer.Peer(one, months).rows().T.tolist()
    loop = plain_loop.paid(plain_loop.facts_of(one), plain_loop.rules_of(one), months)
    expected = [[*astuple(amount)] for amount in loop]
    assert sorted(found) == sorted(expected)
    assert {row[2] - start for row in found} == {2, 11, 19}


def test_a_population_comes_from_its_seed_and_is_cut_without_changing():
    people = population(100)
    assert (people.facts.value == population(100).facts.value).all()
    first = people.first(10)
    assert set(first.facts.worker.tolist()) == set(range(10))
    months = plain_loop.months_of(2021, MONTHS)
    cut = list(plain_loop.paid(plain_loop.facts_of(first), plain_loop.rules_of(first), months))
    whole = list(plain_loop.paid(plain_loop.facts_of(people), plain_loop.rules_of(people), months))
    assert cut == [amount for amount in whole if amount.worker < 10]


def test_an_unknown_bench_is_named_beside_those_that_exist(capsys):
    with pytest.raises(SystemExit) as left:
        main(["motor"])
    assert left.value.code == 2
    assert "no bench is called 'motor'; there is: engine, commands" in capsys.readouterr().err


def test_the_preview_bench_sums_as_the_engine_does_and_says_what_it_documents(capsys):
    """F05, F67."""
    assert main(["preview", "--json", "--workers", "300", "--budgeted", "100"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert all(key in preview.__doc__ for key in (*found, *found["preview"], *found["budget"]))
    assert found["preview"]["sums_equal"] is found["budget"]["sums_equal"] is True
    assert (found["preview"]["months"], found["budget"]["months"]) == (8, 36)
    assert 0 < found["preview"]["touched"] <= 300


@pytest.mark.postgres
def test_the_rebuild_bench_writes_what_it_copies_and_says_what_it_documents():
    command = [sys.executable, "-m", "bench", "rebuild", "--json", "--events", "1200"]
    done = subprocess.run(command, cwd=Path(__file__).parents[1], check=True, capture_output=True, text=True)
    found = json.loads(done.stdout)
    keys = {*found, *found["payroll"], *found["notifications"]}
    assert {key for key in keys if key not in rebuild.__doc__} == set()
    assert found["payroll"]["contents_equal"] is found["notifications"]["contents_equal"] is True
    assert found["payroll"]["rebuild_events_per_second"] > 0


@pytest.mark.postgres
def test_the_command_bench_does_what_it_sends_and_says_what_it_documents():
    """Every command of either path is done and in the log."""
    few = ["--callers", "4", "--seconds", "2", "--rounds", "1"]
    command = [sys.executable, "-m", "bench", "commands", "--json", *few]
    done = subprocess.run(command, cwd=Path(__file__).parents[1], check=True, capture_output=True, text=True)
    result = json.loads(done.stdout)
    assert all(key in commands.__doc__ for key in (*result, *result["grouped"]))
    assert (result["answers_done"], result["events_in_log"]) == (True, True)
    assert result["ungrouped"]["group_size"] == "1.00"
    assert set(result["grouped"]["by_kind"]) == {"hires", "trainings", "qualifications", "transfers"}


@pytest.mark.postgres
def test_the_import_bench_finds_every_row_once_and_says_what_it_documents():
    """F62: both databases are sound, and the bulk path wrote what was copied."""
    command = [sys.executable, "-m", "bench", "imports", "--json", "--people", "2100"]
    done = subprocess.run(command, cwd=Path(__file__).parents[1], check=True, capture_output=True, text=True)
    result = json.loads(done.stdout)
    assert all(key in imports.__doc__ for key in (*result, *result["postgres"], *result["bulk"]))
    assert (result["postgres"]["sound"], result["sqlite"]["sound"]) == (True, True)
    assert result["bulk"]["contents_equal"] is True


@pytest.mark.postgres
def test_the_closing_bench_stores_what_was_drafted_and_says_what_it_documents():
    command = [sys.executable, "-m", "bench", "closing", "--json", "--workers", "60"]
    done = subprocess.run(command, cwd=Path(__file__).parents[1], check=True, capture_output=True, text=True)
    found = json.loads(done.stdout)
    assert all(key in closing.__doc__ for key in found)
    assert found["contents_equal"] is True
    assert found["exports_equal"] is True
    assert found["lines"] == 60 * 2 * 3


def test_the_base_bench_pays_the_whole_difference_and_says_what_it_documents(capsys):
    assert main(["base", "--json", "--workers", "40", "--runs", "1"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert all(key in base.__doc__ for key in found)
    assert found["sums_equal"] is True
    assert 0 < found["differing_entries"] <= found["paid_entries"]
