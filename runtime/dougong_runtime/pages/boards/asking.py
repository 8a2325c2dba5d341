"""What is asked or told when a card is moved: where it may go, what its way demands, and why it stays where it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dougong_runtime.errors import STAGE_REFUSED, Problem, Refused
from dougong_runtime.fields.base import Field, Json, Transition
from dougong_runtime.pages.boards import moves
from dougong_runtime.pages.entry import Entry, InputSection, Refusal, Said, Sent, Warned
from dougong_runtime.pages.forms import Form, Section, Slot
from dougong_runtime.pages.lists.frame import Frame
from dougong_runtime.pages.live import Judge
from dougong_runtime.pages.record_page import refused_move
from dougong_runtime.pages.record_page.look import Look
from dougong_runtime.pages.record_page.parts import Reason
from dougong_runtime.pages.refusals import refusal_of
from dougong_runtime.records.stages import transition


@dataclass(frozen=True, slots=True)
class Way:
    """A lane as a place to go to; `why` says why not."""

    key: str
    label: str
    color: str
    why: str
    current: bool


@dataclass(frozen=True, slots=True)
class Ways:
    """The menu "move to…" of one card."""

    record: str
    version: str
    title: str
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class Asking:
    """A form in place for what the way demands, or the card that says why not. `sections` empty: only the card."""

    record: str
    title: str
    name: str
    href: str
    reasons: tuple[Reason, ...] = ()
    fix_href: str = ""
    sections: tuple[InputSection, ...] = ()
    warnings: tuple[Warned, ...] = ()
    errors: tuple[Said, ...] = ()
    today: str = ""

    @property
    def is_form(self) -> bool:
        """Whether something can be filled in here."""
        return bool(self.sections or self.warnings)


@dataclass(frozen=True)
class Mover:
    """One card on its way to a lane."""

    frame: Frame
    field: Field
    record: str
    values: Mapping[str, Json]
    """The record as the reader sees it, references titled."""

    @classmethod
    def of(cls, frame: Frame, field: Field, record: str) -> Mover:
        """Raises Refused(NOT_FOUND) where the record may not be read."""
        return cls(frame, field, record, frame.desk.records.get(frame.entity.name, record, titles=True))

    @property
    def title(self) -> str:
        """What the card is called."""
        return self.frame.desk.title(self.frame.entity, self.values)

    @property
    def at(self) -> str:
        """The lane it is in."""
        value = self.values.get(self.field.name)
        if isinstance(value, Mapping):
            return str(value.get("id"))
        return "" if value is None else str(value)

    def way(self, to: str) -> Transition | None:
        """The stage's way there."""
        return transition(self.field, self.at, to) if self.field.type == "stage" else None

    def lane_label(self, key: str) -> str:
        """A lane's word."""
        reader, field = self.frame.desk.reader, self.field
        if not key:
            return reader.t("list.no_value")
        if field.choices:
            option = field.option(self.value_of(key))
            return reader.label(option.label) if option else key
        return self.frame.desk.records.titles(field.targets[0], [key]).get(key, "")

    def value_of(self, key: str) -> Json:
        """What a write takes for a lane."""
        if not key:
            return None
        return next((o.value for o in self.field.choices if str(o.value) == key), key)

    # --- where to ------------------------------------------------------------------------------------------------
    def ways(self) -> Ways:
        """Every lane of an option or stage, with the reason where it is shut; of people and records, those on the board."""
        keys = [str(o.value) for o in self.field.choices]
        labels = {key: self.lane_label(key) for key in keys}
        shut = moves.shut(self.frame, self.field, labels).get(self.at, {})
        found = tuple(
            Way(
                key,
                labels[key],
                option.color,
                shut.get(key) or self._unmet(key),
                key == self.at,
            )
            for key, option in zip(keys, self.field.choices, strict=True)
        )
        return Ways(self.record, str(self.values.get("version") or ""), self.title, found)

    def _unmet(self, to: str) -> str:
        """Why a way that is open in general is not for this record now; what it asks to be filled in can be filled in."""
        way = self.way(to)
        if way is None or way.when is None or to == self.at:
            return ""
        after = {**self.values, self.field.name: to}
        if Judge(self.frame.desk, self.frame.entity, after).holds(way.when.text):
            return ""
        reader = self.frame.desk.reader
        return reader.label(way.message) if way.message else reader.t("board.unmet")

    # --- what is asked ---------------------------------------------------------------------------------------------
    def entry(self, to: str) -> Entry:
        """The fields that the way there demands and that are not filled in, or were filled in just now."""
        way = self.way(to)
        fields = self.frame.entity.fields
        names = [n for n in (way.requires if way else ()) if self.values.get(n) in (None, "", [])]
        section = Section("ask", None, 1, tuple(Slot(fields[n], wide=True) for n in names if n in fields))
        form = Form("ask", self.frame.entity, (section,))
        return Entry(self.frame.desk, form, self.values, creating=False)

    def asked(self, refused: Refused, to: str, sent: Sent) -> Asking:
        """The form or card for a move that was refused."""
        frame, reader = self.frame, self.frame.desk.reader
        entry = self.entry(to)
        entry.take(sent)
        needed = [s.field.name for s in entry.form.slots() if entry.may_write(s.field)]
        about_needed = all(p.field in needed or _asks_for(p, needed) for p in refused.problems)
        lane = reader.quoted(self.lane_label(to))
        href = frame.desk.href(frame.entity.name, self.record)
        if about_needed and (needed or refused.warnings):
            refusal = refusal_of(refused, frame.desk, frame.entity, sent, needed)
            first = not any(n in sent for n in needed)
            shown = Refusal() if first else refusal
            key = "board.ask" if needed else "board.ask_reason"
            sections = entry.sections(shown, needed) if needed else ()
            return Asking(
                self.record,
                reader.t(key, lane=lane),
                self.title,
                href,
                sections=sections,
                warnings=tuple(refusal.warnings),
                errors=() if first else tuple(e for e in refusal.errors if not e.field),
                today=reader.today.isoformat(),
            )
        if self.field.type == "stage":
            look = Look(frame.desk, frame.entity, self.record)
            card = refused_move(refused, look, to)
            return Asking(self.record, card.title, self.title, href, card.reasons, card.fix_href)
        return told(refused, frame, self.record, reader.t("board.refused", lane=lane), sent)


def _asks_for(problem: Problem, names: Sequence[str]) -> bool:
    """Whether a stage was refused for nothing but these fields."""
    asked = problem.facts.get("fields") if problem.type is STAGE_REFUSED else None
    return bool(asked) and set(asked or ()) <= set(names)


def told(refused: Refused, frame: Frame, record: str, title: str, sent: Sent) -> Asking:
    """The card of an act that was refused; where only warnings stand in the way, the form that asks for reasons."""
    language, desk = frame.desk.reader.language, frame.desk
    values = desk.records.get(frame.entity.name, record)
    warnings = () if refused.problems else tuple(refusal_of(refused, desk, frame.entity, sent, ()).warnings)
    reasons = tuple(
        Reason(False, f"{p.text(language)} {p.remedy(language)}".strip())
        for p in (*refused.problems, *refused.warnings)
    )
    name, href = desk.title(frame.entity, values), desk.href(frame.entity.name, record)
    return Asking(record, title, name, href, reasons, warnings=warnings)
