"""Families: an assessment and its catalogue as Prometheus metric families."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from schemas.assessment import LEVELS, Assessment, Attention, Contribution, Evidence
from schemas.catalogue import Catalogue, Threshold
from stream.sinks.plain import link, plain

RETRACTIONS = 10  # the newest
TOP = 3  # evidence series: enough for a message, bounded for Prometheus
DEADLINES = 5  # claims whose time is still to come
HOUR = 3_600.0
Rows = Iterable[tuple[Sequence[str], float]]


@dataclass(frozen=True)
class Families:
    """Makes families whose every sample begins with the same labels. A row is (label values, value)."""

    common: Mapping[str, str]

    def gauge(self, name: str, text: str, rows: Rows, *labels: str) -> Metric:
        """Make a gauge family with these rows."""
        family = GaugeMetricFamily(name, text, labels=[*self.common, *labels])
        for values, value in rows:
            family.add_metric([*self.common.values(), *values], value)
        return family

    def one(self, name: str, text: str, value: float | None) -> Metric:
        """Make a gauge family of one sample, or of none where nothing is known."""
        return self.gauge(name, text, [] if value is None else [((), value)])

    def counter(self, name: str, text: str, rows: Rows, *labels: str) -> Metric:
        """Make a counter family with these rows."""
        family = CounterMetricFamily(name, text, labels=[*self.common, *labels])
        for values, value in rows:
            family.add_metric([*self.common.values(), *values], value)
        return family

    def histogram(self, name: str, text: str, buckets: Sequence[tuple[str, float]], total: float) -> Metric:
        """Make a histogram family of one series from cumulative buckets."""
        family = HistogramMetricFamily(name, text, labels=list(self.common))
        family.add_metric(list(self.common.values()), buckets, total)
        return family


def about(families: Families, catalogue: Catalogue, version: str, run: str | None) -> Iterator[Metric]:
    """Yield what never changes while a worker runs: versions, levels' codes and edges, and what is expected."""
    formula = catalogue.problem.formula
    yield families.gauge(
        "belwatch_build_info", "Version of code and formula.", [((version, formula), 1)], "version", "formula"
    )
    yield families.gauge(
        "belwatch_catalogue_info", "Version of the catalogue.", [((catalogue.version,), 1)], "catalogue"
    )
    yield families.gauge(
        "belwatch_replay_info", "There while a worker replays history.", [((run,), 1)] if run else [], "run"
    )
    yield families.gauge(
        "belwatch_level_code",
        "The number that stands for a level in belwatch_level.",
        [((level,), LEVELS.index(level)) for level in LEVELS],
        "level",
    )
    yield families.gauge(
        "belwatch_level_threshold",
        "Index at which a level is entered, and below which it is left.",
        [row for level, edges in catalogue.problem.levels.items() for row in _edges(level, edges)],
        "level",
        "edge",
    )
    yield families.gauge(
        "belwatch_source_expected_interval_seconds",
        "How often an expected source publishes at least; longer is silence.",
        [((s.id,), s.expected_every_hours * HOUR) for s in catalogue.sources if s.expected_every_hours],
        "source",
    )
    beats = [i.heartbeat for i in catalogue.indicators.values() if i.heartbeat]
    yield families.gauge(
        "belwatch_heartbeat_interval_seconds",
        "How often a source gives the reassurance that is expected of it.",
        [((beat.source,), beat.every_hours * HOUR) for beat in beats],
        "source",
    )


def standing(families: Families, assessment: Assessment) -> Iterator[Metric]:
    """Yield where the problem stands: index (not a probability), band, level, ledger and top evidence."""
    yield from _figures(families.one, assessment)
    yield families.gauge(
        "belwatch_heartbeat_missed_timestamp_seconds",
        "End of the last period in which a source's expected reassurance was missing.",
        [((source,), end.timestamp()) for source, end in sorted(assessment.missed.items())],
        "source",
    )
    yield from _attention(families, assessment.attention)
    names = ("indicator", "group", "kind")
    yield families.gauge(
        "belwatch_indicator_activation",
        "How active an indicator is, 0 to 1.",
        [(_indicator(line), line.activation) for line in assessment.ledger],
        *names,
    )
    yield families.gauge(
        "belwatch_indicator_contribution_points",
        "Index points an indicator adds or takes; base plus all of them is the index.",
        [(_indicator(line), line.points) for line in assessment.ledger],
        *names,
    )
    yield _evidence(families, assessment)
    yield from _retractions(families, assessment)
    yield _deadlines(families, assessment)


def _figures(one: Callable[[str, str, float | None], Metric], assessment: Assessment) -> Iterator[Metric]:
    yield one("belwatch_index", "Warning index, 0 to 100; not a probability.", assessment.index)
    yield one("belwatch_index_low", "Lower end of the index's band.", assessment.low)
    yield one("belwatch_index_high", "Upper end of the index's band.", assessment.high)
    yield one("belwatch_index_robust", "Lowest index with one publisher family left out.", assessment.robust)
    yield one("belwatch_level", "Level, as in belwatch_level_code.", LEVELS.index(assessment.level))
    yield one(
        "belwatch_level_since_timestamp_seconds",
        "Event time at which the level was reached.",
        assessment.since.timestamp(),
    )
    yield one(
        "belwatch_level_fragile",
        "1 while a level rests on one family of publishers.",
        float(assessment.fragile),
    )
    yield one(
        "belwatch_silence_ratio",
        "Share of the expected sources that are silent, weighted by reliability.",
        assessment.silence,
    )
    yield one(
        "belwatch_knockout_claims",
        "Fewest claims without which the index would be below the level's threshold.",
        assessment.knockout,
    )


def _attention(families: Families, talk: Attention | None) -> Iterator[Metric]:
    """Yield how loud the talk is; no samples where too little is known."""
    yield families.one(
        "belwatch_attention_share",
        "Share of the day's articles that mention the problem; no part of the index.",
        talk.share if talk else None,
    )
    yield families.one(
        "belwatch_attention_usual_share",
        "The same on this weekday in the weeks before, as a median.",
        talk.usual if talk else None,
    )
    yield families.one(
        "belwatch_attention_score",
        "Robust standard deviations between the day's share and the usual.",
        talk.score if talk else None,
    )


def _retractions(families: Families, assessment: Assessment) -> Iterator[Metric]:
    """Yield what past alerts rested on what was retracted since, newest first."""
    retracted = [a for a in assessment.answers if a.review.action == "retract"][:RETRACTIONS]
    rows = {plain(a.review.target): a for a in reversed(retracted)}
    yield families.gauge(
        "belwatch_retraction_share",
        "Share of the alerts before a retraction that would not have been raised without what it takes out.",
        [
            ((target, plain(a.review.reviewer), plain(a.review.reason)), a.rested / max(a.alerts, 1))
            for target, a in rows.items()
        ],
        *("target", "reviewer", "reason"),
    )
    yield families.gauge(
        "belwatch_retraction_timestamp_seconds",
        "When a message was retracted.",
        [((target,), a.review.at.timestamp()) for target, a in rows.items()],
        "target",
    )
    yield families.one(
        "belwatch_alerts_past",
        "Levels entered within the time that registers remember.",
        max((a.alerts for a in retracted), default=None),
    )


def _evidence(families: Families, assessment: Assessment) -> Metric:
    claims = [claim for line in assessment.ledger for claim in line.claims if claim.points]
    top = sorted(claims, key=lambda claim: (-abs(claim.points), claim.claim))[:TOP]
    return families.gauge(
        "belwatch_evidence_contribution",
        "Index points of the claims that weigh most, with what they say and where.",
        [((str(rank), *_describe(claim)), claim.points) for rank, claim in enumerate(top, start=1)],
        *("rank", "indicator", "publisher", "title", "url", "grade", "act", "claim"),
    )


def _describe(claim: Evidence) -> tuple[str, ...]:
    text = plain(claim.publisher), plain(claim.title), link(claim.url)
    return (claim.indicator, *text, plain(claim.grade), claim.act.value, _place(claim.claim))


def _place(claim: str) -> str:
    """Write a claim's id as a link has it: what asks for the claim's page needs no escaping any more."""
    return quote(claim, safe="", errors="replace")


def _deadlines(families: Families, assessment: Assessment) -> Metric:
    """Soonest first among those to come; what has expired is told by the score, not by an alert."""
    timed = [
        (claim.deadline.timestamp(), claim)
        for line in assessment.ledger
        for claim in line.claims
        if claim.deadline is not None and claim.deadline >= assessment.at
    ]
    timed.sort(key=lambda pair: (pair[0], pair[1].claim))
    return families.gauge(
        "belwatch_claim_deadline_timestamp_seconds",
        "Time by which a claim says that it will have happened.",
        [(_describe(claim), deadline) for deadline, claim in timed[:DEADLINES]],
        *("indicator", "publisher", "title", "url", "grade", "act", "claim"),
    )


def _indicator(line: Contribution) -> tuple[str, str, str]:
    return line.indicator, line.group, line.kind


def _edges(level: str, edges: Threshold) -> Rows:
    return [((level, "enter"), edges.enter), ((level, "leave"), edges.leave)]
