"""A record on paper as a PDF, with the letters in it that it needs.

What writes it takes a second to load: only who writes one imports this module.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from fontTools.ttLib import TTCollection
from fpdf import FPDF
from fpdf.enums import WrapMode, XPos, YPos
from fpdf.fonts import FontFace

from dougong_runtime.transfer.printed import Printed, PrintedSection, PrintedTable

MARGIN_MM = 16.0
LABEL_MM = 34.0
LINE_MM = 5.6
INK, MUTE, LINE = (29, 28, 26), (112, 108, 100), (220, 218, 213)

_ONE_AT_A_TIME = threading.Lock()
"""A font takes a second and some fifty megabytes to be read and cut down to what is used."""


class _Paper(FPDF):
    """A4 with a foot line on each page."""

    def __init__(self, printed: Printed, font: Path) -> None:
        super().__init__(format="A4")
        self._foot = printed.footer
        self.set_margins(MARGIN_MM, MARGIN_MM, MARGIN_MM)
        self.set_auto_page_break(True, MARGIN_MM + 6)
        self.add_font("text", fname=font, collection_font_number=_face(font))
        self.set_title(printed.title)
        self.set_lang(printed.language)
        self.set_text_color(*INK)
        self.set_draw_color(*LINE)

    def footer(self) -> None:
        """Who printed it, and which page of how many."""
        self.set_y(-MARGIN_MM)
        self.set_font("text", size=8)
        self.set_text_color(*MUTE)
        self.cell(0, 5, self._foot)
        self.set_x(-MARGIN_MM - 30)
        self.cell(30, 5, f"{self.page_no()} / {{nb}}", align="R")
        self.set_text_color(*INK)


def pdf(printed: Printed, font: Path) -> bytes:
    """The PDF of a record. Text can be selected and searched; what the font has no sign for stands as a box."""
    with _ONE_AT_A_TIME:
        paper = _Paper(printed, font)
        paper.add_page()
        _head(paper, printed)
        for section in printed.sections:
            _section(paper, section)
        for table in printed.tables:
            _table(paper, table)
        return bytes(paper.output())


def _text(
    paper: FPDF, text: str, size: float, color: tuple[int, int, int] = INK, height: float = LINE_MM
) -> None:
    paper.set_font("text", size=size)
    paper.set_text_color(*color)
    paper.multi_cell(0, height, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT, wrapmode=WrapMode.WORD, align="L")
    paper.set_text_color(*INK)


def _head(paper: FPDF, printed: Printed) -> None:
    _text(paper, printed.kind, 9, MUTE)
    _text(paper, printed.title, 18, height=9)
    if printed.subtitle:
        _text(paper, printed.subtitle, 9.5, MUTE)
    paper.ln(2)
    paper.line(paper.l_margin, paper.get_y(), paper.w - paper.r_margin, paper.get_y())
    paper.ln(3)
    for start in range(0, len(printed.facts), 4):
        part = printed.facts[start : start + 4]
        width = paper.epw / 4
        top = paper.get_y()
        for place, (label, value) in enumerate(part):
            paper.set_xy(paper.l_margin + place * width, top)
            paper.set_font("text", size=8)
            paper.set_text_color(*MUTE)
            paper.cell(width, 4.5, label)
            paper.set_xy(paper.l_margin + place * width, top + 4.5)
            paper.set_font("text", size=11.5)
            paper.set_text_color(*INK)
            paper.cell(width, 6, value)
        paper.set_xy(paper.l_margin, top + 13)


def _title(paper: FPDF, text: str) -> None:
    if paper.will_page_break(LINE_MM * 4):
        paper.add_page()
    paper.ln(2)
    _text(paper, text, 12, height=7)
    paper.ln(0.5)


def _section(paper: FPDF, section: PrintedSection) -> None:
    _title(paper, section.label)
    for label, value in section.facts:
        if paper.will_page_break(LINE_MM):
            paper.add_page()
        top = paper.get_y()
        paper.set_font("text", size=9.5)
        paper.set_text_color(*MUTE)
        paper.multi_cell(LABEL_MM, LINE_MM, label, new_x=XPos.LMARGIN, new_y=YPos.NEXT, align="L")
        below, page = paper.get_y(), paper.page
        paper.set_xy(paper.l_margin + LABEL_MM, top)
        paper.set_text_color(*INK)
        paper.multi_cell(
            0, LINE_MM, value, new_x=XPos.LMARGIN, new_y=YPos.NEXT, wrapmode=WrapMode.CHAR, align="L"
        )
        if paper.page == page:
            paper.set_y(max(paper.get_y(), below))


def _table(paper: FPDF, table: PrintedTable) -> None:
    _title(paper, table.label)
    paper.set_font("text", size=8.5)
    aligned: Any = tuple("RIGHT" if number else "LEFT" for number in table.numbers)
    with paper.table(
        borders_layout="HORIZONTAL_LINES",
        headings_style=FontFace(color=MUTE),
        line_height=LINE_MM,
        padding=0.8,
        text_align=aligned,
        width=paper.epw,
        wrapmode=WrapMode.CHAR,
    ) as drawn:
        for cells in (table.heads, *table.rows):
            drawn.row(cells)
    if table.more:
        _text(paper, table.more, 8, MUTE)


_SIMPLIFIED = (" SC", "YaHei", "Hei", "GB", "CN")
"""What the names of faces have in them that write simplified characters."""


def _face(path: Path) -> int:
    """Of a collection the face with simplified characters."""
    if path.suffix.lower() != ".ttc":
        return 0
    with TTCollection(path, lazy=True) as collection:
        names = [f"{font['name'].getBestFamilyName()} " for font in collection.fonts]
    return next((n for mark in _SIMPLIFIED for n, name in enumerate(names) if mark in name), 0)
