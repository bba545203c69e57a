"""The operator's dashboard: does it run, does it keep up, what does it lose."""

from grafana_foundation_sdk.builders import stat, table, timeseries
from grafana_foundation_sdk.models.common import BigValueGraphMode
from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.parts import OURS, asks, board, columns, firing, query, steps

RATE = "$__rate_interval"


def build() -> Dashboard:
    """Build the dashboard."""
    return board(
        "pipeline",
        "Pipeline",
        "From the topics to the message: does it run, keep up, lose nothing?",
        {
            "Does it run?": _runs(),
            "Does it keep up?": _keeps_up(),
            "What comes in, and what is refused?": _traffic(),
            "Do alerts get out?": _alerts(),
        },
    )


def _number(title: str, description: str, unit: str, expr: str) -> stat.Panel:
    panel = stat.Panel().graph_mode(BigValueGraphMode.AREA).thresholds(steps((None, "text")))
    return asks(panel, title, description, unit, (6, 4), query(expr))


def _curves(title: str, description: str, unit: str, *curves: tuple[str, str]) -> timeseries.Panel:
    panel = timeseries.Panel().min(0)
    return asks(panel, title, description, unit, (12, 8), *(query(expr, legend) for expr, legend in curves))


def _runs() -> list[stat.Panel]:
    return [
        _number("Workers that answer", "Scrapes that succeed.", "short", f'sum(up{{job="belwatch",{OURS}}})'),
        _number(
            "Ticks behind",
            "Ticks of the run's own grid since the last evaluation.",
            "short",
            f"max((belwatch_clock_timestamp_seconds{{{OURS}}} - belwatch_tick_timestamp_seconds{{{OURS}}})"
            f" / belwatch_tick_interval_seconds{{{OURS}}})",
        ),
        _number(
            "Last commit",
            "Age of the last commit, on the wall clock.",
            "s",
            f"time() - max(belwatch_commit_timestamp_seconds{{{OURS}}})",
        ),
        _number(
            "Unread",
            "Messages still unread, over all topics.",
            "short",
            f"sum(belwatch_consumer_lag{{{OURS}}})",
        ),
    ]


def _keeps_up() -> list[timeseries.Panel | table.Panel]:
    bucket = f"sum by (le) (rate(belwatch_processing_seconds_bucket{{{OURS}}}[{RATE}]))"
    return [
        _curves(
            "Lag by topic",
            "Messages still unread.",
            "short",
            (f"sum by (topic) (belwatch_consumer_lag{{{OURS}}})", "{{topic}}"),
        ),
        _curves(
            "Processing time",
            "From a batch's arrival to its acknowledgement.",
            "s",
            (f"histogram_quantile(0.5, {bucket})", "half of them"),
            (f"histogram_quantile(0.95, {bucket})", "95 %"),
        ),
        asks(
            table.Panel(),
            "Sources",
            "Age of the newest event time of each expected source, on the run's clock. Silence widens the band.",
            "s",
            (24, 8),
            query(
                f"sort_desc(scalar(max(belwatch_clock_timestamp_seconds{{{OURS}}}))"
                f" - max by (source) (belwatch_source_last_seen_timestamp_seconds{{{OURS}}}))",
                now=True,
            ),
        ).with_transformation(columns(["source", "Value"], hide=["Time"])),
    ]


def _traffic() -> list[timeseries.Panel]:
    return [
        _curves(
            "Messages by outcome",
            "Matched: of interest; unmatched: read and let go; rejected: could not be read.",
            "cps",
            (f"sum by (outcome) (rate(belwatch_messages_total{{{OURS}}}[{RATE}]))", "{{outcome}}"),
        ),
        _curves(
            "Rejections by reason",
            "Each is kept on the rejections topic with its place and its beginning.",
            "cps",
            (f"sum by (reason) (rate(belwatch_rejections_total{{{OURS}}}[{RATE}]))", "{{reason}}"),
        ),
        _curves(
            "Kept out by a bound",
            "What memory, queues or requests had no room for; nought is the usual case.",
            "cps",
            (f"sum by (bound) (rate(belwatch_bounded_total{{{OURS}}}[{RATE}]))", "{{bound}}"),
        ),
        _curves(
            "Restarts and rebalances",
            "How often workers started, and partitions moved, within the last hour.",
            "short",
            (f"sum(changes(belwatch_start_timestamp_seconds{{{OURS}}}[1h]))", "restarts"),
            (f"sum(increase(belwatch_rebalances_total{{{OURS}}}[1h]))", "rebalances"),
        ),
    ]


def _alerts() -> list[timeseries.Panel | table.Panel]:
    return [
        _curves(
            "Notifications that failed",
            "Alertmanager could not deliver them; it keeps trying.",
            "cps",
            (
                f"sum by (integration) (rate(alertmanager_notifications_failed_total[{RATE}]))",
                "{{integration}}",
            ),
            (f"sum(rate(prometheus_rule_evaluation_failures_total[{RATE}]))", "rule evaluations"),
        ),
        firing("ops"),
        asks(
            table.Panel(),
            "Versions",
            "Code, formula and catalogue that answer now.",
            "none",
            (24, 4),
            query(f"belwatch_build_info{{{OURS}}}", now=True),
            query(f"belwatch_catalogue_info{{{OURS}}}", now=True),
        ),
    ]
