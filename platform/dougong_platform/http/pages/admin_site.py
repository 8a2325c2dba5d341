"""Settings' values and the site's health."""

from __future__ import annotations

import platform
import resource
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform import people
from dougong_platform.doctor import Finding, examine
from dougong_platform.http.pages.visit import Here, Pages, Visit, go
from dougong_platform.http.problem_types import CSRF, NOT_SIGNED_IN
from dougong_runtime.audit.log import dg_audit
from dougong_runtime.errors import Refused
from dougong_runtime.pages.faces import unit_of
from dougong_runtime.pages.reading import Reader
from dougong_runtime.pages.widgets import widget_of
from dougong_runtime.records.settings import SettingView


def routes(pages: Pages) -> list[BaseRoute]:
    """`/admin/settings` and `/admin/health`."""
    return [
        pages.get("/admin/settings", show_settings),
        pages.post("/admin/settings/{app}", change_settings),
        pages.get("/admin/health", health),
    ]


@dataclass(frozen=True, slots=True)
class SettingLine:
    """A setting with its value as it stands in the box."""

    code: str
    label: str
    unit: str
    text: str
    bounds: str


@dataclass(frozen=True, slots=True)
class AppSettings:
    """An app's settings."""

    name: str
    label: str
    settings: tuple[SettingLine, ...]


def show_settings(visit: Visit) -> Response:
    """Values that staff change without publishing, app by app."""
    with visit.reading() as here:
        return _settings(here)


def _settings(here: Here, problem: str = "") -> Response:
    people.require_admin(here.viewer)
    apps = [
        AppSettings(
            a.name,
            here.reader.label(a.label),
            tuple(_line(here, s) for s in here.desk(a.name).records.settings()),
        )
        for a in here.apps()
    ]
    shell = here.shell(here.reader.t("admin.settings"), in_admin=True, current="/admin/settings")
    status = 422 if problem else 200
    return here.page("admin/settings.html", shell, status=status, admin={"apps": apps, "problem": problem})


def _line(here: Here, view: SettingView) -> SettingLine:
    setting, reader = view.setting, here.reader
    widget = widget_of(setting.field)
    low, high = setting.minimum, setting.maximum
    bounds = (
        f"{low if low is not None else '−∞'} … {high if high is not None else '∞'}"
        if (low, high) != (None, None)
        else ""
    )
    unit = "%" if widget.draw == "percent" else unit_of(setting.field, reader)
    entry = widget.entry(setting.field, view.value, reader)
    return SettingLine(setting.code, reader.label(setting.label), unit, str(entry), bounds)


def change_settings(visit: Visit) -> Response:
    """Set an app's values, all or none."""
    try:
        with visit.writing() as here:
            people.require_admin(here.viewer)
            desk = here.desk()
            values: dict[str, Any] = {}
            for view in desk.records.settings():
                code = view.setting.code
                if code in visit.form:
                    texts = [str(t) for t in visit.form.getlist(code)]
                    values[code] = widget_of(view.setting.field).read(view.setting.field, texts, here.reader)
            desk.records.change_settings(values)
    except Refused as refused:
        if refused.problems[0].type in (NOT_SIGNED_IN, CSRF) or refused.status in (403, 404):
            raise
        with visit.reading() as here:
            return _settings(here, here.said(refused))
    return go("/admin/settings?done=saved")


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
