"""What a schema refuses, in words: which of several shapes was meant, what was expected there, the nearest name."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from jsonschema.exceptions import ValidationError

from dougong_runtime.documents.kinds import KINDS
from dougong_runtime.documents.problems import (
    BAD_NAME,
    BAD_VALUE,
    MISSING_PROPERTY,
    UNKNOWN_PROPERTY,
    few,
    hinted,
    unknown,
)
from dougong_runtime.documents.schema_shapes import meant, resolved, tags_of
from dougong_runtime.documents.source import Raw
from dougong_runtime.documents.yaml_text import PathSteps
from dougong_runtime.errors import Problem
from dougong_runtime.labels import Label
from dougong_runtime.names import nearest

_TYPES: Mapping[str, Label] = {
    "string": Label("文字", "text"),
    "number": Label("数字", "a number"),
    "integer": Label("整数", "a whole number"),
    "boolean": Label("true 或 false", "true or false"),
    "array": Label("列表", "a list"),
    "object": Label("一组属性", "a set of properties"),
    "null": Label("空", "nothing"),
}


@dataclass(frozen=True)
class Finding:
    """One problem, and the part that must go for the rest to hold."""

    problem: Problem
    cut: PathSteps


def explain(error: ValidationError, raw: Raw, data: Any) -> Iterator[Finding]:
    """One refusal of the schema library as problems with places, each with the part that must go."""
    path: PathSteps = tuple(error.absolute_path)
    instance: Any = error.instance
    wanted = _wanted(error)
    match error.validator:
        case "additionalProperties" if isinstance(error.schema, dict):
            known = error.schema.get("properties", {})
            for key in instance:
                if key not in known:
                    place = raw.places.at((*path, key), key=True)
                    owner = _owner(path, raw)
                    yield Finding(unknown(UNKNOWN_PROPERTY, key, known, place, owner=owner), (*path, key))
        case "required":
            known = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
            strangers = [key for key in instance if key not in known]
            for name in wanted:
                if name in instance:
                    continue
                facts = {"owner": _owner(path, raw), "name": name}
                meant = nearest(name, strangers)
                if meant is None:
                    yield Finding(Problem(MISSING_PROPERTY, None, facts, raw.places.at(path)), path)
                    continue
                place = raw.places.at((*path, meant), key=True)
                yield Finding(unknown(UNKNOWN_PROPERTY, meant, known, place, owner=facts["owner"]), path)
        case "oneOf" | "anyOf":
            yield from _alternatives(error, raw, data)
        case "pattern" if path and path[-1] == "name" and isinstance(instance, str):
            yield Finding(Problem(BAD_NAME, None, {"name": instance}, raw.places.at(path)), path)
        case _:
            zh, en, near = _words(error)
            facts = {"zh": zh, "en": en, "nearest": near}
            yield Finding(Problem(BAD_VALUE, None, hinted(facts), raw.places.at(path)), path)


def _wanted(error: ValidationError) -> Any:
    """What the schema asks for at the keyword that failed."""
    return error.validator_value


def _words(error: ValidationError) -> tuple[str, str, str | None]:
    wanted, instance = _wanted(error), error.instance
    shown = _shown(instance)
    match error.validator:
        case "type":
            types = [wanted] if isinstance(wanted, str) else list(wanted)
            zh = " 或 ".join(_TYPES[t].zh for t in types)
            en = " or ".join(_TYPES[t].en for t in types)
            return f"应为{zh}，而不是 {shown}。", f"Expected {en}, found {shown}.", None
        case "enum":
            near = nearest(str(instance), [str(w) for w in wanted])
            listed = ", ".join(str(w) for w in wanted)
            return f"应为 {listed} 之一，而不是 {shown}。", f"Expected one of {listed}; found {shown}.", near
        case "const":
            return f"应为 {wanted}，而不是 {shown}。", f"Expected {wanted}, found {shown}.", None
        case "minimum" | "exclusiveMinimum":
            return f"不能小于 {wanted}。", f"Must not be below {wanted}.", None
        case "maximum" | "exclusiveMaximum":
            return f"不能大于 {wanted}。", f"Must not be above {wanted}.", None
        case "minLength" | "minItems" | "minProperties":
            return f"至少要有 {wanted} 个。", f"At least {wanted} are needed here.", None
        case "maxLength" | "maxItems" | "maxProperties":
            return f"最多 {wanted} 个。", f"At most {wanted} are allowed here.", None
        case "uniqueItems":
            return "不能重复。", "The same stands here twice.", None
        case "pattern":
            examples = error.schema.get("examples") if isinstance(error.schema, dict) else None
            hint = f" {examples[0]}" if examples else f" {wanted}"
            return f"{shown} 写法不对，应如{hint}。", f"{shown} is not written as expected:{hint}.", None
        case _:
            return (
                f"{shown} 不符合要求（{error.validator}）。",
                f"{shown} does not fit ({error.validator}).",
                None,
            )


def _shown(value: Any, limit: int = 60) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(list(value)[:6]) + "}"
    text = "null" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= limit else text[:limit] + "…"


def _owner(path: PathSteps, raw: Raw) -> Label:
    """What the part at a path is called: its kind, or the property that holds it."""
    names = [step for step in path if isinstance(step, str)]
    if not names:
        return KINDS.get(raw.kind).label if raw.kind in KINDS else Label.of(raw.kind)
    return Label(f"「{names[-1]}」", f"“{names[-1]}”")


def _alternatives(error: ValidationError, raw: Raw, data: Any) -> Iterator[Finding]:
    """Of several shapes allowed, tell what is wrong with the one that was meant."""
    branches: dict[int, list[ValidationError]] = {}
    for inner in error.context or ():
        branches.setdefault(int(inner.schema_path[0]), []).append(inner)
    path: PathSteps = tuple(error.absolute_path)
    shapes = [resolved(shape) for shape in _wanted(error)]
    chosen = meant(error.instance, shapes)
    if chosen is not None and chosen in branches:
        known = {name for shape in shapes for name in shape.get("properties", {})}
        for inner in branches[chosen]:
            for finding in explain(inner, raw, data):
                yield _wider(finding, known) if not inner.path else finding
        return
    tags = [tag for shape in shapes for tag in tags_of(shape)]
    marks = {str(value) for _, value in tags if value is not None}
    key = next((name for name, value in tags if value is not None), None)
    if key is not None and isinstance(error.instance, dict) and key in error.instance:
        value = error.instance[key]
        zh = f"没有「{value}」这一种。"
        en = f"“{value}” is none of the known ones."
        facts = {"zh": zh, "en": en, "nearest": nearest(str(value), marks), "known": few(sorted(marks), 40)}
        yield Finding(Problem(BAD_VALUE, None, hinted(facts), raw.places.at((*path, key))), path)
        return
    shown, keys = _shown(error.instance), list(dict.fromkeys(name for name, _ in tags))
    if isinstance(error.instance, dict) and keys:
        listed, near = ", ".join(keys), nearest(next(iter(error.instance), ""), keys)
        zh, en = f"{shown} 应有其中一项：{listed}。", f"{shown} should have one of {listed}."
    else:
        words, near = list(dict.fromkeys(_type_words(shapes))), None
        zh = f"应为{' 或 '.join(word.zh for word in words)}，而不是 {shown}。"
        en = f"Expected {' or '.join(word.en for word in words)}, found {shown}."
    facts = {"zh": zh, "en": en, "nearest": near}
    yield Finding(Problem(BAD_VALUE, None, hinted(facts), raw.places.at(path)), path)


def _wider(finding: Finding, known: set[str]) -> Finding:
    """An unknown property may have been meant for another of the shapes."""
    problem = finding.problem
    if problem.type is not UNKNOWN_PROPERTY or problem.facts.get("nearest") is not None:
        return finding
    near = nearest(str(problem.facts["name"]), known)
    facts = hinted({**problem.facts, "nearest": near})
    return replace(finding, problem=replace(problem, facts=facts))


def _type_words(shapes: Iterable[Mapping[str, Any]]) -> Iterator[Label]:
    for shape in shapes:
        types = shape.get("type", ())
        yield from (_TYPES[name] for name in ([types] if isinstance(types, str) else types))
        yield from (Label.of(str(value)) for value in shape.get("enum", ()))
