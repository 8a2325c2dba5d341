"""Who can get in: administrators, sessions, and who is locked out."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from dougong_platform import people
from dougong_platform.doctor.finding import Looked, check, good, warning
from dougong_platform.site import Site
from dougong_platform.tables import ATTEMPT, SESSION

SESSIONS_EACH_MOST = 50
SWEPT_WITHIN = timedelta(hours=3)


@check("people")
def administrators(site: Site) -> Looked:
    """Whether there is one."""
    with site.database.read() as connection:
        count = len(people.admins(site, connection))
    if count == 0:
        yield warning(
            "还没有管理员",
            "No administrator",
            "dougong user add NAME --role admin",
            "dougong user add NAME --role admin",
        )
    else:
        yield good(f"{count} 位管理员", f"{count} administrator(s)")


@check("sessions")
def sessions(site: Site) -> Looked:
    """How many stand open; whether those that ended are cleared away; who tries passwords."""
    now = site.clock.now()
    with site.database.read() as connection:
        is_open = SESSION.c.expires_at > now
        count = connection.scalar(sa.select(sa.func.count()).select_from(SESSION).where(is_open)) or 0
        left = connection.scalar(
            sa.select(sa.func.count()).select_from(SESSION).where(SESSION.c.expires_at < now - SWEPT_WITHIN)
        )
        most = connection.execute(
            sa.select(SESSION.c.user, sa.func.count())
            .where(is_open)
            .group_by(SESSION.c.user)
            .order_by(sa.func.count().desc())
            .limit(1)
        ).first()
        locked = connection.scalar(
            sa.select(sa.func.count())
            .select_from(ATTEMPT)
            .where(ATTEMPT.c.failures >= site.settings.sign_in_failures_max)
        )
    yield good(f"{count} 个会话", f"{count} sessions")
    if left:
        yield warning(
            f"{left} 个会话早已到期，还没有清除",
            f"{left} sessions ended long ago and were not cleared away",
            "后台维护没有运行，见 upkeep",
            "Upkeep does not run: see upkeep",
        )
    if most is not None and most[1] > SESSIONS_EACH_MOST:
        yield warning(
            f"人员 {most[0]} 有 {most[1]} 个会话",
            f"The person {most[0]} has {most[1]} sessions",
            "程序应使用令牌，不要反复登录；在“人员”页可全部退出",
            "Programs should use a token and not sign in again and again; the page of people ends all sessions",
        )
    if locked:
        yield warning(
            f"{locked} 个账号或地址因连续输错密码被锁定",
            f"{locked} accounts or addresses are locked for wrong passwords",
            "在审计中看 locked_out；若不是本人，检查来源地址",
            "Look for locked_out in the audit; if it was not the person, look where it came from",
        )
