"""Settings that administrators change while the site serves: rows of the site's own table, in force within a second.

What environment or file decide stays decided there (settings.py says which settings are `live`). Secrets are never kept
here: they come from the environment or the file alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import sqlalchemy as sa

from dougong_platform.settings import SETTINGS, Settings, checked
from dougong_platform.tables import SITE
from dougong_runtime.audit import log
from dougong_runtime.errors import Problem, Refused, problem_type
from dougong_runtime.host import Clock, Viewer

_PREFIX = "setting/"
LIVE = tuple(setting for setting in SETTINGS if setting.live)

DECIDED_ELSEWHERE = problem_type(
    "setting-decided",
    409,
    "{name} 由{origin}决定，不能在页面上改。",
    "{name} is decided by {origin}, and cannot be changed here.",
    remedy=("在那里修改，或去掉那里的值。", "Change it there, or take it out there."),
)


def kept(connection: sa.Connection) -> dict[str, str]:
    """What administrators have set, name → text."""
    wanted = sa.select(SITE.c.name, SITE.c.value).where(SITE.c.name.startswith(_PREFIX, autoescape=True))
    rows = connection.execute(wanted).all()
    return {name.removeprefix(_PREFIX): json.loads(value) for name, value in rows}


def change(
    connection: sa.Connection, actor: Viewer, clock: Clock, settings: Settings, given: Mapping[str, str]
) -> dict[str, str]:
    """Set values, all or none, from texts; gives those that really changed. Audited.

    Raises Refused with every one that is unknown (UNKNOWN_SETTING), wrong (BAD_SETTING) or decided elsewhere
    (DECIDED_ELSEWHERE). That the actor is an administrator is the caller's to see to.
    """
    problems: list[Problem] = []
    changed: dict[str, tuple[str, str]] = {}
    for name, raw in given.items():
        try:
            value = checked(name, raw)
        except Refused as refused:
            problems += refused.problems
            continue
        before = getattr(settings, name)
        if value == before:
            continue
        origin = settings.origins[name]
        if origin not in ("default", "database"):
            problems.append(Problem(DECIDED_ELSEWHERE, name, {"name": name, "origin": origin}))
        changed[name] = (str(before), str(value))
    if problems:
        raise Refused(problems)
    for name, (_, after) in changed.items():
        _keep(connection, _PREFIX + name, json.dumps(after, ensure_ascii=False))
    events = [
        log.Event(
            log.SETTING, "dougong", None, None, {"value": before}, {"value": after}, None, {"code": name}
        )
        for name, (before, after) in changed.items()
    ]
    if events:
        log.write(connection, actor, clock.now(), events)
    return {name: after for name, (_, after) in changed.items()}


def _keep(connection: sa.Connection, name: str, value: str) -> None:
    if not connection.execute(sa.update(SITE).where(SITE.c.name == name).values(value=value)).rowcount:
        connection.execute(sa.insert(SITE).values(name=name, value=value))
