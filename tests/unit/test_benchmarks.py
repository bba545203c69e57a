"""The benchmark's page says of each aim whether it was reached, and a call goes on where the last one ended."""

from pathlib import Path

from tests.benchmarks.page import page
from tests.benchmarks.results import Results

CELL = {"messages": 200_000, "share": 0.02, "processes": 1}
USED = {"cpu_per_million": 10.0, "rss": 120.0, "rss_early": 110.0, "seconds": 2.0, "load": 1.5}


def measured(path: Path, **rates: float) -> Results:
    results = Results(path, keep=False)
    for peer, rate in rates.items():
        results.add("reference", {"peer": peer, **CELL}, {"rate": rate, **USED})
    return results


def test_an_aim_that_was_missed_is_said_to_be(tmp_path: Path) -> None:
    text = page(measured(tmp_path / "r", belwatch=130.0, quixstreams=100.0), "make bench")
    assert "| our hosting / quixstreams, one process | ≥ 1.4 × | 1.30 × | **no** |" in text


def test_an_aim_that_was_reached_is_said_to_be(tmp_path: Path) -> None:
    text = page(measured(tmp_path / "r", belwatch=140.0, quixstreams=100.0), "make bench")
    assert "| our hosting / quixstreams, one process | ≥ 1.4 × | 1.40 × | yes |" in text


def test_of_what_must_not_exceed_a_bound_more_is_a_miss(tmp_path: Path) -> None:
    results = Results(tmp_path / "r", keep=False)
    found = {"p50": 20.0, "p99": 251.0, "number": 900, "tick_p50": 40.0, "tick_max": 90.0, "load": 1.5}
    results.add("latency", {"messages_per_second": 1_000}, found)
    assert "| p99 at 1,000 msg/s | ≤ 250 ms | 251.00 ms | **no** |" in page(results, "make bench")


def test_a_peer_that_was_not_measured_is_not_compared_with(tmp_path: Path) -> None:
    assert "kafka-streams, one" not in page(measured(tmp_path / "r", belwatch=1.0), "make bench")


def test_a_second_call_knows_what_the_first_measured(tmp_path: Path) -> None:
    measured(tmp_path / "r", belwatch=1.0)
    again = Results(tmp_path / "r", keep=True)
    assert again.has("reference", {"peer": "belwatch", **CELL})
    assert not again.has("reference", {"peer": "belwatch", **CELL, "processes": 2})
    assert not Results(tmp_path / "r", keep=False).of("reference")


def test_what_was_measured_beside_other_work_shows_nothing(tmp_path: Path) -> None:
    results = measured(tmp_path / "r", belwatch=140.0)
    results.add("reference", {"peer": "quixstreams", **CELL}, {"rate": 100.0, **USED, "load": 9.0})
    assert "1.40 × | not shown: machine busy |" in page(results, "make bench")
