"""Stored formulas that follow the clock: since when they are true, and how far a refresh under way is."""

from __future__ import annotations

from dougong_platform.doctor.finding import Looked, check, good, warning
from dougong_platform.site import Site
from dougong_runtime.records import refresh

INTERVALS_MOST = 2
"""So many intervals old, a value is told to be stale."""


@check("refreshes")
def refreshes(site: Site) -> Looked:
    """Of each app and rhythm."""
    now = site.clock.now()
    with site.database.read() as connection:
        for app in site.apps(connection):
            running = site.running(connection, app)
            since = refresh.true_for(connection, running)
            last = {p.which: p for p in refresh.progress(connection, app)}
            for which, every in refresh.RHYTHMS.items():
                if not refresh.fields_of(running.app, which):
                    continue
                zh = f"{app} 的 {which} 公式截至 {since[which]:%Y-%m-%d %H:%M} UTC"
                en = f"{app}: {which} formulas are as of {since[which]:%Y-%m-%d %H:%M} UTC"
                moving = last.get(which)
                if moving is not None and moving.failed:
                    yield warning(
                        f"{app} 的 {which} 公式在 {moving.failed:,} 条记录中放不下算出的结果",
                        f"{app}: in {moving.failed:,} records a result of {which} formulas does not fit its field",
                        "日志中的 results do not fit 列出这些记录；检查数额，或给字段更多位数",
                        "“results do not fit” in the log names them; check the amounts, or give the field more digits",
                    )
                if moving is not None and moving.ended_at is None:
                    far = f"{moving.done:,} / {moving.total:,}"
                    zh, en = f"{zh}，正在刷新：{far}", f"{en}, a refresh is under way: {far}"
                if now - since[which] > INTERVALS_MOST * every:
                    yield warning(
                        zh + "，已过期",
                        en + ", which is stale",
                        "启动服务（dougong serve）后会自动补上；若一直在服务，看日志中的 refresh failed",
                        "It is caught up while the site is served (dougong serve); where it is, look for "
                        "“refresh failed” in the log",
                    )
                else:
                    yield good(zh, en)
