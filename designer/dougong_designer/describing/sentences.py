"""One difference of a document as a sentence: what it is about by its label, the property by its title in the schema."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from dougong_designer.patch import Documents
from dougong_runtime.documents.difference import ITEMS, Change, What, name_of, narrowed
from dougong_runtime.documents.schema_shapes import meant, resolved, schema_of
from dougong_runtime.fields import FIELD_TYPES
from dougong_runtime.labels import Label, Language

SHOWN_MAX = 120
NONE = Label("（无）", "(none)")
NOTHING = Label("", "")
YES, NO = Label("是", "yes"), Label("否", "no")
_COLORS: Mapping[str, Label] = {
    "gray": Label("灰", "grey"),
    "red": Label("红", "red"),
    "orange": Label("橙", "orange"),
    "amber": Label("琥珀", "amber"),
    "green": Label("绿", "green"),
    "teal": Label("青", "teal"),
    "blue": Label("蓝", "blue"),
    "indigo": Label("靛蓝", "indigo"),
    "purple": Label("紫", "purple"),
    "pink": Label("粉", "pink"),
}
ACTIONS: Mapping[str, Label] = {
    "read": Label("查看", "read"),
    "create": Label("新建", "create"),
    "update": Label("修改", "update"),
    "delete": Label("删除", "delete"),
    "export": Label("导出", "export"),
    "share": Label("分享", "share"),
    "import": Label("导入", "import"),
}
_LANGUAGES: Mapping[str, Label] = {"zh": Label("中文", "Chinese"), "en": Label("英文", "English")}
_FIELD_KEYS = frozenset(
    [
        "columns",
        "card",
        "fields",
        "hide",
        "readonly",
        "mask",
        "reveal",
        "group",
        "start",
        "end",
        "title",
        "image",
        "parent",
        "sort",
        "field",
        "requires",
        "except",
        "filters",
    ]
)
"""Properties whose values name fields of the document's entity."""
_DOCUMENT_KEYS: Mapping[str, str] = {
    "entity": "entity", "to": "entity", "of": "entity", "view": "view", "form": "form", "page": "page",
    "report": "report", "dashboard": "dashboard", "workflow": "workflow", "message": "message", "role": "role",
    "roles": "role", "home": "page",
}  # fmt: skip
"""Property → the kind of document that its values name."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One thing that differs, in the parts that a page sets apart."""

    what: What | Literal["allowed", "denied"]
    word: Label
    """What kind of thing it is: `field`; empty where a property of the document itself differs. Of what a role may do
    to an entity: whether it may, then what, then about which entity."""
    name: Label
    """The thing's own label."""
    about: Label = NOTHING
    """Which of its properties, or parts."""
    before: Label | None = None
    after: Label | None = None
    note: Label = NOTHING
    """What follows from it."""
    path: tuple[str, ...] = ()
    """The way to it by names, as in `difference.Change`."""

    def text(self, language: Language) -> str:
        """The whole sentence."""
        zh = language == "zh"
        subject = f"{self.word.in_(language)} {self.name.in_(language)}".strip()
        if self.what == "added" and self.before is None and self.after is None:
            made = f"新增{subject}" if zh else f"New {subject}"
        elif self.what == "removed":
            made = f"删除{subject}" if zh else f"{subject} removed"
        elif self.what == "moved":
            made = f"{subject} 移动了位置" if zh else f"{subject} moved"
        else:
            made = subject
        about = self.about.in_(language)
        if about:
            if self.what in ("changed", "renamed"):
                made += ("：" if zh else ": ") + about
            elif self.what in ("allowed", "denied"):
                made += f" {about}"
            else:
                made += f"（{about}）" if zh else f" ({about})"
        if self.before is not None or self.after is not None:
            before, after = (self.before or NONE).in_(language), (self.after or NONE).in_(language)
            made += f" {before} → {after}" if about else ("：" if zh else ": ") + f"{before} → {after}"
        note = self.note.in_(language)
        return made + (f"（{note}）" if zh else f" ({note})") if note else made


@dataclass(frozen=True)
class Context:
    """A document before and after, and what surrounds it."""

    kind: str
    now: Mapping[str, Any]
    before: Mapping[str, Any]
    old: Documents
    new: Documents
    _fields: dict[str, Mapping[str, Label]] = field(default_factory=dict)

    def entity(self, members: Sequence[Mapping[str, Any]]) -> str:
        """The entity that names in a place belong to: a grant's, a document's own."""
        for member in reversed(members):
            if isinstance(member.get("entity"), str):
                return str(member["entity"])
        return str(
            self.now.get("name" if self.kind == "entity" else "entity") or self.now.get("source") or ""
        )

    def fields(self, entity: str) -> Mapping[str, Label]:
        """Labels of an entity's fields, those that are gone among them."""
        if entity not in self._fields:
            made: dict[str, Label] = {}
            for documents in (self.old, self.new):
                data = documents.get(f"entity/{entity}") or {}
                for one in data.get("fields", ()) if isinstance(data, Mapping) else ():
                    if isinstance(one, Mapping) and "name" in one:
                        made[str(one["name"])] = Label.of(one.get("label"), str(one["name"]))
            self._fields[entity] = made
        return self._fields[entity]

    def document(self, kind: str, name: str) -> Label | None:
        """A document's label."""
        data = self.new.get(f"{kind}/{name}") or self.old.get(f"{kind}/{name}")
        return Label.of(data.get("label"), name) if isinstance(data, Mapping) else None


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a change stands: members of lists on the way, outermost first, and titles of the properties after them."""

    lists: tuple[str, ...]
    members: tuple[Mapping[str, Any], ...]
    titles: tuple[Label, ...]
    """Titles of properties below the last member."""
    key: str
    """The last property."""
    schema: Mapping[str, Any]


def told_place(path: tuple[str, ...], context: Context) -> Label:
    """A place in a document in words: `field Fee · label`. Members of lists are named by id or by name."""
    word, name, about = _subject(_place(path, context), context)
    return _joined([Label(f"{word.zh} {name.zh}".strip(), f"{word.en} {name.en}".strip()), about])


def told_value(value: Any, other: Any, path: tuple[str, ...], context: Context) -> Label | None:
    """A value at a place as people read it, beside another one; None where there is none."""
    return _value(value, other, _place(path, context), context)


def _place(path: tuple[str, ...], context: Context) -> _Place:
    now: Any = context.now
    before: Any = context.before
    schema: Any = schema_of(context.kind)
    lists: list[str] = []
    members: list[Mapping[str, Any]] = []
    titles: list[Label] = []
    key = ""
    for token in path:
        if isinstance(now, list) or isinstance(before, list):
            member = _member(now, token) or _member(before, token)
            shape = _item(schema, member)
            lists.append(key)
            members.append(member or {})
            titles, schema = [], shape
            if member is None:
                now = before = None
                continue
            same = member.get("id")
            now, before = _by_id(now, same), _by_id(before, same)
            continue
        schema = _property(schema, token)
        key = token
        titles.append(_title(schema, token))
        now = now.get(token) if isinstance(now, Mapping) else None
        before = before.get(token) if isinstance(before, Mapping) else None
    return _Place(tuple(lists), tuple(members), tuple(titles), key, schema)


def _member(members: Any, name: str) -> Mapping[str, Any] | None:
    for one in members if isinstance(members, list) else ():
        if isinstance(one, Mapping) and "id" in one and name in (one["id"], name_of(one)):
            return one
    return None


def _by_id(members: Any, identity: Any) -> Any:
    for one in members if isinstance(members, list) else ():
        if isinstance(one, Mapping) and one.get("id") == identity:
            return one
    return None


def _item(schema: Any, member: Any) -> Mapping[str, Any]:
    shape = resolved(schema)
    return _meant(shape.get("items", {}), member)


def _meant(shape: Any, value: Any) -> Mapping[str, Any]:
    found = resolved(shape)
    shapes = found.get("oneOf")
    if shapes:
        known = [resolved(one) for one in shapes]
        chosen = meant(value, known)
        return known[chosen] if chosen is not None else found
    return found


def _property(schema: Any, token: str) -> Mapping[str, Any]:
    shape = resolved(schema)
    if "properties" not in shape and "oneOf" in shape:
        for one in shape["oneOf"]:
            inner = resolved(one)
            if token in inner.get("properties", {}):
                return resolved(inner["properties"][token])
    known = shape.get("properties", {})
    if token in known:
        return resolved(known[token])
    beyond = shape.get("additionalProperties")
    return resolved(beyond) if isinstance(beyond, dict) else {}


def _title(schema: Mapping[str, Any], token: str) -> Label:
    if token in _LANGUAGES:
        return _LANGUAGES[token]
    zh, en = schema.get("x-zh", {}).get("title"), schema.get("title")
    if token in ("name", "value") and en in ("Name", "Value"):
        return Label("内部名", "internal name")
    return Label(zh or token, small(en) if en else token)


# --- sentences ------------------------------------------------------------------------------------------------
def sentences(change: Change, context: Context) -> Iterator[Sentence]:
    """What a change says: one sentence, or one for each thing that a role may do now or no longer."""
    place = _place(change.path, context)
    if context.kind == "role" and place.lists == ("grants",):
        told = list(_of_grant(change, place, context))
        if told:
            yield from told
            return
    word, name, about = _subject(place, context)
    if change.what in ("added", "removed", "moved"):
        kind_of = _type_of(place) if change.what == "added" else NOTHING
        if kind_of.en:
            about = Label(kind_of.zh, small(kind_of.en))
        if len(place.members) > 1:
            inner = place.members[-1]
            item = ITEMS.get(place.lists[-1], NOTHING)
            verb = {
                "added": Label("新增", "added"),
                "removed": Label("删除", "removed"),
                "moved": Label("移动", "moved"),
            }
            called = _called(inner, context, place.members)
            said = verb[change.what]
            about = Label(f"{said.zh}{item.zh}「{called.zh}」", f"{item.en} “{called.en}” {said.en}")
            yield Sentence("changed", word, name, about, path=change.path)
            return
        yield Sentence(change.what, word, name, about, path=change.path)
        return
    before, after = narrowed(change.before, change.after)
    shown = [_value(v, o, place, context) for v, o in ((before, after), (after, before))]
    yield Sentence(change.what, word, name, about, shown[0], shown[1], path=change.path)


def _subject(place: _Place, context: Context) -> tuple[Label, Label, Label]:
    """What kind of thing, which, and what about it."""
    titles = list(place.titles)
    if not place.members:
        return NOTHING, _joined(titles), NOTHING
    word = ITEMS.get(place.lists[0], NOTHING)
    name = _called(place.members[0], context, place.members)
    inner = []
    for key, member in zip(place.lists[1:], place.members[1:], strict=True):
        item, called = ITEMS.get(key, NOTHING), _called(member, context, place.members)
        inner.append(Label(f"{item.zh}「{called.zh}」", f"{item.en} “{called.en}”"))
    return word, name, _joined([*inner, *titles])


def _joined(parts: Sequence[Label]) -> Label:
    return Label(" · ".join(p.zh for p in parts if p.zh), " · ".join(p.en for p in parts if p.en))


def _called(member: Mapping[str, Any], context: Context, around: Sequence[Mapping[str, Any]]) -> Label:
    """What a member of a list is called, by its label."""
    for key in ("label", "section"):
        if member.get(key):
            return Label.of(member[key])
    if isinstance(member.get("entity"), str):
        found = context.document("entity", member["entity"])
        if found is not None:
            return found
    if "from" in member and "to" in member and not isinstance(member.get("to"), Mapping):
        stages = {
            str(s.get("value")): Label.of(s.get("label"), str(s.get("value")))
            for outer in around
            for s in outer.get("stages", ())
            if isinstance(s, Mapping)
        }

        def stage(value: Any) -> Label:
            many = value if isinstance(value, list) else [value]
            known = [stages.get(str(v), Label(str(v), str(v))) for v in many]
            return Label("、".join(k.zh for k in known), ", ".join(k.en for k in known))

        a, b = stage(member["from"]), stage(member["to"])
        return Label(f"{a.zh} → {b.zh}", f"{a.en} → {b.en}")
    message = member.get("message")
    if isinstance(message, Mapping) and "check" in member:
        return Label.of(message)
    for key in ("field", "metric"):
        known = context.fields(context.entity(around))
        if isinstance(member.get(key), str):
            return known.get(member[key], Label(member[key], member[key]))
    for key, kind in _DOCUMENT_KEYS.items():
        if isinstance(member.get(key), str):
            found = context.document(kind, member[key])
            if found is not None:
                return found
    name = str(member.get("value", "")) or name_of(member) if "id" in member else str(member.get("name", ""))
    return Label(name, name)


def _type_of(place: _Place) -> Label:
    member = place.members[-1] if place.members else {}
    kind = member.get("type")
    if place.lists and place.lists[-1] == "fields" and isinstance(kind, str) and kind in FIELD_TYPES:
        return FIELD_TYPES.get(kind).label
    return NOTHING


def _of_grant(change: Change, place: _Place, context: Context) -> Iterator[Sentence]:
    """What a role may do to an entity, and no more."""
    grant = place.members[0]
    entity = _called(grant, context, place.members)
    before: Sequence[Any]
    after: Sequence[Any]
    if change.what == "changed" and change.path[-1] == "actions":
        before, after = change.before or (), change.after or ()
    elif change.what == "added" and len(change.path) == 2:
        before, after = (), grant.get("actions", ())
    elif change.what == "removed" and len(change.path) == 2:
        before, after = grant.get("actions", ()), ()
    else:
        return
    gone = [a for a in before if a not in after]
    come = [a for a in after if a not in before]
    for actions, may in ((come, Label("可以", "may")), (gone, Label("不再能", "may no longer"))):
        if actions:
            told = [ACTIONS.get(str(a), Label(str(a), str(a))) for a in actions]
            words = Label("、".join(t.zh for t in told), ", ".join(t.en for t in told))
            yield Sentence("allowed" if actions is come else "denied", may, words, entity, path=change.path)


# --- values ---------------------------------------------------------------------------------------------------
def _value(value: Any, other: Any, place: _Place, context: Context) -> Label | None:
    """A value as people read it; None where there is none."""
    if value is None and isinstance(other, bool):
        return NO if other else YES
    if value is None or value == []:
        return None
    if isinstance(value, bool):
        return YES if value else NO
    if _is_label(value):
        zh, en = _label_texts(value, other)
        return Label(_cut(zh), _cut(en))
    if isinstance(value, list) and all(isinstance(v, (str, int, float)) for v in value):
        parts = [_scalar(v, place, context) for v in value]
        return Label(_cut("、".join(p.zh for p in parts)), _cut(", ".join(p.en for p in parts)))
    if isinstance(value, (str, int, float)):
        found = _scalar(value, place, context)
        return Label(_cut(found.zh), _cut(found.en))
    text = _cut(json.dumps(value, ensure_ascii=False))
    return Label(text, text)


def _scalar(value: Any, place: _Place, context: Context) -> Label:
    text = str(value)
    plain = Label(text, text)
    key = place.key
    if key == "type" and place.lists[-1:] == ("fields",) and text in FIELD_TYPES:
        return FIELD_TYPES.get(text).label
    if key == "color":
        return _COLORS.get(text, plain)
    if key == "actions":
        return ACTIONS.get(text, plain)
    if key in _FIELD_KEYS and not place.members[1:]:
        sign = "-" if text.startswith("-") else ""
        found = context.fields(context.entity(place.members)).get(text.removeprefix("-"))
        if found is not None:
            return Label(sign + found.zh, sign + found.en)
    if key in _DOCUMENT_KEYS:
        return context.document(_DOCUMENT_KEYS[key], text) or plain
    return plain


def _is_label(value: Any) -> bool:
    return isinstance(value, Mapping) and bool(value) and value.keys() <= {"zh", "en"}


def _label_texts(value: Mapping[str, Any], other: Any) -> tuple[str, str]:
    """The words in each language; where only the other language's differ, those."""
    mine, theirs = Label.of(dict(value)), Label.of(dict(other)) if _is_label(other) else None
    zh, en = mine.zh, mine.en
    if theirs is not None and mine.zh == theirs.zh:
        zh = mine.en
    if theirs is not None and mine.en == theirs.en:
        en = mine.zh
    return zh, en


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN_MAX else text[: SHOWN_MAX - 1] + "…"


def small(text: str) -> str:
    """With a small letter at the beginning, unless it is an abbreviation."""
    return text[:1].lower() + text[1:] if text[1:2].islower() else text
