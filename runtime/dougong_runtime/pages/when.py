"""Days and moments as people type them: `+7`, 下周五, `3-20`, `next fri`, 明天 下午3点, `tomorrow 3pm`.

`web/behaviours/when.ts` reads the same in the browser, so that one sees at once what was understood; what counts is
read here. What is not plain is None and is left to the field, which says what it expects. Nothing is guessed: a day
without its time is no moment.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta

TEXT_MAX = 60
_DAYS = {
    "今天": 0, "today": 0, "t": 0, "明天": 1, "tomorrow": 1, "tmr": 1, "后天": 2, "大后天": 3,
    "昨天": -1, "yesterday": -1, "前天": -2,
}  # fmt: skip
_WEEKDAYS = {
    **{c: n for n, c in enumerate("一二三四五六日")}, "天": 6,
    **{name: n for n, names in enumerate(("mon monday", "tue tues tuesday", "wed wednesday", "thu thur thurs thursday",
                                          "fri friday", "sat saturday", "sun sunday")) for name in names.split()},
}  # fmt: skip
_MONTHS = {"janfebmaraprmayjunjulaugsepoctnovdec"[n * 3 : n * 3 + 3]: n + 1 for n in range(12)}
_WEEK_WORDS = {"上": -1, "last": -1, "本": 0, "这": 0, "this": 0, "下": 1, "next": 1, "下下": 2}
_UNITS = {
    "": 1, "d": 1, "day": 1, "days": 1, "天": 1, "日": 1, "w": 7, "week": 7, "weeks": 7, "周": 7, "个星期": 7, "星期": 7,
}  # fmt: skip
_PARTS_OF_DAY = {
    "凌晨": 0,
    "早上": 0,
    "上午": 0,
    "am": 0,
    "中午": 12,
    "下午": 12,
    "傍晚": 12,
    "晚上": 12,
    "pm": 12,
}
_TIMES = {"noon": time(12), "中午": time(12), "midnight": time(0), "午夜": time(0)}
_CLOCK = re.compile(
    r"(?P<part>凌晨|早上|上午|中午|下午|傍晚|晚上)?(?P<h>\d{1,2})"
    r"(?::(?P<m>\d{2})(?::\d{2})?|[点时](?:(?P<half>半)|(?P<quarter>[一三])刻|(?P<cm>\d{1,2})分?)?)?"
    r" ?(?P<ampm>am|pm)?"
)
_SOON = re.compile(r"(?:\+|in )?(\d{1,3}) ?(h|hours?|小时|m|min|minutes?|分钟)(后)?")


def day(text: str, today: date) -> date | None:
    """The day that a text means, counted from `today`; None where it means none.

    >>> day("下周五", date(2026, 3, 2)), day("3-20", date(2026, 3, 2)), day("soon", date(2026, 3, 2))
    (datetime.date(2026, 3, 13), datetime.date(2026, 3, 20), None)
    """
    tidy = _tidy(text)
    if not tidy or len(tidy) > TEXT_MAX:
        return None
    for read in (_named, _counted, _weekday, _written, _month_named):
        found = read(tidy, today)
        if found is not None:
            return found
    return None


def moment(text: str, now: datetime) -> datetime | None:
    """The moment that a text means, on the clock of `now` (naive, the reader's own); None where day or time is missing.

    >>> moment("tomorrow 3pm", datetime(2026, 3, 2, 9, 30))
    datetime.datetime(2026, 3, 3, 15, 0)
    """
    tidy = _tidy(text)
    if not tidy or len(tidy) > TEXT_MAX:
        return None
    if tidy in ("now", "现在"):
        return now.replace(second=0, microsecond=0)
    soon = _SOON.fullmatch(tidy)
    if soon is not None and (soon[3] or tidy.startswith(("+", "in "))):
        unit = timedelta(hours=1) if soon[2][0] in "h小" else timedelta(minutes=1)
        return (now + int(soon[1]) * unit).replace(second=0, microsecond=0)
    for at in range(len(tidy) + 1):
        for first, second in ((tidy[:at], tidy[at:]), (tidy[at:], tidy[:at])):
            on = now.date() if not first.strip() else day(first, now.date())
            clock = _time(second.strip())
            if on is not None and clock is not None:
                return datetime.combine(on, clock)
    return None


def _tidy(text: str) -> str:
    narrow = "".join(chr(ord(c) - 0xFEE0) if "\uff01" <= c <= "\uff5e" else c for c in text)
    return re.sub(r"\s+", " ", narrow.lower().replace("，", " ").replace(",", " ")).strip()


def _time(text: str) -> time | None:
    if text in _TIMES:
        return _TIMES[text]
    found = _CLOCK.fullmatch(text.removeprefix("t").removeprefix("at ").strip())
    if found is None or not (found["m"] or found["ampm"] or "点" in text or "时" in text or found["part"]):
        return None
    hour = int(found["h"])
    minute = 30 if found["half"] else 15 * "_一_三".find(found["quarter"]) if found["quarter"] else 0
    minute = int(found["m"] or found["cm"] or minute)
    word = found["ampm"] or found["part"]
    if word is not None and hour <= 12:
        hour = hour % 12 + _PARTS_OF_DAY[word]
        if word == "中午" and hour == 23:
            hour = 11
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _named(text: str, today: date) -> date | None:
    if text in _DAYS:
        return today + timedelta(days=_DAYS[text])
    first = today.replace(day=1)
    ends: dict[str, Callable[[], date]] = {
        "月底": lambda: _end_of_month(today),
        "end of month": lambda: _end_of_month(today),
        "eom": lambda: _end_of_month(today),
        "下月底": lambda: _end_of_month(_end_of_month(today) + timedelta(days=1)),
        "月初": lambda: first,
        "下月初": lambda: _end_of_month(today) + timedelta(days=1),
        "年底": lambda: date(today.year, 12, 31),
        "end of year": lambda: date(today.year, 12, 31),
    }
    return ends[text]() if text in ends else None


def _end_of_month(of: date) -> date:
    return of.replace(day=calendar.monthrange(of.year, of.month)[1])


def _counted(text: str, today: date) -> date | None:
    signed = re.fullmatch(r"([+-])(\d{1,4}) ?(d|w)?", text)
    if signed is not None:
        return _plus(today, int(signed[1] + signed[2]) * _UNITS[signed[3] or ""])
    chinese = re.fullmatch(r"(\d{1,4}) ?(天|日|周|个星期|星期)([后前])", text)
    if chinese is not None:
        return _plus(today, int(chinese[1]) * _UNITS[chinese[2]] * (1 if chinese[3] == "后" else -1))
    english = re.fullmatch(r"(in )?(\d{1,4}) ?(d|days?|w|weeks?)( ago| from now)?", text)
    if english is not None and (english[1] or english[4] or english[3] in ("d", "w")):
        return _plus(today, int(english[2]) * _UNITS[english[3]] * (-1 if english[4] == " ago" else 1))
    return None


def _plus(today: date, days: int) -> date | None:
    try:
        return today + timedelta(days=days)
    except OverflowError:
        return None


def _weekday(text: str, today: date) -> date | None:
    found = re.fullmatch(r"(下下|下|上|本|这)?个?(?:周|星期|礼拜)([一二三四五六日天])", text) or re.fullmatch(
        r"(?:(next|last|this) )?([a-z]+)", text
    )
    if found is None or found[2] not in _WEEKDAYS:
        return None
    in_week = today - timedelta(days=today.weekday()) + timedelta(days=_WEEKDAYS[found[2]])
    if found[1]:
        return in_week + timedelta(weeks=_WEEK_WORDS[found[1]])
    return in_week if in_week >= today else in_week + timedelta(weeks=1)


def _written(text: str, today: date) -> date | None:
    plain = re.sub(r"[日号]$", "", text.replace(" ", ""))
    plain = re.sub(r"[./年月]", "-", plain)
    whole = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", plain) or re.fullmatch(
        r"(\d{4})(\d{2})(\d{2})", plain
    )
    if whole is not None:
        return _checked(int(whole[1]), int(whole[2]), int(whole[3]))
    short = re.fullmatch(r"(\d{1,2})-(\d{1,2})", plain)
    if short is not None:
        return _checked(today.year, int(short[1]), int(short[2]))
    alone = re.fullmatch(r"(\d{1,2})[日号]", text.replace(" ", ""))
    return _checked(today.year, today.month, int(alone[1])) if alone is not None else None


def _month_named(text: str, today: date) -> date | None:
    found = re.fullmatch(r"(\d{1,2}) ([a-z]{3,9})(?: (\d{4}))?", text)
    if found is not None:
        number, name, year = found[1], found[2], found[3]
    else:
        found = re.fullmatch(r"([a-z]{3,9}) (\d{1,2})(?: (\d{4}))?", text)
        if found is None:
            return None
        name, number, year = found[1], found[2], found[3]
    month = _MONTHS.get(name[:3])
    return None if month is None else _checked(int(year or today.year), month, int(number))


def _checked(year: int, month: int, number: int) -> date | None:
    try:
        return date(year, month, number)
    except ValueError:
        return None
