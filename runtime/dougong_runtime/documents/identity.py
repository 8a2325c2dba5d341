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
_NAMING = ("name", "value", "code")


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
    by_name = {_named(old): old for old in by_id.values()}
    taken = {new["id"] for new in news} & set(by_id)
    made = []
    for new in news:
        name = _named(new)
        here = (*path, str(name))
        old = by_id.get(new["id"])
        if old is None:
            was = new.get("was") or ()
            earlier = [w for w in ((was,) if isinstance(was, (str, int)) else was) if w in by_name]
            if earlier and by_name[earlier[0]]["id"] not in taken:
                old = by_name[earlier[0]]
            elif (
                (was or new["id"] == derived_id(*here))
                and name in by_name
                and by_name[name]["id"] not in taken
            ):
                old = by_name[name]
        thing = dict(new)
        if old is not None:
            taken.add(old["id"])
            thing["id"] = old["id"]
        for key, word in _INSIDE.get(kind, ()):
            members = new.get(key)
            if isinstance(members, list) and all(_is_thing(m) for m in members):
                before = [m for m in (old or {}).get(key) or () if _is_thing(m)]
                thing[key] = _adopted(word, (*here, word), before, members)
        made.append(thing)
    return made
