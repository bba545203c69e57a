"""Parts: what every panel has in common, so that the two dashboards read as lists of questions and queries."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from grafana_foundation_sdk.builders import (
    bargauge,
    dashboard,
    prometheus,
    stat,
    statetimeline,
    table,
    timeseries,
)
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from schemas.assessment import LEVELS

Panel = TypeVar("Panel", bargauge.Panel, stat.Panel, statetimeline.Panel, table.Panel, timeseries.Panel)
Rows = Mapping[str, Sequence[Builder[model.Panel]]]  # panels by the question they answer

DATASOURCE = common.DataSourceRef(type_val="prometheus", uid="${datasource}")
OURS = 'environment="$environment",problem="$problem"'  # in every selector of ours
COLORS = dict(zip(LEVELS, ("green", "yellow", "orange", "red"), strict=True))
TAG = "belwatch"


def query(expr: str, legend: str = "", *, now: bool = False) -> prometheus.Dataquery:
    """One PromQL query; `now`: its value at the end of the range, as a table, instead of a curve."""
    target = prometheus.Dataquery().datasource(DATASOURCE).expr(expr).legend_format(legend or "__auto")
    return target.instant().format(PromQueryFormat.TABLE) if now else target.range()


def asks(
    panel: Panel,
    title: str,
    description: str,
    unit: str,
    size: tuple[int, int],
    *queries: prometheus.Dataquery,
) -> Panel:
    """Give a panel its title, description, unit, size (columns of 24, rows) and queries."""
    panel = panel.title(title).description(description).unit(unit).datasource(DATASOURCE)
    panel = panel.span(size[0]).height(size[1])
    for letter, target in zip("ABCDEF", queries, strict=False):
        panel = panel.with_target(target.ref_id(letter))
    return panel


Mappings = list[model.ValueMap | model.RangeMap | model.RegexMap | model.SpecialValueMap]


def level_names() -> Mappings:
    """Show a level's number as its name and colour; numbers are the exported codes."""
    return [
        model.ValueMap(
            options={
                str(code): model.ValueMappingResult(text=level, color=COLORS[level], index=code)
                for code, level in enumerate(LEVELS)
            }
        )
    ]


def steps(*pairs: tuple[float | None, str]) -> dashboard.ThresholdsConfig:
    """Colours from these values on; the first has no lower end."""
    return (
        dashboard.ThresholdsConfig()
        .mode(model.ThresholdsMode.ABSOLUTE)
        .steps([model.Threshold(value=value, color=color) for value, color in pairs])
    )


def look(name: str, **properties: object) -> tuple[str, list[model.DynamicConfigValue]]:
    """Name a series or column and how it looks, for `override_by_name`."""
    return name, [model.DynamicConfigValue(id_val=key, value=value) for key, value in properties.items()]


def columns(order: Sequence[str], *, hide: Sequence[str]) -> model.DataTransformerConfig:
    """Order a table's columns by label, and leave the others out."""
    options = {
        "indexByName": {name: at for at, name in enumerate(order)},
        "excludeByName": dict.fromkeys(hide, True),
    }
    return model.DataTransformerConfig(id_val="organize", options=options)


def board(uid: str, title: str, description: str, rows: Rows) -> model.Dashboard:
    """Build a dashboard, a row to each question: datasource, environment and problem are variables, times UTC."""
    changes = f"changes(max by (problem) (belwatch_level{{{OURS}}})[5m:]) > 0"
    made = (
        dashboard.Dashboard(title)
        .uid(f"belwatch-{uid}")
        .description(description)
        .tags([TAG])
        .readonly()
        .timezone("utc")
        .refresh("1m")
        .time("now-7d", "now")
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .with_variable(dashboard.DatasourceVariable("datasource").label("Datasource").type("prometheus"))
        .with_variable(_values("environment", "belwatch_level_code"))
        .with_variable(_values("problem", 'belwatch_level_code{environment="$environment"}'))
        .with_variable(_place("page", "http://127.0.0.1:9810", "Status page, where the evidence is"))
        .with_variable(
            _place("runbooks", "http://127.0.0.1:9810/runbooks", "Folder of runbooks, as links begin")
        )
        .annotation(
            dashboard.AnnotationQuery()
            .name("Level changes")
            .datasource(DATASOURCE)
            .expr(changes)
            .title_format("level changed")
            .icon_color("purple")
            .enable(True)  # noqa: FBT003 - a builder's setter
        )
        .link(
            dashboard.DashboardLink("belwatch")
            .type(model.DashboardLinkType.DASHBOARDS)
            .tags([TAG])
            .include_vars(True)  # noqa: FBT003 - a builder's setter
            .keep_time(True)  # noqa: FBT003 - a builder's setter
        )
        .link(
            dashboard.DashboardLink("Ledger at the end of this range")
            .type(model.DashboardLinkType.LINK)
            .url("${page}/${problem}?at=${__to:date:iso}")
            .target_blank(True)  # noqa: FBT003 - a builder's setter
        )
    )
    for question, panels in rows.items():
        made = made.with_row(dashboard.Row(question))
        for panel in panels:
            made = made.with_panel(panel)
    return made.build()


def opens(title: str, url: str) -> list[object]:
    """Write a link of a column, as its `links`."""
    return [model.DashboardLink(title=title, url=url, target_blank=True).to_json()]


def firing(team: str) -> table.Panel:
    """List what fires for a team, with its runbooks."""
    panel = asks(
        table.Panel(),
        f"Firing alerts of {team}",
        "What fires now; the name opens the alert's runbook.",
        "none",
        (12, 8),
        query(f'ALERTS{{alertstate="firing",team="{team}",{OURS}}}', now=True),
    ).with_transformation(
        columns(
            ["alertname", "severity", "source", "environment", "problem"],
            hide=["Time", "Value", "__name__", "alertstate", "team", "level", "job", "instance"],
        )
    )
    runbook = opens("Runbook", "${runbooks}/${__data.fields.alertname}.md")
    return panel.override_by_name(*look("alertname", links=runbook))


def _place(name: str, default: str, label: str) -> dashboard.TextBoxVariable:
    return dashboard.TextBoxVariable(name).label(label).default_value(default)


def _values(label: str, metric: str) -> dashboard.QueryVariable:
    return (
        dashboard.QueryVariable(label)
        .label(label.capitalize())
        .datasource(DATASOURCE)
        .query({"query": f"label_values({metric}, {label})", "refId": label})
        .refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
    )
