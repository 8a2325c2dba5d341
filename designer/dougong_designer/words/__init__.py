"""The studio's words in Chinese and English, joined to those of the pages; and where its templates lie."""

from __future__ import annotations

from pathlib import Path

from dougong_designer.words.entities import ENTITY_WORDS
from dougong_designer.words.formulas import FORMULA_WORDS
from dougong_designer.words.labels import LABEL_WORDS
from dougong_designer.words.layout import LAYOUT_WORDS
from dougong_designer.words.menu import MENU_WORDS
from dougong_designer.words.panel import PANEL_WORDS
from dougong_designer.words.placing import PLACING_WORDS
from dougong_designer.words.publish import PUBLISH_WORDS
from dougong_designer.words.relations import RELATION_WORDS
from dougong_designer.words.roles import ROLE_WORDS
from dougong_designer.words.shell import SHELL_WORDS
from dougong_designer.words.spreadsheet import SHEET_WORDS
from dougong_designer.words.starts import START_WORDS
from dougong_designer.words.views import VIEW_WORDS
from dougong_runtime.pages import words

TEMPLATES = Path(__file__).parents[1] / "templates"

for _part in (
    ENTITY_WORDS,
    FORMULA_WORDS,
    SHELL_WORDS,
    ROLE_WORDS,
    LAYOUT_WORDS,
    START_WORDS,
    RELATION_WORDS,
    SHEET_WORDS,
    VIEW_WORDS,
    LABEL_WORDS,
    MENU_WORDS,
    PANEL_WORDS,
    PLACING_WORDS,
    PUBLISH_WORDS,
):
    words.add(_part)
