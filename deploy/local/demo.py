"""The demo: history replayed through the whole local stack, shown live, and checked at the end.

Eleven months pass in minutes. So that alerting can keep up with them, the replayer waits for the assessment of
every tick, and at each change of level holds its virtual time until Slack's stand-in has the message.
"""

import json
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from importlib.resources import files as resources
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live

from deploy.local.ports import Ports
from deploy.local.programs import Plan
from deploy.local.stack import Stack
from deploy.local.told import Change, tells, text
from schemas.assessment import LEVELS, Assessment, Level
from schemas.wire import rfc3339
from stream import replay, runs, topics
from stream.core.explain import explain
from stream.core.pipeline import Inbound, with_ticks
from stream.pace import Pace
from stream.page.health import judge
from stream.settings import Settings
from stream.sinks.plain import shown
from stream.sources.jsonl import chronological
from stream.sources.producer import Sender
from stream.view import Health, view

RUNS = "demo-"
SPEED = 5 * 86_400.0  # virtual seconds per second: five days
HOLD_SECONDS = 30.0
TICK_SECONDS = 60.0  # real time for the assessment of one tick, before the demo is given up
SETTLE_SECONDS = 30.0
LOOK_SECONDS = 1.0  # between looks at the pipeline's health


class Demo:
    """One run of the demo over `records`, at a speed in virtual seconds per second, ticks `every` seconds."""

    def __init__(self, stack: Stack, settings: Settings, console: Console) -> None:
        self._stack = stack
        self._settings = settings
        self._console = console
        self._ports = stack.plan.ports
        self.changes: list[Change] = []
        self.levels: list[Level] = [Level.NORMAL]
        self.health = Health()
        self.last: Assessment | None = None
        self._heard = 0  # messages that were there when the last change of level was told
        self._looked = 0.0

    def run(self, records: Sequence[Inbound], *, speed: float, every: float) -> None:
        """Replay to the end, holding at each change of level."""
        sender = Sender(self._settings)
        try:
            with (
                replay.Following(self._settings) as following,
                Live(
                    console=self._console, auto_refresh=False, transient=not self._console.is_terminal
                ) as live,
            ):
                for sent in replay.feed(self._settings, sender, with_ticks(records, every), Pace(speed)):
                    for assessment in following.until(sent.at, TICK_SECONDS, self._stack.check):
                        self._conclude(assessment)
                    if time.monotonic() - self._looked > LOOK_SECONDS:
                        self.health = self._health(sent.messages)
                        self._looked = time.monotonic()
                        live.update(view(self.last, self.health, self._news()), refresh=True)
                self._settle(len(records))
        finally:
            sender.close()

    def _conclude(self, assessment: Assessment) -> None:
        self.last = assessment
        before = self.levels[-1]
        if assessment.cause == "tick" and assessment.level is not before:
            self.levels.append(assessment.level)
            self.changes.append(self._confirmed(Change(assessment, before, None)))

    def _confirmed(self, change: Change) -> Change:
        """Hold virtual time until the message is there, or it has taken too long."""
        deadline = time.monotonic() + HOLD_SECONDS
        while time.monotonic() < deadline:
            self._stack.check()
            told = [m for m in self._received()[self._heard :] if tells(m, *change.alert)]
            if told:
                self._heard = len(self._received())
                return change._replace(message=told[-1])
            time.sleep(0.1)
        return change

    def _received(self) -> list[dict[str, Any]]:
        rows = json.loads(self._get(self._ports.receiver, "/messages"))
        return [row["message"] for row in rows]

    def _health(self, sent: int) -> Health:
        worker = judge(self._get(self._ports.metrics, "/metrics"), replay=True)
        matched, unmatched, rejected = (
            int(worker.messages.get(name, 0)) for name in ("matched", "unmatched", "rejected")
        )
        return Health(sent, matched, unmatched, rejected, int(worker.lag or 0))

    def _settle(self, sent: int) -> None:
        """Wait until every message is accounted for."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while (health := self._health(sent)).accounted < sent and time.monotonic() < deadline:
            self._stack.check()
            time.sleep(0.2)
        self.health = health

    def _get(self, port: int, path: str) -> str:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
                return str(answer.read().decode())
        except (urllib.error.URLError, OSError):
            return "[]" if path == "/messages" else ""

    def _news(self) -> list[str]:
        return [f"{c.at.at:%d %b} {c.message['attachments'][0]['title']}" for c in self.changes if c.message]


def shortcomings(demo: Demo, *, chronicle: bool) -> list[str]:
    """Say what a complete demo would have shown and this one did not; empty: all is well."""
    wrong = []
    h = demo.health
    if h.sent != h.accounted:
        wrong.append(
            f"messages not accounted for: {h.sent} sent, but {h.matched} matched + {h.unmatched} unmatched + "
            f"{h.rejected} rejected = {h.accounted}"
        )
    if chronicle:
        for level in (Level.WATCH, Level.WARNING):
            if level not in demo.levels:
                wrong.append(f"{level} was never reached")
            elif LEVELS.index(demo.levels[-1]) >= LEVELS.index(level):
                wrong.append(f"{level} was reached but not left again")
    for change in demo.changes:
        how, alert = change.alert
        what = f"{change.before} to {change.at.level} at {rfc3339(change.at.at)}"
        if change.message is None:
            wrong.append(f"{what}: Slack never heard that {alert} is {how}")
        elif not change.evidenced:
            wrong.append(f"{what}: the message that {alert} is firing links no evidence")
    return wrong


def play(files: Sequence[str], *, once: bool, speed: float, every: float) -> int:
    """Run the demo on `files` (none: the chronicle); the exit code."""
    console = Console()
    began = time.monotonic()
    records = chronological(files or list(_chronicle()))
    if not records:
        console.print("these files hold no message", style="red")
        return 1
    plan = Plan("demo", Ports(), run=f"{RUNS}{int(time.time())}")
    shutil.rmtree(plan.folder, ignore_errors=True)  # what an earlier demo left would fire alerts in this one
    console.print(
        f"{len(records)} messages, {len(files) or 2} files, at {speed / 86_400:g} days a second. "
        "What follows is 2022 replayed, not news."
        if not files
        else f"{len(records)} messages from {', '.join(files)}, at {speed / 86_400:g} days a second."
    )
    with Stack(plan, lambda line: console.print(line, style="dim")) as stack:
        settings = Settings(brokers=plan.brokers, run=plan.run, environment="demo", tick_seconds=every)
        _forget_earlier(settings)
        demo = Demo(stack, settings, console)
        demo.run(records, speed=speed, every=every)
        wrong = shortcomings(demo, chronicle=not files)
        _report(console, demo, plan, wrong, time.monotonic() - began)
        if once:
            return 1 if wrong else 0
        console.print("Everything still runs; Ctrl-C ends it.")
        stack.wait()
    return 0


def _forget_earlier(settings: Settings) -> None:
    for name in runs.names(settings):
        if name.startswith(RUNS) and name != settings.run:
            topics.delete(settings.model_copy(update={"run": name}))


def _report(console: Console, demo: Demo, plan: Plan, wrong: Sequence[str], seconds: float) -> None:
    if demo.last is not None:
        console.print(shown(explain(demo.last)), markup=False, highlight=False)
    console.rule("what Slack received")
    for change in demo.changes:
        title = change.message["attachments"][0]["title"] if change.message else "NOTHING"
        console.print(
            f"{change.at.at:%Y-%m-%d}  {change.before:8} to {change.at.level:8}  {change.at.index:5.1f}   {title}",
            markup=False,
        )
    firing = [c.message for c in demo.changes if c.message and c.alert[0] == "firing"]
    if firing:
        console.print("\nthe last of them in full:", style="bold")
        console.print(text(firing[-1]), markup=False)
    console.rule("addresses")
    for name, address in plan.addresses().items():
        console.print(f"{name:18}{address}", markup=False)
    h = demo.health
    console.rule("checks")
    console.print(f"{h.sent} sent = {h.matched} matched + {h.unmatched} unmatched + {h.rejected} rejected")
    for line in wrong or [
        "all well: every message accounted for, every change of level told with its evidence"
    ]:
        console.print(line, style="red" if wrong else "green", markup=False)
    console.print(f"{seconds:.0f} s in all", style="dim")


def _chronicle() -> Iterator[str]:
    folder = Path(str(resources("stream.catalogue") / "belarus_entry" / "chronicle"))
    return (str(path) for path in sorted(folder.glob("*.jsonl")))
