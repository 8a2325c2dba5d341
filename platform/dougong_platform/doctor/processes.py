"""The processes that serve, and which of them run an older program."""

from __future__ import annotations

from importlib.metadata import version

import sqlalchemy as sa

from dougong_platform.doctor.finding import Looked, check, good, warning
from dougong_platform.migrations import runner
from dougong_platform.presence import SEEN_WITHIN
from dougong_platform.site import Site
from dougong_platform.tables import PROCESS


@check("processes")
def processes(site: Site) -> Looked:
    """Those seen in the last minutes."""
    with site.database.read() as connection:
        rows = connection.execute(
            sa.select(PROCESS)
            .where(PROCESS.c.seen_at > site.clock.now() - SEEN_WITHIN)
            .order_by(PROCESS.c.host, PROCESS.c.pid)
        ).all()
    yield good(f"{len(rows)} 个服务进程", f"{len(rows)} serving processes")
    for row in rows:
        if (row.program, row.revision) != (version("dougong"), runner.head()):
            yield warning(
                f"{row.host} 上的进程 {row.pid} 运行的是 {row.program}（结构 {row.revision}）",
                f"Process {row.pid} on {row.host} runs {row.program} (structure {row.revision})",
                "用新版程序重启它；它不知道后来加入的列和表",
                "Restart it with the newer program: it knows nothing of columns and tables added since",
            )
