"""Who is who between the documents that run and those that come: by id, then by `was`, then by name.

A thing that is found keeps the id it has. Ids that a file leaves out follow from names, so a rename by hand would give
a new one; here the old one is put back, and from then on everything goes by ids alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dougong_runtime.names import derived_id

_INSIDE: Mapping[str, tuple[tuple[str, str], ...]] = {
    "entity": (("fields", "field"), ("rules", "rule")),
    "field": (("options", "option"), ("stages", "stage")),
    "settings": (("values", "value"),),
}
"""Kind of thing → the lists in it whose members have names, and what ids are derived from for them."""
_NAMING = ("name", "code", "value")


def adopt(app: str, running: Mapping[str, Any], coming: Mapping[str, Any]) -> dict[str, Any]:
    """The coming documents (`App.source`), each thing with the id it has in the running ones."""
    made = dict(coming)
    by_kind: dict[str, list[str]] = {}
    for place in coming:
        by_kind.setdefault(place.partition("/")[0], []).append(place)
    for kind, places in by_kind.items():
        olds = [d for p, d in running.items() if p.partition("/")[0] == kind and _is_thing(d)]
        news = [coming[p] for p in places if _is_thing(coming[p])]
        kept = dict(
            zip(
                [p for p in places if _is_thing(coming[p])],
                _adopted(kind, (app, kind), olds, news),
                strict=True,
            )
        )
        made.update(kept)
    return made


def _is_thing(data: object) -> bool:
    return isinstance(data, Mapping) and "id" in data


def _named(data: Mapping[str, Any]) -> Any:
    return next((data[key] for key in _NAMING if key in data), None)


def _adopted(
    kind: str, path: tuple[str, ...], olds: Iterable[Mapping[str, Any]], news: list[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    by_id = {old["id"]: old for old in olds}
    found = _paired(path, by_id, news)
    made = []
    for new, old in zip(news, found, strict=True):
        thing = dict(new)
        if old is not None:
            thing["id"] = old["id"]
        elif new["id"] in by_id:
            thing["id"] = derived_id(*path, str(_named(new)), "again")
        for key, word in _INSIDE.get(kind, ()):
            members = new.get(key)
            if isinstance(members, list) and all(_is_thing(m) for m in members):
                before = [m for m in (old or {}).get(key) or () if _is_thing(m)]
                thing[key] = _adopted(word, (*path, str(_named(new)), word), before, members)
        made.append(thing)
    return made


def _paired(
    path: tuple[str, ...], by_id: Mapping[str, Mapping[str, Any]], news: list[Mapping[str, Any]]
) -> list[Mapping[str, Any] | None]:
    """The old thing of each new one, or None.

    An id that a file states goes before all. Where ids follow from names, a `was` counts that names something gone;
    then the name; and last a `was` that names something still there, which has then been renamed itself.
    """
    by_name = {_named(old): old for old in by_id.values()}
    new_names = {_named(new) for new in news}
    found: dict[int, Mapping[str, Any]] = {}
    taken: set[str] = set()

    def pair(at: int, old: Mapping[str, Any] | None) -> None:
        if old is not None and at not in found and old["id"] not in taken:
            found[at] = old
            taken.add(old["id"])

    derived = [new["id"] == derived_id(*path, str(_named(new))) for new in news]
    for at, new in enumerate(news):
        if not derived[at]:
            pair(at, by_id.get(new["id"]))
    for at, new in enumerate(news):
        for earlier in _was(new):
            if earlier not in new_names:
                pair(at, by_name.get(earlier))
    for at, new in enumerate(news):
        if derived[at] or _was(new):
            pair(at, by_name.get(_named(new)))
    for at, new in enumerate(news):
        for earlier in _was(new):
            pair(at, by_name.get(earlier))
    for at, new in enumerate(news):
        if derived[at] and _named(by_id.get(new["id"], {})) not in new_names:
            pair(at, by_id.get(new["id"]))
    return [found.get(at) for at in range(len(news))]


def _was(new: Mapping[str, Any]) -> tuple[Any, ...]:
    was = new.get("was") or ()
    return (was,) if isinstance(was, (str, int)) else tuple(was)
