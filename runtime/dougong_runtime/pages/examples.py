"""What the page of components shows: each part with values in all its states. Nothing of it comes from records."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from dougong_runtime.pages.entry import Choice, Input
from dougong_runtime.pages.faces import NOTHING, Face
from dougong_runtime.pages.reading import Reader
from dougong_runtime.pages.render import COMPONENTS
from dougong_runtime.pages.sentences import Change, Day, Sentence
from dougong_runtime.pages.shell import Toast
from dougong_runtime.pages.widgets import WIDGETS

EXAMPLES = "examples.html"
"""The file beside a component's macro that shows it."""
HUES = ("gray", "red", "orange", "amber", "green", "teal", "blue", "indigo", "purple", "pink")
LONG = "Northern Instruments and Precision Works (Holding) Limited"
LISTS = ("checks", "tags", "records", "files")
"""Widgets whose entry is a list."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A component on the page: its name, and the template that shows it."""

    name: str
    template: str


def components() -> tuple[Shown, ...]:
    """Every component, by name. Each folder has an example: a test holds it."""
    names = sorted(p.name for p in COMPONENTS.iterdir() if p.is_dir())
    return tuple(Shown(n, f"{n}/{EXAMPLES}") for n in names)


def faces() -> tuple[Face, ...]:
    """Values of every kind that is drawn."""
    chips = tuple(Face("chip", hue, hue) for hue in HUES)
    return (
        NOTHING,
        Face("text", "张思远"),
        Face("number", "−8,642,310.55", hint="−8642310.55"),
        *chips,
        Face("state", "进行中", "blue"),
        Face("several", parts=chips[:3]),
        Face("person", "林书宁", "teal", hint="林"),
        Face("record", LONG, href="#value"),
        Face("hidden", "不可见"),
        Face("masked", "•••• 6207"),
        Face("link", "example.com", href="https://example.com"),
        Face("date", "2026-03-09", hint="2026-03-09", raw="2026-03-09"),
        Face("boolean", "是", raw=True),
        Face("boolean", "否", raw=False),
        Face("rating", "3 / 5", raw=(3, 5)),
        Face("color", "#2f57c4", raw="#2f57c4"),
        Face("long", f"{LONG}. {LONG}."),
    )


def inputs(reader: Reader) -> tuple[Input, ...]:
    """An input for each widget, empty where it can be."""
    names = sorted({WIDGETS.get(name).draw for name in WIDGETS})
    return tuple(_input(name, reader) for name in names)


def _input(widget: str, reader: Reader) -> Input:
    entry: Any = [] if widget in LISTS else ""
    if widget == "record":
        entry = {"id": "", "title": "", "entity": ""}
    options = (Choice("low", "低"), Choice("high", "高")) if widget in ("select", "checks", "tags") else ()
    return Input(f"x-{widget}", widget, "", "", widget, False, True, False, False, entry, options=options)


def fields(reader: Reader) -> tuple[Input, ...]:
    """One field in its states: required, with help, wrong, read only, as a value."""
    plain = Input("plain", "姓名", "", "", "line", False, True, False, False, "")
    return (
        plain,
        replace(plain, name="required", required=True, help="与证件一致。"),
        replace(plain, name="wrong", entry="1101011980030512", error="应为 18 位，现在 16 位。"),
        replace(plain, name="readonly", readonly=True, entry="张思远"),
        replace(plain, name="value", is_value=True, face=Face("text", "张思远")),
        replace(plain, name="unit", label="A label of some twenty letters", unit="CNY"),
    )


def days(reader: Reader) -> tuple[Day, ...]:
    """A day of history: one change, several, and a reason."""
    low, high = Face("chip", "低", "green"), Face("chip", "高", "red")
    one = Change("风险", low, high)
    told = Sentence(
        reader.now, "10:24", reader.exact_moment(reader.now), reader.today, "林书宁", "teal",
        reader.t("history.update"), "pencil", "blue", (one,), 0, "", "",
    )  # fmt: skip
    more = replace(told, changes=(one, Change("备注", NOTHING, Face("text", LONG))), reason=LONG)
    return (Day(reader.t("day.today"), (told, more)),)


def toasts(reader: Reader) -> tuple[Toast, ...]:
    """Word of what was done: plain, with its undo, with a place to read more."""
    return (
        Toast(reader.t("done.saved")),
        Toast(reader.t("done.deleted"), "#toast"),
        Toast(reader.t("done.saved"), icon="alert-triangle", href="#toast", link=reader.t("admin.jobs")),
    )
