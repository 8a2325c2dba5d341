"""What a picker offers: the records chosen lately first, those that a rule forbids dimmed with its reason.

A rule is asked of the form as it stands, with each record in turn in the picker's place, under the reader's own rights:
what they do not see is absent, so a record is dimmed for nothing that they could not read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from dougong_runtime.errors import Refused
from dougong_runtime.fields.base import Field, Json
from dougong_runtime.formulas.tree import Path
from dougong_runtime.model.app import Entity, Rule
from dougong_runtime.names import is_record_id
from dougong_runtime.pages.desk import Desk
from dougong_runtime.pages.following import leaves
from dougong_runtime.pages.live import Around, Judge
from dougong_runtime.records.door import Choice

OPTIONS_MAX = 20
RECENT_MAX = 5
DIMMED_MAX = 20
"""Options of which rules are asked."""


@dataclass(frozen=True, slots=True)
class Option:
    """A record to pick; `why` says which rule forbids it."""

    id: str
    title: str
    facts: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Options:
    """What stands in the list."""

    recent: tuple[Option, ...]
    others: tuple[Option, ...]

    @property
    def all(self) -> tuple[Option, ...]:
        """In the order in which they stand."""
        return (*self.recent, *self.others)


def offered(desk: Desk, target: str, text: str, lately: Sequence[str]) -> Options:
    """Records of an entity by a few letters; without letters those of `lately` first."""
    recent: list[Choice] = []
    known = [i for i in lately if is_record_id(i)][: RECENT_MAX * 2]
    if not text and known:
        try:
            wanted = " OR ".join(f"id = '{i}'" for i in known)
            found = {c.id: c for c in desk.records.pick(target, "", len(known), filter=wanted)}
            recent = [found[i] for i in known if i in found][:RECENT_MAX]
        except Refused:
            recent = []
    mine = {c.id for c in recent}
    others = [c for c in desk.records.pick(target, text, OPTIONS_MAX) if c.id not in mine]
    return Options(
        tuple(Option(c.id, c.title, c.facts) for c in recent),
        tuple(Option(c.id, c.title, c.facts) for c in others),
    )


def dimmed(
    desk: Desk,
    entity: Entity,
    field: Field,
    target: str,
    values: Mapping[str, Json],
    options: Options,
    around: Around | None = None,
) -> Options:
    """The same, with the reasons of the rules that forbid some of them in a record of these values."""
    rules = [r for r in entity.rules if r.severity != "warn" and _reads(r, field)]
    if not rules:
        return options

    def told(option: Option) -> Option:
        picked: Json = {"id": option.id, "title": option.title, "entity": target}
        judge = Judge(desk, entity, {**values, field.name: [picked] if field.is_many else picked}, around)
        for rule in rules:
            if rule.when is not None and judge.value(rule.when.tree) is not True:
                continue
            if judge.value(rule.check.tree) is False:
                words = desk.reader.label(rule.message) if rule.message else rule.name
                return replace(option, why=words)
        return option

    asked = [told(o) if n < DIMMED_MAX else o for n, o in enumerate(options.all)]
    return Options(tuple(asked[: len(options.recent)]), tuple(asked[len(options.recent) :]))


def _reads(rule: Rule, field: Field) -> bool:
    """Whether a rule looks at the record that a field names."""
    return any(
        isinstance(leaf, Path)
        and leaf.base == "row"
        and (leaf.hops[0].field if leaf.hops else leaf.field) == field.name
        for formula in (rule.check, rule.when)
        if formula is not None
        for leaf in leaves(formula.tree)
    )
