"""Documents → `App`, or all that is wrong with them.

link(source)          from a folder or zip: shapes checked against the schemas, then everything resolved and typed
link_stored(stored)   from what the database keeps, which was linked before it was stored
examine(source)       the same without raising: app, problems and references
examine_stored(stored) the same for what editors keep, whose shapes they check themselves
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from dougong_runtime.documents import ids, schema
from dougong_runtime.documents.cursor import Cursor
from dougong_runtime.documents.kinds import KINDS
from dougong_runtime.documents.problems import (
    BAD_NAME,
    BAD_VALUE,
    DUPLICATE,
    MISSING_PROPERTY,
    PROBLEMS_MAX,
    REQUIRES,
    TOO_MANY_PROBLEMS,
    UNKNOWN_KIND,
    said,
    unknown,
)
from dougong_runtime.documents.references import References, Target
from dougong_runtime.documents.source import FILE_KEY, Raw, Source, file_value, of_stored
from dougong_runtime.documents.yaml_text import PathSteps, Places
from dougong_runtime.errors import Place, Problem, Refused
from dougong_runtime.labels import Label
from dougong_runtime.model.app import App, Document, Entity, Role
from dougong_runtime.model.clock import with_followers
from dougong_runtime.model.directory import DIRECTORY
from dougong_runtime.model.expansion import find_too_heavy
from dougong_runtime.model.graph import Graph
from dougong_runtime.model.link_data import link_travelling
from dougong_runtime.model.link_entities import link_entities, link_entity_alone
from dougong_runtime.model.link_roles import link_role
from dougong_runtime.model.link_settings import link_settings
from dougong_runtime.model.linker import FormulaPlace, Linker
from dougong_runtime.model.linking import LINKS
from dougong_runtime.names import is_name

OWN_OF_SQLITE = "sqlite"
"""Tables are named after their app, and SQLite keeps names that begin so for itself."""
UNNAMED = ("app", "entity", "role")
"""Kinds with a place of their own in an `App`."""


@dataclass(frozen=True)
class Linked:
    """What linking found: the app as far as it holds, all problems, all references."""

    app: App | None
    problems: tuple[Problem, ...]
    references: References
    linker: Linker | None = field(default=None, repr=False, compare=False)
    """What linking knows of names, for looking at one document again (`formula_places`)."""


def link(source: Source, others: Mapping[str, App] = MappingProxyType({})) -> App:
    """The app that documents describe. Raises Refused with every problem, each with its place.

    `others`: the apps installed beside it, for `requires`.
    """
    found = examine(source, others)
    if found.problems or found.app is None:
        raise Refused(found.problems)
    return found.app


def link_stored(stored: Mapping[str, Any]) -> App:
    """The app kept in the database as `App.source`. Raises Refused where it does not link (any more)."""
    found = _link_all(of_stored(stored), [], frozenset(), problems_of_files=False)
    if found.problems or found.app is None:
        raise Refused(found.problems)
    return found.app


def references_of(stored: Mapping[str, Any]) -> References:
    """Who names whom in an app as it is kept."""
    return _link_all(of_stored(stored), [], frozenset(), problems_of_files=True).references


def examine(source: Source, others: Mapping[str, App] = MappingProxyType({})) -> Linked:
    """Link as far as possible and tell everything that is wrong; raises nothing."""
    checked = schema.check(source)
    linked = _link_all(checked.source, list(checked.problems), checked.forgiven, problems_of_files=True)
    return _with_requirements(linked, checked.source, others)


def examine_stored(stored: Mapping[str, Any], others: Mapping[str, App] = MappingProxyType({})) -> Linked:
    """The same for documents kept as in `App.source`, each of which has the shape that its schema says."""
    source = of_stored(stored)
    return _with_requirements(_link_all(source, [], frozenset(), problems_of_files=True), source, others)


def _with_requirements(linked: Linked, source: Source, others: Mapping[str, App]) -> Linked:
    wanted = tuple(_requirements(source, others))
    if not wanted:
        return linked
    return replace(linked, problems=_ordered(source, [*linked.problems, *wanted]))


def _link_all(
    source: Source, problems: list[Problem], forgiven: frozenset[str], *, problems_of_files: bool
) -> Linked:
    app_name = next((raw.name for raw in source.of("app")), "")
    documents = _named(source, problems)
    filled = {
        kind: {name: replace(raw, data=ids.filled(app_name, kind, raw.data)) for name, raw in raws.items()}
        for kind, raws in documents.items()
    }
    linker = Linker(app=app_name, documents=filled, problems=problems, forgiven=forgiven)
    for kind, raws in filled.items():
        for name, raw in raws.items():
            linker.define(Cursor.of(raw)["name"], Target(kind, name))
    linker.settings = link_settings(linker)
    entities = with_followers(link_entities(linker))
    roles = {name: link_role(linker, raw) for name, raw in filled.get("role", {}).items()}
    others = _others(linker, filled)
    for raw in filled.get("app", {}).values():
        LINKS.get("app")(linker, Cursor.of(raw))
    if problems_of_files:
        link_travelling(linker, source)
    app = _app(linker, filled, source, entities, roles, others) if filled.get("app") else None
    if app is not None and not linker.problems:
        try:
            Graph.of(app)
        except Refused as refused:
            for problem in refused.problems:
                entity, _, field = str(problem.facts.get("cycle", "")).partition(" ")[0].partition(".")
                linker.problems.append(_placed(problem, filled, entity, field))
        else:
            linker.problems += [
                _placed(problem, filled, entity, field) for (entity, field), problem in find_too_heavy(app)
            ]
    return Linked(app, _ordered(source, linker.problems), References(linker.references), linker)


def formula_places(
    linked: Linked, kind: str, name: str, data: Mapping[str, Any]
) -> Mapping[PathSteps, FormulaPlace]:
    """Where formulas stand in a document, by their path, and what may stand there; all but those inside texts."""
    return places_in(linked, kind, name, data)[0]


def places_in(
    linked: Linked, kind: str, name: str, data: Mapping[str, Any]
) -> tuple[Mapping[PathSteps, FormulaPlace], Mapping[PathSteps, FormulaPlace]]:
    """Where formulas stand in a document, and where texts with formulas in braces: by their path, what may stand there.

    `data`: the document, which may be otherwise than it was when all was linked: only it is looked at, which is a
    matter of milliseconds.
    """
    known = linked.linker
    if known is None or kind not in KINDS:
        return {}, {}
    places: dict[PathSteps, FormulaPlace] = {}
    texts: dict[PathSteps, FormulaPlace] = {}
    raw = Raw(kind, name, ids.filled(known.app, kind, data), Places(f"{kind}/{name}"))
    linker = replace(known, problems=[], references=[], places=places, texts=texts)
    if kind == "entity":
        link_entity_alone(linker, raw)
    elif kind == "role":
        link_role(linker, raw)
    elif (way := LINKS.find(kind)) is not None:
        way(linker, Cursor.of(raw))
    return places, texts


def _placed(problem: Problem, filled: Mapping[str, Mapping[str, Raw]], entity: str, field: str) -> Problem:
    """A problem of several formulas stands where the first is written."""
    raw = filled.get("entity", {}).get(entity)
    for index, item in enumerate(raw.data["fields"]) if raw is not None else ():
        if raw is not None and item is not None and item.get("name") == field:
            return problem.at(raw.at("fields", index, "formula"))
    return problem


def _named(source: Source, problems: list[Problem]) -> dict[str, dict[str, Raw]]:
    """Documents by kind and name; names that cannot be, that are taken, and kinds that are none are noted."""
    found: dict[str, dict[str, Raw]] = {}
    if not any(raw.kind == "app" for raw in source.documents):
        place = Place(source.origin or "app.yaml")
        owner = Label("这组文档", "The set of documents")
        facts = {"owner": owner, "name": "kind: app"}
        problems.append(Problem(MISSING_PROPERTY, None, facts, place))
    for raw in source.documents:
        if not raw.kind:
            facts = {"owner": Label("文档", "a document"), "name": "kind"}
            problems.append(Problem(MISSING_PROPERTY, None, facts, raw.at()))
            continue
        if raw.kind not in KINDS:
            problems.append(unknown(UNKNOWN_KIND, raw.kind, KINDS, raw.at("kind")))
            continue
        if not raw.data:
            continue
        kind = KINDS.get(raw.kind)
        named = found.setdefault(raw.kind, {})
        if raw.kind == "app" and raw.name.startswith(OWN_OF_SQLITE):
            zh, en = (
                f"应用名不能以 {OWN_OF_SQLITE} 开头。",
                f"An app's name cannot begin with {OWN_OF_SQLITE}.",
            )
            problems.append(said(BAD_VALUE, zh, en, raw.at("name")))
        elif not is_name(raw.name):
            problems.append(Problem(BAD_NAME, None, {"name": raw.name}, raw.at("name")))
        elif (
            raw.name in named
            or (raw.kind == "app" and named)
            or (raw.kind == "entity" and raw.name in DIRECTORY.entities)
        ):
            facts = {"what": kind.label, "name": raw.name}
            problems.append(Problem(DUPLICATE, None, facts, raw.at("name")))
        else:
            named[raw.name] = raw
    return found


def _others(linker: Linker, filled: Mapping[str, Mapping[str, Raw]]) -> dict[str, dict[str, Document]]:
    made: dict[str, dict[str, Document]] = {}
    for kind, raws in filled.items():
        if kind in UNNAMED:
            continue
        way = LINKS.find(kind)
        made[kind] = {
            name: Document(
                kind=kind,
                id=str(raw.data.get("id", "")),
                name=name,
                label=Label.of(raw.data.get("label"), name),
                data=raw.data,
                linked=way(linker, Cursor.of(raw)) if way is not None else None,
            )
            for name, raw in raws.items()
        }
    return made


def _app(
    linker: Linker,
    filled: Mapping[str, Mapping[str, Raw]],
    source: Source,
    entities: Mapping[str, Entity],
    roles: Mapping[str, Role],
    others: Mapping[str, Mapping[str, Document]],
) -> App:
    data = next(iter(filled["app"].values())).data
    kept: dict[str, Any] = {
        f"{kind}/{name}": dict(raw.data)
        for kind in KINDS
        for name, raw in sorted(filled.get(kind, {}).items())
    }
    kept |= {FILE_KEY + path: file_value(content) for path, content in sorted(source.files.items())}
    return App(
        name=linker.app,
        label=Label.of(data.get("label"), linker.app),
        version=str(data.get("version", "0.0.0")),
        entities=MappingProxyType(dict(entities)),
        roles=MappingProxyType(dict(roles)),
        documents=MappingProxyType({kind: MappingProxyType(dict(named)) for kind, named in others.items()}),
        settings=MappingProxyType(dict(linker.settings)),
        source=kept,
        menu=tuple(data.get("menu", ())),
        requires=tuple(data.get("requires", ())),
    )


def _ordered(source: Source, problems: list[Problem]) -> tuple[Problem, ...]:
    """By file and place, as a reader walks through them; said once."""
    order = {raw.file: index for index, raw in enumerate(source.documents)}

    def key(problem: Problem) -> tuple[int, str, int, int]:
        place = problem.place or Place()
        return order.get(place.file, len(order)), place.file, place.line, place.column

    once: dict[tuple[object, ...], Problem] = {}
    for problem in sorted(problems, key=key):
        once.setdefault((problem.type.name, problem.place, problem.text("en")), problem)
    told = list(once.values())
    if len(told) > PROBLEMS_MAX:
        facts = {"count": len(told) - PROBLEMS_MAX}
        told[PROBLEMS_MAX:] = [Problem(TOO_MANY_PROBLEMS, None, facts, told[PROBLEMS_MAX].place)]
    return tuple(told)


_RANGE = re.compile(r"(>=|<=|>|<|=|\^|~)?\s*(\d+(?:\.\d+){0,2})\Z")


def _requirements(source: Source, others: Mapping[str, App]) -> Iterator[Problem]:
    for raw in source.of("app"):
        for at in Cursor.of(raw).items("requires"):
            whole = isinstance(at.value, dict)
            name = at.text("app") if whole else str(at.value)
            wanted = at.text("version") if whole else ""
            found = others.get(name)
            if found is None:
                zh, en = f"需要先安装应用「{name}」。", f"The app “{name}” must be installed first."
                yield said(REQUIRES, zh, en, at.place())
            elif wanted and not version_fits(found.version, wanted):
                zh = f"需要「{name}」{wanted}，已安装 {found.version}。"
                en = f"“{name}” {wanted} is needed; {found.version} is installed."
                yield said(REQUIRES, zh, en, at.place())


def version_fits(version: str, wanted: str) -> bool:
    """Whether a version lies in a range such as `>=1.2, <2`, `^1.4` (same major) or `~1.4` (same minor)."""
    have = _numbers(version)
    for part in wanted.split(","):
        found = _RANGE.match(part.strip())
        if found is None:
            return False
        sign, bound = found[1] or "=", _numbers(found[2])
        held = {
            ">=": have >= bound,
            "<=": have <= bound,
            ">": have > bound,
            "<": have < bound,
            "=": have == bound,
            "^": have >= bound and have[0] == bound[0],
            "~": have >= bound and have[:2] == bound[:2],
        }
        if not held[sign]:
            return False
    return True


def _numbers(version: str) -> tuple[int, int, int]:
    parts = [int(digits) for digits in re.findall(r"\d+", version)[:3]]
    return tuple((*parts, 0, 0, 0)[:3])  # type: ignore[return-value]
