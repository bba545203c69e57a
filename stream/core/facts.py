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
_DAY = r"today|tonight|this evening|this night|сегодня|сьогодні|сёння"
_AT = r"(?:at|о|об|в|у|а)\s+(\d{1,2})(?:[:.](\d{2})|\s?(p\.?m)\b|(?:-?[йа])?\s?(?:год\w*|час\w*|гадз\w*))"
_CLOCK = re.compile(rf"\b(?:{_DAY})\b[^.]{{0,40}}?\b{_AT}|\b{_AT}\s+(?:{_DAY})\b", re.IGNORECASE)
_COUNTS = {
    1: "one|один|одну|одної",
    2: "two|два|две|двух|двое|дві|двох|дзве",
    3: "three|три|трех|трёх|трое|трьох|тры",
    5: "five|пять|п'ять|пяти|п'яти",
}
_COUNT = {word: number for number, words in _COUNTS.items() for word in words.split("|")}
_NUMBER = rf"\d{{1,2}}|{'|'.join(_COUNT)}"
_HOURS = r"hours?|час\w*|годин\w*|гадзін\w*"
_DAYS = r"days?|сут\w*|дн\w*|день|дней|діб|доб\w*|дзён"
_WITHIN = re.compile(
    r"\b(?:within|in the next|over the next|in|в течение|в ближайшие|за|через|протягом|упродовж|найближч\w+|на працягу)"
    rf"\s+(?:(?:{_NUMBER})\s?(?:or|to|-|–|или|або|чи)\s?)?({_NUMBER})\s*({_HOURS}|{_DAYS})\b",
    re.IGNORECASE,
)
_DAY_OR_TWO = re.compile(
    r"\b(?:(?:a|one) day or two|день-(?:два|другой|другий)|сутки-двое|(?:одну-)?(?:дві|две) доби|добу-дві)\b",
    re.IGNORECASE,
)
_TOMORROW = re.compile(r"\b(?:tomorrow|завтра|заўтра)\b", re.IGNORECASE)
_SOON = re.compile(
    r"\b(?:(?:at )?any (?:moment|minute|hour|day)|(?:with)?in (?:the )?(?:coming|next) (?:hours|days)|imminent(?:ly)?"
    r"|в (?:любой|любую) (?:момент|минуту|час)|с минуты на минуту|в ближайш(?:ие|ее) (?:часы|дни|время)"
    r"|(?:в|у) будь-як(?:ий|у) (?:момент|хвилину|мить)|найближчим(?:и)? (?:часом|годинами|днями)"
    r"|у найближч(?:і|ий) (?:години|дні|час)|у любы момант)\b",
    re.IGNORECASE,
)
SOON = timedelta(hours=72)  # "any moment now": as long as an open claim of entry has
KYIV = timedelta(hours=2)  # clock times in such claims are Kyiv's; an hour of summer time doesn't matter
NOON = 12
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
        return _clock(next(group for group in (clock.groups()[:3], clock.groups()[3:]) if group[0]), at)
    if _DAY_OR_TWO.search(sentence):
        return at + timedelta(days=2)
    if within := _WITHIN.search(sentence):
        number = int(within[1]) if within[1].isdigit() else _COUNT[within[1].lower()]
        hours = re.fullmatch(_HOURS, within[2], re.IGNORECASE)
        return at + min(timedelta(hours=number) if hours else timedelta(days=number), LONGEST)
    if _TOMORROW.search(sentence):
        return _end_of_day(at + timedelta(days=1))
    return at + SOON if _SOON.search(sentence) else None


def _clock(group: tuple[str | None, ...], at: datetime) -> datetime | None:
    """Kyiv's clock (hour, minute, p.m.), on the day of `at`; None where no clock shows that."""
    hour, minute = int(group[0] or 0), int(group[1] or 0)
    if group[2] and hour < NOON:
        hour += NOON
    try:
        local = (at + KYIV).replace(hour=hour, minute=minute, second=0, microsecond=0)
    except ValueError:
        return None
    return (local - KYIV).astimezone(UTC)


def _end_of_day(at: datetime) -> datetime:
    return ((at + KYIV).replace(hour=23, minute=59, second=59, microsecond=0) - KYIV).astimezone(UTC)
