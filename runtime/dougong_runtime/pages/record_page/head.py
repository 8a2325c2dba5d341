"""The head of a record's page: chips beside its title, the line below, and its key facts."""

from __future__ import annotations

from dougong_runtime.fields.base import Field
from dougong_runtime.formulas.types import Kind
from dougong_runtime.pages.blocks import Block
from dougong_runtime.pages.faces import Face, is_number, is_person, type_of
from dougong_runtime.pages.record_page.look import Look
from dougong_runtime.pages.record_page.parts import ShownFact
from dougong_runtime.pages.views import views_of

KEY_FACTS = 6
CHIPS = 2


def chips(look: Look) -> tuple[Face, ...]:
    """Up to two choices beside the title: those that lists show, then any other."""
    listed = [c.path for v in views_of(look.desk.app, look.entity.name) for c in v.columns]
    place = {name: n for n, name in reversed(list(enumerate(listed)))}
    fit = [f for f in look.present() if type_of(f) in ("choice", "multi_choice", "tags")]
    chosen = sorted(fit, key=lambda f: place.get(f.name, len(listed)))
    return tuple(look.desk.face(f, look.values[f.name]) for f in chosen[:CHIPS])


def meta(look: Look, used: set[str]) -> tuple[ShownFact, ...]:
    """The line under the title: its number, stage, and whose it is."""
    fields = look.present()
    codes = [f for f in fields if f.type == "autonumber" and f.name != look.entity.title]
    people = [f for f in fields if is_person(f)]
    owner = [f for f in people if f.name == look.entity.owner_field] or people[:1]
    stage = [f for f in fields if f.name in used]
    return tuple(look.shown(f) for f in (*codes[:1], *stage, *owner[:1]))


def key_facts(look: Look) -> tuple[ShownFact, ...]:
    """Up to six figures: numbers and instants of the first view's columns, then any other computed ones."""
    views = views_of(look.desk.app, look.entity.name)
    listed = [c.field for v in views[:1] for c in v.columns if c.is_own]
    computed = [f for f in look.entity.own_fields if f.is_computed]
    chosen: list[Field] = []
    for candidate in (*listed, *computed):
        fit = is_number(candidate) or candidate.value_type.kind in (Kind.DATE, Kind.DATETIME)
        if (
            fit
            and candidate.name in look.views
            and candidate not in chosen
            and candidate.name != look.entity.title
        ):
            chosen.append(candidate)
    return tuple(look.shown(f) for f in chosen[:KEY_FACTS])


def metrics(blocks: tuple[Block, ...]) -> tuple[ShownFact, ...]:
    """The first figures of a page document, as key facts."""
    return tuple(ShownFact(b.field or b.name, b.label, b.unit, b.face) for b in blocks)
