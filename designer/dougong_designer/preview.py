"""What a draft may show before it is published, and to whom: the app that a preview runs.

Who builds may change what roles see; that counts once it is published, by somebody who may. Until then a preview for
oneself takes rights, and what rights rest on, from the running version: its roles, its settings, its entities. Of the
draft it takes how things look: forms, pages, views, words; and its new fields, which hold nothing yet. Only who looks on
as somebody else, which administrators may and which is audited, sees by the draft's own roles.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock
from typing import Any

from dougong_designer.checking import check
from dougong_designer.draft import Draft
from dougong_designer.entities.fields import fields_of
from dougong_designer.patch import Documents
from dougong_runtime.errors import Refused, problem_type, refuse
from dougong_runtime.fields import FIELD_TYPES
from dougong_runtime.model.app import App
from dougong_runtime.model.graph import Graph
from dougong_runtime.model.link import Linked, examine_stored
from dougong_runtime.names import derived_id
from dougong_runtime.records.running import Running
from dougong_runtime.storage.over import TablesOver

KEPT_MAX = 4
"""Previews that a process keeps ready."""
OF_RIGHTS = ("role", "settings")
"""Kinds that a preview for oneself takes from the running version."""
_GUARDS = ("rules", "unique", "lock", "append_only", "retain")
_COMPUTING = ("formula", "default", "refresh", "visible", "was")
_PLAIN = ("integer", "decimal", "money", "percent", "date", "datetime")
"""Results that a new formula is shown as."""
_LOOKS = ("label", "help", "placeholder", "unit")

NOT_READY = problem_type(
    "preview-not-ready",
    409,
    "草稿里还有错误，先改好才能预览：{zh}",
    "The draft has problems that stand in the way of a preview: {en}",
    remedy=("打开底部的问题栏。", "Open the list of problems at the foot of the studio."),
)

_kept: OrderedDict[tuple[str, int, int, int, bool], tuple[object, Running]] = OrderedDict()
_making = Lock()


def running_preview(draft: Draft, running: Running, *, by_draft: bool) -> Running:
    """The draft as an app that reads the running version's tables. `by_draft`: with the draft's own roles and
    entities. Raises Refused (NOT_READY)."""
    key = (draft.app, draft.base, draft.revision, running.number, by_draft)
    # A page's blocks ask at the same time: one of them makes it, the others wait for it.
    with _making:
        known = _kept.get(key)
        if known is not None and known[0] is draft.documents:
            _kept.move_to_end(key)
            return known[1]
        linked = (
            check(draft) if by_draft else examine_stored(for_oneself(draft.documents, running.app.source))
        )
        made = _run(_usable(linked), running)
        _kept[key] = (draft.documents, made)
        while len(_kept) > KEPT_MAX:
            _kept.popitem(last=False)
        return made


def _usable(linked: Linked) -> App:
    """The app, where what is wrong concerns neither entities nor roles."""
    of_rights = ("app", "entity", *OF_RIGHTS)
    bad = [p for p in linked.problems if p.place is None or p.place.file.partition("/")[0] in of_rights]
    if linked.app is None or bad:
        first = (bad or list(linked.problems))[0]
        raise refuse(NOT_READY, zh=first.text("zh"), en=first.text("en"))
    return linked.app


def _run(app: App, running: Running) -> Running:
    try:
        graph = Graph.of(app)
    except Refused as refused:
        first = refused.problems[0]
        raise refuse(NOT_READY, zh=first.text("zh"), en=first.text("en")) from None
    return Running(app, TablesOver(app, running.tables), running.number, running.dialect, graph)


def for_oneself(documents: Documents, running: Documents) -> Documents:
    """The draft's documents with the running version's rights; see above."""
    made: dict[str, Any] = {}
    for key, data in documents.items():
        kind = key.partition("/")[0]
        if kind in OF_RIGHTS:
            continue
        if kind == "entity":
            made[key] = _entity(data, running.get(key))
        else:
            made[key] = data
    for key, data in running.items():
        if key.partition("/")[0] in (*OF_RIGHTS, "entity"):
            made.setdefault(key, data)
    return made


def _entity(data: Mapping[str, Any], before: Mapping[str, Any] | None) -> dict[str, Any]:
    """An entity as it runs, in the draft's words, with the draft's new fields."""
    if before is None:
        rest = {k: v for k, v in data.items() if k not in _GUARDS}
        return {
            **rest,
            "id": derived_id("preview", str(data.get("name"))),
            "fields": [_bare(str(data.get("name")), raw) for raw in fields_of(data)],
        }
    drafted = {raw.get("id"): raw for raw in fields_of(data)}
    names = {raw.get("name") for raw in fields_of(before)}
    kept = [_in_words_of(raw, drafted.get(raw.get("id"))) for raw in fields_of(before)]
    new = [_bare(str(data.get("name")), raw) for raw in fields_of(data) if raw.get("name") not in names]
    words = {k: data[k] for k in ("label", "plural", "help", "icon") if k in data}
    return {**before, **words, "fields": [*kept, *new]}


def _in_words_of(raw: Mapping[str, Any], drafted: Mapping[str, Any] | None) -> dict[str, Any]:
    return {**raw, **{k: drafted[k] for k in _LOOKS if drafted is not None and k in drafted}}


def _bare(entity: str, raw: Mapping[str, Any]) -> dict[str, Any]:
    """A field that holds nothing: without what it would be computed from, and under an id that no column has."""
    identity = derived_id("preview", entity, str(raw.get("name")))
    made = {k: v for k, v in raw.items() if k not in _COMPUTING} | {"id": identity}
    if raw.get("type") == "formula":
        result = str(raw.get("result") or "text")
        plain = result if result in _PLAIN else "text"
        allowed = {"id", "name", "label", "help", *FIELD_TYPES.get(plain).schema}
        return {**{k: v for k, v in made.items() if k in allowed}, "type": plain}
    if raw.get("type") == "stage":
        ways = raw.get("transitions") or ()
        made["transitions"] = [{k: v for k, v in way.items() if k in ("from", "to", "id")} for way in ways]
    made.pop("required", None)
    return made
