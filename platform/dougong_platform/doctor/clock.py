"""Whether this machine and the database's agree what time it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from dougong_platform.doctor.finding import Looked, check, good, warning
from dougong_platform.site import Site
from dougong_runtime.audit.log import dg_audit

DIFFERENCE_MOST = timedelta(seconds=5)


@check("clock", needs="database")
def clock(site: Site) -> Looked:
    """The difference, and whether time has gone backwards."""
    with site.database.read() as connection:
        if connection.dialect.name == "sqlite":
            told = connection.exec_driver_sql("SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')").scalar_one()
            there = datetime.fromisoformat(told).replace(tzinfo=UTC)
        else:
            there = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
        difference = abs(site.clock.now() - there)
    seconds = round(difference.total_seconds(), 1)
    if difference > DIFFERENCE_MOST:
        yield warning(
            f"与数据库时钟相差 {seconds} 秒",
            f"{seconds} s apart from the database's clock",
            "在两台机器上启用 NTP（chrony 或 systemd-timesyncd）",
            "Run NTP on both machines (chrony or systemd-timesyncd)",
        )
    else:
        yield good(f"与数据库时钟相差 {seconds} 秒", f"{seconds} s apart from the database's clock")


@check("clock")
def backwards(site: Site) -> Looked:
    """The newest row of the audit is of the future."""
    with site.database.read() as connection:
        newest = connection.scalar(sa.select(dg_audit.c.at).order_by(dg_audit.c.seq.desc()).limit(1))
    if newest is None:
        return
    ahead = datetime.fromisoformat(newest) - site.clock.now()
    if ahead > DIFFERENCE_MOST:
        yield warning(
            f"最新一行审计的时间在 {ahead} 之后：时钟倒退过",
            f"The newest row of the audit is {ahead} ahead: the clock has gone backwards",
            "校正时钟；在那之前写入的记录，时间会显得在将来",
            "Set the clock right; records written before then appear to be of the future",
        )
