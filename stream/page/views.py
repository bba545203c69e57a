"""Views: what each page shows, gathered from trail, topic and worker; no HTTP here."""

import asyncio
import math
from collections.abc import Mapping
from typing import Any

import aiohttp
from markupsafe import Markup

from schemas.assessment import Assessment, Contribution, Evidence
from schemas.catalogue import Catalogue
from schemas.moment import parse
from schemas.wire import rfc3339
from stream.clock import now
from stream.page import plot, render
from stream.page.health import Health, ask
from stream.page.reading import Reading
from stream.page.story import moves
from stream.page.trail import Entry, Trail
from stream.settings import Settings

SPANS = {"7d": 7.0, "30d": 30.0, "90d": 90.0, "1y": 366.0, "all": math.inf}
DEFAULT_SPAN = "30d"
DAY = 86_400.0
PLOTTED = 1_000  # points of a plot: more than a screen has columns
KEPT = 64  # plots drawn before
ROWS = 16  # of the table beside it
CHANGES = 40  # listed at once
BACK_DAYS = [0, 1, 2, 4, *range(7, 401, 7)]  # where a link without a time looks for a claim that has faded

Values = dict[str, Any]


class Unfit(ValueError):  # noqa: N818 - an answer to whoever asked, not a failure
    """What was asked for can't be understood; the text says what can."""


class Unknown(LookupError):  # noqa: N818 - as above
    """What was asked for isn't there."""


class Views:
    """The pages' values, from what one installation or run has concluded."""

    def __init__(self, settings: Settings, catalogue: Catalogue, reading: Reading) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._reading = reading
        self._plots: dict[tuple[object, ...], Markup] = {}

    def trail(self, problem: str) -> Trail:
        """Find a problem's trail."""
        if problem not in self._reading.trails:
            raise Unknown(f"Nothing is known of a warning problem {problem!r}.")
        return self._reading.trails[problem]

    def document(self, path: str) -> Values:
        """The guide or a runbook."""
        try:
            text = (self._settings.page_documents / path).read_text(encoding="utf-8")
        except OSError:
            raise Unknown(f"There is no page {path!r} in BELWATCH_PAGE_DOCUMENTS.") from None
        heading = text.partition("\n")[0].lstrip("# ")
        return {"heading": heading, "body": render.document(text)}

    async def problems(self) -> Values:
        """Every problem with where it stands."""
        return {"rows": {name: trail.last for name, trail in sorted(self._reading.trails.items())}}

    async def problem(self, name: str, asked: str, span: str, health: Health) -> Values:
        """One problem at the time asked for; "" is now."""
        if span not in SPANS:
            raise Unfit(f"{span!r} is no span; there are {', '.join(SPANS)}")
        trail = self.trail(name)
        entry = self._entry(trail, asked)
        a = await self._reading.assessment(entry)
        before = trail.at(entry.at - DAY)
        points = [
            plot.Point(e.at, e.index, e.low, e.high)
            for e in trail.between(entry.at - SPANS[span] * DAY, entry.at, PLOTTED)
        ]
        return {
            "a": a,
            "live": not asked,
            # ages are counted from the wall clock, or a replay's own
            "now": (health.clock or 0.0) if self._settings.run else now(),
            "span": span,
            "spans": list(SPANS),
            "plot": await self._plot(entry, span, points),
            "described": plot.described(points),
            "rows": points[:: max(len(points) // ROWS, 1)],
            "moved": moves(await self._reading.assessment(before), a) if before else [],
            "groups": _groups(a),
            "changes": list(trail.changes())[-5:][::-1],
        }

    async def claim(self, name: str, wanted: str, asked: str) -> Values:
        """One claim; asked for without a time, as it stood last, to a week."""
        trail = self.trail(name)
        newest = self._entry(trail, asked)
        for days in BACK_DAYS[: 1 if asked else None]:
            entry = trail.at(newest.at - days * DAY)
            if entry is None:
                break
            a = await self._reading.assessment(entry)
            found = _find(a, wanted)
            if found:
                line, evidence = found
                return {
                    "a": a,
                    "line": line,
                    "e": evidence,
                    "indicator": self._catalogue.indicators.get(evidence.indicator),
                    "live": not asked and not days,
                }
        raise Unknown(f"The ledger of {rfc3339(a.at)} has no claim {wanted!r}.")

    async def changes(self, name: str) -> Values:
        """The latest changes of level, each with what moved the index in the day before."""
        trail, rows = self.trail(name), []
        for old, new in list(trail.changes())[-CHANGES:][::-1]:
            before = await self._reading.assessment(trail.at(new.at - DAY) or old)
            after = await self._reading.assessment(new)
            rows.append((old, after, moves(before, after)))
        return {"rows": rows}

    async def health(self, session: aiohttp.ClientSession) -> Health:
        """How the pipeline is; what can't be read is trouble."""
        if self._reading.failure:
            return Health(trouble=f"The audit trail is out of reach: {self._reading.failure}.")
        return await ask(session, self._settings)

    def _entry(self, trail: Trail, asked: str) -> Entry:
        try:
            at = parse(asked, None, day=False)[0].timestamp() if asked else math.inf
        except ValueError:
            raise Unfit(f"{asked!r} is no time; write 2022-02-24 or 2022-02-24T05:00Z") from None
        entry = trail.at(at)
        if entry is None:
            raise Unknown(f"Nothing had been assessed by {asked}.")
        return entry

    async def _plot(self, entry: Entry, span: str, points: list[plot.Point]) -> Markup:
        key = (entry, span, len(points))
        if key not in self._plots:
            enter = {level: t.enter for level, t in self._catalogue.problem.levels.items()}
            drawn = await asyncio.to_thread(plot.svg, points, enter, plot.described(points))
            if len(self._plots) >= KEPT:
                self._plots.clear()
            self._plots[key] = Markup(drawn)  # noqa: S704 - drawn by matplotlib, of numbers
        return self._plots[key]


def _groups(a: Assessment) -> Mapping[str, list[Contribution]]:
    groups: dict[str, list[Contribution]] = {}
    for line in a.ledger:
        groups.setdefault(line.group, []).append(line)
    return groups


def _find(a: Assessment, claim: str) -> tuple[Contribution, Evidence] | None:
    return next(((line, e) for line in a.ledger for e in line.claims if e.claim == claim), None)
