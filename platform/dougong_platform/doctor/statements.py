"""Statements that take long."""

from __future__ import annotations

import sqlalchemy as sa

from dougong_platform.doctor.finding import Looked, check, good, warning
from dougong_platform.site import Site
from dougong_platform.tables import SLOW_STATEMENT

NAMED_MOST = 5
CALLS_LEAST = 10
SHOWN_CHARACTERS = 160

_REMEDY_ZH = "用 EXPLAIN (ANALYZE, BUFFERS) 看它的计划；常见原因是缺索引、缺 ANALYZE、不带条件的大列表"
_REMEDY_EN = (
    "Look at its plan by EXPLAIN (ANALYZE, BUFFERS); often an index is missing, ANALYZE never ran, or a long list has "
    "no condition"
)


@check("slow statements")
def statements(site: Site) -> Looked:
    """By PostgreSQL's own count where the extension pg_stat_statements is there, and by what processes noted."""
    limit = site.settings.slow_statement_ms
    with site.database.read() as connection:
        noted = connection.execute(
            sa.select(SLOW_STATEMENT).order_by(SLOW_STATEMENT.c.milliseconds.desc()).limit(NAMED_MOST)
        ).all()
        counted = _counted(connection, limit) if limit else []
    for row in noted:
        text = " ".join(row.statement.split())[:SHOWN_CHARACTERS]
        yield warning(
            f"{row.times} 次超过 {limit} 毫秒，最长 {row.worst_milliseconds:,}：{text}",
            f"{row.times} times above {limit} ms, at worst {row.worst_milliseconds:,} ms: {text}",
            _REMEDY_ZH,
            _REMEDY_EN,
        )
    for text, calls, mean in counted:
        shown = " ".join(str(text).split())[:SHOWN_CHARACTERS]
        yield warning(
            f"平均 {mean} 毫秒（{calls:,} 次）：{shown}",
            f"{mean} ms on average ({calls:,} times): {shown}",
            _REMEDY_ZH,
            _REMEDY_EN,
        )
    if not noted and not counted:
        yield good("没有慢语句", "No statement takes long")


def _counted(connection: sa.Connection, limit: int) -> list[tuple[str, int, int]]:
    if connection.dialect.name != "postgresql":
        return []
    there = connection.exec_driver_sql(
        "SELECT 1 FROM pg_extension e JOIN pg_settings s ON s.name = 'shared_preload_libraries' "
        "WHERE e.extname = 'pg_stat_statements' AND s.setting LIKE '%%pg_stat_statements%%'"
    ).first()
    if there is None:
        return []
    rows = connection.execute(
        sa.text(
            "SELECT query, calls, round(mean_exec_time)::int FROM pg_stat_statements "
            "WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) "
            "AND calls >= :calls AND mean_exec_time > :limit ORDER BY total_exec_time DESC LIMIT :most"
        ),
        {"calls": CALLS_LEAST, "limit": limit, "most": NAMED_MOST},
    )
    return [(text, calls, mean) for text, calls, mean in rows]
