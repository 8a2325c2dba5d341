"""The database itself: whether it answers, and whether what it is set to keeps what it has acknowledged."""

from __future__ import annotations

import sqlalchemy as sa

from dougong_platform.doctor.finding import Looked, bad, check, good, warning
from dougong_platform.site import Site

POSTGRESQL_LEAST = 14
SQLITE_LEAST = (3, 35, 0)


@check("database", needs="nothing")
def database(site: Site) -> Looked:
    """Version, encoding and the settings that matter."""
    with site.database.read() as connection:
        if connection.dialect.name == "sqlite":
            yield from _sqlite(connection)
        else:
            yield from _postgresql(site, connection)


def _sqlite(connection: sa.Connection) -> Looked:
    version = str(connection.exec_driver_sql("SELECT sqlite_version()").scalar_one())
    if tuple(int(part) for part in version.split(".")) < SQLITE_LEAST:
        yield bad(
            f"SQLite {version} 太旧",
            f"SQLite {version} is too old",
            f"换用带 SQLite {'.'.join(map(str, SQLITE_LEAST))} 以上的 Python",
            f"Use a Python with SQLite {'.'.join(map(str, SQLITE_LEAST))} or later",
        )
    else:
        yield good(f"SQLite {version} 可用", f"SQLite {version} answers")
    asked = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in _PRAGMAS}
    if asked["journal_mode"] != "wal":
        yield bad(
            f"日志模式是 {asked['journal_mode']}，应为 wal：读会挡住写",
            f"The journal mode is {asked['journal_mode']}, not wal: readers hold up writers",
            "把数据库文件放在本机磁盘上（网络盘不支持 WAL），停止其他打开它的程序后重启",
            "Keep the file on a disk of this machine (WAL works on no network disk), stop other programs that have it "
            "open, and start again",
        )
    if not asked["foreign_keys"]:
        yield bad(
            "没有启用外键约束",
            "Foreign keys are not held",
            "这个 SQLite 编译时去掉了外键支持，换用标准的 Python",
            "This SQLite was compiled without foreign keys: use a standard Python",
        )
    if not asked["synchronous"]:
        yield bad(
            "synchronous=OFF：掉电可能损坏数据库",
            "synchronous=OFF: a power failure can break the database",
            "去掉改动这一设置的程序",
            "Remove what changes this setting",
        )
    elif asked["synchronous"] == _SYNCHRONOUS_NORMAL:
        yield good(
            "进程崩溃不丢已确认的写入；整机掉电可能丢最后几次（DOUGONG_DURABILITY=full 则不丢）",
            "No acknowledged write is lost when the process dies; the last few may be when the machine loses power "
            "(with DOUGONG_DURABILITY=full none is)",
        )
    else:
        yield good(
            "进程崩溃、整机掉电都不丢已确认的写入",
            "No acknowledged write is lost by a crash or a loss of power",
        )


_SYNCHRONOUS_NORMAL = 1
_PRAGMAS = ("journal_mode", "foreign_keys", "synchronous")


@check("integrity", needs="database", is_slow=True)
def integrity(site: Site) -> Looked:
    """SQLite: pages and references, read whole."""
    with site.database.read() as connection:
        if connection.dialect.name != "sqlite":
            return
        first = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one())
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if first != "ok":
        yield bad(
            f"数据库文件已损坏：{first}",
            f"The database file is broken: {first}",
            "停止服务，从备份恢复",
            "Stop serving and restore the backup",
        )
    if broken is not None:
        yield bad(
            f"表 {broken[0]} 中有失效的引用",
            f"The table {broken[0]} holds a reference to nothing",
            "有别的程序改过数据库；从备份恢复，或删去这些引用",
            "Another program has changed the database: restore the backup, or remove these references",
        )
    if first == "ok" and broken is None:
        yield good("文件完整，引用都有效", "The file is whole and every reference holds")


def _postgresql(site: Site, connection: sa.Connection) -> Looked:
    number = int(connection.exec_driver_sql("SHOW server_version_num").scalar_one())
    shown = str(connection.exec_driver_sql("SHOW server_version").scalar_one())
    if number // 10_000 < POSTGRESQL_LEAST:
        yield bad(
            f"PostgreSQL {shown} 太旧",
            f"PostgreSQL {shown} is too old",
            f"升级到 {POSTGRESQL_LEAST} 或更新",
            f"Upgrade it to {POSTGRESQL_LEAST} or later",
        )
    else:
        yield good(f"PostgreSQL {shown} 可用", f"PostgreSQL {shown} answers")
    names = (
        "server_encoding", "fsync", "full_page_writes", "synchronous_commit", "autovacuum", "max_connections",
        "superuser_reserved_connections",
    )  # fmt: skip
    asked = {name: str(connection.exec_driver_sql(f"SHOW {name}").scalar_one()) for name in names}
    if asked["server_encoding"] != "UTF8":
        yield bad(
            f"数据库编码是 {asked['server_encoding']}，应为 UTF8",
            f"The database is encoded in {asked['server_encoding']}; it must be UTF8",
            "新建编码为 UTF8 的数据库，转入备份",
            "Make a database encoded in UTF8 and restore the backup into it",
        )
    if connection.exec_driver_sql("SELECT pg_is_in_recovery()").scalar_one():
        yield bad(
            "DOUGONG_DATABASE_URL 指向只读副本，写入都会失败",
            "DOUGONG_DATABASE_URL names a replica: nothing can be written",
            "改为主库的地址；副本写在 DOUGONG_READ_URL",
            "Name the primary there, and the replica in DOUGONG_READ_URL",
        )
    for name in ("fsync", "full_page_writes"):
        if asked[name] != "on":
            yield bad(
                f"{name}={asked[name]}：掉电或崩溃可能损坏数据库",
                f"{name}={asked[name]}: a power failure or crash can break the database",
                f"在 postgresql.conf 中设 {name} = on，重新加载",
                f"Set {name} = on in postgresql.conf and reload",
            )
    if asked["synchronous_commit"] == "off":
        yield warning(
            "synchronous_commit=off：服务器崩溃可能丢失最后几次已确认的写入",
            "synchronous_commit=off: the last acknowledged writes may be lost when the server crashes",
            "除非有意如此，设为 on",
            "Set it to on unless that is meant",
        )
    if asked["autovacuum"] != "on":
        yield warning(
            "autovacuum 已关闭：表会膨胀，统计会过时",
            "autovacuum is off: tables swell and statistics grow old",
            "设 autovacuum = on",
            "Set autovacuum = on",
        )
    free = int(asked["max_connections"]) - int(asked["superuser_reserved_connections"])
    wanted = 2 * site.settings.pool_size * site.settings.workers
    if wanted > free:
        yield warning(
            f"{site.settings.workers} 个进程最多要 {wanted} 个连接，服务器只给 {free} 个",
            f"{site.settings.workers} processes may want {wanted} connections; the server gives {free}",
            "减小 DOUGONG_POOL_SIZE，加大 max_connections，或在中间放 pgbouncer（docs/scaling.md）",
            "Lower DOUGONG_POOL_SIZE, raise max_connections, or put pgbouncer between (docs/scaling.md)",
        )
    yield from _pooler(site, connection)


def _pooler(site: Site, connection: sa.Connection) -> Looked:
    """The port at which the server listens is another than ours: something stands between."""
    there = connection.exec_driver_sql("SELECT inet_server_port()").scalar_one()
    ours = sa.make_url(site.settings.database_url).port or 5432
    if there is not None and int(there) != ours and site.settings.prepare_threshold is not None:
        yield warning(
            f"连接的端口 {ours} 后面是 {there}：中间有连接池或转发",
            f"Behind port {ours} answers {there}: a pooler or a forward stands between",
            "若是 pgbouncer 的事务池，设 DOUGONG_PREPARE_THRESHOLD=none；若只是端口转发，不必理会",
            "If it is pgbouncer pooling transactions, set DOUGONG_PREPARE_THRESHOLD=none; a mere forward does no harm",
        )
