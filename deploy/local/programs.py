"""What the local stack runs: every program with its command, as a table."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from deploy.local import HOST, debs, kafka
from deploy.local.paths import DATA
from deploy.local.ports import Ports
from deploy.render import Mode, commands, render


class Plan(NamedTuple):
    """One stack: what it is for and where its things are.

    `run` names a replay run that the worker works on; None: live topics, and a clock that ticks.
    """

    mode: Mode
    ports: Ports
    run: str | None = None
    data: Path = DATA

    @property
    def folder(self) -> Path:
        """Everything of this mode but the broker's log, which all modes share."""
        return self.data / self.mode

    @property
    def logs(self) -> Path:
        """One log file a program."""
        return self.folder / "logs"

    @property
    def slack(self) -> Path:
        """What Slack's stand-in received, as JSON Lines."""
        return self.folder / "slack.jsonl"

    @property
    def brokers(self) -> str:
        """Bootstrap server, as `BELWATCH_BROKERS` takes it."""
        return f"{HOST}:{self.ports.kafka}"

    def environment(self) -> dict[str, str]:
        """`BELWATCH_*` settings that lead a program of belwatch to this stack."""
        settings = {
            "BELWATCH_BROKERS": self.brokers,
            "BELWATCH_ENVIRONMENT": self.mode,
            "BELWATCH_METRICS_PORT": str(self.ports.metrics),
            "BELWATCH_PAGE_PORT": str(self.ports.page),
            "BELWATCH_DATA": str(self.folder / "state"),
            # The stack has one worker: started again after a kill, it gets its partitions back at once.
            "BELWATCH_INSTANCE": "-".join(filter(None, ("local", self.mode, self.run))),
        }
        return settings | ({"BELWATCH_RUN": self.run} if self.run else {})

    def addresses(self) -> dict[str, str]:
        """Return what a person opens in a browser."""
        ports = self.ports
        return {
            "status page": f"http://{HOST}:{ports.page}",
            "Prometheus": f"http://{HOST}:{ports.prometheus}",
            "Alertmanager": f"http://{HOST}:{ports.alertmanager}",
            "Slack's stand-in": f"http://{HOST}:{ports.receiver}/messages",
            "metrics": f"http://{HOST}:{ports.metrics}/metrics",
        }


def programs(plan: Plan, say: Callable[[str], None] = print) -> dict[str, list[str]]:
    """Fetch and render what is needed; return each program's supervised command, by name."""
    ports = plan.ports.model_dump()
    configuration = plan.folder / "alerting"
    render(plan.mode, configuration, ports=ports)
    arguments = commands(plan.mode, configuration, plan.folder, ports)
    belwatch = str(Path(sys.executable).with_name("belwatch"))
    after = ["--after", str(plan.ports.kafka)]
    live = f"http://{HOST}:{ports['metrics']}/live"
    topics = f"{belwatch} topics create" + (f" --run {plan.run}" if plan.run else "")
    table: dict[str, tuple[list[str], list[str]]] = {
        # The worker commits its last offsets before the broker goes.
        "kafka": (["--outlast", ports["metrics"]], kafka.prepare(plan.ports.kafka, plan.data / "kafka", say)),
        "prometheus": _debian("prometheus", arguments["prometheus"], say),
        "alertmanager": _debian("alertmanager", arguments["alertmanager"], say),
        "receiver": ([], _python("deploy.local.receiver", "--port", ports["receiver"], "--file", plan.slack)),
        # A worker ends at any error, by design; being started again is how it recovers.
        "worker": (["--restart", *after, "--first", topics, "--probe", live], [belwatch, "worker"]),
    }
    table["page"] = (["--restart", *after], [belwatch, "page"])
    if plan.run is None:
        table["clock"] = (["--restart", *after], [belwatch, "clock"])
    return {
        name: _python("deploy.local.supervise", *how, name, *command)
        for name, (how, command) in table.items()
    }


def _debian(name: str, arguments: Sequence[str], say: Callable[[str], None]) -> tuple[list[str], list[str]]:
    binary = debs.program(name, say)
    return ["--cwd", str(debs.home(binary))], [str(binary), *arguments]


def _python(module: str, *arguments: object) -> list[str]:
    return [sys.executable, "-m", module, *map(str, arguments)]
