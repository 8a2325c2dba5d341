"""Which names a property may take, from the draft's own documents: entities, fields along references, roles, options.

They are offered by name and label; nothing is refused here, linking is who knows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dougong_designer.panel.schema import Place
from dougong_designer.patch import Documents, Tokens
from dougong_runtime.documents.kinds import KINDS
from dougong_runtime.fields import FIELD_TYPES
from dougong_runtime.labels import Label
from dougong_runtime.model.system_fields import system_fields

CHOICES_MAX = 400
_SHOWN_SYSTEM = ("created_at", "created_by", "updated_at", "updated_by")

_KIND_OF: Mapping[str, str] = {
    "entity": "entity",
    "source": "entity",
    "form": "form",
    "view": "view",
    "tasks": "view",
    "page": "page",
    "dashboard": "dashboard",
    "report": "report",
    "message": "message",
    "connector": "connector",
    "calendar": "calendar",
    "workflow": "workflow",
    "actions": "workflow",
    "roles": "role",
    "comments": "role",
    "among": "role",
    "forbid": "role",
}
"""Property → kind of document that it names, wherever it stands."""
_KIND_AT: Mapping[tuple[str, str], str] = {
    ("message", "to"): "entity",
    ("entity", "of"): "entity",
    ("entity", "to"): "entity",
    ("workflow", "as"): "role",
    ("connector", "as"): "role",
    ("report", "to"): "role",
    ("role", "home"): "page",
}
"""The same where it depends on the kind of document in which the property stands."""
_FIELDS = frozenset(
    [
        "field",
        "fields",
        "columns",
        "title",
        "requires",
        "except",
        "date",
        "key",
        "group",
        "card",
        "start",
        "end",
        "image",
        "parent",
        "color",
        "filters",
        "drill",
        "mail",
        "sms",
        "wecom",
        "dingtalk",
        "feishu",
        "consent",
        "opt_out",
        "attach",
        "due",
        "hide",
        "mask",
        "readonly",
        "writable",
        "inherit",
        "unique",
        "sort",
    ]
)
"""Properties that name fields of the entity that is spoken of."""
_FIELDS_AT = frozenset(
    {
        ("message", "from"),
        ("message", "to"),
        ("entity", "from"),
        ("message", "in_app"),
        ("report", "rows"),
        ("role", "to"),
    }
)
_COLORS = (
    ("gray", "灰", "Gray"),
    ("red", "红", "Red"),
    ("orange", "橙", "Orange"),
    ("amber", "琥珀", "Amber"),
    ("green", "绿", "Green"),
    ("teal", "青", "Teal"),
    ("blue", "蓝", "Blue"),
    ("indigo", "靛", "Indigo"),
    ("purple", "紫", "Purple"),
    ("pink", "粉", "Pink"),
)
_INVERSES = frozenset({"of", "timeline", "list"})
_OPTIONS = frozenset({"stage", "done"})


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that may be chosen, and what people call it."""

    value: Any
    label: Label
    icon: str = ""
    color: str = ""

    @property
    def text(self) -> str:
        """The value as an input sends it."""
        return str(self.value).lower() if isinstance(self.value, bool) else str(self.value)


def offered(documents: Documents, around: Place, name: str) -> tuple[Choice, ...]:
    """What a property may name, given the place around it; () where it names nothing of the draft."""
    kind, path = around.kind, (*around.tokens, name)
    if name == "type" and kind in ("entity", "settings") and len(around.tokens) == 3:
        return field_types()
    if (kind, name) == ("report", "sort") or (kind == "report" and around.tokens[-1] == "chart"):
        return measures_of(documents[around.tokens[0]])
    if name in ("from", "to") and "transitions" in around.tokens:
        entity = entity_at(documents, path)
        return stages_of(documents, entity) if entity is not None else ()
    wanted = _KIND_AT.get((kind, name)) if len(around.tokens) == 1 or kind != "message" else None
    wanted = wanted or (None if _is_of_fields(kind, name) else _KIND_OF.get(name))
    if kind == "workflow" and name == "as" and len(around.tokens) > 1:
        return ()
    if wanted is not None:
        return documents_of(documents, wanted)
    entity = entity_at(documents, around.tokens[:-1] if name == "of" else path)
    if entity is None:
        return ()
    if name in _OPTIONS:
        return stages_of(documents, entity)
    if name in _INVERSES:
        return inverses_of(documents, entity)
    if _is_of_fields(kind, name):
        along = 1 if kind in ("entity", "role", "connector") else 2
        inverses = inverses_of(documents, entity) if name == "fields" and "list" not in around.tokens else ()
        return (*fields_of(documents, entity, along), *inverses)[:CHOICES_MAX]
    return ()


def entity_at(documents: Documents, tokens: Tokens) -> str | None:
    """The entity that a place is about: the nearest around it that states one."""
    if tokens[0].startswith("entity/"):
        return tokens[0].partition("/")[2]
    kind = tokens[0].partition("/")[0]
    found: str | None = None
    value: Any = documents.get(tokens[0])
    for depth in range(1, len(tokens) + 1):
        if isinstance(value, Mapping):
            found = _stated(documents, kind, value, found) or found
        if depth == len(tokens):
            break
        value = _below(value, tokens[depth])
    return found


def _stated(documents: Documents, kind: str, value: Mapping[str, Any], found: str | None) -> str | None:
    trigger = value.get("trigger")
    if isinstance(trigger, Mapping) and isinstance(trigger.get("entity"), str):
        return str(trigger["entity"])
    for word in ("entity", "source", *(("to",) if kind == "message" else ())):
        if isinstance(value.get(word), str) and f"entity/{value[word]}" in documents:
            return str(value[word])
    for word in ("tasks", "view"):
        view = documents.get(f"view/{value[word]}") if isinstance(value.get(word), str) else None
        if isinstance(view, Mapping) and isinstance(view.get("entity"), str):
            return str(view["entity"])
    of = value.get("of")
    if isinstance(of, str) and found is not None:
        return next((e for name, e in _inverses(documents, found) if name == of), None)
    return None


def _below(value: Any, token: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(token)
    if isinstance(value, list):
        for member in value:
            if isinstance(member, Mapping) and member.get("id") == token:
                return member
        if token.isdecimal() and int(token) < len(value):
            return value[int(token)]
    return None


def _is_of_fields(kind: str, name: str) -> bool:
    return (name in _FIELDS or (kind, name) in _FIELDS_AT) and not (kind == "app" and name == "title")


def documents_of(documents: Documents, kind: str) -> tuple[Choice, ...]:
    """The draft's documents of a kind, by label."""
    icon = "" if kind not in KINDS else kind
    made = [
        Choice(key.partition("/")[2], Label.of(data.get("label"), key.partition("/")[2]), icon)
        for key, data in documents.items()
        if key.startswith(f"{kind}/")
    ]
    return tuple(sorted(made, key=lambda one: one.label.zh))


def fields_of(documents: Documents, entity: str, along: int = 1) -> tuple[Choice, ...]:
    """Fields of an entity, and with `along` 2 those of the records it refers to: `patient.name`."""
    made: list[Choice] = []
    further: list[Choice] = []
    for field in _fields(documents, entity):
        name, label = str(field["name"]), Label.of(field.get("label"), str(field["name"]))
        made.append(Choice(name, label, str(field.get("type", ""))))
        target = field.get("to")
        if along > 1 and field.get("type") == "reference" and isinstance(target, str) and target != entity:
            further += [
                Choice(f"{name}.{one.value}", _beyond(label, one.label), one.icon)
                for one in fields_of(documents, target)
                if one.value not in _SHOWN_SYSTEM
            ]
    system = system_fields("", entity)
    made += [Choice(name, system[name].label, "created_at") for name in _SHOWN_SYSTEM]
    return (*made, *further)[:CHOICES_MAX]


def stages_of(documents: Documents, entity: str) -> tuple[Choice, ...]:
    """The stages of an entity's first field that has any."""
    for field in _fields(documents, entity):
        if field.get("type") == "stage":
            return options_of(field)
    return ()


def options_of(field: Mapping[str, Any]) -> tuple[Choice, ...]:
    """The options or stages of a field."""
    made = []
    listed = field.get("stages") or field.get("options")
    for one in listed if isinstance(listed, list) else ():
        whole = one if isinstance(one, Mapping) else {"value": one}
        value = whole.get("value")
        made.append(Choice(value, Label.of(whole.get("label"), str(value)), "", str(whole.get("color", ""))))
    return tuple(made)


def measures_of(report: Any) -> tuple[Choice, ...]:
    """What a report is sorted and drawn by: its measures and groups."""
    made: list[Choice] = []
    for word in ("measures", "rows", "columns"):
        listed = report.get(word) if isinstance(report, Mapping) else None
        for one in listed if isinstance(listed, list) else ():
            whole = one if isinstance(one, Mapping) else {"field": one}
            name = whole.get("name") or whole.get("field")
            if isinstance(name, str):
                made.append(Choice(name, Label.of(whole.get("label"), name)))
    return tuple(made)


def inverses_of(documents: Documents, entity: str) -> tuple[Choice, ...]:
    """The ways back to an entity: lists of records that refer to it."""
    return tuple(
        Choice(name, Label.of(documents.get(f"entity/{other}", {}).get("label"), other), "references")
        for name, other in _inverses(documents, entity)
    )


def colors() -> tuple[Choice, ...]:
    """The colours that options and stages may have by name."""
    return tuple(Choice(name, Label(zh, en), "", name) for name, zh, en in _COLORS)


def field_types() -> tuple[Choice, ...]:
    """Every type of field."""
    return tuple(Choice(name, FIELD_TYPES.get(name).label, name) for name in FIELD_TYPES)


def _inverses(documents: Documents, entity: str) -> Iterator[tuple[str, str]]:
    for other in (key.partition("/")[2] for key in documents if key.startswith("entity/")):
        for field in _fields(documents, other):
            to = field.get("to")
            if entity in (to if isinstance(to, list) else [to]) and isinstance(field.get("inverse"), str):
                yield str(field["inverse"]), other
    for field in _fields(documents, entity):
        if field.get("type") == "references" and isinstance(field.get("to"), str):
            yield str(field["name"]), str(field["to"])


def _fields(documents: Documents, entity: str) -> Iterator[Mapping[str, Any]]:
    data = documents.get(f"entity/{entity}")
    listed = data.get("fields") if isinstance(data, Mapping) else None
    for field in listed if isinstance(listed, list) else ():
        if isinstance(field, Mapping) and isinstance(field.get("name"), str):
            yield field


def _beyond(first: Label, then: Label) -> Label:
    return Label(f"{first.zh} › {then.zh}", f"{first.en} › {then.en}")
