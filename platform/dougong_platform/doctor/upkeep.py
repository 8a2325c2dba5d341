"""What serving processes do beside serving: whether it is done."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from dougong_platform.doctor.finding import Looked, check, good, warning
from dougong_platform.site import Site
from dougong_platform.tables import LEASE

LATE = {
    "seal": timedelta(minutes=30),
    "sweep": timedelta(hours=3),
    "hourly": timedelta(hours=3),
    "daily": timedelta(days=2),
}
"""Chore → how long after it was last done it is late."""

_REMEDY = (
    "看日志中的 upkeep failed，并确认有进程在服务",
    "Look for “upkeep failed” in the log, and that a process serves",
)


@check("upkeep")
def upkeep(site: Site) -> Looked:
    """When each chore was last done."""
    with site.database.read() as connection:
        rows = connection.execute(sa.select(LEASE.c.name, LEASE.c.done_at).order_by(LEASE.c.name)).all()
    if not rows:
        yield warning(
            "后台维护从未运行",
            "Upkeep never ran",
            "启动服务（dougong serve）后会自动运行",
            "It runs while the site is served (dougong serve)",
        )
    now = site.clock.now()
    for name, done_at in rows:
        if done_at is None:
            yield warning(f"维护 {name} 从未完成", f"The chore {name} was never finished", *_REMEDY)
            continue
        zh = f"维护 {name} 上次完成于 {done_at:%Y-%m-%d %H:%M} UTC"
        en = f"The chore {name} was last done {done_at:%Y-%m-%d %H:%M} UTC"
        if now - done_at > LATE.get(name, timedelta(days=2)):
            yield warning(zh + "，已迟", en + ", which is late", *_REMEDY)
        else:
            yield good(zh, en)
