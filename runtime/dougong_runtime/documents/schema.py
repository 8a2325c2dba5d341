"""Whether documents have the shape that their schemas say, and all that is wrong, in words with places.

What is refused is cut out of the document, so that the rest can still be linked and its problems told at once.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain, islice
from typing import Any

from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator
from referencing import Registry, Resource

from dougong_runtime.documents.kinds import KINDS
from dougong_runtime.documents.problems import say, sentence
from dougong_runtime.documents.schema_shapes import Checker, schema_of
from dougong_runtime.documents.schema_words import explain
from dougong_runtime.documents.source import Raw, Source
from dougong_runtime.documents.yaml_text import PathSteps
from dougong_runtime.errors import Problem
from dougong_runtime.fields import FIELD_TYPES

ROUNDS_MAX = 6
"""How often a document is cut before it is given up."""
FINDINGS_MAX = 200
"""How many problems of one document are told; the others would bury them."""
_NAMING = ("name", "value", "code", "id")


@dataclass(frozen=True)
class Checked:
    """A source without the parts that were refused."""

    source: Source
    problems: tuple[Problem, ...]
    forgiven: frozenset[str]
    """Names that stand in the parts refused."""


@cache
def _registry() -> Registry[Any]:
    shared = [schema_of(name) for name in ("common", "page")]
    return Registry().with_resources(
        [(str(schema["$id"]), Resource.from_contents(dict(schema))) for schema in shared]
    )


@cache
def validator(kind: str) -> Validator:
    """The checker of one kind."""
    return Checker(dict(schema_of(kind)), registry=_registry())


def check(source: Source) -> Checked:
    """Check every document against its kind's schema; raises nothing."""
    problems: list[Problem] = []
    kept: list[Raw] = []
    forgiven: set[str] = set()
    for raw in source.documents:
        if raw.kind not in KINDS:
            kept.append(raw)
            continue
        data, found, names = check_document(raw)
        problems += found
        forgiven |= names
        kept.append(raw if not found else replace(raw, data=data))
    return Checked(replace(source, documents=tuple(kept)), tuple(problems), frozenset(forgiven))


def check_document(raw: Raw) -> tuple[Mapping[str, Any], list[Problem], set[str]]:
    """One document: what is left of it (empty where nothing can be), its problems, names in what was cut."""
    checker = validator(raw.kind)
    problems: list[Problem] = []
    names: set[str] = set()
    data: Any = raw.data
    for round_ in range(ROUNDS_MAX):
        errors = (
            error
            for error in chain(checker.iter_errors(data), _type_errors(raw.kind, data))
            if round_ == 0 or not _is_gap(error)
        )
        findings = list(islice((f for error in errors for f in explain(error, raw, data)), FINDINGS_MAX))
        if not findings:
            return data, problems, names
        if round_ == 0:
            problems = _once(finding.problem for finding in findings)
        data = copy.deepcopy(data)
        for finding in findings:
            names |= set(_names_in(_at(data, finding.cut)))
            if not finding.cut:
                return {}, problems, names
            _cut(data, finding.cut)
    names |= set(_names_in(raw.data))
    return {}, problems, names


_TYPED = {"entity": "fields", "settings": "values"}
"""Kinds of documents whose members have a field type, and the property that lists them."""


def _type_errors(kind: str, data: Any) -> Iterator[ValidationError]:
    """What the schemas of the field types themselves refuse: `scale: many`, an unknown scheme."""
    group = _TYPED.get(kind)
    members = data.get(group) if group is not None else None
    for index, member in enumerate(members if isinstance(members, list) else ()):
        if not isinstance(member, dict):
            continue
        stated = (member.get("type"), member.get("result"))
        for type_name in dict.fromkeys(name for name in stated if isinstance(name, str)):
            if type_name not in FIELD_TYPES:
                continue
            for name, checker in _type_validators(type_name).items():
                if name in member:
                    for error in checker.iter_errors(member[name]):
                        error.path.extendleft((name, index, str(group)))
                        yield error


@cache
def _type_validators(type_name: str) -> Mapping[str, Validator]:
    schemas = FIELD_TYPES.get(type_name).schema
    base = str(schema_of("common")["$id"]).replace("common.", "field-type.")
    return {
        name: Checker({"$id": base, **part}, registry=_registry())
        for name, part in schemas.items()
        if name != "options"
    }


def _once(problems: Iterable[Problem]) -> list[Problem]:
    once = {(problem.type.name, problem.place, problem.text("en")): problem for problem in problems}
    return list(once.values())


def _is_gap(error: ValidationError) -> bool:
    """Whether it is about a member of a list that was cut out."""
    return error.instance is None and bool(error.absolute_path) and isinstance(error.absolute_path[-1], int)


def _at(data: Any, path: PathSteps) -> Any:
    for step in path:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def _cut(data: Any, path: PathSteps) -> None:
    """Take a part out; members of lists leave None, so that the others keep their places."""
    around = _at(data, path[:-1])
    if isinstance(around, list) and isinstance(path[-1], int):
        around[path[-1]] = None
    elif isinstance(around, dict):
        around.pop(path[-1], None)


def _names_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key in _NAMING and isinstance(inner, str):
                yield inner
            elif isinstance(inner, (dict, list)):
                yield from _names_in(inner)
    elif isinstance(value, list):
        for inner in value:
            if isinstance(inner, (dict, list)):
                yield from _names_in(inner)


__all__ = ["Checked", "check", "check_document", "say", "schema_of", "sentence", "validator"]
