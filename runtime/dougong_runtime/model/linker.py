"""What the linking of every kind stands on: names resolved, formulas typed, problems and references written down."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from dougong_runtime.documents.cursor import Cursor
from dougong_runtime.documents.problems import (
    BAD_VALUE,
    DUPLICATE,
    FORMULA_WRONG,
    UNKNOWN_DOCUMENT,
    UNKNOWN_FIELD,
    WRONG_FIELD,
    said,
    unknown,
)
from dougong_runtime.documents.references import Form, Reference, Target
from dougong_runtime.documents.source import FILE_KEY, Raw
from dougong_runtime.documents.templates import TemplateProblem, template_parts
from dougong_runtime.documents.yaml_text import PathSteps
from dougong_runtime.errors import Problem, ProblemType
from dougong_runtime.fields.base import Formula
from dougong_runtime.formulas.check import Place
from dougong_runtime.formulas.problems import FormulaProblem, FormulaProblems
from dougong_runtime.formulas.shapes import FieldShape, Shapes
from dougong_runtime.formulas.tree import Hop
from dougong_runtime.formulas.types import Kind, ValueType
from dougong_runtime.labels import LANGUAGES, Label
from dougong_runtime.model.app import SettingValue
from dougong_runtime.model.naming import check_named, with_owner
from dougong_runtime.names import nearest

HOPS_MAX = 3


@dataclass(frozen=True, slots=True)
class FieldPath:
    """`patient.risk` from a visit: the hops and the field at the end; `many` where it ends in many records."""

    entity: str
    """The entity that the last name belongs to."""
    name: str
    hops: tuple[Hop, ...]
    type: ValueType
    many: Hop | None = None


@dataclass(frozen=True, slots=True)
class FormulaPlace:
    """Where a formula stands: what its names mean there, and what its result must be."""

    entity: str | None
    """The entity whose fields plain names are; None: none are."""
    place: Place
    expect: ValueType | None
    variables: Mapping[str, ValueType]
    result_of: str
    """The choice (`entity.field`) whose options its results are."""


@dataclass
class Linker:
    """One linking: the app's documents by kind and name, what is known of them so far, and what is wrong."""

    app: str
    documents: Mapping[str, Mapping[str, Raw]]
    """kind → name → document."""
    shapes: Shapes = field(default_factory=dict)
    settings: dict[str, SettingValue] = field(default_factory=dict)
    stages: dict[str, str] = field(default_factory=dict)
    """Entity → its field of type stage."""
    computed: set[tuple[str, str]] = field(default_factory=set)
    """Entity and field that only the system writes."""
    problems: list[Problem] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    forgiven: frozenset[str] = frozenset()
    """Names that stand in parts refused already: not known, but no second problem either."""
    places: dict[PathSteps, FormulaPlace] | None = None
    """Where formulas stand, by their path; kept only where somebody asks for it (`link.places_in`)."""
    texts: dict[PathSteps, FormulaPlace] | None = None
    """The same of texts that hold formulas in braces: what may stand in these."""

    # --- problems -----------------------------------------------------------------------------------------
    def refuse(self, kind: ProblemType, zh: str, en: str, at: Cursor, near: str | None = None) -> None:
        """Note a problem in words of its own."""
        self.problems.append(said(kind, zh, en, at.place(), near))

    def unknown(
        self, kind: ProblemType, at: Cursor, name: object, candidates: Iterable[str], **facts: Any
    ) -> None:
        """Note a name that means nothing, with the nearest that does."""
        if str(name) not in self.forgiven:
            self.problems.append(unknown(kind, name, candidates, at.place(), **facts))

    def duplicate(self, at: Cursor, what: Label, name: object) -> None:
        """Note a name that is taken."""
        self.problems.append(Problem(DUPLICATE, None, {"what": what, "name": name}, at.place()))

    def refer(
        self, at: Cursor, target: Target, form: Form = "name", offset: int = 0, length: int = 0
    ) -> None:
        """Note that a place names a target. In a file that travels, the path begins with the document's number."""
        document, path = at.raw.key, at.path
        if at.raw.travels:
            document, path = FILE_KEY + at.raw.file, (at.raw.places.index, *at.path)
        self.references.append(Reference(document, path, target, form, offset, length))

    def define(self, at: Cursor, target: Target) -> None:
        """Note that a place gives a target its name."""
        self.refer(at, target, "definition")

    # --- names --------------------------------------------------------------------------------------------
    def document(self, at: Cursor | None, kind: str, what: Label | None = None) -> str | None:
        """The name of a document of a kind, checked; None where there is no such document."""
        if at is None:
            return None
        known = self.documents.get(kind, {})
        if at.value in known:
            self.refer(at, Target(kind, at.value))
            return str(at.value)
        self.unknown(UNKNOWN_DOCUMENT, at, at.value, known, what=what or Label(kind, kind))
        return None

    def entity(self, at: Cursor | None) -> str | None:
        """The name of an entity, people and teams included; None (noted) where there is none."""
        if at is None:
            return None
        if at.value in self.shapes:
            self.refer(at, Target("entity", at.value))
            return str(at.value)
        self.unknown(UNKNOWN_DOCUMENT, at, at.value, self.shapes, what=Label("实体", "entity"))
        return None

    def field(self, at: Cursor | None, entity: str | None) -> FieldShape | None:
        """A field of an entity, by its bare name."""
        if at is None or entity is None:
            return None
        shape = self.shapes[entity]
        found = shape.fields.get(str(at.value))
        if found is not None:
            self.refer(at, Target("field", found.name, entity))
            return found
        self.unknown(UNKNOWN_FIELD, at, at.value, shape.fields, of=entity)
        return None

    def many(self, at: Cursor | None, entity: str | None) -> Hop | None:
        """An inverse or a `references` field of an entity."""
        if at is None or entity is None:
            return None
        shape = self.shapes[entity]
        hop = shape.many.get(str(at.value))
        if hop is not None:
            self.refer(at, many_target(entity, hop))
            return hop
        self.unknown(
            UNKNOWN_FIELD, at, at.value, shape.many, of=Label(f"{entity}的关联", f"{entity}, many records")
        )
        return None

    def path(
        self,
        at: Cursor | None,
        entity: str | None,
        *,
        text: str | None = None,
        start: int = 0,
        many: bool = False,
    ) -> FieldPath | None:
        """A dotted path of at most three hops to a field; with `many` it may end in many records.

        `text`: the path where it is but a part of the value, from the character `start` on.
        """
        if at is None or entity is None or not isinstance(at.value, str):
            return None
        names = (at.value if text is None else text).split(".")
        here, hops = entity, []
        if len(names) - 1 > HOPS_MAX:
            self.refuse(WRONG_FIELD, f"路径超过 {HOPS_MAX} 步。", f"A path has at most {HOPS_MAX} steps.", at)
            return None
        for name in names[:-1]:
            found = self.shapes[here].fields.get(name)
            if found is None:
                self.unknown(UNKNOWN_FIELD, at, name, self.shapes[here].fields, of=here)
                return None
            if found.type.kind is not Kind.RECORD or len(found.type.targets) != 1:
                self.refuse(
                    WRONG_FIELD,
                    f"「{name}」不是指向一种实体的引用，不能继续走。",
                    f"“{name}” is no reference to one entity, so nothing can follow it.",
                    at,
                )
                return None
            self.refer(at, Target("field", name, here), "part", start, len(name))
            start += len(name) + 1
            here = found.type.targets[0]
            hops.append(Hop("forward", name, name, here))
        shape, last = self.shapes[here], names[-1]
        if last in shape.fields:
            self.refer(at, Target("field", last, here), "part", start, len(last))
            found = shape.fields[last]
            return FieldPath(here, last, tuple(hops), found.type, shape.many.get(last))
        if many and last in shape.many:
            hop = shape.many[last]
            self.refer(at, many_target(here, hop), "part", start, len(last))
            return FieldPath(here, last, tuple(hops), ValueType(Kind.RECORDS, targets=(hop.entity,)), hop)
        candidates = [*shape.fields, *shape.many] if many else [*shape.fields]
        self.unknown(UNKNOWN_FIELD, at, last, candidates, of=here)
        return None

    def paths(self, at: Cursor | None, entity: str | None, *, many: bool = False) -> tuple[FieldPath, ...]:
        """A list of paths."""
        found = (self.path(node, entity, many=many) for node in at.items()) if at is not None else ()
        return tuple(path for path in found if path is not None)

    def sort(self, at: Cursor | None, entity: str | None) -> tuple[str, ...]:
        """Names to sort by, `-` before one for descending, as a list or separated by commas."""
        found = []
        for node in at.items() if at is not None else ():
            for start, name in sort_parts(str(node.value)):
                bare = name.removeprefix("-")
                if self.path(node, entity, text=bare, start=start + len(name) - len(bare)) is not None:
                    found.append(name)
        return tuple(found)

    # --- formulas -----------------------------------------------------------------------------------------
    def formula(
        self,
        at: Cursor | None,
        entity: str | None,
        place: Place,
        expect: ValueType | None = None,
        *,
        variables: Mapping[str, ValueType] | None = None,
        result_of: str = "",
    ) -> Formula | None:
        """A formula, typed; None where there is none, where its entity is unknown, or where it is wrong (noted).

        `variables`: names besides the entity's fields; with them the formula may stand without an entity.
        `result_of`: the choice (`entity.field`) whose options its results are.
        """
        if at is None or (entity is None and variables is None):
            return None
        if self.places is not None:
            known = copy(variables) if variables is not None else {}
            self.places[at.path] = FormulaPlace(entity, place, expect, known, result_of)
        text = formula_text(at.value)
        return self.formula_text(at, text, entity, place, expect, variables or {}, result_of=result_of)

    def formula_text(
        self,
        at: Cursor,
        text: str,
        entity: str | None,
        place: Place,
        expect: ValueType | None = None,
        variables: Mapping[str, ValueType] = MappingProxyType({}),
        start: int = 0,
        result_of: str = "",
    ) -> Formula | None:
        """A formula that is all of a value, or a part of it that begins at the character `start`."""
        types = {code: setting.field.value_type for code, setting in self.settings.items()}
        try:
            checked, named = check_named(
                text,
                entity=entity,
                shapes=self.shapes,
                settings=types,
                place=place,
                expect=expect,
                variables=variables,
                result_of=result_of,
            )
        except FormulaProblems as wrong:
            for problem in wrong.problems:
                self._formula_problem(at, text, problem, start, variables)
            return None
        for one in named:
            self.refer(at, with_owner(one, at.raw.name), "part", start + one.offset, one.length)
        return Formula(checked.text, checked.tree, checked.clock or checked.asks_user)

    def _formula_problem(
        self,
        at: Cursor,
        text: str,
        problem: FormulaProblem,
        start: int,
        variables: Mapping[str, ValueType],
    ) -> None:
        word = text[problem.offset : problem.offset + problem.length]
        if not self.forgiven.isdisjoint(_WORD.findall(word)):
            return
        zh, en, near = f"{problem.zh}。", f"{problem.en}.", problem.nearest
        step = _STEP.match(text, problem.offset)
        if step is not None and variables and step[0] not in variables:
            known = {name.split(".")[1] for name in variables if name.startswith("steps.")}
            if step[1] not in known:
                zh, en = f"之前没有步骤「{step[1]}」。", f"No step “{step[1]}” comes before this one."
                near = nearest(step[1], known)
        self.problems.append(said(FORMULA_WRONG, zh, en, at.place(start + problem.offset), near))

    def template(
        self,
        at: Cursor | None,
        entity: str | None,
        place: Place,
        variables: Mapping[str, ValueType] = MappingProxyType({}),
    ) -> Mapping[str, tuple[str | Formula, ...]]:
        """A text with `{formulas}` in it, by language: words and formulas in turn. `{{` and `}}` are braces."""
        if at is None:
            return {}
        nodes = (
            {language: at[language] for language in LANGUAGES if language in at}
            if isinstance(at.value, dict)
            else dict.fromkeys(LANGUAGES, at)
        )
        return {language: self._parts(node, entity, place, variables) for language, node in nodes.items()}

    def _parts(
        self, at: Cursor, entity: str | None, place: Place, variables: Mapping[str, ValueType]
    ) -> tuple[str | Formula, ...]:
        made: list[str | Formula] = []
        if self.texts is not None:
            self.texts[at.path] = FormulaPlace(entity, place, None, copy(variables) if variables else {}, "")
        try:
            for start, piece, is_formula in template_parts(str(at.value)):
                if not is_formula:
                    made.append(piece)
                    continue
                found = self.formula_text(at, piece, entity, place, variables=variables, start=start)
                if found is not None:
                    made.append(found)
        except TemplateProblem as wrong:
            self.problems.append(said(FORMULA_WRONG, wrong.zh, wrong.en, at.place(wrong.offset)))
        return tuple(made)

    def value_problem(self, at: Cursor, zh: str, en: str) -> None:
        """Note a value that its type cannot take."""
        self.problems.append(said(BAD_VALUE, zh, en, at.place()))


def many_target(entity: str, hop: Hop) -> Target:
    """What the name of a step to many records is: an inverse, or a `references` field of the entity."""
    kind = "field" if hop.way == "many" else "inverse"
    return Target(kind, hop.name, entity)


def sort_parts(text: str) -> Iterator[tuple[int, str]]:
    """The names of `a, -b`, each with the place where it begins."""
    start = 0
    for part in text.split(","):
        yield start + len(part) - len(part.lstrip()), part.strip()
        start += len(part) + 1


def formula_text(value: object) -> str:
    """A formula as text; a plain number or truth value in a document is its own formula."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return format(value, "f") if "e" in repr(value) else repr(value)
    return str(value)


_STEP = re.compile(r"steps\.([a-z0-9_]+)")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
