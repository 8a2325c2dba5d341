"""What may be wrong with a site, and what to do about it."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from dougong_platform import people, seals
from dougong_platform.settings import SECRET_FILE
from dougong_platform.site import Site
from dougong_platform.tables import LEASE
from dougong_runtime.audit.log import dg_audit
from dougong_runtime.audit.seal import dg_seal
from dougong_runtime.errors import Refused
from dougong_runtime.labels import Label

State = Literal["good", "warning", "bad"]

FREE_BYTES_LEAST = 1 << 30
SECRET_LENGTH_LEAST = 32
CLOCK_DIFFERENCE_MOST = timedelta(seconds=5)
UNSEALED_AGE_MOST = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at."""

    name: str
    state: State
    says: Label


def examine(site: Site) -> list[Finding]:
    """Look at everything; what cannot be looked at is a finding too."""
    findings: list[Finding] = []
    for name, look in _LOOKS:
        try:
            findings += (Finding(name, state, Label(zh, en)) for state, zh, en in look(site))
        except (SQLAlchemyError, OSError) as error:
            findings.append(Finding(name, "bad", Label(str(error), str(error))))
        except Refused as refused:
            findings += (Finding(name, "bad", Label(p.text("zh"), p.text("en"))) for p in refused.problems)
    return findings


Looked = Iterator[tuple[State, str, str]]


def _database(site: Site) -> Looked:
    with site.database.read() as connection:
        if connection.dialect.name == "sqlite":
            version = connection.exec_driver_sql("SELECT sqlite_version()").scalar_one()
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
            yield "good", f"SQLite {version} 可用", f"SQLite {version} answers"
            if broken is not None:
                yield (
                    "bad",
                    f"表 {broken[0]} 中有失效的引用",
                    f"The table {broken[0]} holds a reference to nothing",
                )
            return
        version = connection.exec_driver_sql("SHOW server_version").scalar_one()
        encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
    yield "good", f"PostgreSQL {version} 可用", f"PostgreSQL {version} answers"
    if encoding != "UTF8":
        yield (
            "bad",
            f"数据库编码是 {encoding}，应为 UTF8",
            f"The database is encoded in {encoding}; it must be UTF8",
        )


def _disk(site: Site) -> Looked:
    free = shutil.disk_usage(site.settings.data_dir).free
    gigabytes = f"{free / (1 << 30):.1f} GB"
    state: State = "good" if free >= FREE_BYTES_LEAST else "bad"
    yield state, f"数据目录所在磁盘剩余 {gigabytes}", f"{gigabytes} free beside the data folder"


def _clock(site: Site) -> Looked:
    with site.database.read() as connection:
        if connection.dialect.name == "sqlite":
            there = datetime.fromisoformat(
                connection.exec_driver_sql("SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')").scalar_one()
            ).replace(tzinfo=UTC)
        else:
            there = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
    difference = abs(site.clock.now() - there)
    state: State = "good" if difference <= CLOCK_DIFFERENCE_MOST else "warning"
    seconds = round(difference.total_seconds(), 1)
    yield state, f"与数据库时钟相差 {seconds} 秒", f"{seconds} s apart from the database's clock"


def _keys(site: Site) -> Looked:
    settings = site.settings
    if len(settings.secret_key) < SECRET_LENGTH_LEAST:
        yield (
            "warning",
            f"站点密钥只有 {len(settings.secret_key)} 个字符，应至少 {SECRET_LENGTH_LEAST} 个",
            f"The site's key has {len(settings.secret_key)} characters; it should have {SECRET_LENGTH_LEAST}",
        )
    path: Path = settings.data_dir / SECRET_FILE
    if settings.origins["secret_key"] == "generated" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        yield "bad", f"{path} 可被他人读取，应为 0600", f"Others can read {path}; its mode should be 0600"
        return
    yield (
        "good",
        f"站点密钥来自 {settings.origins['secret_key']}",
        f"The site's key is from: {settings.origins['secret_key']}",
    )


def _people(site: Site) -> Looked:
    with site.database.read() as connection:
        count = len(people.admins(site, connection))
    if count == 0:
        yield (
            "warning",
            "还没有管理员：dougong user add NAME --role admin",
            "No administrator: dougong user add NAME --role admin",
        )
    else:
        yield "good", f"{count} 位管理员", f"{count} administrator(s)"


def _audit(site: Site) -> Looked:
    with site.database.read() as connection:
        last = connection.scalar(sa.select(sa.func.max(dg_seal.c.last_seq)))
        query = sa.select(sa.func.count(), sa.func.min(dg_audit.c.at)).select_from(dg_audit)
        if last is not None:
            query = query.where(dg_audit.c.seq > last)
        count, oldest = connection.execute(query).one()
    if not count:
        yield "good", "审计记录已全部封存", "Every row of the audit is sealed"
        return
    age = site.clock.now() - datetime.fromisoformat(oldest)
    state: State = "good" if age <= UNSEALED_AGE_MOST else "warning"
    minutes = int(age.total_seconds() // 60)
    yield (
        state,
        f"{count} 行审计尚未封存，最早的已 {minutes} 分钟；服务运行时每分钟封存，或运行 dougong audit seal",
        f"{count} rows of the audit are not sealed, the oldest for {minutes} minutes; a serving process seals "
        "every minute, or run dougong audit seal",
    )


def _anchors(site: Site) -> Looked:
    for state, says in seals.examine_anchors(site):
        yield state, says.zh, says.en


def _apps(site: Site) -> Looked:
    with site.database.read() as connection:
        for name in site.apps(connection):
            running = site.running(connection, name)
            yield "good", f"{name} 第 {running.number} 版可用", f"{name} version {running.number} loads"


def _upkeep(site: Site) -> Looked:
    with site.database.read() as connection:
        rows = connection.execute(sa.select(LEASE.c.name, LEASE.c.done_at).order_by(LEASE.c.name)).all()
    if not rows:
        yield (
            "warning",
            "后台维护从未运行；启动服务后会自动运行",
            "Upkeep never ran; it does while the site is served",
        )
    for name, done_at in rows:
        if done_at is None:
            yield "warning", f"维护 {name} 未能完成，见日志", f"The chore {name} did not finish; see the log"
        else:
            yield (
                "good",
                f"维护 {name} 上次完成于 {done_at:%Y-%m-%d %H:%M} UTC",
                f"The chore {name} was last done {done_at:%Y-%m-%d %H:%M} UTC",
            )


def _variables(site: Site) -> Looked:
    for variable in site.settings.ignored:
        yield "warning", f"环境变量 {variable} 没有作用", f"The variable {variable} has no effect"


_LOOKS: tuple[tuple[str, Callable[[Site], Looked]], ...] = (
    ("database", _database),
    ("disk", _disk),
    ("clock", _clock),
    ("keys", _keys),
    ("people", _people),
    ("apps", _apps),
    ("audit", _audit),
    ("anchors", _anchors),
    ("upkeep", _upkeep),
    ("variables", _variables),
)
