"""Why something cannot be done on a record: which rule says so, what each of the reader's roles gives, and who could help.

What a row rule says in a formula is not told, for it may name fields that its reader does not know of. Of a record that
may not be read nothing is told but what the reader's roles see of such records at all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from dougong_runtime.access.explain import Reason as Given
from dougong_runtime.fields.base import Formula
from dougong_runtime.model.app import Entity, Grant, Inherit
from dougong_runtime.pages.cells import why_not
from dougong_runtime.pages.desk import Desk
from dougong_runtime.pages.record_page.look import Look
from dougong_runtime.pages.record_page.parts import Reason
from dougong_runtime.pages.record_page.stages import stage_of
from dougong_runtime.records.door import Records

ACTS = ("update", "delete")
HELPERS_MAX = 3
ASKED_MAX = 20
"""People who are asked about, until enough are found."""

Others = Callable[[Collection[str]], Iterable[Records]]
"""From role names to the records before active holders of them, at most so many as are worth asking."""


@dataclass(frozen=True, slots=True)
class Why:
    """An explanation: what is refused, each reason, and who could do it."""

    title: str
    sentence: str
    lines: tuple[Reason, ...] = ()
    roles: str = ""
    people: str = ""


def why_field(look: Look, name: str, others: Others) -> Why:
    """Why a field cannot be filled in."""
    desk, field = look.desk, look.entity.fields[name]
    reader = desk.reader
    title = reader.t("why.field", field=reader.quoted(reader.label(field.label)))
    sentence = why_not(desk, look.entity, field, look.now)
    if field.is_computed or field.is_system or field.type == "autonumber" or not sentence:
        return Why(title, sentence or reader.t("why.allowed"))
    given = desk.records.explain(look.entity.name, look.record, name)
    lines = _lines(desk, given, lambda g: bool(g.writable))
    able = {r.name for r in desk.app.roles.values() if _writes(r.grants, look.entity.name, name)}

    def helps(records: Records) -> bool:
        return any(g.holds and g.writable for g in records.explain(look.entity.name, look.record, name))

    return Why(title, sentence, lines, _labels(desk, able), _people(look, able, others, helps))


def why_act(look: Look, act: str, others: Others) -> Why:
    """Why a record cannot be changed or deleted: roles first, then what guards the entity."""
    desk, entity = look.desk, look.entity
    reader = desk.reader
    title = reader.t(f"why.{act}", what=reader.quoted(look.title))
    if desk.records.viewer.acting_for is not None:
        return Why(title, reader.t("cells.viewing"))
    if act == "delete" and entity.append_only:
        return Why(title, reader.t("why.append_only", entity=reader.label(entity.label)))
    given = desk.records.explain(entity.name, look.record)
    lines = _lines(desk, given, lambda g: act in g.actions)
    able = {r.name for r in desk.app.roles.values() if _gives(r.grants, entity.name, act)}
    if any(g.holds and act in g.actions for g in given):
        return Why(title, reader.t("why.guarded" if act == "delete" else "why.allowed"), lines)

    def helps(records: Records) -> bool:
        return any(g.holds and act in g.actions for g in records.explain(entity.name, look.record))

    sentence = reader.t("why.no_role" if not any(act in g.actions for g in given) else "why.not_this")
    return Why(title, sentence, lines, _labels(desk, able), _people(look, able, others, helps))


def why_move(look: Look, to: str, others: Others) -> Why:
    """Why a stage cannot be reached from the one that the record is at."""
    desk, stage = look.desk, stage_of(look)
    reader = desk.reader
    option = stage.option(to) if stage is not None else None
    label = reader.label(option.label) if option is not None else to
    title = reader.t("why.move", stage=reader.quoted(label))
    ways = stage.transitions if stage is not None else ()
    way = next((w for w in ways if w.to == to and w.from_ == look.now.get(stage.name if stage else "")), None)
    if stage is None or way is None:
        return Why(title, reader.t("why.no_way"))
    held = desk.records.viewer.roles_in(desk.app.name)
    lines = []
    if way.roles:
        named = _labels(desk, way.roles)
        lines.append(Reason(bool(held & set(way.roles)), reader.t("why.by_roles", roles=named)))
    for name in way.requires:
        field = look.entity.fields.get(name)
        if field is not None and name in look.views:
            there = look.now.get(name) not in (None, "", [])
            lines.append(Reason(there, reader.t("why.requires", field=reader.label(field.label))))
    if way.message is not None:
        lines.append(Reason(False, reader.label(way.message)))
    able = set(way.roles) if way.roles and not held & set(way.roles) else set()

    def helps(records: Records) -> bool:
        given = records.explain(look.entity.name, look.record, stage.name)
        return any(g.holds and g.writable for g in given)

    people = _people(look, able, others, helps) if able else ""
    return Why(title, reader.t("why.conditions"), tuple(lines), _labels(desk, able), people)


def why_unseen(desk: Desk, entity: Entity) -> Why:
    """Why a record is not to be seen, told alike of one that is not there: which records the reader's roles show."""
    reader = desk.reader
    label = reader.label(entity.label)
    held = desk.records.viewer.roles_in(desk.app.name)
    lines = [
        Reason(
            "read" in grant.actions and not grant.aggregate_only,
            reader.t("why.sees", role=reader.label(role.label), rows=_rows(desk, grant)),
        )
        for name, role in desk.app.roles.items()
        if name in held
        for grant in role.grants
        if grant.entity == entity.name
    ]
    title = reader.t("why.unseen", entity=label)
    return Why(title, reader.t("why.unseen_text" if lines else "why.unseen_none", entity=label), tuple(lines))


# --- parts ----------------------------------------------------------------------------------------------------------
def _lines(desk: Desk, given: Sequence[Given], gives: Callable[[Given], bool]) -> tuple[Reason, ...]:
    """A line for each of the reader's roles: what it gives, and on which records."""
    reader, found = desk.reader, []
    for one in given:
        role = desk.app.roles.get(one.role)
        label = reader.label(role.label) if role is not None else reader.t("why.share")
        if not gives(one):
            found.append(Reason(False, reader.t("why.role_no", role=label)))
        elif one.holds:
            found.append(Reason(True, reader.t("why.role_yes", role=label)))
        else:
            found.append(Reason(False, reader.t("why.role_rows", role=label, rows=_rule(desk, one.rows))))
    return tuple(found)


def _rule(desk: Desk, rule: str) -> str:
    known = ("own", "team", "team_below", "all", "shared", "self")
    return desk.reader.t(f"rows.{rule}" if rule in known else "rows.condition")


def _rows(desk: Desk, grant: Grant) -> str:
    match grant.rows:
        case Formula() | Inherit():
            return desk.reader.t("rows.condition")
        case word:
            return _rule(desk, str(word))


def _writes(grants: Sequence[Grant], entity: str, field: str) -> bool:
    return any(
        g.entity == entity
        and "update" in g.actions
        and field not in g.readonly
        and field not in g.hide
        and (g.writable is None or field in g.writable)
        and (g.fields is None or field in g.fields)
        for g in grants
    )


def _gives(grants: Sequence[Grant], entity: str, act: str) -> bool:
    return any(g.entity == entity and act in g.actions for g in grants)


def _labels(desk: Desk, roles: Collection[str]) -> str:
    reader = desk.reader
    known = [r for r in desk.app.roles if r in roles]
    return reader.joined([reader.label(desk.app.roles[r].label) for r in known])


def _people(look: Look, roles: Collection[str], others: Others, helps: Callable[[Records], bool]) -> str:
    """Up to three colleagues who could do it on this record."""
    found: list[str] = []
    for records in others(roles) if roles else ():
        if records.viewer.user != look.desk.records.viewer.user and helps(records):
            found.append(records.viewer.name or records.viewer.username)
            if len(found) == HELPERS_MAX:
                break
    return look.desk.reader.joined(found)
