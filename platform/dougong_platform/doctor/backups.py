"""Whether there are backups: this program makes none, so it is told by a file that the backup touches, or by the
archiving of PostgreSQL's log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from dougong_platform.doctor.finding import Looked, bad, check, good, warning
from dougong_platform.site import Site

AGE_MOST = timedelta(hours=26)
"""A day and two hours of grace."""


@check("backups", needs="database")
def backups(site: Site) -> Looked:
    """The age of the last one."""
    archived = _archived(site)
    if archived is not None:
        yield from _age(site, archived, "PostgreSQL")
    named = site.settings.backup_mark
    if named:
        path = Path(named)
        if path.exists():
            yield from _age(site, datetime.fromtimestamp(path.stat().st_mtime, UTC), named)
        else:
            yield bad(
                f"没有备份：{named} 不存在",
                f"There is no backup: {named} does not exist",
                "让备份成功后写这个文件（例如 touch），并先做一次备份",
                "Let the backup touch this file when it has succeeded, and make one now",
            )
    elif archived is None:
        yield warning(
            "不知道有没有备份",
            "Whether there are backups is not known",
            "定时备份数据库和数据目录（密钥也在其中），让它成功后写一个文件，并在 DOUGONG_BACKUP_MARK 中写明",
            "Back up the database and the data folder (the key is in it) on a schedule, let it touch a file when it has "
            "succeeded, and name that file in DOUGONG_BACKUP_MARK",
        )


def _archived(site: Site) -> datetime | None:
    """When PostgreSQL last archived its log; None where it does not."""
    with site.database.read() as connection:
        if connection.dialect.name != "postgresql":
            return None
        if connection.exec_driver_sql("SHOW archive_mode").scalar_one() == "off":
            return None
        at: datetime | None = connection.exec_driver_sql(
            "SELECT last_archived_time FROM pg_stat_archiver"
        ).scalar_one_or_none()
    return at


def _age(site: Site, at: datetime, source: str) -> Looked:
    age = site.clock.now() - at
    zh, en = (
        f"上次备份（{source}）在 {at:%Y-%m-%d %H:%M} UTC",
        f"The last backup ({source}) is of {at:%Y-%m-%d %H:%M} UTC",
    )
    if age > AGE_MOST:
        yield bad(
            zh + "，太久了",
            en + ", too long ago",
            "检查备份任务为什么没有成功",
            "See why the backup does not succeed",
        )
    else:
        yield good(zh, en)
