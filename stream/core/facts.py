"""Numbers, dates and direction that rules need, read from one sentence."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from schemas.indication import Facts
from stream.core.lexicon import Hits

_PEOPLE = (
    r"troops|soldiers|servicemen|servicemembers|personnel|military|men|fighters|people|reservists|conscripts"
    r"|військов|солдат|осіб|вояк|военн|военнослужащ|человек|бойц|ваенн|вайскоў|чалавек|жаўнер"
)
_HEADCOUNT = re.compile(
    r"(?<![\w.,])(\d{1,3}(?:[ ,.\u00a0\u202f]\d{3})+|\d{1,6}(?:[.,]\d)?)"
    r"\s?(k\b|thousand|тыс\w*\.?|тис\w*\.?)?"
    rf"(?:\s+[\w-]+){{0,3}}?\s+(?:{_PEOPLE})",
    re.IGNORECASE,
)
_MONTHS = {
    1: "january|января|січня|студзеня",
    2: "february|февраля|лютого|лютага",
    3: "march|марта|березня|сакавіка",
    4: "april|апреля|квітня|красавіка",
    5: "may|мая|травня|траўня",
    6: "june|июня|червня|чэрвеня",
    7: "july|июля|липня|ліпеня",
    8: "august|августа|серпня|жніўня",
    9: "september|сентября|вересня|верасня",
    10: "october|октября|жовтня|кастрычніка",
    11: "november|ноября|листопада|лістапада",
    12: "december|декабря|грудня|снежня",
}
_MONTH = {name: number for number, names in _MONTHS.items() for name in names.split("|")}
_NAMES = "|".join(_MONTH)
_UNTIL = re.compile(
    rf"\b(?:until|till|through|to end on|end(?:s|ing)? on|up to|до|по|да)\s+(?:the\s+)?"
    rf"(?:(\d{{1,2}})(?:st|nd|rd|th)?\s+({_NAMES})|({_NAMES})\s+(\d{{1,2}}))\b",
    re.IGNORECASE,
)
_CLOCK = re.compile(
    r"\b(?:today|tonight|this evening|сегодня|сьогодні|сёння)\b[^.]{0,40}?\b(?:at|о|в|а)\s+(\d{1,2})[:.](\d{2})"
    r"|\b(?:at|о|в|а)\s+(\d{1,2})[:.](\d{2})\s+(?:today|tonight|сегодня|сьогодні|сёння)\b",
    re.IGNORECASE,
)
_WITHIN = re.compile(
    r"\b(?:within|in the next|over the next|в ближайшие|протягом|упродовж|на працягу)\s+(\d{1,2})\s*"
    r"(hours?|days?|час\w*|годин\w*|сут\w*|дн\w*|дней|дзён)",
    re.IGNORECASE,
)
KYIV = timedelta(hours=2)  # clock times in such claims are Kyiv's; an hour of summer time doesn't matter
LONGEST = timedelta(days=31)
MANY = 10_000_000


def facts_in(
    sentence: str,
    lang: str,
    at: datetime,
    direction: Literal["in", "out", "border"] | None,
    name: str | None,
    hits: Hits,
) -> Facts:
    """Read the facts of a sentence published at `at`; `direction` and `name` come from what matched."""
    return Facts(
        headcount=_headcount(sentence, lang),
        ends_on=_ends_on(sentence, at.date()),
        direction=direction,
        name=name,
        extended="extended" in hits,
        standing="standing" in hits,
    )


def _headcount(sentence: str, lang: str) -> int | None:
    """The largest number of people; "9,5 тыс." has a decimal comma where the language has one.

    >>> _headcount("just under 9,000 Russian troops", "en"), _headcount("до 9,5 тысяч военных", "ru")
    (9000, 9500)
    """
    counts = []
    for digits, thousand in _HEADCOUNT.findall(sentence):
        plain = re.sub(r"[ ,.\u00a0\u202f](?=\d{3}\b)", "", digits)
        decimal = plain.replace(",", ".") if lang != "en" or "," not in plain else plain.replace(",", "")
        counts.append(round(float(decimal) * (1_000 if thousand else 1)))
    return max((count for count in counts if 1 <= count <= MANY), default=None)


def _ends_on(sentence: str, today: date) -> date | None:
    """The day that "until" names, in the year nearest to `today`.

    >>> _ends_on("drills run until February 20", date(2022, 2, 10))
    datetime.date(2022, 2, 20)
    """
    for day, month, month_first, day_last in _UNTIL.findall(sentence):
        number = _MONTH[(month or month_first).lower()]
        near = []
        for year in (today.year - 1, today.year, today.year + 1):
            try:
                near.append(date(year, number, int(day or day_last)))
            except ValueError:  # no such day in that month
                continue
        if near:
            return min(near, key=lambda when: abs(when - today))
    return None


def deadline_in(sentence: str, at: datetime) -> datetime | None:
    """By when a foretold thing should have happened; None where no time is named.

    >>> deadline_in("may invade today at 21:00", datetime(2022, 3, 11, 15, tzinfo=UTC)).isoformat()
    '2022-03-11T19:00:00+00:00'
    """
    if clock := _CLOCK.search(sentence):
        hour, minute = int(clock[1] or clock[3]), int(clock[2] or clock[4])
        if hour < 24 and minute < 60:  # noqa: PLR2004 - hours of a day, minutes of an hour
            local = (at + KYIV).replace(hour=hour, minute=minute, second=0, microsecond=0)
            return (local - KYIV).astimezone(UTC)
    if within := _WITHIN.search(sentence):
        unit = within[2].lower()
        hours = unit.startswith(("hour", "час", "годин"))
        return at + min(timedelta(hours=int(within[1])) if hours else timedelta(days=int(within[1])), LONGEST)
    return None
