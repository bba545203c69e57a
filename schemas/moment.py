"""Moment: a time as sources write it, before it is judged against `received_at`."""

from datetime import UTC, date, datetime, time
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import StringConstraints

Moment = Annotated[str, StringConstraints(min_length=10, max_length=40)]
_DAY = len("2022-02-24")


def parse(moment: str, zone: str | None, *, day: bool) -> tuple[datetime, bool]:
    """Read a moment as (instant in UTC, is only the day known).

    ISO 8601 (RFC 3339 is its profile) with an offset is taken as it is. A bare date means the whole UTC day
    and stands for its last second. A time without offset is read in `zone` where that names one, else in UTC:
    real feeds do that.

    Raises
    ------
    ValueError
        where it is no time at all.

    >>> parse("2022-02-24T05:00:00+02:00", None, day=False)
    (datetime.datetime(2022, 2, 24, 3, 0, tzinfo=datetime.timezone.utc), False)
    >>> parse("2022-02-24", None, day=False)
    (datetime.datetime(2022, 2, 24, 23, 59, 59, tzinfo=datetime.timezone.utc), True)
    >>> parse("2022-02-24T05:00:00", "Europe/Kyiv", day=False)
    (datetime.datetime(2022, 2, 24, 3, 0, tzinfo=datetime.timezone.utc), False)
    """
    if len(moment) == _DAY:
        return _end_of(date.fromisoformat(moment)), True
    at = datetime.fromisoformat(moment)
    at = (at if at.tzinfo else at.replace(tzinfo=_zone(zone))).astimezone(UTC)
    return (_end_of(at.date()), True) if day else (at, False)


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time(23, 59, 59), UTC)


def _zone(name: str | None) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")
