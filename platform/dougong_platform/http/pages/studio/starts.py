"""Where building begins: the apps that one may build, and the ways in which an app begins.

A package waits between its plan and its installation in a file of whoever sent it; the next one takes its place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from starlette.datastructures import UploadFile
from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_designer import abilities, draft, naming
from dougong_platform import apps, beginnings, people
from dougong_platform.http.pages.visit import Here, Pages, Visit, go
from dougong_platform.http.problem_types import BAD_REQUEST, CSRF, NOT_SIGNED_IN
from dougong_platform.site import DIRECTORY
from dougong_runtime.documents.problems import BAD_NAME
from dougong_runtime.documents.source import read_text
from dougong_runtime.errors import Refused, refuse
from dougong_runtime.labels import Label, Language
from dougong_runtime.names import is_name
from dougong_runtime.pages.home import AppCard, app_card

PACKAGE_BYTES_MAX = 20_000_000


def routes(pages: Pages) -> list[BaseRoute]:
    """`/studio`, and how apps begin there."""
    return [
        pages.get("/studio", show),
        pages.post("/studio/begin", begin),
        pages.post("/studio/package", plan_package, large=True),
        pages.post("/studio/package/install", install_package),
    ]


@dataclass(frozen=True, slots=True)
class Line:
    """An app that one may build."""

    card: AppCard
    version: str
    changes: int
    by: str
    at: datetime | None
    what: str


@dataclass(frozen=True, slots=True)
class Offer:
    """A template or an app to begin from."""

    name: str
    label: str
    note: str


@dataclass(frozen=True, slots=True)
class Planned:
    """A package that waits to be installed."""

    label: str
    name: str
    version: str
    entities: int
    documents: int
    roles: int
    lines: tuple[str, ...]
    bundled: str


def show(visit: Visit) -> Response:
    """The apps that one may build."""
    with visit.reading() as here:
        return _page(here)


def begin(visit: Visit) -> Response:
    """A new app: blank, for a spreadsheet, or a copy of one that is there; then it opens in the studio."""

    def act(here: Here) -> str:
        people.require_admin(here.viewer)
        label = visit.text("label")
        language: Language = "en" if visit.text("language") == "en" else "zh"
        taken = [*here.site.apps(here.connection), DIRECTORY]
        name = visit.text("name") or naming.name_from(label, "app", taken)
        if not is_name(name):
            raise refuse(BAD_NAME, "name", name=name)
        given = (here.site, here.connection, here.viewer)
        match visit.text("from"):
            case "copy":
                beginnings.copy(*given, visit.text("of"), name, label, language)
                return f"/studio/{name}"
            case "sheet":
                beginnings.empty(*given, name, label, language)
                return f"/studio/{name}/spreadsheet"
            case _:
                beginnings.blank(*given, name, label, language)
                return f"/studio/{name}/entity/item"

    return _acted(visit, act)


def plan_package(visit: Visit) -> Response:
    """What a package would bring: it is read, linked and planned, and waits for the next word."""

    def look(here: Here) -> Response:
        people.require_admin(here.viewer)
        file, bundled = visit.form.get("file"), visit.text("bundled")
        if isinstance(file, UploadFile) and file.filename:
            content = file.file.read(PACKAGE_BYTES_MAX + 1)
            if len(content) > PACKAGE_BYTES_MAX:
                raise refuse(
                    BAD_REQUEST,
                    "file",
                    zh=f"模板包超过 {PACKAGE_BYTES_MAX // 1_000_000} MB。",
                    en=f"The package is larger than {PACKAGE_BYTES_MAX // 1_000_000} MB.",
                )
            planned = _planned(here, content)
            waiting = _waiting(here)
            waiting.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            waiting.write_bytes(content)
            return _page(here, planned=planned)
        if not bundled:
            raise refuse(
                BAD_REQUEST, "file", zh="选一个压缩包或随附模板。", en="Choose a zip or a bundled template."
            )
        _known(bundled)
        return _page(here, planned=_planned(here, bundled))

    try:
        with visit.rehearsing() as here:
            return look(here)
    except Refused as refused:
        return _refused(visit, refused)


def install_package(visit: Visit) -> Response:
    """Install what was planned; then it opens in the studio."""

    def act(here: Here) -> str:
        people.require_admin(here.viewer)
        bundled = visit.text("bundled")
        waiting = _waiting(here)
        if bundled:
            _known(bundled)
        elif not waiting.is_file():
            raise refuse(BAD_REQUEST, zh="先上传模板包。", en="Send the package first.")
        plan = beginnings.package(here.site, here.connection, bundled or waiting.read_bytes())
        beginnings.carry_out(here.site, here.connection, here.viewer, plan)
        return f"/studio/{plan.after.name}"

    return _acted(visit, act)


def _known(bundled: str) -> None:
    if bundled not in apps.bundled():
        raise refuse(apps.NO_TEMPLATE, path=bundled[:80], bundled=sorted(apps.bundled()))


def _waiting(here: Here) -> Path:
    return here.site.settings.data_dir / "studio" / f"package-{here.viewer.user}.zip"


def _planned(here: Here, content: bytes | str) -> Planned:
    plan = beginnings.package(here.site, here.connection, content)
    facts = beginnings.facts(plan)
    lines = [line for line in plan.describe(here.reader.language).splitlines() if line.strip()]
    return Planned(
        here.reader.label(plan.after.label),
        facts["name"],
        facts["version"],
        facts["entities"],
        facts["documents"],
        facts["roles"],
        tuple(lines),
        content if isinstance(content, str) else "",
    )


def _page(here: Here, problem: str = "", planned: Planned | None = None) -> Response:
    reader, connection = here.reader, here.connection
    installed = [here.site.running(connection, name).app for name in sorted(here.site.apps(connection))]
    mine = [app for app in installed if abilities.may_build(here.viewer, app)]
    lines = []
    for app in mine:
        standing = draft.load(connection, app.name)
        last = draft.steps(connection, app.name, None, 1)
        step = last[0] if last else None
        lines.append(
            Line(
                app_card(app, reader),
                app.version,
                len(standing.changed),
                step.by if step else "",
                step.at if step else None,
                reader.label(step.title) if step else "",
            )
        )
    may_begin = here.viewer.is_admin and here.viewer.acting_for is None
    templates = [
        Offer(name, reader.label(label), version)
        for name, (label, version) in _bundled().items()
        if name not in {app.name for app in installed}
    ]
    return here.page(
        "studio/starts.html",
        here.shell(reader.t("studio.title")),
        status=422 if problem else 200,
        lines=lines,
        may_begin=may_begin,
        copies=[Offer(app.name, reader.label(app.label), app.version) for app in mine],
        templates=templates,
        planned=planned,
        problem=problem,
    )


def _bundled() -> dict[str, tuple[Label, str]]:
    """The templates that come with the program: label and version. One that cannot be read is not offered."""
    found = {}
    for name, path in apps.bundled().items():
        try:
            text = (path / "app.yaml").read_bytes()
            raw = read_text(text, "app.yaml")[0]
        except (OSError, Refused, IndexError):
            continue
        found[name] = (Label.of(raw.data.get("label"), name), str(raw.data.get("version", "")))
    return found


def _acted(visit: Visit, act: Callable[[Here], str]) -> Response:
    try:
        with visit.writing() as here:
            address = act(here)
    except Refused as refused:
        return _refused(visit, refused)
    return go(address)


def _refused(visit: Visit, refused: Refused) -> Response:
    first = (refused.problems or refused.warnings)[0]
    if first.type in (CSRF, NOT_SIGNED_IN) or first.type.status == 403:
        raise refused
    with visit.reading() as here:
        return _page(here, here.said(refused))
