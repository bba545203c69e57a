"""The watch officer's dashboard, in the order of the questions: can I trust it, how bad, why, what against, how."""

from grafana_foundation_sdk.builders import bargauge, dashboard, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.builders.common import ReduceDataOptions
from grafana_foundation_sdk.models.common import BarGaugeDisplayMode, BigValueColorMode, BigValueGraphMode
from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.parts import OURS, asks, board, columns, firing, level_names, look, opens, query, steps

NO_PROBABILITY = "An index of graded indications, 0 to 100; not a probability."
EVIDENCE = f"max without (instance, job) (belwatch_evidence_contribution{{{OURS}}}"
NARROW = (4, 4)
POINTS = f"max by (indicator) (belwatch_indicator_contribution_points{{{OURS}}})"


def build() -> Dashboard:
    """Build the dashboard."""
    return board(
        "belarus-entry",
        "Belarus entry",
        "How near, why, and can it be trusted. " + NO_PROBABILITY,
        {
            "Can I trust it now?": _trust(),
            "How bad, and since when?": _how_bad(),
            "Why?": _why(),
            "What speaks against?": _against(),
            "How did we get here?": _history(),
        },
    )


def _number(
    title: str,
    description: str,
    unit: str,
    expr: str,
    colors: dashboard.ThresholdsConfig,
    size: tuple[int, int] = (6, 4),
) -> stat.Panel:
    panel = stat.Panel().graph_mode(BigValueGraphMode.NONE).color_mode(BigValueColorMode.BACKGROUND)
    return asks(panel.thresholds(colors), title, description, unit, size, query(expr))


def _trust() -> list[stat.Panel]:
    plain, good = steps((None, "text")), steps((None, "red"), (1, "green"))
    return [
        _number(
            "Workers that answer",
            "Scrapes that succeed; none: nothing new is judged.",
            "short",
            f'sum(up{{job="belwatch",{OURS}}})',
            good,
            NARROW,
        ),
        _number(
            "Ticks behind",
            "Ticks of the run's own grid since the last evaluation; the alert has the limit.",
            "short",
            f"max((belwatch_clock_timestamp_seconds{{{OURS}}} - belwatch_tick_timestamp_seconds{{{OURS}}})"
            f" / belwatch_tick_interval_seconds{{{OURS}}})",
            plain,
            NARROW,
        ),
        _number(
            "Newest event",
            "Age of the newest event time seen, on the run's clock.",
            "s",
            f"max(belwatch_clock_timestamp_seconds{{{OURS}}})"
            f" - max(belwatch_newest_event_timestamp_seconds{{{OURS}}})",
            plain,
            NARROW,
        ),
        _number(
            "Silent sources",
            "Share of the expected sources that are silent, weighted by reliability. All silent: a low index means "
            "nothing.",
            "percentunit",
            f"max(belwatch_silence_ratio{{{OURS}}})",
            steps((None, "green"), (1, "red")),
            NARROW,
        ),
        _number(
            "Unread",
            "Records still unread: what is in them is not in the index yet.",
            "short",
            f"sum(belwatch_consumer_lag{{{OURS}}})",
            plain,
            NARROW,
        ),
        _number(
            "Pipeline alerts",
            "Firing alerts on the pipeline, the watchdog aside. The runbooks say what to do.",
            "short",
            f'count(ALERTS{{alertstate="firing",team="ops",alertname!="BelwatchWatchdog",{OURS}}}) or vector(0)',
            steps((None, "green"), (1, "red")),
            NARROW,
        ),
    ]


def _how_bad() -> list[stat.Panel | timeseries.Panel]:
    threshold = f'max by (level) (belwatch_level_threshold{{edge="enter",{OURS}}})'
    index = asks(
        timeseries.Panel().min(0).max(100).fill_opacity(0),
        "Index, band and thresholds",
        "The index with its band (what ambiguous indications and silent sources leave open), and where each level "
        "is entered. " + NO_PROBABILITY,
        "none",
        (24, 9),
        query(f"max(belwatch_index{{{OURS}}})", "index"),
        query(f"max(belwatch_index_high{{{OURS}}})", "band, high"),
        query(f"max(belwatch_index_low{{{OURS}}})", "band, low"),
        query(threshold, "enter {{level}}"),
    )
    index = index.override_by_name(*look("index", **{"custom.lineWidth": 3}))
    index = index.override_by_name(
        *look("band, high", **{"custom.fillBelowTo": "band, low", "custom.lineWidth": 0})
    )
    index = index.override_by_name(*look("band, low", **{"custom.lineWidth": 0}))
    plain = steps((None, "text"))
    level = _number(
        "Level", "Judged at each tick, with hysteresis.", "none", f"max(belwatch_level{{{OURS}}})", plain
    )
    since = f"max(belwatch_level_since_timestamp_seconds{{{OURS}}}) * 1000"
    return [
        level.mappings(level_names()),
        _number("Since", "Event time at which the level was reached.", "dateTimeAsIso", since, plain),
        _number("Index", NO_PROBABILITY, "none", f"max(belwatch_index{{{OURS}}})", plain).decimals(1),
        _number(
            "Width of the band",
            "How far ambiguity and silent sources leave the index open, in points.",
            "none",
            f"max(belwatch_index_high{{{OURS}}}) - min(belwatch_index_low{{{OURS}}})",
            plain,
        ).decimals(1),
        index,
    ]


def _bars(title: str, description: str, expr: str, color: str) -> bargauge.Panel:
    bars = (
        bargauge.Panel().display_mode(BarGaugeDisplayMode.BASIC).thresholds(steps((None, color))).decimals(1)
    )
    bars = bars.reduce_options(ReduceDataOptions().calcs(["lastNotNull"]))
    return asks(bars, title, description, "none", (10, 10), query(expr, "{{indicator}}"))


def _evidence(title: str, description: str, expr: str) -> table.Panel:
    shown = ["Value", "title", "publisher", "grade", "act", "indicator", "rank"]
    panel = asks(table.Panel(), title, description, "none", (14, 10), query(expr, now=True))
    panel = panel.with_transformation(
        columns(shown, hide=["Time", "environment", "problem", "__name__", "claim", "url"])
    )
    links = [
        *opens("Open the source", "${__data.fields.url}"),
        *opens("Open the claim", "${page}/${problem}/claim/${__data.fields.claim}"),
    ]
    panel = panel.override_by_name(*look("title", links=links))
    return panel.override_by_name(*look("Value", displayName="points", decimals=1))


def _why() -> list[bargauge.Panel | table.Panel]:
    return [
        _bars(
            "What raises it", "Index points each indicator adds now.", f"sort_desc({POINTS} > 0)", "orange"
        ),
        _evidence(
            "Heaviest evidence",
            "The claims that weigh most, either way. Three are exported; the whole ledger is in the assessments.",
            f"sort_desc({EVIDENCE}))",
        ),
        firing("analysts"),
        _deadlines(),
    ]


def _deadlines() -> table.Panel:
    panel = asks(
        table.Panel(),
        "Claims that name a time",
        "Times to come, soonest first; each counts as predicted. None is the usual case.",
        "dateTimeAsIso",
        (12, 8),
        query(
            f"sort(max without (instance, job) (belwatch_claim_deadline_timestamp_seconds{{{OURS}}})) * 1000",
            now=True,
        ),
    ).with_transformation(
        columns(
            ["Value", "title", "publisher", "grade", "act", "indicator"],
            hide=["Time", "environment", "problem", "claim", "url"],
        )
    )
    claim = opens("Open the claim", "${page}/${problem}/claim/${__data.fields.claim}")
    return panel.override_by_name(*look("title", links=claim))


def _against() -> list[bargauge.Panel | table.Panel | stat.Panel]:
    return [
        _bars(
            "What lowers it", "Index points each counter-indicator takes now.", f"sort({POINTS} < 0)", "green"
        ),
        _number(
            "Without its strongest family",
            "The lowest index that leaving out any one family of publishers gives. Below a level's threshold: that "
            "level rests on one voice.",
            "none",
            f"max(belwatch_index_robust{{{OURS}}})",
            steps((None, "text")),
            (5, 4),
        ).decimals(1),
        _number(
            "Fragile",
            "1 while critical is withheld because one family of publishers carries it.",
            "short",
            f"max(belwatch_level_fragile{{{OURS}}})",
            steps((None, "green"), (1, "orange")),
            (4, 4),
        ),
        _number(
            "Claims that carry the level",
            "The fewest that would have to fall for the level not to stand; none while the level is normal.",
            "short",
            f"max(belwatch_knockout_claims{{{OURS}}})",
            steps((None, "text")),
            (5, 4),
        ),
    ]


def _history() -> list[statetimeline.Panel | timeseries.Panel]:
    level = statetimeline.Panel().mappings(level_names())
    return [
        asks(
            level,
            "Levels so far",
            "Each level as long as it held.",
            "none",
            (24, 4),
            query(f"max(belwatch_level{{{OURS}}})", "level"),
        ),
        asks(
            timeseries.Panel(),
            "Index points by indicator",
            "Who moved the index: signed contributions; base plus all of them is the index.",
            "none",
            (24, 10),
            query(POINTS, "{{indicator}}"),
        ),
        asks(
            timeseries.Panel().min(0),
            "Attention",
            "Share of the day's articles that mention the problem, and what is usual on that weekday. Context only: "
            "no part of the index.",
            "percentunit",
            (24, 6),
            query(f"max(belwatch_attention_share{{{OURS}}})", "share"),
            query(f"max(belwatch_attention_usual_share{{{OURS}}})", "usual"),
        ),
    ]
