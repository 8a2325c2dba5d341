"""What travels with an app beside its documents: stories, people, demo data. Their shape is checked, and their names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dougong_runtime.documents import schema
from dougong_runtime.documents.cursor import Cursor
from dougong_runtime.documents.problems import UNKNOWN_DOCUMENT, UNKNOWN_FIELD
from dougong_runtime.documents.source import Raw, Source
from dougong_runtime.documents.yaml_text import PathSteps
from dougong_runtime.errors import Refused
from dougong_runtime.labels import Label
from dougong_runtime.model.linker import Linker

_ENTITY = Label("实体", "entity")
_NAMING_ENTITIES = ("create", "count")
_SCOPE = frozenset({"as", "by", "name", "reasons"})
"""Properties of a given record besides its entity."""
PLATFORM_ROLE = "admin"


def link_travelling(linker: Linker, source: Source) -> None:
    """Check stories, people and demo data; every problem is noted."""
    people = _read(linker, source, "people")
    names = _usernames(people)
    for raw in people:
        _people(linker, raw)
    _read(linker, source, "demo")
    for raw in _read(linker, source, "story"):
        _story(linker, raw, names)


def _read(linker: Linker, source: Source, kind: str) -> list[Raw]:
    """The files of one kind, without what their schema refuses."""
    found: list[Raw] = []
    try:
        match kind:
            case "story":
                found = list(source.stories())
            case "people":
                found = [raw for raw in (source.people(),) if raw is not None]
            case _:
                found = [raw for raw in (source.demo(),) if raw is not None]
    except Refused as refused:
        linker.problems += refused.problems
    kept = []
    for raw in found:
        data, problems, names = schema.check_document(raw)
        linker.problems += problems
        linker.forgiven |= names
        kept.append(replace(raw, data=data) if problems else raw)
    return kept


def _usernames(raws: list[Raw]) -> frozenset[str]:
    return frozenset(at.text("username") for raw in raws for at in Cursor.of(raw).items("people"))


def _people(linker: Linker, raw: Raw) -> None:
    at = Cursor.of(raw)
    teams = {team.text("name") for team in at.items("teams")}
    names = _usernames([raw])
    what = Label("团队", "team")
    for team in at.items("teams"):
        _known(linker, team.get("parent"), teams, what)
        _known(linker, team.get("leader"), names, Label("人员", "person"))
    seen: set[str] = set()
    for person in at.items("people"):
        if person.text("username") in seen:
            linker.duplicate(person["username"], Label("人员", "person"), person.text("username"))
        seen.add(person.text("username"))
        if teams:
            _known(linker, person.get("team"), teams, what)
            for team in person.items("leads"):
                _known(linker, team, teams, what)
        for role in person.items("roles"):
            if role.value != PLATFORM_ROLE:
                linker.document(role, "role")


def _known(linker: Linker, at: Cursor | None, names: frozenset[str] | set[str], what: Label) -> None:
    if at is not None and at.value not in names:
        linker.unknown(UNKNOWN_DOCUMENT, at, at.value, names, what=what)


def _story(linker: Linker, raw: Raw, people: frozenset[str]) -> None:
    at = Cursor.of(raw)
    entities = linker.shapes
    for given in at.items("given"):
        for key in given.value:
            if key in _SCOPE:
                continue
            if key in entities:
                _fields(linker, given[key], key)
            elif linker.documents:
                linker.unknown(UNKNOWN_DOCUMENT, given[key], key, entities, what=_ENTITY)
    for step in (*at.items("when"), *at.items("then")):
        for name in _NAMING_ENTITIES:
            entity = linker.entity(step.get(name))
            if name == "create" and entity is not None and "with" in step:
                _fields(linker, step["with"], entity)
    for node in _sayers(at):
        if people and node.value not in people:
            linker.unknown(UNKNOWN_DOCUMENT, node, node.value, people, what=Label("人员", "person"))


def _fields(linker: Linker, at: Cursor, entity: str) -> None:
    if not isinstance(at.value, dict):
        return
    known = linker.shapes[entity].fields
    for name in at.value:
        if name not in known:
            path: PathSteps = (*at.path, name)
            linker.unknown(UNKNOWN_FIELD, Cursor(at.raw, path, at.value[name]), name, known, of=entity)


def _sayers(at: Cursor) -> Iterator[Cursor]:
    """Whom a story names as acting. `as` of a given record names the record, `by` who made it."""
    if "as" in at:
        yield at["as"]
    for given in at.items("given"):
        if "by" in given:
            yield given["by"]
    for step in (*at.items("when"), *at.items("then")):
        if "as" in step:
            yield step["as"]
