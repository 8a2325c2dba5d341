"""Who and what a story talks about: its people, and the records that it gave names to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from dougong_runtime.fields.base import Field
from dougong_runtime.labels import Label
from dougong_runtime.model.app import Entity
from dougong_runtime.records.door import Records
from dougong_runtime.stories.stage import Stage

_TOKEN = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|(?<![\w.])[a-z]\w*(?![\w(.])")


class Missing(Exception):
    """A story names someone or something that it has not introduced."""

    def __init__(self, name: str) -> None:
        self.label = Label(f"故事里没有「{name}」。", f"Nothing in this story is called “{name}”.")
        super().__init__(self.label.en)


@dataclass
class Cast:
    """What a story has named so far, in one transaction."""

    stage: Stage
    connection: sa.Connection
    actor: str | None
    named: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Name → entity and record id."""

    def records(self, who: str | None, *, entering: bool = False) -> Records:
        """The door for one of the people; for the producer where nobody is named, or in that name. Raises Missing."""
        door = self.stage.entering if entering else self.stage.records
        try:
            return door(self.connection, who)
        except KeyError as unknown:
            raise Missing(str(unknown.args[0])) from None

    def entity(self, name: str) -> Entity:
        """The entity of a named record. Raises Missing."""
        return self.stage.running.app.entities[self._known(name)[0]]

    def id(self, name: str) -> str:
        """The id of a named record. Raises Missing."""
        return self._known(name)[1]

    def _known(self, name: str) -> tuple[str, str]:
        if name not in self.named:
            raise Missing(name)
        return self.named[name]

    def create(
        self,
        entity: str,
        values: Mapping[str, Any],
        name: str | None,
        who: str | None,
        reasons: Mapping[str, str] | None,
        *,
        given: bool = False,
    ) -> None:
        """Create a record as somebody, and give it its name in the story. Raises Refused.

        `given`: there to begin with; nobody's access binds it, and it is the actor's where it does not say whose.
        """
        door = self.records(self.actor, entering=True) if given else self.records(who)
        made = door.create(entity, self.values(entity, values), reasons=reasons)
        if name is not None:
            self.named[name] = (entity, made["id"])

    def update(
        self, name: str, values: Mapping[str, Any], who: str | None, reasons: Mapping[str, str] | None
    ) -> None:
        """Change a named record as somebody. Raises Refused."""
        entity, record = self._known(name)
        self.records(who).update(entity, record, self.values(entity, values), reasons=reasons)

    def values(self, entity: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """A story's values as JSON values: names of records, people and teams become ids."""
        fields = self.stage.running.app.entities[entity].fields
        return {
            name: self._value(fields[name], value) if name in fields else value
            for name, value in values.items()
        }

    def _value(self, field: Field, value: Any) -> Any:
        if isinstance(value, list) and field.targets:
            return [self._value(field, item) for item in value]
        if not isinstance(value, str) or not field.targets:
            return value
        if value in self.named:
            return self.named[value][1]
        if "user" in field.targets and value in self.stage.viewers:
            return self.stage.viewers[value].user
        if "team" in field.targets and value in self.stage.teams:
            return self.stage.teams[value]
        return value

    def formula(self, text: str) -> str:
        """A condition with the story's names of records and people replaced by ids."""

        def replaced(found: re.Match[str]) -> str:
            word = found.group()
            if word in self.named:
                return f"'{self.named[word][1]}'"
            viewer = self.stage.viewers.get(word)
            return f"'{viewer.user}'" if viewer is not None else word

        return _TOKEN.sub(replaced, text)
