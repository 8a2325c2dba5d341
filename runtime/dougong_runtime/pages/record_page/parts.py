"""What a record's page is made of, as values for its templates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, TypeAlias

from dougong_runtime.pages.blocks import Block
from dougong_runtime.pages.desk import Mark
from dougong_runtime.pages.faces import Face
from dougong_runtime.pages.related import RelatedList
from dougong_runtime.pages.sentences import Sentence
from dougong_runtime.talk.mentions import Piece

Show: TypeAlias = Literal["all", "comments", "changes"]
SHOWS: tuple[Show, ...] = ("all", "comments", "changes")


@dataclass(frozen=True, slots=True)
class ShownFact:
    """A field's value on the page; `now` is today's beside one of an earlier day."""

    name: str
    label: str
    unit: str
    face: Face
    reveal: bool = False
    now: Face | None = None
    as_of: str = ""
    """Since when it is true, of what is computed from time to time."""
    edits: bool = False
    """Whether it may be filled in where it stands."""
    reveal_reason: bool = False
    """Whether who has it revealed must say why."""


@dataclass(frozen=True, slots=True)
class FactSection:
    """Facts under a title."""

    label: str
    facts: tuple[ShownFact, ...]


@dataclass(frozen=True, slots=True)
class StageStep:
    """A stage on the bar: before, now, or after."""

    label: str
    color: str
    state: str


@dataclass(frozen=True, slots=True)
class Move:
    """A way on from the stage it is at."""

    to: str
    label: str
    color: str


@dataclass(frozen=True, slots=True)
class PageTab:
    """A tab of the page. `lazy` ones are loaded when they are shown."""

    id: str
    label: str
    kind: str
    count: str = ""
    current: bool = False
    lazy: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """A condition of a refused act, met or not."""

    ok: bool
    text: str


@dataclass(frozen=True, slots=True)
class RefusedMove:
    """The refusal card: what was refused, each reason, and the next step."""

    title: str
    reasons: tuple[Reason, ...]
    fix_href: str = ""
    why: str = ""
    """What its explanation is asked for with."""


@dataclass(frozen=True, slots=True)
class Said:
    """A comment as drawn."""

    id: str
    at: datetime
    time: str
    exact: str
    day: date
    who: str
    color: str
    initial: str
    pieces: tuple[Piece, ...]
    is_edited: bool
    may_edit: bool
    may_delete: bool
    is_comment: bool = True


@dataclass(frozen=True, slots=True)
class StoryDay:
    """What belongs to one day, under its name."""

    label: str
    items: tuple[Said | Sentence, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """A page of it. `next`: what the following page is asked with; empty where this was the last."""

    href: str
    show: Show
    days: tuple[StoryDay, ...]
    next: str = ""
    may_comment: bool = False
    is_first: bool = True
    draft: str = ""
    """Words that were not taken, to be written again."""
    problem: str = ""

    @property
    def shows(self) -> tuple[Show, ...]:
        """What may be chosen to be shown."""
        return SHOWS


@dataclass(frozen=True)
class RecordView:
    """Everything the template draws."""

    id: str
    version: int
    href: str
    list_href: str
    list_label: str
    title: str
    mark: Mark
    chips: tuple[Face, ...]
    meta: tuple[ShownFact, ...]
    key_facts: tuple[ShownFact, ...]
    stages: tuple[StageStep, ...]
    stage_label: str
    stage_name: str
    moves: tuple[Move, ...]
    tabs: tuple[PageTab, ...]
    sections: tuple[FactSection, ...]
    story: Story | None
    follows: bool | None
    related: tuple[RelatedList, ...]
    blocks: tuple[Block, ...]
    edit_href: str
    may_delete: bool
    today: str
    refusal: RefusedMove | None = None
    as_of: str = ""
    as_of_title: str = ""
    changed_n: int = 0
    walk: str = ""
    """The list that the reader came from, as it travels on."""
    has_pdf: bool = False
    """Whether it may be taken out as a PDF."""

    @property
    def menu(self) -> bool:
        """Whether there is a menu of further acts."""
        return not self.as_of

    @property
    def query(self) -> str:
        """What a lazily loaded tab must be asked with."""
        return f"?as_of={self.as_of}" if self.as_of else ""


@dataclass(frozen=True, slots=True)
class RecordAddress:
    """What a fragment of the page needs of it."""

    href: str
    as_of: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """A tab's content, loaded when it is shown."""

    kind: str
    sections: tuple[FactSection, ...] = ()
    lists: tuple[RelatedList, ...] = ()
    story: Story | None = None
    blocks: tuple[Block, ...] = ()
