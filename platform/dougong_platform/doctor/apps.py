"""Whether every app's running version loads."""

from __future__ import annotations

from dougong_platform.doctor.finding import Looked, check, good
from dougong_platform.site import Site


@check("apps")
def apps(site: Site) -> Looked:
    """One that does not is told by its refusal."""
    with site.database.read() as connection:
        for name in site.apps(connection):
            running = site.running(connection, name)
            yield good(f"{name} 第 {running.number} 版可用", f"{name} version {running.number} loads")
