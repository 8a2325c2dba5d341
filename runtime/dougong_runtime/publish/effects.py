"""What a publication brings with it beyond storage: formulas to compute anew, and who thereby sees more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dougong_runtime.fields.base import Field
from dougong_runtime.formulas.dependencies import dependencies
from dougong_runtime.labels import Language
from dougong_runtime.model.app import App, Entity, Grant, Role
from dougong_runtime.model.graph import Graph, Node, end_of
from dougong_runtime.storage.canonical import meaning
from dougong_runtime.storage.steps import (
    AddField,
    AnyStep,
    RenameOptions,
    RenameTargets,
    RestoreEntity,
    RestoreField,
    RetypeField,
)


def find_recompute(before: App | None, after: App, steps: Iterable[AnyStep]) -> frozenset[Node]:
    """Stored formulas whose values may no longer be what they say. All of them, where stored values were changed."""
    stored = [(e, f) for e in after.own_entities for f in e.own_fields if f.is_stored_formula]
    if before is None:
        return frozenset()
    moved = (RestoreEntity, RestoreField, RetypeField, RenameOptions, RenameTargets)
    taken = tuple(steps)
    if any(isinstance(step, moved) for step in taken):
        return frozenset((e.name, f.name) for e, f in stored)
    fresh = {step.field.id for step in taken if isinstance(step, AddField)}
    old = {f.id: (e, f) for e in before.own_entities for f in e.own_fields if f.is_stored_formula}
    changed_settings = {
        code for code, setting in after.settings.items() if _default(before, code) != setting.value
    }
    graph = Graph.of(after)
    by_setting = {node for code in changed_settings for node in graph.by_setting.get(code, ())}
    return frozenset(
        (e.name, f.name)
        for e, f in stored
        if f.id in fresh
        or f.id not in old
        or (e.name, f.name) in by_setting
        or meaning(before, old[f.id][0].name, old[f.id][1]) != meaning(after, e.name, f)
    )


def _default(app: App, code: str) -> object:
    found = app.settings.get(code)
    return None if found is None else found.value


@dataclass(frozen=True, slots=True)
class SeesMore:
    """A role that sees, through a stored formula, what its rows and columns alone would not show it."""

    role: str
    entity: str
    field: str
    of: str
    """Entity whose records the formula adds up or looks at."""

    def describe(self, language: Language) -> str:
        """In a sentence."""
        if language == "zh":
            return f"角色 {self.role} 能看到 {self.entity}.{self.field}，它汇总了该角色看不全的 {self.of}"
        return (
            f"Role {self.role} sees {self.entity}.{self.field}, which is made from {self.of} "
            "that the role does not see all of"
        )


def find_who_sees_more(before: App | None, after: App) -> tuple[SeesMore, ...]:
    """Roles that see more than their rows through formulas, as far as that is new in this version."""
    known = set() if before is None else set(_all_who_see_more(before))
    return tuple(found for found in _all_who_see_more(after) if found not in known)


def _all_who_see_more(app: App) -> Iterator[SeesMore]:
    for entity in app.own_entities:
        for field in entity.own_fields:
            if field.is_stored_formula and field.formula is not None:
                others = _looked_at(app, entity, field)
                for role in app.roles.values():
                    if any(_shows(g, field) for g in role.grants if g.entity == entity.name):
                        for other in others:
                            if not _sees_all(role, other):
                                yield SeesMore(role.name, entity.name, field.name, other)


def _looked_at(app: App, entity: Entity, field: Field) -> tuple[str, ...]:
    assert field.formula is not None
    found = {
        end_of(entity.name, needed.hops[: i + 1])
        for needed in dependencies(field.formula.tree)
        for i in range(len(needed.hops))
    }
    return tuple(
        sorted(name for name in found if name in app.entities and app.entities[name].app == app.name)
    )


def _shows(grant: Grant, field: Field) -> bool:
    return (
        "read" in grant.actions
        and not grant.aggregate_only
        and field.name not in grant.hide
        and field.name not in grant.mask
        and (grant.fields is None or field.name in grant.fields)
    )


def _sees_all(role: Role, entity: str) -> bool:
    return any(g.entity == entity and "read" in g.actions and g.rows == "all" for g in role.grants)
