"""The site's key: there, long enough, read by nobody else, and the one that this database was sealed with."""

from __future__ import annotations

import stat
from pathlib import Path

import sqlalchemy as sa

from dougong_platform import seals
from dougong_platform.doctor.finding import Looked, bad, check, good, warning
from dougong_platform.settings import SECRET_FILE
from dougong_platform.site import Site
from dougong_runtime.audit.seal import dg_seal
from dougong_runtime.audit.verify import verify

LENGTH_LEAST = 32


@check("keys", needs="nothing")
def keys(site: Site) -> Looked:
    """Its length, where it is from, and who may read it."""
    settings = site.settings
    length, origin = len(settings.secret_key), settings.origins["secret_key"]
    if length < LENGTH_LEAST:
        yield warning(
            f"站点密钥只有 {length} 个字符，应至少 {LENGTH_LEAST} 个",
            f"The site's key has {length} characters; it should have {LENGTH_LEAST}",
            "换一个长的随机密钥；换了之后，第二因素和旧封存要用旧密钥",
            "Take a long random one; second factors and old seals belong to the old one",
        )
    path: Path = settings.data_dir / SECRET_FILE
    if origin == "generated" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        yield bad(
            f"{path} 可被他人读取，应为 0600",
            f"Others can read {path}; its mode should be 0600",
            f"chmod 600 {path}",
            f"chmod 600 {path}",
        )
    else:
        yield good(f"站点密钥来自 {origin}", f"The site's key is from: {origin}")
    if stat.S_IMODE(settings.data_dir.stat().st_mode) & 0o002:
        yield bad(
            f"任何人都能写 {settings.data_dir}",
            f"Anyone can write to {settings.data_dir}",
            f"chmod o-w {settings.data_dir}",
            f"chmod o-w {settings.data_dir}",
        )


@check("keys")
def matches(site: Site) -> Looked:
    """Whether the last seal was made with it."""
    with site.database.read() as connection:
        last = connection.scalar(sa.select(sa.func.max(dg_seal.c.batch)))
        if last is None:
            return
        verdict = verify(connection, site.settings.key(seals.KEY), since=last)
    if verdict.ok:
        yield good("数据库最后一次封存用的就是这个密钥", "The database's last seal was made with this key")
    else:
        yield bad(
            "数据库最后一批审计不是用这个密钥封存的，或被改过",
            "The last batch of the audit was not sealed with this key, or was altered",
            "检查 DOUGONG_SECRET_KEY 和数据目录是否属于这个数据库；再运行 dougong audit verify",
            "Check that DOUGONG_SECRET_KEY and the data folder belong to this database; then “dougong audit verify”",
        )
