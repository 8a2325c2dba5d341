"""Ids for everything that has a name and states none: they follow from app, kind and name, so two machines agree.

What has no name of its own (a transition, a block, a lock) is known by what it says; of several that say the same, the
later ones carry a number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dougong_runtime.names import derived_id

Json = dict[str, Any]
_NAMING = ("name", "value", "code")
"""Properties that name a thing, in the order they are looked for."""
_SAYING = (
    "section",
    "tabs",
    "list",
    "report",
    "view",
    "metric",
    "timeline",
    "form",
    "chart",
    "text",
    "title",
    "label",
    "entity",
    "field",
    "formula",
    "fields",
    "when",
)
"""Properties by which a thing without a name is known."""


def filled(app: str, kind: str, data: Mapping[str, Any]) -> Json:
    """A document with an id on every named thing; those it states are kept. Short forms become whole ones."""
    name = str(data.get("name", ""))
    path = (app, kind, name)
    fill = _KINDS.get(kind)
    made = fill(path, dict(data)) if fill is not None else dict(data)
    return _with_id(made, derived_id(*path))


def _with_id(data: Mapping[str, Any], identity: str) -> Json:
    if data.get("id"):
        return dict(data)
    kept = {key: value for key, value in data.items() if key != "id"}
    after = next((key for key in _NAMING if key in kept), None)
    if after is None:
        return {"id": identity, **kept}
    made: Json = {}
    for key, value in kept.items():
        made[key] = value
        if key == after:
            made["id"] = identity
    return made


def _said(data: Mapping[str, Any]) -> str:
    """By what a thing is known among its neighbours."""
    for key in _NAMING:
        if data.get(key) not in (None, ""):
            return str(data[key])
    if "from" in data or "to" in data:
        return f"{_flat(data.get('from'))}>{_flat(data.get('to'))}"
    return next((f"{key}:{_flat(data[key])}" for key in _SAYING if key in data), "part")


def _flat(value: object) -> str:
    if isinstance(value, Mapping):
        return ",".join(f"{key}={_flat(inner)}" for key, inner in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ",".join(_flat(inner) for inner in value)
    return str(value)


def _listed(
    path: tuple[str, ...],
    word: str,
    items: object,
    whole: str | None = None,
    inner: Callable[[tuple[str, ...], Json], Json] | None = None,
) -> Any:
    """A list with ids on its members; a member that is not a mapping becomes one under the key `whole`."""
    if not isinstance(items, list):
        return items
    seen: dict[str, int] = {}
    made = []
    for item in items:
        if not isinstance(item, Mapping):
            if whole is None or item is None:
                made.append(item)
                continue
            item = {whole: [item] if whole == "fields" and isinstance(item, str) else item}
        said = _said(item)
        count = seen[said] = seen.get(said, 0) + 1
        here = (*path, word, said if count == 1 else f"{said}#{count}")
        kept = inner(here, dict(item)) if inner is not None else item
        # Most have one: an act of building comes by here with every field, and to derive an id takes longer than all else.
        made.append(dict(kept) if kept.get("id") else _with_id(kept, derived_id(*here)))
    return made


def _replace(data: Json, **made: Any) -> Json:
    return {key: made.get(key, value) for key, value in data.items()}


def _field(path: tuple[str, ...], data: Json) -> Json:
    return _replace(
        data,
        options=_listed(path, "option", data.get("options"), "value"),
        stages=_listed(path, "stage", data.get("stages"), "value"),
        transitions=_listed(path, "transition", data.get("transitions")),
    )


def _entity(path: tuple[str, ...], data: Json) -> Json:
    return _replace(
        data,
        fields=_listed(path, "field", data.get("fields"), None, _field),
        rules=_listed(path, "rule", data.get("rules")),
        unique=_listed(path, "unique", data.get("unique"), "fields"),
        lock=_listed(path, "lock", data.get("lock")),
    )


def _block(path: tuple[str, ...], data: Json) -> Json:
    return _replace(
        data,
        tabs=_listed(path, "tab", data.get("tabs"), None, _block),
        blocks=_listed(path, "block", data.get("blocks"), None, _block),
        layout=_listed(path, "part", data.get("layout"), None, _block),
    )


def _steps(path: tuple[str, ...], data: Json) -> Json:
    made = {
        key: _step_list((*path, key), value) if _is_steps(value) else value for key, value in data.items()
    }
    for key in ("cases", "branches"):
        if isinstance(made.get(key), list):
            made[key] = [
                _steps((*path, key, str(index)), dict(case)) if isinstance(case, Mapping) else case
                for index, case in enumerate(made[key])
            ]
    return made


def _is_steps(value: object) -> bool:
    return isinstance(value, list) and any(isinstance(item, Mapping) and "do" in item for item in value)


def _step_list(path: tuple[str, ...], steps: list[Any]) -> list[Any]:
    made = []
    for index, step in enumerate(steps):
        if not isinstance(step, Mapping):
            made.append(step)
            continue
        inner = _steps((*path, str(step.get("id", index))), dict(step))
        made.append(_with_id(inner, "s" + derived_id(*path, str(index))[:8]))
    return made


def _report(path: tuple[str, ...], data: Json) -> Json:
    return _replace(
        data,
        rows=_listed(path, "row", data.get("rows")),
        columns=_listed(path, "column", data.get("columns")),
        measures=_listed(path, "measure", data.get("measures")),
    )


def _role(path: tuple[str, ...], data: Json) -> Json:
    return _replace(data, grants=_listed(path, "grant", data.get("grants")))


def _settings(path: tuple[str, ...], data: Json) -> Json:
    return _replace(data, values=_listed(path, "value", data.get("values")))


def _app(path: tuple[str, ...], data: Json) -> Json:
    return _replace(data, menu=_listed(path, "group", data.get("menu")))


_KINDS: Mapping[str, Callable[[tuple[str, ...], Json], Json]] = {
    "app": _app,
    "entity": _entity,
    "form": _block,
    "page": _block,
    "dashboard": _block,
    "workflow": _steps,
    "report": _report,
    "role": _role,
    "settings": _settings,
}
