"""The audit: what is not sealed yet, and the seals kept outside."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from dougong_platform import seals
from dougong_platform.doctor.finding import Found, Looked, check, good, warning
from dougong_platform.site import Site
from dougong_runtime.audit.log import dg_audit
from dougong_runtime.audit.seal import dg_seal
from dougong_runtime.labels import Label

UNSEALED_AGE_MOST = timedelta(minutes=15)


@check("audit")
def unsealed(site: Site) -> Looked:
    """How much, and for how long."""
    with site.database.read() as connection:
        last = connection.scalar(sa.select(sa.func.max(dg_seal.c.last_seq)))
        query = sa.select(sa.func.count(), sa.func.min(dg_audit.c.at)).select_from(dg_audit)
        if last is not None:
            query = query.where(dg_audit.c.seq > last)
        count, oldest = connection.execute(query).one()
    if not count:
        yield good("审计记录已全部封存", "Every row of the audit is sealed")
        return
    age = site.clock.now() - datetime.fromisoformat(oldest)
    minutes = int(age.total_seconds() // 60)
    zh = f"{count} 行审计尚未封存，最早的已 {minutes} 分钟"
    en = f"{count} rows of the audit are not sealed, the oldest for {minutes} minutes"
    if age <= UNSEALED_AGE_MOST:
        yield good(zh, en)
    else:
        yield warning(
            zh,
            en,
            "服务运行时每分钟封存；或运行 dougong audit seal，并查长事务",
            "A serving process seals every minute; or run “dougong audit seal”, and look for long transactions",
        )


_ANCHOR_REMEDY = Label(
    "检查 DOUGONG_AUDIT_ANCHOR 的文件或地址，再运行 dougong audit anchors",
    "Check the file or address in DOUGONG_AUDIT_ANCHOR, then run “dougong audit anchors”",
)


@check("anchors")
def anchors(site: Site) -> Looked:
    """How each stands."""
    for state, says in seals.examine_anchors(site):
        yield Found(state, says, _ANCHOR_REMEDY if state != "good" else None)
