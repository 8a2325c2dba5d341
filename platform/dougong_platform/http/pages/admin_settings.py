"""What administrators set on a page: the site's face, signing in, mail; and the settings of each app."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import UploadFile
from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform import brand, live_settings, mail, people
from dougong_platform.http.pages.visit import Here, Pages, Visit, go
from dougong_platform.http.problem_types import CSRF, NOT_SIGNED_IN
from dougong_platform.settings import ACCENTS, SETTINGS
from dougong_platform.site import DIRECTORY
from dougong_runtime.errors import NOT_FOUND, Refused, refuse
from dougong_runtime.pages.entry import Choice
from dougong_runtime.pages.faces import unit_of
from dougong_runtime.pages.reading import Reader
from dougong_runtime.pages.widgets import widget_of
from dougong_runtime.records.settings import SettingView

SECTIONS: Mapping[str, tuple[str, ...]] = {
    "looks": ("site_name", "accent", "language"),
    "sign_in": (
        "second_factor",
        "session_idle_minutes",
        "session_days",
        "password_length_min",
        "sign_in_failures_max",
        "sign_in_per_address_max",
    ),
    "mail": ("mail_host", "mail_port", "mail_security", "mail_user", "mail_from"),
    "files": ("file_megabytes_max",),
}
"""The site's settings on the page, by section."""
CHOICES: Mapping[str, tuple[str, ...]] = {
    "accent": ACCENTS,
    "language": ("zh", "en"),
    "mail_security": ("starttls", "tls", "none"),
    "second_factor": ("own", "admins", "all"),
}
_BY_NAME = {s.name: s for s in SETTINGS}


def routes(pages: Pages) -> list[BaseRoute]:
    """`/admin/settings` and its forms; `/brand/{mark}`, the logo, which is shown before signing in too."""
    return [
        pages.get("/admin/settings", show),
        pages.post("/admin/settings", change_site),
        pages.post("/admin/settings/logo", change_logo),
        pages.post("/admin/settings/mail-test", test_mail),
        pages.post("/admin/settings/{app}", change_app),
        pages.get("/brand/{mark}", logo),
    ]


@dataclass(frozen=True, slots=True)
class SiteLine:
    """A setting of the site: its value as text, and who has decided it where that is not this page."""

    name: str
    label: str
    text: str
    options: tuple[Choice, ...]
    decided: str


@dataclass(frozen=True, slots=True)
class SiteSection:
    """Settings that belong together."""

    name: str
    label: str
    settings: tuple[SiteLine, ...]


@dataclass(frozen=True, slots=True)
class AppLine:
    """A setting of an app with its value as it stands in the box."""

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
    settings: tuple[AppLine, ...]


def show(visit: Visit) -> Response:
    """All of them."""
    with visit.reading() as here:
        return _page(here)


def _page(here: Here, problem: str = "", given: Mapping[str, str] | None = None) -> Response:
    people.require_admin(here.viewer)
    t, settings = here.reader.t, here.site.settings
    apps = [
        AppSettings(
            a.name,
            here.reader.label(a.label),
            tuple(_app_line(here, s) for s in here.desk(a.name).records.settings()),
        )
        for a in here.apps()
    ]
    shown = {
        "sections": [
            SiteSection(
                name, t(f"settings.{name}"), tuple(_site_line(here, n, given or {}) for n in SECTIONS[name])
            )
            for name in SECTIONS
        ],
        "apps": apps,
        "problem": problem,
        "logo": brand.brand_of(settings).logo,
        "time_zone": settings.time_zone,
        "has_password": bool(settings.mail_password),
        "can_test": bool(settings.mail_host and settings.mail_from),
    }
    shell = here.shell(t("admin.settings"), in_admin=True, current="/admin/settings")
    return here.page("admin/settings.html", shell, status=422 if problem else 200, admin=shown)


def _site_line(here: Here, name: str, given: Mapping[str, str]) -> SiteLine:
    reader, settings, setting = here.reader, here.site.settings, _BY_NAME[name]
    options = tuple(Choice(o, _word(reader, name, o)) for o in CHOICES.get(name, ()))
    origin = settings.origins[name]
    decided = "" if origin in ("default", "database") else reader.t("settings.decided", origin=origin)
    return SiteLine(
        name, reader.label(setting.meaning), given.get(name, str(getattr(settings, name))), options, decided
    )


def _word(reader: Reader, name: str, option: str) -> str:
    """What a choice of a setting is called."""
    match name:
        case "accent":
            return reader.t(f"accent.{option}")
        case "language":
            return reader.t(f"language.{option}")
        case "second_factor":
            return reader.t(f"second_factor.{option}")
        case _:
            return reader.t(f"mail_security.{option}")


def _app_line(here: Here, view: SettingView) -> AppLine:
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
    return AppLine(setting.code, reader.label(setting.label), unit, str(entry), bounds)


def change_site(visit: Visit) -> Response:
    """Set the site's values of a section, all or none."""
    given = {name: visit.text(name) for names in SECTIONS.values() for name in names if name in visit.form}
    try:
        with visit.writing() as here:
            people.require_admin(here.viewer)
            live_settings.change(here.connection, here.viewer, here.site.clock, here.site.settings, given)
    except Refused as refused:
        return _refused(visit, refused, given)
    return _saved(visit)


def change_logo(visit: Visit) -> Response:
    """Another logo, or none."""
    file = visit.form.get("logo")
    content = file.file.read(brand.LOGO_BYTES_MAX + 1) if isinstance(file, UploadFile) else b""
    try:
        with visit.writing() as here:
            people.require_admin(here.viewer)
            brand.set_logo(here.connection, here.viewer, here.site.clock, here.site.settings, content)
    except Refused as refused:
        return _refused(visit, refused)
    return _saved(visit)


def test_mail(visit: Visit) -> Response:
    """A message to the administrator's own address, by the settings in force; what the server says to it."""
    with visit.reading() as here:
        people.require_admin(here.viewer)
        reader, settings = here.reader, here.site.settings
        directory = here.site.records(here.connection, here.viewer, DIRECTORY)
        person = directory.get("user", here.viewer.user or "")
    try:
        if not person.get("email"):
            raise refuse(mail.NO_MAIL_ADDRESS, name=here.viewer.name or here.viewer.username)
        mail.send(settings, str(person["email"]), reader.t("mail.test_subject"), reader.t("mail.test_text"))
    except Refused as refused:
        return _refused(visit, refused)
    return go("/admin/settings?done=mail_sent")


def change_app(visit: Visit) -> Response:
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
        return _refused(visit, refused)
    return go("/admin/settings?done=saved")


def _saved(visit: Visit) -> Response:
    with visit.site.database.read() as connection:
        visit.site.keep_up(connection, at_once=True)
    return go("/admin/settings?done=saved")


def _refused(visit: Visit, refused: Refused, given: Mapping[str, str] | None = None) -> Response:
    if refused.problems[0].type in (NOT_SIGNED_IN, CSRF) or refused.status in (403, 404):
        raise refused
    with visit.reading() as here:
        return _page(here, here.said(refused), given)


def logo(visit: Visit) -> Response:
    """The logo, for everybody; its address changes with it."""
    with visit.site.database.read() as connection:
        content = brand.logo(connection, visit.path("mark"))
    if content is None:
        raise refuse(NOT_FOUND)
    kept = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(content, media_type=brand.LOGO_TYPE, headers=kept)
