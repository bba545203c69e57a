"""Told: a change of level, and the message that told of it, as Slack's stand-in received it."""

from typing import Any, NamedTuple

from schemas.assessment import LEVELS, Assessment, Level

ALERT = {Level.WATCH: "BelwatchWatch", Level.WARNING: "BelwatchWarning", Level.CRITICAL: "BelwatchCritical"}


class Change(NamedTuple):
    """A change of level at a tick, and the message that told of it (None: none came in time)."""

    at: Assessment
    before: Level
    message: dict[str, Any] | None

    @property
    def alert(self) -> tuple[str, str]:
        """Which alert has to fire or be resolved."""
        now = self.at.level
        rising = LEVELS.index(now) > LEVELS.index(self.before)
        return ("firing", ALERT[now]) if rising else ("resolved", ALERT[self.before])

    @property
    def evidenced(self) -> bool:
        """Whether a message that something fires names evidence with a link."""
        how, _ = self.alert
        return self.message is not None and (how == "resolved" or "<http" in text(self.message))


def tells(message: dict[str, Any], how: str, alert: str) -> bool:
    """Whether a message says that an alert is firing or resolved; its callback_id says so for machines."""
    told = str(message["attachments"][0].get("callback_id", "")).rpartition("/")[2]
    parts = dict(part.partition("=")[::2] for part in told.split(";"))
    return alert in parts.get(how, "").split(",")


def text(message: dict[str, Any]) -> str:
    """What a message says below its title."""
    return str(message["attachments"][0].get("text", ""))
