"""The oracle itself: what was planted, it must find."""

import gc
import logging
import re
from collections.abc import Iterator

import pytest
from oracle import Log, complaints, home, overtaken
from scoring import catalogue
from simulation import Simulation
from traffic import traffic

from schemas.assessment import Assessment
from schemas.catalogue import Catalogue
from stream.table import header


@pytest.fixture(scope="module")
def problem() -> Catalogue:
    return catalogue()


@pytest.fixture(scope="module")
def walked(problem: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Log]:
    """The logs after a process has read six hours of messages."""
    gc.freeze()
    logging.disable(logging.CRITICAL)
    simulation = Simulation(problem, tmp_path_factory.mktemp("oracle"), seed=1)
    simulation.world.write(traffic(problem, hours=6, per_hour=50, seed=1, tells=3))
    simulation.live(steps=200_000)
    assert simulation.endings == ["done"]
    log = Log(simulation.world.records(), home(problem))
    assert complaints(log, problem) == []
    yield log
    logging.disable(logging.NOTSET)
    gc.unfreeze()


@pytest.mark.parametrize(
    ("role", "holds", "said"),
    [
        ("indications", b'"report"', r"1 of \d+ observations lost"),
        ("indications", b'"source_seen"', r"\d+ of \d+ observations lost"),
        ("rejections", b"", r"1 of \d+ rejections lost"),
        ("assessments", b'"cause":"tick"', r"1 of \d+ tick's assessments lost"),
        ("assess-changelog", b"/m/", r"1 of \d+ rows lost"),
    ],
)
def test_a_loss_is_found(walked: Log, problem: Catalogue, role: str, holds: bytes, said: str) -> None:
    seen: dict[bytes, int] = {}
    for record in walked.of(role):
        seen[record.key] = seen.get(record.key, 0) + 1
    several = role in ("indications", "assessments")  # one key for all
    planted = next(
        r for r in walked.of(role) if holds in r.key + (r.value or b"") and (several or seen[r.key] == 1)
    )
    found = complaints(walked.without(planted), problem)
    assert any(re.match(said, line) for line in found), found


def test_a_report_counted_twice_is_found(walked: Log, problem: Catalogue) -> None:
    report = next(r for r in walked.of("indications") if b'"report"' in r.value)
    again = re.sub(rb'"message_id":"[^"]*"', b'"message_id":"x:another"', report.value)
    double = report._replace(value=again, offset=walked.of("indications")[-1].offset + 1)
    assert any("nobody expects" in line for line in complaints(walked.plus("indications", double), problem))


def test_a_row_too_many_is_found(walked: Log, problem: Catalogue) -> None:
    row = next(record for record in walked.of("assess-changelog") if b"/m/" in record.key)
    planted = walked.plus("assess-changelog", row._replace(key=row.key + b"'"))
    assert complaints(planted, problem)[0].startswith("1 rows nobody expects")


def test_an_assessment_too_many_is_found(walked: Log, problem: Catalogue) -> None:
    told = next(r for r in walked.of("assessments") if b'"cause":"tick"' in r.value)
    named = Assessment.model_validate_json(told.value).model_copy(update={"id": "nobody's"})
    planted = walked.plus("assessments", told._replace(value=named.model_dump_json().encode()))
    assert "1 tick's assessments nobody expects, such as nobody's" in complaints(planted, problem)


def test_two_assessments_of_one_id_that_differ_are_found(walked: Log, problem: Catalogue) -> None:
    told = walked.of("assessments")[-1]
    assessment = Assessment.model_validate_json(told.value)
    other = assessment.model_copy(update={"index": assessment.index + 1}).model_dump_json().encode()
    found = complaints(walked.plus("assessments", told._replace(value=other)), problem)
    assert f"two assessments {assessment.id} say different things" in found
    assert f"assessment {assessment.id} is not what its prefix of the log gives: ['index']" in found


def test_a_late_writers_row_is_no_complaint_but_must_be_healed(walked: Log, problem: Catalogue) -> None:
    row = next(record for record in walked.of("assess-changelog") if record.key.endswith(b"/_state"))
    late = walked.plus("assess-changelog", row._replace(value=b"{}", headers=(header(0),)))
    assert complaints(late, problem) == []
    assert overtaken(late) == {row.key.decode()}
