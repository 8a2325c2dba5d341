"""Patterns: entities that many apps have, with form, view, roles and what else belongs to them, added as one act.

A pattern is a YAML file beside this module. Its first document says what it is (`pattern`, `label`, `help`, `icon`,
`grants`); the others are documents of an app in which `$name` stands for a document of the pattern. What is added is
fitted to the app: names that are taken get a number, references to entities that are there are made where they are
asked for, roles that are there are given access.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from dougong_designer import entries
from dougong_designer.edits import free_name
from dougong_designer.patch import Documents
from dougong_runtime.documents.problems import BAD_NAME
from dougong_runtime.documents.source import FILE_KEY
from dougong_runtime.documents.yaml_text import parse
from dougong_runtime.errors import NOT_FOUND, problem_type, refuse
from dougong_runtime.labels import Label, Language
from dougong_runtime.names import is_name, nearest

FOLDER = "patterns"
_SLOT = re.compile(r"\$([a-z]+(?:_[a-z]+)*)")
REFERENCES_MAX = 20

NO_PATTERN = problem_type(
    "no-pattern",
    404,
    "没有名为「{name}」的样板。",
    "There is no pattern “{name}”.",
    remedy=("最接近的是：{nearest}", "Nearest: {nearest}"),
)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern as its file says."""

    name: str
    label: Label
    help: Label
    icon: str
    grants: tuple[Mapping[str, Any], ...]
    """Entity of the pattern (`$name`) and actions, for each of the app's roles that are given access."""
    documents: tuple[Mapping[str, Any], ...]

    @property
    def entity(self) -> str:
        """Name of its first entity: the one that it is about."""
        return next(str(d["name"]) for d in self.documents if d["kind"] == "entity").removeprefix("$")


@dataclass(frozen=True, slots=True)
class Wish:
    """How a pattern is to be added."""

    pattern: str
    name: str = ""
    """What its entity is to be called; the pattern's own name where left out."""
    label: str = ""
    """Its label in the language of who adds it."""
    language: Language = "zh"
    references: Sequence[str] = ()
    """Entities of the app that each of its records is to name."""
    roles: Sequence[str] = field(default_factory=tuple)
    """Roles of the app that may work with it."""


@cache
def all_patterns() -> Mapping[str, Pattern]:
    """The patterns that come with the program, by name."""
    found = {}
    folder = files("dougong_designer") / FOLDER
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if file.name.endswith(".yaml"):
            head, *documents = (data for data, _ in parse(file.read_text("utf-8"), file.name, None))
            found[head["pattern"]] = Pattern(
                head["pattern"],
                Label.of(head["label"]),
                Label.of(head["help"]),
                head["icon"],
                tuple(head.get("grants", ())),
                tuple(documents),
            )
    return found


def find(name: str) -> Pattern:
    """A pattern by its name. Raises Refused (NO_PATTERN)."""
    known = all_patterns()
    if name not in known:
        raise refuse(NO_PATTERN, "pattern", name=name, nearest=nearest(name, known))
    return known[name]


def added(documents: Documents, wish: Wish) -> tuple[Documents, str]:
    """An app's documents with a pattern in them, and the key of its entity, `entity/person`.

    Raises Refused: NO_PATTERN, BAD_NAME, NOT_FOUND for an entity or role that the app does not have.
    """
    pattern = find(wish.pattern)
    if wish.name and not is_name(wish.name):
        raise refuse(BAD_NAME, "name", name=wish.name)
    _know(documents, "entity", wish.references[:REFERENCES_MAX])
    _know(documents, "role", wish.roles)
    names = _names(documents, pattern, wish.name)
    made = dict(documents)
    for data in pattern.documents:
        fitted = _fitted(data, names)
        if data["kind"] == "entity" and data["name"] == f"${pattern.entity}":
            fitted = _with_references(documents, fitted, wish.references[:REFERENCES_MAX])
        if wish.label and _is_about(data, pattern):
            fitted = {**fitted, "label": _relabelled(fitted.get("label"), wish)}
        made[f"{fitted['kind']}/{fitted['name']}"] = fitted
    for role in wish.roles:
        grants = [_fitted(grant, names) for grant in pattern.grants]
        own = made[f"role/{role}"]
        made[f"role/{role}"] = {**own, "grants": [*own.get("grants", []), *grants]}
    entity = made[f"entity/{names[pattern.entity]}"]
    views = [d["name"] for d in pattern.documents if d["kind"] == "view"]
    items = [{"view": names[name.removeprefix("$")]} for name in views]
    return entries.with_items(made, entity["label"], items, pattern.icon), f"entity/{entity['name']}"


def _know(documents: Documents, kind: str, names: Iterable[str]) -> None:
    for name in names:
        if f"{kind}/{name}" not in documents:
            raise refuse(NOT_FOUND, "references" if kind == "entity" else "roles", name=name)


def _names(documents: Documents, pattern: Pattern, wanted: str) -> dict[str, str]:
    """Each document of the pattern → what it is called in this app. All take the entity's name for their stem."""
    taken = {key.partition("/")[2] for key in documents if not key.startswith(FILE_KEY)}
    stem = free_name(wanted or pattern.entity, taken)
    found = {pattern.entity: stem}
    taken.add(stem)
    for data in pattern.documents:
        slot = str(data["name"]).removeprefix("$")
        if slot in found:
            continue
        own = slot.replace(pattern.entity, stem, 1) if slot.startswith(pattern.entity) else slot
        if own == slot and data["kind"] == "role" and f"role/{slot}" in documents:
            own = f"{stem}_{slot}"
        found[slot] = free_name(own, taken)
        taken.add(found[slot])
    return found


def _fitted(value: Any, names: Mapping[str, str]) -> Any:
    """With the app's names in place of the pattern's. Names within formulas stand as `$name` too."""
    if isinstance(value, Mapping):
        return {key: _fitted(inner, names) for key, inner in value.items()}
    if isinstance(value, list):
        return [_fitted(inner, names) for inner in value]
    if isinstance(value, str):
        return _SLOT.sub(lambda found: names[found[1]], value)
    return value


def _is_about(data: Mapping[str, Any], pattern: Pattern) -> bool:
    return data.get("name") == f"${pattern.entity}" or (
        data["kind"] in ("form", "view") and data.get("entity") == f"${pattern.entity}"
    )


def _relabelled(label: Any, wish: Wish) -> dict[str, str]:
    kept = Label.of(label)
    return {"zh": wish.label, "en": kept.en} if wish.language == "zh" else {"zh": kept.zh, "en": wish.label}


def _with_references(
    documents: Documents, entity: dict[str, Any], references: Sequence[str]
) -> dict[str, Any]:
    """The entity with a reference to each of these, and a way back that is free there."""
    fields = list(entity["fields"])
    for to in dict.fromkeys(references):
        other = documents[f"entity/{to}"]
        name = free_name(to, [f["name"] for f in fields])
        taken = taken_names(documents, to)
        inverse = free_name(plural_name(entity["name"]), taken)
        fields.append(
            {
                "name": name,
                "type": "reference",
                "label": other.get("label") or to,
                "to": to,
                "inverse": inverse,
                "on_delete": "refuse",
            }
        )
    return {**entity, "fields": fields}


def taken_names(documents: Documents, entity: str) -> set[str]:
    """Names that a record of an entity has already: its fields, and the ways back of what refers to it."""
    taken = {str(f.get("name")) for f in documents[f"entity/{entity}"].get("fields", ())}
    for key, data in documents.items():
        if key.startswith("entity/"):
            for one in data.get("fields", ()):
                if one.get("inverse") and entity in targets_of(one):
                    taken.add(str(one["inverse"]))
    return taken


def targets_of(data: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the entities that a field points at."""
    to = data.get("to")
    return tuple(str(one) for one in to) if isinstance(to, list) else (str(to),) if to else ()


def plural_name(name: str) -> str:
    """A name for several of them.

    >>> plural_name("company"), plural_name("box"), plural_name("visit"), plural_name("day")
    ('companies', 'boxes', 'visits', 'days')
    """
    if re.search(r"(s|x|z|ch|sh)\Z", name):
        return f"{name}es"
    if re.search(r"[^aeiou]y\Z", name):
        return f"{name[:-1]}ies"
    return f"{name}s"
