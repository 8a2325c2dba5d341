"""What differs between two versions of an app, document by document, by id, in words of both languages."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from dougong_runtime.documents.kinds import KINDS
from dougong_runtime.documents.source import FILE_KEY
from dougong_runtime.labels import Label, Language

Stored = Mapping[str, Any]
What = Literal["added", "removed", "changed", "renamed", "moved"]

ITEMS: Mapping[str, Label] = {
    "fields": Label("字段", "field"),
    "options": Label("选项", "option"),
    "stages": Label("阶段", "stage"),
    "transitions": Label("转换", "transition"),
    "rules": Label("规则", "rule"),
    "unique": Label("唯一规则", "unique rule"),
    "lock": Label("锁", "lock"),
    "grants": Label("授权", "grant"),
    "values": Label("设置", "setting"),
    "measures": Label("指标", "measure"),
    "menu": Label("菜单组", "menu group"),
    "steps": Label("步骤", "step"),
    "then": Label("步骤", "step"),
    "else": Label("步骤", "step"),
    "layout": Label("部分", "part"),
    "blocks": Label("内容块", "block"),
    "tabs": Label("标签页", "tab"),
}
"""What the members of a list are called."""
_NAMING = ("name", "code", "value")
_SILENT = ("id", "kind", "was")
_WORDS: Mapping[What, Label] = {
    "added": Label("新增{what}", "{what} added"),
    "removed": Label("删除{what}", "{what} removed"),
    "renamed": Label("{what}改名：{before} → {after}", "{what} renamed: {before} → {after}"),
    "moved": Label("{what}移动了位置", "{what} moved"),
    "changed": Label("{what}：{before} → {after}", "{what}: {before} → {after}"),
}
_ABSENT = Label("（无）", "(none)")
_SHOWN_MAX = 80


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs."""

    what: What
    subject: Label
    """Field “fee”, step “wait” · until …"""
    path: tuple[str, ...]
    """The way to it by names: `("fields", "fee", "required")`."""
    before: Any = None
    after: Any = None

    def text(self, language: Language) -> str:
        """In words."""
        words = _WORDS[self.what].in_(language)
        before, after = narrowed(self.before, self.after)
        return words.format(
            what=self.subject.in_(language), before=_shown(before, language), after=_shown(after, language)
        )


@dataclass(frozen=True, slots=True)
class DocumentChange:
    """A document that differs."""

    what: What
    kind: str
    """Kind of document, or `file`."""
    name: str
    """Its name now, or as it was where it is gone."""
    changes: tuple[Change, ...] = ()

    def title(self, language: Language) -> str:
        """Such as `Entity visit changed`, in words."""
        kind = KINDS.get(self.kind).label if self.kind in KINDS else Label("文件", "file")
        verb = {
            "added": Label("新增", "added"),
            "removed": Label("删除", "removed"),
        }.get(self.what, Label("修改", "changed"))
        if language == "zh":
            return f"{verb.zh}{kind.zh} {self.name}"
        return f"{kind.en} {self.name} {verb.en}"


def difference(old: Stored, new: Stored) -> tuple[DocumentChange, ...]:
    """What differs, in the order of kinds and names. Documents are the same by id, or else by kind and name."""
    return tuple(
        sorted(
            (*_documents(old, new), *_files(old, new)),
            key=lambda change: (_order(change.kind), change.name, change.what),
        )
    )


def describe(changes: tuple[DocumentChange, ...], language: Language) -> str:
    """A difference as text: a line a document, its changes below it."""
    lines = []
    for document in changes:
        lines.append(document.title(language))
        lines += [f"  {change.text(language)}" for change in document.changes]
    return "\n".join(lines)


def as_data(changes: tuple[DocumentChange, ...], language: Language) -> list[dict[str, Any]]:
    """A difference for scripts: JSON values, with the words beside."""
    return [
        {
            "what": document.what,
            "kind": document.kind,
            "name": document.name,
            "changes": [
                {
                    "what": change.what,
                    "path": list(change.path),
                    "before": change.before,
                    "after": change.after,
                    "text": change.text(language),
                }
                for change in document.changes
            ],
        }
        for document in changes
    ]


def _order(kind: str) -> int:
    kinds = list(KINDS)
    return kinds.index(kind) if kind in kinds else len(kinds)


def _documents(old: Stored, new: Stored) -> Iterator[DocumentChange]:
    before = {key: data for key, data in old.items() if not key.startswith(FILE_KEY)}
    after = {key: data for key, data in new.items() if not key.startswith(FILE_KEY)}
    ids = {(key.partition("/")[0], data.get("id")): key for key, data in before.items()}
    met: set[str] = set()
    for key, data in after.items():
        kind, _, name = key.partition("/")
        same = ids.get((kind, data.get("id")))
        if same is None and key in before and before[key].get("id") not in _ids(after, kind):
            same = key
        if same is None:
            yield DocumentChange("added", kind, name)
            continue
        met.add(same)
        found = tuple(_compared(before[same], data, (), Label("", "")))
        if found:
            yield DocumentChange("changed", kind, name, found)
    for key in before.keys() - met:
        kind, _, name = key.partition("/")
        yield DocumentChange("removed", kind, name)


def _ids(documents: Stored, kind: str) -> set[Any]:
    return {data.get("id") for key, data in documents.items() if key.startswith(f"{kind}/")}


def _files(old: Stored, new: Stored) -> Iterator[DocumentChange]:
    for key in sorted(old.keys() | new.keys()):
        if key.startswith(FILE_KEY) and old.get(key) != new.get(key):
            what: What = "added" if key not in old else "removed" if key not in new else "changed"
            yield DocumentChange(what, "file", key.removeprefix(FILE_KEY))


def _compared(
    old: Mapping[str, Any], new: Mapping[str, Any], path: tuple[str, ...], around: Label
) -> Iterator[Change]:
    """Two versions of one thing."""
    for key in dict.fromkeys((*old, *new)):
        before, after = old.get(key), new.get(key)
        if key in _SILENT or before == after:
            continue
        here = (*path, key)
        if _is_named(before) or _is_named(after):
            yield from _members(before or [], after or [], here, around)
        elif (
            isinstance(before, dict) and isinstance(after, dict) and set(after) | set(before) != {"zh", "en"}
        ):
            yield from _compared(before, after, here, _join(around, Label(key, key)))
        elif key in _NAMING and isinstance(before, (str, int)) and isinstance(after, (str, int)):
            yield Change(
                "renamed", around if around.en else _join(around, Label(key, key)), here, before, after
            )
        else:
            yield Change("changed", _join(around, Label(key, key)), here, before, after)


def _is_named(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) and "id" in v for v in value)


def _members(
    old: list[dict[str, Any]], new: list[dict[str, Any]], path: tuple[str, ...], around: Label
) -> Iterator[Change]:
    """Two versions of a list whose members have ids."""
    before = {item["id"]: item for item in old if isinstance(item, dict)}
    after = {item["id"]: item for item in new if isinstance(item, dict)}
    for identity, item in before.items():
        if identity not in after:
            yield Change("removed", _called(item, path[-1], around), (*path, name_of(item)), before=item)
    kept = [identity for identity in after if identity in before]
    still = _longest_in_order([identity for identity in before if identity in after], kept)
    for identity, item in after.items():
        subject = _called(item, path[-1], around)
        here = (*path, name_of(item))
        if identity not in before:
            yield Change("added", subject, here, after=item)
            continue
        yield from _compared(before[identity], item, here, _called(before[identity], path[-1], around))
        if identity not in still:
            yield Change("moved", subject, here)


def narrowed(before: Any, after: Any) -> tuple[Any, Any]:
    """Of two lists, what only one of them has; both whole where that is nothing but an order."""
    if not (isinstance(before, list) and isinstance(after, list)):
        return before, after
    gone = [value for value in before if value not in after]
    come = [value for value in after if value not in before]
    return (gone, come) if gone or come else (before, after)


def _longest_in_order(old: list[Any], new: list[Any]) -> set[Any]:
    """The members that keep their order: a longest rising run of their old places."""
    place = {identity: index for index, identity in enumerate(old)}
    ends: list[int] = []
    holders: list[int] = []
    before: list[int] = []
    for index, identity in enumerate(new):
        length = bisect_left(ends, place[identity])
        before.append(holders[length - 1] if length else -1)
        if length == len(ends):
            ends.append(place[identity])
            holders.append(index)
        else:
            ends[length], holders[length] = place[identity], index
    at = holders[-1] if holders else -1
    kept: set[Any] = set()
    while at >= 0:
        kept.add(new[at])
        at = before[at]
    return kept


def name_of(item: Mapping[str, Any]) -> str:
    """What a member of a list is called: by its name, else by what it is about."""
    for key in _NAMING:
        if item.get(key) not in (None, ""):
            return str(item[key])
    if "from" in item and "to" in item:
        return f"{_shown(item['from'], 'en')} → {_shown(item['to'], 'en')}"
    for key in ("entity", "section", "label", "report", "view", "metric", "when"):
        if key in item:
            return _shown(item[key], "en")
    return str(item["id"])


def _called(item: Mapping[str, Any], group: str, around: Label) -> Label:
    what = ITEMS.get(group, Label(group, group))
    name = name_of(item)
    return _join(around, Label(f"{what.zh}「{name}」", f"{what.en} “{name}”"))


def _join(around: Label, inner: Label) -> Label:
    if not around.en:
        return inner
    return Label(f"{around.zh} · {inner.zh}", f"{around.en} · {inner.en}")


def _shown(value: Any, language: Language) -> str:
    if value is None:
        return _ABSENT.in_(language)
    if isinstance(value, dict) and value.keys() <= {"zh", "en"} and value:
        return str(value.get(language) or next(iter(value.values())))
    if isinstance(value, str):
        text = value
    elif isinstance(value, list) and all(isinstance(v, (str, int, float)) for v in value):
        text = ", ".join(map(str, value)) or _ABSENT.in_(language)
    else:
        text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN_MAX else text[: _SHOWN_MAX - 1] + "…"
