"""Whether the system's tables are in this program's form."""

from __future__ import annotations

import sqlalchemy as sa

from dougong_platform.doctor.finding import Looked, bad, check, good
from dougong_platform.migrations import runner
from dougong_platform.site import Site
from dougong_platform.tables import SITE


@check("migrations", needs="database")
def migrations(site: Site) -> Looked:
    """What is pending; a newer database is told by the refusal of `pending`."""
    with site.database.read() as connection:
        lacking = runner.pending(connection)
        is_new = not sa.inspect(connection).has_table(SITE.name)
    if is_new:
        yield bad(
            "数据库是空的",
            "The database is empty",
            "运行 dougong init；若不该是空的，检查 DOUGONG_DATABASE_URL",
            "Run “dougong init”; if it should not be empty, check DOUGONG_DATABASE_URL",
        )
        return
    if not lacking:
        yield good(
            f"系统表是最新的（{runner.head()}）", f"The system tables are up to date ({runner.head()})"
        )
        return
    steps = ", ".join(migration.revision for migration in lacking)
    yield bad(
        f"系统表还没有升级，差 {len(lacking)} 步：{steps}",
        f"The system tables are not upgraded; {len(lacking)} steps are pending: {steps}",
        "备份数据库，然后运行 dougong upgrade；其余检查在那之后",
        "Back the database up and run “dougong upgrade”; the other looks come after that",
    )
