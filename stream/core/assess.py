"""Assess: fold the indications log into assessments, one problem at a time."""

import math
from collections.abc import Collection, Iterable, Mapping
from typing import Literal, NamedTuple

from schemas.assessment import Assessment, Level, Versions, rank
from schemas.catalogue import Catalogue
from schemas.report import OBSERVATION, Report, SourceSeen
from schemas.review import Review
from schemas.tick import Tick
from schemas.wire import instant, rfc3339
from stream import __version__
from stream.core.evaluate import Evaluator, Picture
from stream.core.ledger import LISTED, ledger
from stream.core.memory import Memory
from stream.core.retraction import answers, rests_on
from stream.core.score import next_level
from stream.core.state import Alert, Fold
from stream.core.statements import DAY, HOUR

MOVED = 0.1  # index points that are worth telling between ticks
FOLD = "_state"


class Step(NamedTuple):
    """What came of a record or a batch.

    `writes`: table rows by key, None deletes; `assessments`: (id, JSON). `ends_batch`: a tick was completed,
    so what is written must be durable before any later record is taken.
    """

    writes: dict[str, bytes | None]
    assessments: list[tuple[bytes, bytes]]
    ends_batch: bool = False


class Assessor:
    """The state of one problem, and what follows from each record of its log.

    State is updated in place; `flush` gives the rows to make durable and the assessments to publish, in whose ledger
    each indicator's line names at most `listed` claims.
    """

    def __init__(
        self, catalogue: Catalogue, *, origins: Collection[str], owner: str = "", listed: int = LISTED
    ) -> None:
        self._listed = listed
        self._catalogue = catalogue
        self._problem = catalogue.problem.id
        self._origins = frozenset(origins)
        self._owner = owner
        self._memory = Memory(catalogue)
        self._evaluator = Evaluator(catalogue, self._memory)
        self._fold = Fold()
        self._rows: dict[str, bytes | None] = {}
        self._due: list[Assessment] = []
        self._changed = False
        self._versions = Versions(
            catalogue=catalogue.version, code=__version__, formula=catalogue.problem.formula
        )

    @property
    def watermark(self) -> Mapping[str, int]:
        """Last offset folded, by partition of the indications log ("indications-2")."""
        return self._fold.watermark

    @property
    def fold(self) -> Fold:
        """Level, ticks and sources as the log has them so far."""
        return self._fold

    @property
    def held(self) -> int:
        """Messages in play."""
        return len(self._memory)

    @property
    def bounded(self) -> dict[str, int]:
        """Count what the memory's bounds kept out, by bound."""
        return {"reports": self._memory.evicted, **self._memory.bounded}

    def restore(self, rows: Iterable[tuple[str, bytes]]) -> None:
        """Take back table rows, in any order."""
        for key, value in rows:
            name = key.removeprefix(f"{self._problem}/")
            if name == FOLD:
                self._fold = Fold.model_validate_json(value)
            else:
                self._memory.restore(name, value)
        self._changed = True  # what had moved may not have been told yet

    def apply(self, log: str, offset: int, value: bytes) -> Step:
        """Fold in one record. Seen before: nothing happens, so redelivery is harmless."""
        if offset <= self._fold.watermark.get(log, -1):
            return Step({}, [])
        observation = OBSERVATION.validate_json(value)
        update: dict[str, object] = {"watermark": {**self._fold.watermark, log: offset}}
        rows: list[tuple[str, bytes | None]] = []
        completed: list[float] = []
        match observation:
            case Report():
                rows = self._memory.add(observation)
                update |= self._fold.times(observation.received_at.timestamp(), observation.at.timestamp())
                self._changed |= bool(rows)
            case Review():
                rows = self._memory.review(observation)
                update |= self._fold.times(observation.at.timestamp(), None)
                self._changed |= bool(rows)
            case SourceSeen():
                update |= self._fold.sources(observation)
            case Tick():
                heard, completed = self._fold.tick(observation, self._origins)
                update |= heard
        self._fold = self._fold.model_copy(update=update)
        self._keep(rows)
        for at in completed:
            self._evaluate_tick(at)
        return Step({}, [], ends_batch=bool(completed))

    def flush(self, *, more: bool = False) -> Step:
        """End a batch: the assessment its movement is worth, and all rows written since, the fold last.

        `more`: the log goes on, and what has moved is told then; one evaluation serves for all that waits.
        """
        if not more:
            if self._changed and self._origins and self._fold.clock:
                self._moved()
            self._changed = False
        rows, due = self._rows, self._due
        self._rows, self._due = {}, []
        rows[f"{self._problem}/{FOLD}"] = self._fold.model_dump_json().encode()
        return Step(rows, [(a.id.encode(), a.model_dump_json().encode()) for a in due])

    def at(self, now: float) -> Assessment:
        """The account at `now` (epoch seconds), decayed; the level is the last tick's."""
        return self._assessment("now", "batch", now, math.inf, self._picture(now, math.inf))

    def _keep(self, rows: Iterable[tuple[str, bytes | None]]) -> None:
        self._rows |= {f"{self._problem}/{key}": value for key, value in rows}

    def _evaluate_tick(self, at: float) -> None:
        picture = self._picture(at, at)
        fold = self._fold.concluded(at)
        levels = self._catalogue.problem.levels
        level = next_level(fold.level, picture.index, levels)
        entering = level is Level.CRITICAL and fold.level is not Level.CRITICAL
        fragile = entering and picture.robust < levels[Level.CRITICAL].enter
        if fragile:
            # critical must stand without any one family
            level = next_level(
                fold.level, picture.index, {k: v for k, v in levels.items() if k != Level.CRITICAL}
            )
        changed = level is not fold.level or fold.since is None
        if rank(level) > rank(fold.level):
            entered = levels[level].enter
            resting = rests_on(self._catalogue, self._memory, picture, at, entered)
            alert = Alert(at=at, level=level, rests_on=resting)
            fold = fold.model_copy(update={"alerts": (*fold.alerts, alert)})
        forgotten = at - self._catalogue.problem.register_days * DAY
        self._fold = fold.model_copy(
            update={
                "alerts": tuple(alert for alert in fold.alerts if alert.at > forgotten),
                "evaluated": at,
                "level": level,
                "since": at if changed else fold.since,
                "fragile": fragile,
            }
        )
        self._keep(self._memory.forget(at))
        # told by ticks alone: what batches say in between depends on how partitions happen to interleave
        moved = fold.told_at_tick is None or abs(picture.index - fold.told_at_tick) >= MOVED
        if changed or moved or fragile is not fold.fragile or at // HOUR > fold.told_tick // HOUR:
            name = f"{self._problem}@{rfc3339(instant(at))}"
            self._due.append(self._assessment(name, "tick", at, at, picture))
            told = {"told": picture.index, "told_at_tick": picture.index, "told_tick": at}
            self._fold = self._fold.model_copy(update=told)

    def _moved(self) -> None:
        t = self._fold.clock
        picture = self._picture(t, math.inf)
        if self._fold.told is None or abs(picture.index - self._fold.told) >= MOVED:
            mark = ",".join(f"{log}:{offset}" for log, offset in sorted(self._fold.watermark.items()))
            self._due.append(self._assessment(f"{self._problem}/{mark}", "batch", t, math.inf, picture))
            self._fold = self._fold.model_copy(update={"told": picture.index})

    def _picture(self, t: float, known_at: float) -> Picture:
        return self._evaluator.picture(t, known_at, self._fold.seen_by(known_at))

    def _assessment(
        self, name: str, cause: Literal["tick", "batch"], at: float, known_at: float, picture: Picture
    ) -> Assessment:
        fold = self._fold
        return Assessment(
            id=name,
            problem=self._problem,
            at=instant(at),
            known_at=instant(min(known_at, max(fold.clock, at))),
            cause=cause,
            upto=fold.watermark,
            index=picture.index,
            base=picture.base,
            low=picture.low,
            high=picture.high,
            level=fold.level,
            since=instant(fold.since if fold.since is not None else at),
            fragile=fold.fragile,
            robust=picture.robust,
            silence=picture.silence,
            newest_at=instant(fold.newest) if fold.newest is not None else None,
            knockout=picture.knockout,
            ledger=ledger(picture, self._catalogue, at, self._listed),
            versions=self._versions,
            owner=self._owner,
            attention=fold.talk.attention(at, known_at),
            missed={source: instant(end) for source, end in picture.missed.items()},
            answers=answers(self._memory.reviews(at, known_at), fold.alerts),
        )
