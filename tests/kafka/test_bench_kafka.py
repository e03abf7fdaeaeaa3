"""The Kafka bench on a few workers: its keys, and the same content by every way."""

import json
import subprocess
import sys

import pytest
from bench import kafka
from tests.kafka.parts import ROOT

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.campaign]


def test_the_bench_comes_to_the_same_content_by_every_way_and_says_what_it_takes() -> None:
    command = [sys.executable, "-m", "bench", "kafka", "--json", "--workers", "100"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    result = json.loads(done.stdout)
    assert all(key in kafka.__doc__ for key in result)
    assert result["digests_equal"] is True
    assert sum(result["one"]["shares"]) == sum(result["two"]["shares"]) == result["events"] == 540
    assert min(result["two"]["shares"]) > 0
