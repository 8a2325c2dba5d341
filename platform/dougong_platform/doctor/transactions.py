"""Transactions that never end: they hold up sealing, vacuum and publications."""

from __future__ import annotations

from dougong_platform.doctor.finding import Looked, check, good, warning
from dougong_platform.site import Site

LONG_MINUTES = 10
IDLE_MINUTES = 5

_REMEDY_ZH = "若无人需要，在数据库执行 SELECT pg_terminate_backend({pid})"
_REMEDY_EN = "If nobody needs it, run SELECT pg_terminate_backend({pid}) in the database"


@check("transactions", needs="database")
def transactions(site: Site) -> Looked:
    """On PostgreSQL, of this database, whoever began them."""
    with site.database.read() as connection:
        if connection.dialect.name != "postgresql":
            return
        rows = connection.exec_driver_sql(
            "SELECT pid, coalesce(usename, ''), coalesce(application_name, ''), state, "
            "extract(epoch FROM now() - xact_start)::int / 60, extract(epoch FROM now() - state_change)::int / 60 "
            "FROM pg_stat_activity WHERE datname = current_database() AND xact_start IS NOT NULL "
            "AND pid <> pg_backend_pid() AND backend_type = 'client backend' ORDER BY xact_start"
        ).all()
        prepared = connection.exec_driver_sql(
            "SELECT gid FROM pg_prepared_xacts WHERE database = current_database() "
            f"AND prepared < now() - interval '{LONG_MINUTES} minutes'"
        ).all()
    long = [r for r in rows if r[4] >= LONG_MINUTES or (r[3].startswith("idle") and r[5] >= IDLE_MINUTES)]
    for pid, user, program, state, minutes, _ in long:
        yield warning(
            f"连接 {pid}（{user} {program}）的事务已 {minutes} 分钟，状态 {state}",
            f"The transaction of connection {pid} ({user} {program}) has run for {minutes} minutes, {state}",
            _REMEDY_ZH.format(pid=pid),
            _REMEDY_EN.format(pid=pid),
        )
    for (name,) in prepared:
        yield warning(
            f"两阶段事务 {name} 没有结束",
            f"The prepared transaction {name} was never ended",
            f"ROLLBACK PREPARED '{name}'",
            f"ROLLBACK PREPARED '{name}'",
        )
    if not long and not prepared:
        yield good("没有长事务", "No transaction runs for long")
