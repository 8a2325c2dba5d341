"""What travels with an app beside its documents: stories, people, demo data. Their shape is checked, and their names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from dougong_runtime.documents import schema
from dougong_runtime.documents.cursor import Cursor
from dougong_runtime.documents.problems import UNKNOWN_DOCUMENT, UNKNOWN_FIELD
from dougong_runtime.documents.references import Target
from dougong_runtime.documents.source import ALONE, Raw, Source, read_text
from dougong_runtime.errors import Problem, Refused
from dougong_runtime.formulas.types import BOOLEAN, ValueType, record
from dougong_runtime.labels import Label
from dougong_runtime.model.linker import Linker

_ENTITY = Label("实体", "entity")
_SETTING = Label("设置", "setting")
_SCOPE = frozenset({"as", "by", "name", "reasons"})
"""Properties of a given record besides its entity."""
PLATFORM_ROLE = "admin"
FILES_KEPT = 64
"""Files that a process keeps read, those of `KEPT_BYTES_MAX` at most."""
KEPT_BYTES_MAX = 200_000


def link_travelling(linker: Linker, source: Source) -> None:
    """Check stories, people and demo data; every problem is noted."""
    people = _read(linker, source, "people")
    names = _usernames(people)
    for raw in people:
        _people(linker, raw)
    _read(linker, source, "demo")
    for raw in _read(linker, source, "story"):
        _story(linker, raw, names)


@dataclass(frozen=True, slots=True)
class _Held:
    """A document of a travelling file against its schema: what is left of it, its problems, names in what was cut."""

    raw: Raw
    problems: tuple[Problem, ...]
    names: frozenset[str]


def _read(linker: Linker, source: Source, kind: str) -> list[Raw]:
    """The files of one kind, without what their schema refuses."""
    found: list[_Held] = []
    try:
        for path, content in source.travelling(kind):
            held = _held if len(content) <= KEPT_BYTES_MAX else _held.__wrapped__
            found += held(content, path, kind)
    except Refused as refused:
        linker.problems += refused.problems
        found = []
    for one in found:
        linker.problems += one.problems
        linker.forgiven |= one.names
    return [one.raw for one in found]


@lru_cache(maxsize=FILES_KEPT)
def _held(content: bytes, path: str, kind: str) -> tuple[_Held, ...]:
    """One file, read and checked. A draft is linked again and again while these files stay as they are: reading them
    was half of it. Raises Refused."""
    made = []
    for raw in read_text(content, path, kind)[: 1 if kind in ALONE else None]:
        data, problems, names = schema.check_document(raw)
        kept = replace(raw, data=data) if problems else raw
        made.append(_Held(kept, tuple(problems), frozenset(names)))
    return tuple(made)


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
    named = dict.fromkeys(people, record("user"))
    for given in at.items("given"):
        for key in given.value:
            if key in _SCOPE:
                continue
            if key not in linker.shapes:
                linker.unknown(UNKNOWN_DOCUMENT, given[key], key, linker.shapes, what=_ENTITY)
                continue
            linker.refer(given[key], Target("entity", key), "key")
            _fields(linker, given[key], key)
            if "as" in given:
                named[given.text("as")] = record(key)
    for step in (*at.items("when"), *at.items("then")):
        _step(linker, step, named)
    for setting in (node for step in at.items("when") if (node := step.get("setting")) is not None):
        if setting.value in linker.settings:
            linker.refer(setting, Target("setting", setting.value))
        else:
            linker.unknown(UNKNOWN_DOCUMENT, setting, setting.value, linker.settings, what=_SETTING)
    for node in _sayers(at):
        if people and node.value not in people:
            linker.unknown(UNKNOWN_DOCUMENT, node, node.value, people, what=Label("人员", "person"))


def _step(linker: Linker, step: Cursor, named: dict[str, ValueType]) -> None:
    """One act or check; a record that it names is known to those after it."""
    created = linker.entity(step.get("create"))
    if created is not None:
        if "with" in step:
            _fields(linker, step["with"], created)
        named[step.text("name") or created] = record(created)
    acted = named.get(step.text("update") or step.text("transition"))
    if acted is not None:
        if "update" in step and "with" in step:
            _fields(linker, step["with"], acted.targets[0])
        if "transition" in step and "to" in step:
            _option(linker, step["to"], acted.targets[0], linker.stages.get(acted.targets[0], ""))
    counted = linker.entity(step.get("count"))
    linker.formula(step.get("where"), counted, "filter", BOOLEAN, variables=named if counted else None)
    value = step.get("value")
    head, _, rest = step.text("value").partition(".")
    if value is not None and rest and head in named:
        linker.path(value, named[head].targets[0], text=rest, start=len(head) + 1)


def _fields(linker: Linker, at: Cursor, entity: str) -> None:
    if not isinstance(at.value, dict):
        return
    known = linker.shapes[entity].fields
    for name in at.value:
        node = Cursor(at.raw, (*at.path, name), at.value[name])
        if name not in known:
            linker.unknown(UNKNOWN_FIELD, node, name, known, of=entity)
            continue
        linker.refer(node, Target("field", name, entity), "key")
        for value in node.items():
            _option(linker, value, entity, name)


def _option(linker: Linker, at: Cursor, entity: str, field: str) -> None:
    shape = linker.shapes[entity].fields.get(field)
    if shape is not None and at.value in shape.type.options:
        linker.refer(at, Target("option", str(at.value), f"{entity}.{field}"))


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
