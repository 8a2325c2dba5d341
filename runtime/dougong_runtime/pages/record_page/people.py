"""Colleagues to be named in a comment, by a few letters, each with whether they may read the record."""

from __future__ import annotations

from dataclasses import dataclass

from dougong_runtime.pages.desk import Desk
from dougong_runtime.pages.faces import hue, initial
from dougong_runtime.talk.comments import Comments

SHOWN = 6


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to choose. `insert` is what is written behind the `@` to mean them and nobody else."""

    id: str
    name: str
    username: str
    initial: str
    color: str
    insert: str
    may_read: bool


def people_to_name(desk: Desk, comments: Comments, entity: str, record: str, text: str) -> tuple[Person, ...]:
    """By name, username and pinyin; those who may not read the record stand last, and say so."""
    found = desk.records.pick("user", text, SHOWN, "active = TRUE")
    called = {c.id: c for c in desk.records.beside.called([c.id for c in found])}
    named: dict[str, int] = {}
    for colleague in desk.records.beside.called({c.name for c in called.values()}):
        named[colleague.name] = named.get(colleague.name, 0) + 1
    able = comments.may_read(entity, record, list(called))
    shown = [
        Person(
            c.id,
            c.name,
            c.username,
            initial(c.name),
            hue(c.id),
            c.name if named.get(c.name, 0) == 1 else c.username,
            c.id in able,
        )
        for choice in found
        if (c := called.get(choice.id)) is not None
    ]
    return tuple(sorted(shown, key=lambda p: not p.may_read))
