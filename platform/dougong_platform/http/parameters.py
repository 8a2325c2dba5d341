"""Query parameters, checked strictly: an unknown or doubled one is refused, naming the nearest; and texts of forms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from starlette.datastructures import FormData
from starlette.requests import Request

from dougong_platform.http.problem_types import BAD_PARAMETER, BAD_REQUEST, UNKNOWN_PARAMETER
from dougong_runtime.errors import Problem, Refused, refuse
from dougong_runtime.names import nearest

TEXT_MAX = 10_000
"""Characters of one parameter."""
_EVERYWHERE = ("lang",)


def parameters(request: Request, *known: str) -> Mapping[str, str]:
    """The parameters by name, empty ones left out. Raises Refused for all that are unknown, doubled or unreadable."""
    names = (*known, *_EVERYWHERE)
    found: dict[str, str] = {}
    problems: list[Problem] = []
    for name, value in request.query_params.multi_items():
        if name not in names:
            near = nearest(name, names)
            problems.append(Problem(UNKNOWN_PARAMETER, name, {"name": name, "known": known, "nearest": near}))
        elif name in found:
            problems.append(_bad(name, "出现了两次", "it stands there twice"))
        elif len(value) > TEXT_MAX:
            problems.append(_bad(name, f"超过 {TEXT_MAX} 字", f"it is longer than {TEXT_MAX} characters"))
        elif "\0" in value:
            problems.append(_bad(name, "含有 NUL 字符", "it holds a NUL character"))
        else:
            found[name] = value
    if problems:
        raise Refused(problems)
    return {name: value for name, value in found.items() if value != ""}


def number(given: Mapping[str, str], name: str, default: int, lowest: int, highest: int) -> int:
    """A whole number within bounds."""
    text = given.get(name)
    if text is None:
        return default
    if text.isascii() and text.isdecimal() and len(text) < 10 and lowest <= int(text) <= highest:
        return int(text)
    raise Refused(
        [
            _bad(
                name,
                f"应为 {lowest} 到 {highest} 的整数",
                f"it must be a whole number from {lowest} to {highest}",
            )
        ]
    )


def flag(given: Mapping[str, str], name: str, default: bool) -> bool:
    """`true` or `false`."""
    text = given.get(name)
    if text in (None, "true", "false"):
        return default if text is None else text == "true"
    raise Refused([_bad(name, "应为 true 或 false", "it must be true or false")])


def names(given: Mapping[str, str], name: str) -> tuple[str, ...]:
    """A list between commas; () where the parameter is absent."""
    text = given.get(name, "")
    return tuple(part.strip() for part in text.split(",") if part.strip())


def instant(given: Mapping[str, str], name: str, time_zone: str) -> datetime | None:
    """A moment in ISO 8601; without an offset in the reader's zone; a day alone means its end."""
    text = given.get(name)
    if text is None:
        return None
    try:
        if len(text) == 10:
            end = datetime.combine(date.fromisoformat(text) + timedelta(days=1), time(), ZoneInfo(time_zone))
            return end.astimezone(UTC) - timedelta(microseconds=1)
        moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(time_zone))
        return aware.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refused(
            [
                _bad(
                    name,
                    "应为 ISO 8601 的日期或时间，例如 2026-03-02 或 2026-03-02T09:30:00Z",
                    "it must be a date or time in ISO 8601, such as 2026-03-02 or 2026-03-02T09:30:00Z",
                )
            ]
        ) from None


def bad_parameter(name: str, zh: str, en: str) -> Refused:
    """A parameter refused for a reason of the caller's."""
    return refuse(BAD_PARAMETER, name, name=name, zh=zh, en=en)


def _bad(name: str, zh: str, en: str) -> Problem:
    return Problem(BAD_PARAMETER, name, {"name": name, "zh": zh + "。", "en": en + "."})


def form_without_nul(form: FormData) -> FormData:
    """The same form. Raises Refused (BAD_REQUEST) for a name, text or file's name that no database keeps: no browser
    sends such."""
    for name, value in form.multi_items():
        text = value if isinstance(value, str) else value.filename or ""
        if "\0" in name or "\0" in text:
            raise refuse(BAD_REQUEST, zh="表单含有 NUL 字符。", en="The form holds a NUL character.")
    return form
