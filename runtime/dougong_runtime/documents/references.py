"""Who names whom: every place in an app's documents that names something defined in another place.

The references are written down by linking as it resolves names, so that "where is it used" and a rename cannot
disagree with what the documents mean.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from dougong_runtime.documents.yaml_text import PathSteps, path_text

Form: TypeAlias = Literal["definition", "name", "key", "part"]
"""How the name is written: where the thing is defined, alone as a value, as a key, or as a part of a text."""


@dataclass(frozen=True, slots=True)
class Target:
    """Something that has a name: `Target("field", "cost", "visit")`, `Target("option", "open", "visit.stage")`."""

    kind: str
    """entity, field, inverse, option, role, setting, rule, step, or a kind of document."""
    name: str
    owner: str = ""
    """The entity of a field or inverse, `entity.field` of an option, `workflow` of a step."""

    def __str__(self) -> str:
        return f"{self.kind} {self.owner}.{self.name}" if self.owner else f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Reference:
    """One place that names a target."""

    document: str
    """Key of the document: `view/patients`."""
    path: PathSteps
    """Where in it the value stands that names the target."""
    target: Target
    form: Form = "name"
    offset: int = 0
    """Of a part: how many characters of the text stand before it."""
    length: int = 0

    def __str__(self) -> str:
        return f"{self.document} {path_text(self.path)} → {self.target}"


class References:
    """All references of an app, found by either end."""

    def __init__(self, found: Iterable[Reference] = ()) -> None:
        self._all: dict[Reference, None] = dict.fromkeys(found)
        self._to: dict[Target, list[Reference]] = defaultdict(list)
        self._from: dict[str, list[Reference]] = defaultdict(list)
        for reference in self._all:
            self._to[reference.target].append(reference)
            self._from[reference.document].append(reference)

    def to(self, target: Target) -> tuple[Reference, ...]:
        """Where a thing is used, not counting its own definition."""
        return tuple(r for r in self._to.get(target, ()) if r.form != "definition")

    def definitions(self, target: Target) -> tuple[Reference, ...]:
        """Where a thing gets its name."""
        return tuple(r for r in self._to.get(target, ()) if r.form == "definition")

    def defined_at(self, document: str, path: PathSteps) -> tuple[Target, ...]:
        """Everything that gets its name at a place: the ways back from several targets, say."""
        return tuple(
            r.target for r in self._from.get(document, ()) if r.form == "definition" and r.path == path
        )

    def named(self, kind: str, owner: str = "") -> tuple[str, ...]:
        """Names of all things of a kind (and owner) that are defined."""
        return tuple(
            t.name
            for t, found in self._to.items()
            if (t.kind, t.owner) == (kind, owner) and any(r.form == "definition" for r in found)
        )

    def within(self, owner: Target) -> tuple[Reference, ...]:
        """Where a thing or anything it owns is used: an entity and its fields, a field and its options."""
        inner = owner.name if not owner.owner else f"{owner.owner}.{owner.name}"
        return tuple(
            reference
            for reference in self._all
            if reference.form != "definition"
            and (
                reference.target == owner
                or reference.target.owner == inner
                or reference.target.owner.startswith(inner + ".")
            )
        )

    def of(self, document: str) -> tuple[Reference, ...]:
        """What a document (`view/patients`) names."""
        return tuple(self._from.get(document, ()))

    def __iter__(self) -> Iterator[Reference]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)
