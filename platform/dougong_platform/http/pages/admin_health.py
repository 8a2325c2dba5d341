"""The site's health."""

from __future__ import annotations

import platform
import resource
from dataclasses import dataclass

import sqlalchemy as sa
from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform import people
from dougong_platform.doctor import Finding, examine
from dougong_platform.http.pages.visit import Pages, Visit
from dougong_runtime.audit.log import dg_audit
from dougong_runtime.pages.reading import Reader


def routes(pages: Pages) -> list[BaseRoute]:
    """`/admin/health`."""
    return [pages.get("/admin/health", health)]


@dataclass(frozen=True, slots=True)
class HealthSection:
    """Facts about a part of the site."""

    label: str
    lines: tuple[tuple[str, str], ...]


def health(visit: Visit) -> Response:
    """Whether all is well: what the doctor finds without reading whole tables, and figures."""
    with visit.reading() as here:
        people.require_admin(here.viewer)
        t, connection = here.reader.t, here.connection
        count = connection.scalar(sa.select(sa.func.max(dg_audit.c.seq))) or 0
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        sections = [
            HealthSection(
                t("health.database"),
                (
                    (t("health.kind"), connection.dialect.name),
                    (
                        t("health.version"),
                        ".".join(str(n) for n in connection.dialect.server_version_info or ()),
                    ),
                    (t("health.audit_rows"), f"{count:,}"),
                ),
            ),
            HealthSection(
                t("health.apps"),
                tuple(
                    (
                        here.reader.label(a.label),
                        f"{a.version} · #{here.site.running(connection, a.name).number}",
                    )
                    for a in here.apps()
                ),
            ),
            HealthSection(
                t("health.process"),
                (("Python", platform.python_version()), (t("health.memory"), f"{memory:,} MB")),
            ),
        ]
        found = examine(here.site, slow=False)
        shown = [_finding(finding, here.reader) for finding in found if finding.state != "good"]
        admin = {"sections": sections, "findings": shown, "good": len(found) - len(shown)}
        shell = here.shell(t("admin.health"), in_admin=True, current="/admin/health")
        return here.page("admin/health.html", shell, admin=admin)


def _finding(finding: Finding, reader: Reader) -> dict[str, str]:
    return {
        "name": finding.name,
        "state": finding.state,
        "text": finding.says.in_(reader.language),
        "remedy": finding.remedy.in_(reader.language) if finding.remedy is not None else "",
    }
