"""A draft about to be published, told to who decides on it: what differs, what becomes of the tables, what stands
against it, who sees more, and the number that the version is to have.

review(plan, records, …)     all of it, as far as its reader may see
next_version(version, …)     the number proposed
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dougong_designer import describing
from dougong_designer.describing import Described, count, describe
from dougong_designer.describing.sentences import NOTHING, Sentence
from dougong_designer.publishing.storage import StorageRow, Waiting, rows_of_entities, storage_rows, waiting
from dougong_runtime.errors import Refused
from dougong_runtime.labels import Label, Language
from dougong_runtime.model.app import App, Entity
from dougong_runtime.publish import Plan
from dougong_runtime.records.door import Records
from dougong_runtime.records.query import Query
from dougong_runtime.storage.preview import Violation
from dougong_runtime.storage.unconvertible import Lost

SHOWN_MAX = 50
"""Records that are named one by one, of each thing that stands against a version."""
VERSION = re.compile(r"(\d{1,6})(?:\.(\d{1,6}))?(?:\.(\d{1,6}))?")
_WORDING = frozenset(
    {"label", "plural", "help", "placeholder", "icon", "color", "message", "zh", "en", "author", "license"}
)
"""Properties that only people read."""


# --- the number -----------------------------------------------------------------------------------------------
def next_version(version: str, described: Sequence[Described]) -> str:
    """The number proposed: the last place where only words and order differ, the first where something is gone.

    >>> next_version("1.7.2", ())
    '1.7.3'
    """
    found = VERSION.match(version)
    major, minor, patch = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    weights = {_weight(sentence) for document in described for sentence in document.sentences}
    if 2 in weights:
        return f"{major + 1}.0.0"
    if 1 in weights:
        return f"{major}.{minor + 1}.0"
    return f"{major}.{minor}.{patch + 1}"


def _weight(sentence: Sentence) -> int:
    if sentence.what == "removed":
        return 2
    if sentence.what == "moved" or any(token in _WORDING for token in sentence.path[-2:]):
        return 0
    return 1


def with_version(app: App, version: str) -> App:
    """The same app under another number, which nothing in it depends on."""
    key = f"app/{app.name}"
    source = {**app.source, key: {**app.source[key], "version": version}}
    return replace(app, version=version, source=source)


# --- what stands against it -----------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Breaking:
    """Records that do not hold to something new."""

    kind: str
    """`required`, `option`, `rule`, `unique`, or `convert`: values that have no form in the new type."""
    entity: str
    """Its name in the running version."""
    word: Label
    """The entity's label."""
    name: Label
    """The rule's, or the field's."""
    count: int
    refuses: bool
    """Whether nothing can be published before these are dealt with."""
    shown: tuple[tuple[str, str, str], ...] = ()
    """Of those that the reader may see, the first: id, title, and for values why they do not convert."""
    filter: str = ""
    """A condition that gives them, for the ordinary list; empty where the reader may not ask so."""

    @property
    def others(self) -> int:
        """How many are not named."""
        return self.count - len(self.shown)

    def words(self, language: Language) -> str:
        """In a sentence."""
        n, name = f"{self.count:,}", self.name.in_(language)
        zh, en = {
            "required": (f"{n} 条记录没有填写「{name}」", f"{n} records have no “{name}”"),
            "option": (
                f"{n} 条记录用着「{name}」里删掉的选项",
                f"{n} records have an option of “{name}” that goes",
            ),
            "rule": (f"{n} 条记录不符合新规则「{name}」", f"{n} records break the new rule “{name}”"),
            "unique": (f"{n} 条记录的「{name}」重复", f"{n} records share their “{name}”"),
            "convert": (f"「{name}」有 {n} 个值无法转换", f"{n} values of “{name}” do not convert"),
        }[self.kind]
        return zh if language == "zh" else en

    def remedy(self, language: Language) -> str:
        """What becomes of them, and what can be done."""
        if self.refuses:
            zh, en = "先改好重复的记录，才能发布。", "Nothing can be published before they differ."
        elif self.kind == "convert":
            zh, en = (
                "这些值发布后为空，原值留在回收站；现在改好就会一起转换。",
                "They will be empty; the old values stay in the trash. Mended now, they convert with the rest.",
            )
        else:
            zh, en = (
                "规则只拦以后的写入；这些记录下次修改时必须改好。",
                "The rule holds for writes from now on; these must be put right at their next change.",
            )
        return zh if language == "zh" else en


def breaking(plan: Plan, records: Records) -> tuple[Breaking, ...]:
    """What stands against a plan. Records are named only as the one door gives them to this reader, and only where the
    reader sees every field that the finding speaks of; all others are a number."""
    if plan.before is None:
        return ()
    olds = {e.id: e for e in plan.before.own_entities}
    found = []
    for violation in plan.violations:
        new = plan.after.entities[violation.entity]
        old = olds.get(new.id)
        if old is not None:
            found.append(_broken(violation, old, new, records))
    for lost in plan.lost:
        found.append(_unconvertible(lost, plan.before.entities[lost.entity], plan, records))
    return tuple(sorted(found, key=lambda b: (not b.refuses, -b.count)))


def _broken(violation: Violation, old: Entity, new: Entity, records: Records) -> Breaking:
    condition, names = _condition(violation, old, new)
    name = violation.label
    if violation.kind == "unique":
        labels = [new.fields[n].label for n in violation.name.split(", ") if n in new.fields]
        name = Label("、".join(x.zh for x in labels), ", ".join(x.en for x in labels))
    made = Breaking(violation.kind, old.name, old.label, name, violation.count, violation.refuses)
    if not records.can(old.name, "read"):
        return made
    if condition:
        try:
            query = Query(
                old.name, filter=condition, fields=("id",), limit=SHOWN_MAX, count=False, titles=True
            )
            if not records.wrong(old.name, condition):
                ids = [item["id"] for item in records.list(query).items]
                return replace(made, shown=_named(records, old.name, ids), filter=condition)
        except Refused:
            return made
    seen = {view.field.name for view in records.fields(old.name) if view.shown == "yes"}
    if names is not None and names <= seen:
        return replace(made, shown=_named(records, old.name, violation.records[:SHOWN_MAX]))
    return made


def _named(records: Records, entity: str, ids: Sequence[str]) -> tuple[tuple[str, str, str], ...]:
    readable = records.many.look(entity, ids, ("id",))
    titles = records.titles(entity, list(readable))
    return tuple((i, titles.get(i, i), "") for i in ids if i in readable)


def _condition(violation: Violation, old: Entity, new: Entity) -> tuple[str, set[str] | None]:
    """A condition over the running version that gives the records, where there is one; and the fields it is about."""
    before = {f.id: f.name for f in old.own_fields}
    names = {f.name: before.get(f.id) for f in new.own_fields}
    if violation.kind == "rule":
        rule = next(r for r in new.rules if r.name == violation.name)
        text = f"NOT ({rule.check.text})"
        if rule.when is not None:
            text = f"({rule.when.text}) AND {text}"
        return _renamed(text, {n: o for n, o in names.items() if o and o != n}), None
    own = [names.get(name) for name in violation.name.split(", ")]
    known = {name for name in own if name is not None}
    if len(known) != len(own):
        return "", None
    if violation.kind == "required":
        return f"{own[0]} = NULL", known
    if violation.kind == "option":
        kept = {o.id for o in new.fields[violation.name].choices}
        gone = [o.value for o in old.fields[str(own[0])].choices if o.id not in kept]
        return " OR ".join(f"{own[0]} = {_literal(value)}" for value in gone), known
    return "", known


def _literal(value: str | int) -> str:
    if isinstance(value, int):
        return str(value)
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _renamed(text: str, names: Mapping[str, str]) -> str:
    if not names:
        return text
    pattern = re.compile(r"(?<![\w.'\"])(" + "|".join(map(re.escape, names)) + r")(?!\w)")
    return pattern.sub(lambda m: names[m[1]], text)


def _unconvertible(lost: Lost, old: Entity, plan: Plan, records: Records) -> Breaking:
    new = next((e for e in plan.after.own_entities if e.id == old.id), old)
    now = new.fields.get(lost.field)
    before = next((f for f in old.own_fields if now is not None and f.id == now.id), None)
    label = now.label if now is not None else Label(lost.field, lost.field)
    made = Breaking("convert", old.name, old.label, label, lost.count, False)
    seen = (
        {view.field.name for view in records.fields(old.name) if view.shown == "yes"}
        if records.can(old.name, "read")
        else set()
    )
    if before is None or before.name not in seen:
        return made
    first = {u.record: u for u in lost.shown[:SHOWN_MAX]}
    named = _named(records, old.name, list(first))
    language = records.viewer.language
    shown = tuple((i, title, f"{first[i].value} · {first[i].why.in_(language)}") for i, title, _ in named)
    return replace(made, shown=shown)


# --- all of it ------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Review:
    """What is to be published, before who decides on it."""

    plan: Plan
    version: str
    """The number that it is to have."""
    described: tuple[Described, ...]
    storage: tuple[StorageRow, ...]
    waiting: Waiting
    breaking: tuple[Breaking, ...]

    @property
    def changes(self) -> int:
        """Things that differ."""
        return count(self.described)

    @property
    def refused(self) -> bool:
        """Whether records stand in the way."""
        return self.plan.refused


def review(
    plan: Plan,
    records: Records,
    version: str,
    holders: Mapping[str, int] | None = None,
    described: tuple[Described, ...] | None = None,
) -> Review:
    """Everything about a plan. `records`: the running version before its reader; `holders`: role → how many people have
    it; `described`: the differences, where they are known already."""
    old = {} if plan.before is None else plan.before.source
    told = described if described is not None else describe(old, plan.after.source)
    broken = breaking(plan, records)
    return Review(
        plan,
        version,
        _with_consequences(told, plan, broken, holders or {}),
        storage_rows(plan),
        waiting(plan, records.connection.dialect.name),
        broken,
    )


def _with_consequences(
    described: tuple[Described, ...], plan: Plan, broken: Sequence[Breaking], holders: Mapping[str, int]
) -> tuple[Described, ...]:
    counts = rows_of_entities(plan)
    rules = {b.name: b.count for b in broken if b.kind == "rule"}

    def noted(document: Described, sentence: Sentence) -> Sentence:
        if sentence.note.en:
            return sentence
        note = NOTHING
        path = sentence.path
        if document.kind == "role" and sentence.what in ("allowed", "denied") and document.name in holders:
            n = holders[document.name]
            note = Label(f"影响 {n} 人", f"{n} people")
        elif path[:1] == ("rules",) and sentence.name in rules:
            n = rules[sentence.name]
            note = Label(f"{n:,} 条不符合", f"{n:,} records break it")
        elif len(path) > 2 and path[0] == "fields" and path[2] == "formula":
            n = counts.get(document.name, 0) if (document.name, path[1]) in plan.recompute else 0
            if n:
                note = Label(f"重算 {n:,} 条", f"computed anew for {n:,}")
        return replace(sentence, note=note)

    return tuple(
        replace(document, sentences=tuple(noted(document, s) for s in document.sentences))
        for document in described
    )


def as_data(found: Review, language: Language) -> dict[str, Any]:
    """For programs."""
    plan = found.plan
    return {
        "app": plan.after.name,
        "from": plan.base,
        "back_to": plan.back_to,
        "version": found.version,
        "refused": found.refused,
        "changes": found.changes,
        "documents": describing.as_data(found.described, language),
        "storage": [
            {
                "action": row.action.in_(language),
                "target": row.target,
                "rows": row.rows,
                "seconds": round(row.seconds, 2),
                "note": row.note.in_(language),
            }
            for row in found.storage
        ],
        "seconds": round(found.waiting.whole, 2),
        "seconds_blocked": round(found.waiting.blocked, 2),
        "breaking": [
            {
                "kind": b.kind,
                "entity": b.entity,
                "name": b.name.in_(language),
                "count": b.count,
                "refuses": b.refuses,
                "text": b.words(language),
                "remedy": b.remedy(language),
                "filter": b.filter or None,
                "records": [{"id": i, "title": title, "why": why or None} for i, title, why in b.shown],
            }
            for b in found.breaking
        ],
        "sees_more": [s.describe(language) for s in plan.sees_more],
    }
