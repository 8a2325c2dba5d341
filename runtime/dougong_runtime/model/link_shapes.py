"""The entities of an app as formulas see them; a formula without a declared result has its type found when asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, ValuesView

from dougong_runtime.documents.problems import DUPLICATE, WRONG_FIELD
from dougong_runtime.documents.references import Target
from dougong_runtime.errors import Problem
from dougong_runtime.fields.base import Formula
from dougong_runtime.formulas.shapes import EntityShape, FieldShape
from dougong_runtime.formulas.tree import Hop
from dougong_runtime.formulas.types import NULL, Kind, ValueType
from dougong_runtime.labels import Label
from dougong_runtime.model.app import Entity, Inverse
from dougong_runtime.model.link_fields import OF_SYSTEM, FieldPlan
from dougong_runtime.model.linker import Linker
from dougong_runtime.model.system_fields import system_fields


class LazyFields(Mapping[str, FieldShape]):
    """Fields of an entity by name. A formula whose type is not declared is typed at its first mention."""

    def __init__(self, entity: str, app: str, plans: Mapping[str, FieldPlan], formulas: Formulas) -> None:
        self._plans = plans
        self._formulas = formulas
        self._entity = entity
        self._made = {
            field.name: FieldShape(field.name, field.value_type, field.label)
            for field in system_fields(app, entity).values()
        }

    def __getitem__(self, name: str) -> FieldShape:
        made = self._made.get(name)
        if made is None:
            plan = self._plans[name]
            made = self._made[name] = FieldShape(name, self._formulas.type_of(plan), plan.label)
        return made

    def __contains__(self, name: object) -> bool:
        return name in self._made or name in self._plans

    def __iter__(self) -> Iterator[str]:
        yield from self._plans
        yield from (name for name in self._made if name not in self._plans)

    def values(self) -> ValuesView[FieldShape]:
        """All shapes, for their names and labels; a type that was not asked for yet is not found out."""
        return {name: self._untyped(name) for name in self}.values()

    def _untyped(self, name: str) -> FieldShape:
        made = self._made.get(name)
        if made is not None:
            return made
        plan = self._plans[name]
        return FieldShape(name, plan.value_type or NULL, plan.label)

    def __len__(self) -> int:
        return len(set(self._made) | set(self._plans))


UNTYPED_MAX = 40
"""Formulas that take their type from one another, one within the other."""


class Formulas:
    """The formulas of all computed fields, each typed once, in whatever order they need one another."""

    def __init__(self, linker: Linker) -> None:
        self._linker = linker
        self._done: dict[tuple[str, str], Formula | None] = {}
        self._under_way: list[tuple[str, str]] = []

    def type_of(self, plan: FieldPlan) -> ValueType:
        """A field's type: declared, or that of its formula."""
        if plan.value_type is not None:
            return plan.value_type
        made = self.of(plan)
        return made.type if made is not None else NULL

    def of(self, plan: FieldPlan) -> Formula | None:
        """The formula of a computed field; None where it is wrong, or is nothing but itself (noted)."""
        key = (plan.entity, plan.name)
        if key in self._done:
            return self._done[key]
        at = plan.at["type"] if plan.type_name in OF_SYSTEM else plan.at.get("formula")
        if at is None:
            return None
        if key in self._under_way:
            self._refuse_cycle(plan, key)
            return None
        if len(self._under_way) >= UNTYPED_MAX:
            self._linker.refuse(
                WRONG_FIELD,
                f"连续 {UNTYPED_MAX} 个公式都没有写明 result，请写上。",
                f"{UNTYPED_MAX} formulas in a row do not say their result: state it.",
                plan.at["formula"],
            )
            return None
        self._under_way.append(key)
        try:
            owner = f"{plan.entity}.{plan.name}"
            made = self._linker.formula(at, plan.entity, "formula", plan.value_type, result_of=owner)
        finally:
            self._under_way.pop()
        return self._done.setdefault(key, made)

    def _refuse_cycle(self, plan: FieldPlan, key: tuple[str, str]) -> None:
        names = [f"{entity}.{field}" for entity, field in self._under_way[self._under_way.index(key) :]]
        way = " → ".join([*names, names[0]])
        self._linker.refuse(
            WRONG_FIELD,
            f"公式互相依赖：{way}。",
            f"These formulas depend on each other: {way}.",
            plan.at["formula"],
        )


def inverses_of(
    linker: Linker, plans: Mapping[str, Mapping[str, FieldPlan]], directory: Mapping[str, Entity]
) -> dict[str, dict[str, Inverse]]:
    """The ways back along all references that name one, by the entity they start from."""
    found: dict[str, dict[str, Inverse]] = {name: {} for name in plans}
    found.update({name: dict(entity.inverses) for name, entity in directory.items()})
    for entity, fields in plans.items():
        for plan in fields.values():
            at = plan.at.get("inverse")
            if at is None or plan.type_name not in ("reference", "references", "user", "team"):
                continue
            for target in plan.targets:
                taken = set(found[target]) | set(
                    plans[target] if target in plans else directory[target].fields
                )
                if at.value in taken or at.value in system_fields("", ""):
                    what = Label(f"{target}的反向引用", f"The way back from {target}")
                    facts = {"what": what, "name": at.value}
                    linker.problems.append(Problem(DUPLICATE, None, facts, at.place()))
                    continue
                found[target][at.value] = Inverse(
                    at.value, entity, plan.name, many=plan.type_name == "references"
                )
                linker.define(at, Target("inverse", at.value, target))
    return found


def make_shapes(
    linker: Linker,
    labels: Mapping[str, tuple[Label, str]],
    plans: Mapping[str, Mapping[str, FieldPlan]],
    inverses: Mapping[str, Mapping[str, Inverse]],
    directory: Mapping[str, Entity],
    formulas: Formulas,
) -> dict[str, EntityShape]:
    """All entities' shapes. `labels`: label and title field of each of the app's own."""
    shapes: dict[str, EntityShape] = {}
    for name, (label, title) in labels.items():
        many = {inverse.name: inverse.hop for inverse in inverses[name].values()}
        many |= {
            plan.name: Hop("many", plan.name, plan.name, plan.targets[0])
            for plan in plans[name].values()
            if plan.type_name == "references"
        }
        shapes[name] = EntityShape(
            name, label, title, LazyFields(name, linker.app, plans[name], formulas), many
        )
    for name, entity in directory.items():
        fields = {
            field.name: FieldShape(field.name, field.value_type, field.label)
            for field in entity.fields.values()
        }
        many = {inverse.name: inverse.hop for inverse in inverses[name].values()}
        shapes[name] = EntityShape(name, entity.label, entity.title, fields, many)
    return shapes


def is_many(value_type: ValueType) -> bool:
    """Whether a type means many records."""
    return value_type.kind is Kind.RECORDS
