"""Tables and indexes: swollen, unmeasured, or left invalid."""

from __future__ import annotations

import sqlalchemy as sa

from dougong_platform.doctor.finding import Looked, bad, check, good, warning
from dougong_platform.site import Site

ROWS_LEAST = 10_000
"""Smaller tables are not worth a word."""
DEAD_PERCENT_MOST = 30
FREE_PERCENT_MOST = 30
FREE_BYTES_MOST = 64 << 20
NAMED_MOST = 5


@check("tables", needs="database")
def tables(site: Site) -> Looked:
    """As the database's own statistics tell."""
    with site.database.read() as connection:
        found = list(_sqlite(connection) if connection.dialect.name == "sqlite" else _postgresql(connection))
    yield from found
    if not found:
        yield good("表和索引都正常", "Tables and indexes are in order")


def _sqlite(connection: sa.Connection) -> Looked:
    pages = int(connection.exec_driver_sql("PRAGMA page_count").scalar_one())
    free = int(connection.exec_driver_sql("PRAGMA freelist_count").scalar_one())
    size = int(connection.exec_driver_sql("PRAGMA page_size").scalar_one())
    if free * size > FREE_BYTES_MOST and free * 100 > pages * FREE_PERCENT_MOST:
        yield warning(
            f"数据库文件中有 {free * size >> 20:,} MB 空闲",
            f"{free * size >> 20:,} MB of the database file are free",
            "停止服务后用 SQLite 的命令行执行 VACUUM，可缩小文件",
            "VACUUM in SQLite's command line while the site is stopped makes the file smaller",
        )
    measured = sa.inspect(connection).has_table("sqlite_stat1")
    if pages * size > FREE_BYTES_MOST and not measured:
        yield warning(
            "数据库还没有统计信息，查询可能走错索引",
            "The database has no statistics: queries may take the wrong index",
            "用 SQLite 的命令行执行 ANALYZE",
            "Run ANALYZE in SQLite's command line",
        )


def _postgresql(connection: sa.Connection) -> Looked:
    broken = connection.exec_driver_sql(
        "SELECT i.indexrelid::regclass::text, i.indrelid::regclass::text FROM pg_index i "
        "JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE NOT i.indisvalid AND n.nspname = current_schema() "
        "AND NOT EXISTS (SELECT 1 FROM pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid) ORDER BY 1"
    ).all()
    for index, table in broken:
        yield bad(
            f"表 {table} 的索引 {index} 没有建成，占空间而不可用",
            f"The index {index} of {table} was never finished: it takes room and serves nobody",
            f"下一次发布会清除它；或执行 DROP INDEX CONCURRENTLY {index}",
            f"The next publication clears it away; or run DROP INDEX CONCURRENTLY {index}",
        )
    swollen = connection.exec_driver_sql(
        "SELECT relid::regclass::text, n_dead_tup, n_live_tup FROM pg_stat_user_tables "
        f"WHERE n_dead_tup > {ROWS_LEAST} AND n_dead_tup * 100 > n_live_tup * {DEAD_PERCENT_MOST} "
        f"ORDER BY n_dead_tup DESC LIMIT {NAMED_MOST}"
    ).all()
    for table, dead, live in swollen:
        yield warning(
            f"表 {table} 有 {dead:,} 行死元组（活 {live:,}）",
            f"The table {table} has {dead:,} dead rows beside {live:,} living",
            f"VACUUM (ANALYZE) {table}；若常常如此，调低它的 autovacuum_vacuum_scale_factor",
            f"VACUUM (ANALYZE) {table}; if it happens often, lower its autovacuum_vacuum_scale_factor",
        )
    unmeasured = connection.exec_driver_sql(
        "SELECT relid::regclass::text, n_live_tup FROM pg_stat_user_tables WHERE last_analyze IS NULL "
        f"AND last_autoanalyze IS NULL AND n_live_tup > {ROWS_LEAST} ORDER BY n_live_tup DESC LIMIT {NAMED_MOST}"
    ).all()
    for table, live in unmeasured:
        yield warning(
            f"表 {table}（{live:,} 行）从未 ANALYZE，查询可能走错索引",
            f"The table {table} of {live:,} rows was never analysed: queries may take the wrong index",
            f"ANALYZE {table}",
            f"ANALYZE {table}",
        )
