"""What the page of components shows: each part with values in all its states. Nothing of it comes from records."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup

from dougong_runtime.pages.entry import Choice, Conflict, Input
from dougong_runtime.pages.faces import NOTHING, Face
from dougong_runtime.pages.file_faces import FileFace
from dougong_runtime.pages.file_inputs import FilesEntry
from dougong_runtime.pages.notices import ShownNotice
from dougong_runtime.pages.reading import Reader
from dougong_runtime.pages.record_page.parts import Said, Story, StoryDay
from dougong_runtime.pages.render import COMPONENTS
from dougong_runtime.pages.rows import InputList, InputRow, RowHead
from dougong_runtime.pages.sentences import Change, Day, Sentence
from dougong_runtime.pages.shell import Toast
from dougong_runtime.pages.widgets import WIDGETS
from dougong_runtime.talk.mentions import Piece

EXAMPLES = "examples.html"
"""The file beside a component's macro that shows it."""
HUES = ("gray", "red", "orange", "amber", "green", "teal", "blue", "indigo", "purple", "pink")
LONG = "Northern Instruments and Precision Works (Holding) Limited"
HERE = "#value"
"""Where links of the examples lead."""
PICTURE = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 24'%3E%3Crect width='32' "
    "height='24' fill='%238fa3b8'/%3E%3Cpath d='M0 24l10-12 7 8 5-5 10 9z' fill='%234b6078'/%3E%3C/svg%3E"
)
"""A picture that needs no file."""
ENTRIES: dict[str, Any] = {
    "checks": ["low"],
    "check": True,
    "record": {"id": "1", "title": "林书宁", "entity": ""},
    "records": [{"id": "1", "title": "林书宁", "entity": ""}, {"id": "2", "title": LONG, "entity": ""}],
    "tags": "复查, 过敏",
    "rating": "3",
    "color": "#2f57c4",
    "money": "8,642,310.55",
    "percent": "14.5",
    "number": "42",
    "duration": "1:30",
    "date": "2026-03-09",
    "moment": "2026-03-09 10:24",
    "time": "10:24",
    "email": "lin@example.com",
    "phone": "13802166207",
    "url": "https://example.com",
    "select": "low",
    "line": "张思远",
    "area": f"{LONG}\n{LONG}",
    "address": "上海市徐汇区\n漕溪北路 18 号",
    "code": '{"a": 1}',
    "rich": "<h2>Plan</h2><p>One <b>two</b> <a href='https://example.com'>three</a></p>",
}
"""What stands in the input of a widget where something is filled in."""


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
        Face("rich", raw=Markup("<p>One <b>two</b></p><ul><li>three</li></ul>")),
        Face("json", '{"a": 1}'),
        Face("images", raw=(picture(), picture("2"))),
        Face("images", hint="signature", raw=(picture(),)),
        Face("files", raw=(document(), replace(document(), name=f"{LONG}.pdf"))),
    )


def picture(number: str = "1") -> FileFace:
    """An image that opens whole."""
    return FileFace(
        number, f"view-{number}.png", "1.4 MB", "image/png", "photo", HERE, PICTURE, PICTURE, PICTURE, 320, 240,
        "look",
    )  # fmt: skip


def document() -> FileFace:
    """A file with no picture of its own."""
    return FileFace("3", "plan.pdf", "900 B", "application/pdf", "file-type-pdf", HERE, opens="read")


def inputs(reader: Reader) -> tuple[Input, ...]:
    """An input for each widget, empty and filled in; files as images too."""
    names = sorted({WIDGETS.get(name).draw for name in WIDGETS})
    empty = tuple(_input(name, "", reader) for name in names)
    filled = tuple(_input(name, ENTRIES[name], reader) for name in names if name in ENTRIES)
    signed = replace(_files_entry("", False), files=(picture(),))
    return (
        *empty,
        *(replace(one, name=f"{one.name}-2") for one in filled),
        replace(_input("tags", ["low"], reader), name="x-tags-3", options=_options()),
        replace(_input("files", "", reader), name="x-files-2", entry=_files_entry(LONG, False)),
        replace(_input("files", "", reader), name="x-files-3", entry=_files_entry("", True)),
        replace(_input("signature", "", reader), name="x-signature-2", entry=signed),
    )


def _options() -> tuple[Choice, ...]:
    return (Choice("low", "低"), Choice("high", "高"))


def _files_entry(title: str, is_image: bool) -> FilesEntry:
    found = tuple(replace(document(), name=f"{title} {n}.pdf") for n in range(2)) if title else ()
    if is_image:
        found = (picture(),)
    return FilesEntry(found, HERE, HERE, "", 5, 10_000_000, "PDF · 10 MB", is_image)


def _input(widget: str, given: Any, reader: Reader) -> Input:
    entry = given
    if widget in ("files", "signature"):
        entry = _files_entry("", False)
    elif given == "":
        entry = {
            "record": {"id": "", "title": "", "entity": ""},
            "records": [],
            "checks": [],
            "check": False,
        }.get(widget, "")
    options = _options() if widget in ("select", "checks") else ()
    now = f"{reader.local(reader.now):%H:%M}"
    wide = widget in ("area", "rich", "code", "files", "signature")
    return Input(
        f"x-{widget}",
        widget,
        "",
        "",
        widget,
        wide,
        True,
        False,
        False,
        entry,
        options=options,
        source=HERE,
        now=now,
    )


def readonly(reader: Reader) -> tuple[Input, ...]:
    """What is drawn or written, where it may only be read."""
    rich = replace(_input("rich", ENTRIES["rich"], reader), name="z-rich", readonly=True)
    signed = replace(_files_entry("", False), files=(picture(),))
    return (rich, replace(_input("signature", "", reader), name="z-signature", entry=signed, readonly=True))


def dates(reader: Reader) -> tuple[Input, ...]:
    """Boxes for a day: empty, filled in, read only; and one for a moment."""
    day = _input("date", "", reader)
    return (
        replace(day, name="y-empty"),
        replace(day, name="y-filled", entry="2026-03-09"),
        replace(day, name="y-readonly", entry="2026-03-09", readonly=True),
        replace(_input("moment", "2026-03-09 10:24", reader), name="y-moment"),
    )


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


def story(reader: Reader) -> Story:
    """What was said and done: with a mention, changed afterwards, and the composer on top."""
    comment = Said(
        "1", reader.now, "10:20", reader.exact_moment(reader.now), reader.today, "毛医生", "purple", "毛",
        (Piece("mention", "@林书宁"), Piece("text", f" {LONG} "), Piece("link", "https://example.com")),
        False, True, True,
    )  # fmt: skip
    edited = replace(comment, id="2", is_edited=True, may_edit=False, may_delete=False)
    told = days(reader)[0]
    here = StoryDay(told.label, (comment, *told.sentences, edited))
    return Story("#talk", "all", (here,), "2", may_comment=True)


def story_refused(reader: Reader) -> Story:
    """A comment that was not taken, and nothing below it."""
    return Story("#talk", "comments", (), may_comment=True, draft="@毛医生", problem=LONG)


def notices(reader: Reader) -> tuple[ShownNotice, ...]:
    """A notice that is new and quotes somebody, and one that was read."""
    exact = reader.exact_moment(reader.now)
    said = Markup("<b>{}</b> · <b>{}</b>").format("毛医生", LONG)
    quote = (Piece("mention", "@林书宁"), Piece("text", f" {LONG}"))
    new = ShownNotice(
        "1", said, quote, "#notice", "毛", "purple", "10:24", exact, reader.now.isoformat(), False
    )
    return (new, replace(new, id="2", quote=(), is_read=True))


def toasts(reader: Reader) -> tuple[Toast, ...]:
    """Word of what was done: plain, with its undo, with a place to read more."""
    return (
        Toast(reader.t("done.saved")),
        Toast(reader.t("done.deleted"), "#toast"),
        Toast(reader.t("done.saved"), icon="alert-triangle", href="#toast", link=reader.t("admin.jobs")),
    )


def conflicts() -> tuple[Conflict, ...]:
    """What two people changed: words and a choice, with and without who."""
    return (
        Conflict("x-note", "备注", Face("text", LONG), Face("text", "复查后再定"), "于主任", "今天 09:44"),
        Conflict("x-risk", "风险", Face("chip", "高", "red"), Face("chip", "低", "green"), "", "今天 09:41"),
    )


def lists(reader: Reader) -> tuple[InputList, ...]:
    """Rows of a form: filled in, wrong, with an order and sums; and none yet."""
    heads = (
        RowHead("line", "名称", "", False, True),
        RowHead("number", "数量", "", True, True),
        RowHead("money", "金额", "CNY", True, False),
    )

    def row(key: str, error: str = "") -> InputRow:
        made = (
            replace(_input("line", "阿司匹林", reader), name=f"x-rows.{key}.line"),
            replace(_input("number", "4", reader), name=f"x-rows.{key}.number", error=error),
            replace(
                _input("money", "", reader),
                name=f"x-rows.{key}.money",
                is_value=True,
                face=Face("number", "50.00"),
            ),
        )
        return InputRow(key, "", "", made)

    rows = (row("a"), row("b", "不能小于 1。"))
    whole = InputList(
        "x-rows", "处方", "处方", heads, rows, row("__n__"), True, "number", ("", "", "100.00"), ()
    )
    return (
        whole,
        replace(whole, name="x-none", label="检查", rows=(), order="", totals=("", "", ""), blank=None),
    )
