"""Hostile text crashes nothing and gets out of nowhere: metrics, Slack, HTML, logs, the terminal.

`BELWATCH_HOSTILE` says how many are made; `make hostile` makes a hundred thousand.
"""

import io
import itertools
import json
import logging
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hostile import messages
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.openmetrics import exposition, parser
from prometheus_client.parser import text_string_to_metric_families

from schemas.catalogue import Catalogue
from stream.commands.operate import FORMAT
from stream.core.explain import explain
from stream.core.pipeline import ORIGIN, Assessor, Inbound, Observer
from stream.page.render import environment
from stream.settings import Settings
from stream.sinks.metrics import Metrics, Published
from stream.sinks.plain import LIMIT, Plainly, link, plain, shown

COUNT = int(os.environ.get("BELWATCH_HOSTILE", "2000"))
PACK = 1_000
AT = 1_645_400_000.0
RULES = Path(__file__).parents[2] / "deploy" / "prometheus" / "rules" / "levels.yml"
HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@pytest.fixture(scope="module")
def texts() -> list[tuple[str, str, str]]:
    """Title, publisher and link as /metrics shows them."""
    made = [(plain(title), plain(name), link(url)) for _, title, name, url in messages(COUNT, seed=1)]
    assert len(made) == COUNT
    return made


def visible(text: str) -> bool:
    return not any(unicodedata.category(c) in HIDDEN for c in text)


def test_every_message_is_taken_or_rejected_and_what_is_told_of_it_is_plain(catalogue: Catalogue) -> None:
    observer = Observer(catalogue)
    outcomes = Counter[str]()
    metrics = Metrics(Settings(), catalogue, lambda: AT)
    registry = CollectorRegistry()
    registry.register(metrics)
    for pack in _packs():
        observed = observer.observe(
            [Inbound("article", value, AT, ORIGIN, n) for n, (value, *_) in enumerate(pack)]
        )
        outcomes += observed.outcomes
        for _, rejection in observed.rejections:
            told = json.loads(rejection)
            assert visible(told["sample"] + told["detail"]), told
        assessor = Assessor(catalogue, origins=[ORIGIN])
        for offset, observation in enumerate(observed.observations):
            assessor.apply("indications-0", offset, observation)
        assessor.flush()
        assessment = assessor.at(AT)
        metrics.publish(Published(assess=lambda _, now=assessment: now))
        families = list(text_string_to_metric_families(generate_latest(registry).decode()))
        assert all(f.name.startswith("belwatch_") for f in families)
        for family in families:
            for sample in family.samples:
                assert all(map(visible, sample.labels.values())), sample
        assert all(map(visible, shown(explain(assessment)).split("\n")))
    assert outcomes["matched"] + outcomes["unmatched"] + outcomes["rejected"] == COUNT
    assert outcomes["matched"] > COUNT / 50  # else little of it would have come through
    assert outcomes["rejected"] < COUNT * 0.7


def _packs() -> Iterator[list[tuple[bytes, str, str, str]]]:
    every = messages(COUNT, seed=2)
    return (list(itertools.islice(every, PACK)) for _ in range(-(-COUNT // PACK)))


def test_labels_come_back_as_they_went_in(texts: list[tuple[str, str, str]]) -> None:
    family = GaugeMetricFamily(
        "belwatch_evidence_contribution", "x", labels=["n", "title", "publisher", "url"]
    )
    for n, (title, publisher, url) in enumerate(texts):
        assert all(map(visible, (title, publisher, url)))
        assert max(map(len, (title, publisher, url))) <= LIMIT
        family.add_metric([str(n), title, publisher, url], n)
    registry = CollectorRegistry()
    registry.register(_One(family))
    for read, text in (
        (text_string_to_metric_families, generate_latest(registry)),
        (parser.text_string_to_metric_families, exposition.generate_latest(registry)),
    ):
        [found] = read(text.decode())
        assert [tuple(s.labels[k] for k in ("title", "publisher", "url")) for s in found.samples] == texts
        assert [s.value for s in found.samples] == list(range(COUNT))


class _One:
    def __init__(self, family: GaugeMetricFamily) -> None:
        self.family = family

    def collect(self) -> list[GaugeMetricFamily]:
        return [self.family]


def test_nothing_ends_a_link_or_calls_anybody_in_slack(texts: list[tuple[str, str, str]]) -> None:
    rule = re.search(r'define "text" }}{{ \. (.*?) }}{{ end', RULES.read_text(encoding="utf-8"))
    assert rule
    steps = re.findall(
        r'reReplaceAll "(.*?)" "(.*?)"', rule[1]
    )  # as the rule escapes, not as we think it does

    def slack(text: str) -> str:
        for pattern, into in steps:
            text = re.sub(pattern.replace("\\\\", "\\"), into, text)
        return text

    for title, publisher, url in texts:
        line = f"<{slack(url)}|{slack(title)}> ({slack(publisher)})"
        link_, rest = re.fullmatch(r"(<[^<>|]*\|[^<>|]*>)([^<>]*)", line).groups()  # type: ignore[union-attr]
        assert link_.startswith("<http") or not url
        assert "\n" not in rest


def test_nothing_opens_a_tag_in_html(texts: list[tuple[str, str, str]]) -> None:
    template = environment().from_string(
        '<a title="{{ a | plain }}" href="{{ c | link }}">{{ b | plain }}</a>'
    )
    for title, publisher, url in texts:
        page = template.render(a=title, b=publisher, c=url)
        assert re.fullmatch(r'<a title="[^"<>]*" href="[^"<>\s]*">[^<>]*</a>', page), page


def test_one_message_is_one_line_of_the_log() -> None:
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(Plainly(FORMAT))
    logger = logging.Logger("hostile")  # noqa: LOG001 - apart from all others
    logger.addHandler(handler)
    for _, title, publisher, _ in messages(COUNT, seed=3):
        logger.warning("%s by %s", title, publisher)
    lines = out.getvalue().splitlines()
    assert len(lines) == COUNT
    assert all(map(visible, lines))
    assert all(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} WARNING hostile: ", line) for line in lines)
