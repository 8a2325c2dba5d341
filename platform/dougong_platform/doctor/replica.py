"""The replica that readers are sent to, and what the primary keeps for replicas that are gone."""

from __future__ import annotations

from dougong_platform.doctor.finding import Looked, bad, check, good, warning
from dougong_platform.site import Site

KEPT_BYTES_MOST = 4 << 30
"""So much of the log may wait for a replica."""


@check("replica", needs="database")
def replica(site: Site) -> Looked:
    """How far it is behind."""
    if site.database.replica is None:
        return
    lag = site.database.replica.lag()
    if lag.behind is None:
        yield warning(
            "只读副本不可用，全部读主库",
            "The replica does not answer, or follows nobody; all is read from the primary",
            "检查 DOUGONG_READ_URL，并确认它是主库的流复制副本",
            "Check DOUGONG_READ_URL, and that it is a streaming replica of the primary",
        )
    elif not lag.answers_readers:
        yield warning(
            f"只读副本落后 {lag.behind:,} 字节，暂不用它读",
            f"The replica is {lag.behind:,} bytes behind and is not read",
            "看副本上的长查询和主库的写入量；落后消除后自动恢复",
            "Look for long queries there and heavy writes here; it is read again once it has caught up",
        )
    else:
        yield good(
            f"只读副本可用，落后 {lag.behind:,} 字节",
            f"The replica answers readers, {lag.behind:,} bytes behind",
        )


@check("replication slots", needs="database")
def slots(site: Site) -> Looked:
    """Slots that nobody reads keep the log until the disk is full."""
    with site.database.read() as connection:
        if connection.dialect.name != "postgresql":
            return
        rows = connection.exec_driver_sql(
            "SELECT slot_name, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) FROM pg_replication_slots "
            "WHERE NOT active AND restart_lsn IS NOT NULL AND NOT pg_is_in_recovery()"
        ).all()
    for name, kept in rows:
        if kept > KEPT_BYTES_MOST:
            yield bad(
                f"复制槽 {name} 没有人在用，已积压 {int(kept) >> 20:,} MB 日志",
                f"Nobody reads the replication slot {name}; {int(kept) >> 20:,} MB of the log wait for it",
                f"恢复那个副本，或在主库执行 SELECT pg_drop_replication_slot('{name}')；并设 max_slot_wal_keep_size",
                f"Bring that replica back, or run SELECT pg_drop_replication_slot('{name}') on the primary; and set "
                "max_slot_wal_keep_size",
            )
